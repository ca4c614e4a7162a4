//! `include_tasks` and `include_role`: what hosts include is loaded and run in place, a file at a time.

use super::batch::Batch;
use super::failing::place_of;
use super::host_task::Included;
use crate::diag::{Error, Kind, Result};
use crate::event::{Event, Status, TaskInfo, TaskResult};
use crate::load::{self, IncludeRequest, Loaded};
use crate::playbook::Task;
use crate::template::Templar;
use crate::value::{Dict, Text, Value};
use crate::vars::HostScope;
use foldhash::{HashMap, HashSet};
use indexmap::IndexSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// What the hosts of a task include, in the order of the first host of each.
#[derive(Default)]
pub(super) struct Includes {
    list: Vec<Together>,
    /// The places in the list, by a hash of what is included.
    places: HashMap<u64, Vec<usize>>,
}

/// Hosts that include the same in the same way: they do it together.
struct Together {
    hosts: Vec<Arc<str>>,
    members: HashSet<Arc<str>>,
    included: Included,
}

impl Includes {
    /// Adds what a host includes; where it includes the same twice, it does it twice.
    pub fn add(&mut self, host: &Arc<str>, included: Included) {
        let places = self.places.entry(included.content_hash()).or_default();
        let list = &mut self.list;
        let same = places.iter().copied().find(|place| {
            list.get(*place).is_some_and(|entry| entry.included == included && !entry.members.contains(host))
        });
        match same.and_then(|place| list.get_mut(place)) {
            Some(entry) => {
                entry.hosts.push(host.clone());
                entry.members.insert(host.clone());
            }
            None => {
                places.push(list.len());
                let members = HashSet::from_iter([host.clone()]);
                list.push(Together { hosts: vec![host.clone()], members, included });
            }
        }
    }

    /// Forgets what a host includes: the task is to run again on it.
    pub fn forget(&mut self, host: &Arc<str>) {
        for entry in self.list.iter_mut().filter(|entry| entry.members.contains(host)) {
            entry.members.remove(host);
            entry.hosts.retain(|member| member != host);
        }
    }
}

impl Included {
    fn content_hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        Value::Dict(self.args.clone()).hash(&mut hasher);
        Value::Dict(self.vars.clone()).hash(&mut hasher);
        hasher.finish()
    }
}

/// Renders what is loaded while a play runs, with the variables of the first host that includes it.
struct Rendering<'a> {
    templar: &'a Templar,
    scope: HostScope,
}

impl load::Render for Rendering<'_> {
    fn render(&self, text: &Text, vars: &Dict) -> Result<Value> {
        self.templar.render(text, &self.scope.with(vars))
    }
}

impl Batch {
    /// Loads what hosts include, each with the hosts that include it.
    pub(super) fn load_includes(
        &mut self,
        task: &Arc<Task>,
        info: &Arc<TaskInfo>,
        includes: Includes,
    ) -> Vec<(Vec<Arc<str>>, Loaded)> {
        let mut loaded = Vec::new();
        // A host fails once, however many includes of it do.
        let mut failed: IndexSet<Arc<str>> = IndexSet::new();
        for Together { hosts, included, .. } in includes.list {
            let hosts = self.hosts.active(&hosts);
            let Some(first) = hosts.first() else { continue };
            match self.load(task, &included, first) {
                Ok(found) => {
                    self.take_in(&found, &hosts, &included);
                    loaded.push((hosts, found));
                }
                // What cannot be read as tasks ends the run, as with ansible-core; no rescue helps.
                Err(error) if error.kind == Kind::Parser => {
                    self.shared.tell_notes();
                    self.fatal.get_or_insert(error);
                    return Vec::new();
                }
                Err(error) => {
                    self.fail_include(info, &hosts, &included, &error);
                    failed.extend(hosts);
                }
            }
        }
        for host in failed {
            self.bad.push((host.clone(), true));
            self.counted.insert(host.clone());
            self.hosts.state(&host).fail(&self.around);
            self.vars.remove(&host);
        }
        loaded
    }

    /// Runs what was included; all of it was told before the first of it runs.
    pub(super) async fn run_includes(&mut self, task: &Arc<Task>, loaded: Vec<(Vec<Arc<str>>, Loaded)>) {
        self.including.push(place_of(task));
        for (hosts, found) in loaded {
            self.list(&found.entries, &hosts).await;
        }
        self.including.pop();
    }

