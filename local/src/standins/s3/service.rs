//! s3s in our server, with what AWS does and it does not.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Frame, Incoming, SizeHint};
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};

use super::rights::{Keys, Witness};
use super::{Backend, post_form};
use crate::rights::Uses;
use crate::standins::server::{Answer, BoxError, StandIn};

/// Time to read what an early answer left of a request.
const DRAIN: Duration = Duration::from_secs(10);

/// The S3 stand-in.
pub(crate) struct ObjectService(S3Service);

impl ObjectService {
    /// Answers from `backend`, for requests that are signed with these keys.
    pub(crate) fn new(backend: Backend, keys: Keys, uses: Uses) -> Self {
        let mut config = S3Config::default();
        // s3s refuses forms that were signed more than this ago, or later than now. AWS goes by the policy's
        // expiration alone; and the local clock can be moved, which moves the signatures.
        config.presigned_url_max_skew_time_secs = u32::MAX;
        let mut builder = S3ServiceBuilder::new(backend.clone());
        builder.set_auth(keys);
        builder.set_access(Witness { uses, backend });
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(config))));
        Self(builder.build())
    }
}

impl StandIn for ObjectService {
    async fn answer(&self, request: http::Request<Incoming>) -> Answer {
        let (parts, body) = request.into_parts();
        let body = Lent(Arc::new(Mutex::new(body)));
        let left = body.clone();
        let is_form = post_form::is_form(&parts);
        let request = match is_form {
            true => post_form::name_file(parts, body).await,
            false => http::Request::from_parts(parts, s3s::Body::http_body(body)),
        };
        let answer = self.0.call(request).await;
        left.drain().await;
        match answer {
            Ok(answer) if is_form => post_form::refuse_as_aws(answer).await,
            Ok(answer) => answer.map(|body| body.boxed_unsync()),
            Err(error) => {
                tracing::error!(?error, "S3 did not answer");
                let mut answer = http::Response::new(Full::default().map_err(BoxError::from).boxed_unsync());
                *answer.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
                answer
            }
        }
    }
}

/// A request's body that is read to its end even when the answer does not depend on it: closing the
/// connection on a client that still sends would lose the answer.
#[derive(Debug, Clone)]
pub(crate) struct Lent(Arc<Mutex<Incoming>>);

impl Lent {
    fn with<T>(&self, look: impl FnOnce(&mut Incoming) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn drain(mut self) {
        let rest = async { while let Some(Ok(_)) = self.frame().await {} };
        // A client that sends on for longer may see its connection closed.
        let _cut_off = tokio::time::timeout(DRAIN, rest).await;
    }
}

impl hyper::body::Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        self.with(|body| Pin::new(body).poll_frame(context))
    }

    fn is_end_stream(&self) -> bool {
        self.with(|body| body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|body| body.size_hint())
    }
}
