//! Settings that rplay does not follow: refused where ignoring one would change what a run does, and
//! warned of by name otherwise.

use super::shared::Shared;
use crate::diag::{Error, Result};

/// Refuses or warns of settings that ask for what rplay lacks.
pub(super) fn check(shared: &Shared) -> Result<()> {
    let settings = &shared.settings;
    if settings.text("DEFAULT_HASH_BEHAVIOUR") == Some("merge") {
        return Err(Error::unsupported("rplay has no hash_behaviour = merge yet; it has replace"));
    }
    let ignored = [
        ("RETRY_FILES_ENABLED", "retry_files_enabled"),
        ("DEFAULT_KEEP_REMOTE_FILES", "keep_remote_files"),
        ("DEFAULT_DEBUG", "debug"),
    ];
    for (setting, name) in ignored {
        if settings.is_set(setting) && settings.flag(setting) {
            shared.warn(format!("rplay ignores the setting {name}"));
        }
    }
    Ok(())
}
