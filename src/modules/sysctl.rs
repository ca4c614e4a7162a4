//! `ansible.posix.sysctl`: a kernel setting in a file of sysctl's, and in the kernel itself.

use super::attributes::real_path;
use super::{Call, ModuleDef, Support, command, edit};
use crate::argspec::{Arg, Default, Kind, RequiredIf, Spec};
use crate::host::{Output, Replace, words};
use crate::proto::Outcome;
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "sysctl",
    doc: "Manage entries in sysctl.conf.",
    spec: &Spec {
        required_if: &[RequiredIf { arg: "state", value: Default::Str("present"), needs: &["value"], any: false }],
        ..Spec::new(&[
            Arg::new("name", Kind::Str).required().aliases(&["key"]),
            Arg::new("value", Kind::Str).aliases(&["val"]),
            Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["present", "absent"]),
            Arg::new("reload", Kind::Bool).default(Default::Bool(true)),
            Arg::new("sysctl_set", Kind::Bool).default(Default::Bool(false)),
            Arg::new("ignoreerrors", Kind::Bool).default(Default::Bool(false)),
            Arg::new("sysctl_file", Kind::Path).default(Default::Str("/etc/sysctl.conf")),
        ])
    },
    check: Support::Full,
    diff: Support::None,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let present = call.args.str("state") == "present";
    for (name, must) in [("name", true), ("value", present)] {
        if must && call.args.str(name).is_empty() {
            return Err(Outcome::failed(format!("{name} cannot be blank")));
        }
    }
    let program = call.need_program("sysctl")?.to_string_lossy().into_owned();
    let (name, value) = (call.args.str("name").trim().to_owned(), plain(call.args.str("value")));
    call.args.set("name", name.as_str());
    call.args.set("value", value.as_str());
    let now = current(call, &program, &name)?;
    let same = |now: &Option<String>| now.as_ref().is_some_and(|now| same_words(now, &value));
    let path = call.args.str("sysctl_file").to_owned();
    let text = match Path::new(&path).is_file() {
        true => String::from_utf8_lossy(&edit::read(&path)?).into_owned(),
        false => String::new(),
    };
    let reload = call.args.bool("reload");
    let (mut changed, write) = match (in_file(&text, &name), present) {
        (None, present) => (present, present),
        (Some(old), false) if !old.is_empty() => (true, true),
        (Some(old), _) if old != value => (true, true),
        (Some(_), _) => (reload && !same(&now), false),
    };
    let mut set = false;
    if call.args.bool("sysctl_set") && present && !same(&now) {
        changed = true;
        set = now.is_some();
    }
    if !call.check() {
        if set {
            set_value(call, &program, &name, &value)?;
        }
        if write {
            let fixed = fixed(&text, &name, present.then_some(value.as_str()));
            let real = real_path(&path);
            Replace::new(Path::new(&real)).bytes(fixed.as_bytes())?;
        }
        if changed && reload {
            load(call, &program, &path)?;
        }
    }
    Ok(Outcome::changed(changed))
}

/// A value as sysctl has it: words of truth are numbers.
fn plain(value: &str) -> String {
    match value.to_lowercase().as_str() {
        "y" | "yes" | "on" | "1" | "true" | "t" => "1".into(),
        "n" | "no" | "off" | "0" | "false" | "f" => "0".into(),
        _ => value.trim().to_owned(),
    }
}

fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}

/// The name and value of a line that sets something.
fn setting(line: &str) -> Option<(&str, &str)> {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['#', ';']) {
        return None;
    }
    line.split_once('=').map(|(name, value)| (name.trim(), value.trim()))
}

/// What the file says; its last line counts.
fn in_file(text: &str, name: &str) -> Option<String> {
    let found = text.lines().filter_map(setting).rfind(|(known, _)| *known == name);
    found.map(|(_, value)| value.to_owned())
}

/// The file with the value, or without the name for None. Of several lines with one name the first stays.
fn fixed(text: &str, name: &str, value: Option<&str>) -> String {
    let mut seen: Vec<&str> = Vec::new();
    let mut out = String::new();
    let mut push = |line: &str| {
        out.push_str(line);
        out.push('\n');
    };
    for line in text.lines() {
        let Some((key, old)) = setting(line) else {
            push(line.trim());
            continue;
        };
        if seen.contains(&key) {
            continue;
        }
        seen.push(key);
        match (key == name, value) {
            (true, None) => {}
            (true, Some(value)) => push(format!("{key}={value}").trim()),
            (false, _) => push(format!("{key}={old}").trim()),
        }
    }
    if let Some(value) = value.filter(|_| !seen.contains(&name)) {
        push(format!("{name}={value}").trim());
    }
    out
}

