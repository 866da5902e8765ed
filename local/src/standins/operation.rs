//! Which operation a request asks for, read from its outside.

use std::borrow::Cow;

use http::{HeaderMap, Method, Uri};

/// DynamoDB and SQS name the operation in a header: `X-Amz-Target: DynamoDB_20120810.GetItem`.
pub(crate) fn of_target(headers: &HeaderMap) -> Cow<'static, str> {
    let target = headers.get("x-amz-target").and_then(|value| value.to_str().ok());
    match target.and_then(|target| target.rsplit('.').next()) {
        Some(operation) => Cow::Owned(operation.to_owned()),
        None => Cow::Borrowed("Unknown"),
    }
}

/// S3 names no operation: method, path, query and headers together do.
pub(crate) fn of_s3(method: &Method, uri: &Uri, headers: &HeaderMap) -> &'static str {
    let query = Query(uri.query().unwrap_or_default());
    let path = uri.path().trim_start_matches('/');
    match path.split_once('/') {
        Some((_, key)) if !key.is_empty() => of_object(method, &query, headers),
        _ if path.is_empty() => "ListBuckets",
        _ => of_bucket(method, &query, headers),
    }
}

fn of_object(method: &Method, query: &Query<'_>, headers: &HeaderMap) -> &'static str {
    let copies = headers.contains_key("x-amz-copy-source");
    match *method {
        Method::GET if query.has("uploadId") => "ListParts",
        Method::GET => "GetObject",
        Method::HEAD => "HeadObject",
        Method::PUT if query.has("partNumber") && copies => "UploadPartCopy",
        Method::PUT if query.has("partNumber") => "UploadPart",
        Method::PUT if copies => "CopyObject",
        Method::PUT => "PutObject",
        Method::POST if query.has("uploads") => "CreateMultipartUpload",
        Method::POST if query.has("uploadId") => "CompleteMultipartUpload",
        Method::DELETE if query.has("uploadId") => "AbortMultipartUpload",
        Method::DELETE => "DeleteObject",
        _ => "Unknown",
    }
}

fn of_bucket(method: &Method, query: &Query<'_>, headers: &HeaderMap) -> &'static str {
    let form = headers
        .get(http::header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    match *method {
        Method::GET if query.is("list-type", "2") => "ListObjectsV2",
        Method::GET if query.has("uploads") => "ListMultipartUploads",
        Method::GET if query.has("location") => "GetBucketLocation",
        Method::GET => "ListObjects",
        Method::HEAD => "HeadBucket",
        Method::PUT => "CreateBucket",
        Method::DELETE => "DeleteBucket",
        Method::POST if query.has("delete") => "DeleteObjects",
        Method::POST if form.is_some_and(|form| form.starts_with("multipart/form-data")) => "PostObject",
        _ => "Unknown",
    }
}

/// The CDN has two ways to purge.
pub(crate) fn of_fastly(method: &Method, uri: &Uri) -> &'static str {
    let parts: Vec<&str> = uri.path().trim_matches('/').split('/').collect();
    match (method, parts.as_slice()) {
        (&Method::POST, ["service", _, "purge"]) => "PurgeKeys",
        (&Method::POST, ["service", _, "purge", _]) => "PurgeKey",
        _ => "Unknown",
    }
}

struct Query<'a>(&'a str);

impl Query<'_> {
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .split('&')
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    }

    fn has(&self, name: &str) -> bool {
        self.pairs().any(|(found, _)| found == name)
    }

    fn is(&self, name: &str, value: &str) -> bool {
        self.pairs().any(|pair| pair == (name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s3_operations_are_told_apart() {
        let copy: HeaderMap = [("x-amz-copy-source".parse().unwrap(), "b/k".parse().unwrap())]
            .into_iter()
            .collect();
        let form: HeaderMap = [(
            http::header::CONTENT_TYPE,
            "multipart/form-data; boundary=x".parse().unwrap(),
        )]
        .into_iter()
        .collect();
        let none = HeaderMap::new();
        let cases = [
            (Method::GET, "/b/k", &none, "GetObject"),
            (Method::HEAD, "/b/p/k?versionId=1", &none, "HeadObject"),
            (Method::PUT, "/b/k?x-id=PutObject", &none, "PutObject"),
            (Method::PUT, "/b/k", &copy, "CopyObject"),
            (
                Method::PUT,
                "/b/k?partNumber=1&uploadId=u",
                &copy,
                "UploadPartCopy",
            ),
            (Method::PUT, "/b/k?partNumber=1&uploadId=u", &none, "UploadPart"),
            (Method::POST, "/b/k?uploads", &none, "CreateMultipartUpload"),
            (Method::POST, "/b/k?uploadId=u", &none, "CompleteMultipartUpload"),
            (Method::DELETE, "/b/k?uploadId=u", &none, "AbortMultipartUpload"),
            (Method::DELETE, "/b/k", &none, "DeleteObject"),
            (Method::GET, "/b/?list-type=2&prefix=p", &none, "ListObjectsV2"),
            (Method::GET, "/b", &none, "ListObjects"),
            (Method::POST, "/b?delete", &none, "DeleteObjects"),
            (Method::POST, "/b", &form, "PostObject"),
            (Method::HEAD, "/b", &none, "HeadBucket"),
            (Method::GET, "/", &none, "ListBuckets"),
        ];
        for (method, uri, headers, expected) in cases {
            assert_eq!(
                of_s3(&method, &uri.parse().unwrap(), headers),
                expected,
                "{method} {uri}"
            );
        }
    }
}
