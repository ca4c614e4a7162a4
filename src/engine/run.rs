//! A whole run: playbooks on an inventory, from options to exit status.

use super::emitter::{Emitter, Listener};
use super::flow::{Hosts, Standing};
use super::inspect::PlayListing;
use super::lacking;
use super::options::Options;
use super::play;
use super::python::{self, FileModules};
use super::routes::Routed;
use super::shared::{Cancel, Shared};
use super::strategy;
use crate::actions::ActionDef;
use crate::config::Config;
use crate::connection::{self, Pool};
use crate::content::ActionKind;
use crate::diag::{Error, Result};
use crate::event::{Event, HostStats, Stats, Terminal};
use crate::host::errors;
use crate::inventory::{Loaded, Mismatch, Notice, Reader, VarsFiles, limit_patterns, world};
use crate::load::{self, Loader};
use crate::playbook::Play;
use crate::template::{Templar, Untrusted};
use crate::value::{Dict, Text, Value};
use crate::vars::{CachePlugin, FactCache, Fixed, PlainScope, Store, parse_extra_vars, to_value};
use crate::vault::Secrets;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Semaphore;

/// A run that is being prepared: what to play, on which hosts, and who listens.
///
/// Nothing is global: any number of runs can go on side by side in one process.
pub struct Run {
    config: Config,
    options: Options,
    inventory: Vec<String>,
    extra_vars: Vec<String>,
    variables: Dict,
    secrets: Secrets,
    actions: Vec<&'static ActionDef>,
    agents: Vec<connection::AgentBinary>,
    templar: Option<Templar>,
    listener: Listener,
    terminal: Option<Arc<dyn Terminal>>,
    console: Option<Arc<dyn Terminal>>,
    cancel: Cancel,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The counters of all hosts, as the recap shows them.
    pub stats: Arc<Stats>,
    /// The exit status as `ansible-playbook` has it: 0, 1, 2 (failed), 4 (unreachable), 99 (interrupted).
    pub status: u8,
}

impl Run {
    /// A run with settings and surroundings.
    pub fn new(config: Config) -> Self {
        Self {
            config,
            options: Options::default(),
            inventory: Vec::new(),
            extra_vars: Vec::new(),
            variables: Dict::new(),
            secrets: Secrets::default(),
            actions: Vec::new(),
            agents: Vec::new(),
            templar: None,
            listener: Box::new(|_| {}),
            terminal: None,
            console: None,
            cancel: Cancel::default(),
        }
    }

    /// Sets the options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Adds an inventory source: a path, or host names with commas between them. Without any, the
    /// setting `inventory` names them.
    #[must_use]
    pub fn inventory(mut self, source: impl Into<String>) -> Self {
        self.inventory.push(source.into());
        self
    }

    /// Adds extra variables, as `-e` takes them: `k=v`, JSON or YAML, or `@file`.
    #[must_use]
    pub fn extra_vars(mut self, text: impl Into<String>) -> Self {
        self.extra_vars.push(text.into());
        self
    }

    /// Adds extra variables from a type of one's own, which serializes to a dictionary.
    ///
    /// # Errors
    ///
    /// A type that serializes to anything else.
    pub fn variables(mut self, from: &impl serde::Serialize) -> Result<Self> {
        match to_value(from)? {
            Value::Dict(dict) => self.variables.update(&dict),
            other => {
                return Err(Error::user(format!("extra variables must be a dictionary, not '{}'", other.type_name())));
            }
        }
        Ok(self)
    }

    /// Sets the secrets that decrypt vaulted files and variables.
    #[must_use]
    pub fn vault(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// Adds an action of the embedder's own, which tasks call by its name.
    #[must_use]
    pub fn action(mut self, action: &'static ActionDef) -> Self {
        self.actions.push(action);
        self
    }

    /// Adds an agent for hosts of one kind, before the embedded one.
    #[must_use]
    pub fn agent(mut self, agent: connection::AgentBinary) -> Self {
        self.agents.push(agent);
        self
    }

    /// Uses a renderer with filters, tests and lookups of the embedder's own.
    #[must_use]
    pub fn templar(mut self, templar: Templar) -> Self {
        self.templar = Some(templar);
        self
    }

    /// Calls a function for every event, in their order.
    #[must_use]
    pub fn listener(mut self, listener: impl FnMut(&Event) + Send + 'static) -> Self {
        self.listener = Box::new(listener);
        self
    }

    /// Answers prompts; without one, each is what ansible-core does without a terminal.
    #[must_use]
    pub fn terminal(mut self, terminal: Arc<dyn Terminal>) -> Self {
        self.terminal = Some(terminal);
        self
    }

    /// Answers `--step` and the task debugger, also without a terminal; without anybody, no step is taken and
    /// the debugger ends the run.
    #[must_use]
    pub fn console(mut self, console: Arc<dyn Terminal>) -> Self {
        self.console = Some(console);
        self
    }

    /// A handle that ends the run from elsewhere.
    pub fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }

