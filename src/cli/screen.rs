//! The real standard output and standard error, and how the settings want them used.

use crate::callback::{Colors, JunitSettings, LogLevel, ResultFormat, Role, Settings, Sink, Stream};
use crate::config::Config;
use std::fs::{File, OpenOptions};
use std::io::Write;

/// Writes to the process's streams and, where it is set, to the log file.
pub(super) struct Real {
    log: Option<File>,
    user: String,
}

impl Real {
    /// The streams, with the log file that the settings name.
    pub fn new(config: &Config) -> Self {
        let path = config.settings.text("DEFAULT_LOG_PATH");
        let log = path.and_then(|path| OpenOptions::new().create(true).append(true).open(path).ok());
        Self { log, user: config.around.user.clone() }
    }

    /// Why there is no log file where the settings name one.
    pub fn trouble(&self, config: &Config) -> Option<String> {
        let path = config.settings.text("DEFAULT_LOG_PATH").filter(|path| !path.is_empty() && self.log.is_none())?;
        Some(match std::path::Path::new(path).is_dir() {
            true => format!("DEFAULT_LOG_PATH can not be a directory '{path}', aborting"),
            false => format!("log file at '{path}' is not writeable and we cannot create it, aborting"),
        })
    }
}

impl Sink for Real {
    fn write(&mut self, stream: Stream, text: &str) {
        // A reader that has gone away must not end the run: its hosts come first.
        let _ = match stream {
            Stream::Out => {
                let mut out = std::io::stdout().lock();
                out.write_all(text.as_bytes()).and_then(|()| out.flush())
            }
            Stream::Err => {
                let mut err = std::io::stderr().lock();
                err.write_all(text.as_bytes()).and_then(|()| err.flush())
            }
        };
    }

    fn log(&mut self, level: LogLevel, text: &str) {
        let Some(log) = &mut self.log else { return };
        let now = chrono::Local::now().format("%Y-%m-%d %H:%M:%S,%3f");
        let id = std::process::id();
        // A full disk must not end the run either.
        let _ = writeln!(log, "{now} p={id} u={} n=ansible {}| {text}", self.user, level_name(level));
    }
}

fn level_name(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warning => "WARNING",
        LogLevel::Error => "ERROR",
    }
}

/// The settings of callbacks, from ansible.cfg, environment and terminal.
pub(super) fn settings(config: &Config, verbosity: u8, check: bool) -> Settings {
    let settings = &config.settings;
    let around = &config.around;
    let on_terminal = around.stdout_tty && around.var("TERM").is_none_or(|term| term != "dumb");
    let color = settings.flag("ANSIBLE_FORCE_COLOR") || (on_terminal && !settings.flag("ANSIBLE_NOCOLOR"));
    let pretty = settings.get("default.pretty_results");
    let text = |name: &str| settings.text(name).unwrap_or_default().to_owned();
    Settings {
        verbosity,
        log_verbosity: log_verbosity(config),
        columns: columns(around.stdout_tty),
        color,
        colors: colors(config),
        display_skipped_hosts: settings.flag("default.display_skipped_hosts") && settings.flag("DISPLAY_SKIPPED_HOSTS"),
        display_ok_hosts: settings.flag("default.display_ok_hosts"),
        display_failed_stderr: settings.flag("default.display_failed_stderr"),
        show_custom_stats: settings.flag("default.show_custom_stats") || settings.flag("SHOW_CUSTOM_STATS"),
        show_per_host_start: settings.flag("default.show_per_host_start"),
        check_mode_markers: settings.flag("default.check_mode_markers"),
        show_task_path_on_failure: settings.flag("default.show_task_path_on_failure"),
        display_args_to_stdout: settings.flag("DISPLAY_ARGS_TO_STDOUT"),
        result_format: match settings.text("default.result_format") {
            Some("yaml") => ResultFormat::Yaml,
            _ => ResultFormat::Json,
        },
        pretty: pretty.as_bool().or_else(|| crate::argspec::boolean(pretty)),
        diff_context: usize::try_from(settings.int("DIFF_CONTEXT")).unwrap_or(3),
        deprecation_warnings: settings.flag("DEPRECATION_WARNINGS"),
        verbose_to_stderr: settings.flag("VERBOSE_TO_STDERR"),
        check,
        profile_tasks_limit: text("profile_tasks.output_limit"),
        profile_tasks_order: text("profile_tasks.sort_order"),
        profile_tasks_summary_only: settings.flag("profile_tasks.summary_only"),
        profile_roles_summary_only: settings.flag("profile_roles.summary_only"),
        tree_directory: text("tree.directory"),
        junit: junit(config),
        ..Settings::default()
    }
}

/// The verbosity of the log file, where there is one.
pub(super) fn log_verbosity(config: &Config) -> u8 {
    let settings = &config.settings;
    match settings.text("DEFAULT_LOG_PATH") {
        Some(path) if !path.is_empty() => u8::try_from(settings.int("LOG_VERBOSITY")).unwrap_or_default(),
        _ => 0,
    }
}

/// The real junit reads its variables itself: only the word `true` is true.
fn junit(config: &Config) -> JunitSettings {
    let text = |name: &str| config.settings.text(&format!("junit.{name}")).unwrap_or_default().to_owned();
    let is = |name: &str, word: &str| text(name).eq_ignore_ascii_case(word);
    JunitSettings {
        output_dir: text("output_dir"),
        task_class: is("task_class", "true"),
        task_relative_path: text("task_relative_path"),
        replace_out_of_tree_path: config.settings.text("junit.replace_out_of_tree_path").map(str::to_owned),
        fail_on_change: is("fail_on_change", "true"),
        fail_on_ignore: is("fail_on_ignore", "true"),
        include_setup_tasks: !is("include_setup_tasks_in_report", "false"),
        show_arguments: is("hide_task_arguments", "false"),
        test_case_prefix: text("test_case_prefix"),
    }
}

/// The width of banners: 79, or one less than a wider terminal has.
fn columns(terminal: bool) -> usize {
    let width =
        if terminal { rustix::termios::tcgetwinsize(std::io::stdout()).map_or(0, |size| size.ws_col) } else { 0 };
    usize::from(width).saturating_sub(1).max(79)
}

/// The setting of each role's colour.
const COLORS: &[(&str, Role)] = &[
    ("COLOR_CHANGED", Role::Changed),
    ("COLOR_DEBUG", Role::Debug),
    ("COLOR_DEPRECATE", Role::Deprecate),
    ("COLOR_DIFF_ADD", Role::DiffAdd),
    ("COLOR_DIFF_LINES", Role::DiffLines),
    ("COLOR_DIFF_REMOVE", Role::DiffRemove),
    ("COLOR_ERROR", Role::Error),
    ("COLOR_HIGHLIGHT", Role::Highlight),
    ("COLOR_INCLUDED", Role::Included),
    ("COLOR_OK", Role::Ok),
    ("COLOR_SKIP", Role::Skip),
    ("COLOR_UNREACHABLE", Role::Unreachable),
    ("COLOR_VERBOSE", Role::Verbose),
    ("COLOR_WARN", Role::Warn),
];

fn colors(config: &Config) -> Colors {
    let mut colors = Colors::default();
    for (setting, role) in COLORS {
        if let Some(name) = config.settings.text(setting) {
            // A name that is no colour leaves the one there is.
            let _ = colors.set(*role, name);
        }
    }
    colors
}
