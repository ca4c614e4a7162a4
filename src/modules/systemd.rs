//! `systemd`, also `systemd_service`: units by `systemctl`.
//!
//! What systemd knows of the unit is looked up once, before anything is done; what is done then follows from
//! that. Where systemd does not answer (a chroot, an image that is being built), units can be enabled
//! and masked by their files alone.

use super::{Call, ModuleDef, Support, command, init};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Output, chroot::is_chroot};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "systemd",
    doc: "Manage systemd units.",
    spec: &Spec {
        required_one_of: &[&["state", "enabled", "masked", "daemon_reload", "daemon_reexec"]],
        required_by: &[("state", &["name"]), ("enabled", &["name"]), ("masked", &["name"])],
        ..Spec::new(&[
            Arg::new("name", Kind::Str).aliases(&["service", "unit"]),
            Arg::new("state", Kind::Str).choices(&["reloaded", "restarted", "started", "stopped"]),
            Arg::new("enabled", Kind::Bool),
            Arg::new("force", Kind::Bool),
            Arg::new("masked", Kind::Bool),
            Arg::new("daemon_reload", Kind::Bool).default(Default::Bool(false)).aliases(&["daemon-reload"]),
            Arg::new("daemon_reexec", Kind::Bool).default(Default::Bool(false)).aliases(&["daemon-reexec"]),
            Arg::new("scope", Kind::Str).default(Default::Str("system")).choices(&["system", "user", "global"]),
            Arg::new("no_block", Kind::Bool).default(Default::Bool(false)),
        ])
    },
    check: Support::Full,
    diff: Support::None,
    run,
};

/// The same by its newer name.
pub static SERVICE: ModuleDef = ModuleDef { name: "systemd_service", ..DEF };

/// What `is-enabled` says of a unit that there is.
const KNOWN: [&str; 11] = [
    "enabled",
    "enabled-runtime",
    "linked",
    "linked-runtime",
    "masked",
    "masked-runtime",
    "static",
    "indirect",
    "disabled",
    "generated",
    "transient",
];

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let unit = call.args.opt_str("name").map(str::to_owned);
    if let Some(unit) = &unit
        && let Some(sign) = ['*', '?', '['].into_iter().find(|sign| unit.contains(*sign))
    {
        return Err(Outcome::failed(format!(
            "This module does not currently support using glob patterns, found '{sign}' in service name: {unit}"
        )));
    }
    let mut systemctl = call.need_program("systemctl")?.to_string_lossy().into_owned();
    if call.env.get("XDG_RUNTIME_DIR").is_none() {
        let folder = format!("/run/user/{}", rustix::process::geteuid().as_raw());
        call.env = std::mem::take(&mut call.env).with("XDG_RUNTIME_DIR", folder);
    }
    let scope = call.args.str("scope");
    if scope != "system" {
        systemctl.push_str(&format!(" --{scope}"));
    }
    for (name, option) in [("no_block", " --no-block"), ("force", " --force")] {
        if call.args.bool(name) {
            systemctl.push_str(option);
        }
    }
    let mut job = Job { call, systemctl, result: Outcome::default() };
    job.result.set("name", unit.as_deref());
    job.result.set("changed", false);
    job.result.set("status", Dict::new());
    for (name, action) in [("daemon_reload", "daemon-reload"), ("daemon_reexec", "daemon-reexec")] {
        if job.call.args.bool(name) && !job.call.check() {
            job.renew(action)?;
        }
    }
    if let Some(unit) = unit.filter(|unit| !unit.is_empty()) {
        let found = job.look(&unit)?;
        job.mask(&unit, &found)?;
        job.enable(&unit, &found)?;
        job.control(&unit, &found)?;
        job.result.set("status", found.status);
    }
    Ok(job.result)
}

/// What the host has under a unit's name.
#[derive(Default)]
struct Found {
    /// What `systemctl show` says.
    status: Dict,
    unit: bool,
    script: bool,
}

impl Found {
    fn or_missing(&self, unit: &str) -> Result<(), Outcome> {
        if self.unit || self.script { Ok(()) } else { Err(init::missing(unit, "host")) }
    }

    fn is(&self, key: &str, wanted: &[&str]) -> bool {
        self.status.get(key).and_then(Value::as_str).is_some_and(|value| wanted.contains(&value))
    }
}

struct Job<'a, 'b> {
    call: &'a mut Call<'b>,
    /// The program with the options that every command gets.
    systemctl: String,
    result: Outcome,
}

