//! `command`: runs a program, or with `_uses_shell` a command line of the shell.
//!
//! The controller adds `stdout_lines` and `stderr_lines`.

use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::errors::os_error_bytes;
use crate::host::{Output, glob::glob, time, words};
use crate::proto::Outcome;
use crate::value::Value;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "command",
    doc: "Execute commands on targets.",
    spec: &Spec {
        required_one_of: &[&["_raw_params", "cmd", "argv"]],
        mutually_exclusive: &[&["_raw_params", "cmd", "argv"]],
        ..Spec::new(&[
            Arg::new("_raw_params", Kind::Str),
            Arg::new("_uses_shell", Kind::Bool).default(Default::Bool(false)),
            Arg::new("cmd", Kind::Str),
            Arg::new("argv", Kind::List).elements(Kind::Str),
            Arg::new("chdir", Kind::Path),
            Arg::new("executable", Kind::Str),
            Arg::new("expand_argument_vars", Kind::Bool).default(Default::Bool(true)),
            Arg::new("creates", Kind::Path),
            Arg::new("removes", Kind::Path),
            Arg::new("stdin", Kind::Str),
            Arg::new("stdin_add_newline", Kind::Bool).default(Default::Bool(true)),
            Arg::new("strip_empty_ends", Kind::Bool).default(Default::Bool(true)),
        ])
    },
    check: Support::Partial,
    diff: Support::None,
    run,
};

/// What is run: a line for the shell, or words.
enum Job {
    Line(String),
    /// Words that are quoted for the shell.
    Quoted(Vec<String>),
    Words(Vec<String>),
}

pub(super) fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let job = job(call)?;
    let mut out = Outcome::changed(false).with("stdout", "").with("stderr", "").with("rc", Value::Null);
    out.set("cmd", job.value());
    for key in ["start", "end", "delta"] {
        out.set(key, Value::Null);
    }
    out.set("msg", "");
    let chdir = call.args.opt_str("chdir").filter(|path| !path.is_empty()).map(PathBuf::from);
    if let Some(folder) = &chdir
        && let Err(error) = enter(folder)
    {
        let failed = out.with("msg", "Unable to change directory before execution.").with("failed", true);
        return Err(failed.caused_by(os_error_bytes(&error, folder)));
    }
    if let Some((msg, stdout)) = not_needed(call, chdir.as_deref()) {
        return Ok(out.with("msg", msg).with("stdout", stdout).with("rc", 0));
    }
    if call.check() {
        let conditional = call.args.has("creates") || call.args.has("removes");
        out.set("changed", conditional);
        if !conditional {
            out.set("skipped", true);
        }
        return Ok(out.with("rc", 0).with("msg", "Command would have run if not in check mode"));
    }
    execute(call, &job, chdir, out)
}

fn job(call: &mut Call<'_>) -> Result<Job, Outcome> {
    let shell = call.args.bool("_uses_shell");
    let line = [call.args.opt_str("_raw_params"), call.args.opt_str("cmd")];
    let line = line.into_iter().flatten().find(|text| !text.is_empty()).map(str::to_owned);
    if !shell && let Some(executable) = call.args.opt_str("executable").filter(|text| !text.is_empty()) {
        let text = format!(
            "As of Ansible 2.4, the parameter 'executable' is no longer supported with the 'command' module. \
                 Not using '{executable}'."
        );
        call.warn(text);
    }
    let argv = call.args.opt_list("argv").unwrap_or_default();
    match line {
        Some(line) if shell => Ok(Job::Line(line)),
        Some(line) => words::split(&line).map(Job::Words).map_err(Outcome::crashed),
        None if shell => Ok(Job::Quoted(argv)),
        None => Ok(Job::Words(argv)),
    }
}

impl Job {
    fn value(&self) -> Value {
        match self {
            Self::Line(line) => line.as_str().into(),
            Self::Words(words) | Self::Quoted(words) => Value::list(words.iter().map(|word| word.as_str().into())),
        }
    }

    /// The words that are executed.
    fn argv(&self, call: &Call<'_>) -> Vec<String> {
        let by_shell = |line: String| {
            let given = call.args.opt_str("executable").filter(|text| !text.is_empty());
            let shell = given.or(call.context.shell.as_deref()).unwrap_or("/bin/sh");
            vec![shell.to_owned(), "-c".to_owned(), line]
        };
        match self {
            Self::Line(line) => by_shell(line.clone()),
            Self::Quoted(words) => by_shell(words::join(words)),
            Self::Words(words) if call.args.bool("expand_argument_vars") => {
                words.iter().map(|word| call.env.expand(word)).collect()
            }
            Self::Words(words) => words.clone(),
        }
    }
}

