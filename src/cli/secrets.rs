//! Vault and password files.
use crate::config::Config;
use crate::diag::{Error, Result};
use crate::vault::Secrets;
use clap::ArgMatches;

/// x
pub(super) fn gather(_matches: &ArgMatches, _config: &Config) -> Result<Secrets> { Ok(Secrets::default()) }
/// x
pub(super) fn password_file(path: &str) -> Result<String> { Err(Error::user(path)) }
