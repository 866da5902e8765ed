//! register-build
