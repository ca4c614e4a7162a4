//! `python`: the interpreter that Ansible would choose, asked for its version; nothing where there is none.

use super::Host;
use crate::value::{Dict, Value, parse_json};

/// The interpreters in the order in which Ansible looks for one.
const NAMES: &[&str] = &[
    "python3.13",
    "python3.12",
    "python3.11",
    "python3.10",
    "python3.9",
    "python3.8",
    "/usr/bin/python3",
    "python3",
];

const SCRIPT: &str = "import sys, json, importlib.util as u
i = list(sys.version_info)
v = dict(major=i[0], minor=i[1], micro=i[2], releaselevel=i[3], serial=i[4])
s = '_ssl' in sys.builtin_module_names or u.find_spec('_ssl') is not None
print(json.dumps(dict(version=v, version_info=i, executable=sys.executable, has_sslcontext=s, \
type=sys.implementation.name)))";

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    match NAMES.iter().find_map(|name| asked(host, name)) {
        Some(python) => Dict::from([("python", python)]),
        None => Dict::new(),
    }
}

fn asked(host: &Host<'_>, name: &str) -> Option<Dict> {
    let out = host.output(name, &["-I", "-S", "-c", SCRIPT])?;
    parse_json(&out).ok()?.as_dict().cloned()
}

/// The version out of the facts: `3.11.2`.
pub fn version(facts: &Dict) -> Option<String> {
    let version = facts.get("python")?.get("version")?;
    let part = |name: &str| version.get(name).map(Value::to_text);
    Some(format!("{}.{}.{}", part("major")?, part("minor")?, part("micro")?))
}
