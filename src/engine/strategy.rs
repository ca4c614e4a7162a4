//! Which strategy a play asks for.
//!
//! rplay has `linear`. Mitogen's version of it, common in ansible.cfg, is the same with another way to
//! the hosts, and rplay has its own; every other strategy is refused by name before anything runs.

use super::shared::Shared;
use crate::diag::{Error, Result};
use crate::playbook::Play;
use crate::value::Value;
use crate::vars::PlainScope;

const LINEAR: [&str; 3] = ["linear", "ansible.builtin.linear", "ansible.legacy.linear"];
const MITOGEN: [&str; 2] = ["mitogen", "mitogen_linear"];
const LACKING: [&str; 6] =
    ["ansible.builtin.debug", "ansible.builtin.free", "ansible.builtin.host_pinned", "debug", "free", "host_pinned"];

/// Refuses plays whose strategy rplay lacks.
pub(super) fn check(shared: &Shared, plays: &[Play]) -> Result<()> {
    let default = shared.settings.text("DEFAULT_STRATEGY").unwrap_or("linear");
    for play in plays {
        let (name, origin) = match &play.strategy {
            Some(value) if !value.is_null() => (shown(shared, play, value)?, super::keywords::place(Some(value))),
            _ => (default.to_owned(), None),
        };
        if LINEAR.contains(&name.as_str()) {
            continue;
        }
        if MITOGEN.contains(&name.as_str()) {
            shared.warn(format!("The strategy '{name}' runs as 'linear': rplay has its own way to the hosts"));
            continue;
        }
        let error = if LACKING.contains(&name.as_str()) || name.contains('.') || name.starts_with("mitogen_") {
            Error::unsupported(format!("rplay has no strategy '{name}' yet; it has linear"))
        } else {
            Error::user(format!("Invalid play strategy specified: {name}"))
        };
        return Err(error.at(origin.or(play.origin.as_ref())));
    }
    Ok(())
}

/// The strategy's name, in which the play's and extra variables may stand.
fn shown(shared: &Shared, play: &Play, value: &Value) -> Result<String> {
    let scope = PlainScope { store: &shared.store, vars: &play.common().vars, paths: Vec::new() };
    Ok(shared.templar.render_value(value, &scope)?.unwrap_or_default().to_text())
}
