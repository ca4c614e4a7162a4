//! The one integration binary: each area is a module.

mod escalation;
mod local;
mod ssh;
mod support;
