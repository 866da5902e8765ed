//! Whoever reads starts nothing and writes nothing.

use std::collections::BTreeSet;

use http::StatusCode;
use serde_json::json;

use super::{Desk, FIRST, saying};

/// Documents that are published, rendered, failed and waiting, in this order.
async fn stage() -> Desk {
    let desk = Desk::published(saying("One")).await;
    for (title, text) in [("Rendered", "Two"), ("Failed", "impossible")] {
        desk.create(&json!({"title": title, "content": saying(text)}))
            .await;
    }
    desk.render().await;
    desk.create(&json!({"title": "Waiting", "content": saying("Three")}))
        .await;
    // It is lost, and nobody but the scan may find that out.
    assert!(desk.server.world.queue.wait_for_next());
    assert_eq!(desk.server.world.queue.take_all().len(), 1);
    desk
}

/// Every route that is described and reads documents, for each of them.
async fn routes(desk: &Desk) -> Vec<String> {
    let description = imprint_api::openapi();
    let described = description["paths"].as_object().unwrap().iter();
    let read = described.filter(|(path, item)| path.starts_with("/documents") && item.get("get").is_some());
    let checksum = desk.read(&format!("{FIRST}/status")).await["checksum"].clone();
    let mut routes = vec![format!("{FIRST}/pdf?journal")];
    for (path, _) in read {
        let path = path.replace("{checksum}", checksum.as_str().unwrap());
        let path = path.replace("images/{name}", "images/moon.png");
        let path = path.replace("{name}", "document.pdf");
        for (id, version) in (1..=4).flat_map(|id| ["latest", "1.0"].map(|version| (id, version))) {
            let path = path.replace("{document}", &format!("{id}"));
            routes.push(path.replace("{version}", version));
        }
    }
    assert!(routes.iter().all(|path| !path.contains('{')) && routes.len() > 100);
    routes
}

/// A thousand times by everybody and as often by an editor.
#[tokio::test]
async fn a01_a_thousand_reads_of_every_route_start_nothing() {
    let desk = stage().await;
    let routes = routes(&desk).await;
    let (counts, queue) = (desk.server.world.counts(), &desk.server.world.queue);
    let (sent, before) = (queue.sent().len(), desk.server.world.objects.snapshot());
    counts.reset();
    let mut statuses = BTreeSet::new();
    for path in routes.iter().cycle().take(1_000.max(routes.len())) {
        for call in [desk.server.get(path), desk.server.get(path).admin()] {
            statuses.insert(call.send().await.status.as_u16());
        }
    }
    assert_eq!(statuses, BTreeSet::from([200, 202, 302, 404, 409]));
    assert_eq!((queue.waiting(), queue.sent().len()), (0, sent));
    assert_eq!(desk.server.world.objects.snapshot(), before);
    for method in counts.all().keys() {
        assert!(READS.contains(method), "{method}");
    }
    // A write is seen here.
    let written = desk.put("/documents/2/versions/1.0", &saying("Four")).await;
    written.expect(StatusCode::OK);
    assert!(counts.calls("catalog.commit") > 0 && queue.sent().len() > sent);
}

/// All that is asked of the ports: none of it writes.
const READS: [&str; 10] = [
    "catalog.organization",
    "catalog.token",
    "documents.document",
    "documents.document_with_alias",
    "documents.documents",
    "documents.rendering",
    "documents.version",
    "documents.versions",
    "objects.read",
    "uploads.presign_download",
];

#[tokio::test]
async fn reading_what_is_published_costs_few_requests() {
    let desk = Desk::published(saying("One")).await;
    let page = desk.led(&format!("{FIRST}/html")).await;
    let counts = desk.server.world.counts();
    for (path, most) in [
        ("/documents/1", 1),
        ("/documents/fluxes", 2),
        (FIRST, 3),
        ("/documents/1/versions/latest/pdf", 3),
        (page.as_str(), 4),
    ] {
        counts.reset();
        desk.server.get(path).send().await;
        assert!(counts.total() <= most, "{path}: {:?}", counts.all());
    }
}
