//! The program itself: killed and started again.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use http::{Method, StatusCode};
use imprint_local::demo::{Client, Reader, Site, text};
use serde_json::{Value, json};

use crate::support::{control, main_edition, succeeded, upload};

/// The running program. Dropping it kills it, as a power cut would.
struct Program {
    child: Child,
    info: Value,
}

impl Program {
    fn start(data: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_imprint-local"))
            .args(["up", "--json", "--api-port", "0", "--docs-port", "0", "--data"])
            .arg(data)
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let info: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        assert_eq!(info["ready"], true);
        Self { child, info }
    }

    fn at(&self, name: &str) -> &str {
        self.info[name].as_str().unwrap()
    }

    async fn client(&self) -> Client {
        Client::log_in(self.at("api"), self.at("user"), self.at("password"))
            .await
            .unwrap()
    }

    fn reader(&self, product: &str) -> Reader {
        Reader::by_path(self.at("docs"), product).unwrap()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What a service manager does, and Ctrl-C nearly.
    fn terminate(mut self) {
        let sent = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(sent.success());
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended, which is as good.
        let _killed = self.child.kill();
        let _waited = self.child.wait();
    }
}

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
