//! How a host is reached: connection variables over keywords over options and settings.
//!
//! Follows "Controlling how Ansible behaves: precedence rules": configuration, then command line,
//! then keywords, then variables.

use super::keywords::Keywords;
use super::shared::Shared;
use crate::argspec::boolean;
use crate::connection::{Become, Secret, Ssh, Target, Transport};
use crate::diag::{Error, Result};
use crate::playbook::Common;
use crate::value::Value;
use crate::vars::HostScope;
use std::sync::Arc;

impl Keywords<'_> {
    /// The host of the task, or the one it is delegated to, as the task reaches it.
    pub fn target(&self, scope: &HostScope, delegated: Option<&str>) -> Result<Target> {
        let of;
        let vars = match delegated {
            Some(name) => {
                // A host that the inventory does not know is reached by its name.
                let host = self.shared.store.host_name(name).unwrap_or_else(|| Arc::from(name));
                of = Connected { shared: self.shared, scope: scope.of_host(&host) };
                of
            }
            // Keywords and options have their own place below.
            None => Connected { shared: self.shared, scope: scope.as_written() },
        };
        let name = vars.scope.host.to_string();
        let local = is_localhost(&name) && !vars.is_in_inventory();
        let connection = match vars.text(&["ansible_connection"])? {
            Some(connection) => connection,
            None if local => "local".into(),
            None => match self.text(|c: &Common| c.connection.as_ref())? {
                Some(keyword) => keyword,
                None => {
                    self.option(&self.shared.options.connection, "DEFAULT_TRANSPORT").unwrap_or_else(|| "ssh".into())
                }
            },
        };
        let transport = match connection.rsplit('.').next().unwrap_or_default() {
            "local" => Transport::Local,
            "ssh" | "smart" => Transport::Ssh(Box::new(self.ssh(&vars, delegated.is_some())?)),
            other => {
                return Err(Error::unsupported(format!(
                    "rplay has no connection plugin '{other}'; it has ssh and local"
                )));
            }
        };
        let remote_tmp = vars.text(&["ansible_remote_tmp"])?.or_else(|| self.setting("sh.remote_tmp"));
        let login = match &transport {
            Transport::Local => Some(self.shared.around.user.as_str()),
            Transport::Ssh(ssh) => ssh.user.as_deref(),
        };
        // Who is that user already need not become it, unless the settings say otherwise.
        let same = self.shared.settings.flag("BECOME_ALLOW_SAME_USER");
        let escalation = self.escalation(&vars)?.filter(|wanted| same || login != Some(wanted.user.as_str()));
        // Tasks on the controller itself start where the playbook is.
        let cwd = (transport == Transport::Local).then(|| scope.play.basedir.as_str().into());
        Ok(Target { name, transport, escalation, remote_tmp, cwd })
    }

    fn ssh(&self, vars: &Connected<'_>, delegated: bool) -> Result<Ssh> {
        let shared = self.shared;
        let options = &shared.options;
        let words = |names: &[&str], option: &Option<String>, setting: &str| {
            Ok::<_, Error>(
                vars.text(names)?.or_else(|| option.clone()).or_else(|| self.setting(setting)).unwrap_or_default(),
            )
        };
        let none = None;
        // A keyword's user and port belong to the task's own host, not to the one it is delegated to.
        let user = match vars.text(&["ansible_user", "ansible_ssh_user"])? {
            Some(user) => Some(user),
            None if delegated => None,
            None => self.text(|c| c.remote_user.as_ref())?,
        };
        let port = match vars.text(&["ansible_port", "ansible_ssh_port"])? {
            Some(port) => Some(port),
            None if delegated => None,
            None => self.text(|c| c.port.as_ref())?,
        };
        let port = port.or_else(|| self.setting("ssh.port"));
        let port = port.map(|text| {
            text.trim()
                .parse::<u16>()
                .map_err(|_| Error::action(format!("Invalid value '{text}' for the port of an ssh connection")))
        });
        let key = vars.text(&["ansible_private_key_file", "ansible_ssh_private_key_file"])?;
        let key = key.or_else(|| options.private_key_file.clone()).or_else(|| self.setting("ssh.private_key_file"));
        let number = |names: &[&str], setting: &str| {
            let given = vars.text(names)?.and_then(|text| text.trim().parse().ok());
            Ok::<u64, Error>(given.unwrap_or_else(|| u64::try_from(shared.settings.int(setting)).unwrap_or_default()))
        };
        let timeout = options.timeout.and_then(|t| u64::try_from(t).ok());
        let checking = vars.flag(&["ansible_host_key_checking", "ansible_ssh_host_key_checking"])?;
        let password = vars.text(&["ansible_password", "ansible_ssh_pass", "ansible_ssh_password"])?;
        Ok(Ssh {
            host: vars.text(&["ansible_host", "ansible_ssh_host"])?.unwrap_or_else(|| vars.scope.host.to_string()),
            port: port.transpose()?,
            user: user.or_else(|| options.remote_user.clone()).or_else(|| self.setting("ssh.remote_user")),
            password: password.map(Secret::new).or_else(|| options.connection_password.clone()),
            private_key_file: key.map(|path| self.local_path(&path)),
            args: words(&["ansible_ssh_args"], &none, "ssh.ssh_args")?,
            common_args: words(&["ansible_ssh_common_args"], &options.ssh_common_args, "ssh.ssh_common_args")?,
            extra_args: words(&["ansible_ssh_extra_args"], &options.ssh_extra_args, "ssh.ssh_extra_args")?,
            executable: words(&["ansible_ssh_executable"], &none, "ssh.ssh_executable")?,
            host_key_checking: checking.unwrap_or_else(|| shared.settings.flag("ssh.host_key_checking")),
            timeout: match timeout {
                Some(timeout) => timeout,
                None => number(&["ansible_ssh_timeout", "ansible_timeout"], "ssh.timeout")?,
            },
            retries: u32::try_from(number(&["ansible_ssh_retries"], "ssh.reconnection_retries")?).unwrap_or_default(),
            verbosity: u8::try_from(number(&["ansible_ssh_verbosity"], "ssh.verbosity")?).unwrap_or_default(),
        })
    }

    fn escalation(&self, vars: &Connected<'_>) -> Result<Option<Become>> {
        let options = &self.shared.options;
        let wanted = match vars.flag(&["ansible_become"])? {
            Some(wanted) => wanted,
            None => {
                let keyword = self.bool("become", |c| c.become_.as_ref())?;
                keyword.unwrap_or_else(|| options.escalate || self.shared.settings.flag("DEFAULT_BECOME"))
            }
        };
        if !wanted {
            return Ok(None);
        }
        let method = match vars.text(&["ansible_become_method"])? {
            Some(method) => Some(method),
            None => self.text(|c| c.become_method.as_ref())?,
        };
        let method = method
            .or_else(|| self.option(&options.become_method, "DEFAULT_BECOME_METHOD"))
            .unwrap_or_else(|| "sudo".into());
        let plugin = method.rsplit('.').next().unwrap_or_default().to_owned();
        let own = |what: &str| format!("ansible_{plugin}_{what}");
        let user = match vars.text(&["ansible_become_user", &own("user")])? {
            Some(user) => Some(user),
            None => self.text(|c| c.become_user.as_ref())?,
        };
        let exe = match vars.text(&["ansible_become_exe", &own("exe")])? {
            Some(exe) => Some(exe),
            None => self.text(|c| c.become_exe.as_ref())?,
        };
        let flags = match vars.text(&["ansible_become_flags", &own("flags")])? {
            Some(flags) => Some(flags),
            None => self.text(|c| c.become_flags.as_ref())?,
        };
        let password = vars.text(&["ansible_become_password", "ansible_become_pass", &own("pass")])?;
        let user =
            user.or_else(|| self.option(&options.become_user, "DEFAULT_BECOME_USER")).unwrap_or_else(|| "root".into());
        let plugin_setting = |what: &str| {
            matches!(plugin.as_str(), "su" | "sudo").then(|| self.setting(&format!("{plugin}.{what}"))).flatten()
        };
        let chdir = vars.text(&["ansible_sudo_chdir"])?.or_else(|| self.setting("sudo.sudo_chdir"));
        let prompts = match vars.list("ansible_su_prompt_l10n")? {
            Some(prompts) => prompts,
            None => self.shared.settings.list("su.prompt_l10n").into_iter().map(str::to_owned).collect(),
        };
        Ok(Some(Become {
            chdir: chdir.filter(|folder| plugin == "sudo" && !folder.is_empty()),
            prompts: if plugin == "su" { prompts } else { Vec::new() },
            user,
            exe: exe.or_else(|| plugin_setting("become_exe")),
            flags: flags.or_else(|| plugin_setting("become_flags")),
            password: password
                .or_else(|| plugin_setting("become_pass"))
                .map(Secret::new)
                .or_else(|| options.become_password.clone()),
            method,
        }))
    }

    fn option(&self, option: &Option<String>, setting: &str) -> Option<String> {
        option.clone().or_else(|| self.setting(setting))
    }

    fn setting(&self, name: &str) -> Option<String> {
        let value = self.shared.settings.get(name);
        (!value.is_null()).then(|| value.to_text())
    }

    /// A path of the controller's, `~` expanded.
    fn local_path(&self, path: &str) -> String {
        match path.strip_prefix("~/") {
            Some(rest) => format!("{}/{rest}", self.shared.store.world.home),
            None => path.to_owned(),
        }
    }
}

