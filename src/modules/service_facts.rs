//! `service_facts`: the services of init scripts, upstart, OpenRC and systemd, as facts.
//!
//! What several managers know is taken from the last of them, systemd.

use super::{Call, ModuleDef, Support, init};
use crate::argspec::Spec;
use crate::host::{Output, locale};
use crate::proto::Outcome;
use crate::re::{Flags, Found, Pattern};
use crate::value::{Dict, Value};
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "service_facts",
    doc: "Return service state information as fact data.",
    spec: &Spec::EMPTY,
    check: Support::Full,
    diff: Support::None,
    run,
};

/// What a unit is in that is neither enabled nor disabled in any useful sense.
const BAD: [&str; 3] = ["not-found", "masked", "failed"];

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let locale = locale::parsable(&call.env);
    let mut job = Job { call, locale, services: Dict::new() };
    job.of_scripts()?;
    job.of_systemd()?;
    if job.services.is_empty() {
        let words = "Failed to find any services. This can be due to privileges or some other configuration issue.";
        return Ok(Outcome::default().with("skipped", true).with("msg", words));
    }
    Ok(Outcome::default().with("ansible_facts", Dict::from([("services", job.services)])))
}

struct Job<'a, 'b> {
    call: &'a mut Call<'b>,
    locale: &'static str,
    services: Dict,
}

impl Job<'_, '_> {
    fn execute(&self, line: &str) -> Result<Output, Outcome> {
        self.call.run_line(line, &[("LANG", self.locale), ("LC_ALL", self.locale)])
    }

    fn find(&self, program: &str) -> Option<String> {
        self.call.env.find_program(program).map(|path| path.to_string_lossy().into_owned())
    }

    fn add(&mut self, name: &str, state: impl Into<Value>, more: &[(&str, Value)], source: &str) {
        let mut service = Dict::from([("name", Value::from(name)), ("state", state.into())]);
        for (key, value) in more {
            service.insert(*key, value.clone());
        }
        service.insert("source", source);
        self.services.insert(name, service);
    }

    /// The managers before systemd, of which mostly one is there.
    fn of_scripts(&mut self) -> Result<(), Outcome> {
        let [service, chkconfig, initctl] = ["service", "chkconfig", "initctl"].map(|program| self.find(program));
        let openrc = self.find("rc-status");
        if let Some(service) = service.as_ref().filter(|_| chkconfig.is_none() && openrc.is_none()) {
            self.by_service(service)?;
        }
        match (chkconfig, initctl, openrc, self.find("rc-update")) {
            (Some(chkconfig), ..) => self.by_chkconfig(&chkconfig, service.as_deref()),
            (None, Some(initctl), ..) => self.by_initctl(&initctl),
            (None, None, Some(status), Some(update)) => self.by_openrc(&status, &update),
            _ => Ok(()),
        }
    }

    fn by_service(&mut self, service: &str) -> Result<(), Outcome> {
        let output = self.execute(&format!("{service} --status-all"))?;
        if output.rc == 4 && !Path::new("/etc/init.d").exists() {
            return Ok(());
        }
        if output.rc != 0 {
            self.call.warn(format!("Unable to query 'service' tool ({}): {}", output.rc, output.err()));
        }
        let out = output.out();
        for found in pattern(r"^\s*\[ (\+|\-) \]\s+(.+)$", true)?.find_all(&out).map_err(Outcome::crashed)? {
            let state = if found.group(&out, 1) == Some("+") { "running" } else { "stopped" };
            self.add(group(&found, &out, 2), state, &[], "sysv");
        }
        Ok(())
    }

