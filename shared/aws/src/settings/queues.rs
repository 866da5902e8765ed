//! The addresses of queues. A function has that of each queue that it may send to.

use std::collections::BTreeMap;

use imprint_domain::message::Step;

use super::variables::{ConfigError, Variables};

/// Queues by their steps.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Queues(BTreeMap<Step, String>);

impl Queues {
    pub(super) fn read(variables: Variables<'_>) -> Result<Self, ConfigError> {
        let mut urls = BTreeMap::new();
        for step in Step::ALL {
            if let Some(url) = variables.url(variable(step))? {
                urls.insert(step, url);
            }
        }
        Ok(Self(urls))
    }

    /// Where a queue is.
    ///
    /// # Errors
    /// When this function was not told.
    pub(crate) fn url(&self, step: Step) -> Result<&str, ConfigError> {
        let url = self.0.get(&step).map(String::as_str);
        url.ok_or_else(|| ConfigError::Missing {
            variable: variable(step),
            should_be: "the URL of the queue".to_owned(),
        })
    }

    /// Where the queue of a step's dead letters is: it is called after the step's, as the template has it. A function's
    /// variables may have 4 KB (<https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>), so the
    /// addresses of ten more queues do not fit with a stack's long name.
    ///
    /// # Errors
    /// When this function was not told where the step's queue is.
    pub(crate) fn dead_letters(&self, step: Step) -> Result<String, ConfigError> {
        let url = self.url(step)?;
        Ok(match url.strip_suffix(".fifo") {
            Some(bare) => format!("{bare}-dead-letters.fifo"),
            None => format!("{url}-dead-letters"),
        })
    }
}

fn variable(step: Step) -> &'static str {
    match step {
        Step::RegisterBuild => "IMPRINT_QUEUE_REGISTER_BUILD",
        Step::UnpackArchive => "IMPRINT_QUEUE_UNPACK_ARCHIVE",
        Step::CopyEdition => "IMPRINT_QUEUE_COPY_EDITION",
        Step::PurgeCdn => "IMPRINT_QUEUE_PURGE_CDN",
        Step::RenderDashboard => "IMPRINT_QUEUE_RENDER_DASHBOARD",
        Step::UpdateDns => "IMPRINT_QUEUE_UPDATE_DNS",
        Step::DeliverWebhook => "IMPRINT_QUEUE_DELIVER_WEBHOOK",
        Step::RenderDocument => "IMPRINT_QUEUE_RENDER_DOCUMENT",
        Step::DeriveFormat => "IMPRINT_QUEUE_DERIVE_FORMAT",
        Step::IndexSearch => "IMPRINT_QUEUE_INDEX_SEARCH",
    }
}
