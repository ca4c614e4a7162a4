//! The screen that callbacks write to: two streams, colours, banners, messages shown once.
//!
//! A handle that is cheap to clone; all clones share the streams and the memory of what was shown.
//! Nothing reaches a real stream but through the [`Sink`]. Mirrors ansible-core's display:
//! warnings, deprecations and errors are each shown once a run, never wrapped.

use super::{Role, Settings, width::width};
use crate::diag;
use crate::event::Event;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// One of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

/// How grave a line of the log file (`log_path`) is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    /// `DEBUG`.
    Debug,
    /// `INFO`.
    Info,
    /// `WARNING`.
    Warning,
    /// `ERROR`.
    Error,
}

/// Where the text goes at last.
pub trait Sink: Send {
    /// Writes text as it is.
    fn write(&mut self, stream: Stream, text: &str);

    /// Writes a message, free of colour, to the log file; there is none by default.
    fn log(&mut self, _level: LogLevel, _text: &str) {}
}

/// A sink that keeps everything, for tests and embedders.
#[derive(Clone, Debug, Default)]
pub struct Captured(Arc<Mutex<(String, String)>>);

impl Captured {
    /// What was written to standard output.
    pub fn out(&self) -> String {
        lock(&self.0).0.clone()
    }

    /// What was written to standard error.
    pub fn err(&self) -> String {
        lock(&self.0).1.clone()
    }
}

impl Sink for Captured {
    fn write(&mut self, stream: Stream, text: &str) {
        let mut texts = lock(&self.0);
        match stream {
            Stream::Out => texts.0.push_str(text),
            Stream::Err => texts.1.push_str(text),
        }
    }
}

/// A shared screen.
#[derive(Clone)]
pub struct Screen {
    settings: Arc<Settings>,
    state: Arc<Mutex<State>>,
}

struct State {
    sink: Box<dyn Sink>,
    shown: HashSet<String>,
    live: bool,
}