    /// Plays playbooks, one after the other.
    ///
    /// # Errors
    ///
    /// What stops a run before or between its tasks: files that cannot be loaded, an inventory
    /// that cannot be read. Failed tasks are in the report.
    pub async fn play(mut self, playbooks: &[String]) -> Result<Report> {
        let listener = self.told_of_config();
        let prepared = self.prepare(listener)?;
        // Boxed: what is within is deep, and the compiler limits how deep a caller's own future may become.
        let outcome = Box::pin(prepared.run(playbooks)).await;
        prepared.shared.pool.close().await;
        outcome
    }

    /// What playbooks would do on which hosts, for each of them its plays.
    ///
    /// # Errors
    ///
    /// As for [`Run::play`].
    pub fn inspect(mut self, playbooks: &[String]) -> Result<Vec<Vec<PlayListing>>> {
        let listener = self.told_of_config();
        let prepared = self.prepare(listener)?;
        playbooks.iter().map(|path| prepared.inspect(path)).collect()
    }

    /// The listener, once it has heard what there is to say of the settings.
    fn told_of_config(&mut self) -> Listener {
        let mut listener = std::mem::replace(&mut self.listener, Box::new(|_| {}));
        self.config.warnings.drain(..).for_each(|text| listener(&Event::Warning(text)));
        self.config.deprecations.drain(..).for_each(|text| listener(&Event::Deprecated(text)));
        listener
    }

    fn prepare(mut self, listener: Listener) -> Result<Prepared> {
        let emitter = Arc::new(Emitter::new(
            listener,
            self.options.verbosity.max(self.options.log_verbosity),
            self.config.settings.flag("DEFAULT_DEBUG"),
        ));
        let mut notices = Vec::new();
        let built = crate::actions::ACTIONS.iter().chain(&self.actions).map(|action| action.name);
        let loader = Loader::new(&self.config, built).with_secrets(self.secrets.clone());
        let extra = self.extra(&loader);
        let extensions = self.config.settings.list("DEFAULT_JINJA2_EXTENSIONS").into_iter().map(str::to_owned);
        let broken = self.config.settings.flag("ALLOW_BROKEN_CONDITIONALS");
        let embedded = self.config.settings.flag("ALLOW_EMBEDDED_TEMPLATES");
        let templar = self.templar.take().unwrap_or_default().with_extensions(extensions);
        let templar = templar.with_embedded_templates(embedded);
        let untrusted = match self.config.settings.text("_TEMPLAR_UNTRUSTED_TEMPLATE_BEHAVIOR") {
            Some("error") => Untrusted::Fail,
            Some("warning") => Untrusted::Warn,
            _ => Untrusted::Ignore,
        };
        let routes = Arc::new(Routed(Arc::clone(loader.catalogue())));
        let templar = templar.with_broken_conditionals(broken).with_untrusted(untrusted).with_routes(routes);
        let templar = Arc::new(templar);
        let sources = self.read_inventory(&extra, &templar, &mut notices);
        emitter.notices(notices);
        let Sources { reader, loaded, limit } = sources?;
        let cache = fact_cache(&self.config, &mut |text| emitter.notices(vec![Notice::Warning(text)]))?;
        let store = self.store(loaded, extra?).with_cache(cache);
        let merge = self.config.settings.text("DEFAULT_HASH_BEHAVIOUR") == Some("merge");
        let store = store.with_merging(merge);
        let settings = Arc::new(self.config.settings.clone());
        let forks = forks(&self.config);
        let shared = Shared {
            store: Arc::new(store),
            templar,
            settings,
            options: self.options,
            loader: Arc::new(loader),
            reader,
            limit,
            pool: Pool::new(pool_settings(&self.config, forks, self.agents, &emitter)),
            terminal: self.terminal,
            console: self.console,
            unstepped: AtomicBool::new(false),
            cancel: self.cancel,
            forks: Arc::new(Semaphore::new(connection::most_forks(forks))),
            actions: self.actions,
            emitter,
            ids: AtomicU64::new(1),
            file_modules: FileModules::default(),
            added: Mutex::default(),
            around: self.config.around,
        };
        lacking::check(&shared);
        if shared.options.flush_cache {
            flush_cache(&shared)?;
        }
        Ok(Prepared { shared: Arc::new(shared) })
    }

