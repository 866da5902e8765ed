//! What steps of Imprint could not handle.

use reqwest::Method;
use serde_json::{Value, json};

use crate::http::{Api, ApiError, quoted};

/// All queues of dead letters.
///
/// # Errors
/// When they cannot be read.
pub async fn list(api: &Api) -> Result<Value, ApiError> {
    api.get("/v2/dead-letters").await
}

/// Sends a step's dead letters to it again, until none is left that it can read. How many there were.
///
/// # Errors
/// When there is no such step, or it cannot be asked.
pub async fn redrive(api: &Api, queue: &str) -> Result<u64, ApiError> {
    let path = format!("/v2/dead-letters/{}/redrive", in_path(queue)?);
    let mut moved = 0_u64;
    loop {
        let answer = api.change(Method::POST, &path, &json!({})).await?;
        let some = answer["moved"].as_u64().unwrap_or_default();
        moved = moved.saturating_add(some);
        if some == 0 || answer["left"].as_u64().unwrap_or_default() == 0 {
            return Ok(moved);
        }
    }
}

/// Deletes one.
///
/// # Errors
/// When it is not there.
pub async fn delete(api: &Api, queue: &str, message: &str) -> Result<(), ApiError> {
    let path = format!(
        "/v2/dead-letters/{}/messages/{}",
        in_path(queue)?,
        in_path(message)?
    );
    api.change(Method::DELETE, &path, &json!({})).await.map(drop)
}

/// A part of a path. Names of queues and messages need no encoding; what does is none of them.
fn in_path(part: &str) -> Result<&str, ApiError> {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    match !part.is_empty() && part.bytes().all(is_plain) {
        true => Ok(part),
        false => Err(ApiError::NotFound(format!("{:?}", quoted(part)))),
    }
}

/// The queues in which something lies, for people.
pub fn table(queues: &Value) -> String {
    let mut text = String::new();
    for queue in queues["queues"].as_array().into_iter().flatten() {
        let count = queue["count"].as_u64().unwrap_or_default();
        if count == 0 {
            continue;
        }
        let name = queue["queue"].as_str().unwrap_or("?");
        text = format!("{text}{name}: {count}\n");
        for letter in queue["messages"].as_array().into_iter().flatten() {
            text = format!("{text}  {}\n", letter_line(letter));
        }
    }
    match text.is_empty() {
        true => "no dead letters\n".to_owned(),
        false => text,
    }
}

fn letter_line(letter: &Value) -> String {
    let part = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let about = match letter["about"]["product"].as_str() {
        Some(product) => format!(" of {product}"),
        None => String::new(),
    };
    let why = letter["failure"]["message"]
        .as_str()
        .or(letter["unread"]["reason"].as_str());
    quoted(&format!(
        "{} {}{about}: {}",
        part(&letter["id"]),
        part(&letter["kind"]),
        why.unwrap_or("no reason is known")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_queues_with_something_in_them_are_shown() {
        let queues = json!({"queues": [
            {"queue": "copy-edition", "count": 0, "messages": []},
            {"queue": "purge-cdn", "count": 12, "messages": [
                {"id": "m1", "kind": "purge-cdn", "about": {"product": "handbook"}, "failure": {"message": "refused"}},
                {"id": "m2", "kind": "unreadable", "about": null, "unread": {"reason": "no JSON"}}]}]});
        assert_eq!(
            table(&queues),
            "purge-cdn: 12\n  m1 purge-cdn of handbook: refused\n  m2 unreadable: no JSON\n"
        );
        assert_eq!(table(&json!({"queues": []})), "no dead letters\n");
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_none() {
        for bad in ["", "../users", "a/b", "a?b", "a b"] {
            assert!(in_path(bad).is_err(), "{bad}");
        }
        assert_eq!(in_path("5fea7756-0ea4").unwrap(), "5fea7756-0ea4");
    }
}
