//! Watching a task of Imprint.

use std::time::Duration;

use serde_json::Value;

use crate::http::{Api, ApiError, last_part};

/// Reads a task until it has ended, or once.
///
/// # Errors
/// When it is not there, or cannot be read.
pub async fn watch(
    api: &Api,
    task: &str,
    poll: Option<Duration>,
    mut on_change: impl FnMut(&Value),
) -> Result<Value, ApiError> {
    let name = last_part(task).unwrap_or_default();
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric());
    if !is_name {
        return Err(ApiError::NotFound(format!("a task {task:?}")));
    }
    let path = format!("/queue/{name}");
    let mut before = Value::Null;
    loop {
        let found = api.get(&path).await?;
        if found != before {
            on_change(&found);
        }
        match poll {
            Some(poll) if !has_ended(&found) => tokio::time::sleep(poll).await,
            Some(_) | None => return Ok(found),
        }
        before = found;
    }
}

/// Whether nothing more comes.
pub fn has_ended(task: &Value) -> bool {
    matches!(task["status"].as_str(), Some("SUCCESS" | "FAILURE"))
}

/// A task on one line: its status, and where each edition is.
pub fn line(task: &Value) -> String {
    let details = &task["metadata"];
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let mut line = format!(
        "{}: build {}",
        text(&task["status"]),
        text(&details["registration"]["state"])
    );
    for edition in details["editions"].as_array().into_iter().flatten() {
        line = format!("{line}, {} {}", text(&edition["slug"]), text(&edition["state"]));
        if let Some(failure) = edition["failure"]["message"].as_str() {
            line = format!("{line} ({failure})");
        }
    }
    crate::http::quoted(&line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_task_is_one_line() {
        let task = json!({"status": "FAILURE", "metadata": {"registration": {"state": "done"}, "editions": [
            {"slug": "main", "state": "published", "failure": null},
            {"slug": "v1", "state": "failed", "failure": {"message": "the CDN\nrefused"}}]}});
        assert_eq!(
            line(&task),
            "FAILURE: build done, main published, v1 failed (the CDN refused)"
        );
        assert!(has_ended(&task) && !has_ended(&json!({"status": "STARTED"})));
        assert_eq!(line(&json!(null)), "?: build ?");
    }
}
