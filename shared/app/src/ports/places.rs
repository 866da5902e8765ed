use std::sync::Arc;

use super::{Cdn, Objects, Uploads};

/// Makes the ports that differ from organization to organization. Sends nothing.
pub trait Places: Send + Sync {
    /// The objects of a bucket.
    fn objects(&self, bucket: &str) -> Arc<dyn Objects>;

    /// Upload forms for a bucket. Markers always go to the installation's own bucket, because that one tells of them.
    fn uploads(&self, bucket: &str) -> Arc<dyn Uploads>;

    /// The CDN, with the API token of an organization's own service when it has one.
    fn cdn(&self, key: Option<&str>) -> Arc<dyn Cdn>;
}
