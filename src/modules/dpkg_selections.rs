//! `dpkg_selections`: what dpkg is to do with a package: install, hold, deinstall, purge.

use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Kind, Spec};
use crate::host::{Output, locale};
use crate::proto::Outcome;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "dpkg_selections",
    doc: "Dpkg package selection selections.",
    spec: &Spec::new(&[
        Arg::new("name", Kind::Str).required(),
        Arg::new("selection", Kind::Str).required().choices(&["install", "hold", "deinstall", "purge"]),
    ]),
    check: Support::Full,
    diff: Support::Full,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let (name, wanted) = (call.args.str("name"), call.args.str("selection"));
    let dpkg = call.need_program("dpkg")?.to_string_lossy().into_owned();
    let output = execute(call, &[dpkg.clone(), "--get-selections".into(), name.to_owned()], None)?;
    if output.err().contains("no packages found matching") {
        return Err(Outcome::failed(format!("Failed to find package '{name}' to perform selection '{wanted}'.")));
    }
    let out = output.out();
    let current = match out.is_empty() {
        true => "not present",
        false => out.split_whitespace().nth(1).ok_or_else(|| Outcome::crashed("list index out of range"))?,
    };
    let changed = current != wanted;
    if changed && !call.check() {
        execute(call, &[dpkg, "--set-selections".into()], Some(format!("{name} {wanted}\n")))?;
    }
    Ok(Outcome::changed(changed).with("before", current).with("after", wanted))
}

/// Runs dpkg in a locale whose messages can be read; its failure is the task's.
fn execute(call: &Call<'_>, argv: &[String], stdin: Option<String>) -> Result<Output, Outcome> {
    let locale = locale::parsable(&call.env);
    let mut command = call.command(argv).stdin(stdin.map(String::into_bytes));
    for name in ["LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANGUAGE"] {
        command = command.var(name, locale);
    }
    let output = command.run().map_err(|error| command::not_started(argv, &error))?;
    if output.rc == 0 {
        return Ok(output);
    }
    Err(command::refused(argv, &output))
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn packages_that_are_there_or_not() {
        if crate::host::Env::default().find_program("dpkg").is_none() {
            return;
        }
        let out = outcome("dpkg_selections", r#"{"name": "dpkg", "selection": "install"}"#);
        has(&out, "changed", "False");
        has(&out, "before", "'install'");
        let out = checked("dpkg_selections", r#"{"name": "dpkg", "selection": "hold"}"#);
        has(&out, "changed", "True");
        let out = outcome("dpkg_selections", r#"{"name": "no-such-package", "selection": "hold"}"#);
        has(&out, "msg", "\"Failed to find package 'no-such-package' to perform selection 'hold'.\"");
    }
}
