//! `group`: a group of the host is there, or is not, by the system's own tools.

use super::setup::os_release::Release;
use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, RequiredIf, Spec};
use crate::host::{Output, Replace, accounts};
use crate::proto::Outcome;
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "group",
    doc: "Add or remove groups.",
    spec: &Spec {
        required_if: &[RequiredIf { arg: "non_unique", value: Default::Bool(true), needs: &["gid"], any: false }],
        ..Spec::new(&[
            Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["absent", "present"]),
            Arg::new("name", Kind::Str).required(),
            Arg::new("force", Kind::Bool).default(Default::Bool(false)),
            Arg::new("gid", Kind::Int),
            Arg::new("system", Kind::Bool).default(Default::Bool(false)),
            Arg::new("local", Kind::Bool).default(Default::Bool(false)),
            Arg::new("non_unique", Kind::Bool).default(Default::Bool(false)),
            Arg::new("gid_min", Kind::Int),
            Arg::new("gid_max", Kind::Int),
        ])
    },
    check: Support::Full,
    diff: Support::None,
    run,
};

/// Where the groups of the host itself stand.
const FILE: &str = "/etc/group";

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let local = call.args.bool("local");
    if call.args.bool("force") && local {
        return Err(Outcome::failed(
            "force is not a valid option for local, force=True and local=True are mutually exclusive",
        ));
    }
    for name in ["gid_min", "gid_max"] {
        if local && call.args.has(name) {
            return Err(Outcome::failed(format!("'{name}' can not be used with 'local'")));
        }
    }
    let name = call.args.str("name");
    let exists = exists(call)?;
    let busybox = matches!(Release::system().id().as_str(), "alpine" | "buildroot");
    let output = match (call.args.str("state"), exists) {
        ("absent", false) => None,
        ("absent", true) if call.check() => return Ok(Outcome::changed(true)),
        ("absent", true) if busybox => Some(execute(call, tool(call, "delgroup", false)?)?),
        ("absent", true) => Some(remove(call)?),
        (_, false) if call.check() => return Ok(Outcome::changed(true)),
        (_, false) => Some(add(call, busybox)?),
        (_, true) if busybox => renumber(call)?,
        (_, true) => modify(call)?,
    };
    if let Some(output) = output.as_ref().filter(|output| output.rc != 0) {
        return Err(Outcome::failed(output.err()).with("name", name));
    }
    let mut outcome = Outcome::changed(output.is_some()).with("name", name).with("state", call.args.str("state"));
    for (key, text) in output.iter().flat_map(|output| [("stdout", output.out()), ("stderr", output.err())]) {
        if !text.is_empty() {
            outcome.set(key, text);
        }
    }
    if self::exists(call)?
        && let Some(group) = accounts::group_by_name(name)
    {
        outcome.set("system", call.args.bool("system"));
        outcome.set("gid", group.gid);
    }
    Ok(outcome)
}

fn exists(call: &Call<'_>) -> Result<bool, Outcome> {
    let name = call.args.str("name");
    if !call.args.bool("local") {
        return Ok(accounts::group_by_name(name).is_some());
    }
    if !Path::new(FILE).exists() {
        return Err(Outcome::failed(format!(
            "'local: true' specified but unable to find local group file {FILE} to parse."
        )));
    }
    let bytes = super::edit::read(FILE)?;
    let start = format!("{name}:");
    Ok(bytes.split(|byte| *byte == b'\n').any(|line| line.starts_with(start.as_bytes())))
}

/// The start of a command line: the tool's path, in its variant for local groups where that is asked for.
fn tool(call: &Call<'_>, name: &str, has_local: bool) -> Result<Vec<String>, Outcome> {
    let name = if has_local && call.args.bool("local") { format!("l{name}") } else { name.to_owned() };
    Ok(vec![call.need_program(&name)?.to_string_lossy().into_owned()])
}

fn execute(call: &Call<'_>, mut argv: Vec<String>) -> Result<Output, Outcome> {
    argv.push(call.args.str("name").to_owned());
    call.command(&argv).run().map_err(|error| command::not_started(&argv, &error))
}

fn remove(call: &Call<'_>) -> Result<Output, Outcome> {
    let mut argv = tool(call, "groupdel", true)?;
    if call.args.bool("force") {
        argv.push("-f".into());
    }
    execute(call, argv)
}

