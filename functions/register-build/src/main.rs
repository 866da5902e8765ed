//! Starts the register-build function.
fn main() {}