    /// Reads the inventory, and asks what ansible-core asks of it before anything else is loaded: an empty
    /// one is warned of, a limit that leaves nothing is refused.
    fn read_inventory(
        &self,
        extra: &Result<Dict>,
        templar: &Arc<Templar>,
        notices: &mut Vec<Notice>,
    ) -> Result<Sources> {
        let config = &self.config;
        let settings = &config.settings;
        let sources = if self.inventory.is_empty() {
            settings.list("DEFAULT_HOST_LIST").into_iter().map(str::to_owned).collect()
        } else {
            self.inventory.clone()
        };
        let cached = config.clone();
        let reader = Reader::new(config, self.secrets.clone(), sources)
            .with_extra(extra.clone())
            .with_templar(templar.clone())
            .with_facts(move |host| match fact_cache(&cached, &mut |_| {}) {
                Ok(Some(cache)) => cache.load(host),
                Ok(None) => Ok(None),
                Err(error) => Err(error.line()),
            });
        let loaded = reader.load(notices)?;
        if extra.is_err() {
            // Told by whoever asks for them next, which is before anything else of the inventory.
            return Ok(Sources { reader, loaded, limit: None });
        }
        let limit = self.options.limit.as_deref().map(|text| limit_patterns(text, &config.around)).transpose()?;
        let mismatch = Mismatch::named(settings.text("HOST_PATTERN_MISMATCH").unwrap_or_default());
        let warn_of_localhost = settings.flag("LOCALHOST_WARNING");
        loaded.inventory.targets("all", limit.as_deref(), mismatch, warn_of_localhost, notices)?;
        Ok(Sources { reader, loaded, limit })
    }

    /// The extra variables, the embedder's own before those of texts.
    fn extra(&self, loader: &Loader) -> Result<Dict> {
        let mut extra = self.variables.clone();
        for text in &self.extra_vars {
            let resolve = |path: &str| self.config.around.resolve(path, None);
            extra.update(&parse_extra_vars(text, resolve, |path| loader.read_value(path))?);
        }
        Ok(extra)
    }

    fn store(&self, loaded: Loaded, extra: Dict) -> Store {
        let (config, options) = (&self.config, &self.options);
        let fixed = Fixed {
            check: options.check,
            diff: options.diff,
            forks: forks(config),
            verbosity: options.verbosity,
            sources: loaded.sources.clone(),
            limit: options.limit.clone(),
            run_tags: if options.tags.is_empty() { vec!["all".to_owned()] } else { options.tags.clone() },
            skip_tags: options.skip_tags.clone(),
            config_file: config.file.clone(),
            python: config.around.find_program("python3"),
        };
        let files = VarsFiles::new(&loaded.sources, config, &self.secrets);
        let inject = config.settings.flag("INJECT_FACTS_AS_VARS");
        Store::new(world(config, &self.secrets), extra, &fixed, inject, loaded.inventory, files)
    }
}

/// The inventory of a run, and how it is read again.
struct Sources {
    reader: Reader,
    loaded: Loaded,
    /// The patterns of `--limit`.
    limit: Option<Vec<String>>,
}

/// Forgets the facts of all hosts within the limit (`--flush-cache`); what there is to say of the limit was
/// said when the inventory was read.
fn flush_cache(shared: &Shared) -> Result<()> {
    shared.store.clear_facts(&Arc::from("localhost"));
    let limit = shared.limit.as_deref();
    for host in shared.store.inventory().targets("all", limit, Mismatch::Ignore, false, &mut Vec::new())? {
        shared.store.clear_facts(&host.name);
    }
    Ok(())
}

