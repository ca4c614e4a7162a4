//! The `default` callback: what `ansible-playbook` prints.
//!
//! Byte for byte as ansible-core 2.19. A headline is printed when its task starts, except under
//! `free` and `host_pinned` and where results of a kind are hidden: then when its first result is shown.

use super::diff::diff_text;
use super::dump::{Dump, dump};
use super::result::{cleaned, host_label, is_include, is_verbose, item_label, messages, reduced};
use super::{Callback, Role, Screen, Stream};
use crate::diag::Origin;
use crate::event::{AsyncStage, Event, HostStats, PlayInfo, Stats, Status, TaskInfo, TaskResult};
use crate::value::Value;

/// Prints a run as `ansible-playbook` does.
#[derive(Debug)]
pub struct Default {
    screen: Screen,
    dump: Dump,
    lockstep: bool,
    banner: Option<u64>,
}

impl Default {
    /// One that writes to a screen.
    pub fn new(screen: Screen) -> Self {
        Self::with_dump(screen, dump)
    }

    /// One that writes results in a form of its own.
    pub fn with_dump(screen: Screen, dump: Dump) -> Self {
        Self { screen, dump, lockstep: true, banner: None }
    }

    fn failed_stream(&self) -> Stream {
        if self.screen.settings().display_failed_stderr { Stream::Err } else { Stream::Out }
    }

    fn dry_run(&self) {
        let settings = self.screen.settings();
        if settings.check && settings.check_mode_markers {
            self.screen.banner("DRY RUN");
        }
    }

