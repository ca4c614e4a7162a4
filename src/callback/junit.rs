//! The `junit` callback: a JUnit report of the run as a file.
//!
//! A task on a host is a test case. `EXPECTED FAILURE` in its name makes a failure a success, `TOGGLE
//! RESULT` turns it round. An include is a case of a host called `include`; the variables that it
//! passes are no part of an event, and are shown as none.

use super::default::path_and_line;
use super::dump::dump;
use super::result::reduced;
use super::xml::Element;
use super::{Callback, Screen, Settings};
use crate::diag;
use crate::event::{Event, Status, TaskInfo, TaskResult};
use crate::value::Value;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// The `JUNIT_*` variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JunitSettings {
    /// Where the report goes.
    pub output_dir: String,
    /// A class is a file, not a line of it.
    pub task_class: bool,
    /// What classes are relative to; nothing where empty.
    pub task_relative_path: String,
    /// What stands for the folder of a file outside of the tree.
    pub replace_out_of_tree_path: Option<String>,
    /// A change is a failure.
    pub fail_on_change: bool,
    /// An ignored failure is one all the same.
    pub fail_on_ignore: bool,
    /// Fact gathering is reported too.
    pub include_setup_tasks: bool,
    /// Names of cases have the task's arguments.
    pub show_arguments: bool,
    /// What names of cases begin with.
    pub test_case_prefix: String,
}

/// Gathers a run, and writes the report at its end.
#[derive(Debug)]
pub struct Junit {
    screen: Screen,
    playbook: String,
    play: String,
    tasks: Vec<Task>,
}

#[derive(Debug)]
struct Task {
    id: u64,
    name: String,
    path: String,
    play: String,
    setup: bool,
    include: bool,
    start: SystemTime,
    cases: Vec<Case>,
}

#[derive(Debug)]
struct Case {
    host: Arc<str>,
    finish: SystemTime,
    end: End,
}

/// How a case ended, with what there is to show of it.
#[derive(Clone, Debug)]
enum End {
    Passed(String),
    Failed { message: String, output: String },
    Error { message: String, output: String },
    Skipped(String),
}

impl Junit {
    /// One that warns on a screen.
    pub fn new(screen: Screen) -> Self {
        Self { screen, playbook: String::new(), play: String::new(), tasks: Vec::new() }
    }

    fn junit(&self) -> &JunitSettings {
        &self.screen.settings().junit
    }

    fn now(&self) -> SystemTime {
        (self.screen.settings().now)()
    }

    fn start(&mut self, task: &TaskInfo) {
        if self.tasks.iter().any(|known| known.id == task.id) {
            return;
        }
        let mut name = task.name.trim().to_owned();
        if self.junit().show_arguments && !task.no_log && !task.args.is_empty() {
            let args: Vec<String> =
                task.args.iter().map(|(key, value)| format!("{}={}", key.to_text(), value.to_text())).collect();
            name.push_str(&format!(" {}", args.join(", ")));
        }
        let short = task.fqcn.rsplit('.').next().unwrap_or_default();
        self.tasks.push(Task {
            id: task.id,
            name,
            path: path_and_line(task.origin.as_ref()).unwrap_or_default(),
            play: self.play.clone(),
            setup: matches!(short, "setup" | "gather_facts"),
            include: matches!(short, "include_tasks" | "include_role"),
            start: self.now(),
            cases: Vec::new(),
        });
    }

    fn result(&mut self, result: &TaskResult) {
        let now = self.now();
        let junit = self.junit().clone();
        let Some(task) = self.tasks.iter_mut().find(|task| task.id == result.task.id) else { return };
        let changed = result.result.get("changed").is_some_and(Value::truthy);
        let mut failed = match result.status {
            Status::Failed { ignored } => !ignored || junit.fail_on_ignore,
            Status::Ok | Status::Changed => changed && junit.fail_on_change,
            Status::Skipped => false,
            Status::Unreachable { .. } => return,
        };
        let skipped = result.status == Status::Skipped;
        if failed && task.name.contains("EXPECTED FAILURE") {
            failed = false;
        } else if !skipped && task.name.contains("TOGGLE RESULT") {
            failed = !failed;
        }
        if task.name.starts_with(&junit.test_case_prefix) || failed {
            let end = if skipped { End::Skipped(skip_reason(result)) } else { end(result, failed, &self.screen) };
            task.cases.push(Case { host: result.host.clone(), finish: now, end });
        }
    }

    fn include(&mut self, file: &str, hosts: &[Arc<str>]) {
        let now = self.now();
        let prefix = self.junit().test_case_prefix.clone();
        let Some(task) = self.tasks.iter_mut().rev().find(|task| task.include) else { return };
        if !task.name.starts_with(&prefix) {
            return;
        }
        let line = format!("{file} (args={{}} vars={{}}): [{}]", hosts.join(", "));
        let known = task.cases.iter_mut().find(|case| &*case.host == "include");
        match known {
            Some(Case { end: End::Passed(text), finish, .. }) => {
                text.push_str(&format!("\n{line}"));
                *finish = now;
            }
            _ => task.cases.push(Case { host: "include".into(), finish: now, end: End::Passed(line) }),
        }
    }

