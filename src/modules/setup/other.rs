//! `facter_*` and `ohai_*`: facts of other tools, where they are installed.

use super::Host;
use crate::value::{Dict, Value, parse_json};

/// Puppet's facts.
pub fn facter(host: &Host<'_>) -> Dict {
    let out = host.output("facter", &["--puppet", "--json"]).or_else(|| host.output("facter", &["--json"]));
    dict(out)
}

/// Chef's facts.
pub fn ohai(host: &Host<'_>) -> Dict {
    dict(host.output("ohai", &[]))
}

fn dict(out: Option<String>) -> Dict {
    match out.map(|text| parse_json(&text)) {
        Some(Ok(Value::Dict(dict))) => dict,
        _ => Dict::new(),
    }
}