fn number(call: &Call<'_>, argv: &mut Vec<String>, gid: i64) {
    argv.extend(["-g".into(), gid.to_string()]);
    if call.args.bool("non_unique") {
        argv.push("-o".into());
    }
}

fn add(call: &Call<'_>, busybox: bool) -> Result<Output, Outcome> {
    if !busybox {
        refuse_taken_number(call)?;
    }
    let mut argv = if busybox { tool(call, "addgroup", false)? } else { tool(call, "groupadd", true)? };
    match call.args.opt_int("gid") {
        Some(gid) if busybox => argv.extend(["-g".into(), gid.to_string()]),
        Some(gid) => number(call, &mut argv, gid),
        None => {}
    }
    if call.args.bool("system") {
        argv.push(if busybox { "-S" } else { "-r" }.into());
    }
    for (name, key) in [("gid_min", "GID_MIN"), ("gid_max", "GID_MAX")] {
        if let Some(bound) = call.args.opt_int(name) {
            argv.extend(["-K".into(), format!("{key}={bound}")]);
        }
    }
    execute(call, argv)
}

/// None where the group is as it should be.
fn modify(call: &Call<'_>) -> Result<Option<Output>, Outcome> {
    refuse_taken_number(call)?;
    let mut argv = tool(call, "groupmod", true)?;
    let own = accounts::group_by_name(call.args.str("name")).map(|group| i64::from(group.gid));
    let Some(gid) = call.args.opt_int("gid").filter(|gid| own != Some(*gid)) else { return Ok(None) };
    number(call, &mut argv, gid);
    if call.check() {
        return Ok(Some(Output::default()));
    }
    execute(call, argv).map(Some)
}

/// BusyBox has no tool that changes a group: its line in the file is written anew.
fn renumber(call: &Call<'_>) -> Result<Option<Output>, Outcome> {
    let Some(own) = accounts::group_by_name(call.args.str("name")) else { return Ok(None) };
    let Some(gid) = call.args.opt_int("gid").filter(|gid| *gid != i64::from(own.gid)) else { return Ok(None) };
    let bytes = super::edit::read(FILE)?;
    let text = String::from_utf8(bytes).map_err(|_| Outcome::failed(format!("{FILE} is not UTF-8")))?;
    if text.contains(&format!(":{gid}:")) {
        return Err(Outcome::failed(format!("gid '{gid}' in use")));
    }
    if !call.check() {
        let new = renumbered(&text, &own, gid);
        Replace::new(Path::new(FILE)).bytes(new.as_bytes())?;
    }
    Ok(Some(Output::default()))
}

fn renumbered(text: &str, own: &accounts::Group, gid: i64) -> String {
    let (start, new) = (format!("{}:x:{}:", own.name, own.gid), format!("{}:x:{gid}:", own.name));
    let lines = text.split_inclusive('\n').map(|line| match line.strip_prefix(&start) {
        Some(rest) => format!("{new}{rest}"),
        None => line.to_owned(),
    });
    lines.collect()
}

/// The tools for local groups do not look themselves.
fn refuse_taken_number(call: &Call<'_>) -> Result<(), Outcome> {
    let Some(gid) = call.args.opt_int("gid").filter(|gid| *gid != 0 && call.args.bool("local")) else { return Ok(()) };
    let name = call.args.str("name");
    match accounts::all_groups().into_iter().find(|group| i64::from(group.gid) == gid && group.name != name) {
        Some(group) => Err(Outcome::failed(format!("GID '{gid}' already exists with group '{}'", group.name))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn a_line_is_renumbered() {
        let own = accounts::Group { name: "b".into(), gid: 5, members: Vec::new() };
        assert_eq!(renumbered("ab:x:5:\nb:x:5:m\nc:x:6:\n", &own, 7), "ab:x:5:\nb:x:7:m\nc:x:6:\n");
    }

    #[test]
    fn what_needs_no_tool() {
        has(&checked("group", r#"{"name": "no-such-group"}"#), "changed", "True");
        has(&checked("group", r#"{"name": "root", "state": "absent"}"#), "changed", "True");
        let out = outcome("group", r#"{"name": "no-such-group", "state": "absent"}"#);
        has(&out, "changed", "False");
        has(&out, "state", "'absent'");
        let out = outcome("group", r#"{"name": "x", "local": true, "gid_min": 5}"#);
        has(&out, "msg", "\"'gid_min' can not be used with 'local'\"");
    }
}
