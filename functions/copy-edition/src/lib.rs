//! copy-edition
