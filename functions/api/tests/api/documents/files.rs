//! The files of renderings: how they may be kept, and by whom.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::json;

use super::press::LARGE;
use super::{Desk, FIRST, saying};
use crate::events::event;
use crate::server::{HOST, path_of};

/// What leads to each file, its type and how it is called.
const FILES: [(&str, &str, &str); 7] = [
    ("html", "text/html; charset=utf-8", "inline"),
    ("pdf", "application/pdf", "inline; filename=\"fluxes-v1.0.pdf\""),
    (
        "pdf?journal",
        "application/pdf",
        "inline; filename=\"fluxes-v1.0-journal.pdf\"",
    ),
    (
        "epub",
        "application/epub+zip",
        "attachment; filename=\"fluxes-v1.0.epub\"",
    ),
    (
        "latex",
        "application/x-tex",
        "attachment; filename=\"fluxes-v1.0.tex\"",
    ),
    (
        "bibliography",
        "application/x-bibtex",
        "attachment; filename=\"fluxes-v1.0.bib\"",
    ),
    ("search", "application/json", "inline"),
];

#[tokio::test]
async fn a_file_that_is_published_may_be_kept_for_ever() {
    let desk = Desk::published(saying("One")).await;
    for (name, kind, disposition) in FILES {
        let path = desk.led(&format!("{FIRST}/{name}")).await;
        let answer = desk.server.get(&path).send().await.expect(StatusCode::OK);
        let head = desk
            .server
            .call("HEAD", &path)
            .send()
            .await
            .expect(StatusCode::OK);
        assert!(head.bytes.is_empty());
        for (header, value) in [
            ("content-type", kind),
            ("content-disposition", disposition),
            ("cache-control", "public, max-age=31536000, immutable"),
            ("x-content-type-options", "nosniff"),
            ("etag", answer.header("etag")),
        ] {
            assert_eq!(answer.header(header), value, "{name} {header}");
            assert_eq!(head.header(header), value, "{name} {header}");
        }
        let policy = answer.header("content-security-policy");
        let is_page = policy.starts_with("default-src 'none'; img-src 'self'");
        assert_eq!(is_page, name == "html", "{name}");
        assert!(!policy.contains("script"));
    }
}

#[tokio::test]
async fn who_has_a_file_is_not_sent_it_again() {
    let desk = Desk::published(saying("One")).await;
    for (name, _, _) in FILES {
        let path = desk.led(&format!("{FIRST}/{name}")).await;
        let answer = desk.server.get(&path).send().await;
        let etag = answer.header("etag").to_owned();
        for value in [etag.clone(), format!("\"x\", W/{etag}"), "*".to_owned()] {
            let call = desk.server.get(&path).header("if-none-match", &value);
            let kept = call.send().await.expect(StatusCode::NOT_MODIFIED);
            assert!(kept.bytes.is_empty());
            for header in ["etag", "cache-control"] {
                assert_eq!(kept.header(header), answer.header(header), "{name} {header}");
            }
        }
        let call = desk.server.get(&path).header("if-none-match", "\"x\"");
        call.send().await.expect(StatusCode::OK);
    }
}

/// The gateway hands on text, and everything else in base64; six megabytes at most.
#[tokio::test]
async fn a_pdf_goes_through_the_gateway_byte_by_byte() {
    let desk = Desk::published(saying("wide")).await;
    let path = desk.led(&format!("{FIRST}/pdf")).await;
    let direct = desk.server.get(&path).send().await.expect(StatusCode::OK);
    assert_eq!(direct.bytes.len(), LARGE - 1);
    let headers = json!({"host": HOST, "accept-encoding": "gzip"});
    let response = crate::events::call(&desk.server.world, event("GET", &path, &headers, None)).await;
    assert!(response.to_string().len() < 6 * 1024 * 1024);
    assert_eq!(
        (&response["statusCode"], &response["isBase64Encoded"]),
        (&json!(200), &json!(true))
    );
    assert_eq!(response["headers"]["etag"], direct.header("etag"));
    assert_eq!(
        STANDARD.decode(response["body"].as_str().unwrap()).unwrap(),
        direct.bytes
    );
}

