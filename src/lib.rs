//! rplay runs Ansible playbooks as ansible-core 2.19 does, many times faster, without Python.
//!
//! A [`Run`](engine::Run) takes settings, an inventory and whoever listens, and plays playbooks. Nothing is global:
//! runs go on side by side in one process, each with its own surroundings.
//!
#![cfg_attr(feature = "controller", doc = "```")]
#![cfg_attr(not(feature = "controller"), doc = "```ignore")]
//! use rplay::config::{Config, Surroundings};
//! use rplay::engine::Run;
//! use rplay::event::Event;
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let playbook = folder.path().join("hello.yml");
//! std::fs::write(&playbook, r#"
//! - hosts: localhost
//!   gather_facts: false
//!   tasks:
//!     - name: Greet
//!       debug:
//!         msg: "Hello, {{ who }}"
//! "#)?;
//!
//! let report = Run::new(Config::load(Surroundings::of_process())?)
//!     .inventory("localhost,")
//!     .extra_vars("who=world ansible_connection=local")
//!     .listener(|event| {
//!         if let Event::Result(done) = event {
//!             println!("{} on {}: {:?}", done.task.name, done.host, done.result.get("msg"));
//!         }
//!     })
//!     .play(&[playbook.display().to_string()])
//!     .await?;
//! assert_eq!(report.status, 0);
//! assert_eq!(report.stats.hosts["localhost"].ok, 1);
//! # Ok(())
//! # }
//! ```
//!
//! `examples/embed.rs` adds an action and a filter of the embedder's own. The layers, and why they are so, are in
//! `docs/ARCHITECTURE.md`.
// The futures of a run hold each other: their layout is computed deeper than the compiler's usual limit.
#![recursion_limit = "256"]

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
pub mod http;
#[cfg(feature = "controller")]
pub mod inventory;
#[cfg(feature = "controller")]
pub mod load;
pub mod modules;
#[cfg(feature = "controller")]
pub mod playbook;
pub mod proto;
#[cfg(feature = "controller")]
pub mod python;
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
