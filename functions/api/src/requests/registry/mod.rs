//! What clients of the release registry send. Bodies are read by hand, because their keys match whatever their case.

mod check_in;
mod doctor;
mod filter;
mod json;
mod release;

pub(crate) use check_in::{labels, report_of};
pub(crate) use doctor::doctor_report;
pub(crate) use filter::{
    AgeParams, CreatedParams, NextParams, OrderParams, PersistentParams, StatsParams, Wanted,
};
pub(crate) use json::Json;
pub(crate) use release::{Pairs, PlacedRelease, multi_get, new_release};

use std::fmt::Display;

use crate::error::ApiError;

/// The refusal of a field with what the domain says of it, which begins with "it".
fn refused(field: &str, place: &str, error: impl Display) -> ApiError {
    let sentence = error.to_string();
    match sentence.strip_prefix("it ") {
        Some(rest) => ApiError::Unprocessable(format!("{field} in {place} {rest}")),
        None => ApiError::Unprocessable(format!("{field} in {place}: {sentence}")),
    }
}
