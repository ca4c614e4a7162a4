//! The host of a running task, as actions may use it.

use super::ahead::Place;
use super::host_task::HostTask;
use super::keywords::Keywords;
use super::outcome::lines;
use super::python::{Chosen, lacking};
use crate::actions::{BoxFuture, Remote};
use crate::connection::{Connection, ConnectionError, Raw, Target, Transport, Upload};
use crate::content::ActionKind;
use crate::diag::{Error, Kind, Remark, Remarks, Result};
use crate::modules::deliver;
use crate::modules::many::{self, Step};
use crate::proto::{Context, Outcome, Request};
use crate::value::{Dict, Value};
use crate::vars::HostScope;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Why a module is a file on a host that has an agent.
const ASKED: &str = "modules are asked for as files";

/// A host as a task reaches it: made at once, connected when it is first used.
pub(super) struct HostRemote<'a> {
    pub(super) task: &'a HostTask,
    pub(super) connection: Mutex<Connection>,
    pub(super) target: Target,
    /// The variables of the host that is connected to.
    pub(super) vars: HostScope,
    /// Whether the task is delegated to it, and whether that host then learns the facts.
    pub(super) delegated: bool,
    pub(super) delegates_facts: bool,
    /// What the last module that failed said, with what caused it.
    pub(super) failure: Mutex<Option<Error>>,
    /// What modules said in more than words.
    pub(super) remarks: Remarks,
    /// The interpreter that was found during this task.
    pub(super) chosen: Mutex<Option<Chosen>>,
    /// The place of an item that is ahead of its turn.
    place: Option<&'a Place>,
}

impl<'a> HostRemote<'a> {
    /// The host of a task, or the one that it is delegated to.
    pub fn new(
        task: &'a HostTask,
        keywords: &Keywords<'_>,
        scope: &HostScope,
        delegated: Option<&str>,
    ) -> Result<Self> {
        let target = keywords.target(scope, delegated)?;
        Ok(Self::with_target(task, keywords, scope, delegated, target))
    }

    /// What stands for the host of an action that needs none, where rplay lacks its connection.
    pub fn nowhere(task: &'a HostTask, keywords: &Keywords<'_>, scope: &HostScope, delegated: Option<&str>) -> Self {
        // Whoever connects all the same gets no further than ssh's complaint.
        let transport = Transport::Ssh(Box::default());
        let target = Target { name: scope.host.to_string(), transport, ..Target::default() };
        Self::with_target(task, keywords, scope, delegated, target)
    }

    fn with_target(
        task: &'a HostTask,
        keywords: &Keywords<'_>,
        scope: &HostScope,
        delegated: Option<&str>,
        target: Target,
    ) -> Self {
        let connection = Mutex::new(task.shared.pool.connect(&target));
        let vars = match delegated {
            Some(name) => keywords.delegated(scope, name),
            None => scope.clone(),
        };
        let delegates_facts = keywords.bool("delegate_facts", |c| c.delegate_facts.as_ref()).unwrap_or(None);
        Self {
            task,
            connection,
            target,
            vars,
            delegated: delegated.is_some(),
            delegates_facts: delegates_facts.unwrap_or(false),
            failure: Mutex::default(),
            remarks: Remarks::default(),
            chosen: Mutex::default(),
            place: None,
        }
    }

    /// What a result tells of the host that its task was delegated to.
    pub fn delegated_vars(&self, name: &str, own: &HostScope) -> Dict {
        let mut vars = Dict::from([("ansible_delegated_host", Value::str(name))]);
        for name in ["ansible_host", "ansible_port", "ansible_user", "ansible_connection"] {
            let written = self.vars.plain(name).ok().flatten();
            // What cannot be rendered here is told as it is written.
            let render = |value: Value| self.task.shared.templar.render_value(&value, own).unwrap_or(Some(value));
            let value = match (written.and_then(render), name) {
                (Some(value), _) => value.untrusted(),
                (None, "ansible_host") => Value::str(self.vars.host.clone()),
                (None, "ansible_connection") => continue,
                (None, _) => Value::Null,
            };
            vars.insert(name, value);
        }
        vars
    }

    /// The same for an item that is ahead of its turn.
    pub fn at(mut self, place: Option<&'a Place>) -> Self {
        self.place = place;
        self
    }

