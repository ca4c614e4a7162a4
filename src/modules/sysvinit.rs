//! `sysvinit`: init scripts, and the links that start them.
//!
//! Scripts tell of their state in many ways: a word in what they print counts most, then their exit status,
//! then `ps`. They need not know how to restart, so that is a stop and a start.

use super::{Call, ModuleDef, Support, init, service};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Output, words};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "sysvinit",
    doc: "Manage SysV services.",
    spec: &Spec {
        required_one_of: &[&["state", "enabled"]],
        ..Spec::new(&[
            Arg::new("name", Kind::Str).required().aliases(&["service"]),
            Arg::new("state", Kind::Str).choices(&["started", "stopped", "restarted", "reloaded"]),
            Arg::new("enabled", Kind::Bool),
            Arg::new("sleep", Kind::Int).default(Default::Int(1)),
            Arg::new("pattern", Kind::Str),
            Arg::new("arguments", Kind::Str).aliases(&["args"]),
            Arg::new("runlevels", Kind::List).elements(Kind::Str),
            Arg::new("daemonize", Kind::Bool).default(Default::Bool(false)),
        ])
    },
    check: Support::Full,
    diff: Support::None,
    run,
};

/// Words of a status that mean that the service is down, and those that mean that it is up.
const DOWN: [&str; 5] = ["stop", "is dead ", "dead but ", "could not access pid file", "inactive"];
const UP: [&str; 3] = ["run", "start", "active"];

struct Job<'a, 'b> {
    call: &'a mut Call<'b>,
    name: String,
    script: String,
    changed: bool,
    /// What the last command said.
    last: Option<Output>,
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let name = call.args.str("name").to_owned();
    if !init::has_script(&name) {
        return Err(init::missing(&name, ""));
    }
    let script = init::script(&name);
    let mut job = Job { call, name, script, changed: false, last: None };
    job.run()
}

impl Job<'_, '_> {
    fn run(&mut self) -> Result<Outcome, Outcome> {
        let levels = self.call.args.opt_list("runlevels").filter(|levels| !levels.is_empty());
        let enabled: Vec<bool> = match &levels {
            Some(levels) => levels.iter().map(|level| init::is_enabled(&self.name, Some(level))).collect(),
            None => vec![init::is_enabled(&self.name, None)],
        };
        let runs = self.is_started()?;
        let mut status = Dict::new();
        let enabling = self.enable(&enabled, levels.as_deref())?;
        status.insert("enabled", enabling);
        let result = |changed: bool, status: Dict| {
            Outcome::default().with("name", self.call.args.str("name")).with("changed", changed).with("status", status)
        };
        if status.get("enabled").and_then(|part| part.get("stderr")?.as_str()).is_some_and(is_illegal) {
            let words = format!("Illegal runlevel specified for enable operation on service {}", self.name);
            return Err(result(self.changed, status).with("failed", true).with("msg", words));
        }
        let state = self.call.args.opt_str("state").map(str::to_owned);
        let part = self.control(state.as_deref(), runs)?;
        // Without a state, its part is there all the same, under null.
        status.insert(state.as_deref().unwrap_or("null"), part);
        let name = self.call.args.str("name");
        Ok(Outcome::default().with("name", name).with("changed", self.changed).with("status", status))
    }

    fn find(&self, program: &str) -> Option<String> {
        let path = self.call.env.find_program_in(program, &service::FOLDERS);
        path.map(|path| path.to_string_lossy().into_owned())
    }

    fn is_started(&mut self) -> Result<bool, Outcome> {
        if let Some(pattern) = self.call.args.opt_str("pattern").filter(|pattern| !pattern.is_empty()) {
            let runs = init::has_process(self.call, pattern)?;
            if !runs {
                self.unsure();
            }
            return Ok(runs);
        }
        let line = match self.find("service") {
            Some(service) => format!("{service} {} status", self.name),
            None => format!("{} status", self.script),
        };
        let output = self.call.run_line(&line, &[])?;
        let told = self.told(&output);
        let rc = output.rc;
        self.last = Some(output);
        if let Some(runs) = told {
            return Ok(runs);
        }
        if rc == 0 {
            return Ok(true);
        }
        if init::has_process(self.call, &self.name)? {
            self.call.warn("Used ps output to match service name and determine it is up, this is very unreliable");
            return Ok(true);
        }
        self.unsure();
        Ok(false)
    }

    fn unsure(&mut self) {
        self.call.warn("Unable to determine if service is up, assuming it is down");
    }

