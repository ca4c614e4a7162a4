//! The one integration binary: each area is a module.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "clippy takes only functions marked as tests for tests")]

mod cases;
mod escalation;
mod faults;
mod local;
mod ssh;
mod support;
