//! Settings that rplay does not follow: they are warned of by name.

use super::shared::Shared;

/// Warns of settings that ask for what rplay lacks.
pub(super) fn check(shared: &Shared) {
    let settings = &shared.settings;
    if settings.is_set("RETRY_FILES_ENABLED") && settings.flag("RETRY_FILES_ENABLED") {
        shared.warn("rplay ignores the setting retry_files_enabled");
    }
}