    /// What the words and the exit status of `status` tell.
    fn told(&self, output: &Output) -> Option<bool> {
        // Ended by a hangup, which Python counts as -1.
        if output.rc == -1 {
            return None;
        }
        let out = output.out();
        if self.name == "iptables" && out.contains("ACCEPT") {
            return Some(true);
        }
        if out.matches('\n').count() <= 1 {
            let line = out.to_lowercase().replace(&self.name.to_lowercase(), "");
            if DOWN.iter().any(|word| line.contains(word)) {
                return Some(false);
            }
            if UP.iter().any(|word| line.contains(word)) && !line.contains("not ") {
                return Some(true);
            }
        }
        service::DOWN.contains(&output.rc).then_some(false)
    }

    fn enable(&mut self, enabled: &[bool], levels: Option<&[String]>) -> Result<Dict, Outcome> {
        let wanted = self.call.args.opt_bool("enabled");
        // With runlevels, not to be told whether it is to be enabled means that it is not.
        let differs = match (wanted, levels) {
            (None, None) => false,
            _ => enabled.iter().any(|enabled| Some(*enabled) != wanted),
        };
        self.changed |= differs;
        let mut part = self.part(differs, None);
        if let Some(levels) = levels {
            part.insert("runlevels", Value::list(levels.iter().map(|level| level.as_str().into())));
        }
        if !differs || self.call.check() {
            return Ok(part);
        }
        if let Some(line) = self.enabling(wanted == Some(true), levels) {
            self.last = Some(self.call.run_line(&line, &[])?);
        }
        // Where no program is there to do it, this is what the status said.
        let last = self.last.take().unwrap_or_default();
        part.update(&self.part(true, Some(&last)));
        Ok(part)
    }

    /// The command that enables or disables, by what the host has for it.
    fn enabling(&self, on: bool, levels: Option<&[String]>) -> Option<String> {
        let name = &self.name;
        if let Some(program) = self.find("update-rc.d") {
            return Some(match (levels, on) {
                (Some(levels), true) => format!("{program} {name} enable {}", levels.join(" ")),
                (Some(levels), false) => format!("{program} {name} disable {}", levels.join(" ")),
                (None, true) => format!("{program} {name} defaults"),
                (None, false) => format!("{program} {name} disable"),
            });
        }
        let program = self.find("chkconfig")?;
        let word = if on { "on" } else { "off" };
        Some(match levels {
            Some(levels) => format!("{program} --level {} {name} {word}", levels.concat()),
            None => format!("{program} {name} {word}"),
        })
    }

    fn control(&mut self, state: Option<&str>, runs: bool) -> Result<Dict, Outcome> {
        let action = match state {
            Some("started") => "start",
            Some("stopped") => "stop",
            Some("restarted") => "restart",
            Some("reloaded") => "reload",
            _ => return Ok(self.part(false, None)),
        };
        let differs = match action {
            "restart" => true,
            "start" => !runs,
            "stop" => runs,
            // A service that is down is told to reload too, which mostly fails.
            _ => true,
        };
        if !differs {
            return Ok(self.part(false, None));
        }
        self.changed = true;
        if self.call.check() {
            return Ok(self.part(true, None));
        }
        let mut last = Output::default();
        if action == "restart" {
            for step in ["stop", "start"] {
                last = self.script(step, action)?;
                let seconds = self.call.args.int("sleep");
                if seconds != 0 {
                    self.call.sleep(seconds)?;
                }
            }
        } else {
            last = self.script(action, action)?;
        }
        Ok(self.part(true, Some(&last)))
    }

    fn script(&self, step: &str, action: &str) -> Result<Output, Outcome> {
        let line = format!("{} {step} {}", self.script, self.call.args.str("arguments"));
        let output = match self.call.args.bool("daemonize") {
            true => self.detached(&line)?,
            false => self.call.run_line(&line, &[])?,
        };
        if output.rc == 0 {
            return Ok(output);
        }
        Err(Outcome::failed(format!("Failed to {action} service: {}", self.name))
            .with("rc", output.rc)
            .with("stdout", output.out())
            .with("stderr", output.err()))
    }

    /// Runs a line from the root folder, as a daemon is.
    fn detached(&self, line: &str) -> Result<Output, Outcome> {
        let argv = words::split(line).map_err(Outcome::crashed)?;
        let output = self.call.command(&argv).cwd(Some("/".into())).run();
        output.map_err(|error| match error.kind() {
            std::io::ErrorKind::Interrupted => super::command::not_started(&argv, &error),
            // The real one waits for what its daemon tells of the command, and hears nothing.
            _ => Outcome::crashed("Ran out of input"),
        })
    }

    /// What the result says of one of the two: whether it changed, and what the command said.
    fn part(&self, changed: bool, output: Option<&Output>) -> Dict {
        let mut part = Dict::new();
        part.insert("changed", changed);
        part.insert("rc", output.map(|output| output.rc));
        part.insert("stdout", output.map(Output::out));
        part.insert("stderr", output.map(Output::err));
        part
    }
}

fn is_illegal(text: &str) -> bool {
    text.contains("illegal runlevel specified")
}
