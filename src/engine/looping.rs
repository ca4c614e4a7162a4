//! Loops: the items, the variables of each, and how their results make one.

use super::ahead::{self, Ahead};
use super::attempt::Attempt;
use super::host_task::{Done, HostTask, Note};
use super::keywords::Keywords;
use super::outcome;
use crate::diag::{Error, Kind, Result};
use crate::event::{Status, TaskResult};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use std::time::Duration;

/// What controls a loop, rendered.
struct Control {
    var: String,
    index: Option<String>,
    label: Option<Value>,
    pause: f64,
    extended: bool,
    all_items: bool,
}

impl HostTask {
    /// Runs the task, once or for each item of its loop.
    pub(super) async fn perform(&self) -> Done {
        let mut done = match self.items() {
            Ok(None) => self.once(self.scope.clone(), None, None).await.into_done(&self.scope.host),
            Ok(Some(items)) if items.is_empty() => Done {
                outcome: Outcome::changed(false)
                    .with("skipped", true)
                    .with("skipped_reason", "No items in the list")
                    .with("results", Value::list([])),
                ..Done::default()
            },
            Ok(Some(items)) => match self.control() {
                Ok(control) => self.each(&items, &control).await,
                Err(error) => self.marked(Attempt::of_error(self, &error), &self.scope).into_done(&self.scope.host),
            },
            // What is undefined in it is an error only where the conditions hold without an item.
            Err(error) if error.kind != Kind::Undefined => {
                self.marked(Attempt::of_loop(error), &self.scope).into_done(&self.scope.host)
            }
            Err(error) => self.once(self.scope.clone(), Some(error), None).await.into_done(&self.scope.host),
        };
        if self.task.include.is_some() && !done.outcome.is_failed() {
            done.outcome.result.set_default("changed", false);
        }
        done.host = self.scope.host.clone();
        done
    }

    /// The items of the loop; None where there is no loop.
    fn items(&self) -> Result<Option<Vec<Value>>> {
        let Some(loop_) = &self.task.loop_ else { return Ok(None) };
        let templar = &self.shared.templar;
        if let Some(lookup) = &loop_.lookup {
            return templar.loop_lookup(lookup, &loop_.items, &self.scope).map(Some);
        }
        let items = templar.render_value(&loop_.items, &self.scope)?.unwrap_or_default();
        match items {
            Value::List(items) => Ok(Some(items.to_vec())),
            other => {
                let text = format!("The `loop` value must resolve to a 'list', not '{}'.", other.type_name());
                let help = "Provide a list of items/templates, or a template resolving to a list.";
                Err(Error::user(text).help(help).at(loop_.origin.as_ref()))
            }
        }
    }

    fn keywords<'a>(&'a self, scope: &'a (dyn crate::template::Scope + Sync)) -> Keywords<'a> {
        Keywords { shared: &self.shared, task: &self.task, scope }
    }

    fn control(&self) -> Result<Control> {
        let keywords = self.keywords(&self.scope);
        let control = &self.task.loop_control;
        let text = |value: &Option<Value>| Ok::<_, Error>(keywords.render(value.as_ref())?.map(|v| v.to_text()));
        let flag = |value: &Option<Value>, default: bool| {
            Ok::<_, Error>(
                keywords.render(value.as_ref())?.and_then(|v| crate::argspec::boolean(&v)).unwrap_or(default),
            )
        };
        let var = text(&control.loop_var)?.unwrap_or_else(|| "item".into());
        if crate::template::Scope::get(&self.scope, &var)?.is_some() {
            self.shared.warn(format!(
                "The loop variable '{var}' is already in use.\n\nYou should set the `loop_var` value in the `loop_control` option for the task to something else to avoid variable collisions and unexpected behavior."
            ));
        }
        Ok(Control {
            var,
            index: text(&control.index_var)?,
            label: control.label.clone(),
            pause: keywords.number("pause", control.pause.as_ref())?.unwrap_or(0.0),
            extended: flag(&control.extended, false)?,
            all_items: flag(&control.extended_allitems, true)?,
        })
    }

    async fn each(&self, items: &[Value], control: &Control) -> Done {
        let mut all = Done { host: self.scope.host.clone(), ..Done::default() };
        let mut results = Vec::with_capacity(items.len());
        // What an item registers or sets is seen by the items after it.
        let mut learned = Dict::new();
        let mut ahead = self.sends_ahead(items).then(Ahead::default);
        for (index, item) in items.iter().enumerate() {
            if index > 0 && control.pause > 0.0 {
                self.go_away();
                tokio::time::sleep(Duration::from_secs_f64(control.pause)).await;
            }
            let vars = control.variables(items, index, item);
            let mut overlay = learned.clone();
            overlay.update(&vars);
            if let Some(ahead) = &mut ahead {
                ahead.fill(self, items, |place| control.variables(items, place, &items[place]));
            }
            let early = match &mut ahead {
                Some(ahead) => ahead.next().await,
                None => None,
            };
            let mut attempt = match early {
                Some(attempt) => attempt,
                None => {
                    ahead = None;
                    self.once(self.scope.with(&overlay), None, None).await
                }
            };
            if let Some(name) = &self.task.register {
                learned.insert(name.clone(), outcome::registered(&attempt.outcome.result));
                overlay.insert(name.clone(), outcome::registered(&attempt.outcome.result));
            }
            attempt.remember(&mut learned);
            attempt.outcome.result.update(&vars);
            let label = self.label(control, &overlay, item, &mut attempt.outcome);
            attempt.outcome.set("_ansible_item_label", label.clone());
            attempt.outcome.result.set_default("_ansible_no_log", false);
            if let Some(include) = &mut attempt.include {
                include.vars = vars.clone();
                include.label = Some(label.clone());
            }
            let told = Box::new(self.item_result(&attempt, label));
            if attempt.adds() || !all.waiting.is_empty() {
                all.waiting.push((index, told));
            } else {
                // Where the strategy is gone, the run is over.
                let _ = self.notes.send(Note::Item(told));
            }
            // Whether facts are kept is known by now.
            attempt.outcome.result.remove("_ansible_facts_cacheable");
            results.push(attempt.outcome.result.clone());
            let stop = self.breaks(&overlay);
            attempt.merge_into(&mut all, Some(index));
            if stop || self.shared.cancel.is_cancelled() {
                break;
            }
        }
        all.outcome = sum_up(results);
        all
    }