/// The fact cache on disk that the settings ask for; one that cannot be had is warned of, and facts stay
/// in memory, as in the real one.
fn fact_cache(config: &Config, warn: &mut dyn FnMut(String)) -> Result<Option<FactCache>> {
    let settings = &config.settings;
    let name = settings.text("CACHE_PLUGIN").unwrap_or("memory");
    match CachePlugin::named(name)? {
        CachePlugin::Memory => return Ok(None),
        CachePlugin::JsonFile => {}
        CachePlugin::Unknown => {
            warn(format!("Unable to load the cache plugin '{name}'."));
            return Ok(None);
        }
    }
    let Some(folder) = settings.text("CACHE_PLUGIN_CONNECTION").filter(|folder| !folder.is_empty()) else {
        warn(format!("Required config '_uri' for '{name}' cache plugin not provided."));
        return Ok(None);
    };
    let folder = config.around.resolve(folder, None);
    let prefix = settings.text("CACHE_PLUGIN_PREFIX").filter(|_| settings.is_set("CACHE_PLUGIN_PREFIX"));
    let opened = FactCache::open(folder.as_ref(), prefix.unwrap_or_default(), settings.int("CACHE_PLUGIN_TIMEOUT"));
    Ok(opened.map_err(warn).ok())
}

fn forks(config: &Config) -> usize {
    usize::try_from(config.settings.int("DEFAULT_FORKS")).unwrap_or(1).max(1)
}

fn pool_settings(
    config: &Config,
    forks: usize,
    agents: Vec<connection::AgentBinary>,
    emitter: &Arc<Emitter>,
) -> connection::Settings {
    let emitter = emitter.clone();
    let around = &config.around;
    connection::Settings {
        forks,
        agent: around.var("RPLAY_AGENT").map(PathBuf::from),
        agents,
        environment: Some(around.env.iter().map(|(name, value)| (name.into(), value.into())).collect()),
        cwd: Some(around.cwd.clone().into()),
        open_files: around.open_files,
        verbose: connection::Verbose::new(move |level, host, text| {
            emitter.verbose(level, Some(&Arc::from(host)), || text.to_owned());
        }),
        ..connection::Settings::default()
    }
}

/// A run with all its parts.
pub(super) struct Prepared {
    pub shared: Arc<Shared>,
}

impl Prepared {
    async fn run(&self, playbooks: &[String]) -> Result<Report> {
        let shared = &self.shared;
        let mut state =
            State { hosts: Hosts::default(), started: shared.options.start_at_task.is_none(), ..State::default() };
        for (number, path) in playbooks.iter().enumerate() {
            let last = number + 1 == playbooks.len();
            let (plays, _) = self.load(path)?;
            self.warn_of_lacking(&plays);
            shared.emit(&Event::PlaybookStart { path: path.clone() });
            shared.verbose(2, None, || format!("{} plays in {path}", plays.len()));
            for play in plays {
                let broke = state.play(shared, &Arc::new(play)).await?;
                if broke || shared.cancel.is_cancelled() {
                    break;
                }
            }
            if shared.cancel.is_cancelled() {
                break;
            }
            // Each playbook has its recap, of all that was played so far; none follows one that has failed.
            let last = last || state.standing.status != 0;
            if last {
                state.tell_of_no_start(shared);
            }
            state.write_retry_file(shared, path);
            shared.emit(&Event::Stats(state.stats()));
            if last {
                break;
            }
        }
        Ok(state.report(shared))
    }

    /// Says before the first task which tasks would fail because rplay lacks their module, or what it needs.
    fn warn_of_lacking(&self, plays: &[Play]) {
        let (mut lacking, mut needing) = (Vec::new(), Vec::new());
        for found in load::lacking(plays) {
            match &found.kind {
                ActionKind::Native => {}
                ActionKind::Python(path) if !python::can_run(&self.shared, path) => {
                    needing.push(found.fqcn.to_string())
                }
                ActionKind::Python(_) => {}
                ActionKind::Lacking | ActionKind::PythonAction(_) => lacking.push(found.fqcn.to_string()),
            }
        }
        let names = |mut names: Vec<String>| {
            names.sort();
            names.dedup();
            names.join(", ")
        };
        if !lacking.is_empty() {
            let mut text =
                format!("rplay lacks modules that tasks here would fail for, where they run: {}", names(lacking));
            if self.shared.loader.catalogue().installed().is_none() {
                text.push_str(&format!(". Those written in Python run with {}", python::NEEDS));
            }
            self.shared.warn(text);
        }
        if !needing.is_empty() {
            let text = format!("Modules here need {}: {}", python::NEEDS, names(needing));
            self.shared.warn(text);
        }
    }

