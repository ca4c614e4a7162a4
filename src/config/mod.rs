//! ansible.cfg, environment and working directory as plain structs; alone reads environment, home and cwd.
//!
//! [`Config::load`] finds ansible.cfg, reads it as Python's configparser does and resolves every
//! [`Setting`] of the tables. The command line's values are laid over it by the cli
//! ([`Settings::set`]). Settings, their names, coercions and error texts are ansible-core 2.19's.

#[cfg(test)]
mod baselines;
mod deprecated;
mod file;
mod ini;
mod plugins;
mod setting;
mod settings;
mod surroundings;
mod table;

pub use file::Config;
pub use ini::{Ini, IniError};
pub use plugins::PLUGIN_SETTINGS;
pub use setting::{Default, Kind, Setting};
pub(crate) use settings::integer;
pub use settings::{From, Settings, is_true};
pub use surroundings::{Surroundings, normalize};
pub use table::SETTINGS;
