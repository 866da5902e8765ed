//! Commits: one conditional request for all changes.

use std::time::Duration;

use aws_sdk_dynamodb::config::http::HttpResponse;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::builders::PutBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, TransactWriteItem, Update};
use imprint_app::ports::{Catalog, Change, StoreError};

use super::DynamoCatalog;
use super::items::{self, LAST, REVISION, VALUE};
use super::keys::PK;
use super::writes::{self, Action, Write};
use crate::call::{refused, source, store_error};

/// Transactions that touch the same item at the same moment stop each other, although neither is wrong
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html#transaction-conflict-handling>).
const MAX_TRIES: u32 = 5;
/// The first wait after such a stop: about as long as a transaction takes. Each further wait is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(20);

/// Counts a counter up or down; one that is not there begins at nought.
const COUNT: &str = "ADD #last :by";

impl DynamoCatalog {
    pub(super) async fn write(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let counted = changes.iter().filter(|change| change.counts()).count();
        if counted > <dyn Catalog>::MAX_CHANGES {
            return Err(refused(format!("a commit of {counted} changes is too large")));
        }
        let writes = writes::of(changes)?;
        match writes.as_slice() {
            [] => Ok(()),
            [write] if !is_only_of_transactions(&write.action) => self.write_one(write).await,
            writes => self.write_all(writes).await,
        }
    }

    /// A single item needs no transaction, which would cost twice as much.
    async fn write_one(&self, write: &Write) -> Result<(), StoreError> {
        patiently(|| self.try_write_one(write.clone())).await
    }

    async fn try_write_one(&self, write: Write) -> Result<(), Stop> {
        match write.action {
            Action::Delete => {
                let request = self.client.delete_item().table_name(&self.table);
                let answer = request.set_key(Some(items::key(write.key))).send().await;
                answer.map(drop).map_err(|error| single("DeleteItem", error))
            }
            Action::Remove(seen) => {
                let request = self.client.delete_item().table_name(&self.table);
                let request = request
                    .set_key(Some(items::key(write.key)))
                    .condition_expression("#revision = :seen")
                    .expression_attribute_names("#revision", REVISION)
                    .expression_attribute_values(":seen", items::number(seen.0));
                let answer = request.send().await;
                answer.map(drop).map_err(|error| single("DeleteItem", error))
            }
            Action::Add(by) => {
                let request = self.client.update_item().table_name(&self.table);
                let request = request
                    .set_key(Some(items::key(write.key)))
                    .update_expression(COUNT)
                    .expression_attribute_names("#last", LAST)
                    .expression_attribute_values(":by", AttributeValue::N(by.to_string()));
                let answer = request.send().await;
                answer.map(drop).map_err(|error| single("UpdateItem", error))
            }
            Action::Create(_)
            | Action::Claim(_)
            | Action::Replace(..)
            | Action::Put(_)
            | Action::Require(_)
            | Action::RequireAbsent
            | Action::Take => {
                let put = self
                    .put(write.action)
                    .build()
                    .map_err(|error| Stop::Other(missing(error)))?;
                let request = self.client.put_item().table_name(&self.table);
                let request = request
                    .set_item(Some(put.item))
                    .set_condition_expression(put.condition_expression)
                    .set_expression_attribute_names(put.expression_attribute_names)
                    .set_expression_attribute_values(put.expression_attribute_values);
                request
                    .send()
                    .await
                    .map(drop)
                    .map_err(|error| single("PutItem", error))
            }
        }
    }

    async fn write_all(&self, writes: &[Write]) -> Result<(), StoreError> {
        let items = writes.iter().map(|write| self.transact_item(write.clone()));
        let items: Vec<TransactWriteItem> = items.collect::<Result<_, _>>()?;
        // The SDK adds a token to each call, so that its own repetitions of a call whose answer was lost
        // do not meet their own effect as a conflict.
        let request = self.client.transact_write_items().set_transact_items(Some(items));
        patiently(|| async { request.clone().send().await.map(drop).map_err(transaction) }).await
    }

