//! The keywords that play, role, block and task share.
//!
//! Values stay as written: templates are rendered, and types checked, when a task runs, as
//! ansible-core does. None means "not given here", so that a task can inherit.

use crate::value::{Dict, Value};
use std::sync::Arc;

/// What was given of the shared keywords at one place.
#[derive(Clone, Debug, Default)]
pub struct Common {
    /// `any_errors_fatal`.
    pub any_errors_fatal: Option<Value>,
    /// `become`.
    pub become_: Option<Value>,
    /// `become_exe`.
    pub become_exe: Option<Value>,
    /// `become_flags`.
    pub become_flags: Option<Value>,
    /// `become_method`.
    pub become_method: Option<Value>,
    /// `become_user`.
    pub become_user: Option<Value>,
    /// `check_mode`.
    pub check_mode: Option<Value>,
    /// `collections`: where short names are searched; never a template.
    pub collections: Option<Vec<Arc<str>>>,
    /// `connection`.
    pub connection: Option<Value>,
    /// `debugger`.
    pub debugger: Option<Value>,
    /// `delegate_facts`.
    pub delegate_facts: Option<Value>,
    /// `delegate_to`.
    pub delegate_to: Option<Value>,
    /// `diff`.
    pub diff: Option<Value>,
    /// `environment`: dictionaries, or text that renders to one.
    pub environment: Vec<Value>,
    /// `ignore_errors`.
    pub ignore_errors: Option<Value>,
    /// `ignore_unreachable`.
    pub ignore_unreachable: Option<Value>,
    /// `module_defaults`, keyed by full action names and `group/…`.
    pub module_defaults: Vec<Dict>,
    /// `no_log`.
    pub no_log: Option<Value>,
    /// `notify`: a name, or a list of names.
    pub notify: Option<Value>,
    /// `port`.
    pub port: Option<Value>,
    /// `remote_user`.
    pub remote_user: Option<Value>,
    /// `run_once`.
    pub run_once: Option<Value>,
    /// `tags`: text or integers.
    pub tags: Vec<Value>,
    /// `throttle`.
    pub throttle: Option<Value>,
    /// `timeout`.
    pub timeout: Option<Value>,
    /// `vars`.
    pub vars: Dict,
    /// `when`: expressions, all of which must hold.
    pub when: Vec<Value>,
}
