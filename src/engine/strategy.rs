//! Which strategy a play asks for.
//!
//! Mitogen's versions of them, common in ansible.cfg, are the same with another way to the hosts, and
//! rplay has its own; every other strategy is refused by name before anything runs.

use super::shared::Shared;
use crate::diag::{Error, Kind, Result};
use crate::playbook::Play;
use crate::value::Value;
use crate::vars::PlainScope;

/// In which order hosts go through a play.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strategy {
    /// Task by task, all hosts in step.
    Linear,
    /// Each host by itself.
    Free,
    /// Each host by itself, no more of them under way than there are forks.
    HostPinned,
}

const STRATEGIES: [(&str, Strategy); 3] =
    [("free", Strategy::Free), ("host_pinned", Strategy::HostPinned), ("linear", Strategy::Linear)];

impl Strategy {
    /// Its short name.
    pub fn name(self) -> &'static str {
        STRATEGIES.iter().find(|(_, strategy)| *strategy == self).map_or("linear", |(name, _)| *name)
    }

    /// The strategy of a play, the setting's where it names none.
    pub fn of(shared: &Shared, play: &Play) -> Result<Self> {
        let default = shared.settings.text("DEFAULT_STRATEGY").unwrap_or("linear");
        let (name, origin) = match &play.strategy {
            Some(value) if !value.is_null() => (shown(shared, play, value)?, super::keywords::place(Some(value))),
            _ => (default.to_owned(), None),
        };
        let short = ["ansible.builtin.", "ansible.legacy."].iter().find_map(|prefix| name.strip_prefix(prefix));
        if let Some(strategy) = named(short.unwrap_or(&name)) {
            return Ok(strategy);
        }
        // In step too, with the debugger after each failure.
        if short.unwrap_or(&name) == "debug" {
            return Ok(Self::Linear);
        }
        let of_mitogen = if name == "mitogen" { Some("linear") } else { name.strip_prefix("mitogen_") };
        if let Some(strategy) = of_mitogen.and_then(named) {
            let own = strategy.name();
            shared.warn(format!("The strategy '{name}' runs as '{own}': rplay has its own way to the hosts"));
            return Ok(strategy);
        }
        let error = if name.contains('.') || name.starts_with("mitogen_") {
            Error::unsupported(format!("rplay has no strategy '{name}' yet; it has free, host_pinned and linear"))
        } else {
            Error::user(format!("Invalid play strategy specified: {name}"))
        };
        Err(error.at(origin.or(play.origin.as_ref())))
    }
}

fn named(name: &str) -> Option<Strategy> {
    STRATEGIES.iter().find(|(own, _)| *own == name).map(|(_, strategy)| *strategy)
}

/// Refuses plays whose strategy rplay lacks; a template that cannot be rendered yet is the play's own matter.
pub(super) fn check(shared: &Shared, plays: &[Play]) -> Result<()> {
    plays.iter().try_for_each(|play| match Strategy::of(shared, play) {
        Err(error) if error.kind != Kind::Undefined => Err(error),
        _ => Ok(()),
    })
}

/// Whether a play's strategy is `debug`.
pub(super) fn debugs(shared: &Shared, play: &Play) -> bool {
    let name = match &play.strategy {
        Some(value) if !value.is_null() => shown(shared, play, value).unwrap_or_default(),
        _ => shared.settings.text("DEFAULT_STRATEGY").unwrap_or_default().to_owned(),
    };
    name.rsplit('.').next() == Some("debug")
}

/// The strategy's name, in which the play's and extra variables may stand.
fn shown(shared: &Shared, play: &Play, value: &Value) -> Result<String> {
    let scope = PlainScope { store: &shared.store, vars: &play.common().vars, paths: Vec::new() };
    Ok(shared.templar.render_value(value, &scope)?.unwrap_or_default().to_text())
}