    fn transact_item(&self, write: Write) -> Result<TransactWriteItem, StoreError> {
        let item = TransactWriteItem::builder();
        let item = match write.action {
            Action::Delete => {
                let delete = Delete::builder()
                    .table_name(&self.table)
                    .set_key(Some(items::key(write.key)));
                item.delete(delete.build().map_err(missing)?)
            }
            Action::Take => {
                let take = Delete::builder()
                    .table_name(&self.table)
                    .set_key(Some(items::key(write.key)))
                    .condition_expression("attribute_exists(#pk)")
                    .expression_attribute_names("#pk", PK);
                item.delete(take.build().map_err(missing)?)
            }
            Action::Remove(seen) => {
                let delete = Delete::builder()
                    .table_name(&self.table)
                    .set_key(Some(items::key(write.key)))
                    .condition_expression("#revision = :seen")
                    .expression_attribute_names("#revision", REVISION)
                    .expression_attribute_values(":seen", items::number(seen.0));
                item.delete(delete.build().map_err(missing)?)
            }
            Action::Require(seen) => {
                let check = ConditionCheck::builder()
                    .table_name(&self.table)
                    .set_key(Some(items::key(write.key)))
                    .condition_expression("#revision = :seen")
                    .expression_attribute_names("#revision", REVISION)
                    .expression_attribute_values(":seen", items::number(seen.0));
                item.condition_check(check.build().map_err(missing)?)
            }
            Action::RequireAbsent => {
                let check = ConditionCheck::builder()
                    .table_name(&self.table)
                    .set_key(Some(items::key(write.key)))
                    .condition_expression("attribute_not_exists(#pk)")
                    .expression_attribute_names("#pk", PK);
                item.condition_check(check.build().map_err(missing)?)
            }
            Action::Add(by) => {
                let update = Update::builder()
                    .table_name(&self.table)
                    .set_key(Some(items::key(write.key)))
                    .update_expression(COUNT)
                    .expression_attribute_names("#last", LAST)
                    .expression_attribute_values(":by", AttributeValue::N(by.to_string()));
                item.update(update.build().map_err(missing)?)
            }
            action @ (Action::Create(_) | Action::Claim(_) | Action::Replace(..) | Action::Put(_)) => {
                item.put(self.put(action).build().map_err(missing)?)
            }
        };
        Ok(item.build())
    }

    fn put(&self, action: Action) -> PutBuilder {
        let put = Put::builder().table_name(&self.table);
        match action {
            Action::Create(item) => {
                let put = put
                    .set_item(Some(item))
                    .condition_expression("attribute_not_exists(#pk)");
                put.expression_attribute_names("#pk", PK)
            }
            Action::Claim(item) => {
                let same = item.get(VALUE).cloned();
                put.set_item(Some(item))
                    .condition_expression("attribute_not_exists(#pk) OR #v = :same")
                    .expression_attribute_names("#pk", PK)
                    .expression_attribute_names("#v", VALUE)
                    .expression_attribute_values(":same", same.unwrap_or(AttributeValue::Null(true)))
            }
            Action::Replace(item, seen) => put
                .set_item(Some(item))
                .condition_expression("#revision = :seen")
                .expression_attribute_names("#revision", REVISION)
                .expression_attribute_values(":seen", AttributeValue::N(seen.to_string())),
            Action::Put(item) => put.set_item(Some(item)),
            Action::Delete
            | Action::Take
            | Action::Remove(_)
            | Action::Require(_)
            | Action::RequireAbsent
            | Action::Add(_) => put,
        }
    }
}

/// Whether there is no request for this alone, or none that fails when the item is missing.
fn is_only_of_transactions(action: &Action) -> bool {
    matches!(action, Action::Require(_) | Action::RequireAbsent | Action::Take)
}

/// A builder of the SDK that missed a field. Ours set them all.
fn missing(error: aws_sdk_dynamodb::error::BuildError) -> StoreError {
    StoreError::Failed(Box::new(error))
}

/// Why a write did not happen.
pub(super) enum Stop {
    /// Another transaction was at the same item: nothing is known yet about conditions.
    Collision(StoreError),
    /// Anything else.
    Other(StoreError),
}

