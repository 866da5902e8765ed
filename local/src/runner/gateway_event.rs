//! Requests and answers in API Gateway's payload format 2.0
//! (<https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};

use super::invoker::request_id;
use super::wall_clock;

/// Who asks, and whom.
pub(super) struct Caller<'a> {
    pub(super) address: SocketAddr,
    pub(super) api: &'a str,
    pub(super) account: &'a str,
}

pub(super) fn event(parts: &Parts, body: &Bytes, caller: &Caller<'_>) -> Value {
    let path = decoded_path(parts.uri.path());
    let query = parts.uri.query().unwrap_or_default();
    let headers = headers(parts, caller);
    let host = headers.get("host").cloned().unwrap_or_default();
    let domain = host.rsplit_once(':').map_or(host.as_str(), |(name, _)| name);
    let now = wall_clock();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": caller.account,
            "apiId": caller.api,
            "domainName": domain,
            "domainPrefix": domain.split('.').next().unwrap_or_default(),
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": format!("{:?}", parts.version),
                "sourceIp": caller.address.ip().to_string(),
                "userAgent": headers.get("user-agent").map_or("", String::as_str),
            },
            "requestId": request_id(),
            "routeKey": "$default",
            "stage": "$default",
            "time": now.strftime("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": now.as_millisecond(),
        },
        "isBase64Encoded": false,
    });
    let cookies = cookies(parts);
    if !cookies.is_empty() {
        event["cookies"] = cookies.into();
    }
    if !query.is_empty() {
        event["queryStringParameters"] = query_parameters(query).into();
    }
    if !body.is_empty() {
        let (text, encoded) = body_text(parts, body);
        event["body"] = text.into();
        event["isBase64Encoded"] = encoded.into();
    }
    event
}

/// HTTP APIs decode the path before they pass it on, and cut it at a question mark that this brings to light
/// (observed: <https://github.com/hotsock/voker/pull/8>).
fn decoded_path(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy().into_owned();
    match decoded.split_once('?') {
        Some((before, _)) => before.to_owned(),
        None => decoded,
    }
}

/// Names in lower case, values of one name joined; cookies travel apart from them.
fn headers(parts: &Parts, caller: &Caller<'_>) -> BTreeMap<String, String> {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for (name, value) in parts.headers.iter().filter(|(name, _)| *name != header::COOKIE) {
        let value = String::from_utf8_lossy(value.as_bytes());
        headers
            .entry(name.as_str().to_owned())
            .and_modify(|values| {
                values.push(',');
                values.push_str(&value);
            })
            .or_insert_with(|| value.into_owned());
    }
    if let Some(authority) = parts.uri.authority() {
        headers
            .entry("host".to_owned())
            .or_insert_with(|| authority.to_string());
    }
    let port = headers
        .get("host")
        .and_then(|host| host.rsplit_once(':'))
        .map_or("80", |(_, port)| port)
        .to_owned();
    // The gateway writes these itself, whatever the client sent, except that it appends to the addresses.
    let address = caller.address.ip().to_string();
    headers
        .entry("x-forwarded-for".to_owned())
        .and_modify(|before| *before = format!("{before}, {address}"))
        .or_insert(address);
    headers.insert("x-forwarded-port".to_owned(), port);
    headers.insert("x-forwarded-proto".to_owned(), "http".to_owned());
    headers
}

fn cookies(parts: &Parts) -> Vec<String> {
    let values = parts
        .headers
        .get_all(header::COOKIE)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    values
        .flat_map(|value| value.split(';'))
        .map(str::trim)
        .filter(|one| !one.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Decoded; values of one name joined by commas.
fn query_parameters(query: &str) -> Map<String, Value> {
    let decode = |text: &str| {
        percent_decode_str(&text.replace('+', " "))
            .decode_utf8_lossy()
            .into_owned()
    };
    let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        parameters.entry(decode(name)).or_default().push(decode(value));
    }
    parameters
        .into_iter()
        .map(|(name, values)| (name, values.join(",").into()))
        .collect()
}

/// The body as the event carries it, and whether that is base64: everything but text is.
fn body_text(parts: &Parts, body: &Bytes) -> (String, bool) {
    let kind = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let encoded = parts.headers.contains_key(header::CONTENT_ENCODING);
    match std::str::from_utf8(body) {
        Ok(text) if !encoded && is_text(kind) => (text.to_owned(), false),
        _ => (STANDARD.encode(body), true),
    }
}

fn is_text(kind: &str) -> bool {
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(
            kind.as_str(),
            "application/json" | "application/javascript" | "application/xml"
        )
}

/// Headers that belong to the connection and not to the answer.
const OF_THE_CONNECTION: [HeaderName; 4] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];

/// The HTTP answer that the gateway makes of a function's. `multiValueHeaders` belong to the older format and do
/// nothing here, as on AWS.
pub(super) fn response(answer: &Value) -> Result<Response<Bytes>, String> {
    let Some(status) = answer.get("statusCode") else {
        return inferred(answer);
    };
    let status = status
        .as_u64()
        .and_then(|status| u16::try_from(status).ok())
        .and_then(|status| StatusCode::from_u16(status).ok())
        .ok_or_else(|| format!("the status {status}"))?;
    let body = body(answer)?;
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in answer
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let name: HeaderName = name.parse().map_err(|_| format!("the header name {name:?}"))?;
        let value = HeaderValue::from_str(&value).map_err(|_| format!("the value of the header {name}"))?;
        if !OF_THE_CONNECTION.contains(&name) {
            response.headers_mut().append(name, value);
        }
    }
    for cookie in answer
        .get("cookies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let cookie = cookie
            .as_str()
            .and_then(|cookie| HeaderValue::from_str(cookie).ok());
        response
            .headers_mut()
            .append(header::SET_COOKIE, cookie.ok_or("a cookie")?);
    }
    if !response.body().is_empty() && !response.headers().contains_key(header::CONTENT_TYPE) {
        let text = HeaderValue::from_static("text/plain;charset=UTF-8");
        response.headers_mut().insert(header::CONTENT_TYPE, text);
    }
    Ok(response)
}

fn body(answer: &Value) -> Result<Bytes, String> {
    let text = match answer.get("body") {
        None | Some(Value::Null) => return Ok(Bytes::new()),
        Some(Value::String(text)) => text,
        Some(_) => return Err("a body that is no text".to_owned()),
    };
    match answer.get("isBase64Encoded").and_then(Value::as_bool) {
        Some(true) => STANDARD
            .decode(text)
            .map(Bytes::from)
            .map_err(|error| format!("a body that is no base64: {error}")),
        _ => Ok(Bytes::copy_from_slice(text.as_bytes())),
    }
}

/// Without a status the whole answer is the body.
fn inferred(answer: &Value) -> Result<Response<Bytes>, String> {
    let body = answer.as_str().map_or_else(|| answer.to_string(), str::to_owned);
    let mut response = Response::new(Bytes::from(body));
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}
