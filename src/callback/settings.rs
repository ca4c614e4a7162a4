//! What a user can set about the output, as plain data.
//!
//! The cli fills it from ansible.cfg, the environment and the terminal; the defaults are ansible-core's.

use super::Colors;
use super::junit::JunitSettings;

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResultFormat {
    /// JSON.
    #[default]
    Json,
    /// YAML.
    Yaml,
}

/// Everything that changes what is shown.
#[derive(Clone, Debug)]
pub struct Settings {
    /// How many `-v` were given.
    pub verbosity: u8,
    /// The verbosity of the log file, where that is higher.
    pub log_verbosity: u8,
    /// The width of banners: 79, or one less than a wider terminal has.
    pub columns: usize,
    /// Whether to use colours at all.
    pub color: bool,
    /// The colours.
    pub colors: Colors,
    /// `display_skipped_hosts`.
    pub display_skipped_hosts: bool,
    /// `display_ok_hosts`.
    pub display_ok_hosts: bool,
    /// `display_failed_stderr`.
    pub display_failed_stderr: bool,
    /// `show_custom_stats`.
    pub show_custom_stats: bool,
    /// `show_per_host_start`.
    pub show_per_host_start: bool,
    /// `check_mode_markers`.
    pub check_mode_markers: bool,
    /// `show_task_path_on_failure`.
    pub show_task_path_on_failure: bool,
    /// `display_args_to_stdout`.
    pub display_args_to_stdout: bool,
    /// `callback_result_format`.
    pub result_format: ResultFormat,
    /// `callback_format_pretty`, where it is set.
    pub pretty: Option<bool>,
    /// `diff context`: the unchanged lines around a change.
    pub diff_context: usize,
    /// `deprecation_warnings`.
    pub deprecation_warnings: bool,
    /// `verbose_to_stderr`.
    pub verbose_to_stderr: bool,
    /// `json_indent` of the JSON callbacks, where it is set.
    pub json_indent: Option<i64>,
    /// Whether the whole run is in check mode (`--check`).
    pub check: bool,
    /// The options of the command line that are set, as `name` and Python's `str` of the value; shown at -vvvv.
    pub options: Vec<(String, String)>,
    /// The playbooks on the command line.
    pub positional: Vec<String>,
    /// `profile_tasks`: how many tasks it sums up, or `all`.
    pub profile_tasks_limit: String,
    /// `profile_tasks`: `descending`, `ascending` or `none`.
    pub profile_tasks_order: String,
    /// `profile_tasks`: no line for each task.
    pub profile_tasks_summary_only: bool,
    /// `profile_roles`: no line for each task.
    pub profile_roles_summary_only: bool,
    /// `tree`: the folder that it writes to.
    pub tree_directory: String,
    /// `junit`: everything.
    pub junit: JunitSettings,
    /// The clock of callbacks that show times.
    pub now: fn() -> std::time::SystemTime,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            verbosity: 0,
            log_verbosity: 0,
            columns: 79,
            color: false,
            colors: Colors::default(),
            display_skipped_hosts: true,
            display_ok_hosts: true,
            display_failed_stderr: false,
            show_custom_stats: false,
            show_per_host_start: false,
            check_mode_markers: false,
            show_task_path_on_failure: false,
            display_args_to_stdout: false,
            result_format: ResultFormat::Json,
            pretty: None,
            diff_context: 3,
            deprecation_warnings: true,
            verbose_to_stderr: false,
            json_indent: None,
            check: false,
            options: Vec::new(),
            positional: Vec::new(),
            profile_tasks_limit: "20".into(),
            profile_tasks_order: "descending".into(),
            profile_tasks_summary_only: false,
            profile_roles_summary_only: false,
            tree_directory: String::new(),
            junit: JunitSettings::default(),
            now: std::time::SystemTime::now,
        }
    }
}
