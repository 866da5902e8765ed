//! Requests whose process dies at any of its calls, or whose store says less than it does.

use http::StatusCode;
use imprint_app::ports::Change;
use imprint_testing::{Moment, Trouble, run_until_death, samples};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{KEY, is_replayed};
use crate::server::{Answer, Server};

/// A request that makes something new each time it has an effect, and how many there are.
#[derive(Debug, Clone, Copy)]
enum Makes {
    Build,
    Token,
    CheckIn,
    Member,
}

const ALL: [Makes; 4] = [Makes::Build, Makes::Token, Makes::CheckIn, Makes::Member];

impl Makes {
    async fn send(self, server: &Server) -> Answer {
        let (method, path, body): (_, _, Value) = match self {
            Self::Build => ("POST", "/products/alpha/builds/", json!({"git_refs": ["main"]})),
            Self::Token => ("POST", "/users/ci/tokens/", json!({"label": "laptop"})),
            Self::CheckIn => ("POST", "/v3/clusters", json!({"id": "c1"})),
            Self::Member => ("PUT", "/v2/orgs/acme/members/ci", json!({"role": "admin"})),
        };
        let call = server.call(method, path).header("idempotency-key", KEY);
        let call = match self {
            Self::CheckIn => call,
            Self::Build | Self::Token | Self::Member => call.admin(),
        };
        call.json(&body).await
    }

    async fn effects(self, server: &Server) -> u64 {
        match self {
            Self::Build => server.world.catalog.all_builds().len() as u64,
            Self::Token => {
                let list = server.get("/users/ci/tokens/").admin().send().await.json();
                list["tokens"].as_array().unwrap().len() as u64
            }
            Self::CheckIn => {
                let cluster = server.get("/v4/clusters/c1").send().await;
                // It had checked in before.
                cluster.json()["checkins"].as_u64().unwrap() - 1
            }
            Self::Member => {
                let user = server.world.env().catalog.user(&samples::parsed("ci")).await;
                // It was written when it was created.
                user.unwrap().unwrap().revision.0 - 1
            }
        }
    }
}

async fn stage() -> Server {
    let server = Server::with_acme().await;
    let ci = samples::user("ci");
    server.world.catalog.seed(vec![Change::CreateUser(ci)]);
    let check_in = server.post("/v3/clusters").json(&json!({"id": "c1"})).await;
    check_in.expect(StatusCode::OK);
    server
}

/// Sends the request again until it is not under way any more.
async fn send_again(makes: Makes, server: &Server) -> Answer {
    for _ in 0..4 {
        let answer = makes.send(server).await;
        let in_progress =
            answer.status == StatusCode::CONFLICT && answer.json()["error"] != json!("answer_lost");
        let in_progress = in_progress
            && (answer.json()["error"] == "idempotency_key_in_progress"
                || answer.header("retry-after") == "2");
        if !in_progress {
            return answer;
        }
        server.world.clock.advance(SignedDuration::from_secs(10));
    }
    panic!("{makes:?} is under way for ever");
}

fn is_lost(answer: &Answer) -> bool {
    // The registry's form has no word for it.
    answer.status == StatusCode::CONFLICT && String::from_utf8_lossy(&answer.bytes).contains("was lost")
}

#[tokio::test]
async fn a_process_may_die_anywhere_and_the_effect_is_that_of_once() {
    for makes in ALL {
        for moment in [Moment::Before, Moment::After] {
            let (mut lost, mut done) = (0, 0);
            for call in 1.. {
                let server = stage().await;
                let ended = run_until_death(call, moment, makes.send(&server)).await;
                let before = makes.effects(&server).await;
                let answer = send_again(makes, &server).await;
                let what = format!("{makes:?} that dies {moment:?} its call {call}: {answer:?}");
                assert_eq!(makes.effects(&server).await, 1, "{what}");
                if is_lost(&answer) {
                    assert_eq!(before, 1, "{what}");
                    lost += 1;
                } else {
                    assert!(answer.status.is_success(), "{what}");
                    done += 1;
                }
                // Whatever it said, it says so again.
                let again = makes.send(&server).await;
                assert_eq!(
                    (again.status, &again.bytes),
                    (answer.status, &answer.bytes),
                    "{what}"
                );
                if let Some(ended) = ended {
                    assert!(is_replayed(&answer), "{what}");
                    assert_eq!(ended.bytes, answer.bytes);
                    break;
                }
            }
            assert!(lost > 0 && done > 3, "{makes:?} {moment:?}: {lost} {done}");
        }
    }
}

#[tokio::test]
async fn a_store_that_says_less_than_it_did_leads_to_no_second_effect() {
    for makes in ALL {
        for trouble in [Trouble::Busy, Trouble::Failed, Trouble::Conflict] {
            for commit in 1..=3 {
                let server = stage().await;
                let faults = server.world.faults();
                faults.once("catalog.commit", commit, Moment::After, trouble);
                let first = makes.send(&server).await;
                let answer = send_again(makes, &server).await;
                let what = format!("{makes:?} {trouble:?} {commit}: {first:?} then {answer:?}");
                assert_eq!(makes.effects(&server).await, 1, "{what}");
                assert!(answer.status.is_success() || is_lost(&answer), "{what}");
            }
        }
    }
}

/// A process that sleeps for a minute and wakes up finds that another one has done its work.
#[tokio::test]
async fn whoever_was_taken_over_has_no_effect_any_more() {
    for makes in ALL {
        let server = stage().await;
        let hold = server.world.faults().hold("catalog.commit", 2);
        let second = async {
            hold.reached().await;
            server.world.clock.advance(SignedDuration::from_secs(30));
            let answer = makes.send(&server).await;
            hold.release();
            answer
        };
        let (first, second) = tokio::join!(makes.send(&server), second);
        assert!(second.status.is_success(), "{makes:?}: {second:?}");
        assert_eq!(first.status, StatusCode::CONFLICT, "{makes:?}: {first:?}");
        assert_eq!(first.header("retry-after"), "2");
        assert_eq!(makes.effects(&server).await, 1, "{makes:?}");
        let third = makes.send(&server).await;
        assert!(is_replayed(&third));
        assert_eq!(third.bytes, second.bytes);
    }
}
