//! The cases of `registry-cases.json`: what the original answered, and what is required of ours.
