//! `expect`: a command on a pseudo-terminal, whose questions are answered.
//!
//! The behaviour is that of pexpect's `run`: patterns are searched in what came since the last match, the
//! first place counts; all that was printed is the result; the timeout is about each question anew.

use super::attributes::absolute;
use super::command::not_utf8;
use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec, int};
use crate::host::pty::{Echo, Heard, Session};
use crate::host::{env, errors, locale, time};
use crate::proto::Outcome;
use crate::re::{BytesPattern, Flags};
use crate::value::{Value, repr};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "expect",
    doc: "Executes a command and responds to prompts.",
    spec: &Spec::new(&[
        Arg::new("command", Kind::Str).required(),
        Arg::new("chdir", Kind::Path),
        Arg::new("creates", Kind::Path),
        Arg::new("removes", Kind::Path),
        Arg::new("responses", Kind::Dict).required(),
        Arg::new("timeout", Kind::Raw).default(Default::Int(30)),
        Arg::new("echo", Kind::Bool).default(Default::Bool(false)),
    ]),
    check: Support::None,
    diff: Support::None,
    run,
};

/// How long before an answer is typed: a program may print its question before it turns the echo off.
const BEFORE_TYPING: Duration = Duration::from_millis(50);

/// What is answered to a question.
enum Answer {
    /// The same, every time.
    Always(Vec<u8>),
    /// One after the other.
    Each(std::vec::IntoIter<Vec<u8>>),
}

struct Event {
    question: String,
    pattern: BytesPattern,
    answer: Answer,
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let timeout = timeout(call)?;
    let line = call.args.str("command").to_owned();
    if line.trim().is_empty() {
        return Err(Outcome::failed("no command given").with("rc", 256));
    }
    let folder = match call.args.opt_str("chdir").filter(|path| !path.is_empty()) {
        Some(path) => Some(enter(&absolute(path))?),
        None => None,
    };
    if let Some(why) = not_needed(call, folder.as_deref()) {
        return Ok(Outcome::changed(false).with("cmd", line).with("stdout", why).with("rc", 0));
    }
    let started = SystemTime::now();
    let mut events = events(call)?;
    let argv = command(call, &line, folder.as_deref())?;
    let echo = if call.args.bool("echo") { Echo::On } else { Echo::Off };
    let session = Session::spawn(&call.env, &argv, folder.as_deref(), &vars(call), echo);
    let mut session = session.map_err(|e| Outcome::failed(errors::plain(&e)))?;
    let printed = converse(call, &mut session, &mut events, timeout)?;
    let rc = session.hang_up().map_err(|e| Outcome::failed(errors::plain(&e)))?;
    // One that a signal has ended has no status for pexpect.
    let rc = Some(rc).filter(|rc| *rc >= 0);
    let ended = SystemTime::now();
    let text = String::from_utf8(printed).map_err(|error| not_utf8(error.as_bytes(), &error.utf8_error()))?;
    let text = text.trim_end_matches(['\r', '\n']);
    let outcome = Outcome::changed(true)
        .with("cmd", line)
        .with("stdout", text)
        .with("rc", rc.map_or(Value::Null, Value::from))
        .with("start", time::local_text(&call.env, started))
        .with("end", time::local_text(&call.env, ended))
        .with("delta", time::delta_text(ended.duration_since(started).unwrap_or_default()));
    let msg = match rc {
        Some(0) => return Ok(outcome),
        Some(_) => "non-zero return code",
        None => "command exceeded timeout",
    };
    Err(outcome.with("failed", true).with("msg", msg))
}

/// None where it may take for ever.
fn timeout(call: &Call<'_>) -> Result<Option<i64>, Outcome> {
    let value = call.args.value("timeout");
    if value.is_null() {
        return Ok(None);
    }
    match int(value) {
        Ok(number) => Ok(Some(number.as_int().unwrap_or(i64::MAX))),
        Err(why) => Err(Outcome::failed(format!(
            "argument 'timeout' is of type <class '{}'> and we were unable to convert to int: {why}",
            value.type_name()
        ))),
    }
}

fn enter(folder: &str) -> Result<PathBuf, Outcome> {
    let failed = |error: &io::Error| Outcome::crashed(errors::os_error(error, folder));
    let meta = Path::new(folder).metadata().map_err(|e| failed(&e))?;
    if !meta.is_dir() {
        return Err(failed(&rustix::io::Errno::NOTDIR.into()));
    }
    Ok(folder.into())
}

