//! A play: its hosts, batches and sections.

use super::batch::Batch;
use super::flow::{Hosts, Level, Part, Standing};
use super::handlers::Handlers;
use super::shared::Shared;
use super::strategy::Strategy;
use super::vars_files;
use crate::diag::{Error, Kind, Result};
use crate::event::{Event, PlayInfo};
use crate::playbook::{Entry, Play};
use crate::value::{Dict, Value};
use crate::vars::{HostScope, PlayVars};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

/// What a play leaves behind.
pub(super) struct Played {
    pub hosts: Hosts,
    pub custom_stats: Arc<Mutex<Dict>>,
    pub started: bool,
    /// Whether no play follows: all hosts of a batch were lost, or too many.
    pub broke: bool,
    pub fatal: Option<Error>,
}

/// Runs a play on its hosts, batch by batch.
pub(super) async fn run(
    shared: &Arc<Shared>,
    play: &Arc<Play>,
    standing: &mut Standing,
    mut hosts: Hosts,
    custom_stats: Arc<Mutex<Dict>>,
    started: bool,
) -> Result<Played> {
    // The folder of the file that the play stands in, which may have been imported.
    let basedir = play.basedir.as_str();
    let mut vars = PlayVars::new(play, basedir);
    let outside = HostScope::of_nobody(&shared.store, &Arc::new(PlayVars::new(play, basedir)));
    vars.prompts = super::prompts::ask(shared, play, &outside)?;
    let outside = vars_files::outside(shared, play, vars)?;
    let vars = outside.play.clone();
    super::validate::play(shared, play, &outside)?;
    let strategy = Strategy::of(shared, play)?;
    let patterns: Arc<[String]> = patterns(shared, play, &outside)?.into();
    let matched = shared.matched(&patterns)?;
    let members = ordered(play, matched.clone(), &outside, shared)?;
    standing.unreachable.extend(standing.gone.iter().cloned());
    let left: Vec<Arc<str>> = members.iter().filter(|host| !standing.has_lost(host)).cloned().collect();
    vars.set_hosts(&matched, &left);
    let keyword = play.common().check_mode.as_ref().map(|value| shown(shared, value, &outside));
    let keyword = keyword.and_then(|text| crate::argspec::boolean(&Value::str(text)));
    let check = keyword.unwrap_or(shared.options.check);
    let info = |batch: &[Arc<str>]| {
        Arc::new(PlayInfo {
            name: vars.name.clone(),
            id: shared.next_id(),
            hosts: batch.to_vec(),
            check,
            strategy: strategy.name().into(),
            origin: play.origin.clone(),
        })
    };
    let mut played = Played { hosts: Hosts::default(), custom_stats, started, broke: false, fatal: None };
    // Hosts that are lost have their places in the batches.
    let batches = batches(play, &members, &outside, shared)?;
    let mut lost_before = standing.lost();
    if matched.is_empty() {
        shared.emit(&Event::PlayStart { play: info(&[]) });
        shared.emit(&Event::NoHostsMatched);
        return Ok(Played { hosts, ..played });
    }
    for members in batches {
        let left: Vec<Arc<str>> = members.iter().filter(|host| !standing.has_lost(host)).cloned().collect();
        let info = info(&left);
        vars.set_batch(&members, standing.failed.union(&standing.unreachable).cloned());
        hosts.begin(&members, standing);
        let mut batch = Batch {
            shared: shared.clone(),
            play: play.clone(),
            vars: vars.clone(),
            id: info.id,
            patterns: patterns.clone(),
            members,
            hosts,
            around: Vec::new(),
            including: Vec::new(),
            bad: Vec::new(),
            counted: HashSet::new(),
            breaks: false,
            gather: Arc::new(Batch::setup_task(play)),
            handlers: Handlers::default(),
            force_handlers: forces_handlers(shared, play, &outside),
            fatal: None,
            over: false,
            ends_play: false,
            started: played.started,
            custom_stats: played.custom_stats.clone(),
            apart: None,
            failures: 0,
            begun: false,
            pinned: false,
            debugs: super::strategy::debugs(shared, play),
        };
        batch.load_vars_files()?;
        if !shared.added.lock().unwrap_or_else(PoisonError::into_inner).is_empty() {
            batch.match_again();
        }
        batch.warn_of_play();
        shared.emit(&Event::PlayStart { play: info });
        match batch.read_inventory_vars() {
            Ok(()) => batch.run(strategy).await,
            Err(error) => batch.fatal = Some(error),
        }
        batch.settle_in(standing);
        let (size, breaks, ends_play) = (batch.members.len(), batch.breaks, batch.ends_play);
        hosts = batch.hosts;
        played.started = batch.started;
        played.fatal = batch.fatal;
        if ends_play || played.fatal.is_some() || shared.cancel.is_cancelled() {
            break;
        }
        // The batches that follow are played all the same.
        played.broke |= breaks;
        if standing.lost() - lost_before.min(standing.lost()) == size {
            played.broke = true;
            break;
        }
        lost_before = standing.lost();
        standing.gone.extend(standing.unreachable.iter().cloned());
    }
    Ok(Played { hosts, ..played })
}

