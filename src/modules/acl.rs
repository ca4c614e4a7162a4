//! `ansible.posix.acl`: access control lists of files, by `getfacl` and `setfacl` or those of NFSv4.

use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::proto::Outcome;
use crate::value::Value;
use std::path::Path;

const FALSE: Default = Default::Bool(false);

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "acl",
    doc: "Set and retrieve file ACL information.",
    spec: &Spec::new(&[
        Arg::new("path", Kind::Path).required().aliases(&["name"]),
        Arg::new("entry", Kind::Str),
        Arg::new("entity", Kind::Str).default(Default::Str("")),
        Arg::new("etype", Kind::Str).choices(&["group", "mask", "other", "user"]),
        Arg::new("permissions", Kind::Str),
        Arg::new("state", Kind::Str).default(Default::Str("query")).choices(&["absent", "present", "query"]),
        Arg::new("follow", Kind::Bool).default(Default::Bool(true)),
        Arg::new("default", Kind::Bool).default(FALSE),
        Arg::new("recursive", Kind::Bool).default(FALSE).aliases(&["recurse"]),
        Arg::new("recalculate_mask", Kind::Str)
            .default(Default::Str("default"))
            .choices(&["default", "mask", "no_mask"]),
        Arg::new("use_nfsv4_acls", Kind::Bool).default(FALSE),
    ]),
    check: Support::Full,
    diff: Support::None,
    run,
};

/// One entry of a list.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    kind: String,
    entity: String,
    permissions: Option<String>,
    default: bool,
}

impl Entry {
    /// From the arguments of the parts, or from the one of the whole.
    fn of(call: &Call<'_>) -> Result<Self, Outcome> {
        let args = &call.args;
        let text = args.str("entry");
        if !text.is_empty() {
            return Self::read(text, args.bool("default"));
        }
        Ok(Self {
            kind: args.str("etype").to_owned(),
            entity: args.str("entity").to_owned(),
            permissions: args.opt_str("permissions").map(str::to_owned),
            default: args.bool("default"),
        })
    }

    /// `[d[efault]:]etype:entity[:permissions]`
    fn read(text: &str, default: bool) -> Result<Self, Outcome> {
        let mut parts: Vec<&str> = text.split(':').collect();
        let own_default = text.starts_with(['d', 'D']);
        if own_default {
            parts.remove(0);
        }
        let (kind, entity, permissions) = match parts.as_slice() {
            [kind, entity] => (kind.to_lowercase(), *entity, None),
            [kind, entity, permissions] => (kind.to_lowercase(), *entity, Some((*permissions).to_owned())),
            [..] if parts.len() > 3 => {
                return Err(Outcome::crashed("too many values to unpack (expected 3)"));
            }
            _ => {
                let got = parts.len();
                return Err(Outcome::crashed(format!("not enough values to unpack (expected 3, got {got})")));
            }
        };
        let kind = ["user", "group", "mask", "other"].into_iter().find(|name| kind.starts_with(&name[..1]));
        let kind = kind.ok_or_else(|| Outcome::crashed("unsupported operand type(s) for +: 'NoneType' and 'str'"))?;
        Ok(Self { kind: kind.into(), entity: entity.into(), permissions, default: default || own_default })
    }

