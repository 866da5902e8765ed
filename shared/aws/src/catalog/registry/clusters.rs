//! A single cluster: most check-ins are one conditional update of it.

use std::collections::HashMap;

use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::operation::update_item::builders::UpdateItemFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure};
use imprint_app::ports::{StoreError, Touched};
use imprint_domain::registry::{CheckIn, Cluster, ClusterId, USE_WRITTEN_EVERY};
use imprint_domain::slug::OrganizationSlug;

use super::super::DynamoCatalog;
use super::super::commit::{Stop, patiently, single};
use super::super::items::{self as plain, REVISION};
use super::super::keys::{GSI2SK, Key, PK, moment};
use super::items::{self, CHECKINS, DIGEST, IS_VERIFIED, LAST_SEEN, TOKEN_HASH, USED_AT};
use super::keys::place;

/// As the port has it: a check-in is usual when the cluster is known, reports what it did before, is not late, needs no new
/// note of its use, and is verified exactly when its token comes with it.
const IS_USUAL: &str =
    "attribute_exists(#pk) AND #digest = :digest AND #last_seen <= :at AND #used_at > :due AND ";
const WITH_TOKEN: &str = "#token_hash = :token_hash AND #is_verified = :is_verified";
const WITHOUT_TOKEN: &str = "#is_verified = :is_verified";

impl DynamoCatalog {
    pub(super) async fn read_cluster(
        &self,
        org: &OrganizationSlug,
        id: &ClusterId,
    ) -> Result<Option<Cluster>, StoreError> {
        let item = self.item(Key::cluster(org, id)).await?;
        item.map(items::cluster_of).transpose()
    }

    pub(super) async fn touch_cluster(
        &self,
        org: &OrganizationSlug,
        check_in: &CheckIn,
    ) -> Result<Touched, StoreError> {
        let request = self.touching(org, check_in);
        patiently(|| try_touch(request.clone())).await
    }

    fn touching(&self, org: &OrganizationSlug, check_in: &CheckIn) -> UpdateItemFluentBuilder {
        let text = AttributeValue::S;
        let at = moment(check_in.at);
        // In the words of `Cluster::needs_use`, whose times are compared as texts here.
        let due = moment(check_in.at.saturating_sub(USE_WRITTEN_EVERY).unwrap_or(check_in.at));
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(plain::key(Key::cluster(org, &check_in.id))))
            .update_expression("SET #last_seen = :at, #place = :place ADD #checkins :one, #revision :one")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#digest", DIGEST)
            .expression_attribute_names("#last_seen", LAST_SEEN)
            .expression_attribute_names("#used_at", USED_AT)
            .expression_attribute_names("#is_verified", IS_VERIFIED)
            .expression_attribute_names("#place", GSI2SK)
            .expression_attribute_names("#checkins", CHECKINS)
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":digest", text(check_in.report.digest()))
            .expression_attribute_values(":at", text(at))
            .expression_attribute_values(":due", text(due))
            .expression_attribute_values(":is_verified", AttributeValue::Bool(check_in.token.is_some()))
            .expression_attribute_values(":place", text(place(check_in.at, &check_in.id)))
            .expression_attribute_values(":one", plain::number(1))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match &check_in.token {
            None => request.condition_expression(format!("{IS_USUAL}{WITHOUT_TOKEN}")),
            Some(token) => request
                .condition_expression(format!("{IS_USUAL}{WITH_TOKEN}"))
                .expression_attribute_names("#token_hash", TOKEN_HASH)
                .expression_attribute_values(":token_hash", text(token.hash())),
        }
    }
}

async fn try_touch(request: UpdateItemFluentBuilder) -> Result<Touched, Stop> {
    let cluster = |item| items::cluster_of(item).map(Box::new).map_err(Stop::Other);
    match request.send().await {
        Ok(answer) => cluster(answer.attributes.unwrap_or_default()).map(Touched::Written),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                let stored: Option<HashMap<_, _>> = failed.item.clone().filter(|item| !item.is_empty());
                stored.map(cluster).transpose().map(Touched::Unusual)
            }
            _ => Err(single("UpdateItem", error)),
        },
    }
}
