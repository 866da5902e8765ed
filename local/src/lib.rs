//! The local stack: everything that runs on AWS, in one process on one machine.
//!
//! Never deployed. Never decides anything about publishing: it stands in for services, reads `template.yaml`, and
//! calls the same functions that Lambda would call.

pub mod cli;
pub mod control;
pub mod demo;
pub mod docs;
pub mod export;
pub mod rights;
pub mod runner;
pub mod stack;
pub mod standins;
pub mod template;