    /// Whether the items' requests are sent before those before them are answered.
    fn sends_ahead(&self, items: &[Value]) -> bool {
        let target = || self.keywords(&self.scope).target(&self.scope, None);
        items.len() > 1 && self.may_send_ahead() && target().is_ok_and(|target| ahead::is_distant(&target))
    }

    fn label(&self, control: &Control, overlay: &Dict, item: &Value, outcome: &mut Outcome) -> Value {
        // An empty one is none, as in Python.
        let Some(label) = control.label.as_ref().filter(|label| label.truthy()) else { return item.clone() };
        match self.shared.templar.render_value(label, &self.scope.with(overlay)) {
            Ok(label) => label.unwrap_or_default(),
            Err(error) => {
                outcome.set("failed", true);
                outcome.set("msg", format!("Failed to template loop_control.label: {}", error.line()));
                item.clone()
            }
        }
    }

    fn breaks(&self, overlay: &Dict) -> bool {
        let conditions = &self.task.loop_control.break_when;
        let scope = self.scope.with(overlay);
        !conditions.is_empty() && conditions.iter().all(|c| self.shared.templar.condition(c, &scope).unwrap_or(false))
    }

    fn item_result(&self, attempt: &Attempt, label: Value) -> TaskResult {
        let mut result = attempt.outcome.result.clone();
        let mut label = label;
        if attempt.no_log {
            result = outcome::censored(&result);
            label = Value::str("(censored due to no_log)");
        }
        TaskResult {
            task: self.info.clone(),
            host: self.scope.host.clone(),
            delegated: attempt.delegated.clone(),
            status: attempt.status(),
            result,
            label: Some(label),
            error: attempt.error.clone(),
            remarks: attempt.remarks.clone(),
        }
    }
}

impl Control {
    /// The variables of an item.
    fn variables(&self, items: &[Value], index: usize, item: &Value) -> Dict {
        let mut vars = Dict::new();
        vars.insert(self.var.as_str(), item.clone());
        vars.insert("ansible_loop_var", self.var.as_str());
        if let Some(name) = &self.index {
            vars.insert(name.as_str(), index);
            vars.insert("ansible_index_var", name.as_str());
        }
        if self.extended {
            vars.insert("ansible_loop", self.extended(items, index));
        }
        vars
    }

    fn extended(&self, items: &[Value], index: usize) -> Dict {
        let length = items.len();
        let mut info = Dict::from([
            ("index", Value::from(index + 1)),
            ("index0", index.into()),
            ("first", (index == 0).into()),
            ("last", (index + 1 == length).into()),
            ("length", length.into()),
            ("revindex", (length - index).into()),
            ("revindex0", (length - index - 1).into()),
        ]);
        if self.all_items {
            info.insert("allitems", items.to_vec());
        }
        if let Some(next) = items.get(index + 1) {
            info.insert("nextitem", next.clone());
        }
        if let Some(previous) = index.checked_sub(1).and_then(|i| items.get(i)) {
            info.insert("previtem", previous.clone());
        }
        info
    }
}

/// One result of all items' results.
fn sum_up(results: Vec<Dict>) -> Outcome {
    let mut outcome = Outcome::default().with("results", Value::Null);
    outcome.set("skipped", results.iter().all(|r| r.get("skipped").is_some_and(Value::truthy)));
    if results.iter().any(|r| r.get("_ansible_no_log").is_some_and(Value::truthy)) {
        outcome.set("_ansible_no_log", true);
    }
    let mut kept = Vec::with_capacity(results.len());
    for mut result in results {
        // The keys come in the order in which the items bring them.
        for key in ["changed", "failed", "unreachable"] {
            if result.get(key).is_some_and(Value::truthy) && !outcome.result.contains(key) {
                outcome.set(key, true);
                if key == "failed" {
                    outcome.set("msg", "One or more items failed");
                }
            }
        }
        for key in ["warnings", "deprecations"] {
            if let Some(Value::List(said)) = result.remove(key)
                && !said.is_empty()
            {
                let before = outcome.get(key).and_then(Value::as_list).unwrap_or_default();
                let all: Vec<Value> = before.iter().chain(said.iter()).cloned().collect();
                outcome.set(key, all);
            }
        }
        kept.push(Value::Dict(result));
    }
    // Items that were not reached have not failed, as ansible-core has it.
    outcome.result.set_default("msg", "All items completed");
    if outcome.get("skipped").is_some_and(Value::truthy) {
        outcome.set("msg", "All items skipped");
    }
    outcome.result.set_default("changed", false);
    outcome.with("results", kept)
}

impl Attempt {
    /// How it ended.
    pub(super) fn status(&self) -> Status {
        if self.outcome.is_unreachable() {
            Status::Unreachable { ignored: self.ignore_unreachable }
        } else if self.outcome.is_failed() {
            Status::Failed { ignored: self.ignore_errors }
        } else if self.outcome.is_skipped() {
            Status::Skipped
        } else if self.outcome.is_changed() {
            Status::Changed
        } else {
            Status::Ok
        }
    }
}