    /// Waits for the item's turn.
    async fn turn(&self) -> Result<()> {
        match self.place {
            Some(place) if !place.turn(Some(&self.target)).await => Err(Place::again()),
            _ => Ok(()),
        }
    }

    /// Runs a module with the task's own surroundings.
    pub async fn module(&self, name: &str, shown: &str, args: Dict, context: Context) -> Result<Outcome> {
        let request = Request { module: name.to_owned(), shown: shown.to_owned(), args, context };
        self.asked(request, None, true).await
    }

    /// Runs a native module, by the agent or, where none runs, as its Python self.
    async fn asked(&self, request: Request, upload: Option<Upload>, only: bool) -> Result<Outcome> {
        match self.connection().agentless().await {
            Ok(None) if self.is_file(&request.module)? => {
                self.turn().await?;
                return self.plainly(request, upload, ASKED).await;
            }
            Ok(None) => {}
            Ok(Some(why)) => {
                self.turn().await?;
                return self.plainly(request, upload, &why).await;
            }
            Err(error) => return self.lost(error),
        }
        match self.native(request, upload, only).await? {
            Ok(outcome) => Ok(outcome),
            Err(error) => self.lost(error),
        }
    }

    /// Runs a native module, and looks for the host's Python beside it where nobody has yet.
    ///
    /// Where this is the `only` request of an item, the next item's follows it at once.
    async fn native(
        &self,
        mut request: Request,
        upload: Option<Upload>,
        only: bool,
    ) -> Result<Result<Outcome, ConnectionError>> {
        self.turn().await?;
        if request.context.nofile.is_none() {
            request.context.nofile = Some(self.nofile()?);
        }
        self.make_way(&request.module).await;
        let named = request.context.python.is_some();
        let of_job = request.module == "async_status";
        let connection = self.connection();
        let look = async { if named { Ok(()) } else { self.notice_python().await } };
        // Nothing waits for the look: both are under way at once.
        let (ran, looked) = match self.place {
            Some(place) if only => {
                let run = connection.run_in_lane(request, upload, &place.lane, || place.leave());
                tokio::join!(run, look)
            }
            _ => tokio::join!(connection.run(request, upload), look),
        };
        let Ok(mut outcome) = ran else { return Ok(ran) };
        looked?;
        if of_job {
            outcome = self.job_read(outcome);
        } else {
            self.note(&mut outcome);
        }
        self.noticed(&mut outcome);
        Ok(Ok(outcome))
    }

    /// No user is changed or removed while an agent of theirs waits for another task.
    pub(super) async fn make_way(&self, module: &str) {
        if module.rsplit('.').next() == Some("user") {
            self.task.shared.pool.retire_others(&self.target).await;
        }
    }