impl Batch {
    /// Runs the play as its strategy has it.
    async fn run(&mut self, strategy: Strategy) {
        let play = self.play.clone();
        for used in play.all_roles() {
            self.handlers.add(&used.handlers);
        }
        self.handlers.add(&play.handlers);
        match strategy {
            Strategy::Linear => self.sections().await,
            Strategy::Free => self.run_apart(false).await,
            Strategy::HostPinned => self.run_apart(true).await,
        }
    }

    /// Says what became of the hosts, for the plays that follow.
    fn settle_in(&mut self, standing: &mut Standing) {
        let failed = self.hosts.those(&self.members, |state| state.failed);
        let unreachable = self.hosts.those(&self.members, |state| state.unreachable);
        for host in &self.members {
            standing.failed.remove(host);
            standing.unreachable.remove(host);
        }
        standing.failed.extend(failed);
        standing.unreachable.extend(unreachable);
        standing.status = match (standing.unreachable.is_empty(), standing.failed.is_empty()) {
            _ if self.breaks => 2,
            (false, _) => 4,
            (true, false) => 2,
            (true, true) => 0,
        };
        // Those that others' failures stopped count as failed even where they were rescued.
        standing.failed.extend(std::mem::take(&mut self.counted));
    }

    /// Goes through the play, then again with hosts that were back too late.
    pub(super) async fn sections(&mut self) {
        self.go_through().await;
        while !self.is_over() && self.begin_catching_up() {
            self.go_through().await;
        }
    }

    /// Gathers facts, then runs the sections of the play.
    async fn go_through(&mut self) {
        let play = self.play.clone();
        let members = self.members.clone();
        self.gather_facts().await;
        self.section(&play.pre_tasks, &members).await;
        let roles: Vec<Entry> = play.roles.iter().flat_map(|used| used.tasks.iter().cloned()).collect();
        let main: Vec<Entry> = roles.into_iter().chain(play.tasks.iter().cloned()).collect();
        self.section(&main, &members).await;
        self.section(&play.post_tasks, &members).await;
    }

    /// Reads the files of hosts' and groups' variables; one that cannot be read ends the run.
    fn read_inventory_vars(&self) -> Result<()> {
        // As ansible-core tells it: in a line, without its place.
        let unreadable = |error: Error| Error::parser(error.line());
        self.left().iter().try_for_each(|host| self.shared.store.inventory_vars(host).map(drop).map_err(unreadable))
    }

    /// Reads `vars_files` for each host.
    fn load_vars_files(&self) -> Result<()> {
        self.left().iter().try_for_each(|host| vars_files::read(&self.shared, &self.play, &self.vars, host))
    }

    /// A section of the play, and the handlers that it notified; where they are forced, hosts that failed in it run theirs too.
    async fn section(&mut self, entries: &[Entry], members: &[Arc<str>]) {
        let mut failed = Vec::new();
        if self.force_handlers {
            self.around.push(Level { part: Part::Tasks, rescue: false, always: true, section: true });
        }
        let begun = self.hosts.active(members);
        self.list(entries, members).await;
        if self.force_handlers {
            failed = self.begin_always(&begun);
        }
        let active = self.hosts.those(members, |state| state.is_active() && state.behind.is_none());
        if !active.is_empty() && !self.is_over() {
            self.flush_handlers(&active).await;
        }
        if self.force_handlers {
            self.end_always(&failed);
            self.around.pop();
        }
    }
}

