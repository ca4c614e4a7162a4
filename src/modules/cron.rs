//! `cron`: a job or a variable is in a crontab, or is not.
//!
//! A job is known by the comment before it, `#Ansible: NAME`. A user's crontab is read and replaced by
//! `crontab`, a file under /etc/cron.d directly.

use super::attributes::real_path;
use super::{Call, ModuleDef, Support, command, edit, selinux};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Replace, accounts, errors, replace};
use crate::proto::Outcome;
use crate::re::{Flags, Pattern};
use crate::value::{Dict, Value};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const ANY: Default = Default::Str("*");

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "cron",
    doc: "Manage cron.d and crontab entries.",
    spec: &Spec {
        mutually_exclusive: &[&["insertafter", "insertbefore"]],
        ..Spec::new(&[
            Arg::new("name", Kind::Str).required(),
            Arg::new("user", Kind::Str),
            Arg::new("job", Kind::Str).aliases(&["value"]),
            Arg::new("cron_file", Kind::Path),
            Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["present", "absent"]),
            Arg::new("backup", Kind::Bool).default(Default::Bool(false)),
            Arg::new("minute", Kind::Str).default(ANY),
            Arg::new("hour", Kind::Str).default(ANY),
            Arg::new("day", Kind::Str).default(ANY).aliases(&["dom"]),
            Arg::new("month", Kind::Str).default(ANY),
            Arg::new("weekday", Kind::Str).default(ANY).aliases(&["dow"]),
            Arg::new("special_time", Kind::Str)
                .choices(&["reboot", "yearly", "annually", "monthly", "weekly", "daily", "hourly"]),
            Arg::new("disabled", Kind::Bool).default(Default::Bool(false)),
            Arg::new("env", Kind::Bool).default(Default::Bool(false)),
            Arg::new("insertafter", Kind::Str),
            Arg::new("insertbefore", Kind::Str),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

/// What stands before a job's name.
const MARK: &str = "#Ansible: ";

/// The arguments that say when.
const TIMES: [&str; 5] = ["minute", "hour", "day", "month", "weekday"];

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    warn_of_name(call)?;
    let mut tab = Crontab::read(call)?;
    refuse(call)?;
    let backup = match call.args.bool("backup") && !call.check() {
        true => Some(keep_copy(call, &tab)?),
        false => None,
    };
    let result = change(call, &mut tab, backup.as_deref());
    if let Some(path) = backup.filter(|_| !matches!(&result, Ok(outcome) if outcome.get("backup_file").is_some())) {
        // Nothing changed that it would be the copy of.
        drop(fs::remove_file(path));
    }
    result
}

/// Changes the crontab, and writes it where something changed.
fn change(call: &mut Call<'_>, tab: &mut Crontab, backup: Option<&str>) -> Result<Outcome, Outcome> {
    let env = call.args.bool("env");
    let present = call.args.str("state") == "present";
    let mut changed = match (env, present) {
        (true, _) => tab.change_variable(call)?,
        (false, true) => tab.set_job(call),
        (false, false) => tab.remove_job(call.args.str("name")),
    };
    if changed
        && !env
        && !present
        && let Some(path) = tab.file.as_deref().filter(|_| tab.is_empty())
    {
        return Ok(remove_file(call, tab, path));
    }
    // A crontab whose last line has no end gets one.
    changed |= !tab.before.is_empty() && !tab.before.ends_with(['\r', '\n']);
    let list = |names: Vec<String>| Value::list(names.into_iter().map(Value::from));
    let mut outcome = Outcome::changed(changed).with("jobs", list(tab.jobs())).with("envs", list(tab.variables()));
    if changed && !call.check() {
        tab.write(call)?;
    }
    if changed && call.context.diff {
        outcome.set("diff", tab.diff(call, &tab.render(), None));
    }
    if let Some(path) = backup.filter(|_| changed) {
        outcome.set("backup_file", path);
    }
    if let Some(path) = call.args.opt_str("cron_file").filter(|path| !path.is_empty()) {
        outcome.set("cron_file", path);
    }
    Ok(outcome)
}

/// A file of jobs that holds none any more goes.
fn remove_file(call: &Call<'_>, tab: &Crontab, path: &str) -> Outcome {
    let changed = if call.check() { Path::new(path).is_file() } else { fs::remove_file(path).is_ok() };
    let diff = if call.context.diff { tab.diff(call, "", Some("/dev/null")) } else { Dict::new() };
    let outcome = Outcome::changed(changed).with("cron_file", call.args.str("cron_file"));
    outcome.with("state", call.args.str("state")).with("diff", diff)
}

fn warn_of_name(call: &mut Call<'_>) -> Result<(), Outcome> {
    let Some(path) = call.args.opt_str("cron_file").filter(|path| !path.is_empty()) else { return Ok(()) };
    if path == "/etc/crontab" {
        return Err(Outcome::failed("Will not manage /etc/crontab via cron_file, see documentation."));
    }
    let name = edit::basename(path).to_owned();
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
        call.warn(format!(
            "Filename portion of cron_file (\"{name}\") should consist solely of upper- and lower-case letters, \
             digits, underscores, and hyphens"
        ));
    }
    Ok(())
}