    /// The error of the module whose failure a result is, if a module's it is.
    pub fn failure(&self, outcome: &Outcome) -> Option<Error> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        let said = outcome.get("msg").map(Value::to_text);
        let line = failure.line();
        // A module that crashed says nothing itself: the engine's words, with the cause in them, stand for it.
        let same = outcome.get(Outcome::BY_MODULE).is_some()
            || said.is_none_or(|said| line.contains(said.trim_end_matches('.')) || said.ends_with(&line));
        same.then_some(failure)
    }

    /// What modules said in more than the words that are in their results.
    pub fn take_remarks(&self) -> Vec<Remark> {
        self.remarks.take()
    }

    pub(super) fn connection(&self) -> Connection {
        self.task.go_away();
        self.connection.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn note(&self, outcome: &mut Outcome) {
        // A module that fails has where from at once, an action that gives a failed result only in the end.
        if outcome.is_failed() {
            outcome.result.set_default("exception", Outcome::NO_TRACE);
        }
        if !outcome.is_failed() && outcome.get("rc").is_none_or(|rc| *rc == Value::Int(0)) {
            return;
        }
        let message = outcome.get("msg").map(Value::to_text).unwrap_or_default();
        // A crash says so itself.
        let message = message.strip_prefix("Task failed: Module failed: ").unwrap_or(&message);
        if let Some(own) = message.strip_prefix("Task failed: ") {
            // What is an action's part with Ansible is no module's failure.
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(Error::user(own));
            return;
        }
        let cause = outcome.get("_ansible_cause").map(Value::to_text);
        let error = match cause {
            // A crash has its cause in its words already.
            Some(cause) => match message.strip_suffix(&cause).and_then(|own| own.strip_suffix(": ")) {
                Some(own) => Error::user(cause.as_str()).apart().context(format!("{own}.")),
                None => Error::user(cause).context(message),
            },
            None => Error::user(message),
        };
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.context("Module failed."));
    }

    pub(super) fn lost(&self, error: ConnectionError) -> Result<Outcome> {
        match error {
            ConnectionError::Unreachable(text) => Err(Error::new(Kind::Unreachable, text)),
            ConnectionError::Failed(text) => Err(Error::user(text)),
            ConnectionError::NoAgent(text) | ConnectionError::Unsupported(text) => Err(Error::unsupported(text)),
            ConnectionError::Module { rc, stdout, stderr } => {
                // As ansible-core says of a module that ended without a result.
                let error = Error::user("No start of json char found").context("Module result deserialization failed.");
                let error = error.help("See stdout/stderr for the returned output.");
                let outcome = Outcome::failed(error.line());
                let stderr = match rc {
                    ..0 if stderr.trim().is_empty() => format!("the agent was ended by signal {}", rc.unsigned_abs()),
                    _ => stderr,
                };
                *self.failure.lock().unwrap_or_else(PoisonError::into_inner) =
                    Some(error.apart().context("Action failed."));
                Ok(outcome
                    .with("module_stdout", stdout.as_str())
                    .with("module_stderr", stderr.as_str())
                    .with("rc", i64::from(rc))
                    .with("exception", Outcome::NO_TRACE))
            }
        }
    }
}

