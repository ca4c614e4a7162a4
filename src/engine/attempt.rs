//! One item of a task on a host: conditions, arguments, the action with its attempts, and what the
//! task says about the result.

use super::ahead::Place;
use super::host_task::{Done, HostTask, Included, Note};
use super::keywords::Keywords;
use super::outcome;
use super::python::lacking;
use super::remote::HostRemote;
use super::shared::Added;
use crate::actions::{Acted, ActionCall, Effect, Remote, Run};
use crate::content::{Action, ActionKind};
use crate::diag::{Error, Kind, Remark, Remarks, Result};
use crate::event::{Status, TaskResult};
use crate::playbook::Include;
use crate::proto::{Context, Outcome};
use crate::value::{Dict, Value};
use crate::vars::{HostScope, Reached};
use std::sync::Arc;
use std::time::Duration;

/// The longest `timeout` of a task, in seconds.
const LONGEST: i64 = 100_000_000;

/// What a failed result says that says nothing itself.
const UNKNOWN: &str = "Task failed: Action failed: Unknown error.";

/// What came of one item.
#[derive(Default)]
pub(super) struct Attempt {
    pub outcome: Outcome,
    pub effects: Vec<(Arc<str>, Effect)>,
    pub error: Option<Error>,
    pub remarks: Vec<Remark>,
    pub delegated: Option<String>,
    pub include: Option<Included>,
    pub notify: Vec<String>,
    pub no_log: bool,
    pub ignore_errors: bool,
    pub ignore_unreachable: bool,
    /// What a module said of its own failure, which a later condition may still lift.
    cause: Option<Error>,
    /// The message of a failure that has none of its own, which a later condition may still lift.
    unsaid: Option<String>,
}

impl Attempt {
    /// Gives a failure its message, where it has none of its own.
    fn say(&mut self) {
        let silent = self.outcome.get("msg").is_none() && (self.cause.is_none() || self.unsaid.is_some());
        if self.outcome.is_failed() && silent {
            self.outcome.set("msg", self.unsaid.take().unwrap_or_else(|| UNKNOWN.to_owned()));
        }
    }

    /// A failure before anything ran.
    pub fn of_error(task: &HostTask, error: &Error) -> Self {
        let told = outcome::task_failed(error).at(task.task.origin.as_ref());
        Self { outcome: outcome::of_error(error), error: Some(told), ..Self::default() }
    }

    /// A loop that cannot be made, which ansible-core tells without the task.
    pub fn of_loop(error: Error) -> Self {
        let outcome = Outcome::default().with("failed", true).with("msg", error.line());
        Self { outcome, error: Some(error), ..Self::default() }
    }

    /// The same as the outcome of the whole task.
    pub fn into_done(self, host: &Arc<str>) -> Done {
        let mut done = Done { host: host.clone(), outcome: self.outcome.clone(), ..Done::default() };
        self.merge_into(&mut done, None);
        done
    }

    /// Adds what it changes to that of the items before it.
    pub fn merge_into(self, done: &mut Done, item: Option<usize>) {
        let bad = self.outcome.is_failed() || self.outcome.is_unreachable();
        if self.outcome.is_changed() {
            for name in self.notify {
                if !done.notify.contains(&name) {
                    done.notify.push(name);
                }
            }
        }
        if bad {
            // One item that must not fail is enough.
            let first = done.error.is_none();
            done.ignore_errors = self.ignore_errors && (first || done.ignore_errors);
            done.ignore_unreachable = self.ignore_unreachable && (first || done.ignore_unreachable);
            if first {
                done.error = self.error;
            }
        }
        for (about, effect) in self.effects {
            match Added::of(effect, &done.host) {
                Ok(added) => done.additions.push((item, added)),
                Err(effect) => done.effects.push((about, effect)),
            }
        }
        done.includes.extend(self.include);
        done.remarks.extend(self.remarks);
        done.delegated = self.delegated.or(done.delegated.take());
        done.no_log |= self.no_log;
    }

    /// Whether it adds to the inventory.
    pub fn adds(&self) -> bool {
        self.effects.iter().any(|(_, effect)| matches!(effect, Effect::AddHost { .. } | Effect::AddGroup { .. }))
    }

    /// Keeps variables that this item set for the items after it.
    pub fn remember(&self, learned: &mut Dict) {
        for (_, effect) in &self.effects {
            if let Effect::Vars(vars) | Effect::Included(vars) = effect {
                learned.update(vars);
            }
        }
    }
}

