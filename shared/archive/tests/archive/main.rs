//! Archives as others write them, and as nobody should.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

mod limits;
mod making;
mod properties;
mod tars;
mod zips;