/// The variables of the host that is connected to.
struct Connected<'a> {
    shared: &'a Shared,
    scope: HostScope,
}

impl Connected<'_> {
    /// The first of these variables that is there, rendered.
    fn value(&self, names: &[&str]) -> Result<Option<Value>> {
        for name in names {
            if let Some(value) = self.scope.plain(name)?
                && let Some(value) = self.shared.templar.render_value(&value, &self.scope)?
            {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    fn text(&self, names: &[&str]) -> Result<Option<String>> {
        Ok(self.value(names)?.filter(|v| !v.is_null()).map(|v| v.to_text()))
    }

    /// A list of texts, or text with commas between them.
    fn list(&self, name: &str) -> Result<Option<Vec<String>>> {
        Ok(self.value(&[name])?.filter(|v| !v.is_null()).map(|value| match &value {
            Value::List(items) => items.iter().map(Value::to_text).collect(),
            other => other.to_text().split(',').map(|text| text.trim().to_owned()).collect(),
        }))
    }

    fn flag(&self, names: &[&str]) -> Result<Option<bool>> {
        Ok(self.value(names)?.and_then(|v| boolean(&v)))
    }

    fn is_in_inventory(&self) -> bool {
        self.shared.store.inventory().host(&self.scope.host).is_some_and(|host| !host.implicit)
    }
}

/// Whether a name means the controller where the inventory does not say otherwise.
fn is_localhost(name: &str) -> bool {
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}
