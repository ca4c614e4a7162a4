//! Services at boot: one way for each program that there may be.

use super::{Enabler, Job};
use crate::host::glob::glob;
use crate::host::{Output, Replace, env};
use crate::modules::edit::{bad_pattern, read};
use crate::proto::Outcome;
use crate::re::{Flags, Pattern, Template};
use std::path::Path;

/// From this version on Upstart has a stanza of its own for services that are started by hand.
const MANUAL_SINCE: [u64; 3] = [0, 6, 7];

impl Job<'_> {
    /// Lets the service start at boot, or not; says whether that changed.
    pub(super) fn enable(&self, wanted: bool) -> Result<bool, Outcome> {
        match &self.tools.enabler {
            Some(Enabler::Systemctl(path)) => self.by_systemctl(path, wanted),
            Some(Enabler::Initctl(version)) => self.by_initctl(version, wanted),
            Some(Enabler::RcUpdate(path)) => self.by_rc_update(path, wanted),
            Some(Enabler::UpdateRcD(path)) => self.by_update_rc_d(path, wanted),
            Some(Enabler::Insserv(path)) => self.by_insserv(path, wanted),
            Some(Enabler::Chkconfig(path)) => self.by_chkconfig(path, wanted),
            None => Err(Outcome::failed(format!(
                "cannot detect command to enable service {}, typo or init system potentially unknown",
                self.name
            ))),
        }
    }

    /// In check mode the task is over where this would change; the state is then not looked at.
    fn end_of_check(&self, changed: bool) -> Result<(), Outcome> {
        if self.call.check() { Err(Outcome::changed(changed)) } else { Ok(()) }
    }

    fn apply(&self, line: &str, action: &str) -> Result<bool, Outcome> {
        self.end_of_check(true)?;
        let output = self.execute(line)?;
        let (rc, err, out, name) = (output.rc, output.err(), output.out(), self.name);
        match (rc, err.is_empty()) {
            (0, _) => Ok(true),
            (_, false) => Err(Outcome::failed(format!("Error when trying to {action} {name}: rc={rc} {err}"))),
            (_, true) => Err(Outcome::failed(format!("Failure for {action} {name}: rc={rc} {out}"))),
        }
    }

    fn links(&self, kind: char) -> bool {
        !glob(&format!("/etc/rc?.d/{kind}??{}", self.name), None).is_empty()
    }

    fn by_systemctl(&self, path: &str, wanted: bool) -> Result<bool, Outcome> {
        let name = self.name;
        let output = self.execute(&format!("{path} is-enabled {name}"))?;
        let script = || env::executable(Path::new(&format!("/etc/init.d/{name}")));
        let enabled = match output.rc {
            0 => true,
            _ => !output.out().starts_with("disabled") && script() && self.links('S'),
        };
        if enabled == wanted {
            return Ok(false);
        }
        let action = if wanted { "enable" } else { "disable" };
        self.apply(&format!("{path} {action} {name}"), action)
    }

    fn by_chkconfig(&self, path: &str, wanted: bool) -> Result<bool, Outcome> {
        let name = self.name;
        let list = || self.execute(&format!("{path} --list {name}"));
        let mut output = list()?;
        if output.err().contains(&format!("chkconfig --add {name}")) {
            self.execute(&format!("{path} --add {name}"))?;
            output = list()?;
        }
        let out = output.out();
        if !out.contains(name) {
            return Err(Outcome::failed(format!("service {name} does not support chkconfig")));
        }
        let action = if wanted { "on" } else { "off" };
        if [3, 5].iter().all(|level| out.contains(&format!("{level}:{action}"))) {
            return Ok(false);
        }
        self.apply(&format!("{path} {name} {action}"), action)
    }

    fn by_rc_update(&self, path: &str, wanted: bool) -> Result<bool, Outcome> {
        let (name, runlevel) = (self.name, self.call.args.opt_str("runlevel").unwrap_or("None"));
        let out = self.execute(&format!("{path} show"))?.out();
        let mut enabled = false;
        for line in out.lines() {
            let fields: Vec<&str> = line.split('|').collect();
            let [service, levels] = fields[..] else {
                let words = match fields.len() {
                    1 => "not enough values to unpack (expected 2, got 1)",
                    _ => "too many values to unpack (expected 2)",
                };
                return Err(Outcome::crashed(words));
            };
            if service.trim() == name {
                enabled = levels.split_whitespace().any(|level| level == runlevel);
                break;
            }
        }
        if enabled == wanted {
            return Ok(false);
        }
        let action = if wanted { "add" } else { "delete" };
        self.apply(&format!("{path} {action} {name} {runlevel}"), action)
    }

    fn by_update_rc_d(&self, path: &str, wanted: bool) -> Result<bool, Outcome> {
        if self.links('S') == wanted {
            return Ok(false);
        }
        let step = |action: &str| -> Result<(), Outcome> {
            if self.call.check() {
                return Ok(());
            }
            let output = self.execute(&format!("{path} {} {action}", self.name))?;
            let err = output.err();
            match output.rc {
                0 => Ok(()),
                _ => Err(Outcome::failed(if err.is_empty() { output.out() } else { err })),
            }
        };
        if wanted && !self.links('K') {
            step("defaults")?;
        }
        step(if wanted { "enable" } else { "disable" })?;
        Ok(true)
    }

    fn by_insserv(&self, path: &str, wanted: bool) -> Result<bool, Outcome> {
        let (name, option) = (self.name, if wanted { "" } else { "-r " });
        let planned = self.execute(&format!("{path} -n {option}-v {name}"))?.err();
        let words = if wanted { "enable service" } else { "remove service" };
        let changed = planned.lines().any(|line| line.contains(words));
        self.end_of_check(changed)?;
        if !changed {
            return Ok(false);
        }
        let output: Output = self.execute(&format!("{path} {option}{name}"))?;
        let (rc, out, err) = (output.rc, output.out(), output.err());
        if rc == 0 && err.is_empty() {
            return Ok(true);
        }
        let action = if wanted { "install" } else { "remove" };
        Err(Outcome::failed(format!("Failed to {action} service. rc: {rc}, out: {out}, err: {err}")))
    }

    fn by_initctl(&self, version: &[u64], wanted: bool) -> Result<bool, Outcome> {
        let (line, pattern) = match version >= &MANUAL_SINCE[..] {
            true => ("manual\n", r"^manual\s*$"),
            false => ("start on manual\n", r"^start on manual\s*$"),
        };
        let flags = Flags { multiline: true, ignore_case: true, ..Flags::default() };
        let pattern = Pattern::new(pattern, flags).map_err(bad_pattern)?;
        let is_manual = |text: &str| pattern.search(text, 0).map(|found| found.is_some()).map_err(bad_pattern);
        let text = |path: &str| read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        if is_manual(&text(&format!("/etc/init/{}.conf", self.name))?)? {
            return Err(Outcome::failed("manual stanza not supported in a .conf file"));
        }
        let file = format!("/etc/init/{}.override", self.name);
        let content = if Path::new(&file).exists() {
            let text = text(&file)?;
            match (wanted, is_manual(&text)?) {
                (true, true) => Some(pattern.replace(&text, &Template::literal(""), 0).map_err(bad_pattern)?.0),
                (false, false) => Some(format!("{text}\n{line}")),
                _ => None,
            }
        } else {
            (!wanted).then(|| line.to_owned())
        };
        self.end_of_check(content.is_some())?;
        if let Some(content) = &content {
            let written = Replace::new(Path::new(&file)).bytes(content.as_bytes());
            written.map_err(|_| Outcome::failed("Could not modify override file"))?;
        }
        Ok(content.is_some())
    }
}

/// The numbers of `init (upstart 1.12.1)`; none where it says no version.
pub(super) fn upstart_version(text: &str) -> Vec<u64> {
    let version = text.lines().find_map(|line| line.split_once("(upstart ")?.1.rsplit_once(')'));
    version.map(|(version, _)| version.split('.').map_while(|part| part.parse().ok()).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_upstart() {
        assert_eq!(upstart_version("init (upstart 1.12.1)\n"), [1, 12, 1]);
        assert!(upstart_version("init (upstart 0.6.5)") < MANUAL_SINCE.to_vec());
        assert!(upstart_version("").is_empty());
    }
}