/// The error that going into a folder would give; it must be one, and may be searched.
fn enter(folder: &Path) -> io::Result<()> {
    if !folder.metadata()?.is_dir() {
        return Err(rustix::io::Errno::NOTDIR.into());
    }
    rustix::fs::access(folder, rustix::fs::Access::EXEC_OK)?;
    Ok(())
}

/// Why `creates` or `removes` make the command needless, as `msg` and `stdout`.
fn not_needed(call: &Call<'_>, cwd: Option<&Path>) -> Option<(String, String)> {
    let word = if call.check() { "Would" } else { "Did" };
    let given = |name| call.args.opt_str(name).filter(|path| !path.is_empty());
    if let Some(path) = given("creates").filter(|path| !glob(path, cwd).is_empty()) {
        return Some((
            format!("{word} not run command since '{path}' exists"),
            format!("skipped, since {path} exists"),
        ));
    }
    let path = given("removes").filter(|path| glob(path, cwd).is_empty())?;
    Some((
        format!("{word} not run command since '{path}' does not exist"),
        format!("skipped, since {path} does not exist"),
    ))
}

fn execute(call: &Call<'_>, job: &Job, chdir: Option<PathBuf>, mut out: Outcome) -> Result<Outcome, Outcome> {
    let argv = job.argv(call);
    let mut stdin = call.args.opt_str("stdin").filter(|text| !text.is_empty()).map(|text| text.as_bytes().to_vec());
    if let Some(bytes) = stdin.as_mut().filter(|_| call.args.bool("stdin_add_newline")) {
        bytes.push(b'\n');
    }
    let start = (SystemTime::now(), Instant::now());
    let output = call.command(&argv).cwd(chdir).stdin(stdin).run().map_err(|error| not_started(&argv, &error))?;
    let (end, delta) = (SystemTime::now(), start.1.elapsed());
    out.set("changed", true);
    out.set("start", time::local_text(&call.env, start.0));
    out.set("end", time::local_text(&call.env, end));
    out.set("delta", time::delta_text(delta));
    let Output { rc, .. } = output;
    let strip = call.args.bool("strip_empty_ends");
    for bytes in [&output.stdout, &output.stderr] {
        if let (Err(error), false) = (std::str::from_utf8(bytes), call.context.lenient_text) {
            return Err(not_utf8(bytes, &error));
        }
    }
    for (key, text) in [("stdout", output.out()), ("stderr", output.err())] {
        out.set(key, if strip { text.trim_end_matches(['\r', '\n']) } else { text.as_str() });
    }
    out.set("rc", rc);
    if rc != 0 {
        return Err(out.with("msg", "non-zero return code").with("failed", true));
    }
    Ok(out)
}

/// The failure of output that is no text, which the real one's controller refuses.
///
/// Python counts characters, and has halves of pairs for bytes.
pub fn not_utf8(bytes: &[u8], error: &std::str::Utf8Error) -> Outcome {
    let (before, rest) = bytes.split_at(error.valid_up_to());
    let position = String::from_utf8_lossy(before).chars().count();
    let byte = rest.first().copied().unwrap_or_default();
    Outcome::failed(format!(
        "Task failed: Refusing to deserialize an invalid UTF8 string value: 'utf-8' codec can't encode character \
         '\\udc{byte:02x}' in position {position}: surrogates not allowed"
    ))
    .with(Outcome::CRASHED, true)
}

/// The result where a command could not be started.
pub fn not_started(argv: &[String], error: &io::Error) -> Outcome {
    if error.kind() == ErrorKind::Interrupted {
        return Outcome::failed("The task was ended before its command had finished.");
    }
    let program = argv.first().map_or("", String::as_str);
    Outcome::default()
        .with("failed", true)
        .with("msg", "Error executing command.")
        .with("changed", false)
        .with("cmd", words::join(clean(argv)))
        .with("rc", error.raw_os_error().unwrap_or(257))
        .with("stdout", "")
        .with("stderr", "")
        .caused_by(os_error_bytes(error, program))
}

/// The result where a command that must succeed has not: what it printed to standard error is the message.
pub fn refused(argv: &[String], output: &Output) -> Outcome {
    let err = output.err();
    let words = err.split_inclusive(char::is_whitespace).map(without_password);
    let msg = words.collect::<String>().trim_end().to_owned();
    Outcome::default()
        .with("failed", true)
        .with("msg", msg)
        .with("changed", false)
        .with("cmd", words::join(clean(argv)))
        .with("rc", output.rc)
        .with("stdout", output.out())
        .with("stderr", err)
}

