//! The function that writes products' own pages and organizations' indexes, in order for each.
//!
//! Translates only; what the pages say is `imprint_domain::dashboard`, how they are written `imprint_app`.

use std::sync::Arc;

use imprint_app::env::Env;
use imprint_app::index::{self, render_all, render_index};
use imprint_app::render_dashboard::{self, render_dashboard};
use imprint_app::step::{Delivery, StepError};
use imprint_app::tenants::Tenants;
use imprint_domain::message::Message;
use imprint_lambda::{Batch, Function, FunctionError, LambdaEvent, Record};
use serde_json::Value;

/// The function with the organizations that it works for.
pub fn function(tenants: Tenants) -> Arc<dyn Function> {
    Arc::new(RenderDashboardFunction { tenants })
}

struct RenderDashboardFunction {
    tenants: Tenants,
}

/// The records of a batch that ask for the same pages: one rendering answers them all.
struct Asked(Vec<(Delivery, Record)>);

#[async_trait::async_trait]
impl Function for RenderDashboardFunction {
    async fn call(&self, event: LambdaEvent<Value>) -> Result<Value, FunctionError> {
        let mut batch = Batch::read(&self.tenants, event.payload)?;
        for asked in by_pages(&mut batch) {
            let Some(env) = self.env(&mut batch, &asked).await else {
                continue;
            };
            let outcome = asked.render(&env).await;
            let rendered = outcome.is_ok();
            let mut outcome = Some(outcome);
            for (_, record) in &asked.0 {
                match outcome.take() {
                    Some(outcome) => batch.settle(&env, record, outcome).await,
                    // The first record tells of a failure; those behind it come again.
                    None if rendered => {}
                    None => batch.give_back(record),
                }
            }
        }
        batch.response()
    }
}

impl RenderDashboardFunction {
    /// The view of the organization whose pages are asked for; without it all records are given back.
    async fn env(&self, batch: &mut Batch, asked: &Asked) -> Option<Env> {
        let ((delivery, first), others) = asked.0.split_first()?;
        let env = batch.env(&self.tenants, first, &delivery.envelope.message).await;
        if env.is_none() {
            for (_, record) in others {
                batch.give_back(record);
            }
        }
        env
    }
}

impl Asked {
    /// The lines of its log name the first of the records.
    async fn render(&self, env: &Env) -> Result<(), StepError> {
        match self.0.first() {
            Some((_, first)) => first.within(self.render_now(env)).await,
            None => Ok(()),
        }
    }

    async fn render_now(&self, env: &Env) -> Result<(), StepError> {
        let (mut products, mut indexes) = (Vec::new(), Vec::new());
        for (delivery, _) in &self.0 {
            let (entry, receive_count) = (&delivery.envelope.id, delivery.receive_count);
            match &delivery.envelope.message {
                Message::RenderDashboard(message) => products.push(render_dashboard::Order {
                    entry,
                    message,
                    receive_count,
                }),
                Message::RenderIndex(message) => indexes.push(index::Order {
                    entry,
                    message,
                    receive_count,
                }),
                Message::RenderAll(message) => render_all(env, entry, message).await?,
                // Given back before.
                Message::RegisterBuild(_)
                | Message::UnpackArchive(_)
                | Message::CopyEdition(_)
                | Message::RetireName(_)
                | Message::PurgeCdn(_)
                | Message::UpdateDns(_)
                | Message::DeliverWebhook(_)
                | Message::DeriveFormat(_)
                | Message::MoveEditions(_)
                | Message::RenderDocument(_)
                | Message::PublishRendering(_) => {}
            }
        }
        render_dashboard(env, &products).await?;
        render_index(env, &indexes).await
    }
}

/// Whether one rendering answers both messages.
fn are_of_the_same_pages(one: &Message, other: &Message) -> bool {
    match (one, other) {
        (Message::RenderDashboard(one), Message::RenderDashboard(other)) => {
            (&one.organization, &one.product) == (&other.organization, &other.product)
        }
        (Message::RenderIndex(one), Message::RenderIndex(other)) => one.organization == other.organization,
        _ => false,
    }
}

fn by_pages(batch: &mut Batch) -> Vec<Asked> {
    let mut all: Vec<Asked> = Vec::new();
    for record in batch.records() {
        let Ok(delivery) = record.delivery.clone() else {
            batch.give_back(&record);
            continue;
        };
        let is_ours = match &delivery.envelope.message {
            Message::RenderDashboard(_) | Message::RenderIndex(_) | Message::RenderAll(_) => true,
            Message::RegisterBuild(_)
            | Message::UnpackArchive(_)
            | Message::CopyEdition(_)
            | Message::RetireName(_)
            | Message::PurgeCdn(_)
            | Message::UpdateDns(_)
            | Message::DeliverWebhook(_)
            | Message::DeriveFormat(_)
            | Message::MoveEditions(_)
            | Message::RenderDocument(_)
            | Message::PublishRendering(_) => false,
        };
        if !is_ours || !batch.may_handle(&record) {
            batch.give_back(&record);
            continue;
        }
        let same = |asked: &&mut Asked| {
            let first = asked.0.first().map(|(first, _)| &first.envelope.message);
            first.is_some_and(|first| are_of_the_same_pages(first, &delivery.envelope.message))
        };
        match all.iter_mut().find(same) {
            Some(asked) => asked.0.push((delivery, record)),
            None => all.push(Asked(vec![(delivery, record)])),
        }
    }
    all
}
