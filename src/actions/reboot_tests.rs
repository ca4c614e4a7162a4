//! `reboot` against a host that is made up.

use super::super::{BoxFuture, Person, Remote};
use super::*;
use crate::connection::{Target, Transport, Upload};
use crate::event::{Keys, Pressed};
use crate::modules::many::Step;
use crate::playbook::{Common, Frame, FrameKind, Task};
use crate::proto::{Context, Request};
use crate::template::{Templar, Vars};
use crate::value::Dict;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A host that answers commands from a list, and remembers what happened to it.
struct Fake {
    answers: Mutex<Vec<Result<Outcome>>>,
    seen: Mutex<Vec<String>>,
    target: Target,
}

impl Fake {
    fn new(answers: Vec<Result<Outcome>>) -> Self {
        Self { answers: Mutex::new(answers), seen: Mutex::default(), target: Target::default() }
    }

    fn note(&self, what: &str) {
        self.seen.lock().expect("no panic").push(what.to_owned());
    }
}

impl Remote for Fake {
    fn run(&self, request: Request, _: Option<Upload>) -> BoxFuture<'_, Result<Outcome>> {
        self.note(&request.module);
        let facts = Dict::from([
            ("ansible_distribution", "Debian"),
            ("ansible_distribution_version", "12.1"),
            ("ansible_os_family", "Debian"),
        ]);
        let file = Value::Dict(Dict::from([("path", "/sbin/shutdown")]));
        Box::pin(async move {
            Ok(match request.module.as_str() {
                "setup" => Outcome::default().with("ansible_facts", facts),
                _ => Outcome::default().with("files", Value::list([file])),
            })
        })
    }

    fn named<'a>(&'a self, name: &'a str, args: Dict, context: Context) -> BoxFuture<'a, Result<Outcome>> {
        self.run(Request { module: name.into(), args, context, ..Request::default() }, None)
    }

    fn has_module(&self, _: &str) -> bool {
        true
    }

    fn run_many(&self, _: Vec<Step>, _: Context) -> BoxFuture<'_, Result<Vec<Outcome>>> {
        Box::pin(async { Err(Error::user("one by one")) })
    }

    fn run_here(&self, request: Request) -> BoxFuture<'_, Result<Outcome>> {
        self.run(request, None)
    }

    fn raw<'a>(&'a self, command: &'a str, _: Option<&'a str>) -> BoxFuture<'a, Result<Outcome>> {
        self.note(command);
        let mut answers = self.answers.lock().expect("no panic");
        let answer = if answers.is_empty() { Err(Error::user("nothing more")) } else { answers.remove(0) };
        Box::pin(async move { answer })
    }

    fn put<'a>(&'a self, _: &'a Path, _: bool) -> BoxFuture<'a, Result<String>> {
        Box::pin(async { Err(Error::user("no files")) })
    }

    fn put_as<'a>(&'a self, _: &'a Path, _: &'a str, _: bool) -> BoxFuture<'a, Result<String>> {
        Box::pin(async { Err(Error::user("no files")) })
    }

    fn unstage<'a>(&'a self, _: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async {})
    }

    fn get<'a>(&'a self, _: &'a str, _: &'a Path) -> BoxFuture<'a, Result<()>> {
        Box::pin(async { Err(Error::user("no files")) })
    }

    fn reset(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn connect_timeout(&self, seconds: Option<u64>) {
        self.note(&format!("connect_timeout {seconds:?}"));
    }

    fn target(&self) -> &Target {
        &self.target
    }

    fn is_local(&self) -> bool {
        self.target.transport == Transport::Local && self.target.name == "local"
    }
}

impl Person for Fake {
    fn show(&self, _: &str) {}
    fn verbose(&self, _: u8, _: &str) {}
    fn has_keys(&self) -> bool {
        false
    }
    fn keys(&self, _: Keys) -> BoxFuture<'_, Result<Pressed>> {
        Box::pin(async { Ok(Pressed::Interrupted) })
    }
}

fn said(text: &str) -> Result<Outcome> {
    Ok(Outcome::default().with("rc", 0).with("stdout", text).with("stderr", ""))
}

fn lost() -> Result<Outcome> {
    Err(Error::new(Kind::Unreachable, "Connection refused"))
}

fn ran(fake: &Fake, args: Dict, check: bool) -> Result<Outcome> {
    let kind = FrameKind::Play { basedir: "/".into() };
    let frame = Arc::new(Frame { kind, common: Common::default(), origin: None, parent: None });
    let task = Task::implicit("reboot", frame);
    let (scope, templar) = (Vars::default(), Templar::default());
    let call = ActionCall {
        args,
        task: &task,
        title: "reboot",
        name: "reboot",
        host: "h",
        delegated: None,
        scope: &scope,
        templar: &templar,
        remote: fake,
        person: fake,
        context: Context { check, ..Context::default() },
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(reboot(&call))
}

#[test]
fn waits_for_another_boot() {
    let fake = Fake::new(vec![said("one\n"), lost(), lost(), said("two\n"), said("root\n")]);
    let args = Dict::from([("connect_timeout", Value::Int(3)), ("pre_reboot_delay", Value::Int(120))]);
    let outcome = ran(&fake, args, false).expect("an outcome");
    assert_eq!(outcome.get("rebooted"), Some(&Value::Bool(true)), "{outcome:?}");
    assert!(outcome.is_changed() && !outcome.is_failed());
    let seen = fake.seen.lock().expect("no panic").clone();
    let id = "cat /proc/sys/kernel/random/boot_id";
    let restart = "/sbin/shutdown -r 2 \"Reboot initiated by Ansible\"";
    let after = ["connect_timeout Some(3)", id, id, "connect_timeout None", "whoami"];
    assert_eq!(seen, [["setup", id, "find", restart].as_slice(), &after].concat());
}

#[test]
fn the_same_boot_is_none() {
    let fake = Fake::new(vec![said("one"), said(""), said("one"), said("one")]);
    let args = Dict::from([("reboot_timeout", Value::Int(1)), ("reboot_command", "/bin/true".into())]);
    let outcome = ran(&fake, args, false).expect("an outcome");
    let msg = outcome.get("msg").map(Value::to_text);
    assert_eq!(msg.as_deref(), Some("Timed out waiting for last boot time check (timeout=1)"));
    assert!(outcome.is_failed());
}

#[test]
fn a_command_that_fails_is_told() {
    let failed = Outcome::default().with("rc", 1).with("stdout", "a\n").with("stderr", "b\n");
    let fake = Fake::new(vec![said("one"), Ok(failed)]);
    let outcome = ran(&fake, Dict::from([("reboot_command", "/x y")]), false).expect("an outcome");
    let msg = outcome.get("msg").map(Value::to_text);
    assert_eq!(msg.as_deref(), Some("Reboot command failed. Error was: 'a, b'"));
    assert_eq!(outcome.get("rebooted"), Some(&Value::Bool(false)));
}

#[test]
fn check_mode_and_the_controller_are_left_alone() {
    let fake = Fake::new(Vec::new());
    assert!(ran(&fake, Dict::new(), true).expect("an outcome").is_changed());
    let mut here = Fake::new(Vec::new());
    here.target.name = "local".into();
    let outcome = ran(&here, Dict::new(), false).expect("an outcome");
    let msg = outcome.get("msg").map(Value::to_text);
    assert_eq!(msg.as_deref(), Some("Running reboot with local connection would reboot the control node."));
    assert!(here.seen.lock().expect("no panic").is_empty());
}
