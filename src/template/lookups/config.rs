//! The lookup `config`: settings of ansible-core and of plugins, with variables above them.

use super::support::{Call, Found, sourced};
use crate::template::filters::support::class_of;
use crate::template::plugins::short_name;
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::{Value, str_repr};

/// The kinds of plugin that have settings.
const KINDS: [&str; 11] = [
    "become",
    "cache",
    "callback",
    "cliconf",
    "connection",
    "httpapi",
    "inventory",
    "lookup",
    "netconf",
    "shell",
    "vars",
];

/// Settings that variables win over, by the name in the table of settings; the first that is set counts.
///
/// The last of a plugin's variables wins with the real one, so they stand in that order.
const VARIABLES: &[(&str, &[&str])] = &[
    ("DEFAULT_MODULE_COMPRESSION", &["ansible_module_compression"]),
    ("DEFAULT_NO_TARGET_SYSLOG", &["ansible_no_target_syslog"]),
    ("DEPRECATION_WARNINGS", &["ansible_deprecation_warnings"]),
    ("FACTS_MODULES", &["ansible_facts_modules"]),
    ("INTERPRETER_PYTHON", &["ansible_python_interpreter"]),
    ("INTERPRETER_PYTHON_FALLBACK", &["ansible_interpreter_python_fallback"]),
    ("PYTHON_MODULE_RLIMIT_NOFILE", &["ansible_python_module_rlimit_nofile"]),
    ("TARGET_LOG_INFO", &["ansible_target_log_info"]),
    ("sh.async_dir", &["ansible_async_dir"]),
    ("sh.remote_tmp", &["ansible_remote_tmp"]),
    ("sh.system_tmpdirs", &["ansible_system_tmpdirs"]),
    ("ssh.host", &["inventory_hostname", "ansible_host", "ansible_ssh_host"]),
    ("ssh.host_key_checking", &["ansible_ssh_host_key_checking", "ansible_host_key_checking"]),
    ("ssh.pipelining", &["ansible_ssh_pipelining", "ansible_pipelining"]),
    ("ssh.port", &["ansible_ssh_port", "ansible_port"]),
    ("ssh.private_key_file", &["ansible_ssh_private_key_file", "ansible_private_key_file"]),
    ("ssh.reconnection_retries", &["ansible_ssh_retries"]),
    ("ssh.remote_user", &["ansible_ssh_user", "ansible_user"]),
    ("ssh.ssh_args", &["ansible_ssh_args"]),
    ("ssh.ssh_common_args", &["ansible_ssh_common_args"]),
    ("ssh.ssh_executable", &["ansible_ssh_executable"]),
    ("ssh.ssh_extra_args", &["ansible_ssh_extra_args"]),
    ("ssh.timeout", &["ansible_ssh_timeout"]),
    ("su.become_exe", &["ansible_become_exe", "ansible_su_exe"]),
    ("su.become_flags", &["ansible_become_flags", "ansible_su_flags"]),
    ("su.become_user", &["ansible_become_user", "ansible_su_user"]),
    ("sudo.become_exe", &["ansible_become_exe", "ansible_sudo_exe"]),
    ("sudo.become_flags", &["ansible_become_flags", "ansible_sudo_flags"]),
    ("sudo.become_user", &["ansible_become_user", "ansible_sudo_user"]),
];

/// Settings that nothing but variables can set, with what they are without: they are in no table.
const OF_VARIABLES: &[(&str, &str)] = &[("ssh.host", "inventory_hostname")];

pub(super) fn config(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let missing = call.text(cx, "on_missing", "error")?;
    if !["error", "skip", "warn"].contains(&missing.as_str()) {
        let shown = str_repr(&missing);
        let text = format!("Invalid value {shown} for config 'on_missing' for 'config' lookup plugin.");
        return Err(Raise::ansible(text));
    }
    let (kind, plugin) = (call.text(cx, "plugin_type", "")?, call.text(cx, "plugin_name", "")?);
    if kind.is_empty() != plugin.is_empty() {
        let text = "Both plugin_type and plugin_name are required, cannot use one without the other.";
        return Err(Raise::ansible(text));
    }
    if !kind.is_empty() && !KINDS.contains(&kind.as_str()) {
        let shown = str_repr(&kind);
        let text = format!("Invalid value {shown} for config 'plugin_type' for 'config' lookup plugin.");
        return Err(Raise::ansible(text));
    }
    let with_origin = call.truth(cx, "show_origin", false)?;
    let mut out = Vec::new();
    for item in &call.terms {
        let Some(name) = item.as_str() else {
            let (shown, class) = (cx.repr(item)?, class_of(item));
            let text = format!("Invalid setting identifier, {shown} is not a <class 'str'>, its a {class}.");
            return Err(Raise::ansible(text));
        };
        match setting(cx, name, &kind, &plugin)? {
            Some((value, origin)) if with_origin => out.push(Obj::list([value, origin.into()])),
            Some((value, _)) => out.push(sourced(value)),
            None => {
                let text = format!("No config definition exists for {}.", str_repr(name));
                match missing.as_str() {
                    "error" => return Err(Raise::ansible(text)),
                    "warn" => cx.warn(format!("Skipping {name}.: {text}")),
                    _ => {}
                }
            }
        }
    }
    Ok(out)
}

/// The value of a setting and where it comes from; None where there is no such setting.
fn setting(cx: &mut Cx<'_>, name: &str, kind: &str, plugin: &str) -> Result<Option<(Obj, String)>, Raise> {
    let short = plugin.rsplit('.').next().unwrap_or(plugin);
    let full = if kind.is_empty() { name.to_owned() } else { format!("{short}.{name}") };
    let known = cx.with_world(|world| world.settings.get(&full).cloned());
    let known = known.or_else(|| {
        let (_, default) = OF_VARIABLES.iter().find(|(name, _)| *name == full)?;
        Some((Value::str(*default), "default".to_owned()))
    });
    let Some((value, origin)) = known else {
        let any = cx.with_world(|world| world.settings.keys().any(|key| key.starts_with(&format!("{short}."))));
        let built_in = kind == "lookup" && super::LOOKUPS.iter().any(|def| def.name == short_name(plugin));
        return match kind.is_empty() || any || built_in {
            true => Ok(None),
            // rplay knows the settings of the plugins that it has built in.
            false => Err(Raise::ansible(format!("Unable to load {kind} plugin {}.", str_repr(plugin)))),
        };
    };
    for variable in VARIABLES.iter().filter(|(key, _)| *key == full).flat_map(|(_, names)| names.iter().rev()) {
        if let Some(found) = cx.variable(variable)? {
            let found = found.defined()?;
            return Ok(Some((typed(found, &value), format!("var: {variable}"))));
        }
    }
    Ok(Some((Obj::data(&value), origin)))
}

/// A variable's text in the type that the setting has.
fn typed(found: Obj, like: &Value) -> Obj {
    match (found.as_str(), like) {
        (Some(text), Value::Int(_) | Value::Null) => text.trim().parse::<i64>().map_or(found.clone(), Obj::Int),
        _ => found,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn variables_are_sorted() {
        assert!(super::VARIABLES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