/// Why the command is not run.
fn not_needed(call: &Call<'_>, folder: Option<&Path>) -> Option<String> {
    let given = |name| call.args.opt_str(name).filter(|path| !path.is_empty());
    let exists = |path: &str| folder.map_or_else(|| path.into(), |folder| folder.join(path)).exists();
    if let Some(path) = given("creates").filter(|path| exists(path)) {
        return Some(format!("skipped, since {path} exists"));
    }
    let path = given("removes").filter(|path| !exists(path))?;
    Some(format!("skipped, since {path} does not exist"))
}

fn events(call: &Call<'_>) -> Result<Vec<Event>, Outcome> {
    let line = |value: &Value| {
        let text = value.to_text();
        format!("{}\n", text.trim_end_matches('\n')).into_bytes()
    };
    let responses = call.args.opt_dict("responses").into_iter().flatten();
    responses
        .map(|(question, answer)| {
            let question = question.to_text();
            let flags = Flags { dot_all: true, ..Flags::default() };
            let pattern = BytesPattern::new(&question, flags).map_err(Outcome::crashed)?;
            let answer = match answer {
                Value::List(answers) => Answer::Each(answers.iter().map(line).collect::<Vec<_>>().into_iter()),
                other => Answer::Always(line(other)),
            };
            Ok(Event { question, pattern, answer })
        })
        .collect()
}

/// The command's words, the first of them its path.
fn command(call: &Call<'_>, line: &str, folder: Option<&Path>) -> Result<Vec<String>, Outcome> {
    let mut argv = split(line);
    let name = argv.first().cloned().unwrap_or_default();
    let missing = || Outcome::failed(format!("The command was not found or was not executable: {name}."));
    let here = |path: &str| folder.map_or_else(|| path.into(), |folder| folder.join(path));
    let path = if name.contains('/') && env::executable(&here(&name)) {
        here(&name)
    } else {
        let path = call.env.get("PATH").filter(|path| !path.is_empty()).unwrap_or_else(|| "/bin:/usr/bin".into());
        let mut folders = path.split(':');
        let found = folders.find_map(|part| Some(here(part).join(&name)).filter(|path| env::executable(path)));
        found.filter(|_| !name.is_empty()).ok_or_else(missing)?
    };
    if let Some(first) = argv.first_mut() {
        *first = path.to_string_lossy().into_owned();
    }
    Ok(argv)
}

/// Words as pexpect splits them: a backslash takes the next character, within quotes it is one itself.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut quote = None;
    let mut between = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), c) => word.push(c),
            (None, '\\') => word.extend(chars.next()),
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if c.is_whitespace() => {
                if !between {
                    words.push(std::mem::take(&mut word));
                }
                between = true;
                continue;
            }
            (None, c) => word.push(c),
        }
        between = false;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// A locale that exists, where the task's does not.
fn vars(call: &Call<'_>) -> Vec<(String, String)> {
    let locale = locale::replacement(&call.env);
    let names = ["LANG", "LC_ALL", "LC_MESSAGES"];
    locale.into_iter().flat_map(|locale| names.map(|name| (name.to_owned(), locale.to_owned()))).collect()
}

/// Answers until the command ends, or is silent for too long; gives all that it printed.
fn converse(
    call: &Call<'_>,
    session: &mut Session,
    events: &mut [Event],
    timeout: Option<i64>,
) -> Result<Vec<u8>, Outcome> {
    let failed = |error: io::Error| Outcome::failed(errors::plain(&error));
    let mut printed: Vec<u8> = Vec::new();
    let mut searched = 0;
    let patience = timeout.map(|seconds| Duration::from_secs(u64::try_from(seconds).unwrap_or(0)));
    let mut since = Instant::now();
    loop {
        if call.is_cancelled() {
            return Err(ended_before());
        }
        if let Some(end) = answer(session, events, &printed, searched)? {
            searched = end;
            since = Instant::now();
            continue;
        }
        if patience.is_some_and(|patience| since.elapsed() > patience) {
            return Ok(printed);
        }
        match session.read(Duration::from_millis(100)).map_err(failed)? {
            Heard::Bytes(bytes) => printed.extend(bytes),
            Heard::Nothing => {}
            // One that goes on without a terminal is waited for, however long that takes.
            Heard::End => {
                while session.wait(Duration::from_millis(100)).map_err(failed)?.is_none() {
                    if call.is_cancelled() {
                        return Err(ended_before());
                    }
                }
                return Ok(printed);
            }
        }
    }
}

