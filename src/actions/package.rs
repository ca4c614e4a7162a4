//! `package`: the module of the host's package manager.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::{Error, Result};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// `ansible.builtin.package`.
pub static ACTION: ActionDef = ActionDef {
    name: "package",
    fqcn: "ansible.builtin.package",
    doc: "Generic OS package manager.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

/// The modules of package managers that are, or once were, ansible-core's own, sorted: a collection's does not
/// stand for one of them.
static MANAGERS: &[&str] = &[
    "apk",
    "apt",
    "atomic_container",
    "dnf",
    "dnf5",
    "homebrew",
    "installp",
    "macports",
    "openbsd_pkg",
    "opkg",
    "pacman",
    "pkg5",
    "pkgin",
    "pkgng",
    "portage",
    "sorcery",
    "svr4pkg",
    "swdepot",
    "swupd",
    "urpmi",
    "xbps",
    "zypper",
];

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { package(call).await.map(Into::into) })
}

async fn package(call: &ActionCall<'_>) -> Result<Outcome> {
    let module = match call.args.get("use").map(Value::to_text) {
        Some(module) if module != "auto" => module,
        _ => detected(call).await?,
    };
    if module.is_empty() || module == "auto" {
        let text = "Could not detect which package manager to use. Try gathering facts or setting the \"use\" option.";
        return Err(Error::action(text));
    }
    if !call.remote.has_module(&module) {
        let text = format!("Could not find a matching action for the \"{module}\" package manager.");
        return Err(Error::action(text));
    }
    let name = if MANAGERS.contains(&module.as_str()) { format!("ansible.legacy.{module}") } else { module };
    call.remote.named(&name, without(&call.args, &["use"]), call.context.clone()).await
}

async fn detected(call: &ActionCall<'_>) -> Result<String> {
    let wanted = if call.delegated.is_some() { None } else { call.variable("ansible_package_use") };
    if let Some(wanted) = wanted.filter(Value::truthy) {
        return Ok(wanted.to_text());
    }
    if let Some(known) = fact(call, "pkg_mgr") {
        return Ok(known);
    }
    match asked(call, "ansible_pkg_mgr", "package").await? {
        Some(found) => Ok(found),
        None => Err(Error::action("Could not detect a package manager. Try using the \"use\" option.")),
    }
}

/// A fact of the task's host, or of the one that it is delegated to, where it is known.
pub(super) fn fact(call: &ActionCall<'_>, name: &str) -> Option<String> {
    let facts = match call.delegated {
        Some(host) => call.variable("hostvars")?.get(host)?.get("ansible_facts").cloned(),
        None => call.variable("ansible_facts"),
    };
    facts?.get(name).filter(|value| value.truthy()).map(Value::to_text)
}

/// A fact that the host is asked for now.
pub(super) async fn asked(call: &ActionCall<'_>, fact: &str, action: &str) -> Result<Option<String>> {
    let args = Dict::from([("filter", Value::from(fact)), ("gather_subset", Value::from("!all"))]);
    let outcome = call.module("setup", args, None).await?;
    if outcome.is_failed() {
        let said = outcome.get("msg").map(Value::to_text).unwrap_or_default();
        return Err(Error::action(format!("Failed to fetch {fact} to determine the {action} action backend: {said}")));
    }
    Ok(outcome.get("ansible_facts").and_then(|facts| facts.get(fact)).map(Value::to_text))
}

/// Arguments without some of them.
pub(super) fn without(args: &Dict, names: &[&str]) -> Dict {
    args.iter()
        .filter(|(name, _)| !name.as_str().is_some_and(|name| names.contains(&name)))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers_are_sorted() {
        assert!(MANAGERS.is_sorted());
    }
}