pub(super) fn shown(shared: &Shared, value: &Value, scope: &HostScope) -> String {
    match shared.templar.render_value(value, scope) {
        Ok(Some(value)) => value.to_text(),
        _ => value.to_text(),
    }
}

/// The patterns of a play's hosts, rendered.
pub(super) fn patterns(shared: &Shared, play: &Play, scope: &HostScope) -> Result<Vec<String>> {
    let mut patterns = Vec::new();
    for pattern in &play.hosts {
        match shared.templar.render_value(pattern, scope)? {
            Some(Value::List(items)) => patterns.extend(items.iter().map(Value::to_text)),
            Some(value) => patterns.push(value.to_text()),
            None => {}
        }
    }
    Ok(patterns)
}

fn ordered(play: &Play, mut hosts: Vec<Arc<str>>, scope: &HostScope, shared: &Shared) -> Result<Vec<Arc<str>>> {
    let Some(order) = &play.order else { return Ok(hosts) };
    match shown(shared, order, scope).as_str() {
        "inventory" => {}
        "reverse_inventory" => hosts.reverse(),
        "sorted" => hosts.sort(),
        "reverse_sorted" => {
            hosts.sort();
            hosts.reverse();
        }
        "shuffle" => shuffle(&mut hosts),
        other => {
            let text = format!("Invalid 'order' specified for inventory hosts: {other}");
            return Err(Error::new(Kind::Options, text));
        }
    }
    Ok(hosts)
}

/// Puts hosts into an order that nobody can foresee.
fn shuffle(hosts: &mut [Arc<str>]) {
    for i in (1..hosts.len()).rev() {
        let mut bytes = [0u8; 8];
        // Without randomness the order stays; it is no secret.
        if getrandom::fill(&mut bytes).is_ok() {
            hosts.swap(i, (u64::from_ne_bytes(bytes) % (i as u64 + 1)) as usize);
        }
    }
}

/// The batches of `serial`: numbers or percentages, the last of which repeats.
fn batches(play: &Play, hosts: &[Arc<str>], scope: &HostScope, shared: &Shared) -> Result<Vec<Vec<Arc<str>>>> {
    let mut sizes = Vec::new();
    for size in &play.serial {
        // One that is omitted is as if it were not there.
        let Some(rendered) = shared.templar.render_value(size, scope)? else { continue };
        let items = rendered.as_list().map_or_else(|| vec![rendered.clone()], <[_]>::to_vec);
        for item in items {
            let text = item.to_text();
            let size = match text.strip_suffix('%') {
                Some(percent) => {
                    percent.trim().parse::<f64>().ok().map(|p| ((hosts.len() as f64 * p / 100.0) as usize).max(1))
                }
                None => text.trim().parse::<f64>().ok().map(|n| n.max(0.0) as usize),
            };
            sizes.push(size.ok_or_else(|| Error::user(format!("'serial' has an invalid value ({text})")))?);
        }
    }
    let mut rest = hosts;
    let mut batches = Vec::new();
    let mut next = 0;
    while !rest.is_empty() {
        let size = sizes.get(next).or(sizes.last()).copied().unwrap_or(0);
        let size = if size == 0 { rest.len() } else { size.min(rest.len()) };
        let (batch, others) = rest.split_at(size);
        batches.push(batch.to_vec());
        rest = others;
        next += 1;
    }
    Ok(batches)
}

fn forces_handlers(shared: &Shared, play: &Play, scope: &HostScope) -> bool {
    let keyword = play.force_handlers.as_ref().map(|value| shown(shared, value, scope));
    let keyword = keyword.and_then(|text| crate::argspec::boolean(&Value::str(text)));
    // The option is the keyword's default, no more.
    keyword.unwrap_or(shared.options.force_handlers || shared.settings.flag("DEFAULT_FORCE_HANDLERS"))
}
