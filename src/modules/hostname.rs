//! `hostname`: the host's name, now and after the next start.
//!
//! How it is set depends on what has started the host, else on its distribution; `use` chooses another way.

use super::setup::os_release::Release;
use super::{Call, ModuleDef, Support, command, setup};
use crate::argspec::{Arg, Kind, Spec};
use crate::host::{Output, Replace, errors};
use crate::proto::Outcome;
use crate::value::Dict;
use std::fs;
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "hostname",
    doc: "Manage hostname.",
    spec: &Spec::new(&[
        Arg::new("name", Kind::Str).required(),
        Arg::new("use", Kind::Str).choices(&[
            "alpine", "debian", "freebsd", "generic", "macos", "macosx", "darwin", "openbsd", "openrc", "redhat",
            "sles", "solaris", "systemd",
        ]),
    ]),
    check: Support::Full,
    diff: Support::Full,
    run,
};

/// A way to set the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A file that holds the name alone.
    File(&'static str),
    /// Such a file, and `hostname -F`.
    Alpine,
    /// Such a file, and `hostname NAME`.
    OpenBsd,
    /// `HOSTNAME=` in /etc/sysconfig/network.
    RedHat,
    /// `hostname=""` in a file; with the command `hostname` on FreeBSD.
    Quoted {
        file: &'static str,
        with_command: bool,
    },
    Systemd,
    Solaris,
    /// None is known.
    Unknown,
    /// What the real one has only as a base for others.
    Generic,
}

const NETWORK: &str = "/etc/sysconfig/network";
const OPENRC: Way = Way::Quoted { file: "/etc/conf.d/hostname", with_command: false };
const FREEBSD: Way = Way::Quoted { file: "/etc/rc.conf.d/hostname", with_command: true };

impl Way {
    fn choose(call: &Call<'_>) -> Result<Self, Outcome> {
        Ok(match call.args.opt_str("use") {
            Some("alpine") => Self::Alpine,
            Some("debian" | "systemd") => Self::Systemd,
            Some("freebsd") => FREEBSD,
            Some("macos" | "macosx" | "darwin") => {
                call.need_program("scutil")?;
                return Err(Outcome::failed("rplay sets no names of macOS hosts."));
            }
            Some("openbsd") => Self::OpenBsd,
            Some("openrc") => OPENRC,
            Some("redhat") => Self::RedHat,
            Some("sles") => Self::File("/etc/HOSTNAME"),
            Some("solaris") => Self::Solaris,
            Some(_) => Self::Generic,
            None if setup::is_systemd(&call.env) => Self::Systemd,
            None => Self::of_distribution(&Release::system()),
        })
    }

    fn of_distribution(release: &Release) -> Self {
        match release.id().as_str() {
            "rhel" | "centos" | "anolis" | "cloudlinuxserver" | "cloudlinux" | "alinux" | "scientific" | "oracle"
            | "virtuozzo" | "amzn" | "altlinux" | "eurolinux" => Self::RedHat,
            "debian" | "kylin" | "cumulus-linux" | "kali" | "parrot" | "ubuntu" | "linuxmint" | "linaro" | "devuan"
            | "raspbian" | "uos" | "deepin" | "neon" | "void" | "pop" => Self::File("/etc/hostname"),
            "sles" => {
                let version: Option<f64> = release.get("VERSION_ID").and_then(|text| text.parse().ok());
                match version {
                    Some(version) if (10.0..=12.0).contains(&version) => Self::File("/etc/HOSTNAME"),
                    _ => Self::Unknown,
                }
            }
            "gentoo" => OPENRC,
            "alpine" => Self::Alpine,
            _ => Self::Unknown,
        }
    }

    fn current(self, call: &Call<'_>) -> Result<Option<String>, Outcome> {
        match self {
            Self::Systemd => tool(call, "hostnamectl", &["--transient", "status"]).map(Some),
            Self::OpenBsd | Self::Quoted { with_command: true, .. } => tool(call, "hostname", &[]).map(Some),
            _ => self.permanent(call),
        }
    }

    fn set_current(self, call: &Call<'_>, name: &str) -> Result<(), Outcome> {
        match self {
            Self::Systemd => {
                refuse_long(name)?;
                tool(call, "hostnamectl", &["--transient", "set-hostname", name])?;
            }
            Self::OpenBsd | Self::Quoted { with_command: true, .. } => drop(tool(call, "hostname", &[name])?),
            Self::Alpine => drop(tool(call, "hostname", &["-F", "/etc/hostname"])?),
            Self::Solaris => drop(tool(call, "hostname", &["-t", name])?),
            _ => {}
        }
        Ok(())
    }

