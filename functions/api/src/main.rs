//! Starts the api function.
fn main() {}