impl HostTask {
    /// Runs the task for one item; an error of the loop itself counts once the conditions hold.
    ///
    /// `place` is that of an item that is ahead of its turn.
    pub(super) async fn once(&self, mut scope: HostScope, loop_error: Option<Error>, place: Option<&Place>) -> Attempt {
        scope.reached = Some(self.reached(&scope));
        let remarks = Arc::new(Remarks::default());
        scope.remarks = Some(remarks.clone());
        let mut attempt = match self.execute(&scope, loop_error, place).await {
            Ok(attempt) => attempt,
            Err(error) => Attempt { delegated: self.shown_delegate(&scope), ..Attempt::of_error(self, &error) },
        };
        let said = remarks.take();
        outcome::add_remarks(&mut attempt.outcome, &said);
        attempt.remarks.splice(0..0, said);
        self.marked(attempt, &scope)
    }

    /// A result with what the task says of it: whether it is secret, and whether a failure is ignored.
    pub(super) fn marked(&self, mut attempt: Attempt, scope: &HostScope) -> Attempt {
        let keywords = Keywords { shared: &self.shared, task: &self.task, scope };
        let no_log = keywords.bool("no_log", |c| c.no_log.as_ref());
        attempt.no_log = match &no_log {
            Ok(flag) => flag.unwrap_or(self.shared.settings.flag("DEFAULT_NO_LOG")),
            Err(error) => {
                let text = "Invalid no_log value for task, output will be masked.";
                self.shared.warn(error.clone().apart().context(text).to_string().trim_end());
                true
            }
        };
        // What came out of an encrypted file is secret without being asked.
        attempt.no_log |= attempt.outcome.get("_ansible_no_log").is_some_and(Value::truthy);
        // What cannot be told to be false is true, as with ansible-core.
        let lenient = |value: Result<Option<bool>>| value.map_or(true, |flag| flag.unwrap_or(false));
        attempt.ignore_errors = lenient(keywords.bool("ignore_errors", |c| c.ignore_errors.as_ref()));
        attempt.ignore_unreachable = lenient(keywords.bool("ignore_unreachable", |c| c.ignore_unreachable.as_ref()));
        if attempt.no_log {
            attempt.outcome.set("_ansible_no_log", true);
            // The error of the keyword itself tells no secret, nor do words that are always the same.
            let plain = attempt.outcome.get("msg").and_then(Value::as_str) == Some("non-zero return code");
            if attempt.error.is_some() && no_log.is_ok() && !plain {
                attempt.error = Some(self.secret_error());
            }
        }
        if attempt.outcome.get("failed").is_some_and(Value::truthy) || attempt.outcome.is_unreachable() {
            attempt.outcome.result.set_default("exception", Outcome::NO_TRACE);
        }
        attempt
    }

    /// What a template of the running task may know of its connection; what cannot be rendered is told later.
    fn reached(&self, scope: &HostScope) -> Arc<Reached> {
        let keywords = Keywords { shared: &self.shared, task: &self.task, scope };
        let setting = |name: &str| self.shared.settings.text(name).map(str::to_owned);
        let user = keywords.text(|c| c.remote_user.as_ref()).unwrap_or(None);
        Arc::new(Reached {
            delegated: keywords.text(|c| c.delegate_to.as_ref()).unwrap_or(None).filter(|name| !name.is_empty()),
            user: user.or_else(|| self.shared.options.remote_user.clone()).or_else(|| setting("DEFAULT_REMOTE_USER")),
            connection: keywords
                .text(|c| c.connection.as_ref())
                .unwrap_or(None)
                .or_else(|| self.shared.options.connection.clone())
                .or_else(|| setting("DEFAULT_TRANSPORT"))
                .map(|name| if name == "smart" { "ssh".to_owned() } else { name }),
            private_key_file: self
                .shared
                .options
                .private_key_file
                .clone()
                .or_else(|| setting("DEFAULT_PRIVATE_KEY_FILE"))
                .filter(|path| !path.is_empty()),
        })
    }

    fn secret_error(&self) -> Error {
        // ansible-core tells the failure itself, with whatever secrets are in it: on purpose not done here.
        Error::user("the reason is hidden, since 'no_log: true' was specified for this task")
            .context("Task failed.")
            .at(self.task.origin.as_ref())
    }

