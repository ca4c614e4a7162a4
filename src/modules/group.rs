//! `group`: a group of the host is there, or is not, by the system's own tools.

use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, RequiredIf, Spec};
use crate::host::{Output, accounts};
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
    let output = match (call.args.str("state"), exists) {
        ("absent", false) => None,
        ("absent", true) if call.check() => return Ok(Outcome::changed(true)),
        ("absent", true) => Some(remove(call)?),
        (_, false) if call.check() => return Ok(Outcome::changed(true)),
        (_, false) => Some(add(call)?),
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
fn tool(call: &Call<'_>, name: &str) -> Result<Vec<String>, Outcome> {
    let name = if call.args.bool("local") { format!("l{name}") } else { name.to_owned() };
    Ok(vec![call.need_program(&name)?.to_string_lossy().into_owned()])
}

fn execute(call: &Call<'_>, mut argv: Vec<String>) -> Result<Output, Outcome> {
    argv.push(call.args.str("name").to_owned());
    call.command(&argv).run().map_err(|error| command::not_started(&argv, &error))
}

fn remove(call: &Call<'_>) -> Result<Output, Outcome> {
    let mut argv = tool(call, "groupdel")?;
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

fn add(call: &Call<'_>) -> Result<Output, Outcome> {
    refuse_taken_number(call)?;
    let mut argv = tool(call, "groupadd")?;
    if let Some(gid) = call.args.opt_int("gid") {
        number(call, &mut argv, gid);
    }
    if call.args.bool("system") {
        argv.push("-r".into());
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
    let mut argv = tool(call, "groupmod")?;
    let own = accounts::group_by_name(call.args.str("name")).map(|group| i64::from(group.gid));
    let Some(gid) = call.args.opt_int("gid").filter(|gid| own != Some(*gid)) else { return Ok(None) };
    number(call, &mut argv, gid);
    if call.check() {
        return Ok(Some(Output::default()));
    }
    execute(call, argv).map(Some)
}

/// The tools for local groups do not look themselves.
fn refuse_taken_number(call: &Call<'_>) -> Result<(), Outcome> {
    let Some(gid) = call.args.opt_int("gid").filter(|gid| *gid != 0 && call.args.bool("local")) else { return Ok(()) };
    let name = call.args.str("name");
    match accounts::groups().into_iter().find(|group| i64::from(group.gid) == gid && group.name != name) {
        Some(group) => Err(Outcome::failed(format!("GID '{gid}' already exists with group '{}'", group.name))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::{checked, has, outcome};

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