fn execute(call: &Call<'_>, argv: &[String]) -> Result<Output, Outcome> {
    let mut command = call.command(argv);
    for name in ["LANG", "LC_ALL", "LC_MESSAGES"] {
        command = command.var(name, "C");
    }
    command.run().map_err(|error| command::not_started(argv, &error))
}

/// The kernel's value; None where it has no such setting.
fn current(call: &Call<'_>, program: &str, name: &str) -> Result<Option<String>, Outcome> {
    let mut argv = vec![program.to_owned(), "-e".into(), "-n".into()];
    argv.extend(words::split(name).map_err(Outcome::crashed)?);
    let output = execute(call, &argv)?;
    Ok((output.rc == 0).then(|| output.out()))
}

fn set_value(call: &Call<'_>, program: &str, name: &str, value: &str) -> Result<(), Outcome> {
    let mut argv = vec![program.to_owned()];
    if call.args.bool("ignoreerrors") {
        argv.push("-e".into());
    }
    argv.extend(["-w".into(), format!("{name}={value}")]);
    let output = execute(call, &argv)?;
    if output.rc != 0 || refused(&output.err()) {
        return Err(Outcome::failed(format!("setting {name} failed: {}{}", output.out(), output.err())));
    }
    Ok(())
}

fn load(call: &Call<'_>, program: &str, path: &str) -> Result<(), Outcome> {
    let mut argv = vec![program.to_owned()];
    if call.args.bool("ignoreerrors") {
        argv.push("-e".into());
    }
    argv.extend(["-p".into(), path.to_owned()]);
    let output = execute(call, &argv)?;
    if output.rc != 0 || refused(&output.err()) {
        return Err(Outcome::failed(format!("Failed to reload sysctl: {}{}", output.out(), output.err())));
    }
    Ok(())
}

/// Whether sysctl complains though it ends well, as it does where the kernel refuses a value.
fn refused(err: &str) -> bool {
    err.lines().any(|line| {
        let named = line.strip_prefix("sysctl: setting key \"").and_then(|rest| rest.split_once('"'));
        named.is_some_and(|(key, why)| {
            !key.is_empty() && matches!(why, ": Invalid argument" | ": Read-only file system")
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{has, outcome};

    #[test]
    fn files() {
        let text = "# c\na.b = 1\n\na.c=2\na.b=3\nnonsense\n";
        assert_eq!(in_file(text, "a.b").as_deref(), Some("3"));
        assert_eq!(in_file(text, "a"), None);
        assert_eq!(fixed(text, "a.b", Some("9")), "# c\na.b=9\n\na.c=2\nnonsense\n");
        assert_eq!(fixed(text, "a.b", None), "# c\n\na.c=2\nnonsense\n");
        assert_eq!(fixed("a=1", "z", Some("4 5")), "a=1\nz=4 5\n");
    }

    #[test]
    fn values() {
        assert_eq!((plain("Yes"), plain("off"), plain(" 4 ")), ("1".into(), "0".into(), "4".into()));
        assert!(same_words("4\t5\n", "4 5") && !same_words("4", "4 5"));
        assert!(refused("x\nsysctl: setting key \"a.b\": Invalid argument\n"));
        assert!(!refused("sysctl: setting key \"a.b\": No such file\n"));
    }

    #[test]
    fn blanks_are_refused() {
        has(&outcome("sysctl", r#"{"name": "", "value": "1"}"#), "msg", "'name cannot be blank'");
        has(&outcome("sysctl", r#"{"name": "a", "value": ""}"#), "msg", "'value cannot be blank'");
    }

    #[test]
    fn a_setting_comes_and_goes() {
        if crate::host::Env::default().find_program("sysctl").is_none() {
            return;
        }
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("s.conf");
        let run = |rest: &str| {
            let path = path.display();
            outcome(
                "sysctl",
                &format!(r#"{{"name": "rplay.nosuch", "sysctl_file": "{path}", "reload": false, {rest}}}"#),
            )
        };
        has(&run(r#""value": "on""#), "changed", "True");
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "rplay.nosuch=1\n");
        has(&run(r#""value": "on""#), "changed", "False");
        has(&run(r#""state": "absent""#), "changed", "True");
        has(&run(r#""state": "absent""#), "changed", "False");
    }
}
