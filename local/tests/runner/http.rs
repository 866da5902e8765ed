//! The HTTP API.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use imprint_lambda::LambdaEvent;
use serde_json::{Value, json};

use crate::support::{Bench, Fakes, stack};

const HTTP: &str = "
  HttpApi: {Type: AWS::Serverless::HttpApi}
  Api:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: rust-cargolambda, BuildProperties: {Binary: imprint-api}}
    Properties:
      CodeUri: functions/api
      Timeout: 1
      Events:
        All: {Type: HttpApi, Properties: {ApiId: !Ref HttpApi}}
";

/// Answers with the event it got, or does what the path says.
fn http_fakes() -> Fakes {
    Fakes::default().with("api", async |event: LambdaEvent<Value>| {
        let event = event.payload;
        match event["rawPath"].as_str().unwrap() {
            "/panic" => panic!("as asked"),
            "/fail" => Err("as asked".into()),
            "/slow" => {
                tokio::time::sleep(Duration::from_secs(60)).await;
                Ok(Value::Null)
            }
            "/large" => Ok(json!({ "statusCode": 200, "body": "x".repeat(7_000_000) })),
            "/binary" => Ok(json!({
                "statusCode": 201,
                "headers": { "content-type": "image/png", "x-one": "1" },
                "multiValueHeaders": { "x-two": ["2"] },
                "cookies": ["a=1; Path=/", "b=2"],
                "body": STANDARD.encode([0_u8, 159, 146, 150]),
                "isBase64Encoded": true,
            })),
            _ => Ok(event),
        }
    })
}

#[tokio::test]
async fn a_request_becomes_an_event_of_format_2() {
    let bench = Bench::start(stack(HTTP), &http_fakes()).await;
    let url = format!("http://{}/a%20b/c?x=1&x=2&y=%C3%BC+z", bench.http.unwrap());
    let client = reqwest::Client::new();
    let request = client
        .post(&url)
        .header("Cookie", "one=1; two=2")
        .header("X-Twice", "a")
        .header("X-Twice", "b");
    let answer = request
        .header("Content-Type", "application/json")
        .body("{\"ä\":1}")
        .send()
        .await
        .unwrap();
    assert_eq!(
        answer.headers()["content-type"],
        "application/json",
        "without a status the answer is the body"
    );
    let event: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(
        (&event["version"], &event["routeKey"]),
        (&json!("2.0"), &json!("$default"))
    );
    assert_eq!(event["rawPath"], "/a b/c", "HTTP APIs decode the path");
    assert_eq!(event["rawQueryString"], "x=1&x=2&y=%C3%BC+z");
    assert_eq!(event["queryStringParameters"], json!({"x": "1,2", "y": "ü z"}));
    assert_eq!(event["cookies"], json!(["one=1", "two=2"]));
    assert_eq!(event["headers"]["x-twice"], "a,b");
    assert_eq!(event["headers"]["x-forwarded-proto"], "http");
    assert!(event["headers"].get("cookie").is_none());
    assert_eq!(event["requestContext"]["http"]["method"], "POST");
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(event["requestContext"]["domainName"], "127.0.0.1");
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("{\"ä\":1}"), &json!(false))
    );

    let answer = client.put(&url).body(vec![0_u8, 255]).send().await.unwrap();
    let event: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("AP8="), &json!(true))
    );
}

#[tokio::test]
async fn an_answer_of_format_2_becomes_a_response() {
    let bench = Bench::start(stack(HTTP), &http_fakes()).await;
    let answer = reqwest::get(format!("http://{}/binary", bench.http.unwrap()))
        .await
        .unwrap();
    assert_eq!(answer.status(), 201);
    assert_eq!(answer.headers()["content-type"], "image/png");
    assert_eq!(answer.headers()["x-one"], "1");
    assert!(
        !answer.headers().contains_key("x-two"),
        "format 2.0 has no multiValueHeaders"
    );
    let cookies: Vec<_> = answer.headers().get_all("set-cookie").into_iter().collect();
    assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
    assert_eq!(*answer.bytes().await.unwrap(), [0, 159, 146, 150]);
}

#[tokio::test]
async fn a_function_that_goes_wrong_harms_no_other_request() {
    let bench = Bench::start(stack(HTTP), &http_fakes()).await;
    let address = bench.http.unwrap();
    let slow = tokio::spawn(reqwest::get(format!("http://{address}/slow")));
    for path in ["panic", "fail", "large"] {
        let answer = reqwest::get(format!("http://{address}/{path}")).await.unwrap();
        assert_eq!(answer.status(), 500, "{path}");
        assert_eq!(
            answer.text().await.unwrap(),
            r#"{"message":"Internal Server Error"}"#
        );
    }
    assert_eq!(
        reqwest::get(format!("http://{address}/fine"))
            .await
            .unwrap()
            .status(),
        200
    );
    assert_eq!(
        slow.await.unwrap().unwrap().status(),
        500,
        "a second is all that this function has"
    );
    assert!(bench.runner.running().is_empty());
    let large = vec![b'x'; 11 * 1024 * 1024];
    let answer = reqwest::Client::new()
        .post(format!("http://{address}/"))
        .body(large)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn a_stopped_stack_answers_no_more_requests() {
    let bench = Bench::start(stack(HTTP), &http_fakes()).await;
    let url = format!("http://{}/", bench.http.unwrap());
    assert_eq!(reqwest::get(&url).await.unwrap().status(), 200);
    bench.runner.shutdown().await;
    assert!(reqwest::get(&url).await.is_err(), "nobody listens any more");
}