    async fn execute(&self, scope: &HostScope, loop_error: Option<Error>, place: Option<&Place>) -> Result<Attempt> {
        let templar = &self.shared.templar;
        // As with ansible-core, it must mean a host even where the conditions do not hold.
        let delegated = self.delegated_to(scope)?;
        for condition in self.task.when() {
            match templar.condition(condition, scope) {
                Ok(true) => {}
                Ok(false) => {
                    let outcome = Outcome::changed(false)
                        .with("skipped", true)
                        .with("skip_reason", "Conditional result was False")
                        .with("false_condition", condition.untrusted());
                    return Ok(outcome.into());
                }
                Err(error) => return Err(loop_error.unwrap_or(error)),
            }
        }
        if let Some(error) = loop_error {
            return Err(error);
        }
        let keywords = Keywords { shared: &self.shared, task: &self.task, scope };
        if let Some(include) = &self.task.include {
            return self.include(&keywords, include);
        }
        keywords.check_early(&self.checks)?;
        let action = self.action(&keywords)?;
        let native = matches!(action.kind, ActionKind::Native);
        let definition = self.shared.action(&action.name).filter(|_| native);
        let args = keywords.arguments(&action.fqcn, definition)?;
        keywords.check_late(&self.checks)?;
        let mut attempt = self.attempts(&keywords, &action, args, (scope, place), delegated.as_deref()).await?;
        attempt.delegated = delegated;
        attempt.notify = self.notified(&keywords)?;
        Ok(attempt)
    }

    fn include(&self, keywords: &Keywords<'_>, include: &Include) -> Result<Attempt> {
        let fqcn = self.task.resolved.as_ref().map_or("ansible.builtin.include_tasks", |a| &a.fqcn);
        let mut args = keywords.arguments(fqcn, None)?;
        if let Include::Tasks { file, .. } = include {
            let file = keywords.render(Some(file))?.unwrap_or_default();
            args.insert("_raw_params", file);
        }
        let mut outcome = Outcome::default();
        if let Some(file) = args.get("_raw_params") {
            outcome.set("include", file.clone());
        }
        let mut shown = args.clone();
        shown.remove("_raw_params");
        outcome.set("include_args", shown);
        let include = Some(Included { args, vars: Dict::new(), label: None });
        Ok(Attempt { outcome, include, ..Attempt::default() })
    }

    /// What the action's name means, which a template may give.
    fn action(&self, keywords: &Keywords<'_>) -> Result<Action> {
        let action = match &self.task.resolved {
            Some(action) => action.clone(),
            None => {
                let name = keywords.render(Some(&Value::Str(self.task.action.clone())))?.unwrap_or_default();
                let action = self.shared.loader.resolve(&name.to_text(), &self.task);
                self.shared.tell_notes();
                action?
            }
        };
        match &action.kind {
            ActionKind::Native | ActionKind::Python(_) => Ok(action),
            ActionKind::Lacking => Err(Error::unsupported(lacking(&self.shared, &action.fqcn))),
            ActionKind::PythonAction(path) => {
                let text = format!(
                    "the action {} is a plugin written in Python ({path}), which rplay does not run",
                    action.fqcn
                );
                Err(Error::unsupported(text))
            }
        }
    }

    fn notified(&self, keywords: &Keywords<'_>) -> Result<Vec<String>> {
        Ok(match keywords.render(self.task.common.notify.as_ref().or(self.task.keyword(|c| c.notify.as_ref())))? {
            Some(Value::List(names)) => names.iter().map(Value::to_text).collect(),
            None | Some(Value::Null) => Vec::new(),
            Some(name) => vec![name.to_text()],
        })
    }

