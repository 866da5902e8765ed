//! Lists: everything by default, as LTD's clients expect, or a page at a time.

use std::future::Future;

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use imprint_app::error::AppError;
use imprint_app::ports::{Page, StoreError};

use crate::delivery;
use crate::error::ApiError;
use crate::filters::Filter;
use crate::urls::Urls;

/// The most items of one page.
const MAX_LIMIT: usize = 1000;

/// The most URLs that a list without `limit` answers with; what is beyond is on the page that `Link` names.
const MAX_URLS: usize = 10_000;

/// How many times the store is asked for a page of its own for one answer. A filter that fits little is answered with less
/// than a page then, and with where to go on.
const MAX_LOOKS: usize = 10;

/// What a caller may ask of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListParams {
    /// How many items to answer with, from 1 to 1000. Without it everything comes at once (at most 10,000 URLs, or 1,000
    /// resources). The `Link` header names the next page where there is one.
    #[param(minimum = 1, maximum = 1000, value_type = Option<u64>)]
    limit: Option<String>,
    /// Where the page begins: taken from the `Link` header of the page before.
    cursor: Option<String>,
    /// `1` for the resources themselves instead of their URLs.
    #[param(value_type = Option<u8>, minimum = 0, maximum = 1)]
    expand: Option<String>,
}

/// A checked wish.
#[derive(Debug)]
pub(crate) struct Listing {
    limit: Option<usize>,
    cursor: Option<String>,
    pub(crate) shape: Shape,
    /// What the pages after this one are asked with, too.
    filter: Vec<(&'static str, String)>,
}

/// What a list consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// URLs, as LTD's lists.
    Urls,
    /// Resources, so that nobody has to fetch them one by one (D20).
    Resources,
}

impl ListParams {
    /// Checks the parameters.
    pub(crate) fn check(self) -> Result<Listing, ApiError> {
        let limit = self.limit.map(|raw| match raw.parse() {
            Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
            Ok(_) | Err(_) => Err(ApiError::BadRequest(format!(
                "limit must be a number from 1 to {MAX_LIMIT}"
            ))),
        });
        let shape = match self.expand.as_deref() {
            None | Some("" | "0" | "false") => Shape::Urls,
            Some("1" | "true") => Shape::Resources,
            Some(_) => return Err(ApiError::BadRequest("expand must be 0 or 1".to_owned())),
        };
        Ok(Listing {
            limit: limit.transpose()?,
            cursor: self.cursor,
            shape,
            filter: Vec::new(),
        })
    }
}

impl Listing {
    /// A list of things that have no URLs, or whose list is LTD's v2 form: always resources.
    pub(crate) fn of_resources(&mut self) {
        self.shape = Shape::Resources;
    }

    /// A list of what a filter lets through; the next page has the same filter.
    pub(crate) fn filtered(&mut self, by: &impl Filter) {
        self.filter = by.parameters();
    }

    /// How many items the whole answer may have.
    fn bound(&self) -> usize {
        self.limit.unwrap_or(match self.shape {
            Shape::Urls => MAX_URLS,
            Shape::Resources => MAX_LIMIT,
        })
    }

    /// Reads as many pages as the answer needs.
    pub(crate) async fn read<T, F>(
        &self,
        page: impl FnMut(usize, Option<String>) -> F,
    ) -> Result<Page<T>, ApiError>
    where
        F: Future<Output = Result<Page<T>, AppError>>,
    {
        self.read_where(page, |_| true).await
    }

    /// Reads what fits, page by page until the answer is full, and [`MAX_LOOKS`] pages at most.
    pub(crate) async fn read_where<T, F>(
        &self,
        mut page: impl FnMut(usize, Option<String>) -> F,
        fits: impl Fn(&T) -> bool,
    ) -> Result<Page<T>, ApiError>
    where
        F: Future<Output = Result<Page<T>, AppError>>,
    {
        let mut all = Page {
            items: Vec::new(),
            next: self.cursor.clone(),
        };
        for _ in 0..MAX_LOOKS {
            let wanted = (self.bound() - all.items.len()).min(MAX_LIMIT);
            let found = page(wanted, all.next).await.map_err(unknown_cursor)?;
            all.items
                .extend(found.items.into_iter().filter(|item| fits(item)));
            all.next = found.next;
            if all.next.is_none() || all.items.len() >= self.bound() {
                break;
            }
        }
        Ok(all)
    }

    /// Cuts the answer out of a list that was read as a whole and is in the order of its items' numbers.
    pub(crate) fn cut<T>(&self, items: Vec<T>, number: impl Fn(&T) -> u64) -> Result<Page<T>, ApiError> {
        let after: u64 = match &self.cursor {
            None => 0,
            Some(cursor) => cursor.parse().map_err(|_| bad_cursor())?,
        };
        let mut items: Vec<T> = items.into_iter().filter(|item| number(item) > after).collect();
        let more = items.len() > self.bound();
        items.truncate(self.bound());
        let next = items.last().filter(|_| more).map(|last| number(last).to_string());
        Ok(Page { items, next })
    }

    /// Writes the answer. `path` is the list's own.
    pub(crate) fn answer<T>(
        &self,
        urls: &Urls,
        path: &str,
        page: &Page<T>,
        body: &impl Serialize,
    ) -> Response {
        let mut response = delivery::json(StatusCode::OK, body);
        if let Some(cursor) = &page.next {
            let expand = match self.shape {
                Shape::Urls => "",
                Shape::Resources => "&expand=1",
            };
            let limit = self.limit.unwrap_or(MAX_LIMIT);
            let cursor = utf8_percent_encode(cursor, NON_ALPHANUMERIC);
            let filter: String = self.filter.iter().map(parameter).collect();
            let next = urls.path(&format!("{path}?limit={limit}&cursor={cursor}{expand}{filter}"));
            if let Ok(link) = HeaderValue::from_str(&format!("<{next}>; rel=\"next\"")) {
                response.headers_mut().insert(header::LINK, link);
            }
        }
        response
    }
}

fn parameter((name, value): &(&'static str, String)) -> String {
    format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
}

/// A store knows no page by a cursor that it never handed out.
fn unknown_cursor(error: AppError) -> ApiError {
    match error {
        AppError::Store(StoreError::NotFound(_)) => bad_cursor(),
        error => error.into(),
    }
}

fn bad_cursor() -> ApiError {
    ApiError::BadRequest("cursor is not one that a Link header of this list named".to_owned())
}
