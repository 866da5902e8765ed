//! Shows what happens, when it happens.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::client::Client;

/// Lines with the time since the beginning.
#[derive(Debug)]
pub(super) struct Progress {
    begin: Instant,
}

impl Progress {
    /// Begins to count.
    pub(super) fn begin() -> Self {
        Self {
            begin: Instant::now(),
        }
    }

    /// One thing that happened just now.
    pub(super) fn say(&self, what: impl AsRef<str>) {
        println!(
            "  {:6.2} s  {}",
            self.begin.elapsed().as_secs_f64(),
            what.as_ref()
        );
    }
}

/// What a copy did, in objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Copied.
    pub copied: u64,
    /// Deleted.
    pub deleted: u64,
    /// Right already.
    pub unchanged: u64,
}

/// Between two looks at a task.
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);
/// A task of the demo takes a second or two; after this it hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Watches a task to its end and shows each step once.
///
/// # Errors
/// When the task does not end with SUCCESS, with the reason it gives.
pub(super) async fn watch(client: &Client, task: &str, progress: &Progress) -> anyhow::Result<Value> {
    let mut shown = Vec::new();
    let begin = Instant::now();
    loop {
        let task = client.read(task).await?;
        for step in steps(&task) {
            if !shown.contains(&step) {
                progress.say(&step);
                shown.push(step);
            }
        }
        match task["status"].as_str().context("a task without a status")? {
            "SUCCESS" => return Ok(task),
            "FAILURE" => bail!("the task failed: {}", failures(&task).join("; ")),
            _ => ensure!(
                begin.elapsed() < PATIENCE,
                "the task has not ended after {PATIENCE:?}: {task}"
            ),
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// Where the task has got to, one sentence for each part of it.
fn steps(task: &Value) -> Vec<String> {
    let details = &task["metadata"];
    let registration = &details["registration"];
    let mut steps = Vec::new();
    match registration["state"].as_str() {
        Some("queued") => steps.push("register-build: queued".to_owned()),
        Some("done") => {
            let (files, bytes) = (
                &registration["files"],
                registration["bytes"].as_u64().unwrap_or_default(),
            );
            steps.push(format!(
                "register-build: manifest of {files} objects, {}",
                kilobytes(bytes)
            ));
        }
        Some(other) => steps.push(format!("register-build: {other}")),
        None => {}
    }
    for (format, artifact) in details["artifacts"].as_object().into_iter().flatten() {
        // What is being made is no news: it was said that it would be.
        if let Some(state @ ("ready" | "failed" | "declined")) = artifact["state"].as_str() {
            steps.push(format!("format {format}: {state}"));
        }
    }
    for edition in details["editions"].as_array().into_iter().flatten() {
        let slug = edition["slug"].as_str().unwrap_or_default();
        let step = match edition["state"].as_str().unwrap_or_default() {
            // The copy is noted before its plan is made.
            "copying" if edition["progress"]["total"] == 0 => "copying".to_owned(),
            "copying" => {
                let copied = &edition["progress"];
                format!("copying, {} of {} objects", copied["done"], copied["total"])
            }
            "purging" => "copied; telling the CDN".to_owned(),
            "published" => "published".to_owned(),
            other => other.to_owned(),
        };
        steps.push(format!("edition {slug}: {step}"));
    }
    steps
}

fn kilobytes(bytes: u64) -> String {
    format!("{} kB", bytes.div_ceil(1000))
}

/// Every failure that the task tells of.
pub(super) fn failures(task: &Value) -> Vec<String> {
    let details = &task["metadata"];
    let editions = details["editions"].as_array().into_iter().flatten();
    let places = editions
        .map(|edition| &edition["failure"])
        .chain([&details["registration"]["failure"]]);
    let told = places.filter(|failure| !failure.is_null());
    told.map(|failure| {
        let part = |name: &str| failure[name].as_str().unwrap_or_default().to_owned();
        format!("{}: {} ({})", part("code"), part("message"), part("remedy"))
    })
    .collect()
}

/// What the copy of the edition did.
///
/// # Errors
/// When the task does not say.
pub fn report(task: &Value, edition: &str) -> anyhow::Result<Report> {
    let editions = task["metadata"]["editions"].as_array().into_iter().flatten();
    let found = editions.into_iter().find(|found| found["slug"] == edition);
    let report = found.map(|edition| &edition["report"]);
    let count = |name: &str| report.and_then(|report| report[name].as_u64());
    match (count("copied"), count("deleted"), count("unchanged")) {
        (Some(copied), Some(deleted), Some(unchanged)) => Ok(Report {
            copied,
            deleted,
            unchanged,
        }),
        _ => bail!("the task has no report of the edition {edition}: {task}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_step_of_a_task_has_its_sentence() {
        let task = json!({"status": "STARTED", "metadata": {
            "registration": {"state": "done", "files": 7, "bytes": 1234, "failure": null},
            "artifacts": {"pdf": {"state": "failed"}, "search": {"state": "pending"}},
            "editions": [
                {"slug": "main", "state": "copying", "progress": {"done": 3, "total": 7}},
                {"slug": "v1", "state": "published", "report": {"copied": 1, "deleted": 2, "unchanged": 3}},
            ],
        }});
        assert_eq!(
            steps(&task),
            [
                "register-build: manifest of 7 objects, 2 kB",
                "format pdf: failed",
                "edition main: copying, 3 of 7 objects",
                "edition v1: published",
            ]
        );
        assert_eq!(
            report(&task, "v1").unwrap(),
            Report {
                copied: 1,
                deleted: 2,
                unchanged: 3
            }
        );
        assert!(report(&task, "main").is_err());
    }

    #[test]
    fn a_failure_is_told_with_what_to_do() {
        let failure = json!({"code": "purge_refused", "message": "401", "remedy": "check the key"});
        let task =
            json!({"metadata": {"registration": {"failure": null}, "editions": [{"failure": failure}]}});
        assert_eq!(failures(&task), ["purge_refused: 401 (check the key)"]);
    }
}
