//! What an action is given, what it may ask for, and what it returns.

use crate::argspec::{self, Args, SpecOf};
use crate::connection::{Target, Upload};
use crate::diag::{Error, Kind, Remark, Result};
use crate::event::{Keys, Pressed};
use crate::modules::many::Step;
use crate::playbook::Task;
use crate::proto::{Context, Outcome, Request};
use crate::template::{Scope, Templar, Var};
use crate::value::{Dict, Text, Value};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;

/// A future that an object-safe function returns.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The host of a task, as far as an action may use it.
///
/// Errors are the loss of the host: its task is unreachable. Whatever else goes wrong is a failed outcome.
pub trait Remote: Send + Sync {
    /// Runs a module.
    fn run(&self, request: Request, upload: Option<Upload>) -> BoxFuture<'_, Result<Outcome>>;

    /// Runs a module by its name, native or a file, below its arguments the defaults that it has in the task.
    fn named<'a>(&'a self, name: &'a str, args: Dict, context: Context) -> BoxFuture<'a, Result<Outcome>>;

    /// Whether a name means a module.
    fn has_module(&self, name: &str) -> bool;

    /// Runs a module where it is all that the action asks of its host: the next item of a loop need not wait for
    /// the answer.
    fn run_only(&self, request: Request, upload: Option<Upload>) -> BoxFuture<'_, Result<Outcome>> {
        self.run(request, upload)
    }

    /// Runs modules one after another in one round trip; the first that fails is the last.
    fn run_many(&self, steps: Vec<Step>, context: Context) -> BoxFuture<'_, Result<Vec<Outcome>>>;

    /// Runs a module on the controller, whatever host the task is for.
    fn run_here(&self, request: Request) -> BoxFuture<'_, Result<Outcome>>;

    /// Runs a command line by a plain exec, without an agent.
    fn raw<'a>(&'a self, command: &'a str, executable: Option<&'a str>) -> BoxFuture<'a, Result<Outcome>>;

    /// Puts a file of the controller's into a private folder of the host, and says its path there.
    fn put<'a>(&'a self, file: &'a Path, executable: bool) -> BoxFuture<'a, Result<String>>;

    /// The same, under another name there.
    fn put_as<'a>(&'a self, file: &'a Path, name: &'a str, executable: bool) -> BoxFuture<'a, Result<String>>;

    /// Removes a file that was put, with its folder; one that stays goes with the connection.
    fn unstage<'a>(&'a self, path: &'a str) -> BoxFuture<'a, ()>;

    /// Gets a file of the host's into one of the controller's.
    fn get<'a>(&'a self, remote: &'a str, local: &'a Path) -> BoxFuture<'a, Result<()>>;

    /// Closes the connection, so that the next task is a new login.
    fn reset(&self) -> BoxFuture<'_, Result<()>>;

    /// Takes the failures of modules so far for the action's own, which tells them in its way.
    fn forgive(&self) {}

    /// Lets new connections take at most so many seconds to come about; None is what the host's settings say.
    fn connect_timeout(&self, _seconds: Option<u64>) {}

    /// How the host is reached.
    fn target(&self) -> &Target;

    /// Whether it is the controller itself.
    fn is_local(&self) -> bool;
}

/// Who follows the run: sees messages at once, and may answer.
pub trait Person: Send + Sync {
    /// Shows a message.
    fn show(&self, text: &str);

    /// Shows a message from a verbosity on.
    fn verbose(&self, level: u8, text: &str);

    /// Whether there is somebody who can press keys.
    fn has_keys(&self) -> bool;

    /// Waits for keys.
    fn keys(&self, keys: Keys) -> BoxFuture<'_, Result<Pressed>>;
}

/// One run of an action on a host.
pub struct ActionCall<'a> {
    /// The task's arguments, rendered, free-form text as `_raw_params`.
    pub args: Dict,
    /// The task.
    pub task: &'a Task,
    /// The task's name as it is shown.
    pub title: &'a str,
    /// The action's name as the task has it, which error texts repeat: `copy`, `ansible.builtin.copy`.
    pub name: &'a str,
    /// The inventory name of the task's host.
    pub host: &'a str,
    /// The host that the task is delegated to.
    pub delegated: Option<&'a str>,
    /// The host's variables.
    pub scope: &'a (dyn Scope + Sync),
    /// The renderer.
    pub templar: &'a Templar,
    /// The host.
    pub remote: &'a dyn Remote,
    /// Who follows the run.
    pub person: &'a dyn Person,
    /// Check mode, environment and the like.
    pub context: Context,
}

