use std::sync::{Arc, Mutex};

use imprint_app::ports::WebhookCall;
use imprint_domain::webhook::Answer;
use imprint_testing::samples::{self, NOON, parsed};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::stack::Stack;

/// A receiver that answers every request with the same bytes, and remembers the requests.
struct Receiver {
    url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Receiver {
    async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (answer, seen) = (answer.into(), requests.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = String::new();
                let mut bytes = [0; 4096];
                while !request.ends_with('}') {
                    let read = stream.read(&mut bytes).await.unwrap();
                    assert!(read > 0, "it broke off: {request}");
                    request.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
                }
                seen.lock().unwrap().push(request);
                // Whoever has read enough hangs up.
                let _ = stream.write_all(&answer).await;
            }
        });
        Self { url, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn post(stack: &Stack, stage: &str, url: &str) -> Answer {
    let event = samples::ping("ping", NOON);
    let url = parsed(url);
    let call = WebhookCall {
        url: &url,
        id: &event.id,
        at: NOON,
        signature: "v1,signature",
        body: r#"{"type":"ping"}"#,
    };
    stack.with(&[("IMPRINT_STAGE", stage)]).webhooks.post(call).await
}

#[tokio::test]
async fn a_receiver_gets_the_headers_of_standard_webhooks() {
    let stack = Stack::start().await;
    let answer = "HTTP/1.1 202 Accepted\r\ncontent-length: 5\r\nconnection: close\r\n\r\nth\0ks";
    let receiver = Receiver::answering(answer).await;
    assert_eq!(
        post(&stack, "local", &receiver.url).await,
        Answer::answered(202, "thks")
    );
    let request = receiver.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, r#"{"type":"ping"}"#);
    assert!(head.starts_with("POST /hook HTTP/1.1\r\n"), "{head}");
    for header in [
        "content-type: application/json",
        "webhook-timestamp: 1767268800",
        "webhook-signature: v1,signature",
        &format!("webhook-id: {}", samples::ping("ping", NOON).id),
        "user-agent: Imprint-Webhooks/0.1.0",
    ] {
        assert!(head.lines().any(|line| line == header), "{header}: {head}");
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_leads_nowhere() {
    let stack = Stack::start().await;
    let target = Receiver::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let location = &target.url;
    let answer =
        format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
    let receiver = Receiver::answering(answer).await;
    assert_eq!(
        post(&stack, "local", &receiver.url).await,
        Answer::answered(307, "")
    );
    assert!(target.requests().is_empty());
}

#[tokio::test]
async fn no_more_of_an_answer_is_read_than_its_beginning() {
    let stack = Stack::start().await;
    let head = "HTTP/1.1 500 Oops\r\ncontent-length: 1000000000\r\n\r\n";
    let answer = format!("{head}{}", "x".repeat(1_000_000));
    let receiver = Receiver::answering(answer).await;
    let answer = post(&stack, "local", &receiver.url).await;
    assert_eq!(answer, Answer::answered(500, &"x".repeat(200)));
}

#[tokio::test]
async fn what_is_no_answer_says_why_and_not_where() {
    let stack = Stack::start().await;
    let receiver = Receiver::answering("nonsense\r\n\r\n").await;
    for url in [
        format!("{}?token=secret", receiver.url),
        "http://127.0.0.1:9/?token=secret".to_owned(),
    ] {
        match post(&stack, "local", &url).await {
            Answer::Unanswered { reason } => {
                assert!(!reason.is_empty() && !reason.contains("secret"), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_deployment_calls_nobody_who_is_not_public() {
    let stack = Stack::start().await;
    let receiver = Receiver::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let https = receiver.url.replace("http:", "https:");
    let by_name = https.replace("127.0.0.1", "localhost");
    for url in [
        &receiver.url,
        &https,
        &by_name,
        "https://169.254.169.254/latest/meta-data/",
    ] {
        for stage in ["dev", "prod"] {
            let answer = post(&stack, stage, url).await;
            assert!(matches!(answer, Answer::Forbidden { .. }), "{url}: {answer:?}");
        }
    }
    assert!(receiver.requests().is_empty());
}
