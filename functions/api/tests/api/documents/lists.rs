//! Lists of documents.

use http::StatusCode;
use serde_json::{Value, json};

use super::{Desk, saying};
use crate::server::{HOST, Server};

async fn ids(server: &Server, path: &str, token: Option<&str>) -> (Vec<u64>, String) {
    let call = server.get(path);
    let call = match token {
        Some(token) => call.token(token),
        None => call,
    };
    let answer = call.send().await.expect(StatusCode::OK);
    let list = answer.json();
    let ids = list["documents"].as_array().unwrap().iter();
    let ids = ids.map(|document| document["id"].as_u64().unwrap()).collect();
    (ids, answer.header("link").to_owned())
}

#[tokio::test]
async fn a_list_goes_page_by_page_and_shows_each_caller_what_it_may_see() {
    let desk = Desk::published(saying("One")).await;
    for title in ["Two", "Three", "Four"] {
        desk.create(&json!({"title": title})).await;
    }
    let admin = Some(crate::server::ADMIN);
    assert_eq!(
        ids(&desk.server, "/documents", admin).await,
        (vec![1, 2, 3, 4], String::new())
    );
    assert_eq!(
        ids(&desk.server, "/documents/", None).await,
        (vec![1], String::new())
    );
    let mut found = Vec::new();
    let mut path = "/documents?limit=3".to_owned();
    loop {
        let (page, link) = ids(&desk.server, &path, admin).await;
        assert!(page.len() <= 3);
        found.extend(page);
        let Some(next) = link.strip_prefix(&format!("<https://{HOST}")) else {
            break;
        };
        path = next.split('>').next().unwrap().to_owned();
    }
    assert_eq!(found, [1, 2, 3, 4]);
    // In an organization, the next page is one of that organization.
    let (_, link) = ids(&desk.server, "/v2/orgs/default/documents?limit=1", admin).await;
    assert!(
        link.starts_with(&format!(
            "<https://{HOST}/v2/orgs/default/documents?limit=1&cursor="
        )),
        "{link}"
    );
    for query in ["limit=0", "limit=x", "cursor=nonsense"] {
        let answer = desk
            .server
            .get(&format!("/documents?{query}"))
            .admin()
            .send()
            .await;
        answer.expect(StatusCode::BAD_REQUEST);
    }
}

#[tokio::test]
async fn organizations_have_documents_of_their_own() {
    let desk = Desk {
        server: Server::with_acme().await,
        press: super::Press,
    };
    let acme = "/v2/orgs/acme/documents";
    let body = json!({"title": "Of acme", "alias": "fluxes", "product": "alpha", "content": saying("One")});
    let made = desk
        .server
        .post(acme)
        .admin()
        .json(&body)
        .await
        .expect(StatusCode::CREATED)
        .json();
    desk.create(&json!({"title": "Of the default one", "alias": "fluxes"}))
        .await;
    assert_eq!(made["self_url"], format!("https://{HOST}{acme}/1"));
    assert_eq!(
        made["product_url"],
        format!("https://{HOST}/v2/orgs/acme/projects/alpha")
    );
    assert_eq!(desk.read(&format!("{acme}/fluxes")).await["title"], "Of acme");
    assert_eq!(
        desk.read("/documents/fluxes").await["title"],
        "Of the default one"
    );
    for path in [
        "/documents/1",
        "/v2/orgs/acme/documents/2",
        "/v2/orgs/nothing/documents/1",
    ] {
        let answer = desk.server.get(path).admin().send().await;
        answer.refused(404, "not found", "invalid resource URI");
    }
    desk.render().await;
    let version = format!("{acme}/1/versions/1.0");
    let page = desk.led(&format!("{version}/html")).await;
    assert!(page.starts_with(acme), "{page}");
    desk.server.get(&page).admin().send().await.expect(StatusCode::OK);
    let elsewhere = page.replace("/v2/orgs/acme", "");
    desk.server
        .get(&elsewhere)
        .admin()
        .send()
        .await
        .expect(StatusCode::NOT_FOUND);
    desk.publish(&version).await;
    let public: Value = desk.server.get(acme).send().await.expect(StatusCode::OK).json();
    assert_eq!(public["documents"][0]["published_version"], "1.0");
}