    async fn attempts(
        &self,
        keywords: &Keywords<'_>,
        action: &Action,
        args: Dict,
        (scope, place): (&HostScope, Option<&Place>),
        delegated: Option<&str>,
    ) -> Result<Attempt> {
        let retries = keywords.integer("retries", self.task.retries.as_ref())?;
        let extra = match retries {
            Some(n) => u64::try_from(n).unwrap_or(0),
            None if !self.task.until.is_empty() => 3,
            None => 0,
        };
        let delay = keywords.number("delay", self.task.delay.as_ref())?.unwrap_or(5.0);
        let delay = Duration::from_secs_f64(if delay < 0.0 { 1.0 } else { delay.min(1e9) });
        let total = extra + 1;
        for number in 1..=total {
            let mut attempt = self.act(keywords, action, args.clone(), (scope, place), delegated).await?;
            if attempt.outcome.is_unreachable() {
                // There is no result that could be judged, or tried again.
                attempt.error = self.failure(&attempt);
                return Ok(attempt);
            }
            if total > 1 {
                attempt.outcome.set("attempts", number as i64);
            }
            let overlay = self.seen(&attempt);
            let seen = scope.with(&overlay);
            self.judge(&mut attempt, &seen);
            attempt.say();
            attempt.error = self.failure(&attempt);
            if total == 1 {
                return Ok(attempt);
            }
            let seen = scope.with(&self.seen(&attempt));
            if self.is_enough(&attempt, &seen)? {
                return Ok(attempt);
            }
            if number == total || self.shared.cancel.is_cancelled() {
                attempt.outcome.set("attempts", extra as i64);
                attempt.outcome.set("failed", true);
                attempt.say();
                attempt.error = self.failure(&attempt);
                return Ok(attempt);
            }
            attempt.outcome.set("retries", total as i64);
            self.tell_retry(&attempt, delegated, total - number);
            self.go_away();
            tokio::time::sleep(delay).await;
        }
        Err(Error::new(Kind::Internal, "a task was tried no times"))
    }

    /// What conditions about the result see above the host's variables.
    fn seen(&self, attempt: &Attempt) -> Dict {
        let mut overlay = Dict::new();
        attempt.remember(&mut overlay);
        if let Some(name) = &self.task.register {
            overlay.insert(name.clone(), outcome::registered(&attempt.outcome.result));
        }
        overlay
    }