    /// Counts what was loaded, and lets the play have its roles and handlers.
    fn take_in(&mut self, found: &Loaded, hosts: &[Arc<str>], included: &Included) {
        // What loading had to say was said meanwhile.
        self.shared.tell_notes();
        let label = included.label.as_ref().map(Value::to_text);
        self.shared.emit(&Event::Include { file: found.shown.clone(), hosts: hosts.to_vec(), label });
        for host in hosts {
            self.hosts.stats(host).ok += 1;
        }
        if let Some((role, public)) = &found.role {
            self.shared.warn_of_role(role);
            self.vars.add_role(role, *public);
        }
        for role in &found.imported {
            self.shared.warn_of_role(role);
            self.vars.add_role(role, role.data.public);
        }
        self.handlers.add(&found.handlers);
        self.shared.tell_notes();
    }

    fn load(&self, task: &Arc<Task>, included: &Included, host: &Arc<str>) -> Result<Loaded> {
        let scope = self.scope(host).for_task(task, &super::host_task::HostTask::layers(task)).with(&included.vars);
        let rendering = Rendering { templar: &self.shared.templar, scope };
        let request = IncludeRequest { task, args: &included.args, vars: &included.vars };
        self.shared.loader.include(&request, &rendering)
    }

    /// A file that is not there is told with the name that was asked for.
    fn unreadable_include(&self, included: &Included, error: &Error) -> Error {
        let missing = error.message.starts_with("Unable to retrieve file contents.");
        let Some(path) = error.message.rsplit_once("No such file or directory: '").map(|(_, path)| path) else {
            // What a file says is told twice, at first without its place.
            let nested = error.origin.is_some() && included.args.get("_raw_params").is_some();
            return if nested { error.clone().context(error.message.as_str()) } else { error.clone() };
        };
        if !missing || included.args.get("_raw_params").is_none() {
            return error.clone();
        }
        let path = path.trim_end_matches('\'');
        error.clone().context(format!("Could not find or access '{path}' on the Ansible Controller."))
    }

    fn fail_include(&mut self, info: &Arc<TaskInfo>, hosts: &[Arc<str>], included: &Included, error: &Error) {
        let error = self.unreadable_include(included, error);
        self.shared.emit(&Event::Error(Box::new(error.clone())));
        for host in hosts {
            let mut result = Dict::from([
                ("changed", Value::Bool(false)),
                ("failed", Value::Bool(true)),
                ("reason", Value::str(error.line())),
            ]);
            if let Some(file) = included.args.get("_raw_params") {
                result.insert("include", file.clone());
            }
            // It counts as a failure even where a rescue follows.
            self.hosts.stats(host).failed += 1;
            // Of a loop, ansible-core tells the items again, which say nothing of themselves.
            if included.label.is_some() {
                continue;
            }
            self.shared.emit(&Event::Result(Box::new(TaskResult {
                task: info.clone(),
                host: host.clone(),
                delegated: None,
                status: Status::Failed { ignored: false },
                result,
                label: None,
                error: None,
                remarks: Vec::new(),
            })));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn included(item: i64) -> Included {
        Included { args: Dict::from([("_raw_params", "a.yml")]), vars: Dict::from([("item", item)]), label: None }
    }

    fn shown(includes: &Includes) -> Vec<(i64, String)> {
        let item = |entry: &Together| entry.included.vars.get("item").and_then(Value::as_int).unwrap_or_default();
        includes.list.iter().map(|entry| (item(entry), entry.hosts.join(" "))).collect()
    }

    #[test]
    fn the_same_is_included_together_and_twice_where_one_host_does_so() {
        let hosts: [Arc<str>; 2] = ["a".into(), "b".into()];
        let mut includes = Includes::default();
        for host in &hosts {
            for item in [1, 2, 1] {
                includes.add(host, included(item));
            }
        }
        assert_eq!(shown(&includes), [(1, "a b".into()), (2, "a b".into()), (1, "a b".into())]);
        includes.forget(&hosts[1]);
        includes.add(&hosts[1], included(2));
        assert_eq!(shown(&includes), [(1, "a".into()), (2, "a b".into()), (1, "a".into())]);
    }
}
