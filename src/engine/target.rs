//! How a host is reached: connection variables over keywords over options and settings.
//!
//! Follows "Controlling how Ansible behaves: precedence rules": configuration, then command line,
//! then keywords, then variables.

use super::keywords::Keywords;
use super::shared::Shared;
use crate::argspec::boolean;
use crate::connection::{Become, METHODS, Method, Secret, Ssh, Target, Transport};
use crate::diag::{Error, Result};
use crate::playbook::Common;
use crate::template::short_name;
use crate::value::Value;
use crate::vars::HostScope;
use std::sync::Arc;

impl Keywords<'_> {
    /// The host of the task, or the one it is delegated to, as the task reaches it.
    pub fn target(&self, scope: &HostScope, delegated: Option<&str>) -> Result<Target> {
        let vars = match delegated {
            Some(name) => Connected {
                shared: self.shared,
                scope: self.delegated(scope, name),
                rendering: scope.delegated_to(&scope.host),
            },
            // Keywords and options have their own place below.
            None => Connected { shared: self.shared, scope: scope.as_written(), rendering: scope.as_written() },
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
        let connection = self.shared.plugin("connection", &connection)?;
        let transport = match short_name(&connection) {
            "local" => Transport::Local,
            "ssh" | "smart" => Transport::Ssh(Box::new(self.ssh(&vars, delegated.is_some())?)),
            // Its collection is what can be missing of a name with dots; those without are known.
            other if connection.contains('.') || CONNECTIONS.contains(&other) => {
                let text = format!("rplay has no connection plugin '{connection}'; it has ssh and local");
                return Err(Error::unsupported(text));
            }
            _ => return Err(Error::user(format!("the connection plugin '{connection}' was not found"))),
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

    /// The variables of a host that the task is delegated to, the task's own among them; not those of its loop.
    pub fn delegated(&self, scope: &HostScope, name: &str) -> HostScope {
        // A host that the inventory does not know is reached by its name.
        let host = self.shared.store.host_name(name).unwrap_or_else(|| Arc::from(name));
        scope.delegated_to(&host)
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
        let user = match vars.text(&["ansible_ssh_user", "ansible_user"])? {
            Some(user) => Some(user),
            None if delegated => None,
            None => self.text(|c| c.remote_user.as_ref())?,
        };
        let port = match vars.text(&["ansible_ssh_port", "ansible_port"])? {
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
        let key = vars.text(&["ansible_ssh_private_key_file", "ansible_private_key_file"])?;
        let key = key.or_else(|| options.private_key_file.clone()).or_else(|| self.setting("ssh.private_key_file"));
        let number = |names: &[&str], option: Option<i64>, setting: &str| {
            let given = vars.text(names)?.and_then(|text| text.trim().parse().ok());
            let other = || u64::try_from(option.unwrap_or_else(|| shared.settings.int(setting))).unwrap_or_default();
            Ok::<u64, Error>(given.unwrap_or_else(other))
        };
        let checking = vars.flag(&["ansible_ssh_host_key_checking", "ansible_host_key_checking"])?;
        let password = vars.text(&["ansible_ssh_password", "ansible_ssh_pass", "ansible_password"])?;
        Ok(Ssh {
            host: vars.text(&["ansible_ssh_host", "ansible_host"])?.unwrap_or_else(|| vars.scope.host.to_string()),
            port: port.transpose()?,
            user: user.or_else(|| options.remote_user.clone()).or_else(|| self.setting("ssh.remote_user")),
            password: password.map(Secret::new).or_else(|| options.connection_password.clone()),
            private_key_file: key.map(|path| self.local_path(&path)),
            args: words(&["ansible_ssh_args"], &none, "ssh.ssh_args")?,
            common_args: words(&["ansible_ssh_common_args"], &options.ssh_common_args, "ssh.ssh_common_args")?,
            extra_args: words(&["ansible_ssh_extra_args"], &options.ssh_extra_args, "ssh.ssh_extra_args")?,
            executable: words(&["ansible_ssh_executable"], &none, "ssh.ssh_executable")?,
            host_key_checking: checking.unwrap_or_else(|| shared.settings.flag("ssh.host_key_checking")),
            timeout: number(&["ansible_ssh_timeout", "ansible_timeout"], options.timeout, "ssh.timeout")?,
            retries: u32::try_from(number(&["ansible_ssh_retries"], None, "ssh.reconnection_retries")?)
                .unwrap_or_default(),
            verbosity: u8::try_from(number(&["ansible_ssh_verbosity"], None, "ssh.verbosity")?).unwrap_or_default(),
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
        let plugin = become_plugin(&self.shared.plugin("become", &method)?)?;
        let own = |what: &str| format!("ansible_{}_{what}", plugin.named);
        // Of several variables, the last one counts.
        let user = match vars.text(&[&own("user"), "ansible_become_user"])? {
            Some(user) => Some(user),
            None => self.text(|c| c.become_user.as_ref())?,
        };
        let exe = match vars.text(&[&own("exe"), "ansible_become_exe"])? {
            Some(exe) => Some(exe),
            None => self.text(|c| c.become_exe.as_ref())?,
        };
        let flags = match vars.text(&[&own("flags"), "ansible_become_flags"])? {
            Some(flags) => Some(flags),
            None => self.text(|c| c.become_flags.as_ref())?,
        };
        let password = vars.text(&[&own("pass"), "ansible_become_pass", "ansible_become_password"])?;
        let user =
            user.or_else(|| self.option(&options.become_user, "DEFAULT_BECOME_USER")).unwrap_or_else(|| "root".into());
        let settings = &self.shared.settings;
        let setting = |what: &str| self.known_setting(&format!("{}.{what}", plugin.named));
        let chdir = vars.text(&["ansible_sudo_chdir"])?.or_else(|| setting("sudo_chdir"));
        let prompts = match vars.list(&own("prompt_l10n"))? {
            Some(prompts) => prompts,
            None => {
                let name = format!("{}.prompt_l10n", plugin.named);
                if settings.has(&name) { settings.list(&name).into_iter().map(str::to_owned).collect() } else { vec![] }
            }
        };
        let form = match plugin.name {
            "sudosu" => ("ansible_sudosu_alt_method".to_owned(), "sudosu.alt_method".to_owned()),
            _ => (own("wrap_execution"), format!("{}.wrap_exe", plugin.named)),
        };
        let other_form = vars.flag(&[&form.0])?;
        let seconds = vars.text(&["ansible_local_become_success_timeout"])?;
        let seconds = seconds.and_then(|text| text.trim().parse().ok()).filter(|seconds| *seconds > 0);
        Ok(Some(Become {
            chdir: chdir.filter(|folder| plugin.name == "sudo" && !folder.is_empty()),
            prompts,
            user,
            exe: exe.or_else(|| setting("become_exe")),
            flags: flags.or_else(|| setting("become_flags")),
            password: password
                .map(Secret::new)
                .or_else(|| options.become_password.clone())
                .or_else(|| setting("become_pass").map(Secret::new))
                .filter(|password| !password.reveal().is_empty()),
            other_form: other_form.unwrap_or_else(|| settings.has(&form.1) && settings.flag(&form.1)),
            success_timeout: seconds.unwrap_or(Become::SUCCESS_TIMEOUT),
            method,
        }))
    }

    /// A plugin's setting, where the plugin has it.
    fn known_setting(&self, name: &str) -> Option<String> {
        self.shared.settings.has(name).then(|| self.setting(name)).flatten()
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

/// The method of a `become_method`; those that ansible-core does not know either are told in its words.
fn become_plugin(method: &str) -> Result<&'static Method> {
    if let Some(known) = Method::named(method) {
        return Ok(known);
    }
    if method.contains('.') || LACKING.contains(&method) {
        let known: Vec<&str> = METHODS.iter().map(|method| method.name).collect();
        let known = known.join(", ");
        return Err(Error::unsupported(format!("rplay has no become method '{method}'; it has {known}")));
    }
    Err(Error::user(format!(
        "Invalid become method specified, could not find matching plugin: '{method}'. Use `ansible-doc -t become -l` to \
         list available plugins."
    )))
}

/// Connection plugins of ansible's that rplay lacks.
const CONNECTIONS: [&str; 24] = [
    "buildah",
    "chroot",
    "docker",
    "docker_api",
    "funcd",
    "httpapi",
    "iocage",
    "jail",
    "kubectl",
    "libvirt_lxc",
    "lxc",
    "lxd",
    "napalm",
    "netconf",
    "network_cli",
    "oc",
    "paramiko",
    "paramiko_ssh",
    "podman",
    "psrp",
    "qubes",
    "saltstack",
    "winrm",
    "zone",
];

/// Become methods of ansible's that rplay lacks: runas is of Windows, enable of network devices, machinectl gives its
/// command a terminal that bytes do not pass unchanged.
const LACKING: [&str; 3] = ["enable", "machinectl", "runas"];

/// The variables of the host that is connected to.
struct Connected<'a> {
    shared: &'a Shared,
    scope: HostScope,
    /// Those that they are rendered with: the task's own host's, though without its loop's where that has delegated it.
    rendering: HostScope,
}

impl Connected<'_> {
    /// The first of these variables that is there, rendered: ansible-core lists them the other way round, and takes
    /// the last.
    fn value(&self, names: &[&str]) -> Result<Option<Value>> {
        for name in names {
            if let Some(value) = self.scope.plain(name)?
                && let Some(value) = self.shared.templar.render_value(&value, &self.rendering)?
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
