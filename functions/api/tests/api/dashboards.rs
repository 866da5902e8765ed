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

#[tokio::test]
async fn own_templates_are_tried_before_they_are_used() {
    let server = Server::new();
    let path = "/v2/orgs/default/dashboard-template";
    let put = |text: &'static str| {
        let headers = imprint_domain::manifest::Headers::default();
        let key = "_imprint/templates/default/spring/404.html";
        server.world.objects.put(key, text, headers);
    };
    let body = json!({"name": "spring"});
    server.call("PUT", path).admin().json(&body).await.bad("no files");
    put("\n{{ nothing }}");
    server
        .call("PUT", path)
        .admin()
        .json(&body)
        .await
        .bad("404.html, line 2");
    put("<h1>{{ product.title }}</h1>");
    for _ in 0..2 {
        let answer = server.call("PUT", path).admin().json(&body).await;
        let answer = answer.expect(StatusCode::ACCEPTED).json();
        assert!(answer["queue_url"].is_string());
    }
    for bad in [json!({}), json!({"name": "../x"}), json!({"name": 1})] {
        server
            .call("PUT", path)
            .admin()
            .json(&bad)
            .await
            .bad("DashboardTemplate");
    }
    server
        .delete(path)
        .admin()
        .send()
        .await
        .expect(StatusCode::ACCEPTED);
    server
        .call("PUT", path)
        .json(&body)
        .await
        .expect(StatusCode::UNAUTHORIZED);
}
