//! Lists of tasks and blocks: `block`, `rescue`, `always`.
//!
//! Hosts go through a list in step. Within a block all hosts do its tasks first, then those that
//! failed its rescue, then all of them `always`, as ansible-core's linear strategy orders them.

use super::batch::Batch;
use super::flow::{Level, Part, Waits};
use crate::actions::BoxFuture;
use crate::playbook::{Block, Entry};
use std::sync::Arc;

impl Batch {
    /// Runs a list on those of the hosts that still take tasks.
    pub(super) fn list<'a>(&'a mut self, entries: &'a [Entry], hosts: &'a [Arc<str>]) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            for entry in entries {
                let active = self.hosts.active(hosts);
                if active.is_empty() || self.is_over() {
                    return;
                }
                match entry {
                    Entry::Task(task) => self.task(task, &active).await,
                    Entry::Block(block) => self.block(block, &active).await,
                }
            }
        })
    }

    async fn block(&mut self, block: &Block, hosts: &[Arc<str>]) {
        let level = Level {
            part: Part::Tasks,
            rescue: !block.rescue.is_empty(),
            always: !block.always.is_empty(),
            section: false,
        };
        self.around.push(level);
        self.list(&block.block, hosts).await;
        if level.rescue {
            self.rescue(block, hosts).await;
        }
        if level.always {
            let failed = self.begin_always(hosts);
            self.list(&block.always, hosts).await;
            self.end_always(&failed);
        }
        self.around.pop();
    }

    async fn rescue(&mut self, block: &Block, hosts: &[Arc<str>]) {
        let failed = self.begin_part(Part::Rescue, hosts);
        for host in &failed {
            let state = self.hosts.state(host);
            state.failed = false;
            state.forgiven = false;
        }
        self.list(&block.rescue, &failed).await;
    }

    /// Begins the `always` of the block that runs: what failed counts again once that is through.
    pub(super) fn begin_always(&mut self, hosts: &[Arc<str>]) -> Vec<(Arc<str>, bool)> {
        let failed = self.begin_part(Part::Always, hosts);
        let hold = |host: Arc<str>| {
            let state = self.hosts.state(&host);
            let failed = std::mem::take(&mut state.failed);
            state.forgiven = false;
            let before = std::mem::replace(&mut state.held, failed);
            (host, before)
        };
        failed.into_iter().map(hold).collect()
    }

    /// Ends the `always` of the block that runs, for those hosts that had failed.
    pub(super) fn end_always(&mut self, failed: &[(Arc<str>, bool)]) {
        let waits = Waits::within(&self.around);
        for (host, held) in failed {
            // `meta: clear_host_errors` in between lets go of all failures.
            let state = self.hosts.state(host);
            if state.held && !state.failed && !state.ended {
                state.failed = true;
                state.waits = waits;
            }
            state.held = *held && state.held;
        }
    }

    /// Begins a part of the block that runs; gives the hosts that failed and go on there.
    fn begin_part(&mut self, part: Part, hosts: &[Arc<str>]) -> Vec<Arc<str>> {
        let depth = self.around.len();
        if let Some(own) = self.around.last_mut() {
            own.part = part;
        }
        self.hosts.those(hosts, |state| {
            (state.failed || state.forgiven) && state.waits.takes(depth, part) && !state.unreachable && !state.ended
        })
    }
}
