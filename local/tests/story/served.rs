//! A static server, as simple as they come: it knows files and directories, and nothing of Imprint.

use std::path::{Path, PathBuf};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};

/// Serves a folder until the test ends, and gives its URL.
pub(crate) async fn serve(folder: &Path) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let routes = Router::new().fallback(answer).with_state(folder.to_owned());
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    format!("http://127.0.0.1:{port}")
}

async fn answer(State(folder): State<PathBuf>, request: Request) -> Response {
    let path = percent_encoding::percent_decode_str(request.uri().path())
        .decode_utf8()
        .unwrap()
        .into_owned();
    let file = folder.join(path.trim_start_matches('/'));
    let mut response = Response::new(Body::empty());
    if file.is_dir() && !path.ends_with('/') {
        *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
        let location = format!("{}/", request.uri().path());
        let headers = response.headers_mut();
        headers.insert(header::LOCATION, HeaderValue::try_from(location).unwrap());
        return response;
    }
    let file = match file.is_dir() {
        true => file.join("index.html"),
        false => file,
    };
    match std::fs::read(&file) {
        Ok(body) => *response.body_mut() = Body::from(body),
        Err(_) => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    response
}