    /// The name after the next start; None where the file does not say.
    fn permanent(self, call: &Call<'_>) -> Result<Option<String>, Outcome> {
        match self {
            Self::File(_) | Self::Alpine | Self::OpenBsd => {
                Ok(Some(fs::read_to_string(self.file()).unwrap_or_default().trim().to_owned()))
            }
            Self::RedHat => from_network(&fs::read_to_string(NETWORK).unwrap_or_default()).map(Some),
            Self::Quoted { file, .. } => {
                if !Path::new(file).is_file() {
                    return Ok(Some(String::new()));
                }
                let text = fs::read_to_string(file)
                    .map_err(|e| Outcome::failed(format!("failed to read hostname: {}", errors::os_error(&e, file))))?;
                let line = text.lines().map(str::trim).find(|line| line.starts_with("hostname="));
                Ok(line.map(|line| line.get(10..).unwrap_or("").trim_matches('"').to_owned()))
            }
            Self::Systemd => tool(call, "hostnamectl", &["--static", "status"]).map(Some),
            Self::Solaris => {
                let line = "/usr/sbin/svccfg -s svc:/system/identity:node listprop -o value config/nodename";
                call.need_program("hostname")?;
                output(call, &["/bin/sh".into(), "-c".into(), line.into()]).map(Some)
            }
            Self::Generic => Err(Outcome::failed("Task failed: Module failed.").with(Outcome::CRASHED, true)),
            Self::Unknown => {
                let id = Release::system().id();
                let mut name = id.chars();
                let first = name.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
                let distribution =
                    if id.is_empty() { "OtherLinux".to_owned() } else { format!("{first}{}", name.as_str()) };
                Err(Outcome::failed(format!("hostname module cannot be used on platform Linux ({distribution})")))
            }
        }
    }

    fn set_permanent(self, call: &Call<'_>, name: &str) -> Result<(), Outcome> {
        match self {
            Self::File(_) | Self::Alpine | Self::OpenBsd => write(self.file(), &format!("{name}\n")),
            Self::RedHat => {
                let text = fs::read_to_string(NETWORK).unwrap_or_default();
                write(NETWORK, &in_network(&text, name))
            }
            Self::Quoted { file, with_command } => {
                let line = format!("hostname=\"{name}\"");
                let text = match fs::read_to_string(file) {
                    Ok(text) => replaced(&text, &line),
                    Err(_) if with_command => format!("{line}\n"),
                    Err(_) => "\n".to_owned(),
                };
                write(file, &text)
            }
            Self::Systemd => {
                refuse_long(name)?;
                tool(call, "hostnamectl", &["--pretty", "--static", "set-hostname", name]).map(drop)
            }
            Self::Solaris => tool(call, "hostname", &[name]).map(drop),
            Self::Unknown | Self::Generic => self.permanent(call).map(drop),
        }
    }

    fn file(self) -> &'static str {
        match self {
            Self::File(path) => path,
            Self::OpenBsd => "/etc/myname",
            _ => "/etc/hostname",
        }
    }
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let way = Way::choose(call)?;
    let name = call.args.str("name");
    let (current, permanent) = (way.current(call)?, way.permanent(call)?);
    let mut changed = false;
    // systemd's permanent name comes first, or NetworkManager complains of a stranger's change.
    for is_current in if way == Way::Systemd { [false, true] } else { [true, false] } {
        let now = if is_current { way.current(call)? } else { way.permanent(call)? };
        if now.as_deref() == Some(name) {
            continue;
        }
        changed = true;
        if call.check() {
            continue;
        }
        if is_current {
            way.set_current(call, name)?;
        } else {
            way.set_permanent(call, name)?;
        }
    }
    let fqdn = setup::fqdn(&call.env);
    let facts = Dict::from([
        ("ansible_hostname", name.split('.').next().unwrap_or("")),
        ("ansible_nodename", name),
        ("ansible_fqdn", fqdn.as_str()),
        ("ansible_domain", fqdn.split_once('.').map_or("", |(_, domain)| domain)),
    ]);
    let mut outcome = Outcome::changed(changed).with("name", name).with("ansible_facts", facts);
    if changed {
        let before = if current.as_deref() == Some(name) { permanent } else { current };
        let before = before.ok_or_else(|| Outcome::crashed("can only concatenate str (not \"NoneType\") to str"))?;
        let line = |name: &str| format!("hostname = {name}\n");
        outcome.set("diff", Dict::from([("after", line(name)), ("before", line(&before))]));
    }
    Ok(outcome)
}