/// What came of an action.
#[derive(Debug, Default)]
pub struct Acted {
    /// Its result.
    pub outcome: Outcome,
    /// What else it changes.
    pub effects: Vec<Effect>,
}

/// What an action changes beyond its result; the engine applies it.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Variables of the host, as `set_fact` sets them.
    Vars(Dict),
    /// Facts of the host; `cacheable` facts of `set_fact` too.
    Facts(Dict),
    /// Variables of the host, as `include_vars` brings them: those that tasks set win over them.
    Included(Dict),
    /// A host joins the inventory.
    AddHost {
        /// Its name.
        name: String,
        /// The groups that it joins.
        groups: Vec<String>,
        /// Its variables.
        vars: Dict,
    },
    /// The host joins a group.
    AddGroup {
        /// The group's name.
        name: String,
        /// The groups that it is a child of.
        parents: Vec<String>,
    },
    /// `set_stats`.
    Stats {
        /// The values.
        data: Dict,
        /// Whether they are kept apart for each host.
        per_host: bool,
        /// Whether they are added to what is there.
        aggregate: bool,
    },
}

impl From<Outcome> for Acted {
    fn from(outcome: Outcome) -> Self {
        Self { outcome, effects: Vec::new() }
    }
}

impl ActionCall<'_> {
    /// The arguments, checked and coerced as a module's are.
    pub fn check(&self, spec: &SpecOf<'_>) -> Result<Args> {
        let world = self.scope.world();
        let env = |name: &str| world.environment.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
        let home = |user: &str| user.is_empty().then(|| world.home.clone());
        // By the name that its file is imported by, with Ansible.
        let short = self.name.rsplit('.').next().unwrap_or_default();
        let name = match self.name.strip_prefix("ansible.builtin.") {
            Some(short) => format!("ansible_collections.ansible.builtin.plugins.action.{short}"),
            None => short.to_owned(),
        };
        let checked = argspec::check(spec, &name, &self.args, argspec::Host { env: &env, home: &home });
        match checked.error {
            Some(text) => Err(Error::new(Kind::Arguments, text)),
            None => Ok(checked.args),
        }
    }

    /// Refuses arguments other than these, as actions do that have no argument spec.
    pub fn only(&self, names: &[&str]) -> Result<()> {
        let unknown: Vec<String> =
            self.args.keys().map(Value::to_text).filter(|name| !names.contains(&name.as_str())).collect();
        if unknown.is_empty() {
            return Ok(());
        }
        Err(Error::action(format!("Invalid options for {}: {}", self.name, unknown.join(","))))
    }

    /// Says something beside the result.
    pub fn remark(&self, remark: Remark) {
        self.templar.remark(self.scope, remark);
    }

    /// The value of an expression without braces.
    pub fn evaluate(&self, expression: &Text) -> Result<Value> {
        self.templar.evaluate(expression, self.scope)
    }

    /// Whether a condition holds.
    pub fn condition(&self, condition: &Value) -> Result<bool> {
        self.templar.condition(condition, self.scope)
    }

    /// A variable of the task's host, rendered; None where it is not there, or cannot be rendered.
    pub fn variable(&self, name: &str) -> Option<Value> {
        match self.scope.get(name) {
            Ok(Some(Var::Value(value))) => self.templar.render_value(&value, self.scope).ok().flatten(),
            _ => None,
        }
    }

    /// A name like those of Ansible's temporary files on the controller, which the headers of differences show
    /// and tools that read its output know; `rest` comes after it.
    pub fn temporary_name(&self, rest: &str) -> String {
        let word = || {
            let mut bytes = [0u8; 8];
            // Without randomness the name is the same each time; nothing is written under it.
            let _ = getrandom::fill(&mut bytes);
            bytes.map(|byte| char::from(b'a' + byte % 26)).iter().collect::<String>()
        };
        let (home, id) = (&self.scope.world().home, std::process::id());
        format!("{home}/.ansible/tmp/ansible-local-{id}{}/tmp{}{rest}", word(), word())
    }

    /// An argument's text; None where it was not given or is null.
    pub fn text(&self, name: &str) -> Option<String> {
        self.args.get(name).filter(|value| !value.is_null()).map(Value::to_text)
    }

    /// An argument that means yes or no; anything unclear is the default.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.args.get(name).map_or(default, |value| argspec::boolean(value).unwrap_or(default))
    }

    /// The verbosity of the run, 0 to 5.
    pub fn verbosity(&self) -> i64 {
        i64::from(self.context.verbosity)
    }

    /// Runs a module on the host with other arguments, in the task's surroundings.
    ///
    /// In a task with `async` it runs in the background, unless it only looks for what the action needs to know.
    pub async fn module(&self, module: &str, args: Dict, upload: Option<Upload>) -> Result<Outcome> {
        let mut context = self.context.clone();
        if matches!(module, "async_status" | "setup" | "stat") {
            context.background = None;
        }
        let request = Request { module: module.into(), shown: format!("ansible.legacy.{module}"), args, context };
        self.remote.run(request, upload).await
    }

    /// What a vaulted file of the controller's holds.
    pub fn decrypt(&self, path: &Path, bytes: &[u8]) -> Result<Vec<u8>> {
        let vault = &self.scope.world().vault;
        if vault.is_empty() {
            let path = path.display();
            return Err(Error::action(format!("A vault password or secret must be specified to decrypt {path}")));
        }
        vault.decrypt(bytes)
    }

    /// Puts a file on the host, whatever its size, and runs a module whose `src` it is; then removes it.
    pub async fn run_with_file(&self, mut request: Request, file: &Path, name: &str) -> Result<Outcome> {
        let staged = self.remote.put_as(file, name, false).await?;
        request.args.insert("src", staged.as_str());
        let outcome = self.remote.run(request, None).await;
        self.remote.unstage(&staged).await;
        outcome
    }

    /// Finds a file of the controller's: absolute, or in `subfolder` of the search paths, or in them.
    pub fn find_file(&self, subfolder: &str, name: &str) -> Result<PathBuf> {
        let said = name;
        let name = name.strip_suffix('/').filter(|n| !n.is_empty()).unwrap_or(name);
        let expanded = self.with_home(name);
        if expanded.starts_with('/') {
            return Self::existing(vec![PathBuf::from(expanded)], said);
        }
        // The playbook's folder comes last even where it came before, which the error shows.
        let mut paths = self.task.search_path();
        paths.extend(self.scope.search_paths().pop());
        let mut tried = Vec::new();
        for path in paths {
            if expanded.split('/').next() != Some(subfolder) {
                tried.push(Path::new(&path).join(subfolder).join(&expanded));
            }
            tried.push(Path::new(&path).join(&expanded));
        }
        Self::existing(tried, said)
    }

    /// A path of the controller's with `~` or `~user` at its start expanded.
    fn with_home(&self, path: &str) -> String {
        let (first, rest) = path.split_at(path.find('/').unwrap_or(path.len()));
        let home = match first.strip_prefix('~') {
            Some("") => Some(self.scope.world().home.clone()),
            Some(user) => crate::host::accounts::user_by_name(user).map(|user| user.home),
            None => None,
        };
        home.map_or_else(|| path.to_owned(), |home| format!("{}{rest}", home.trim_end_matches('/')))
    }

    fn existing(tried: Vec<PathBuf>, name: &str) -> Result<PathBuf> {
        if let Some(found) = tried.iter().find(|path| path.exists()) {
            return Ok(found.clone());
        }
        let slash = if name.ends_with('/') && name.len() > 1 { "/" } else { "" };
        let mut text = format!("Could not find or access '{name}'");
        if tried.len() > 1 {
            text.push_str("\nSearched in:");
            for path in &tried {
                text.push_str(&format!("\n\t{}{slash}", path.display()));
            }
        }
        text.push_str(" on the Ansible Controller.\nIf you are using a module and expect the file to exist on the remote, see the remote_src option");
        Err(Error::action(text))
    }
}

impl std::fmt::Debug for ActionCall<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ActionCall").field("name", &self.name).finish_non_exhaustive()
    }
}
