//! Starts the purge-cdn function.
fn main() {}