/// The words without what looks like a password: after `--password`, behind `pass=`, within an address.
fn clean(argv: &[String]) -> Vec<String> {
    let mut hide_next = false;
    argv.iter()
        .map(|word| {
            let bare = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).unwrap_or(word);
            let secret = bare.starts_with("pass");
            match (std::mem::take(&mut hide_next), word.split_once('=')) {
                (true, _) => "********".to_owned(),
                (false, Some((name, _))) if secret => format!("{name}=********"),
                _ => {
                    hide_next = secret;
                    without_password(word)
                }
            }
        })
        .collect()
}

/// `https://me:secret@host` with the secret hidden.
fn without_password(word: &str) -> String {
    let hidden = word.split_once("://").and_then(|(scheme, rest)| {
        let (account, host) = rest.rsplit_once('@')?;
        let (user, _) = account.split_once(':')?;
        Some(format!("{scheme}://{user}:********@{host}"))
    });
    hidden.unwrap_or_else(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::clean;
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn words_and_lines() {
        let out = outcome("command", r#"{"_raw_params": "echo 'a b' $NO"}"#);
        has(&out, "stdout", "'a b $NO'");
        has(&out, "cmd", "['echo', 'a b', '$NO']");
        has(&out, "changed", "True");
        has(&out, "msg", "''");
        let out = outcome("shell", r#"{"cmd": "echo a; echo b >&2; exit 3"}"#);
        has(&out, "stderr", "'b'");
        has(&out, "rc", "3");
        has(&out, "failed", "True");
        has(&out, "changed", "True");
        has(&out, "msg", "'non-zero return code'");
        has(&outcome("command", r#"{"argv": ["cat"], "stdin": "x"}"#), "stdout", "'x'");
        has(&outcome("shell", r#"{"_raw_params": "printf 'a\n\n'", "strip_empty_ends": false}"#), "stdout", r"'a\n\n'");
    }

    #[test]
    fn passwords_are_not_shown() {
        let words = ["x", "--password", "a", "-passwd=b", "https://me:c@h/", "d"].map(str::to_owned);
        let want = ["x", "--password", "********", "-passwd=********", "https://me:********@h/", "d"];
        assert_eq!(clean(&words), want);
        let out = outcome("shell", r#"{"argv": ["echo", "a  b"]}"#);
        has(&out, "stdout", "'a  b'");
        has(&out, "cmd", "['echo', 'a  b']");
    }

    #[test]
    fn what_cannot_start() {
        let out = outcome("command", r#"{"_raw_params": "nosuchx a b"}"#);
        has(&out, "msg", "'Error executing command.'");
        has(&out, "_ansible_cause", r#""[Errno 2] No such file or directory: b'nosuchx'""#);
        has(&out, "rc", "2");
        has(&out, "cmd", "'nosuchx a b'");
        let dir = tempfile::tempdir().expect("dir");
        let script = dir.path().join("script");
        std::fs::write(&script, "echo no first line").expect("write");
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("chmod");
        let out = outcome("command", &format!(r#"{{"_raw_params": "{}"}}"#, script.display()));
        has(&out, "rc", "8");
        let out = outcome("command", r#"{"_raw_params": "echo", "chdir": "/nonexistent"}"#);
        has(&out, "msg", "'Unable to change directory before execution.'");
        has(&out, "rc", "None");
        has(&outcome("command", "{}"), "msg", "'one of the following is required: _raw_params, cmd, argv'");
        has(&outcome("command", r#"{"cmd": "echo 'x"}"#), "msg", "'Task failed: Module failed: No closing quotation'");
    }

    #[test]
    fn creates_and_removes() {
        let out = outcome("command", r#"{"cmd": "false", "creates": "/etc/pass*"}"#);
        has(&out, "msg", "\"Did not run command since '/etc/pass*' exists\"");
        has(&out, "stdout", "'skipped, since /etc/pass* exists'");
        has(&out, "changed", "False");
        let out = checked("command", r#"{"cmd": "false", "removes": "nope", "chdir": "/"}"#);
        has(&out, "msg", "\"Would not run command since 'nope' does not exist\"");
        let out = checked("command", r#"{"cmd": "false"}"#);
        has(&out, "skipped", "True");
        has(&out, "changed", "False");
        has(&out, "rc", "0");
        has(&checked("command", r#"{"cmd": "false", "creates": "/nope"}"#), "changed", "True");
    }
}
