//! The step that writes a product's name to the DNS, or takes it away.
//!
//! Safe to run twice and to come late: it writes what is so when it runs. A name is there as long as its product is in
//! the catalog. Messages about one name come one after the other, so that a name that is given up and taken again ends
//! as taken.

use imprint_domain::dns::{self, Zone};
use imprint_domain::id::OutboxId;
use imprint_domain::message::{Message, UpdateDns};
use imprint_domain::product::Product;
use imprint_domain::task::FailureCode;

use crate::env::Env;
use crate::outgoing::Chain;
use crate::ports::{Dns, DnsError};
use crate::step::{StepError, done_with};

/// The message that has a product's name looked after: for the commit that creates a product, and for the one after which it
/// is not in the catalog any more. None when that is not Imprint's to do.
pub fn message(env: &Env, product: &Product) -> Option<Message> {
    env.dns.as_ref()?;
    let record = dns::record_of(&env.organization, product)?;
    Some(Message::UpdateDns(UpdateDns {
        organization: product.organization.clone(),
        product: product.slug.clone(),
        record,
    }))
}

/// Makes the zone say of a name what is so. One read, a request for each hundred zones, a change and a commit.
///
/// # Errors
/// When it has to be tried again, or can never be done.
pub async fn update_dns(env: &Env, entry: &OutboxId, message: &UpdateDns) -> Result<(), StepError> {
    // Switched off since it was sent.
    let Some(dns) = &env.dns else {
        return done_with(env, entry).await;
    };
    let found = env.catalog.product(&message.organization, &message.product).await;
    let found = found.map_err(StepError::catalog)?;
    let record = found.and_then(|product| dns::record_of(&env.organization, &product));
    let is_wanted = record.as_ref() == Some(&message.record);
    let zone = zone(dns.as_ref(), message).await?;
    let changed = if is_wanted {
        dns.put(&zone.id, &message.record).await
    } else {
        dns.remove(&zone.id, &message.record).await
    };
    changed.map_err(|error| step_error(message, &error))?;
    tracing::info!(name = %message.record.name, zone = %zone.name, is_wanted, "the DNS was told");
    done_with(env, entry).await
}

async fn zone(dns: &dyn Dns, message: &UpdateDns) -> Result<Zone, StepError> {
    let zones = dns.zones().await.map_err(|error| step_error(message, &error))?;
    let zone = dns::zone_of(&zones, &message.record.name).cloned();
    zone.ok_or_else(|| StepError::Later {
        code: FailureCode::Dns,
        message: format!(
            "{} lies in none of the account's {} hosted zones that are public",
            message.record.name,
            zones.len()
        ),
    })
}

fn step_error(message: &UpdateDns, error: &DnsError) -> StepError {
    let code = FailureCode::Dns;
    let name = &message.record.name;
    match error {
        DnsError::Busy(_) => StepError::Retry {
            code,
            source: Chain(error).to_string().into(),
        },
        DnsError::Taken(_) => StepError::Final {
            code,
            message: format!(
                "{name} cannot be a CNAME: remove what it is now, or point it to {} yourself: {}",
                message.record.target,
                Chain(error)
            ),
        },
        DnsError::Refused(_) => StepError::Later {
            code,
            message: format!("{name}: {}", Chain(error)),
        },
    }
}
