//! Settings that rplay does not follow: they are warned of by name.

use super::shared::Shared;
use crate::config::Settings;

/// Settings that ask for what rplay lacks where they are not at their default, with their names in ansible.cfg.
///
/// Left out are those that say how ansible-core does what rplay does otherwise: temporary files for a become user, how
/// files are copied, where the sockets of ssh are.
pub static LACKING_SETTINGS: &[(&str, &str)] = &[
    ("DEFAULT_LOG_FILTER", "log_filter"),
    ("INVALID_TASK_ATTRIBUTE_FAILED", "invalid_task_attribute_failed"),
    ("PLAYBOOK_VARS_ROOT", "playbook_vars_root"),
    ("RUN_VARS_PLUGINS", "run_vars_plugins"),
    ("SSH_AGENT", "ssh_agent"),
    ("host_group_vars.stage", "stage"),
    ("ssh.password_mechanism", "password_mechanism"),
    ("ssh.pkcs11_provider", "pkcs11_provider"),
    ("ssh.private_key_passphrase", "private_key_passphrase"),
    ("ssh.use_tty", "usetty"),
];

/// Warns of settings that ask for what rplay lacks.
pub(super) fn check(shared: &Shared) {
    let (settings, unset) = (&shared.settings, Settings::default());
    for (setting, name) in LACKING_SETTINGS {
        let changed = settings.get(setting) != unset.get(setting) && settings.get(setting).truthy() != is_off(setting);
        if settings.is_set(setting) && changed {
            shared.warn(format!("rplay ignores the setting {name}"));
        }
    }
    for plugin in settings.list("VARIABLE_PLUGINS_ENABLED") {
        if !["", "host_group_vars", "ansible.builtin.host_group_vars"].contains(&plugin) {
            shared.warn(format!("rplay has no vars plugin '{plugin}'; it has host_group_vars"));
        }
    }
}

/// Whether a setting asks for something where it is off, not where it is on.
fn is_off(setting: &str) -> bool {
    ["INVALID_TASK_ATTRIBUTE_FAILED", "ssh.use_tty"].contains(&setting)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_one_is_a_setting() {
        let settings = Settings::default();
        for (name, _) in LACKING_SETTINGS {
            assert!(settings.has(name), "{name}");
            assert_eq!(settings.flag(name), is_off(name) || settings.text(name).is_some_and(|text| !text.is_empty()));
        }
    }
}
