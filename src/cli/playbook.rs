//! `ansible-playbook`: plays playbooks.

use super::signals::Ended;
use super::{exit_status, listing, options, screen, secrets, signals, terminal, usage, version};
use crate::callback::{Callback, Live, Screen, Settings, Stream};
use crate::config::{Config, From, Surroundings};
use crate::connection::Secret;
use crate::content::{dirname, is_full};
use crate::diag::{Error, Kind, Result};
use crate::engine::{Options, Run};
use crate::event::Event;
use crate::load::Loader;
use crate::value::Value;
use clap::ArgMatches;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Runs the tool; returns its exit status.
pub(super) fn run(name: &str, args: &[String]) -> u8 {
    let mut command = options::command(name);
    let words = std::iter::once(name.to_owned()).chain(args.iter().cloned());
    let matches = match command.try_get_matches_from_mut(words) {
        Ok(matches) => matches,
        Err(error) if !error.use_stderr() => {
            // Where standard output is closed, the exit status has to do.
            let _ = error.print();
            return 0;
        }
        Err(error) => return misused(&usage::text(&command, name, &error, args)),
    };
    if matches.get_one::<i64>("forks").is_some_and(|forks| *forks < 1) {
        return misused(&usage::of(name, "The number of processes (--forks) must be >= 1"));
    }
    let given = given(&matches);
    let settings = Settings { verbosity: given.verbosity, ..Settings::default() };
    let around = Surroundings::of_process();
    open_more_files();
    match Config::load(around) {
        Ok(config) => Tool { matches, given }.run(name, config),
        Err(error) => {
            Screen::new(settings, screen::Real::new(&Config::default())).error(&error, Stream::Err);
            exit_status(&error)
        }
    }
}

/// Lets the process open as many files as it may allow itself: shells start it with 1024, and each host takes some.
fn open_more_files() {
    // More than any run needs; some systems allow a billion, and some programs look at each that they may have.
    const MOST: u64 = 1 << 16;
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(MOST).min(MOST);
    if limit.current.is_some_and(|now| now < most) {
        // Without it, fewer hosts are connected at once.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..limit });
    }
}

/// Says what is wrong with the command line.
fn misused(text: &str) -> u8 {
    let _ = std::io::Write::write_all(&mut std::io::stderr(), text.as_bytes());
    2
}

/// The options of the engine that the command line gives.
fn given(matches: &ArgMatches) -> Options {
    let text = |id: &str| matches.get_one::<String>(id).cloned();
    Options {
        check: matches.get_flag("check"),
        diff: matches.get_flag("diff"),
        verbosity: matches.get_count("verbosity"),
        limit: text("subset"),
        start_at_task: text("start_at_task"),
        step: matches.get_flag("step"),
        force_handlers: matches.get_flag("force_handlers"),
        flush_cache: matches.get_flag("flush_cache"),
        remote_user: text("remote_user"),
        connection: text("connection"),
        timeout: matches.get_one::<i64>("timeout").copied(),
        private_key_file: text("private_key_file"),
        ssh_common_args: text("ssh_common_args"),
        ssh_extra_args: text("ssh_extra_args"),
        escalate: matches.get_flag("become"),
        become_method: text("become_method"),
        become_user: text("become_user"),
        ..Options::default()
    }
}

/// All values of an option that may be given several times.
pub(super) fn all(matches: &ArgMatches, id: &str) -> Vec<String> {
    matches.get_many::<String>(id).map(|values| values.cloned().collect()).unwrap_or_default()
}

/// Tags, which may also be given with commas between them.
fn tags(matches: &ArgMatches, id: &str, setting: Vec<&str>) -> Vec<String> {
    let given = all(matches, id);
    let given = if given.is_empty() { setting.into_iter().map(str::to_owned).collect() } else { given };
    given
        .iter()
        .flat_map(|text| text.split(','))
        .map(|tag| tag.trim().to_owned())
        .filter(|tag| !tag.is_empty())
        .collect()
}

struct Tool {
    matches: ArgMatches,
    given: Options,
}