#[tokio::test]
async fn a_file_of_a_draft_is_for_editors() {
    let desk = Desk::with(saying("One")).await;
    desk.render().await;
    let path = desk.led(&format!("{FIRST}/pdf")).await;
    let answer = desk.server.get(&path).admin().send().await.expect(StatusCode::OK);
    assert_eq!(
        answer.header("cache-control"),
        "private, max-age=31536000, immutable"
    );
    desk.server
        .get(&path)
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
    // Once something else is published, it is still no file of the public.
    desk.put(FIRST, &saying("Two")).await.expect(StatusCode::OK);
    desk.render().await;
    desk.publish(FIRST).await;
    desk.render().await;
    desk.server.get(&path).send().await.expect(StatusCode::NOT_FOUND);
    desk.server
        .get(&desk.led(&format!("{FIRST}/pdf")).await)
        .send()
        .await
        .expect(StatusCode::OK);
}

#[tokio::test]
async fn a_large_file_is_got_from_the_bucket() {
    let desk = Desk::published(saying("large")).await;
    let path = desk.led(&format!("{FIRST}/pdf")).await;
    let answer = desk.server.get(&path).send().await.expect(StatusCode::FOUND);
    assert_eq!(answer.header("cache-control"), "no-store");
    let address = answer.header("location");
    assert!(
        address.contains("/document.pdf") && !address.contains(HOST),
        "{address}"
    );
    let key = address
        .split("example.org/")
        .nth(1)
        .unwrap()
        .split('?')
        .next()
        .unwrap();
    assert_eq!(desk.server.world.objects.get(key).unwrap().body.len(), LARGE);
    desk.server
        .call("HEAD", &path)
        .send()
        .await
        .expect(StatusCode::FOUND);
}

#[tokio::test]
async fn a_long_page_that_is_compressed_has_an_etag_of_its_own() {
    let desk = Desk::published(saying("long")).await;
    let path = desk.led(&format!("{FIRST}/html")).await;
    let plain = desk.server.get(&path).send().await;
    let call = desk.server.get(&path).header("accept-encoding", "gzip");
    let short = call.send().await.expect(StatusCode::OK);
    assert_eq!(
        (short.header("content-encoding"), short.header("vary")),
        ("gzip", "Accept-Encoding")
    );
    assert_ne!(plain.header("etag"), short.header("etag"));
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(short.bytes.as_slice())
        .read_to_end(&mut text)
        .unwrap();
    assert_eq!(text, plain.bytes);
    let call = desk
        .server
        .get(&path)
        .header("if-none-match", short.header("etag"));
    call.send().await.expect(StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn what_names_no_file_is_not_there() {
    let desk = Desk::published(saying("One")).await;
    let path = desk.led(&format!("{FIRST}/html")).await;
    let base = path.trim_end_matches("/index.html");
    let other = format!("/documents/1/renderings/{}", "0".repeat(64));
    for path in [
        format!("{base}/status.json"),
        format!("{base}/images"),
        format!("{base}/..%2Findex.html"),
        format!("{other}/index.html"),
        format!("{other}/images/moon.png"),
        "/documents/1/renderings/x/index.html".to_owned(),
        base.replace("/documents/1/", "/documents/2/") + "/index.html",
    ] {
        for call in [desk.server.get(&path), desk.server.get(&path).admin()] {
            call.send()
                .await
                .refused(404, "not found", "invalid resource URI");
        }
    }
}

/// An object that is gone although it is listed is no failure of ours to the reader.
#[tokio::test]
async fn a_file_that_was_collected_meanwhile_is_not_there() {
    let desk = Desk::published(saying("One")).await;
    let answer = desk.server.get(&format!("{FIRST}/html")).send().await;
    let path = path_of(&answer.header("location").into());
    let faults = desk.server.world.faults();
    faults.once(
        "objects.read",
        1,
        imprint_testing::Moment::Before,
        imprint_testing::Trouble::Busy,
    );
    let busy = desk
        .server
        .get(&path)
        .send()
        .await
        .expect(StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(busy.header("retry-after"), "2");
    desk.server.get(&path).send().await.expect(StatusCode::OK);
}
