//! `async` and `poll`: tasks that run in the background on their host, and how they are waited for.
//!
//! With a `poll` above 0 the host is asked every so many seconds, as long as `async` says; otherwise the task
//! is done once its job has started, and `async_status` tells of it later.

use super::host_task::{HostTask, Note};
use super::keywords::Keywords;
use crate::actions::{Acted, ActionCall, async_status};
use crate::content::Action;
use crate::diag::{Error, Kind, Result};
use crate::event::{AsyncStage, Status, TaskResult};
use crate::proto::{Background, Context, Outcome};
use crate::template::Var;
use crate::value::Value;
use std::time::{Duration, Instant};

/// The actions whose controller's half lets the host's half run in the background.
const SUPPORTING: &[&str] = &["command", "dnf", "dnf5", "package", "service", "shell", "uri", "yum"];

/// Above it Ansible draws no number for a job's id.
const IDS: u64 = 999_999_999_999;

/// How long after its time a job is still asked for.
const LATE: Duration = Duration::from_secs(3);

/// How a job is waited for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    /// Seconds that it may take.
    seconds: i64,
    /// Seconds between two looks; nobody waits where it is not above 0.
    poll: i64,
}

impl HostTask {
    /// What `async` and `poll` ask for; the request's surroundings are set by it.
    pub(super) fn background(
        &self,
        keywords: &Keywords<'_>,
        action: &Action,
        context: &mut Context,
    ) -> Result<Option<Watch>> {
        let seconds = keywords.integer("async_val", self.task.async_.as_ref())?.unwrap_or(0);
        if seconds == 0 && &*action.name != "async_status" {
            return Ok(None);
        }
        let folder = keywords.folder_of_jobs()?;
        context.async_dir = Some(folder.clone());
        if seconds == 0 {
            return Ok(None);
        }
        if self.shared.action(&action.name).is_some() && !SUPPORTING.contains(&&*action.name) {
            let text = format!("This action ({}) does not support async.", self.task.action.as_str());
            return Err(Error::action(text));
        }
        let default = self.shared.settings.int("DEFAULT_POLL_INTERVAL");
        let poll = keywords.integer("poll", self.task.poll.as_ref())?.unwrap_or(default);
        context.environment.retain(|(name, _)| name != "ANSIBLE_ASYNC_DIR");
        context.environment.push(("ANSIBLE_ASYNC_DIR".into(), folder));
        context.background = Some(Background { id: random_id()?, limit: u64::try_from(seconds).ok() });
        Ok(Some(Watch { seconds, poll }))
    }

    /// The result of a job that has started: its own in the end, where it is waited for.
    pub(super) async fn watched(&self, watch: Watch, mut started: Acted, call: &ActionCall<'_>) -> Result<Acted> {
        started.outcome.set("changed", true);
        let waits = watch.seconds > 0 && watch.poll > 0;
        if !waits || started.outcome.is_failed() || started.outcome.is_skipped() {
            return Ok(started);
        }
        let outcome = match started.outcome.get("ansible_job_id").map(Value::to_text) {
            Some(id) => self.awaited(watch, &id, call).await?,
            None => Outcome::default().with("failed", true).with("msg", "No job id was returned by the async task"),
        };
        let stage = if outcome.is_failed() { AsyncStage::Failed } else { AsyncStage::Ok };
        self.tell_async(stage, call, &outcome);
        Ok(Acted { outcome, effects: started.effects })
    }

    async fn awaited(&self, watch: Watch, id: &str, call: &ActionCall<'_>) -> Result<Outcome> {
        let begun = Instant::now();
        let mut left = watch.seconds;
        let mut last = Outcome::default();
        while left > 0 {
            tokio::time::sleep(Duration::from_secs(watch.poll.unsigned_abs())).await;
            match async_status::status(call, id, "status").await {
                Ok(outcome) => last = outcome,
                // A host may be out of reach for a while.
                Err(error) if error.kind == Kind::Unreachable && left > watch.poll => {
                    left -= watch.poll;
                    continue;
                }
                Err(error) => return Err(error),
            }
            if finished(&last) || last.is_failed() || last.is_skipped() {
                break;
            }
            left -= watch.poll;
            self.tell_async(AsyncStage::Poll, call, &last);
        }
        if !finished(&last) && !last.is_failed() {
            last = self.last_look(watch, begun, id, call).await?.unwrap_or(last);
        }
        if !finished(&last) {
            let text = format!("async task did not complete within the requested time - {}s", watch.seconds);
            let outcome = Outcome::default().with("failed", true).with("msg", text);
            return Ok(outcome.with("async_result", last.result));
        }
        // The result counts, whether its file could be removed or not.
        let _ = async_status::status(call, id, "cleanup").await;
        Ok(last)
    }

    /// The result of a job whose time is up: the host ends it by itself, which takes a moment.
    async fn last_look(
        &self,
        watch: Watch,
        begun: Instant,
        id: &str,
        call: &ActionCall<'_>,
    ) -> Result<Option<Outcome>> {
        let limit = u64::try_from(watch.seconds).ok();
        let lasts = Background { id: String::new(), limit }.lasts().unwrap_or_default();
        while begun.elapsed() < lasts + LATE {
            tokio::time::sleep(Duration::from_millis(250)).await;
            let outcome = async_status::status(call, id, "status").await?;
            if finished(&outcome) {
                return Ok(Some(outcome));
            }
        }
        Ok(None)
    }

    fn tell_async(&self, stage: AsyncStage, call: &ActionCall<'_>, outcome: &Outcome) {
        let mut result = outcome.result.clone();
        // What is only asked for the host's state has no secrets yet.
        if call.context.no_log && stage != AsyncStage::Poll {
            result = super::outcome::censored(&result);
        }
        let told = TaskResult {
            task: self.info.clone(),
            host: self.scope.host.clone(),
            delegated: call.delegated.map(str::to_owned),
            status: if outcome.is_failed() { Status::Failed { ignored: false } } else { Status::Ok },
            result,
            label: None,
            error: None,
            remarks: Vec::new(),
        };
        // Where the strategy is gone, the run is over.
        let _ = self.notes.send(Note::Async(stage, Box::new(told)));
    }
}

fn finished(outcome: &Outcome) -> bool {
    outcome.get("finished").is_some_and(Value::truthy)
}

/// The start of a job's id.
fn random_id() -> Result<String> {
    let mut bytes = [0u8; 8];
    getrandom::fill(&mut bytes).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
    Ok(format!("j{}", u64::from_ne_bytes(bytes) % IDS))
}

impl Keywords<'_> {
    /// Where the host keeps the states of jobs: `ansible_async_dir`, or the setting.
    fn folder_of_jobs(&self) -> Result<String> {
        let given = match self.scope.get("ansible_async_dir")? {
            Some(Var::Value(value)) => self.render(Some(&value))?.filter(|value| !value.is_null()),
            _ => None,
        };
        let set = || self.shared.settings.text("sh.async_dir").map(str::to_owned);
        Ok(given.map(|value| value.to_text()).or_else(set).unwrap_or_else(|| "~/.ansible_async".into()))
    }
}