impl Job<'_, '_> {
    fn execute(&self, rest: &str) -> Result<Output, Outcome> {
        self.call.run_line(&format!("{} {rest}", self.systemctl), &[])
    }

    fn is_offline(&self) -> bool {
        is_chroot(&self.call.env) || self.call.env.get("SYSTEMD_OFFLINE").as_deref() == Some("1")
    }

    /// Lets systemd read its units again, or start itself again.
    fn renew(&mut self, action: &str) -> Result<(), Outcome> {
        let output = self.execute(action)?;
        if output.rc == 0 {
            return Ok(());
        }
        let (rc, err) = (output.rc, output.err());
        if !self.is_offline() {
            return Err(Outcome::failed(format!("failure {rc} during {action}: {err}")));
        }
        self.call.warn(format!(
            "{action} failed, but target is a chroot or systemd is offline. Continuing. Error was: {rc} / {err}"
        ));
        Ok(())
    }

    fn look(&mut self, unit: &str) -> Result<Found, Outcome> {
        let mut found = Found { script: init::has_script(unit), ..Found::default() };
        let shown = self.execute(&format!("show '{unit}'"))?;
        let (out, err) = (shown.out(), shown.err());
        if shown.rc == 0 && !was_ignored(&out) && !was_ignored(&err) {
            found.status = properties(&out);
            found.unit = found.status.contains("LoadState") && !found.is("LoadState", &["not-found"]);
            if let Some(error) = found.status.get("LoadError").filter(|_| found.unit)
                && !found.is("LoadState", &["masked"])
            {
                let error = error.to_text();
                return Err(Outcome::failed(format!("Error loading unit file '{unit}': {error}")));
            }
        } else if shown.rc == 1 && err.contains("Failed to parse bus message") {
            // Some versions fail so for a unit that is there.
            found.status = properties(&out);
            let stem = unit.split_once('@').map_or(unit.to_owned(), |(base, _)| format!("{base}@"));
            found.unit = self.execute(&format!("list-unit-files '{stem}*'"))?.out().contains(&stem);
            let active = self.execute(&format!("is-active '{unit}'"))?.out();
            found.status.insert("ActiveState", active.trim_end_matches('\n'));
        } else {
            found.unit = self.has_files(unit)?;
        }
        if found.script && !found.unit {
            self.call
                .warn(format!("The service ({unit}) is actually an init script but the system is managed by systemd"));
        }
        Ok(found)
    }

    /// Whether there is such a unit, where systemd does not show it: by its files.
    fn has_files(&self, unit: &str) -> Result<bool, Outcome> {
        let enabled = self.execute(&format!("is-enabled '{unit}'"))?.out();
        if KNOWN.contains(&enabled.trim()) || self.execute(&format!("list-unit-files '{unit}'"))?.rc == 0 {
            return Ok(true);
        }
        // The program may be unable to do anything at all, which its own words tell.
        let argv = self.call.words(&self.systemctl)?;
        match self.call.run_line(&self.systemctl, &[])? {
            output if output.rc == 0 => Ok(false),
            output => Err(command::refused(&argv, &output)),
        }
    }

    fn mask(&mut self, unit: &str, found: &Found) -> Result<(), Outcome> {
        let Some(wanted) = self.call.args.opt_bool("masked") else { return Ok(()) };
        let masked = self.execute(&format!("is-enabled '{unit}'"))?.out().trim() == "masked";
        if masked == wanted {
            return Ok(());
        }
        self.result.set("changed", true);
        if self.call.check() {
            return Ok(());
        }
        let action = if wanted { "mask" } else { "unmask" };
        let output = self.execute(&format!("{action} '{unit}'"))?;
        if output.rc == 0 {
            return Ok(());
        }
        // Some versions do it for units that are not there, so that alone is no failure.
        found.or_missing(unit)?;
        Err(Outcome::failed(format!("Failed to {action} the service ({unit}): {}", output.err().trim())))
    }

