//! Which tasks would fail because rplay lacks their module, or what it needs.

use crate::content::ActionKind;
use crate::diag::Origin;
use crate::playbook::{Entry, Play};
use std::sync::Arc;

/// A task whose module is none of rplay's own: a file that can be run, where what it needs is there, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lacking {
    /// The module's full name.
    pub fqcn: Arc<str>,
    /// Who could run it.
    pub kind: ActionKind,
    /// Where the task is.
    pub origin: Option<Origin>,
}

/// The tasks and handlers of plays whose modules are not rplay's own, in order.
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
        if action.kind == ActionKind::Native {
            return;
        }
        let (fqcn, kind) = (action.fqcn.clone(), action.kind.clone());
        let lacks = Lacking { fqcn, kind, origin: task.origin.clone() };
        // What import_role brings stands among the tasks and among the roles.
        if !found.contains(&lacks) {
            found.push(lacks);
        }
    });
}
