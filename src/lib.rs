//! rplay runs Ansible playbooks as ansible-core 2.19 does, many times faster, without Python.
//!
//! The layers, from the ground up; each uses only those above it in this list:

#[cfg(feature = "controller")]
pub mod actions;
pub mod agent;
pub mod argspec;
#[cfg(feature = "controller")]
pub mod callback;
#[cfg(feature = "controller")]
pub mod cli;
#[cfg(feature = "controller")]
pub mod config;
#[cfg(feature = "controller")]
pub mod connection;
#[cfg(feature = "controller")]
pub mod content;
pub mod diag;
#[cfg(feature = "controller")]
pub mod engine;
#[cfg(feature = "controller")]
pub mod event;
pub mod host;
#[cfg(feature = "controller")]
pub mod inventory;
#[cfg(feature = "controller")]
pub mod load;
pub mod modules;
#[cfg(feature = "controller")]
pub mod playbook;
pub mod proto;
pub mod re;
#[cfg(feature = "controller")]
pub mod template;
pub mod value;
#[cfg(feature = "controller")]
pub mod vars;
#[cfg(feature = "controller")]
pub mod vault;
#[cfg(feature = "controller")]
pub mod yaml;
