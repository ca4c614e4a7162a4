//! `setup`: facts about the host.
//!
//! Keys and types are those of ansible-core's collectors on Linux. What can be read from /proc, /sys, /etc
//! or the kernel is read; a program runs only where it alone knows the answer. Collectors that may
//! block run beside each other. Python is looked at if there is one, never needed.

mod caps;
mod cmdline;
mod date_time;
mod devices;
mod distribution;
mod dmi;
mod dns;
mod env;
mod hardware;
mod local;
mod lsb;
mod lvm;
mod mounts;
mod netlink;
mod network;
pub(super) mod os_release;
mod other;
mod pkg_mgr;
mod platform;
mod processor;
mod python;
mod read;
mod security;
mod service_mgr;
mod ssh_keys;
mod storage_names;
mod subsets;
mod user;
mod virtualization;

use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Env, glob};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "setup",
    doc: "Gathers facts about remote hosts.",
    spec: &Spec::new(&[
        Arg::new("gather_subset", Kind::List).elements(Kind::Str).default(Default::List(&["all"])),
        Arg::new("gather_timeout", Kind::Int).default(Default::Int(10)),
        Arg::new("filter", Kind::List).elements(Kind::Str).default(Default::List(&[])),
        Arg::new("fact_path", Kind::Path).default(Default::Str("/etc/ansible/facts.d")),
    ]),
    check: Support::Full,
    diff: Support::None,
    run,
};

/// What a collector may use.
#[derive(Debug)]
pub struct Host<'a> {
    env: &'a Env,
    fact_path: &'a str,
    timeout: Duration,
    warnings: Mutex<Vec<String>>,
    /// What the interpreter said, which two collectors need.
    python: OnceLock<Option<Dict>>,
    /// The interpreter that the inventory names, if it does.
    interpreter: Option<&'a str>,
}

impl<'a> Host<'a> {
    /// A host that nobody has asked anything yet.
    fn asking(env: &'a Env, fact_path: &'a str, timeout: Duration) -> Self {
        Self { env, fact_path, timeout, warnings: Mutex::default(), python: OnceLock::new(), interpreter: None }
    }
}

impl Host<'_> {
    /// Adds a warning to the result.
    fn warn(&self, text: String) {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
    }

    /// What a program prints; None where it is missing or fails.
    fn output(&self, name: &str, args: &[&str]) -> Option<String> {
        let program = self.env.find_program(name)?;
        let argv = std::iter::once(program.as_os_str()).chain(args.iter().map(std::ffi::OsStr::new));
        let mut command = crate::host::Command::new(self.env, argv).var("LANG", "C").var("LC_ALL", "C");
        command.timeout = Some(self.timeout);
        command.run().ok().filter(|output| output.rc == 0).map(|output| output.out())
    }
}

/// What Python's `socket.getfqdn` says of this host.
pub(super) fn fqdn(env: &Env) -> String {
    let node = rustix::system::uname().nodename().to_string_lossy().into_owned();
    platform::fqdn(&Host::asking(env, "", Duration::from_secs(10)), &node)
}

/// Whether systemd has started this host.
pub(super) fn is_systemd(env: &Env) -> bool {
    service_mgr::is_systemd(&Host::asking(env, "", Duration::from_secs(10)))
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let asked =
        call.args.opt_list("gather_subset").filter(|list| !list.is_empty()).unwrap_or_else(|| vec!["all".into()]);
    let collectors = subsets::select(&asked).map_err(Outcome::failed)?;
    let seconds = u64::try_from(call.args.int("gather_timeout")).ok().filter(|s| *s > 0).unwrap_or(10);
    let fact_path = call.args.str("fact_path").to_owned();
    let mut host = Host::asking(&call.env, &fact_path, Duration::from_secs(seconds));
    host.interpreter = call.context.python.as_deref();
    let mut facts = gather(&host, &collectors);
    facts.insert("gather_subset", Value::list(asked.into_iter().map(Value::from)));
    facts.insert("module_setup", true);
    let filter = call.args.opt_list("filter").unwrap_or_default();
    let facts = filtered(facts, &filter);
    call.warnings.extend(host.warnings.into_inner().unwrap_or_else(PoisonError::into_inner));
    Ok(Outcome::default().with("ansible_facts", facts))
}

/// Runs the collectors, those that may block on threads of their own.
fn gather(host: &Host<'_>, collectors: &[&'static subsets::Collector]) -> Dict {
    std::thread::scope(|scope| {
        let slow: Vec<_> = collectors
            .iter()
            .map(|c| {
                c.blocks.then(|| std::thread::Builder::new().spawn_scoped(scope, || (c.collect)(host)).ok()).flatten()
            })
            .collect();
        let mut facts = Dict::new();
        for (collector, thread) in collectors.iter().zip(slow) {
            // A thread that could not start costs time, not facts.
            let found = thread.map_or_else(|| (collector.collect)(host), |thread| thread.join().unwrap_or_default());
            for (key, value) in &found {
                facts.insert(format!("{}{}", collector.prefix, key.to_text().replace('-', "_")), value.clone());
            }
        }
        facts
    })
}

/// The facts whose names fit a pattern, with or without `ansible_` before it.
fn filtered(facts: Dict, patterns: &[String]) -> Dict {
    if patterns.is_empty() || patterns == ["*"] {
        return facts;
    }
    let fits = |name: &str| {
        patterns.iter().any(|pattern| {
            let own = ["ansible_", "facter", "ohai"].iter().any(|start| pattern.starts_with(start));
            pattern.is_empty()
                || glob::matches(pattern, name)
                || (!own && glob::matches(&format!("ansible_{pattern}"), name))
        })
    };
    facts.iter().filter(|(key, _)| key.as_str().is_some_and(fits)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::outcome;
    use crate::value::{Value, repr};

    #[track_caller]
    fn keys(json: &str) -> String {
        let outcome = outcome("setup", json);
        let facts = outcome.get("ansible_facts").and_then(Value::as_dict).unwrap();
        repr(&Value::list(facts.keys().cloned()))
    }

    #[test]
    fn filters_and_subsets() {
        assert_eq!(keys(r#"{"gather_subset": "!all,!min"}"#), "['gather_subset', 'module_setup']");
        assert_eq!(keys(r#"{"gather_subset": "!all", "filter": "fips"}"#), "['ansible_fips']");
        assert_eq!(keys(r#"{"gather_subset": "!all", "filter": "ansible_fip*"}"#), "['ansible_fips']");
        assert_eq!(keys(r#"{"gather_subset": "!all", "filter": "nope"}"#), "[]");
    }

    #[test]
    fn an_unknown_subset_fails() {
        assert!(outcome("setup", r#"{"gather_subset": "nope"}"#).is_failed());
    }
}