    fn enable(&mut self, unit: &str, found: &Found) -> Result<(), Outcome> {
        let Some(wanted) = self.call.args.opt_bool("enabled") else { return Ok(()) };
        found.or_missing(unit)?;
        let output = self.execute(&format!("is-enabled '{unit}' -l"))?;
        let out = output.out();
        let enabled = match output.rc {
            // Such are to be enabled for good, or by their right name.
            0 => !["enabled-runtime", "indirect", "alias"].contains(&out.trim_end()),
            1 => {
                let is_system = self.call.args.str("scope") == "system";
                is_system && found.script && !out.trim().ends_with("disabled") && init::is_enabled(unit, None)
            }
            _ => false,
        };
        self.result.set("enabled", enabled);
        if enabled == wanted {
            return Ok(());
        }
        self.result.set("changed", true);
        if !self.call.check() {
            let action = if wanted { "enable" } else { "disable" };
            let output = self.execute(&format!("{action} '{unit}'"))?;
            if output.rc != 0 {
                let said = output.out() + &output.err();
                return Err(Outcome::failed(format!("Unable to {action} service {unit}: {said}")));
            }
        }
        self.result.set("enabled", wanted);
        Ok(())
    }

    fn control(&mut self, unit: &str, found: &Found) -> Result<(), Outcome> {
        let Some(state) = self.call.args.opt_str("state").map(str::to_owned) else { return Ok(()) };
        found.or_missing(unit)?;
        self.result.set("state", state.as_str());
        if !found.status.contains("ActiveState") {
            if !self.is_offline() {
                let status = found.status.clone();
                return Err(Outcome::failed("Service is in unknown state").with("status", status));
            }
            self.call.warn(
                "Target is a chroot or systemd is offline. This can lead to false positives or prevent the init system \
                 tools from working.",
            );
            return Ok(());
        }
        let runs = found.is("ActiveState", &["active", "activating"]);
        let ends = found.is("ActiveState", &["deactivating"]);
        let action = match state.as_str() {
            "started" => (!runs).then_some("start"),
            "stopped" => (runs || ends).then_some("stop"),
            "restarted" if runs => Some("restart"),
            "reloaded" if runs => Some("reload"),
            _ => Some("start"),
        };
        if matches!(state.as_str(), "restarted" | "reloaded") {
            self.result.set("state", "started");
        }
        let Some(action) = action else { return Ok(()) };
        self.result.set("changed", true);
        if self.call.check() {
            return Ok(());
        }
        let output = self.execute(&format!("{action} '{unit}'"))?;
        if output.rc == 0 {
            return Ok(());
        }
        Err(Outcome::failed(format!("Unable to {action} service {unit}: {}", output.err())))
    }
}

/// Whether `systemctl` says that it does nothing, as in a chroot.
fn was_ignored(text: &str) -> bool {
    !text.contains('=') && (text.contains("ignoring request") || text.contains("ignoring command"))
}

/// What `systemctl show` prints. Only commands (`ExecStart` and the like) go over several lines, in braces.
fn properties(text: &str) -> Dict {
    let mut all = Dict::new();
    let mut lines = text.split('\n');
    while let Some(line) = lines.next() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let is_open = |text: &str| !text.trim_end().ends_with('}');
        if !(key.starts_with("Exec") && value.trim_start().starts_with('{') && is_open(value)) {
            all.insert(key, value.trim());
            continue;
        }
        let mut whole = value.to_owned();
        for line in lines.by_ref() {
            whole = format!("{whole}\n{line}");
            if !is_open(line) {
                all.insert(key, whole.trim());
                break;
            }
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{has, outcome};

    #[test]
    fn properties_of_units() {
        let text = "Id=a.service\nDescription={ no command\nno property\nExecStart={ path=/x ; argv[]=/x a\n b=c ;\n }\n\
                    ExecStop={ path=/y }\nAfter= b \nExecReload={ never\nends=";
        let want = "{'Id': 'a.service', 'Description': '{ no command', \
                    'ExecStart': '{ path=/x ; argv[]=/x a\\n b=c ;\\n }', 'ExecStop': '{ path=/y }', 'After': 'b'}";
        assert_eq!(crate::value::repr(&properties(text).into()), want);
    }

    #[test]
    fn what_is_ignored() {
        assert!(was_ignored("Running in chroot, ignoring request: show\n"));
        assert!(!was_ignored("Description=ignoring request") && !was_ignored(""));
    }

    #[test]
    fn arguments() {
        let out = outcome("systemd", r#"{"state": "started"}"#);
        has(&out, "msg", "\"missing parameter(s) required by 'state': name\"");
        let out = outcome("systemd_service", r#"{"name": "a*", "enabled": true}"#);
        let words = "This module does not currently support using glob patterns, found '*' in service name: a*";
        has(&out, "msg", &format!("\"{words}\""));
    }
}
