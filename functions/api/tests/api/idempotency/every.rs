//! Every mutation that the description knows, sent twice.

use std::collections::BTreeSet;

use super::cases::{Before, Case, NOTHING, all};
use super::stage::Stage;
use super::{KEY, image, is_replayed, same};
use crate::server::Answer;

/// What only asks.
const READS: [&str; 3] = ["/latest", "/preview", "/check"];

async fn send(stage: &Stage, method: &str, path: &str, body: &str, key: Option<&str>) -> Answer {
    let call = stage.server().call(method, &stage.concrete(path)).admin();
    let call = match key {
        Some(key) => call.header("idempotency-key", key),
        None => call,
    };
    if body == NOTHING {
        return call.send().await;
    }
    let call = call.header("content-type", "application/json");
    call.raw(body.to_owned()).await
}

/// An operation that is added without being known here fails.
#[test]
fn every_mutation_of_the_description_is_sent_here() {
    let document = imprint_api::openapi();
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let methods = item.as_object().unwrap().keys();
        let changing = methods.filter(|method| *method != "get");
        described.extend(changing.map(|method| (method.to_uppercase(), path.clone())));
    }
    let sent: BTreeSet<_> = all()
        .map(|(method, path, ..)| ((*method).to_owned(), (*path).to_owned()))
        .collect();
    assert_eq!(sent.len(), all().count(), "each once");
    assert_eq!(described, sent);
}

#[tokio::test]
async fn whatever_is_sent_twice_with_one_key_has_the_effect_of_once() {
    let mut wrong = Vec::new();
    for case in all() {
        let found = wrong_with(case).await;
        wrong.extend(
            found
                .into_iter()
                .map(|what| format!("{} {} {what}", case.0, case.1)),
        );
    }
    assert!(wrong.is_empty(), "{}:\n{}", wrong.len(), wrong.join("\n"));
}

/// Sends an operation twice, then with another body, and says what is not as it should be.
async fn wrong_with((method, path, body, before): &Case) -> Vec<String> {
    let stage = Stage::new().await;
    let answer = match before {
        Before::Nothing => None,
        Before::Put(body) => Some(send(&stage, "PUT", path, body, None).await),
        Before::Send(method, path) => Some(send(&stage, method, path, NOTHING, None).await),
    };
    assert!(
        answer.is_none_or(|answer| answer.status.is_success()),
        "before {method} {path}"
    );
    let untouched = image(stage.server());
    let first = send(&stage, method, path, body, Some(KEY)).await;
    let once = image(stage.server());
    let mut wrong = Vec::new();
    let mut check = |holds: bool, what: String| wrong.extend((!holds).then_some(what));
    let text = String::from_utf8_lossy(&first.bytes);
    let is_answered = first.status.is_success() && !is_replayed(&first);
    check(is_answered, format!("is answered {} {text}", first.status));
    let only_asks = READS.iter().any(|end| path.ends_with(end));
    check(
        (once == untouched) == only_asks,
        "shows nothing, as it changes nothing here".to_owned(),
    );
    let second = send(&stage, method, path, body, Some(KEY)).await;
    let is_same = is_replayed(&second) && same(&second) == same(&first);
    check(is_same, format!("is answered otherwise: {first:?} {second:?}"));
    check(image(stage.server()) == once, "has two effects".to_owned());
    let other = r#"{"title": "something else"}"#;
    let third = send(&stage, method, path, other, Some(KEY)).await;
    check(
        third.status == 422 && image(stage.server()) == once,
        format!("with another body is answered {}", third.status),
    );
    wrong
}
