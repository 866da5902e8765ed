//! Starts the sweep function.
fn main() {}
