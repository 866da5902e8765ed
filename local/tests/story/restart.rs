//! The program itself: killed and started again.

use http::{Method, StatusCode};
use imprint_local::demo::{Site, text};
use serde_json::json;

use crate::program::Program;
use crate::support::{control, main_edition, succeeded, upload};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_stack_finds_everything_again_and_finishes_what_it_had_begun() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let sites = ["one", "two"].map(|text| Site::from([("index.html", text), ("a/Ä b.html", "same")]));

    let program = Program::start(&data);
    let client = program.client().await;
    client.create_product("handbook", "Handbook").await.unwrap();
    let build = upload(&client, "handbook", &sites[0]).await;
    succeeded(&client, &client.confirm(&build).await.unwrap()).await;
    program.reader("handbook").has_all(&sites[0]).await.unwrap();
    let before = main_edition(&client, "handbook").await;

    // The second build is confirmed, and the power fails before anything is done about it: its message is lost.
    let build = upload(&client, "handbook", &sites[1]).await;
    let (status, _) = control(
        program.at("control"),
        Method::PUT,
        "/latency",
        Some(json!({"s3_ms": 600_000})),
    )
    .await;
    assert_eq!(status, StatusCode::OK);
    let task = client.confirm(&build).await.unwrap();
    program.kill();

    let program = Program::start(&data);
    let client = program.client().await;
    let (_, id) = task.rsplit_once('/').unwrap();
    succeeded(&client, &format!("/queue/{id}")).await;
    program.reader("handbook").has_all(&sites[1]).await.unwrap();
    program
        .reader("handbook")
        .below("builds/1")
        .has_all(&sites[0])
        .await
        .unwrap();
    let after = main_edition(&client, "handbook").await;
    for same in ["slug", "surrogate_key", "date_created"] {
        assert_eq!(before[same], after[same], "{same}");
    }
    assert!(
        text(&after, "build_url").unwrap().ends_with("/builds/2"),
        "{after}"
    );
    let (status, purges) = control(program.at("control"), Method::GET, "/purges", None).await;
    assert_eq!(status, StatusCode::OK);
    let purged = purges["purges"].as_array().unwrap().iter();
    let mut keys = purged.flat_map(|purge| purge["keys"].as_array().unwrap());
    assert!(keys.any(|key| *key == after["surrogate_key"]), "{purges}");
    program.terminate();
}
