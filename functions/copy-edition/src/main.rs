//! Starts the copy-edition function.
fn main() {}
