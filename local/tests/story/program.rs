//! The program itself, as somebody runs it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use imprint_local::demo::{Client, Reader};
use serde_json::Value;

/// The running program. Dropping it kills it, as a power cut would.
pub(crate) struct Program {
    child: Child,
    info: Value,
}

impl Program {
    pub(crate) fn start(data: &Path) -> Self {
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

    pub(crate) fn at(&self, name: &str) -> &str {
        self.info[name].as_str().unwrap()
    }

    pub(crate) async fn client(&self) -> Client {
        Client::log_in(self.at("api"), self.at("user"), self.at("password"))
            .await
            .unwrap()
    }

    pub(crate) fn reader(&self, product: &str) -> Reader {
        Reader::by_path(self.at("docs"), product).unwrap()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What a service manager does, and Ctrl-C nearly.
    pub(crate) fn terminate(mut self) {
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
