//! What differs from organization to organization: its bucket, and its service of the CDN.

use std::sync::Arc;

use aws_sdk_s3::Client;
use imprint_app::ports::{Cdn, Clock, Objects, Places, Uploads};

use crate::fastly::FastlyCdn;
use crate::http::LazyClient;
use crate::objects::S3Objects;
use crate::settings::{AwsSettings, FastlySettings};
use crate::uploads::S3Uploads;

/// Makes adapters on clients that all organizations share.
pub(crate) struct AwsPlaces {
    s3: Client,
    aws: AwsSettings,
    /// The installation's own bucket.
    bucket: String,
    fastly: FastlySettings,
    http: Arc<LazyClient>,
    clock: Arc<dyn Clock>,
}

impl AwsPlaces {
    pub(crate) fn new(
        s3: Client,
        aws: &AwsSettings,
        bucket: String,
        fastly: FastlySettings,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            s3,
            aws: aws.clone(),
            bucket,
            fastly,
            http: Arc::default(),
            clock,
        }
    }
}

impl Places for AwsPlaces {
    fn objects(&self, bucket: &str) -> Arc<dyn Objects> {
        Arc::new(S3Objects::new(self.s3.clone(), bucket.to_owned()))
    }

    fn uploads(&self, bucket: &str) -> Arc<dyn Uploads> {
        Arc::new(S3Uploads::new(&self.aws, bucket.to_owned(), self.bucket.clone()))
    }

    fn cdn(&self, key: Option<&str>) -> Arc<dyn Cdn> {
        let settings = self.fastly.with_key(key);
        Arc::new(FastlyCdn::new(settings, self.http.clone(), self.clock.clone()))
    }
}
