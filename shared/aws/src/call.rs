//! What an answer of AWS means for whoever asked: try again, or give up.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use imprint_app::ports::{Source, StoreError};

/// A call that was not answered as hoped.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {said}")]
pub(crate) struct CallError {
    operation: &'static str,
    said: String,
    #[source]
    source: Source,
}

/// A request that this crate will not send, or an answer that it cannot use.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unusable(pub(crate) String);

/// Error codes after which the same request may succeed: throttling, trouble inside AWS, and a write that another one
/// got in the way of. From the lists of common errors of
/// [DynamoDB](https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html),
/// [S3](https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html),
/// [SQS](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/CommonErrors.html) and
/// [Route 53](https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html#API_ChangeResourceRecordSets_Errors).
const RETRYABLE: [&str; 19] = [
    "ConditionalRequestConflict",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "OperationAborted",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestTimeout",
    "RequestTimeoutException",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Whether the same request may succeed after this error code.
pub(crate) fn is_retryable_code(code: &str) -> bool {
    RETRYABLE.contains(&code)
}

/// The status of the answer, when there was one.
pub(crate) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

/// Whether the same request may succeed later.
fn is_retryable<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        // Everything but a connector that was set up wrongly: refused, reset, no route, name not found (yet).
        SdkError::DispatchFailure(failure) => !failure.is_user(),
        SdkError::ServiceError(refusal) => {
            let status = refusal.raw().status().as_u16();
            status >= 500 || status == 429 || refusal.err().code().is_some_and(is_retryable_code)
        }
        _ => false,
    }
}

/// Wraps an error of the SDK together with what was asked and what was said.
pub(crate) fn source<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Source
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let said = match &error {
        SdkError::ServiceError(refusal) => {
            let status = refusal.raw().status().as_u16();
            let code = refusal.err().code().unwrap_or("no error code");
            let message = refusal.err().message().unwrap_or("no message");
            format!("{status} {code}: {message}")
        }
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        other => other.to_string(),
    };
    let source = error.into_source().unwrap_or_else(|error| error.into());
    Box::new(CallError {
        operation,
        said,
        source,
    })
}

/// What an error of the SDK means, unless the operation knows more.
pub(crate) fn store_error<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    if is_retryable(&error) {
        StoreError::Busy(source(operation, error))
    } else {
        StoreError::Failed(source(operation, error))
    }
}

/// A refusal of our own.
pub(crate) fn refused(reason: impl Into<String>) -> StoreError {
    StoreError::Failed(Box::new(Unusable(reason.into())))
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::error::ErrorMetadata;
    use aws_sdk_s3::operation::put_object::PutObjectError;
    use aws_sdk_s3::primitives::SdkBody;

    use super::*;

    fn answered(status: u16, code: &str) -> SdkError<PutObjectError, HttpResponse> {
        let error =
            PutObjectError::generic(ErrorMetadata::builder().code(code).message("the reason").build());
        SdkError::service_error(
            error,
            HttpResponse::new(status.try_into().unwrap(), SdkBody::empty()),
        )
    }

    #[test]
    fn what_may_pass_is_busy() {
        let answers = [
            (503, "SlowDown"),
            (500, "Odd"),
            (429, "Odd"),
            (400, "ThrottlingException"),
        ];
        let more = [
            (400, "ProvisionedThroughputExceededException"),
            (409, "OperationAborted"),
        ];
        for (status, code) in answers.into_iter().chain(more) {
            let error = store_error("PutObject", answered(status, code));
            assert!(error.is_retryable(), "{status} {code}");
        }
        let no_answer: SdkError<PutObjectError, HttpResponse> = SdkError::timeout_error("too late");
        assert!(store_error("PutObject", no_answer).is_retryable());
    }

    #[test]
    fn what_will_not_pass_has_failed() {
        for (status, code) in [
            (403, "AccessDenied"),
            (404, "NoSuchBucket"),
            (400, "ValidationException"),
        ] {
            let error = store_error("PutObject", answered(status, code));
            assert!(matches!(error, StoreError::Failed(_)), "{status} {code}");
        }
        let unsent: SdkError<PutObjectError, HttpResponse> = SdkError::construction_failure("no bucket");
        assert!(!store_error("PutObject", unsent).is_retryable());
    }

    #[test]
    fn an_error_says_what_was_asked_and_what_was_answered() {
        let said = source("PutObject", answered(403, "AccessDenied")).to_string();
        assert_eq!(said, "PutObject: 403 AccessDenied: the reason");
    }
}
