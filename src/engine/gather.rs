//! "Gathering Facts", the task that a play begins with.

use super::batch::Batch;
use crate::argspec::boolean;
use crate::event::Event;
use crate::playbook::{Common, Play, Task};
use crate::value::{Dict, Value};
use std::sync::Arc;

impl Batch {
    /// Gathers facts where the play and the setting `gathering` want it.
    pub(super) async fn gather_facts(&mut self) {
        let Some(first) = self.members.first().cloned() else { return };
        let asked = self.play.gather_facts.as_ref().map(|value| self.shown(value, &first));
        let asked = asked.and_then(|text| boolean(&Value::str(text)));
        let active = self.hosts.active(&self.members);
        let members = self.at(&self.gather.clone(), &active);
        let hosts: Vec<Arc<str>> = match self.shared.settings.text("DEFAULT_GATHERING") {
            Some("explicit") if asked != Some(true) => return,
            Some("smart") => members.into_iter().filter(|host| !self.shared.store.has_facts(host)).collect(),
            _ => members,
        };
        if asked == Some(false) || hosts.is_empty() {
            return;
        }
        let task = self.gather.clone();
        if !self.is_selected(&task) || !self.begins_by_now() {
            return;
        }
        let info = Arc::new(self.describe(&task, hosts.first().unwrap_or(&first)));
        if !Box::pin(self.takes_step(&info)).await {
            return;
        }
        self.shared.emit(&Event::TaskStart { task: info.clone() });
        let left = self.left();
        self.bad.clear();
        self.run_on(&task, &info, &hosts, None).await;
        self.stop_where_fatal(&task, &left, false);
    }

    /// The task that gathers a play's facts.
    pub(super) fn setup_task(play: &Play) -> Task {
        let mut args = Dict::new();
        let options = [
            ("gather_subset", &play.gather_subset),
            ("gather_timeout", &play.gather_timeout),
            ("fact_path", &play.fact_path),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                args.insert(name, value.clone());
            }
        }
        let tags = if play.common().tags.is_empty() { vec![Value::str("always")] } else { Vec::new() };
        Task {
            name: Some(Value::str("Gathering Facts")),
            args,
            implicit: false,
            common: Common { tags, when: play.import_when.clone(), ..Common::default() },
            origin: None,
            ..Task::implicit("gather_facts", play.frame.clone())
        }
    }
}
