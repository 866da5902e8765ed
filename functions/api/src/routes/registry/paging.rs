//! Lists of the registry: a page says in its body where the next one begins, and fits into one answer.

use std::future::Future;

use serde::Serialize;

use imprint_app::error::AppError;
use imprint_app::ports::{Page, StoreError};

use crate::error::ApiError;
use crate::requests::registry::Wanted;

/// What the items of a page may have in bytes of an answer. Six megabytes can be delivered.
const ROOM: usize = 5 * 1024 * 1024;

/// The most items of one look at the store.
pub(super) const MAX_LIMIT: usize = 1_000;

/// Reads a page, a shorter one than is wanted when that would not fit into an answer. Items are small, so mostly one look
/// is enough; what is too large is read again up to where it fits.
pub(super) async fn page_that_fits<T, F>(
    wanted: &Wanted,
    read: impl Fn(usize, Option<String>) -> F,
    weight: impl Fn(&T) -> usize,
) -> Result<Page<T>, ApiError>
where
    F: Future<Output = Result<Page<T>, AppError>>,
{
    let mut limit = wanted.limit;
    loop {
        let page = read(limit, wanted.next.clone()).await.map_err(unknown_page)?;
        let sums = page.items.iter().scan(0, |sum, item| {
            *sum += weight(item);
            Some(*sum)
        });
        let fitting = sums.take_while(|sum| *sum <= ROOM).count();
        if fitting == page.items.len() || limit == 1 {
            return Ok(page);
        }
        limit = fitting.max(1);
    }
}

/// Reads as many looks as a page of small things needs.
pub(super) async fn rows<T, R, F>(
    wanted: &Wanted,
    read: impl Fn(usize, Option<String>) -> F,
    row: impl Fn(&T) -> R,
) -> Result<Page<R>, ApiError>
where
    F: Future<Output = Result<Page<T>, AppError>>,
{
    let mut all = Page {
        items: Vec::new(),
        next: wanted.next.clone(),
    };
    loop {
        let limit = (wanted.limit - all.items.len()).min(MAX_LIMIT);
        let page = read(limit, all.next.clone()).await.map_err(unknown_page)?;
        all.items.extend(page.items.iter().map(&row));
        all.next = page.next;
        if all.next.is_none() || all.items.len() >= wanted.limit {
            return Ok(all);
        }
    }
}

/// What something has in bytes of an answer: the envelope escapes each quote and each backslash.
pub(super) fn weight(resource: &impl Serialize) -> usize {
    let bytes = serde_json::to_vec(resource).unwrap_or_default();
    bytes.len() + bytes.iter().filter(|byte| matches!(byte, b'"' | b'\\')).count()
}

/// A store knows no page that it never named.
fn unknown_page(error: AppError) -> ApiError {
    match error {
        AppError::Store(StoreError::NotFound(_)) | AppError::Invalid(_) => {
            ApiError::Unprocessable("next in query is not one that a page of this list named".to_owned())
        }
        error => error.into(),
    }
}