fn refuse_long(name: &str) -> Result<(), Outcome> {
    if name.chars().count() <= 64 {
        return Ok(());
    }
    Err(Outcome::failed("name cannot be longer than 64 characters on systemd servers, try a shorter name"))
}

fn tool(call: &Call<'_>, name: &str, args: &[&str]) -> Result<String, Outcome> {
    let mut argv = vec![call.need_program(name)?.to_string_lossy().into_owned()];
    argv.extend(args.iter().map(|arg| (*arg).to_owned()));
    output(call, &argv)
}

fn output(call: &Call<'_>, argv: &[String]) -> Result<String, Outcome> {
    let output: Output = call.command(argv).run().map_err(|error| command::not_started(argv, &error))?;
    let (out, err) = (output.out(), output.err());
    if output.rc != 0 {
        return Err(Outcome::failed(format!("Command failed rc={}, out={out}, err={err}", output.rc)));
    }
    Ok(out.trim().to_owned())
}

/// Written whole, or in place where the file is a mount of its own, as containers have it.
fn write(path: &str, text: &str) -> Result<(), Outcome> {
    let failed = |why: String| Outcome::failed(format!("failed to update hostname: {why}"));
    if !Path::new(super::edit::dirname(path)).is_dir() {
        return Err(failed(errors::os_error(&rustix::io::Errno::NOENT.into(), path)));
    }
    let replace = Replace { unsafe_writes: true, ..Replace::new(Path::new(path)) };
    replace.bytes(text.as_bytes()).map_err(|why| failed(why.to_string()))
}

fn from_network(text: &str) -> Result<String, Outcome> {
    let Some(line) = text.lines().map(str::trim).find(|line| line.starts_with("HOSTNAME")) else {
        return Err(Outcome::failed(format!("Unable to locate HOSTNAME entry in {NETWORK}")));
    };
    let parts: Vec<&str> = line.split('=').collect();
    match parts.as_slice() {
        [_, name] => Ok(name.trim().to_owned()),
        [_] => Err(Outcome::failed("failed to read hostname: not enough values to unpack (expected 2, got 1)")),
        _ => Err(Outcome::failed("failed to read hostname: too many values to unpack (expected 2)")),
    }
}

fn in_network(text: &str, name: &str) -> String {
    let mut out = String::new();
    let mut found = false;
    for line in text.split_inclusive('\n') {
        if line.trim().starts_with("HOSTNAME") {
            out.push_str(&format!("HOSTNAME={name}\n"));
            found = true;
        } else {
            out.push_str(line);
        }
    }
    if !found {
        out.push_str(&format!("HOSTNAME={name}\n"));
    }
    out
}

/// The first line of `hostname=` replaced; a file without one stays without.
fn replaced(text: &str, new: &str) -> String {
    let mut lines: Vec<&str> = text.trim().lines().map(str::trim).collect();
    if let Some(line) = lines.iter_mut().find(|line| line.starts_with("hostname=")) {
        *line = new;
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn files_of_distributions() {
        assert_eq!(from_network("NETWORKING=yes\n HOSTNAME = a.b \n").expect("read"), "a.b");
        assert!(from_network("X=1\n").is_err() && from_network("HOSTNAME\n").is_err());
        assert_eq!(in_network("A=1\nHOSTNAME=x\nB=2\n", "y"), "A=1\nHOSTNAME=y\nB=2\n");
        assert_eq!(in_network("A=1\n", "y"), "A=1\nHOSTNAME=y\n");
        assert_eq!(replaced("# c\nhostname=\"x\"\n", "hostname=\"y\""), "# c\nhostname=\"y\"\n");
        let way = |text: &str| Way::of_distribution(&Release::parse(text));
        assert_eq!(way("ID=debian"), Way::File("/etc/hostname"));
        assert_eq!(way("ID=\"rhel\""), Way::RedHat);
        assert_eq!(way("ID=sles\nVERSION_ID=\"11.4\""), Way::File("/etc/HOSTNAME"));
        assert_eq!(way("ID=sles\nVERSION_ID=\"15.1\""), Way::Unknown);
        assert_eq!(way("ID=gentoo"), OPENRC);
    }

    #[test]
    fn check_mode_tells_what_would_change() {
        let out = checked("hostname", r#"{"name": "a.example", "use": "alpine"}"#);
        has(&out, "changed", "True");
        let facts = out.get("ansible_facts").cloned().unwrap_or_default();
        assert_eq!(facts.get("ansible_hostname").map(crate::value::Value::to_text), Some("a".into()));
        let out = outcome("hostname", r#"{"name": "x", "use": "darwin"}"#);
        assert!(out.get("msg").map(crate::value::Value::to_text).unwrap_or_default().contains("\"scutil\""));
    }
}
