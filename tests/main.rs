//! The one integration binary: each area is a module.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "clippy takes only functions marked as tests for tests")]

mod cases;
mod compatibility;
mod escalation;
mod faults;
mod http;
mod library;
mod local;
mod playbooks;
mod python;
mod ssh;
mod support;
mod unpacking;
mod writing;
