//! Lists of tasks and blocks: `block`, `rescue`, `always`.
//!
//! Hosts go through a list in step. Within a block all hosts do its tasks first, then those that
//! failed its rescue, then all of them `always`, as ansible-core's linear strategy orders them.

use super::batch::Batch;
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
        let rescues = !block.rescue.is_empty();
        self.rescuable += usize::from(rescues);
        self.list(&block.block, hosts).await;
        self.rescuable -= usize::from(rescues);
        if rescues {
            self.rescue(block, hosts).await;
        }
        if !block.always.is_empty() {
            self.always(block, hosts).await;
        }
    }

    async fn rescue(&mut self, block: &Block, hosts: &[Arc<str>]) {
        let failed: Vec<Arc<str>> = hosts.iter().filter(|h| self.has_failed(h)).cloned().collect();
        for host in &failed {
            let state = self.hosts.state(host);
            state.failed = false;
            state.forgiven = false;
        }
        self.list(&block.rescue, &failed).await;
    }

    async fn always(&mut self, block: &Block, hosts: &[Arc<str>]) {
        let failed: Vec<Arc<str>> = hosts.iter().filter(|h| self.has_failed(h)).cloned().collect();
        let mut before = Vec::with_capacity(failed.len());
        for host in &failed {
            let state = self.hosts.state(host);
            let failed = std::mem::take(&mut state.failed);
            state.forgiven = false;
            before.push(std::mem::replace(&mut state.held, failed));
        }
        self.list(&block.always, hosts).await;
        for (host, held) in failed.iter().zip(before) {
            // `meta: clear_host_errors` in between lets go of all failures.
            let state = self.hosts.state(host);
            state.failed |= state.held;
            state.held = held && state.held;
        }
    }

    fn has_failed(&mut self, host: &Arc<str>) -> bool {
        let state = self.hosts.state(host);
        (state.failed || state.forgiven) && !state.unreachable && !state.ended
    }
}
