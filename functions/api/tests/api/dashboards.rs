use http::StatusCode;
use serde_json::json;

use crate::server::{HOST, Server};

#[tokio::test]
async fn pages_on_demand_are_accepted_with_a_task_to_watch() {
    let server = Server::with_alpha().await;
    for (path, total) in [
        ("/products/alpha/dashboard", 1),
        ("/dashboards", 1),
        ("/dashboards/", 1),
    ] {
        let answer = server
            .post(path)
            .admin()
            .send()
            .await
            .expect(StatusCode::ACCEPTED);
        let body = answer.json();
        let url = body["queue_url"].as_str().unwrap();
        assert_eq!(body, json!({ "queue_url": url }));
        let path = url.strip_prefix(&format!("https://{HOST}")).unwrap();
        let task = server.get(path).send().await.expect(StatusCode::OK).json();
        assert_eq!(task["status"], "PENDING");
        assert_eq!(task["metadata"]["build_url"], json!(null));
        let pages = json!({"state": "wanted", "date": null, "done": 0, "total": total, "failure": null});
        assert_eq!(task["metadata"]["pages"], pages);
    }
    server
        .post("/products/nothing/dashboard")
        .admin()
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
}

/// What LTD's dasher reads in one request: also what has ended.
#[tokio::test]
async fn a_dashboards_document_is_the_product_with_all_editions_and_builds() {
    let server = Server::with_alpha().await;
    let first = server.uploaded(&["main"]).await;
    server.uploaded(&["main"]).await;
    server
        .delete(&format!("/builds/{first}"))
        .admin()
        .send()
        .await
        .expect(StatusCode::OK);
    let document = server
        .get("/products/alpha/dashboard")
        .send()
        .await
        .expect(StatusCode::OK)
        .json();
    let read = async |path: &str| server.get(path).send().await.expect(StatusCode::OK).json();
    assert_eq!(document["product"], read("/products/alpha").await);
    assert_eq!(document["editions"], json!([read("/editions/1").await]));
    let builds = json!([read("/builds/2").await, read("/builds/1").await]);
    assert_eq!(document["builds"], builds);
    assert!(document["builds"][1]["date_ended"].is_string());
    server
        .get("/products/nothing/dashboard")
        .send()
        .await
        .refused(404, "not found", "invalid resource URI");
}
