//! Hosts, groups and their variables: where they are read from and how patterns choose among them.
//!
//! An [`Inventory`] is an immutable snapshot with cheap clones; changing one copies what is shared, so
//! that whoever holds a clone keeps seeing the old state. Reading sources, order of groups, host
//! patterns and every warning are those of ansible-core 2.19.

mod address;
#[cfg(test)]
mod baselines;
mod change;
mod constructed;
mod generator;
mod group;
mod host;
mod ini_file;
mod keyed;
pub mod literal;
mod notice;
mod patterns;
mod plugin;
mod reader;
mod script;
mod snapshot;
mod source;
mod toml_file;
mod vars_files;
mod vars_folder;
pub mod words;
mod yaml_file;

pub use address::{expand_range, parse_address};
pub use change::{NewHost, combine, safe_group_name};
pub use group::Group;
pub use host::{Host, LOCALHOST};
pub use notice::Notice;
pub use patterns::{Mismatch, glob_match, limit_patterns, split_patterns};
pub use plugin::PLUGINS;
pub use reader::{Reader, world};
pub use snapshot::{Inventory, Rules, Transform};
pub use source::Loaded;
pub use vars_files::VarsFiles;
pub use vars_folder::{VarsFolder, find_files};