    fn marker(&self, check: bool) -> &'static str {
        if check && self.screen.settings().check_mode_markers { " [CHECK MODE]" } else { "" }
    }

    fn playbook(&self, path: &str) {
        let settings = self.screen.settings();
        if settings.verbosity > 1 {
            let name = path.rsplit('/').next().unwrap_or(path);
            self.screen.banner(&format!("PLAYBOOK: {name}"));
        }
        if settings.verbosity > 3 {
            if !settings.positional.is_empty() {
                let text = format!("Positional arguments: {}", settings.positional.join(" "));
                self.screen.show_only(&text, Role::Verbose);
            }
            for (name, value) in &settings.options {
                self.screen.show_only(&format!("{name}: {value}"), Role::Verbose);
            }
        }
        self.dry_run();
    }

    fn play(&mut self, play: &PlayInfo) {
        self.lockstep = !matches!(play.strategy.as_str(), "free" | "host_pinned");
        let marker = self.marker(play.check);
        match play.name.trim() {
            "" => self.screen.banner(&format!("PLAY{marker}")),
            name => self.screen.banner(&format!("PLAY [{name}]{marker}")),
        }
    }

    fn task(&mut self, task: &TaskInfo) {
        let settings = self.screen.settings();
        if self.lockstep && settings.display_skipped_hosts && settings.display_ok_hosts {
            self.task_banner(task);
        }
    }

    fn task_banner(&mut self, task: &TaskInfo) {
        let settings = self.screen.settings();
        let kind = if task.handler { "RUNNING HANDLER" } else { "TASK" };
        let mut text = format!("{kind} [{}", task.name.trim());
        if settings.display_args_to_stdout && !task.no_log {
            let args: Vec<String> =
                task.args.iter().map(|(key, value)| format!("{}={}", key.to_text(), value.to_text())).collect();
            text.push_str(&format!(" {}", args.join(", ")));
        }
        self.screen.banner(&format!("{text}]{}", self.marker(task.check)));
        if settings.verbosity >= 2 {
            self.task_path(task);
        }
        self.banner = Some(task.id);
    }

    fn task_banner_if_due(&mut self, task: &TaskInfo) {
        if self.banner != Some(task.id) {
            self.task_banner(task);
        }
    }

    fn task_path(&self, task: &TaskInfo) {
        if let Some(path) = path_and_line(task.origin.as_ref()) {
            self.screen.show(&format!("task path: {path}"), Role::Debug);
        }
    }

    fn host_start(&self, task: &TaskInfo, host: &str) {
        if self.screen.settings().show_per_host_start {
            let kind = if task.handler { "HANDLER" } else { "TASK" };
            self.screen.show(&format!(" [started {kind}: {} on {host}]", task.name), Role::Ok);
        }
    }

    fn diff(&mut self, result: &TaskResult) {
        if !result.task.diff || !result.result.get("changed").is_some_and(Value::truthy) {
            return;
        }
        let text = match result.result.get("diff").filter(|diff| diff.truthy()) {
            Some(diff) => diff_text(&self.screen, diff),
            None => return,
        };
        if !text.is_empty() {
            self.task_banner_if_due(&result.task);
            self.screen.show(&text, None);
        }
    }

    fn messages(&self, result: &TaskResult) {
        messages(&self.screen, result, self.failed_stream());
    }

    fn dump(&self, dict: &crate::value::Dict) -> String {
        (self.dump)(self.screen.settings(), dict, None)
    }

    /// The result's keys after ` => `, where they are to be shown.
    fn details(&self, result: &TaskResult) -> String {
        if is_verbose(&self.screen, result, 0) { format!(" => {}", self.dump(&cleaned(result))) } else { String::new() }
    }

    fn item(&mut self, result: &TaskResult) {
        match result.status {
            Status::Ok | Status::Changed => self.item_ok(result),
            Status::Skipped => self.item_skipped(result),
            Status::Failed { .. } | Status::Unreachable { .. } => {
                self.task_banner_if_due(&result.task);
                self.messages(result);
                let text = format!(
                    "failed: [{}] (item={}) => {}",
                    host_label(result),
                    item_label(result),
                    self.dump(&cleaned(result))
                );
                self.screen.show_on(self.failed_stream(), &text, Role::Error);
            }
        }
    }

    fn item_ok(&mut self, result: &TaskResult) {
        self.diff(result);
        let changed = result.status == Status::Changed;
        if is_include(result) || (!changed && !self.screen.settings().display_ok_hosts) {
            return;
        }
        self.task_banner_if_due(&result.task);
        self.messages(result);
        let (word, role) = word(changed);
        let text = format!("{word}: [{}] => (item={}){}", host_label(result), item_label(result), self.details(result));
        self.screen.show(&text, role);
    }

    fn item_skipped(&mut self, result: &TaskResult) {
        if !self.screen.settings().display_skipped_hosts {
            return;
        }
        self.task_banner_if_due(&result.task);
        self.messages(result);
        let text = format!("skipping: [{}] => (item={}) {}", result.host, item_label(result), self.details(result));
        self.screen.show(&text, Role::Skip);
    }

    fn result(&mut self, result: &TaskResult) {
        match result.status {
            Status::Ok | Status::Changed => self.ok(result),
            Status::Skipped => self.skipped(result),
            Status::Failed { ignored } => self.failed(result, ignored),
            Status::Unreachable { ignored } => self.unreachable(result, ignored),
        }
    }

    fn ok(&mut self, result: &TaskResult) {
        self.diff(result);
        if is_include(result) {
            return self.task_banner_if_due(&result.task);
        }
        let changed = result.status == Status::Changed;
        if !changed && !self.screen.settings().display_ok_hosts {
            return;
        }
        self.task_banner_if_due(&result.task);
        self.messages(result);
        if !has_items(result) {
            let (word, role) = word(changed);
            self.screen.show(&format!("{word}: [{}]{}", host_label(result), self.details(result)), role);
        }
    }

    fn skipped(&mut self, result: &TaskResult) {
        if !self.screen.settings().display_skipped_hosts {
            return;
        }
        self.task_banner_if_due(&result.task);
        self.messages(result);
        let mut shown = result.clone();
        if has_items(result) {
            shown.result.remove("results");
        }
        self.screen.show(&format!("skipping: [{}]{}", result.host, self.details(&shown)), Role::Skip);
    }

    fn failed(&mut self, result: &TaskResult, ignored: bool) {
        self.task_banner_if_due(&result.task);
        self.messages(result);
        let shown = cleaned(result);
        // What `debug` shows has lost its items here.
        if !(has_items(result) && shown.contains("results")) {
            let settings = self.screen.settings();
            if settings.verbosity < 2 && settings.show_task_path_on_failure {
                self.task_path(&result.task);
            }
            let text = format!("fatal: [{}]: FAILED! => {}", host_label(result), self.dump(&shown));
            self.screen.show_on(self.failed_stream(), &text, Role::Error);
        }
        self.ignoring(ignored);
    }

    fn unreachable(&mut self, result: &TaskResult, ignored: bool) {
        self.task_banner_if_due(&result.task);
        self.messages(result);
        let text = format!("fatal: [{}]: UNREACHABLE! => {}", host_label(result), self.dump(&reduced(result)));
        self.screen.show_on(self.failed_stream(), &text, Role::Unreachable);
        self.ignoring(ignored);
    }

    fn ignoring(&self, ignored: bool) {
        if ignored {
            self.screen.show("...ignoring", Role::Skip);
        }
    }

    fn retry(&self, result: &TaskResult, left: u64) {
        let name = unprefixed_name(&result.task);
        let mut text = format!("FAILED - RETRYING: [{}]: {name} ({left} retries left).", host_label(result));
        if is_verbose(&self.screen, result, 2) {
            text.push_str(&format!("Result was: {}", self.dump(&reduced(result))));
        }
        self.screen.show(&text, Role::Debug);
    }

    fn background(&self, stage: AsyncStage, result: &TaskResult) {
        let text = |key: &str| result.result.get(key).unwrap_or(&Value::Null).to_text();
        let inner = result.result.get("async_result").and_then(|r| r.get("ansible_job_id"));
        let host = &result.host;
        let job = match text("ansible_job_id") {
            id if id == "None" => inner.map_or(id, Value::to_text),
            id => id,
        };
        let text = match stage {
            AsyncStage::Poll => {
                format!("ASYNC POLL on {host}: jid={job} started={} finished={}", text("started"), text("finished"))
            }
            AsyncStage::Ok => format!("ASYNC OK on {host}: jid={job}"),
            AsyncStage::Failed => format!("ASYNC FAILED on {host}: jid={job}"),
        };
        self.screen.show(&text, Role::Debug);
    }

    fn include(&self, file: &str, hosts: &[std::sync::Arc<str>], label: Option<&str>) {
        let mut text = format!("included: {file} for {}", hosts.join(", "));
        if let Some(label) = label.filter(|label| !label.is_empty()) {
            text.push_str(&format!(" => (item={label})"));
        }
        self.screen.show(&text, Role::Included);
    }

    fn stats(&self, stats: &Stats) {
        self.screen.banner("PLAY RECAP");
        for (host, counts) in &stats.hosts {
            self.screen.show_only(&self.recap(host, counts, true), None);
            self.screen.log_only(&self.recap(host, counts, false));
        }
        self.screen.show_only("", None);
        if self.screen.settings().show_custom_stats && !stats.custom.is_empty() {
            self.custom_stats(stats);
        }
        self.dry_run();
    }

    fn recap(&self, host: &str, counts: &HostStats, color: bool) -> String {
        let role = match counts {
            HostStats { failed: 1.., .. } | HostStats { unreachable: 1.., .. } => Role::Error,
            HostStats { changed: 1.., .. } => Role::Changed,
            _ => Role::Ok,
        };
        let mut text = if color && self.screen.settings().color {
            format!("{:<37} :", self.screen.paint(host, role))
        } else {
            format!("{host:<26} :")
        };
        for (name, count, role) in [
            ("ok", counts.ok, Role::Ok),
            ("changed", counts.changed, Role::Changed),
            ("unreachable", counts.unreachable, Role::Unreachable),
            ("failed", counts.failed, Role::Error),
            ("skipped", counts.skipped, Role::Skip),
            ("rescued", counts.rescued, Role::Ok),
            ("ignored", counts.ignored, Role::Warn),
        ] {
            let cell = format!("{name}={count:<4}");
            text.push(' ');
            text.push_str(&self.screen.paint(&cell, (color && count > 0).then_some(role)));
        }
        text
    }

    fn custom_stats(&self, stats: &Stats) {
        self.screen.banner("CUSTOM STATS: ");
        let line = |value: &Value| {
            let dict = value.as_dict().cloned().unwrap_or_default();
            (self.dump)(self.screen.settings(), &dict, Some(1)).replace('\n', "")
        };
        let mut hosts: Vec<(String, &Value)> = stats.custom.iter().map(|(k, v)| (k.to_text(), v)).collect();
        hosts.sort_by(|a, b| a.0.cmp(&b.0));
        for (host, value) in hosts.iter().filter(|(host, _)| host != "_run") {
            self.screen.show(&format!("\t{host}: {}", line(value)), None);
        }
        if let Some(run) = stats.custom.get("_run") {
            self.screen.show_only("", None);
            self.screen.show(&format!("\tRUN: {}", line(run)), None);
        }
        self.screen.show_only("", None);
    }
}

