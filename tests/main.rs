//! The one integration binary: each area is a module.

mod local;
mod ssh;
mod support;