impl Remote for HostRemote<'_> {
    fn run(&self, request: Request, upload: Option<Upload>) -> BoxFuture<'_, Result<Outcome>> {
        Box::pin(self.asked(request, upload, false))
    }

    fn run_only(&self, request: Request, upload: Option<Upload>) -> BoxFuture<'_, Result<Outcome>> {
        Box::pin(self.asked(request, upload, true))
    }

    fn named<'a>(&'a self, name: &'a str, args: Dict, context: Context) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            let Some(action) = self.task.shared.loader.module(name, &self.task.task) else {
                return Err(Error::action(format!("The module {name} was not found in configured module paths")));
            };
            let mut all = self.defaults(&action.fqcn)?;
            all.update(&args);
            match &action.kind {
                ActionKind::Native => self.module(&action.name, name, all, context).await,
                ActionKind::Python(path) => self.file_module(name, path, all, context).await,
                ActionKind::Lacking | ActionKind::PythonAction(_) => {
                    Err(Error::unsupported(lacking(&self.task.shared, &action.fqcn)))
                }
            }
        })
    }

    fn run_many(&self, steps: Vec<Step>, context: Context) -> BoxFuture<'_, Result<Vec<Outcome>>> {
        Box::pin(async move {
            self.turn().await?;
            match self.connection().agentless().await {
                Ok(None) if self.are_files(&steps)? => return self.plainly_many(steps, &context, ASKED).await,
                Ok(None) => {}
                Ok(Some(why)) => return self.plainly_many(steps, &context, &why).await,
                Err(error) => return self.lost(error).map(|outcome| vec![outcome]),
            }
            match self.connection().run(many::pack(steps, context), None).await {
                Ok(outcome) => {
                    let mut outcomes = many::unpack(outcome);
                    if let Some(last) = outcomes.last_mut() {
                        self.note(last);
                        self.noticed(last);
                    }
                    Ok(outcomes)
                }
                Err(error) => self.lost(error).map(|outcome| vec![outcome]),
            }
        })
    }

    fn has_module(&self, name: &str) -> bool {
        self.task.shared.loader.module(name, &self.task.task).is_some()
    }

    fn run_here(&self, mut request: Request) -> BoxFuture<'_, Result<Outcome>> {
        // The interpreter that the inventory names is the host's, not the controller's.
        request.context.python = None;
        Box::pin(async move {
            let cwd = self.variable("playbook_dir").map(|folder| folder.to_text().into());
            self.task.go_away();
            let here = Target { name: "localhost".into(), cwd, ..Target::default() };
            match self.task.shared.pool.connect(&here).run(request, None).await {
                Ok(mut outcome) => {
                    self.note(&mut outcome);
                    Ok(outcome)
                }
                Err(error) => self.lost(error),
            }
        })
    }

    fn raw<'a>(&'a self, command: &'a str, executable: Option<&'a str>) -> BoxFuture<'a, Result<Outcome>> {
        Box::pin(async move {
            let raw = Raw { command: command.to_owned(), executable: executable.map(str::to_owned) };
            match self.connection().raw(&raw).await {
                Ok(output) => {
                    let (stdout, stderr) =
                        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
                    Ok(Outcome::default()
                        .with("rc", i64::from(output.rc))
                        .with("stdout", stdout.as_ref())
                        .with("stdout_lines", lines(&stdout))
                        .with("stderr", stderr.as_ref())
                        .with("stderr_lines", lines(&stderr)))
                }
                // Where the escalation itself ended, it is the command's end.
                Err(ConnectionError::Module { rc, stdout, stderr }) => Ok(Outcome::default()
                    .with("rc", i64::from(rc))
                    .with("stdout", stdout.as_str())
                    .with("stderr", stderr.as_str())),
                Err(error) => self.lost(error),
            }
        })
    }

    fn put<'a>(&'a self, file: &'a Path, executable: bool) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            self.put_as(file, &name, executable).await
        })
    }

    fn put_as<'a>(&'a self, file: &'a Path, name: &'a str, executable: bool) -> BoxFuture<'a, Result<String>> {
        Box::pin(async move {
            let unreadable = |error: std::io::Error| Error::action(format!("{}: {error}", file.display()));
            let mut reader = tokio::fs::File::open(file).await.map_err(unreadable)?;
            self.connection().put(name, executable, &mut reader).await.map_err(|error| self.refused(error))
        })
    }

    fn unstage<'a>(&'a self, path: &'a str) -> BoxFuture<'a, ()> {
        Box::pin(async move { self.connection().unstage(path).await })
    }

    fn get<'a>(&'a self, remote: &'a str, local: &'a Path) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let unwritable = |error: std::io::Error| Error::action(format!("{}: {error}", local.display()));
            let mut writer = tokio::fs::File::create(local).await.map_err(unwritable)?;
            self.connection().get(remote, &mut writer).await.map(drop).map_err(|error| self.refused(error))
        })
    }

    fn reset(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async move {
            self.connection().reset().await;
            Ok(())
        })
    }

    fn forgive(&self) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn connect_timeout(&self, seconds: Option<u64>) {
        let mut target = self.target.clone();
        if let (Some(seconds), Transport::Ssh(ssh)) = (seconds, &mut target.transport) {
            ssh.timeout = seconds;
        }
        *self.connection.lock().unwrap_or_else(PoisonError::into_inner) = self.task.shared.pool.connect(&target);
    }

    fn target(&self) -> &Target {
        &self.target
    }

    fn is_local(&self) -> bool {
        self.target.transport == Transport::Local
    }
}

impl HostRemote<'_> {
    /// Whether a native module is to run as the file that it stands for.
    fn is_file(&self, module: &str) -> Result<bool> {
        let has_file = || {
            let name = if module == "shell" { "command" } else { module };
            matches!(module, deliver::NAME | deliver::DIFFERING)
                || self.task.shared.loader.catalogue().file_of(name).is_some()
        };
        Ok(self.wants_files()? && has_file())
    }

    fn are_files(&self, steps: &[Step]) -> Result<bool> {
        for step in steps {
            if !self.is_file(step.module)? {
                return Ok(false);
            }
        }
        Ok(!steps.is_empty())
    }

    /// What `module_defaults` gives a module, rendered.
    fn defaults(&self, fqcn: &str) -> Result<Dict> {
        let keywords = Keywords { shared: &self.task.shared, task: &self.task.task, scope: &self.task.scope };
        keywords.defaults(fqcn)
    }

    pub(super) fn refused(&self, error: ConnectionError) -> Error {
        let host = &self.task.scope.host;
        match self.lost(error) {
            Err(error) => error,
            Ok(outcome) => {
                Error::action(outcome.get("msg").map_or_else(|| format!("{host} refused a file"), Value::to_text))
            }
        }
    }
}
