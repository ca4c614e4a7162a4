//! The library as an embedder uses it: runs side by side, events, cancellation, actions and filters of its own.

use super::support::connection::block_on;
use rplay::actions::{Acted, ActionCall, ActionDef, BoxFuture, Run as Runs};
use rplay::config::{Config, Surroundings};
use rplay::engine::{Options, Run};
use rplay::event::{Event, Status};
use rplay::proto::Outcome;
use rplay::template::{Cx, FilterFn, Obj, Plugins, Raise, Templar};
use rplay::value::Value;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

static DOUBLE: ActionDef = ActionDef {
    name: "double",
    fqcn: "example.test.double",
    doc: "Doubles a number.",
    raw_args: &[],
    connects: false,
    run: Runs::Host(double),
};

fn double<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, rplay::diag::Result<Acted>> {
    Box::pin(async move {
        call.only(&["number"])?;
        let number: i64 = call.text("number").and_then(|text| text.parse().ok()).unwrap_or_default();
        Ok(Outcome::changed(true).with("doubled", number * 2).into())
    })
}

struct Backwards;

impl Plugins for Backwards {
    fn filter(&self, name: &str) -> Option<Arc<FilterFn>> {
        let run = |_: &mut Cx<'_>, input: Obj, _| -> Result<Obj, Raise> {
            match input {
                Obj::Str(text) => Ok(Obj::str(text.as_str().chars().rev().collect::<String>())),
                _ => Err(Raise::type_error("backwards takes a string")),
            }
        };
        (name == "backwards").then(|| Arc::new(run) as Arc<FilterFn>)
    }
}

/// A run in surroundings of its own, with nothing of this process but its search path.
fn prepared(cwd: &Path) -> Run {
    let path = Surroundings::of_process().env.into_iter().filter(|(name, _)| name == "PATH");
    let agent = ("RPLAY_AGENT".to_owned(), env!("CARGO_BIN_EXE_rplay-agent").to_owned());
    let cwd = cwd.to_str().unwrap().to_owned();
    let around = Surroundings {
        env: path.chain([agent]).collect(),
        home: cwd.clone(),
        cwd,
        user: "me".into(),
        ..Surroundings::default()
    };
    Run::new(Config::load(around).unwrap())
}

/// Writes a playbook of one play on all hosts, with these tasks.
fn written(folder: &Path, tasks: &str) -> Vec<String> {
    let text = format!("- hosts: all\n  connection: local\n  gather_facts: false\n  tasks:\n{tasks}");
    std::fs::write(folder.join("p.yml"), text).unwrap();
    vec!["p.yml".to_owned()]
}

/// The messages of `debug` tasks, by host.
fn hears(run: Run) -> (Run, Arc<Mutex<Vec<String>>>) {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let into = heard.clone();
    let run = run.listener(move |event| match event {
        Event::Result(done) if done.task.action == "debug" => {
            let msg = done.result.get("msg").map(Value::to_text).unwrap_or_default();
            into.lock().unwrap().push(format!("{} {msg}", done.host));
        }
        _ => {}
    });
    (run, heard)
}

#[test]
fn two_runs_go_on_side_by_side() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let runs = folders.each_ref().map(|folder| {
        let tasks = "    - command: pwd\n      register: here\n    - debug: msg={{ who }}-{{ here.stdout == cwd }}\n";
        let books = written(folder.path(), tasks);
        let (run, heard) = hears(prepared(folder.path()).inventory("a,"));
        let cwd = folder.path().canonicalize().unwrap();
        let who = folder.path().file_name().unwrap().to_str().unwrap().to_owned();
        (run.extra_vars(format!("who={who} cwd={}", cwd.display())), heard, books, who)
    });
    let [one, two] = runs;
    let (first, second) = block_on(async { tokio::join!(one.0.play(&one.2), two.0.play(&two.2)) });
    assert_eq!((first.unwrap().status, second.unwrap().status), (0, 0));
    assert_eq!(*one.1.lock().unwrap(), [format!("a {}-True", one.3)]);
    assert_eq!(*two.1.lock().unwrap(), [format!("a {}-True", two.3)]);
}

#[test]
fn an_action_and_a_filter_of_the_embedder() {
    let folder = tempfile::tempdir().unwrap();
    let tasks =
        "    - double: number=21\n      register: it\n    - debug: msg=\"{{ it.doubled }} {{ 'abc' | backwards }}\"\n";
    let books = written(folder.path(), tasks);
    let run = prepared(folder.path())
        .inventory("a,")
        .action(&DOUBLE)
        .templar(Templar::new().with_plugins(Arc::new(Backwards)));
    let (run, heard) = hears(run);
    let report = block_on(run.play(&books)).unwrap();
    assert_eq!(*heard.lock().unwrap(), ["a 42 cba"]);
    assert_eq!((report.status, report.stats.hosts["a"].ok, report.stats.hosts["a"].changed), (0, 2, 1));
}

#[test]
fn an_embedder_s_action_refuses_what_it_does_not_take() {
    let folder = tempfile::tempdir().unwrap();
    let books = written(folder.path(), "    - double: numbr=21\n");
    let report = block_on(prepared(folder.path()).inventory("a,").action(&DOUBLE).play(&books)).unwrap();
    assert_eq!((report.status, report.stats.hosts["a"].failed), (2, 1));
}

#[test]
fn events_come_in_their_order() {
    let folder = tempfile::tempdir().unwrap();
    let books =
        written(folder.path(), "    - debug: msg=hi\n      name: greet\n    - fail:\n      ignore_errors: true\n");
    let told = Arc::new(Mutex::new(Vec::new()));
    let into = told.clone();
    let run = prepared(folder.path()).inventory("a,").listener(move |event| {
        into.lock().unwrap().push(match event {
            Event::PlaybookStart { path } => format!("playbook {path}"),
            Event::PlayStart { play } => format!("play {}", play.name),
            Event::TaskStart { task } => format!("task {}", task.name),
            Event::Result(done) => {
                format!("result {} {}", done.host, matches!(done.status, Status::Failed { ignored: true }))
            }
            Event::Stats(stats) => format!("stats {}", stats.hosts["a"].ignored),
            _ => return,
        });
    });
    block_on(run.play(&books)).unwrap();
    let expected =
        ["playbook p.yml", "play all", "task greet", "result a false", "task fail", "result a true", "stats 1"];
    assert_eq!(*told.lock().unwrap(), expected);
}

#[test]
fn a_run_is_ended_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let books = written(folder.path(), "    - command: sleep 60\n    - debug: msg=never\n");
    let (run, heard) = hears(prepared(folder.path()).inventory("a,"));
    let cancel = run.cancel();
    let began = Instant::now();
    let report = block_on(async move {
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(700)).await;
            cancel.cancel();
        });
        run.play(&books).await
    });
    assert_eq!(report.unwrap().status, 99);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    assert!(!heard.lock().unwrap().iter().any(|line| line.contains("never")));
}

#[test]
fn what_cannot_be_loaded_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.yml"), "- hosts: all\n  task: []\n").unwrap();
    let books = ["p.yml".to_owned()];
    let error = block_on(prepared(folder.path()).inventory("a,").play(&books)).unwrap_err();
    assert!(error.to_string().contains("'task' is not a valid attribute for a Play"), "{error}");
    let options = Options { limit: Some("nobody".into()), ..Options::default() };
    let refused = block_on(prepared(folder.path()).inventory("a,").options(options).play(&books)).unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("Specified inventory, host pattern and/or --limit leaves us with no hosts to target")
    );
}