fn ended_before() -> Outcome {
    Outcome::failed("The task was ended before its command had finished.")
}

/// Answers the first question in what was not searched yet; gives where it ends.
fn answer(
    session: &mut Session,
    events: &mut [Event],
    printed: &[u8],
    searched: usize,
) -> Result<Option<usize>, Outcome> {
    let fresh = printed.get(searched..).unwrap_or_default();
    let mut first: Option<(usize, usize, usize)> = None;
    for (index, event) in events.iter().enumerate() {
        if let Some(found) = event.pattern.search(fresh).map_err(Outcome::crashed)?
            && first.is_none_or(|(start, _, _)| found.start() < start)
        {
            first = Some((found.start(), found.end(), index));
        }
    }
    let Some((_, end, index)) = first else { return Ok(None) };
    let Some(event) = events.get_mut(index) else { return Ok(None) };
    let text = match &mut event.answer {
        Answer::Always(text) => text.clone(),
        Answer::Each(rest) => rest.next().ok_or_else(|| {
            let heard = repr(&Value::Bytes(fresh.get(..end).unwrap_or_default().into()));
            Outcome::failed(format!("No remaining responses for '{}', output was '{heard}'", event.question))
        })?,
    };
    std::thread::sleep(BEFORE_TYPING);
    // Where nobody listens any more, the end is heard next.
    drop(session.write(&text));
    Ok(Some(searched + end))
}

#[cfg(test)]
mod tests {
    use super::split;
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn words() {
        assert_eq!(split(r#"a 'b c'  "d\e" f\ g "#), ["a", "b c", "d\\e", "f g"]);
        assert_eq!(split(" a"), ["", "a"]);
    }

    const ASK: &str = r#"sh -c 'printf \"name? \"; read n; printf \"pass? \"; read p; echo $n-$p; exit $p'"#;

    #[track_caller]
    fn answered(args: &str) -> crate::proto::Outcome {
        outcome("expect", &format!(r#"{{"command": "{ASK}", {args}}}"#))
    }

    #[test]
    fn questions_are_answered() {
        let out = answered(r#""responses": {"(?i)NAME": "bob", "pass": 0}"#);
        has(&out, "stdout", "'name? pass? bob-0'");
        has(&out, "rc", "0");
        has(&out, "changed", "True");
        let out = answered(r#""responses": {"\\w+\\?": ["bob", "3\n"]}, "echo": true"#);
        has(&out, "stdout", "'name? bob\\r\\npass? 3\\r\\nbob-3'");
        has(&out, "msg", "'non-zero return code'");
        has(&out, "rc", "3");
    }

    #[test]
    fn what_goes_wrong() {
        let out = answered(r#""responses": {"\\?": ["bob"]}"#);
        has(&out, "msg", "\"No remaining responses for '\\\\?', output was 'b' pass?''\"");
        let slow = r#"{"command": "sleep 60", "responses": {"zzz": "x"}, "timeout": 0}"#;
        let out = outcome("expect", slow);
        has(&out, "msg", "'command exceeded timeout'");
        has(&out, "rc", "None");
        let silent = r#"{"command": "sh -c 'exec <&- >&- 2>&-; sleep 0.3; exit 4'", "responses": {}}"#;
        has(&outcome("expect", silent), "rc", "4");
        let out = outcome("expect", r#"{"command": "nosuch x", "responses": {}}"#);
        has(&out, "msg", "'The command was not found or was not executable: nosuch.'");
        let out = outcome("expect", r#"{"command": " ", "responses": {}}"#);
        has(&out, "rc", "256");
        let out = outcome("expect", r#"{"command": "x", "responses": {}, "creates": "/tmp"}"#);
        has(&out, "stdout", "'skipped, since /tmp exists'");
        let out = outcome("expect", r#"{"command": "printf 'ab\\377'", "responses": {"x": "y"}}"#);
        let msg = out.get("msg").map(crate::value::Value::to_text).unwrap_or_default();
        assert!(msg.ends_with("'\\udcff' in position 2: surrogates not allowed"), "{msg}");
        has(&checked("expect", r#"{"command": "x", "responses": {}}"#), "skipped", "True");
    }
}
