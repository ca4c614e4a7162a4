//! Settings that rplay does not follow: they are warned of by name.

use super::shared::Shared;

/// Warns of settings that ask for what rplay lacks.
pub(super) fn check(shared: &Shared) {
    let settings = &shared.settings;
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
}
