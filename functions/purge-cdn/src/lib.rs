//! purge-cdn