    /// As setfacl takes it.
    fn text(&self, call: &Call<'_>, with_permissions: bool) -> Result<String, Outcome> {
        if call.args.bool("use_nfsv4_acls") {
            let group = if self.kind == "group" { "g" } else { "" };
            let permissions = self
                .permissions
                .as_ref()
                .ok_or_else(|| Outcome::crashed("unsupported operand type(s) for +: 'NoneType' and 'str'"))?;
            return Ok(format!("A:{group}:{}:{permissions}tcy", self.entity));
        }
        Ok(match self.permissions.as_ref().filter(|text| with_permissions && !text.is_empty()) {
            Some(permissions) => format!("{}:{}:{permissions}", self.kind, self.entity),
            None => format!("{}:{}", self.kind, self.entity),
        })
    }
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    refuse(call).map_err(Outcome::failed)?;
    let state = call.args.str("state");
    let (changed, msg, default) = if state == "query" {
        (false, "current acl".to_owned(), call.args.bool("default"))
    } else {
        let entry = Entry::of(call)?;
        let present = state == "present";
        let text = entry.text(call, present)?;
        let argv = command(call, if present { Mode::Set(&text) } else { Mode::Remove(&text) }, entry.default)?;
        let changed = would_change(call, &argv, &text)?;
        if changed && !call.check() {
            list(call, &argv, present)?;
        }
        (changed, format!("{text} is {state}"), entry.default)
    };
    let acl = list(call, &command(call, Mode::Get, default)?, true)?;
    let acl = Value::list(acl.into_iter().map(Value::from));
    Ok(Outcome::changed(changed).with("msg", msg).with("acl", acl))
}

/// What does not go together.
fn refuse(call: &Call<'_>) -> Result<(), String> {
    let args = &call.args;
    let (state, entry) = (args.str("state"), args.str("entry"));
    let given = |name: &str| !args.str(name).is_empty();
    if !Path::new(args.str("path")).exists() {
        return Err("Path not found or not accessible.".into());
    }
    if state == "query" {
        if args.bool("recursive") {
            return Err("'recursive' MUST NOT be set when 'state=query'.".into());
        }
        if args.str("recalculate_mask") != "default" {
            return Err("'recalculate_mask' MUST NOT be set to 'mask' or 'no_mask' when 'state=query'.".into());
        }
    }
    if entry.is_empty() {
        if state == "absent" && given("permissions") && !args.bool("use_nfsv4_acls") {
            return Err("'permissions' MUST NOT be set when 'state=absent'.".into());
        }
        if state == "absent" && !given("entity") {
            return Err("'entity' MUST be set when 'state=absent'.".into());
        }
        if state != "query" && !given("etype") {
            return Err(format!("'etype' MUST be set when 'state={state}'."));
        }
        return Ok(());
    }
    if given("etype") || given("entity") || given("permissions") {
        return Err("'entry' MUST NOT be set when 'entity', 'etype' or 'permissions' are set.".into());
    }
    match (state, entry.matches(':').count()) {
        ("present", 2 | 3) | ("absent", 1 | 2) => Ok(()),
        ("present", _) => Err("'entry' MUST have 3 or 4 sections divided by ':' when 'state=present'.".into()),
        ("absent", _) => Err("'entry' MUST have 2 or 3 sections divided by ':' when 'state=absent'.".into()),
        _ => Err("'entry' MUST NOT be set when 'state=query'.".into()),
    }
}

