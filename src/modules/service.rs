//! `service`, the module for hosts whose manager has none of its own: systemd, upstart, OpenRC, init scripts.
//!
//! Which programs control a service and which enable it is told apart first, by what the host has. Services are
//! started as from a daemon: with no environment but a locale, in the root folder.

use super::{Call, ModuleDef, Support, init};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Output, locale, words};
use crate::proto::Outcome;
use crate::value::{Value, repr};
use std::path::{Path, PathBuf};

mod enable;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "service",
    doc: "Manage services.",
    spec: &Spec {
        required_one_of: &[&["state", "enabled"]],
        ..Spec::new(&[
            Arg::new("name", Kind::Str).required(),
            Arg::new("state", Kind::Str).choices(&["started", "stopped", "reloaded", "restarted"]),
            Arg::new("sleep", Kind::Int),
            Arg::new("pattern", Kind::Str),
            Arg::new("enabled", Kind::Bool),
            Arg::new("runlevel", Kind::Str).default(Default::Str("default")),
            Arg::new("arguments", Kind::Str).default(Default::Str("")).aliases(&["args"]),
        ])
    },
    check: Support::Full,
    diff: Support::None,
    run,
};

/// Where programs are looked for before PATH.
pub(super) const FOLDERS: [&str; 4] = ["/sbin", "/usr/sbin", "/bin", "/usr/bin"];

/// What an init script's exit status means by itself, if it is one of these: not running.
pub(super) const DOWN: [i32; 5] = [1, 2, 3, 4, 69];

/// What controls a service.
enum Control {
    Systemctl(String),
    Initctl(String),
    OpenRc(String),
    /// `service`, which runs init scripts.
    Service(String),
    /// The init script itself.
    Script(String),
}

/// What enables a service.
enum Enabler {
    Systemctl(String),
    /// Upstart, by its version.
    Initctl(Vec<u64>),
    RcUpdate(String),
    UpdateRcD(String),
    Insserv(String),
    Chkconfig(String),
}

struct Tools {
    control: Control,
    enabler: Option<Enabler>,
    /// Upstart's program, which may know of a service that something else controls.
    initctl: Option<String>,
}

struct Job<'a> {
    call: &'a Call<'a>,
    name: &'a str,
    arguments: &'a str,
    locale: &'static str,
    tools: Tools,
    crashed: bool,
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let call = &*call;
    let name = call.args.str("name");
    let job = Job {
        call,
        name,
        // What is no text is written out, as Python would.
        arguments: call.args.opt_str("arguments").unwrap_or("None"),
        locale: locale::parsable(&call.env),
        tools: tools(call, name)?,
        crashed: false,
    };
    job.run()
}

fn tools(call: &Call<'_>, name: &str) -> Result<Tools, Outcome> {
    let find = |program: &str| {
        let path: Option<PathBuf> = call.env.find_program_in(program, &FOLDERS);
        path.map(|path| path.to_string_lossy().into_owned())
    };
    let script = Some(format!("/etc/init.d/{name}")).filter(|path| Path::new(path).is_file());
    let initctl = find("initctl");
    if let Some(systemctl) = find("systemctl").filter(|_| init::is_systemd(call)) {
        let enabler = Some(Enabler::Systemctl(systemctl.clone()));
        return Ok(Tools { control: Control::Systemctl(systemctl), enabler, initctl });
    }
    if let Some(path) = initctl.clone().filter(|_| Path::new(&format!("/etc/init/{name}.conf")).exists()) {
        let said = call.run_line(&format!("{path} version"), &[])?;
        let said = if said.rc == 0 { said.out() } else { String::new() };
        let enabler = Some(Enabler::Initctl(enable::upstart_version(&said)));
        return Ok(Tools { control: Control::Initctl(path), enabler, initctl });
    }
    if let Some(path) = find("rc-service") {
        let enabler = find("rc-update").map(Enabler::RcUpdate);
        return Ok(Tools { control: Control::OpenRc(path), enabler, initctl: None });
    }
    let Some(script) = script else { return Err(init::missing(name, "host")) };
    let enabler = find("update-rc.d").map(Enabler::UpdateRcD);
    let enabler = enabler.or_else(|| find("insserv").map(Enabler::Insserv));
    let enabler = enabler.or_else(|| find("chkconfig").map(Enabler::Chkconfig));
    if enabler.is_none() {
        return Err(init::missing(name, "host"));
    }
    let control = find("service").map_or(Control::Script(script), Control::Service);
    Ok(Tools { control, enabler, initctl })
}