    fn write(&self) {
        let folder = Path::new(&self.junit().output_dir);
        let now = self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let path = folder.join(format!("{}-{now}.xml", self.playbook));
        let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, self.report()));
        if let Err(error) = written {
            self.screen.warning(&format!("junit cannot write {}: {error}", path.display()));
        }
    }

    fn report(&self) -> String {
        let shown = || self.tasks.iter().filter(|task| self.junit().include_setup_tasks || !task.setup);
        let cases: Vec<(&Task, &Case)> =
            shown().flat_map(|task| task.cases.iter().map(move |case| (task, case))).collect();
        let count = |wanted: fn(&End) -> bool| cases.iter().filter(|(_, case)| wanted(&case.end)).count().to_string();
        let errors = count(|end| matches!(end, End::Error { .. }));
        let failures = count(|end| matches!(end, End::Failed { .. }));
        let skipped = count(|end| matches!(end, End::Skipped(_)));
        let time = exact(cases.iter().map(|(task, case)| seconds(task, case)).sum());
        let tests = cases.len().to_string();
        let mut all = Element::new("testsuites").with("disabled", "0").with("errors", &errors);
        all = all.with("failures", &failures).with("tests", &tests).with("time", &time);
        let mut suite = Element::new("testsuite").with("disabled", "0").with("errors", &errors);
        suite = suite.with("failures", &failures).with("name", &self.playbook).with("skipped", &skipped);
        suite = suite.with("tests", &tests).with("time", &time);
        for (task, case) in cases {
            suite.children.push(self.case(task, case));
        }
        all.children.push(suite);
        all.document()
    }

    fn case(&self, task: &Task, case: &Case) -> Element {
        let name = format!("[{}] {}: {}", case.host, task.play, task.name);
        let mut element = Element::new("testcase").with("classname", &self.class(&task.path)).with("name", &name);
        element = element.with("time", &exact(seconds(task, case)));
        let child = match &case.end {
            End::Passed(text) => Element::new("system-out").text(text),
            End::Failed { message, output } => {
                Element::new("failure").with("message", message).with("type", "failure").text(output)
            }
            End::Error { message, output } => {
                Element::new("error").with("message", message).with("type", "error").text(output)
            }
            End::Skipped(reason) => Element::new("skipped").text(reason),
        };
        element.children.push(child);
        element
    }

    fn class(&self, path: &str) -> String {
        let junit = self.junit();
        let mut class = path.to_owned();
        if !junit.task_relative_path.is_empty() && !path.is_empty() {
            class = relative(path, &junit.task_relative_path);
        }
        if let Some(place) = junit.replace_out_of_tree_path.as_ref().filter(|_| class.starts_with("../")) {
            class = format!("{place}{}", class.rsplit('/').next().unwrap_or_default());
        }
        match class.rsplit_once(".yml:") {
            Some((file, line)) if junit.task_class && !line.is_empty() && line.bytes().all(|b| b.is_ascii_digit()) => {
                file.to_owned()
            }
            _ => class,
        }
    }
}

fn end(result: &TaskResult, failed: bool, screen: &Screen) -> End {
    let plain = Settings { verbosity: screen.settings().verbosity, ..Settings::default() };
    let shown = dump(&plain, &reduced(result), Some(0));
    if !failed {
        return End::Passed(shown);
    }
    // What sums up a loop has no error of its own there.
    if let Some(error) = result.error.as_ref().filter(|_| !result.result.contains("results")) {
        return End::Error { message: error.line(), output: traceback(error) };
    }
    let message = match result.result.get("msg") {
        Some(msg) => msg.to_text(),
        None => format!("rc={}", result.result.get("rc").map_or_else(|| "0".into(), Value::to_text)),
    };
    End::Failed { message, output: shown }
}

fn skip_reason(result: &TaskResult) -> String {
    result.result.get("skip_reason").map_or_else(|| "skipped".into(), Value::to_text)
}

/// What stands for the tracebacks of an error and of those below it, innermost first: only Python has any.
fn traceback(error: &diag::Error) -> String {
    const MISSING: &str = "(traceback missing)\n";
    let mut links = Vec::new();
    let mut outer = Some(error);
    while let Some(error) = outer {
        if error.cause.is_some() {
            links.push(match error.message.trim_end_matches('.') {
                "Action failed" => {
                    "The above action exception was the direct cause of the following controller exception:"
                }
                "Module failed" => {
                    "The above target exception was the direct cause of the following controller exception:"
                }
                _ => "The above exception was the direct cause of the following exception:",
            });
        }
        outer = error.cause.as_deref();
    }
    let mut text = MISSING.to_owned();
    for link in links.iter().rev() {
        text.push_str(&format!("\n{link}\n\n{MISSING}"));
    }
    text
}

fn seconds(task: &Task, case: &Case) -> f64 {
    case.finish.duration_since(task.start).unwrap_or_default().as_secs_f64()
}

/// All digits of a float, as Python's `Decimal` of it.
fn exact(number: f64) -> String {
    let text = format!("{number:.1074}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Python's `os.path.relpath` of two absolute paths.
fn relative(path: &str, start: &str) -> String {
    let parts = |path: &str| -> Vec<String> {
        let mut parts = Vec::new();
        for part in Path::new(path).components() {
            match part {
                Component::Normal(name) => parts.push(name.to_string_lossy().into_owned()),
                Component::ParentDir => {
                    parts.pop();
                }
                _ => {}
            }
        }
        parts
    };
    let (path, start) = (parts(path), parts(start));
    let common = path.iter().zip(&start).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", start.len() - common).map(str::to_owned);
    let found: PathBuf = up.chain(path.into_iter().skip(common)).collect();
    if found.as_os_str().is_empty() { ".".into() } else { found.to_string_lossy().into_owned() }
}

impl Callback for Junit {
    fn event(&mut self, event: &Event) {
        match event {
            Event::PlaybookStart { path } => {
                let name = path.rsplit('/').next().unwrap_or(path);
                self.playbook = name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_owned();
            }
            Event::PlayStart { play } => self.play.clone_from(&play.name),
            Event::TaskStart { task } => self.start(task),
            Event::Result(result) => self.result(result),
            Event::Include { file, hosts, .. } => self.include(file, hosts),
            Event::Stats(_) => self.write(),
            _ => {}
        }
    }
}
