//! Contents from outside: what is refused, what is printed, and what can be taken over.

mod common;
mod import;
mod nodes;
mod order;
mod problems;
mod properties;