    fn is_enough(&self, attempt: &Attempt, scope: &HostScope) -> Result<bool> {
        if self.task.until.is_empty() {
            return Ok(!attempt.outcome.is_failed());
        }
        for condition in &self.task.until {
            if !self.shared.templar.condition(condition, scope)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Applies `changed_when` and `failed_when`.
    fn judge(&self, attempt: &mut Attempt, scope: &HostScope) {
        if attempt.outcome.get("skipped").is_some() || attempt.outcome.is_unreachable() {
            return;
        }
        let all = |conditions: &[Value], scope: &HostScope| {
            for condition in conditions {
                if !self.shared.templar.condition(condition, scope)? {
                    return Ok(false);
                }
            }
            Ok::<_, Error>(true)
        };
        if !self.task.changed_when.is_empty() {
            match all(&self.task.changed_when, scope) {
                Ok(changed) => attempt.outcome.set("changed", changed),
                Err(error) => {
                    attempt.outcome.set("failed", true);
                    attempt.outcome.set("changed_when_result", error.line());
                    return;
                }
            }
        }
        if !self.task.failed_when.is_empty() {
            match all(&self.task.failed_when, scope) {
                Ok(failed) => {
                    attempt.outcome.set("failed_when_result", failed);
                    attempt.outcome.set("failed", failed);
                    if !failed && let Some(exception) = attempt.outcome.result.remove("exception") {
                        attempt.outcome.set("failed_when_suppressed_exception", exception);
                    }
                }
                Err(error) => {
                    attempt.outcome.set("failed", true);
                    attempt.outcome.set("failed_when_result", error.line());
                }
            }
        }
    }

    /// The error that is told of a failed result.
    fn failure(&self, attempt: &Attempt) -> Option<Error> {
        let message = || attempt.outcome.get("msg").map(Value::to_text).unwrap_or_default();
        let error = match &attempt.cause {
            _ if !attempt.outcome.is_unreachable() && !attempt.outcome.is_failed() => return None,
            Some(cause) => cause.clone(),
            None if attempt.outcome.is_unreachable() => Error::new(Kind::Unreachable, message()),
            None => match message() {
                text if text == UNKNOWN => Error::user("Unknown error.").context("Action failed."),
                text => Error::user(text).context("Action failed."),
            },
        };
        let error = error.context("Task failed.").at(self.task.origin.as_ref());
        // A task that is written nowhere is shown itself.
        match self.task.origin.as_ref().filter(|origin| origin.path().is_none()) {
            Some(_) => Some(error.help(outcome::shortened(&self.task.as_written().to_text()))),
            None => Some(error),
        }
    }

    fn tell_retry(&self, attempt: &Attempt, delegated: Option<&str>, left: u64) {
        let mut shown = attempt.outcome.result.clone();
        // The address is known in the end only.
        shown.remove("_ansible_delegated_vars");
        let result = TaskResult {
            task: self.info.clone(),
            host: self.scope.host.clone(),
            delegated: delegated.map(str::to_owned),
            status: Status::Failed { ignored: false },
            result: shown,
            label: None,
            error: None,
            remarks: Vec::new(),
        };
        // Where the strategy is gone, the run is over.
        let _ = self.notes.send(Note::Retry(Box::new(result), left));
    }

    /// Runs the action, or the module, once.
    async fn act(
        &self,
        keywords: &Keywords<'_>,
        action: &Action,
        args: Dict,
        (scope, place): (&HostScope, Option<&Place>),
        delegated: Option<&str>,
    ) -> Result<Attempt> {
        let mut context = self.context(keywords)?;
        let background = self.background(keywords, action, &mut context)?;
        let remote = self.remote(keywords, action, scope, delegated)?.at(place);
        context.remote_tmp = remote.target().remote_tmp.clone();
        let timeout = context.timeout;
        let mut call = ActionCall {
            args,
            task: &self.task,
            title: &self.info.name,
            name: self.task.action.as_str(),
            host: &scope.host,
            delegated,
            scope,
            templar: &self.shared.templar,
            remote: &remote,
            person: self,
            context,
        };
        let running = async {
            let native = matches!(action.kind, ActionKind::Native);
            match self.shared.action(&action.name).filter(|_| native).map(|definition| definition.run) {
                Some(Run::Host(run) | Run::Once(run)) => run(&call).await,
                // Boxed: what stays on the controller need not carry room for these.
                _ => {
                    let (args, context) = (call.args.clone(), call.context.clone());
                    let name = self.task.action.as_str();
                    if let ActionKind::Python(path) = &action.kind {
                        return Box::pin(remote.file_module(name, path, args, context)).await.map(Acted::from);
                    }
                    let shown = shown(action, name);
                    let mut ran = Box::pin(remote.module(&action.name, &shown, args, context)).await?;
                    if &*action.name == "setup" {
                        ran.set("_ansible_verbose_override", true);
                    }
                    Ok(ran.into())
                }
            }
        };
        let acted = match timeout {
            None | Some(0) => running.await,
            Some(seconds) => match tokio::time::timeout(Duration::from_secs(seconds), running).await {
                Ok(acted) => acted,
                Err(_) => return Ok(timed_out(seconds)),
            },
        };
        let acted = match (acted, background) {
            (Ok(started), Some(job)) => {
                call.context.background = None;
                Box::pin(self.watched(job, started, &call)).await
            }
            (acted, _) => acted,
        };
        let acted = match acted {
            Ok(acted) => acted,
            Err(error) if error.kind == Kind::Unreachable => {
                let msg = error.clone().context("Task failed.").line();
                let outcome = Outcome::default().with("unreachable", true).with("exception", Outcome::NO_TRACE);
                let outcome = outcome.with("msg", msg).with("changed", false);
                return Ok(Attempt { cause: Some(error), ..outcome.into() });
            }
            Err(error) => return Err(error),
        };
        Ok(self.acted(acted, &action.name, &remote, scope, delegated))
    }

    /// The host as the action reaches it; one that needs none may be on a host whose connection rplay lacks.
    fn remote<'a>(
        &'a self,
        keywords: &Keywords<'_>,
        action: &Action,
        scope: &HostScope,
        delegated: Option<&str>,
    ) -> Result<HostRemote<'a>> {
        let connects = self.shared.action(&action.name).is_none_or(|definition| definition.connects);
        match HostRemote::new(self, keywords, scope, delegated) {
            Err(error) if error.kind == Kind::Unsupported && !connects => {
                Ok(HostRemote::nowhere(self, keywords, scope, delegated))
            }
            remote => remote,
        }
    }