impl From<Stop> for StoreError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Collision(error) | Stop::Other(error) => error,
        }
    }
}

/// What the refusal of a request for one item means.
pub(super) fn single<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Stop
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match error.as_service_error().and_then(ProvideErrorMetadata::code) {
        Some("ConditionalCheckFailedException") => Stop::Other(StoreError::Conflict),
        Some("TransactionConflictException") => Stop::Collision(store_error(operation, error)),
        _ => Stop::Other(store_error(operation, error)),
    }
}

fn transaction(error: SdkError<TransactWriteItemsError, HttpResponse>) -> Stop {
    const OPERATION: &str = "TransactWriteItems";
    let reasons: Vec<String> = match error.as_service_error() {
        Some(TransactWriteItemsError::TransactionCanceledException(canceled)) => {
            let reasons = canceled.cancellation_reasons().iter();
            reasons
                .filter_map(|reason| reason.code())
                .map(str::to_owned)
                .collect()
        }
        _ => return Stop::Other(store_error(OPERATION, error)),
    };
    let any = |codes: &[&str]| reasons.iter().any(|reason| codes.contains(&reason.as_str()));
    if any(&["ConditionalCheckFailed"]) {
        Stop::Other(StoreError::Conflict)
    } else if any(&["TransactionConflict"]) {
        Stop::Collision(StoreError::Busy(source(OPERATION, error)))
    } else if any(&["ThrottlingError", "ProvisionedThroughputExceeded"]) {
        Stop::Other(StoreError::Busy(source(OPERATION, error)))
    } else {
        Stop::Other(store_error(OPERATION, error))
    }
}

/// Tries a write again as long as it only meets other transactions.
pub(super) async fn patiently<T, F>(attempt: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, Stop>>,
{
    let mut tries = 1;
    loop {
        match attempt().await {
            Err(Stop::Collision(_)) if tries < MAX_TRIES => wait(tries).await,
            outcome => return outcome.map_err(StoreError::from),
        }
        tries += 1;
    }
}

/// Waits twice as long each time, and up to twice that by chance, so that two who collided do not collide again.
async fn wait(tries: u32) {
    let wait = FIRST_WAIT * 2_u32.pow(tries - 1);
    let chance = f64::from(getrandom::u32().unwrap_or(0)) / f64::from(u32::MAX);
    tokio::time::sleep(wait + wait.mul_f64(chance)).await;
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::CancellationReason;
    use aws_sdk_dynamodb::types::error::TransactionCanceledException;
    use aws_sdk_s3::primitives::SdkBody;

    use super::*;

    fn canceled(codes: &[&str]) -> Stop {
        let mut exception = TransactionCanceledException::builder();
        for code in codes {
            exception = exception.cancellation_reasons(CancellationReason::builder().code(*code).build());
        }
        let error = TransactWriteItemsError::TransactionCanceledException(exception.build());
        transaction(SdkError::service_error(
            error,
            HttpResponse::new(400.try_into().unwrap(), SdkBody::empty()),
        ))
    }

    #[test]
    fn a_condition_that_did_not_hold_is_a_conflict_whatever_else_happened() {
        for codes in [
            &["None", "ConditionalCheckFailed"][..],
            &["TransactionConflict", "ConditionalCheckFailed"],
        ] {
            assert!(matches!(canceled(codes), Stop::Other(StoreError::Conflict)));
        }
    }

    #[test]
    fn a_collision_is_tried_again_and_says_nothing_about_conditions() {
        assert!(matches!(
            canceled(&["None", "TransactionConflict"]),
            Stop::Collision(StoreError::Busy(_))
        ));
    }

    #[test]
    fn a_throttled_transaction_is_busy_and_a_bad_one_has_failed() {
        assert!(matches!(
            canceled(&["ThrottlingError", "None"]),
            Stop::Other(StoreError::Busy(_))
        ));
        assert!(matches!(
            canceled(&["ValidationError"]),
            Stop::Other(StoreError::Failed(_))
        ));
    }
}
