//! Where and as whom to run: a host's connection variables as plain data.
//!
//! The engine fills it from variables and settings; nothing here reads either.

use std::fmt;
use std::path::PathBuf;

/// A host as a task reaches it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Target {
    /// The inventory's name, for messages.
    pub name: String,
    /// How it is reached.
    pub transport: Transport,
    /// Whom the task runs as, where that is not the login.
    pub escalation: Option<Become>,
    /// `ansible_remote_tmp`: where temporary files may be put, and the agent kept.
    pub remote_tmp: Option<String>,
    /// Where the children of a local one start: the playbook's folder. None is that of the settings.
    pub cwd: Option<PathBuf>,
}

/// The connection plugin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub enum Transport {
    /// `local`: the controller itself.
    #[default]
    Local,
    /// `ssh`.
    Ssh(Box<Ssh>),
}

/// The options of an ssh connection, by the names of their settings.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ssh {
    /// `ansible_host`.
    pub host: String,
    /// `ansible_port`.
    pub port: Option<u16>,
    /// `ansible_user`.
    pub user: Option<String>,
    /// `ansible_password`.
    pub password: Option<Secret>,
    /// `ansible_ssh_private_key_file`, `~` expanded.
    pub private_key_file: Option<String>,
    /// `ssh_args` (`-C -o ControlMaster=auto -o ControlPersist=60s`).
    pub args: String,
    /// `ansible_ssh_common_args`.
    pub common_args: String,
    /// `ansible_ssh_extra_args`.
    pub extra_args: String,
    /// `ansible_ssh_executable`.
    pub executable: String,
    /// `ansible_host_key_checking`.
    pub host_key_checking: bool,
    /// `timeout`, in seconds.
    pub timeout: u64,
    /// `ansible_ssh_retries`.
    pub retries: u32,
    /// `ansible_ssh_verbosity`.
    pub verbosity: u8,
}

impl Ssh {
    /// The default of `ssh_args`.
    pub const DEFAULT_ARGS: &str = "-C -o ControlMaster=auto -o ControlPersist=60s";
}

impl Default for Ssh {
    fn default() -> Self {
        Self {
            host: String::new(),
            port: None,
            user: None,
            password: None,
            private_key_file: None,
            args: Self::DEFAULT_ARGS.into(),
            common_args: String::new(),
            extra_args: String::new(),
            executable: "ssh".into(),
            host_key_checking: true,
            timeout: 10,
            retries: 0,
            verbosity: 0,
        }
    }
}

/// Privilege escalation, by the names of its keywords.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Become {
    /// `become_method`: one of [`METHODS`](super::METHODS); others are refused by name.
    pub method: String,
    /// `become_user`.
    pub user: String,
    /// `become_exe`; None is the method's own.
    pub exe: Option<String>,
    /// `become_flags`; None is the method's own (`-H -S -n` for sudo).
    pub flags: Option<String>,
    /// `become_password`.
    pub password: Option<Secret>,
    /// `ansible_sudo_chdir`: the folder in which sudo starts.
    pub chdir: Option<String>,
    /// `ansible_su_prompt_l10n` and the like: what the program asks with; what it usually asks with where it is empty.
    pub prompts: Vec<String>,
    /// The other form of the command: `wrap_exe` of pbrun and pfexec, `alt_method` of sudosu.
    pub other_form: bool,
    /// `ansible_local_become_success_timeout`: the seconds that it may take on the controller.
    pub success_timeout: u64,
}

impl Become {
    /// The default of `success_timeout`.
    pub const SUCCESS_TIMEOUT: u64 = 10;
}

impl Default for Become {
    fn default() -> Self {
        Self {
            method: "sudo".into(),
            user: "root".into(),
            exe: None,
            flags: None,
            password: None,
            chdir: None,
            prompts: Vec::new(),
            other_form: false,
            success_timeout: Self::SUCCESS_TIMEOUT,
        }
    }
}

/// A password; never shown, not even by `{:?}`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_shown() {
        let ssh = Ssh { password: Some(Secret::new("hunter2")), ..Ssh::default() };
        let escalation = Some(Become { password: Some(Secret::new("hunter2")), ..Become::default() });
        let target = Target { transport: Transport::Ssh(Box::new(ssh)), escalation, ..Target::default() };
        assert!(!format!("{target:?}").contains("hunter2"));
    }
}