    fn acted(
        &self,
        acted: Acted,
        action: &str,
        remote: &HostRemote<'_>,
        scope: &HostScope,
        delegated: Option<&str>,
    ) -> Attempt {
        let Acted { mut outcome, effects } = acted;
        // What the controller makes up by itself stays as it is.
        if self.shared.action(action).is_none_or(|definition| definition.connects) {
            outcome::add_lines(&mut outcome);
        }
        outcome::complete(&mut outcome);
        let cause = outcome.is_failed().then(|| remote.failure(&outcome)).flatten();
        outcome.result.remove(Outcome::BY_MODULE);
        let told = outcome.result.remove(Outcome::CAUSE);
        // An action that says what its failure comes from, and is no module's whose words are known.
        let cause = cause.or_else(|| {
            let text = outcome.get("msg").map(Value::to_text).unwrap_or_default();
            let told = told.filter(|_| outcome.is_failed())?;
            Some(Error::user(text).help(told.to_text()).apart().context("Action failed."))
        });
        let cause = refused(&outcome).or(cause);
        let facts_of = match delegated {
            Some(name) if self.delegates_facts(scope) => Arc::from(name),
            _ => scope.host.clone(),
        };
        let mut effects: Vec<_> = effects.into_iter().map(|effect| (Arc::clone(&facts_of), effect)).collect();
        let told = effects
            .iter()
            .any(|(_, effect)| matches!(effect, Effect::Vars(_) | Effect::Included(_) | Effect::Facts(_)));
        if let (Some(Value::Dict(facts)), false) = (outcome.get("ansible_facts"), told) {
            effects.push((facts_of, Effect::Facts(facts.clone())));
        }
        let unsaid = outcome::unsaid(&mut outcome);
        if let Some(name) = delegated {
            outcome.set("_ansible_delegated_vars", remote.delegated_vars(name, scope));
        }
        let remarks = remote.take_remarks().into_iter().chain(outcome::help(&outcome)).collect();
        Attempt { outcome, effects, cause, unsaid, remarks, ..Attempt::default() }
    }

    fn context(&self, keywords: &Keywords<'_>) -> Result<Context> {
        let timeout = keywords.integer("timeout", self.task.keyword(|c| c.timeout.as_ref()))?;
        let timeout = timeout.unwrap_or_else(|| self.shared.settings.int("TASK_TIMEOUT"));
        if !(0..=LONGEST).contains(&timeout) {
            let text = format!("Timeout {timeout} is invalid, it must be between 0 and {LONGEST}.");
            return Err(Error::user(text));
        }
        Ok(Context {
            check: keywords.bool("check_mode", |c| c.check_mode.as_ref())?.unwrap_or(self.shared.options.check),
            diff: keywords.bool("diff", |c| c.diff.as_ref())?.unwrap_or(self.shared.options.diff),
            no_log: keywords.bool("no_log", |c| c.no_log.as_ref())?.unwrap_or(false),
            verbosity: self.shared.options.verbosity,
            environment: keywords.environment()?,
            timeout: u64::try_from(timeout).ok().filter(|seconds| *seconds > 0),
            remote_tmp: None,
            async_dir: None,
            background: None,
            nofile: None,
            lenient_text: !self.shared.settings.flag("MODULE_STRICT_UTF8_RESPONSE"),
            python: keywords.interpreter()?,
            shell: self.shared.settings.text("DEFAULT_EXECUTABLE").filter(|s| *s != "/bin/sh").map(str::to_owned),
        })
    }
}

/// The cause of a result that was refused for what it holds, which says how to have it nevertheless.
fn refused(outcome: &Outcome) -> Option<Error> {
    let words = outcome.get("msg").and_then(Value::as_str)?.strip_prefix("Task failed: ")?;
    let help = "This check can be disabled with the `MODULE_STRICT_UTF8_RESPONSE` setting.";
    words.starts_with("Refusing to deserialize").then(|| Error::user(words).help(help).apart())
}

/// What comes of an action that took longer than its `timeout`.
fn timed_out(seconds: u64) -> Attempt {
    let text = format!("Timed out after {seconds} second(s).");
    let told = Dict::from([
        ("frame", Value::str("Configure `DISPLAY_TRACEBACK` to see a traceback on timeout errors.")),
        ("period", Value::Int(i64::try_from(seconds).unwrap_or(i64::MAX))),
    ]);
    let outcome = Outcome::failed(format!("Task failed: {text}")).with("changed", false).with("timedout", told);
    Attempt { outcome, cause: Some(Error::user(text)), ..Attempt::default() }
}

/// Modules that an action of ansible.builtin's runs, as ansible.legacy's.
const BY_ACTIONS: [&str; 13] = [
    "assemble",
    "async_status",
    "command",
    "copy",
    "dnf",
    "fetch",
    "package",
    "script",
    "service",
    "shell",
    "template",
    "unarchive",
    "uri",
];

/// The name that a module's messages show: as the task has it, unless an action comes between.
fn shown(action: &Action, written: &str) -> String {
    match action.fqcn.strip_prefix("ansible.builtin.") {
        Some(name) if BY_ACTIONS.contains(&name) => format!("ansible.legacy.{name}"),
        _ if written.contains("{{") => action.fqcn.to_string(),
        _ => written.to_owned(),
    }
}

impl From<Outcome> for Attempt {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, ..Self::default() }
    }
}
