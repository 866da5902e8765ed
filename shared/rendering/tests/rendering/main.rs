//! What manuscripts become, seen from outside.

mod book;
mod golden;
mod hostile;
mod nodes;
mod references;
mod sample;
mod structure;
mod xml;
