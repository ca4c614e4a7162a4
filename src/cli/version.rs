//! What `--version` prints: the form that tools around Ansible read, then rplay's own version.

use crate::config::{Config, Surroundings};
use crate::vars::ANSIBLE_VERSION;

/// The text of `--version`.
pub(super) fn text(name: &str, config: &Config) -> String {
    let file = config.file.as_deref().unwrap_or("None");
    let paths = |setting: &str| {
        let items: Vec<String> = config.settings.list(setting).iter().map(|path| format!("'{path}'")).collect();
        format!("[{}]", items.join(", "))
    };
    let executable = Surroundings::executable().unwrap_or_else(|| "unknown".into());
    let collections = config.settings.list("COLLECTIONS_PATHS").join(":");
    format!(
        "{name} [core {ANSIBLE_VERSION}]\n  rplay version = {}\n  config file = {file}\n  configured module search path = {}\n  ansible collection location = {collections}\n  executable location = {executable}\n  python version = none is needed",
        env!("CARGO_PKG_VERSION"),
        paths("DEFAULT_MODULE_PATH"),
    )
}