/// What does not go together.
fn refuse(call: &Call<'_>) -> Result<(), Outcome> {
    let given = |name: &str| !call.args.str(name).is_empty();
    let msg = if given("special_time") && TIMES.iter().any(|name| call.args.str(name) != "*") {
        "You cannot combine special_time with any of the time or day/date parameters."
    } else if call.args.str("state") != "present" {
        if !call.args.bool("env") || !call.args.str("name").contains(' ') {
            return Ok(());
        }
        "Invalid name for environment variable"
    } else if given("cron_file") && !given("user") {
        "To use cron_file=... parameter you must specify user=... as well"
    } else if !call.args.has("job") {
        "You must specify 'job' to install a new cron job or variable"
    } else if (given("insertafter") || given("insertbefore")) && !call.args.bool("env") {
        "Insertafter and insertbefore parameters are valid only with env=yes"
    } else if call.args.bool("env") && call.args.str("name").contains(' ') {
        "Invalid name for environment variable"
    } else {
        return Ok(());
    };
    Err(Outcome::failed(msg))
}

/// Writes the crontab as it is to a temporary file, which stays.
fn keep_copy(call: &Call<'_>, tab: &Crontab) -> Result<String, Outcome> {
    let folder = call.env.temp_dir();
    let made = replace::temp_in(&folder, "crontab", "");
    let written = made.and_then(|(mut file, path)| file.write_all(tab.render().as_bytes()).map(|()| path));
    let path = written.map_err(|e| Outcome::crashed(errors::os_error(&e, &folder)))?;
    Ok(path.to_string_lossy().into_owned())
}

/// A crontab.
#[derive(Debug, Default)]
struct Crontab {
    /// The path of `crontab`.
    program: String,
    /// The file, where it is one under /etc/cron.d or elsewhere.
    file: Option<String>,
    /// The text as it was, without the notes that `crontab` itself puts before it.
    before: String,
    lines: Vec<String>,
}