impl Callback for Default {
    fn event(&mut self, event: &Event) {
        match event {
            Event::PlaybookStart { path } => self.playbook(path),
            Event::PlayStart { play } => self.play(play),
            Event::NoHostsMatched => self.screen.show("skipping: no hosts matched", Role::Skip),
            Event::NoHostsRemaining => self.screen.banner("NO MORE HOSTS LEFT"),
            Event::TaskStart { task } => self.task(task),
            Event::HostStart { task, host } => self.host_start(task, host),
            Event::Item(result) => self.item(result),
            Event::Result(result) => self.result(result),
            Event::Retry { result, left } => self.retry(result, *left),
            Event::Async { stage, result } => self.background(*stage, result),
            Event::Include { file, hosts, label } => self.include(file, hosts, label.as_deref()),
            Event::Notified { handler, host } => {
                if self.screen.settings().verbosity > 1 {
                    self.screen.show_only(&format!("NOTIFIED HANDLER {handler} for {host}"), Role::Verbose);
                }
            }
            Event::Stats(stats) => self.stats(stats),
            other => {
                self.screen.common(other);
            }
        }
    }
}

fn word(changed: bool) -> (&'static str, Role) {
    if changed { ("changed", Role::Changed) } else { ("ok", Role::Ok) }
}

/// Whether a result sums up items, which were shown on their own.
fn has_items(result: &TaskResult) -> bool {
    result.task.looped && result.result.contains("results")
}

/// A task's own name without that of its role; a task without one goes by its action, and keeps the role.
fn unprefixed_name(task: &TaskInfo) -> &str {
    let own = task.role.as_deref().and_then(|role| task.name.strip_prefix(role)?.strip_prefix(" : "));
    own.filter(|name| *name != task.action).unwrap_or(&task.name)
}

/// `path:line`.
pub fn path_and_line(origin: Option<&Origin>) -> Option<String> {
    origin.and_then(|origin| Some(format!("{}:{}", origin.path()?, origin.line)))
}