/// A panic elsewhere must not silence the rest of the output.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Screen {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Screen").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Screen {
    /// A screen over a sink.
    pub fn new(settings: Settings, sink: impl Sink + 'static) -> Self {
        let state = State { sink: Box::new(sink), shown: HashSet::new(), live: false };
        Self { settings: Arc::new(settings), state: Arc::new(Mutex::new(state)) }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The same screen under other settings.
    #[must_use]
    pub fn with_settings(&self, settings: Settings) -> Self {
        Self { settings: Arc::new(settings), state: self.state.clone() }
    }

    /// Shows a message on standard output.
    pub fn show(&self, text: &str, role: impl Into<Option<Role>>) {
        self.show_on(Stream::Out, text, role);
    }

    /// Shows a message: coloured, with one newline at its end.
    pub fn show_on(&self, stream: Stream, text: &str, role: impl Into<Option<Role>>) {
        self.show_logged(stream, text, role.into(), LogLevel::Info);
    }

    fn show_logged(&self, stream: Stream, text: &str, role: Option<Role>, level: LogLevel) {
        let text = text.replace("\r\n", "\n");
        self.write(stream, &text, role);
        lock(&self.state).sink.log(level, text.trim_start_matches('\n'));
    }

    /// Shows a message that the log file doesn't get.
    pub fn show_only(&self, text: &str, role: impl Into<Option<Role>>) {
        self.write(Stream::Out, &text.replace("\r\n", "\n"), role.into());
    }

    /// Logs a message that the screen doesn't get.
    pub fn log_only(&self, text: &str) {
        lock(&self.state).sink.log(LogLevel::Info, text);
    }

    fn write(&self, stream: Stream, text: &str, role: Option<Role>) {
        let mut out = self.paint(text.strip_suffix('\n').unwrap_or(text), role);
        out.push('\n');
        let mut state = lock(&self.state);
        if std::mem::take(&mut state.live) {
            state.sink.write(Stream::Out, "\r\x1b[K");
        }
        state.sink.write(stream, &out);
    }

    /// A text in a role's colour, where colours are used.
    pub fn paint(&self, text: &str, role: impl Into<Option<Role>>) -> String {
        match role.into() {
            Some(role) if self.settings.color => self.settings.colors.paint(text, role),
            _ => text.to_owned(),
        }
    }

    /// Shows a headline, filled up with stars (three at least).
    pub fn banner(&self, text: &str) {
        let text = text.trim();
        let stars = self.settings.columns.saturating_sub(width(text)).max(3);
        self.show(&format!("\n{text} {}", "*".repeat(stars)), None);
    }

    /// Shows a line that the next message overwrites, or takes it away.
    pub fn live(&self, text: Option<&str>) {
        let mut state = lock(&self.state);
        if let Some(text) = text {
            state.sink.write(Stream::Out, &format!("\r{text}\x1b[K"));
        } else if state.live {
            state.sink.write(Stream::Out, "\r\x1b[K");
        }
        state.live = text.is_some();
    }

    /// Shows a warning on standard error, once.
    pub fn warning(&self, text: &str) {
        self.once(Stream::Err, &format!("[WARNING]: {}", ended(text)), Role::Warn, LogLevel::Warning);
    }

    /// Shows a deprecation on standard error, once, unless `deprecation_warnings` is off.
    pub fn deprecated(&self, text: &str) {
        if self.settings.deprecation_warnings {
            self.warning(
                "Deprecation warnings can be disabled by setting `deprecation_warnings=False` in ansible.cfg.",
            );
            self.once(Stream::Err, &format!("[DEPRECATION WARNING]: {}", ended(text)), Role::Deprecate, LogLevel::Info);
        }
    }

    /// Shows an error, once.
    pub fn error(&self, error: &diag::Error, stream: Stream) {
        self.traced(error, None, stream);
    }

    /// The same with a traceback after it.
    pub fn traced(&self, error: &diag::Error, traceback: Option<&str>, stream: Stream) {
        let mut text = format!("[ERROR]: {}", ended(&error.to_string()));
        if let Some(traceback) = traceback {
            text = format!("{}\n\n{}\n\n", text.trim_end(), traceback.trim_end());
        }
        self.once(stream, &text, Role::Error, LogLevel::Error);
    }

    fn once(&self, stream: Stream, text: &str, role: Role, level: LogLevel) {
        if lock(&self.state).shown.insert(text.to_owned()) {
            self.show_logged(stream, text, Some(role), level);
        }
    }

    /// Shows a message that needs a verbosity; the log file may have one of its own.
    pub fn verbose(&self, verbosity: u8, host: Option<&str>, text: &str) {
        if self.settings.verbosity < verbosity {
            if self.settings.log_verbosity >= verbosity {
                self.log_only(&host.map_or_else(|| text.to_owned(), |host| format!("<{host}> {text}")));
            }
            return;
        }
        let stream = if self.settings.verbose_to_stderr { Stream::Err } else { Stream::Out };
        match host {
            Some(host) => self.show_on(stream, &format!("<{host}> {text}"), Role::Verbose),
            None => self.show_on(stream, text, Role::Verbose),
        }
    }

    /// Shows the events that look the same whatever the callback is; false for all others.
    pub fn common(&self, event: &Event) -> bool {
        match event {
            Event::Banner(text) => self.banner(text),
            Event::Message(text) => self.show(text, None),
            Event::Warning(text) => self.warning(text),
            Event::Deprecated(text) => self.deprecated(text),
            Event::Error(error) => self.error(error, Stream::Err),
            Event::Verbose { level, host, text } => self.verbose(*level, host.as_deref(), text),
            Event::Debug(text) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
                self.show(&format!("{:6} {now:.5}: {text}", std::process::id()), Some(Role::Debug));
            }
            _ => return false,
        }
        true
    }
}

/// A message of several lines is set apart by an empty one.
fn ended(text: &str) -> String {
    let text = text.trim();
    if text.contains('\n') { format!("{text}\n\n") } else { format!("{text}\n") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn screen(settings: Settings) -> (Screen, Captured) {
        let sink = Captured::default();
        (Screen::new(settings, sink.clone()), sink)
    }

    #[test]
    fn a_message_is_shown_once() {
        let (screen, sink) = screen(Settings::default());
        screen.warning("a");
        screen.warning("a");
        screen.warning("b\nc");
        screen.deprecated("d");
        assert_eq!(
            sink.err(),
            "[WARNING]: a\n[WARNING]: b\nc\n\n[WARNING]: Deprecation warnings can be disabled by setting \
             `deprecation_warnings=False` in ansible.cfg.\n[DEPRECATION WARNING]: d\n"
        );
    }

    #[test]
    fn banners_fill_the_width_with_three_stars_at_least() {
        let (screen, sink) = screen(Settings { columns: 12, ..Settings::default() });
        screen.banner("PLAY [x]");
        screen.banner("PLAY [a long one]");
        assert_eq!(sink.out(), "\nPLAY [x] ****\n\nPLAY [a long one] ***\n");
    }

    #[test]
    fn a_live_line_goes_before_the_next_message() {
        let (screen, sink) = screen(Settings::default());
        screen.live(Some("waiting"));
        screen.show("done", None);
        screen.live(None);
        assert_eq!(sink.out(), "\rwaiting\x1b[K\r\x1b[Kdone\n");
    }

    #[test]
    fn verbose_messages_name_their_host() {
        let (screen, sink) = screen(Settings { verbosity: 3, ..Settings::default() });
        screen.verbose(3, Some("h"), "EXEC");
        screen.verbose(4, None, "more");
        assert_eq!(sink.out(), "<h> EXEC\n");
    }
}