    /// The plays of a playbook, and the folder that it is in.
    pub fn load(&self, path: &str) -> Result<(Vec<Play>, String)> {
        let shared = &self.shared;
        let of_collection = shared.loader.collection_playbook(path);
        let full = of_collection.unwrap_or_else(|| shared.around.resolve(path, None));
        let basedir = full.rsplit_once('/').map_or("/", |(folder, _)| folder).to_owned();
        shared.store.set_playbook(&basedir);
        let render = |text: &Text, vars: &Dict| {
            let scope = PlainScope { store: &shared.store, vars, paths: vec![basedir.clone()] };
            shared.templar.render(text, &scope)
        };
        let plays = shared.loader.playbook(&full, &render);
        shared.tell_notes();
        let plays = plays?;
        strategy::check(shared, &plays)?;
        Ok((plays, basedir))
    }
}

/// What a run carries from play to play.
#[derive(Default)]
struct State {
    hosts: Hosts,
    standing: Standing,
    custom_stats: Arc<Mutex<Dict>>,
    started: bool,
}

impl State {
    /// Plays a play; true where no other follows.
    async fn play(&mut self, shared: &Arc<Shared>, play: &Arc<Play>) -> Result<bool> {
        let hosts = std::mem::take(&mut self.hosts);
        let stats = self.custom_stats.clone();
        let played = play::run(shared, play, &mut self.standing, hosts, stats, self.started).await?;
        self.hosts = played.hosts;
        self.started = played.started;
        match played.fatal {
            Some(error) => Err(error),
            None => Ok(played.broke),
        }
    }

    /// The counters of all hosts so far.
    fn stats(&self) -> Arc<Stats> {
        let hosts: BTreeMap<Arc<str>, HostStats> =
            self.hosts.stats.iter().map(|(host, stats)| (host.clone(), stats.clone())).collect();
        let custom = self.custom_stats.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Arc::new(Stats { hosts, custom })
    }

    /// Says so where `--start-at-task` names a task that never came.
    fn tell_of_no_start(&self, shared: &Shared) {
        if let Some(wanted) = shared.options.start_at_task.as_ref().filter(|_| !self.started) {
            let text =
                format!("No matching task \"{wanted}\" found. Note: --start-at-task can only follow static includes.");
            shared.emit(&Event::Error(Box::new(Error::user(text))));
        }
    }

    /// Writes the names of the hosts that were lost beside the playbook, or where the settings say: for `--limit @FILE`.
    fn write_retry_file(&self, shared: &Shared, playbook: &str) {
        let lost = self.standing.failed.union(&self.standing.unreachable);
        let mut hosts: Vec<&str> = lost.map(|host| &**host).collect();
        if !shared.settings.flag("RETRY_FILES_ENABLED") || hosts.is_empty() {
            return;
        }
        let full = shared.around.resolve(playbook, None);
        let (folder, name) = full.rsplit_once('/').unwrap_or(("/", &full));
        let folder = shared.settings.text("RETRY_FILES_SAVE_PATH").filter(|path| !path.is_empty()).unwrap_or(folder);
        let stem = name.rfind('.').filter(|at| *at > 0).map_or(name, |at| &name[..at]);
        let path = format!("{}/{stem}.retry", folder.trim_end_matches('/'));
        hosts.sort_unstable();
        let text: String = hosts.iter().map(|host| format!("{host}\n")).collect();
        let made = std::fs::create_dir_all(folder).map_err(|error| {
            let why = errors::os_error_bytes(&error, errors::first_missing(folder));
            format!("Unable to create local directories '{folder}': {why}")
        });
        // Only a file that cannot be opened is named.
        let opened = made.and_then(|()| std::fs::File::create(&path).map_err(|error| errors::os_error(&error, &path)));
        let written =
            opened.and_then(|mut file| file.write_all(text.as_bytes()).map_err(|error| errors::plain(&error)));
        match written {
            Ok(()) => shared.emit(&Event::Message(format!("\tto retry, use: --limit @{path}"))),
            Err(why) => shared.warn(format!("Could not create retry file '{path}'.\n\t{why}")),
        }
    }

    fn report(self, shared: &Shared) -> Report {
        let stats = self.stats();
        if shared.cancel.is_cancelled() {
            return Report { stats, status: 99 };
        }
        Report { stats, status: self.standing.status }
    }
}
