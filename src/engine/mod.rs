//! Strategies, hosts' states, handlers, loops, stats.
//!
//! The engine owns all state of a run and changes it in one place, in the order of results. It emits
//! events and knows nothing of how they are shown.

mod added;
mod ahead;
mod apart;
mod arguments;
mod attempt;
mod background;
mod batch;
mod block;
mod console;
mod debugger;
mod delegate;
mod emitter;
mod failing;
mod flow;
mod gather;
mod handlers;
mod host_task;
mod include;
mod inspect;
mod keywords;
mod lacking;
mod lockstep;
mod looping;
mod meta;
mod options;
mod order;
mod outcome;
mod person;
mod plain;
mod play;
mod prompts;
mod python;
mod remote;
mod reserved;
mod results;
mod routes;
mod run;
mod shared;
mod strategy;
mod tags;
mod target;
mod validate;
mod vars_files;

pub use inspect::PlayListing;
pub use lacking::LACKING_SETTINGS;
pub use options::Options;
pub use run::{Report, Run};
pub use shared::Cancel;