impl Tool {
    fn run(mut self, name: &str, mut config: Config) -> u8 {
        let settings = &config.settings;
        self.given.tags = tags(&self.matches, "tags", settings.list("TAGS_RUN"));
        self.given.skip_tags = tags(&self.matches, "skip_tags", settings.list("TAGS_SKIP"));
        if self.matches.get_flag("listtags")
            && all(&self.matches, "tags").is_empty()
            && all(&self.matches, "skip_tags").is_empty()
        {
            // Of a listing, those that never run are a part.
            self.given.tags = vec!["never".into(), "all".into()];
        }
        self.given.diff |= settings.flag("DIFF_ALWAYS");
        let more = u8::try_from(settings.int("DEFAULT_VERBOSITY")).unwrap_or(0);
        self.given.verbosity = if self.given.verbosity == 0 { more } else { self.given.verbosity };
        self.given.log_verbosity = screen::log_verbosity(&config);
        if let Some(forks) = self.matches.get_one::<i64>("forks") {
            config.settings.set("DEFAULT_FORKS", *forks, From::Cli("--forks".into()));
        }
        let modules = all(&self.matches, "module_path");
        if !modules.is_empty() {
            let paths = modules.iter().flat_map(|paths| paths.split(':')).filter(|path| !path.is_empty());
            let given = paths.map(|path| config.around.resolve(path, None));
            let known = config.settings.list("DEFAULT_MODULE_PATH").into_iter().map(str::to_owned);
            let library: Vec<Value> = given.chain(known).map(Value::from).collect();
            config.settings.set("DEFAULT_MODULE_PATH", library, From::Cli("--module-path".into()));
        }
        let screen = self.screen(&config);
        if self.matches.get_flag("version") {
            screen.show(&version::text(name, &config), None);
            return 0;
        }
        match self.play(&screen, config) {
            Ok(status) => status,
            Err(error) => {
                screen.error(&error, Stream::Err);
                exit_status(&error)
            }
        }
    }

    fn screen(&self, config: &Config) -> Screen {
        let settings = screen::settings(config, self.given.verbosity, self.given.check);
        let settings = Settings { positional: self.playbooks(), options: self.shown_options(), ..settings };
        let real = screen::Real::new(config);
        let trouble = real.trouble(config);
        let screen = Screen::new(settings, real);
        if let Some(trouble) = trouble {
            screen.warning(&trouble);
        }
        screen
    }

    fn playbooks(&self) -> Vec<String> {
        all(&self.matches, "playbook")
    }

    /// The options that are set, as -vvvv shows them.
    fn shown_options(&self) -> Vec<(String, String)> {
        let mut shown = Vec::new();
        for id in self.matches.ids().map(clap::Id::as_str).filter(|id| *id != "playbook") {
            if let Ok(Some(values)) = self.matches.try_get_many::<String>(id) {
                shown.push((id.to_owned(), values.cloned().collect::<Vec<_>>().join(",")));
            } else if self.matches.try_get_one::<bool>(id).ok().flatten() == Some(&true) {
                shown.push((id.to_owned(), "True".to_owned()));
            }
        }
        shown
    }

    fn play(mut self, screen: &Screen, config: Config) -> Result<u8> {
        let file = config
            .file
            .as_deref()
            .map_or_else(|| "No config file found; using defaults".to_owned(), |f| format!("Using {f} as config file"));
        screen.common(&Event::Verbose { level: 1, host: None, text: file });
        for playbook in self.playbooks() {
            let full = config.around.resolve(&playbook, None);
            // A name of a collection's playbook is looked up before files are.
            if !is_full(&playbook) || Loader::new(&config, []).collection_playbook(&playbook).is_none() {
                check_playbook(&full, &playbook)?;
            }
        }
        self.ask_passwords(&config)?;
        let secrets = secrets::gather(&self.matches, &config, screen)?;
        let mut run = Run::new(config.clone()).options(self.given.clone()).vault(secrets);
        for source in all(&self.matches, "inventory") {
            run = run.inventory(source);
        }
        for text in all(&self.matches, "extra_vars") {
            run = run.extra_vars(text);
        }
        run = run.console(Arc::new(terminal::Tty));
        if config.around.stdin_tty {
            run = run.terminal(Arc::new(terminal::Tty));
        }
        let lists = |id: &str| self.matches.get_flag(id);
        if lists("syntax") || lists("listhosts") || lists("listtasks") || lists("listtags") {
            let what = listing::What { hosts: lists("listhosts"), tasks: lists("listtasks"), tags: lists("listtags") };
            let screen_for_events = screen.clone();
            let run = run.listener(move |event| {
                screen_for_events.common(event);
            });
            return listing::show(run, &self.playbooks(), what, screen);
        }
        self.run_with_callbacks(run, screen, &config)
    }

