//! The command line of an ssh master, with the options that ansible-core passes.
//!
//! The first value that ssh sees of an option holds: ours come first, so that no ControlPersist
//! of the user's lets a master outlive us; the user's own sockets are never used.

use crate::connection::error::ConnectionError;
use crate::connection::target::Ssh;
use std::path::Path;

/// What a master needs to be ours alone.
const MASTER: &[&str] = &["ControlMaster=yes", "ControlPersist=no", "RemoteCommand=none", "RequestTTY=no"];

/// What a session with a terminal needs to go through our master.
const SESSION: &[&str] = &["ControlMaster=no", "RemoteCommand=none"];

/// The arguments of a master; the host comes last. OpenSSH before 8.7 lacks `ForkAfterAuthentication`.
pub(super) fn master(ssh: &Ssh, socket: &Path, fork_option: bool) -> Result<Vec<String>, ConnectionError> {
    let fork = fork_option.then_some("ForkAfterAuthentication=no");
    let mut args = options(ssh, MASTER.iter().copied().chain(fork))?;
    args.extend(["-N".into(), "-S".into(), socket.to_string_lossy().into_owned(), ssh.host.clone()]);
    Ok(args)
}

/// The arguments of a command that gets a terminal.
pub(super) fn session(ssh: &Ssh, socket: &Path, command: &str) -> Result<Vec<String>, ConnectionError> {
    let mut args = options(ssh, SESSION.iter().copied())?;
    let socket = socket.to_string_lossy().into_owned();
    args.extend(["-S".into(), socket, "-tt".into(), ssh.host.clone(), command.to_owned()]);
    Ok(args)
}

fn options<'a>(ssh: &Ssh, ours: impl Iterator<Item = &'a str>) -> Result<Vec<String>, ConnectionError> {
    if ssh.host.starts_with('-') {
        return Err(ConnectionError::failed(format!("a host cannot be named {}", ssh.host)));
    }
    let mut args: Vec<String> = ours.flat_map(|option| ["-o".into(), option.to_owned()]).collect();
    if ssh.verbosity > 0 {
        args.push(format!("-{}", "v".repeat(usize::from(ssh.verbosity.min(3)))));
    }
    // The default's compression costs more than a network of today: a big file takes thrice as long. Who asks
    // for it gets it; our own agent travels packed.
    let given = if ssh.args == Ssh::DEFAULT_ARGS { ssh.args.trim_start_matches("-C ") } else { &ssh.args };
    args.extend(split("ssh_args", given)?);
    if !ssh.host_key_checking {
        args.extend(["-o".into(), "StrictHostKeyChecking=no".into()]);
    }
    if let Some(port) = ssh.port {
        args.extend(["-o".into(), format!("Port={port}")]);
    }
    if let Some(key) = ssh.private_key_file.as_deref().filter(|key| !key.is_empty()) {
        args.extend(["-o".into(), format!("IdentityFile=\"{key}\"")]);
    }
    if ssh.password.is_none() {
        let methods = "PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey";
        let without = ["KbdInteractiveAuthentication=no", methods, "PasswordAuthentication=no"];
        args.extend(without.iter().flat_map(|option| ["-o".into(), (*option).to_owned()]));
    }
    if let Some(user) = ssh.user.as_deref().filter(|user| !user.is_empty()) {
        args.extend(["-o".into(), format!("User=\"{user}\"")]);
    }
    args.extend(["-o".into(), format!("ConnectTimeout={}", ssh.timeout)]);
    args.extend(split("ssh_common_args", &ssh.common_args)?);
    args.extend(split("ssh_extra_args", &ssh.extra_args)?);
    args.extend(["-o".into(), "NumberOfPasswordPrompts=1".into()]);
    Ok(args)
}

/// The jump host that the options name, through which few logins go at once.
pub(super) fn jump(ssh: &Ssh) -> Option<String> {
    let texts = [&ssh.args, &ssh.common_args, &ssh.extra_args];
    let words: Vec<String> = texts.iter().filter_map(|text| shlex::split(text)).flatten().collect();
    let mut words = words.iter().peekable();
    while let Some(word) = words.next() {
        let (flag, joined) = match word.get(..2) {
            Some(flag @ ("-J" | "-o")) => (flag, &word[2..]),
            _ => continue,
        };
        let value = if joined.is_empty() { words.peek().map_or("", |next| next.as_str()) } else { joined };
        let proxy = value.to_ascii_lowercase();
        if flag == "-J" || proxy.starts_with("proxyjump") || proxy.starts_with("proxycommand") {
            return Some(value.to_owned());
        }
    }
    None
}

/// Splits as a shell does.
fn split(name: &str, text: &str) -> Result<Vec<String>, ConnectionError> {
    shlex::split(text).ok_or_else(|| ConnectionError::failed(format!("{name}: No closing quotation")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::Secret;

    fn line(ssh: &Ssh) -> String {
        master(ssh, Path::new("/s"), false).unwrap().join(" ")
    }

    #[test]
    fn the_options_are_ansibles() {
        let ssh = Ssh {
            host: "h".into(),
            port: Some(2222),
            user: Some("u".into()),
            private_key_file: Some("/k".into()),
            common_args: "-o ProxyJump='j x'".into(),
            host_key_checking: false,
            ..Ssh::default()
        };
        let line = line(&ssh);
        let end = "-o ControlMaster=auto -o ControlPersist=60s -o StrictHostKeyChecking=no -o Port=2222 \
            -o IdentityFile=\"/k\" -o KbdInteractiveAuthentication=no \
            -o PreferredAuthentications=gssapi-with-mic,gssapi-keyex,hostbased,publickey \
            -o PasswordAuthentication=no -o User=\"u\" -o ConnectTimeout=10 -o ProxyJump=j x -o NumberOfPasswordPrompts=1 -N -S /s h";
        assert!(line.ends_with(end), "{line}");
        assert!(line.starts_with("-o ControlMaster=yes -o ControlPersist=no"), "{line}");
        assert_eq!(jump(&ssh).as_deref(), Some("ProxyJump=j x"));
    }

    #[test]
    fn a_password_is_in_no_argument() {
        let ssh = Ssh { host: "h".into(), password: Some(Secret::new("hunter2")), ..Ssh::default() };
        let line = line(&ssh);
        assert!(!line.contains("hunter2"));
        assert!(!line.contains("PasswordAuthentication=no"));
    }

    #[test]
    fn odd_input_is_an_error() {
        assert!(master(&Ssh { host: "-oProxyCommand=x".into(), ..Ssh::default() }, Path::new("/s"), true).is_err());
        assert!(master(&Ssh { args: "'".into(), ..Ssh::default() }, Path::new("/s"), true).is_err());
    }
}
