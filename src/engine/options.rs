//! What a run is told beside playbooks and inventories.

use crate::connection::Secret;

/// The options of a run, as the command line or an embedder gives them.
///
/// What is None is left to keywords, variables and settings.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--check`.
    pub check: bool,
    /// `--diff`.
    pub diff: bool,
    /// `-v`, 0 to 5.
    pub verbosity: u8,
    /// The verbosity from which messages are told for a log file alone, where that is higher.
    pub log_verbosity: u8,
    /// `--tags`; empty is all.
    pub tags: Vec<String>,
    /// `--skip-tags`.
    pub skip_tags: Vec<String>,
    /// `--limit`.
    pub limit: Option<String>,
    /// `--start-at-task`.
    pub start_at_task: Option<String>,
    /// `--step`.
    pub step: bool,
    /// `--force-handlers`.
    pub force_handlers: bool,
    /// `--flush-cache`.
    pub flush_cache: bool,
    /// `--user`.
    pub remote_user: Option<String>,
    /// `--connection`.
    pub connection: Option<String>,
    /// `--timeout`.
    pub timeout: Option<i64>,
    /// `--private-key`.
    pub private_key_file: Option<String>,
    /// `--ssh-common-args`.
    pub ssh_common_args: Option<String>,
    /// `--ssh-extra-args`.
    pub ssh_extra_args: Option<String>,
    /// `--become`.
    pub escalate: bool,
    /// `--become-method`.
    pub become_method: Option<String>,
    /// `--become-user`.
    pub become_user: Option<String>,
    /// The password of the login, where it was asked for.
    pub connection_password: Option<Secret>,
    /// The password of become, where it was asked for.
    pub become_password: Option<Secret>,
}