    fn ask_passwords(&mut self, config: &Config) -> Result<()> {
        let file = |id: &str, setting: &str| {
            let path = self.matches.get_one::<String>(id).cloned();
            path.or_else(|| config.settings.text(setting).map(str::to_owned))
        };
        let login_file = file("connection_password_file", "CONNECTION_PASSWORD_FILE");
        let become_file = file("become_password_file", "BECOME_PASSWORD_FILE");
        let ask_login = self.matches.get_flag("ask_pass") || config.settings.flag("DEFAULT_ASK_PASS");
        let ask_become = self.matches.get_flag("become_ask_pass") || config.settings.flag("DEFAULT_BECOME_ASK_PASS");
        let login = match login_file {
            Some(path) => Some(secrets::password_file(&config.around.resolve(&path, None))?),
            None if ask_login => terminal::password("SSH password: "),
            None => None,
        };
        let method =
            self.given.become_method.as_deref().or(config.settings.text("DEFAULT_BECOME_METHOD")).unwrap_or("sudo");
        let asked =
            if config.settings.flag("AGNOSTIC_BECOME_PROMPT") { "BECOME".to_owned() } else { method.to_uppercase() };
        let escalated = match become_file {
            Some(path) => Some(secrets::password_file(&config.around.resolve(&path, None))?),
            None if ask_become && login.is_some() => {
                let answer = terminal::password(&format!("{asked} password[defaults to SSH password]: "));
                answer.filter(|a| !a.is_empty()).or_else(|| login.clone())
            }
            None if ask_become => terminal::password(&format!("{asked} password: ")),
            None => None,
        };
        self.given.connection_password = login.map(Secret::new);
        self.given.become_password = escalated.map(Secret::new);
        Ok(())
    }

    fn run_with_callbacks(self, run: Run, screen: &Screen, config: &Config) -> Result<u8> {
        let loader = Loader::new(config, []);
        let collections = loader.catalogue().collections();
        for playbook in self.playbooks() {
            collections.add_beside(dirname(&config.around.resolve(&playbook, None)));
        }
        let mut callbacks = super::callbacks::enabled(screen, config, collections)?;
        let live = (config.around.stdout_tty).then(|| Arc::new(Mutex::new(Live::new(screen.clone()))));
        let fed = live.clone();
        let run = run.listener(move |event| {
            callbacks.event(event);
            if let Some(live) = &fed {
                live.lock().unwrap_or_else(PoisonError::into_inner).event(event);
            }
        });
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|error| Error::new(Kind::Internal, format!("no threads to run on: {error}")))?;
        let cancel = run.cancel();
        let playbooks = self.playbooks();
        let (outcome, ended) = runtime.block_on(async {
            let (tell, told) = tokio::sync::watch::channel(None);
            tokio::spawn(signals::watch(cancel, tell));
            let ticking = live.map(|live| tokio::spawn(tick(live)));
            let outcome = run.play(&playbooks).await;
            if let Some(ticking) = ticking {
                ticking.abort();
            }
            let ended = *told.borrow();
            (outcome, ended)
        });
        runtime.shutdown_timeout(Duration::from_secs(1));
        match ended {
            Some(Ended::By(signal)) => {
                signals::end_by(signal);
                Ok(1)
            }
            Some(Ended::Interrupted) => {
                screen.error(&Error::user("User interrupted execution"), Stream::Err);
                Ok(99)
            }
            None => outcome.map(|report| report.status),
        }
    }
}

async fn tick(live: Arc<Mutex<Live>>) {
    let mut clock = tokio::time::interval(Duration::from_secs(1));
    loop {
        clock.tick().await;
        live.lock().unwrap_or_else(PoisonError::into_inner).tick();
    }
}

fn check_playbook(full: &str, given: &str) -> Result<()> {
    let path = Path::new(full);
    if !path.exists() {
        return Err(Error::user(format!("the playbook: {given} could not be found")));
    }
    if path.is_dir() {
        return Err(Error::user(format!("the playbook: {given} does not appear to be a file")));
    }
    Ok(())
}
