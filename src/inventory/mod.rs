//! Hosts, groups and their variables: where they are read from and how patterns choose among them.
//!
//! An [`Inventory`] is an immutable snapshot with cheap clones; changing one copies what is shared, so
//! that whoever holds a clone keeps seeing the old state. Reading sources, order of groups, host
//! patterns and every warning are those of ansible-core 2.19.

mod address;
mod change;
mod group;
mod host;
pub mod literal;
mod notice;
mod snapshot;
pub mod words;

pub use address::{expand_range, parse_address};
pub use change::{NewHost, combine, safe_group_name};
pub use group::Group;
pub use host::{Host, LOCALHOST};
pub use notice::Notice;
pub use snapshot::{Inventory, Rules, Transform};
