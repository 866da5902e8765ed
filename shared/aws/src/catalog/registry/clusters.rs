//! A single cluster: most check-ins are one conditional update of it.

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
/// note of its use, and is itself.
const IS_USUAL: &str =
    "attribute_exists(#pk) AND #digest = :digest AND #last_seen <= :at AND #used_at > :due AND ";
/// One that comes later than a younger one knows less: it only counts.
const IS_LATE: &str = "#last_seen > :at AND ";
/// A cluster is itself when it is verified exactly when its token comes with the check-in.
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
        let usual = self.touching(org, check_in);
        match patiently(|| try_touch(usual.clone())).await? {
            Touched::Unusual(Some(stored)) if is_late(check_in, &stored) => {
                let late = self.counting(org, check_in);
                patiently(|| try_touch(late.clone())).await
            }
            touched @ (Touched::Written(_) | Touched::Unusual(_)) => Ok(touched),
        }
    }

    fn touching(&self, org: &OrganizationSlug, check_in: &CheckIn) -> UpdateItemFluentBuilder {
        // In the words of `Cluster::needs_use`, whose times are compared as texts here.
        let due = moment(
            check_in
                .at
                .saturating_sub(USE_WRITTEN_EVERY)
                .unwrap_or(check_in.at),
        );
        self.updating(org, check_in, IS_USUAL)
            .update_expression("SET #last_seen = :at, #place = :place ADD #checkins :one, #revision :one")
            .expression_attribute_names("#pk", PK)
            .expression_attribute_names("#digest", DIGEST)
            .expression_attribute_names("#used_at", USED_AT)
            .expression_attribute_names("#place", GSI2SK)
            .expression_attribute_values(":digest", AttributeValue::S(check_in.report.digest()))
            .expression_attribute_values(":due", AttributeValue::S(due))
            .expression_attribute_values(":place", AttributeValue::S(place(check_in.at, &check_in.id)))
    }

    fn counting(&self, org: &OrganizationSlug, check_in: &CheckIn) -> UpdateItemFluentBuilder {
        self.updating(org, check_in, IS_LATE)
            .update_expression("ADD #checkins :one, #revision :one")
    }

    /// What both updates have in common. Names and values that no expression uses are refused.
    fn updating(
        &self,
        org: &OrganizationSlug,
        check_in: &CheckIn,
        condition: &str,
    ) -> UpdateItemFluentBuilder {
        let request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(plain::key(Key::cluster(org, &check_in.id))))
            .expression_attribute_names("#last_seen", LAST_SEEN)
            .expression_attribute_names("#is_verified", IS_VERIFIED)
            .expression_attribute_names("#checkins", CHECKINS)
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":at", AttributeValue::S(moment(check_in.at)))
            .expression_attribute_values(":is_verified", AttributeValue::Bool(check_in.token.is_some()))
            .expression_attribute_values(":one", plain::number(1))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        match &check_in.token {
            None => request.condition_expression(format!("{condition}{WITHOUT_TOKEN}")),
            Some(token) => request
                .condition_expression(format!("{condition}{WITH_TOKEN}"))
                .expression_attribute_names("#token_hash", TOKEN_HASH)
                .expression_attribute_values(":token_hash", AttributeValue::S(token.hash())),
        }
    }
}

/// Whether a second request may count it, of a cluster that is as the first one found it.
fn is_late(check_in: &CheckIn, stored: &Cluster) -> bool {
    let is_itself = match &check_in.token {
        Some(token) => stored.is_verified && token.hash() == stored.token_hash,
        None => !stored.is_verified,
    };
    is_itself && check_in.at < stored.last_seen
}

async fn try_touch(request: UpdateItemFluentBuilder) -> Result<Touched, Stop> {
    let cluster = |item| items::cluster_of(item).map(Box::new).map_err(Stop::Other);
    match request.send().await {
        Ok(answer) => cluster(answer.attributes.unwrap_or_default()).map(Touched::Written),
        Err(error) => match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => {
                let stored = failed.item.clone().filter(|item| !item.is_empty());
                stored.map(cluster).transpose().map(Touched::Unusual)
            }
            _ => Err(single("UpdateItem", error)),
        },
    }
}