impl Crontab {
    fn read(call: &Call<'_>) -> Result<Self, Outcome> {
        let program = call.need_program("crontab")?.to_string_lossy().into_owned();
        let file = call.args.opt_str("cron_file").filter(|path| !path.is_empty()).map(|path| match path {
            path if path.starts_with('/') => path.to_owned(),
            path => format!("/etc/cron.d/{path}"),
        });
        let mut tab = Self { program, file, ..Self::default() };
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).map_err(|_| Outcome::failed("The crontab is not UTF-8; rplay edits no other."))
        };
        match &tab.file {
            // One that cannot be read is as good as none, until it is written.
            Some(path) => tab.before = text(fs::read(path).unwrap_or_default())?,
            None => {
                let argv = tab.command(call, "-l");
                let output = call.command(&argv).run().map_err(|e| command::not_started(&argv, &e))?;
                // 1 may mean that there are no jobs.
                if !matches!(output.rc, 0 | 1) {
                    return Err(Outcome::crashed("Unable to read crontab"));
                }
                tab.before = text(output.stdout)?;
            }
        }
        let before = tab.before.clone();
        for (number, line) in before.lines().enumerate() {
            if tab.file.is_none() && number <= 2 && is_note(line) {
                for end in ["\r", "\n", ""] {
                    if let Some(at) = tab.before.find(&format!("{line}{end}")) {
                        tab.before.replace_range(at..at + line.len() + end.len(), "");
                        break;
                    }
                }
            } else {
                tab.lines.push(line.to_owned());
            }
        }
        Ok(tab)
    }

    /// `crontab`, for another user where one is named.
    fn command(&self, call: &Call<'_>, last: &str) -> Vec<String> {
        let mut argv = vec![self.program.clone()];
        let own = accounts::user_by_id(rustix::process::getuid().as_raw()).map(|user| user.name);
        if let Some(user) = call.args.opt_str("user").filter(|user| !user.is_empty() && own.as_deref() != Some(user)) {
            argv.extend(["-u".into(), user.to_owned()]);
        }
        argv.push(last.to_owned());
        argv
    }

    fn is_empty(&self) -> bool {
        self.lines.iter().all(|line| line.trim().is_empty())
    }

    fn render(&self) -> String {
        let text = self.lines.join("\n");
        if text.is_empty() { text } else { format!("{}\n", text.trim_end_matches(['\r', '\n'])) }
    }

    fn write(&self, call: &Call<'_>) -> Result<(), Outcome> {
        let Some(path) = &self.file else { return self.install(call) };
        let text = self.render();
        let real = real_path(path);
        let new = !Path::new(&real).exists();
        let folder = edit::dirname(&real);
        if !Path::new(folder).is_dir() {
            let missing = rustix::io::Errno::NOENT.into();
            return Err(Outcome::crashed(errors::os_error_bytes(&missing, path)));
        }
        Replace::new(Path::new(&real)).bytes(text.as_bytes()).map_err(|why| {
            // Only a file that cannot be opened is named.
            Outcome::crashed(if why.temp.is_some() { errors::named(&why.cause, path) } else { why.cause })
        })?;
        if new {
            // cron takes no file that others may write, and the real one lets all read it.
            fs::set_permissions(&real, Permissions::from_mode(0o644))
                .map_err(|e| Outcome::crashed(errors::os_error_bytes(&e, path)))?;
        }
        selinux::restore(call, path);
        Ok(())
    }

    /// Gives a user's whole crontab to `crontab`, in a file that no other user can read.
    fn install(&self, call: &Call<'_>) -> Result<(), Outcome> {
        let path = keep_copy(call, self)?;
        let argv = self.command(call, &path);
        let output = call.command(&argv).run();
        // Only litter in a temporary folder, where it cannot be removed.
        drop(fs::remove_file(&path));
        let output = output.map_err(|e| command::not_started(&argv, &e))?;
        if output.rc == 0 {
            return Ok(());
        }
        let failed = Outcome::failed(format!("Failed to install new cronfile: {path}")).with("rc", output.rc);
        Err(failed.with("stdout", output.out()).with("stderr", output.err()))
    }

    fn diff(&self, call: &Call<'_>, after: &str, after_header: Option<&str>) -> Dict {
        let header = match (&self.file, call.args.opt_str("user").filter(|user| !user.is_empty())) {
            (Some(path), _) => path.clone(),
            (None, Some(user)) => format!("crontab for user \"{user}\""),
            (None, None) => "crontab".to_owned(),
        };
        Dict::from([
            ("before", self.before.as_str()),
            ("before_header", &header),
            ("after", after),
            ("after_header", after_header.unwrap_or(&header)),
        ])
    }

    /// The job's line, in the form of this crontab.
    fn line(&self, call: &Call<'_>) -> String {
        let job = call.args.str("job").trim_matches(['\r', '\n']);
        let mut words: Vec<&str> = match call.args.opt_str("special_time") {
            Some(_) => Vec::new(),
            None => TIMES.iter().map(|name| call.args.str(name)).collect(),
        };
        let special = call.args.opt_str("special_time").map(|name| format!("@{name}"));
        words.extend(special.as_deref());
        if self.file.is_some() {
            words.push(call.args.str("user"));
        }
        words.push(job);
        let mark = if call.args.bool("disabled") { "#" } else { "" };
        format!("{mark}{}", words.join(" "))
    }

    fn set_job(&mut self, call: &mut Call<'_>) -> bool {
        if call.args.str("job").trim_matches(['\r', '\n']).contains(['\r', '\n']) {
            call.warn("Job should not contain line breaks");
        }
        let line = self.line(call);
        let name = call.args.str("name");
        match self.find_job(name, Some(&line)) {
            None => {
                self.lines.extend([format!("{MARK}{name}"), line]);
                true
            }
            Some((old, renamed)) if renamed || old != line => {
                self.update_job(name, Some(&line));
                true
            }
            Some(_) => false,
        }
    }

    fn remove_job(&mut self, name: &str) -> bool {
        let found = self.find_job(name, None).is_some();
        if found {
            self.update_job(name, None);
        }
        found
    }

    /// The line of a job: behind its name, else one that is the same as `job`, which then gets the name (true).
    fn find_job(&mut self, name: &str, job: Option<&str>) -> Option<(String, bool)> {
        let mut comment: Option<String> = None;
        for line in &self.lines {
            match comment.take() {
                Some(known) if known == name => return Some((line.clone(), false)),
                Some(_) => {}
                None if line.starts_with(MARK) => comment = Some(line.replace(MARK, "")),
                None => {}
            }
        }
        let job = job?;
        let own = format!("{MARK}{name}");
        for at in 0..self.lines.len() {
            if self.lines.get(at).is_none_or(|line| line != job) {
                continue;
            }
            // Before the first line stands the last one, as Python counts.
            let before = if at == 0 { self.lines.len() - 1 } else { at - 1 };
            let line = self.lines.get_mut(before)?;
            if !line.starts_with(MARK) {
                self.lines.insert(at, own);
                return Some((job.to_owned(), true));
            }
            if !name.is_empty() && *line == format!("{MARK}None") {
                *line = own;
                return Some((job.to_owned(), true));
            }
        }
        None
    }

    /// Puts a line behind each comment of a name, or removes both.
    fn update_job(&mut self, name: &str, job: Option<&str>) {
        let own = format!("{MARK}{name}");
        let mut kept = Vec::with_capacity(self.lines.len());
        let mut behind = false;
        for line in std::mem::take(&mut self.lines) {
            if std::mem::take(&mut behind) {
                kept.extend(job.into_iter().flat_map(|job| [own.clone(), job.to_owned()]));
            } else if line == own {
                behind = true;
            } else {
                kept.push(line);
            }
        }
        self.lines = kept;
    }

    fn change_variable(&mut self, call: &Call<'_>) -> Result<bool, Outcome> {
        let name = call.args.str("name");
        let found = self.find_variable(name)?;
        let wanted = format!("{name}=\"{}\"", call.args.str("job"));
        match (call.args.str("state") == "present", found) {
            (true, None) => {
                self.add_variable(call, wanted)?;
                Ok(true)
            }
            (true, Some(at)) if self.lines.get(at) == Some(&wanted) => Ok(false),
            (present, Some(_)) => {
                let pattern = variable(name)?;
                let mut kept = Vec::with_capacity(self.lines.len());
                for line in std::mem::take(&mut self.lines) {
                    match pattern.search(&line, 0).map_err(Outcome::crashed)? {
                        Some(_) if present => kept.push(wanted.clone()),
                        Some(_) => {}
                        None => kept.push(line),
                    }
                }
                self.lines = kept;
                Ok(true)
            }
            (false, None) => Ok(false),
        }
    }

    fn find_variable(&self, name: &str) -> Result<Option<usize>, Outcome> {
        let pattern = variable(name)?;
        for (at, line) in self.lines.iter().enumerate() {
            if pattern.search(line, 0).map_err(Outcome::crashed)?.is_some() {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    fn add_variable(&mut self, call: &Call<'_>, line: String) -> Result<(), Outcome> {
        let given = |name| call.args.opt_str(name).filter(|text| !text.is_empty());
        let (other, after) = match (given("insertafter"), given("insertbefore")) {
            (Some(other), _) => (other, 1),
            (None, Some(other)) => (other, 0),
            (None, None) => {
                self.lines.insert(0, line);
                return Ok(());
            }
        };
        let at = self.find_variable(other)?;
        let at = at.ok_or_else(|| Outcome::failed(format!("Variable named '{other}' not found.")))?;
        self.lines.insert(at + after, line);
        Ok(())
    }

    fn jobs(&self) -> Vec<String> {
        self.lines.iter().filter(|line| line.starts_with(MARK)).map(|line| line.replace(MARK, "")).collect()
    }

    fn variables(&self) -> Vec<String> {
        let names = self.lines.iter().filter_map(|line| line.split_once('=').map(|(name, _)| (name, line)));
        // The sign stands in the first word, though not at its start.
        let is_one = |line: &str| {
            let word = line.split(char::is_whitespace).next().unwrap_or("");
            word.char_indices().any(|(at, c)| at > 0 && c == '=')
        };
        names.filter(|(_, line)| is_one(line)).map(|(name, _)| name.to_owned()).collect()
    }
}

/// A line that sets a variable; its name is a pattern, as for the real one.
fn variable(name: &str) -> Result<Pattern, Outcome> {
    Pattern::anchored(&format!("^{name}="), Flags::default(), false).map_err(Outcome::crashed)
}

/// Whether `crontab` itself has put a line before the jobs.
fn is_note(line: &str) -> bool {
    let then = |rest: Option<&str>, word: &str| {
        rest.and_then(|rest| rest.split_once(word)).is_some_and(|(_, rest)| rest.contains(')'))
    };
    line.starts_with("# DO NOT EDIT THIS FILE - edit the master and reinstall")
        || then(line.strip_prefix("# (/tmp/"), "installed on")
        || then(line.strip_prefix("# ("), "version")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{checked, has, outcome};

    fn tab(text: &str) -> Crontab {
        Crontab { lines: text.lines().map(str::to_owned).collect(), ..Crontab::default() }
    }

    #[test]
    fn jobs_are_found_by_name_or_by_line() {
        let mut one = tab("A=1\n#Ansible: x\n* * * * * a\n* * * * * b\n");
        assert_eq!(one.find_job("x", None), Some(("* * * * * a".into(), false)));
        assert_eq!(one.find_job("y", None), None);
        assert_eq!(one.find_job("y", Some("* * * * * b")), Some(("* * * * * b".into(), true)));
        assert_eq!(one.render(), "A=1\n#Ansible: x\n* * * * * a\n#Ansible: y\n* * * * * b\n");
        one.update_job("x", Some("new"));
        assert!(one.remove_job("y") && !one.remove_job("y"));
        assert_eq!(one.render(), "A=1\n#Ansible: x\nnew\n");
        assert_eq!((one.jobs(), one.variables()), (vec!["x".to_owned()], vec!["A".to_owned()]));
        let mut unnamed = tab("#Ansible: None\njob\n");
        assert!(unnamed.find_job("z", Some("job")).is_some());
        assert_eq!(unnamed.render(), "#Ansible: z\njob\n");
    }

    #[test]
    fn notes_of_crontab() {
        assert!(is_note("# DO NOT EDIT THIS FILE - edit the master and reinstall."));
        assert!(is_note("# (/tmp/crontab.x/crontab installed on Mon Jan  1)"));
        assert!(is_note("# (Cron version -- $Id$)"));
        assert!(!is_note("# (Cron)") && !is_note("# a comment"));
    }

    #[test]
    fn files_of_jobs() {
        if crate::host::Env::default().find_program("crontab").is_none() {
            return;
        }
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("jobs");
        let text = || fs::read_to_string(&path).unwrap_or_else(|_| "(none)".into());
        let args = |rest: &str| format!(r#"{{"cron_file": "{}", "user": "root", {rest}}}"#, path.display());
        let add = args(r#""name": "x", "job": "true", "minute": 5"#);
        has(&checked("cron", &add), "changed", "True");
        assert_eq!(text(), "(none)");
        let out = outcome("cron", &add);
        has(&out, "changed", "True");
        has(&out, "jobs", "['x']");
        assert_eq!(text(), "#Ansible: x\n5 * * * * root true\n");
        has(&outcome("cron", &add), "changed", "False");
        has(&outcome("cron", &args(r#""name": "A", "env": true, "value": "1""#)), "envs", "['A']");
        assert_eq!(text(), "A=\"1\"\n#Ansible: x\n5 * * * * root true\n");
        let special = args(r#""name": "x", "job": "true", "special_time": "daily", "disabled": true"#);
        has(&outcome("cron", &special), "changed", "True");
        assert_eq!(text(), "A=\"1\"\n#Ansible: x\n#@daily root true\n");
        has(&outcome("cron", &args(r#""name": "A", "env": true, "state": "absent""#)), "changed", "True");
        has(&outcome("cron", &args(r#""name": "x", "state": "absent""#)), "changed", "True");
        assert_eq!(text(), "(none)");
    }

    #[test]
    fn what_is_refused() {
        if crate::host::Env::default().find_program("crontab").is_none() {
            return;
        }
        for (args, msg) in [
            (r#""cron_file": "/etc/crontab""#, "Will not manage /etc/crontab via cron_file, see documentation."),
            (r#""cron_file": "/x/y""#, "To use cron_file=... parameter you must specify user=... as well"),
            (r#""cron_file": "/x/y", "user": "x""#, "You must specify 'job' to install a new cron job or variable"),
            (
                r#""cron_file": "/x/y", "special_time": "daily", "hour": 1"#,
                "You cannot combine special_time with any of the time or day/date parameters.",
            ),
            (
                r#""cron_file": "/x/y", "user": "x", "job": "y", "insertafter": "z""#,
                "Insertafter and insertbefore parameters are valid only with env=yes",
            ),
        ] {
            let out = outcome("cron", &format!(r#"{{"name": "x y", {args}}}"#));
            has(&out, "msg", &crate::value::str_repr(msg));
        }
    }
}
