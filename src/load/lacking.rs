//! Which tasks would fail because rplay lacks their module.

use crate::content::ActionKind;
use crate::diag::Origin;
use crate::playbook::{Entry, Play};
use std::sync::Arc;

/// A task whose module rplay cannot run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The module's full name.
    pub fqcn: Arc<str>,
    /// The module's file, where it is one beside a playbook, in a role or in a collection.
    pub path: Option<Arc<str>>,
    /// Where the task is.
    pub origin: Option<Origin>,
}

/// The tasks and handlers of plays whose modules rplay cannot run, in order.
pub fn lacking(plays: &[Play]) -> Vec<Lacking> {
    let mut found = Vec::new();
    for play in plays {
        let roles = play.all_roles().flat_map(|used| used.tasks.iter().chain(&used.handlers));
        let own = [&play.pre_tasks, &play.tasks, &play.post_tasks, &play.handlers].into_iter().flatten();
        for entry in roles.chain(own) {
            collect(entry, &mut found);
        }
    }
    found
}

fn collect(entry: &Entry, found: &mut Vec<Lacking>) {
    entry.each_task(&mut |task| {
        let Some(action) = &task.resolved else { return };
        let path = match &action.kind {
            ActionKind::Native | ActionKind::Python(_) => return,
            ActionKind::Lacking => None,
            ActionKind::PythonAction(path) => Some(path.clone()),
        };
        let lacks = Lacking { fqcn: action.fqcn.clone(), path, origin: task.origin.clone() };
        // What import_role brings stands among the tasks and among the roles.
        if !found.contains(&lacks) {
            found.push(lacks);
        }
    });
}