    fn by_initctl(&mut self, initctl: &str) -> Result<(), Outcome> {
        let output = self.execute(&format!("{initctl} list"))?;
        if output.rc != 0 {
            self.call.warn(format!("Unable to query upstart for service data: {}", output.err()));
            return Ok(());
        }
        let pattern = pattern(r"^\s?(.*)\s(\w+)\/(\w+)(\,\sprocess\s([0-9]+))?\s*$", false)?;
        for line in output.out().replace('\r', "").split('\n') {
            if let Some(found) = pattern.search(line, 0).map_err(Outcome::crashed)? {
                let goal = group(&found, line, 2).into();
                self.add(group(&found, line, 1), group(&found, line, 3), &[("goal", goal)], "upstart");
            }
        }
        Ok(())
    }

    fn by_chkconfig(&mut self, chkconfig: &str, service: Option<&str>) -> Result<(), Outcome> {
        let columns = r"\s+[0-9]:(on|off)".repeat(7);
        let full = pattern(&format!("^(.*?){columns}"), false)?;
        let simple = pattern(r"^(.*?)\s+(on|off)", false)?;
        let any = |pattern: &Pattern, text: &str| -> Result<bool, Outcome> {
            for line in text.split('\n') {
                if pattern.search(line, 0).map_err(Outcome::crashed)?.is_some() {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        let mut output = self.execute(chkconfig)?;
        if !any(&full, &output.out())? {
            if any(&simple, &output.out())? {
                // SUSE's.
                output = self.execute(&format!("{chkconfig} -l --allservices"))?;
            } else if output.err().contains("--list") {
                output = self.execute(&format!("{chkconfig} --list"))?;
            }
        }
        for line in output.out().split('\n') {
            let Some(found) = full.search(line, 0).map_err(Outcome::crashed)? else { continue };
            let name = group(&found, line, 1);
            // Of the levels 0 to 6.
            let status = if group(&found, line, 5) == "on" { "enabled" } else { "disabled" };
            let state = self.state_by_script(service, name)?;
            self.add(name, state, &[("status", status.into())], "sysv");
        }
        Ok(())
    }

    /// What `service NAME status` means; its exit status where it may not tell.
    fn state_by_script(&mut self, service: Option<&str>, name: &str) -> Result<Value, Outcome> {
        let Some(service) = service else { return Ok("stopped".into()) };
        let output = self.execute(&format!("{service} {name} status"))?;
        if output.rc == 0 {
            return Ok("running".into());
        }
        let err = output.err().to_lowercase();
        if ["root", "permission", "not in sudoers"].iter().any(|word| err.contains(word)) {
            self.call.warn(format!("Insufficient permissions to query sysV service \"{name}\" and their states"));
            return Ok(output.rc.into());
        }
        Ok("stopped".into())
    }

    fn by_openrc(&mut self, status: &str, update: &str) -> Result<(), Outcome> {
        let shown = self.execute(&format!("{status} -a -s -m"))?;
        let levels = self.execute(&format!("{update} show -v"))?;
        let mut known: Vec<(String, Value)> = Vec::new();
        for line in (levels.out() + &levels.err()).lines() {
            let mut fields = line.split('|').map(str::trim);
            let (Some(name), Some(levels)) = (fields.next(), fields.next()) else { continue };
            let list = || Value::list(levels.split_whitespace().map(Value::from));
            known.retain(|(other, _)| other != name);
            known.push((name.to_owned(), if levels.is_empty() { Value::Null } else { list() }));
        }
        for line in (shown.out() + &shown.err()).lines().filter(|line| line.starts_with(' ')) {
            let line = line.replace(['[', ']'], "");
            let mut words = line.split_whitespace();
            let (Some(name), Some(state)) = (words.next(), words.next()) else { continue };
            if name == "*" {
                continue;
            }
            match known.iter().find(|(other, _)| other == name) {
                Some((_, levels)) => {
                    let mut service = Dict::from([("name", Value::from(name)), ("runlevels", levels.clone())]);
                    service.insert("state", state);
                    service.insert("source", "openrc");
                    self.services.insert(name, service);
                }
                None => self.call.warn(format!("Service {name} not found in the service list")),
            }
        }
        Ok(())
    }

    fn of_systemd(&mut self) -> Result<(), Outcome> {
        if !init::is_systemd(self.call) {
            return Ok(());
        }
        let found = self.call.env.find_program_in("systemctl", &["/usr/bin", "/usr/local/bin"]);
        let Some(systemctl) = found.map(|path| path.to_string_lossy().into_owned()) else { return Ok(()) };
        let output = self.execute(&format!("{systemctl} list-units --no-pager --type service --all --plain"))?;
        if output.rc == 0 {
            for (name, state, status) in units(&output.out())? {
                self.add(name, state, &[("status", status.into())], "systemd");
            }
        } else {
            self.call.warn(format!("Could not list units from systemd: {}", output.err()));
        }
        let output = self.execute(&format!("{systemctl} list-unit-files --no-pager --type service --all"))?;
        if output.rc == 0 {
            return self.unit_files(&systemctl, &output.out());
        }
        self.call.warn(format!("Could not get unit files data from systemd: {}", output.err()));
        Ok(())
    }

    /// All units there are, whose files say whether they are enabled.
    fn unit_files(&mut self, systemctl: &str, text: &str) -> Result<(), Outcome> {
        for line in text.split('\n').filter(|line| line.contains(".service")) {
            let mut fields = line.split_whitespace();
            let (Some(name), Some(status)) = (fields.next(), fields.next()) else {
                return Err(Outcome::crashed("not enough values to unpack (expected 2, got 1)"));
            };
            let Some(known) = self.services.get(name) else {
                let output = self.execute(&format!("{systemctl} show {name} --property=ActiveState"))?;
                let out = output.out();
                let state = match output.rc {
                    0 if !out.is_empty() => out.replace("ActiveState=", "").trim_end().to_owned(),
                    _ => "unknown".to_owned(),
                };
                self.add(name, state, &[("status", status.into())], "systemd");
                continue;
            };
            let is_bad = known.get("status").and_then(Value::as_str).is_some_and(|status| BAD.contains(&status));
            if !is_bad && let Some(known) = known.as_dict() {
                let mut known = known.clone();
                known.insert("status", status);
                self.services.insert(name, known);
            }
        }
        Ok(())
    }
}

/// The units that are loaded: name, whether loaded, active, and more finely so, and their description.
fn units(text: &str) -> Result<Vec<(&str, &str, &str)>, Outcome> {
    let lines = text.split('\n').filter(|line| line.contains(".service"));
    let units = lines.map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [name, _, active, sub, ..] = fields[..] else {
            return Err(Outcome::crashed("list index out of range"));
        };
        let last = fields.len() - 1;
        let bad = BAD.into_iter().find(|bad| fields[..last].contains(bad));
        Ok((name, if sub == "running" { "running" } else { "stopped" }, bad.unwrap_or(active)))
    });
    units.collect()
}

fn pattern(text: &str, multiline: bool) -> Result<Pattern, Outcome> {
    Pattern::new(text, Flags { multiline, ..Flags::default() }).map_err(Outcome::crashed)
}

fn group<'t>(found: &Found, text: &'t str, number: usize) -> &'t str {
    found.group(text, number).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::outcome;

    #[test]
    fn units_that_are_loaded() {
        let text = "UNIT LOAD ACTIVE SUB DESCRIPTION\na.service loaded active running A daemon\n\
                    b.service not-found inactive dead b.service\nc.service loaded active exited it is masked\nd.timer x";
        let want = [
            ("a.service", "running", "active"),
            ("b.service", "stopped", "not-found"),
            ("c.service", "stopped", "active"),
        ];
        assert_eq!(units(text).expect("read"), want);
        assert!(units("a.service b").is_err());
    }

    #[test]
    fn there_are_services_or_it_is_skipped() {
        let out = outcome("service_facts", "{}");
        let services = out.get("ansible_facts").and_then(|facts| facts.get("services")?.as_dict());
        assert!(services.is_some() || out.is_skipped(), "{:?}", out.result);
        for (name, service) in services.into_iter().flatten() {
            assert_eq!(service.get("name"), Some(name));
        }
    }
}