impl Job<'_> {
    fn run(mut self) -> Result<Outcome, Outcome> {
        let mut result = Outcome::default().with("name", self.name);
        let enabled = self.call.args.opt_bool("enabled");
        let mut changed = false;
        if let Some(wanted) = enabled {
            changed = self.enable(wanted)?;
            result.set("enabled", wanted);
        }
        let Some(state) = self.call.args.opt_str("state").filter(|state| !state.is_empty()) else {
            return Ok(result.with("changed", changed));
        };
        let runs = match self.call.args.opt_str("pattern").filter(|pattern| !pattern.is_empty()) {
            Some(pattern) => self.has_process(pattern)?,
            None => self.status()?,
        };
        let Some(runs) = runs else {
            let words = "failed determining service state, possible typo of service name?";
            return Err(Outcome::failed(words));
        };
        let action = match (state, runs) {
            ("started", false) | ("reloaded", false) => Some("start"),
            ("reloaded", true) => Some("reload"),
            ("stopped", true) => Some("stop"),
            ("restarted", _) => Some("restart"),
            _ => None,
        };
        if action.is_some() && self.call.check() {
            return Err(Outcome::changed(true).with("msg", "service state changed"));
        }
        if let Some(action) = action {
            let output = self.control(action)?;
            let err = output.err();
            // Upstart says so of a service that is started all the same.
            if output.rc != 0 && !err.contains("Job is already running") {
                return Err(Outcome::failed(if err.is_empty() { output.out() } else { err }));
            }
        }
        result.set("state", if state == "stopped" { "stopped" } else { "started" });
        Ok(result.with("changed", changed || action.is_some()))
    }

    /// Runs a line in a locale whose messages can be read.
    fn execute(&self, line: &str) -> Result<Output, Outcome> {
        self.call.run_line(line, &["LANG", "LC_ALL", "LC_MESSAGES"].map(|name| (name, self.locale)))
    }

    /// Runs a line as a daemon would.
    fn detached(&self, line: &str) -> Result<Output, Outcome> {
        let argv = words::split(line).map_err(Outcome::crashed)?;
        let mut command = self.call.command(&argv).cwd(Some("/".into()));
        command.bare = true;
        command.vars = ["LANG", "LC_ALL", "LC_MESSAGES"].map(|name| (name.to_owned(), self.locale.to_owned())).into();
        // The real one waits for what its daemon tells of the command, and hears nothing.
        command.run().map_err(|error| match error.kind() {
            std::io::ErrorKind::Interrupted => super::command::not_started(&argv, &error),
            _ => Outcome::crashed("Expecting value: line 1 column 1 (char 0)"),
        })
    }

    /// Whether `ps` shows the pattern; None where it fails.
    fn has_process(&self, pattern: &str) -> Result<Option<bool>, Outcome> {
        let ps = self.call.need_program("ps")?;
        let output = self.execute(&format!("{} auxww", ps.display()))?;
        let found = |line: &str| line.contains(pattern) && !line.contains("pattern=");
        Ok((output.rc == 0).then(|| output.out().lines().any(found)))
    }

    /// Whether the service runs; None where nothing tells.
    fn status(&mut self) -> Result<Option<bool>, Outcome> {
        if let Control::Systemctl(path) = &self.tools.control {
            return self.unit_runs(path).map(Some);
        }
        let output = self.control("status")?;
        if let Some(initctl) = &self.tools.initctl {
            let said = self.execute(&format!("{initctl} status {} {}", self.name, self.arguments))?.out();
            if said.contains("stop/waiting") {
                return Ok(Some(false));
            }
            if said.contains("start/running") {
                return Ok(Some(true));
            }
        }
        if let Control::OpenRc(path) = &self.tools.control {
            let output = self.execute(&format!("{path} {} status", self.name))?;
            self.crashed = output.err().contains("crashed");
            return Ok(Some(output.out().contains("started")));
        }
        if DOWN.contains(&output.rc) {
            return Ok(Some(false));
        }
        let out = output.out();
        // More lines tell of anything.
        if out.matches('\n').count() <= 1
            && let Some(runs) = told(&out.to_lowercase().replace(&self.name.to_lowercase(), ""))
        {
            return Ok(Some(runs));
        }
        // `iptables` lists its rules.
        let runs = output.rc == 0 || (self.name == "iptables" && out.contains("ACCEPT"));
        Ok(runs.then_some(true))
    }

    fn unit_runs(&self, systemctl: &str) -> Result<bool, Outcome> {
        let output = self.execute(&format!("{systemctl} show '{}'", self.name))?;
        let (out, err) = (output.out(), output.err());
        let unit = repr(&Value::from(self.name));
        if output.rc != 0 {
            let rc = output.rc;
            return Err(Outcome::failed(format!("failure {rc} running systemctl show for {unit}: {err}")));
        }
        if out.contains("LoadState=not-found") {
            return Err(Outcome::failed(format!("systemd could not find the requested service \"{unit}\": {err}")));
        }
        match active_state(&out) {
            Some(state) => Ok(state == "active"),
            None => Err(Outcome::failed(format!("No ActiveState value in systemctl show output for {unit}"))),
        }
    }

    fn control(&self, action: &str) -> Result<Output, Outcome> {
        let (name, arguments) = (self.name, self.arguments);
        let line = |action: &str| match &self.tools.control {
            Control::Systemctl(path) | Control::Initctl(path) => format!("{path} {action} {name} {arguments}"),
            Control::OpenRc(path) | Control::Service(path) => format!("{path} {name} {action} {arguments}"),
            Control::Script(path) => format!("{path} {action} {arguments}"),
        };
        if let Control::OpenRc(path) = &self.tools.control {
            if action == "start" && self.crashed {
                // A crashed service cannot be started before it counts as stopped.
                self.detached(&format!("{path} {name} zap"))?;
            }
            return self.detached(&line(action));
        }
        if action != "restart" {
            return self.detached(&line(action));
        }
        // Not every script knows how to restart.
        let stopped = self.detached(&line("stop"))?;
        if let Some(seconds) = self.call.args.opt_int("sleep").filter(|seconds| *seconds != 0) {
            self.call.sleep(seconds)?;
        }
        let started = self.detached(&line("start"))?;
        if stopped.rc != 0 && started.rc == 0 {
            return Ok(started);
        }
        Ok(Output {
            rc: stopped.rc + started.rc,
            stdout: [stopped.stdout, started.stdout].concat(),
            stderr: [stopped.stderr, started.stderr].concat(),
        })
    }
}