enum Mode<'a> {
    Set(&'a str),
    Remove(&'a str),
    Get,
}

/// The command line that sets, removes or gets.
fn command(call: &Call<'_>, mode: Mode<'_>, default: bool) -> Result<Vec<String>, Outcome> {
    let nfs = call.args.bool("use_nfsv4_acls");
    let tool = |name: &str| {
        let name = if nfs { format!("nfs4_{name}") } else { name.to_owned() };
        Ok::<_, Outcome>(call.need_program(&name)?.to_string_lossy().into_owned())
    };
    let changes = !matches!(mode, Mode::Get);
    let mut argv = match mode {
        Mode::Set(entry) => vec![tool("setfacl")?, if nfs { "-a" } else { "-m" }.into(), entry.to_owned()],
        Mode::Remove(entry) => vec![tool("setfacl")?, "-x".into(), entry.to_owned()],
        Mode::Get => {
            let mut argv = vec![tool("getfacl")?];
            if !nfs {
                argv.push("--absolute-names".into());
            }
            argv.push("--omit-header".into());
            argv
        }
    };
    if call.args.bool("recursive") && !nfs {
        argv.push("--recursive".into());
    }
    match call.args.str("recalculate_mask") {
        "mask" if changes => argv.push("--mask".into()),
        "no_mask" if changes => argv.push("--no-mask".into()),
        _ => {}
    }
    if !call.args.bool("follow") && !nfs {
        argv.push("--physical".into());
    }
    if default {
        argv.insert(1, "-d".into());
    }
    argv.push(call.args.str("path").to_owned());
    Ok(argv)
}

/// Asks the tool itself: its test marks a list that stays with `*,*`.
fn would_change(call: &Call<'_>, argv: &[String], entry: &str) -> Result<bool, Outcome> {
    let mut argv = argv.to_vec();
    argv.insert(1, "--test".into());
    let lines = list(call, &argv, true)?;
    if call.args.bool("use_nfsv4_acls") {
        // The new entry comes before those that are there, so one that was there is seen twice.
        return Ok(lines.iter().filter(|line| *line == entry).count() != 2);
    }
    Ok(!lines.iter().any(|line| line.ends_with("*,*")))
}

/// What a tool prints, without comments and without an empty last line.
fn list(call: &Call<'_>, argv: &[String], must_succeed: bool) -> Result<Vec<String>, Outcome> {
    let output = call.command(argv).run().map_err(|error| command::not_started(argv, &error))?;
    if must_succeed && output.rc != 0 {
        return Err(command::refused(argv, &output));
    }
    let out = output.out();
    let mut lines: Vec<String> =
        out.lines().filter(|line| !line.starts_with('#')).map(|line| line.trim().to_owned()).collect();
    if lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::Entry;
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn entries() {
        let entry = Entry::read("Default:u:bob:rw-", false).expect("read");
        let want = Entry { kind: "user".into(), entity: "bob".into(), permissions: Some("rw-".into()), default: true };
        assert_eq!(entry, want);
        assert!(!Entry::read("g:", false).expect("read").default);
        assert!(Entry::read("x:bob", false).is_err());
        assert!(Entry::read("u", false).is_err());
    }

    #[test]
    fn what_is_refused() {
        for (args, msg) in [
            (r#""path": "/nosuch""#, "Path not found or not accessible."),
            (r#""path": "/", "recursive": true"#, "'recursive' MUST NOT be set when 'state=query'."),
            (r#""path": "/", "state": "absent""#, "'entity' MUST be set when 'state=absent'."),
            (r#""path": "/", "state": "present""#, "'etype' MUST be set when 'state=present'."),
            (r#""path": "/", "state": "absent", "entity": "x""#, "'etype' MUST be set when 'state=absent'."),
            (
                r#""path": "/", "state": "present", "entry": "u""#,
                "'entry' MUST have 3 or 4 sections divided by ':' when 'state=present'.",
            ),
        ] {
            has(&outcome("acl", &format!("{{{args}}}")), "msg", &crate::value::str_repr(msg));
        }
    }

    #[test]
    fn entries_come_and_go() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("f");
        std::fs::write(&path, "x").expect("write");
        let env = crate::host::Env::default();
        let argv = ["setfacl".as_ref(), "-m".as_ref(), "u:0:r".as_ref(), path.as_os_str()];
        // Not every machine has the tool, nor every filesystem the lists.
        if !crate::host::Command::new(&env, argv).run().is_ok_and(|output| output.rc == 0) {
            return;
        }
        let run = |run: fn(&str, &str) -> crate::proto::Outcome, rest: &str| {
            run("acl", &format!(r#"{{"path": "{}", {rest}}}"#, path.display()))
        };
        let add = r#""etype": "user", "entity": "1", "permissions": "rx", "state": "present""#;
        has(&run(checked, add), "changed", "True");
        let out = run(outcome, add);
        has(&out, "changed", "True");
        has(&out, "msg", "'user:1:rx is present'");
        has(&run(outcome, add), "changed", "False");
        let remove = r#""entry": "u:1", "state": "absent""#;
        has(&run(outcome, remove), "changed", "True");
        has(&run(outcome, remove), "changed", "False");
    }
}
