//! Users, their tokens, and the wrong passwords of a name.

use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use imprint_app::ports::{Login, Page, StoreError};
use imprint_domain::access::{FAILURE_WINDOW, LoginFailures, Token, User, UserName};
use jiff::Timestamp;

use super::items::{self, Item, TTL};
use super::keys::{self, Key};
use super::reads::MAX_BATCH;
use super::{DynamoCatalog, cursor};
use crate::call::{refused, store_error};

/// When the first wrong password of a window was given.
const SINCE: &str = "since";
/// How many there were since.
const COUNT: &str = "count";

/// Each further try means that somebody else began a window in between, so the next one finds it open.
const MAX_TRIES: u32 = 3;

impl DynamoCatalog {
    pub(super) async fn read_login(&self, name: &UserName) -> Result<Login, StoreError> {
        let failures = Key::login_failures(name);
        let mut login = Login {
            user: None,
            failures: None,
        };
        for item in self.items(self.partition(failures.pk, None), usize::MAX).await? {
            if items::sort_key(&item) == failures.sk {
                login.failures = Some(failures_of(&item)?);
            } else {
                login.user = Some(items::value(item)?);
            }
        }
        Ok(login)
    }

    pub(super) async fn count_login_failure(
        &self,
        name: &UserName,
        at: Timestamp,
    ) -> Result<LoginFailures, StoreError> {
        for _ in 0..MAX_TRIES {
            if let Some(failures) = self.count_in_open_window(name, at).await? {
                return Ok(failures);
            }
            if self.begin_window(name, at).await? {
                return Ok(LoginFailures { since: at, count: 1 });
            }
        }
        Err(StoreError::Busy(
            "others begin windows of the same name again and again".into(),
        ))
    }

    /// Nothing when the window is over.
    async fn count_in_open_window(
        &self,
        name: &UserName,
        at: Timestamp,
    ) -> Result<Option<LoginFailures>, StoreError> {
        let request = self.client.update_item().table_name(&self.table);
        let answer = request
            .set_key(Some(items::key(Key::login_failures(name))))
            .update_expression("SET #since = if_not_exists(#since, :at), #ttl = :ttl ADD #count :one")
            .condition_expression("attribute_not_exists(#since) OR #since > :over")
            .expression_attribute_names("#since", SINCE)
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_names("#count", COUNT)
            .expression_attribute_values(":at", AttributeValue::S(keys::moment(at)))
            .expression_attribute_values(":over", begun_before_is_over(at))
            .expression_attribute_values(":ttl", forgotten(at))
            .expression_attribute_values(":one", items::number(1))
            .return_values(ReturnValue::AllNew)
            .send()
            .await;
        match answer {
            Ok(answer) => failures_of(&answer.attributes.unwrap_or_default()).map(Some),
            Err(error) => match error.as_service_error() {
                Some(UpdateItemError::ConditionalCheckFailedException(_)) => Ok(None),
                _ => Err(store_error("UpdateItem", error)),
            },
        }
    }

    /// Whether it was this call that began it.
    async fn begin_window(&self, name: &UserName, at: Timestamp) -> Result<bool, StoreError> {
        let mut item = items::key(Key::login_failures(name));
        item.insert(SINCE.to_owned(), AttributeValue::S(keys::moment(at)));
        item.insert(COUNT.to_owned(), items::number(1));
        item.insert(TTL.to_owned(), forgotten(at));
        let request = self.client.put_item().table_name(&self.table);
        let answer = request
            .set_item(Some(item))
            .condition_expression("#since <= :over")
            .expression_attribute_names("#since", SINCE)
            .expression_attribute_values(":over", begun_before_is_over(at))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(_)) => Ok(false),
                _ => Err(store_error("PutItem", error)),
            },
        }
    }

    pub(super) async fn read_users(
        &self,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<User>, StoreError> {
        let is_row = |sk: &str| Key::user_of_row(sk).is_some();
        let after = cursor.map(|cursor| cursor::read(cursor, is_row)).transpose()?;
        let rows = self.partition(Key::USER_ROWS.to_owned(), after.map(|sk| (">", sk)));
        let rows = self.page(rows, limit).await?;
        let mut keys = Vec::with_capacity(rows.items.len());
        for row in &rows.items {
            let sk = items::sort_key(row);
            let name = Key::user_of_row(sk).ok_or_else(|| refused(format!("the row {sk} names no user")))?;
            keys.push(Key::user(&name));
        }
        let mut users = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MAX_BATCH) {
            users.extend(self.get_all(keys).await?);
        }
        Ok(Page {
            items: users,
            next: rows.next,
        })
    }

    pub(super) async fn read_tokens(
        &self,
        user: &UserName,
        after: Timestamp,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Token>, StoreError> {
        let cursor = cursor
            .map(|cursor| cursor::read(cursor, Key::is_token_row))
            .transpose()?;
        // What a page began with may have expired since.
        let until = Key::token_rows_until(after);
        let from = cursor.map_or(until.clone(), |cursor| cursor.max(until));
        let rows = self
            .page(self.partition(Key::token_rows(user), Some((">", from))), limit)
            .await?;
        let items = rows.items.into_iter().map(items::value);
        Ok(Page {
            items: items.collect::<Result<_, _>>()?,
            next: rows.next,
        })
    }
}

/// As [`LoginFailures::counts`] has it, for a window whose beginning is compared as a text.
fn begun_before_is_over(at: Timestamp) -> AttributeValue {
    AttributeValue::S(keys::moment(at - FAILURE_WINDOW))
}

fn forgotten(at: Timestamp) -> AttributeValue {
    AttributeValue::N((at + FAILURE_WINDOW).as_second().to_string())
}

fn failures_of(item: &Item) -> Result<LoginFailures, StoreError> {
    let since = item
        .get(SINCE)
        .and_then(|since| since.as_s().ok()?.parse::<Timestamp>().ok());
    let count = item
        .get(COUNT)
        .and_then(|count| count.as_n().ok()?.parse::<u64>().ok());
    match (since, count) {
        (Some(since), Some(count)) => Ok(LoginFailures { since, count }),
        _ => Err(refused("the item of wrong passwords cannot be read")),
    }
}