/// What a status line tells, the service's name taken out.
fn told(line: &str) -> Option<bool> {
    let has = |word: &str| line.contains(word);
    if has("stop") {
        return Some(false);
    }
    if has("run") {
        return Some(!has("not "));
    }
    if has("start") && !has("not ") {
        return Some(true);
    }
    const DEAD: [&str; 4] = [
        "could not access pid file",
        "is dead and pid file exists",
        "dead but subsys locked",
        "dead but pid file exists",
    ];
    DEAD.into_iter().any(has).then_some(false)
}

/// `ActiveState` among the properties. A value in braces may go over several lines, to one that has a `=`
/// and closes them.
fn active_state(text: &str) -> Option<&str> {
    let mut state = None;
    let mut open = false;
    for line in text.lines() {
        let Some((key, value)) = line.split_once('=') else { continue };
        let closes = line.trim_end().ends_with('}');
        if open {
            open = !closes;
        } else if value.trim_start().starts_with('{') {
            open = !closes;
        } else if key == "ActiveState" {
            state = Some(value);
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{has, outcome};

    #[test]
    fn status_lines() {
        for (line, want) in [
            (" is running", Some(true)),
            (" is not running", Some(false)),
            ("stopped", Some(false)),
            ("started", Some(true)),
            ("not started", None),
            (" dead but pid file exists", Some(false)),
            ("", None),
        ] {
            assert_eq!(told(line), want, "{line}");
        }
    }

    #[test]
    fn active_states() {
        assert_eq!(active_state("Id=a\nActiveState=active\nX=1"), Some("active"));
        assert_eq!(active_state("ExecStart={ a\n b }\nActiveState=active\nX=}\nY=1"), None);
        assert_eq!(active_state("ExecStart={ a=b }\nActiveState=failed"), Some("failed"));
    }

    #[test]
    fn what_is_not_there() {
        let out = outcome("service", r#"{"name": "x"}"#);
        has(&out, "msg", "'one of the following is required: state, enabled'");
    }
}
