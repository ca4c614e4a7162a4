//! One run of a module: checks the arguments, runs it, completes the result as `AnsibleModule` does.
//!
//! Every result has `invocation`, warnings, and for a path its owner, mode, size and state; the values
//! of `no_log` arguments are masked here, before anything leaves the host.

use super::neutral::Neutral;
use super::{Blob, Call, ModuleDef, Support, attributes, deliver, many, order, programs};
use crate::argspec::{Args, Checked, Host, check};
use crate::host::{Command, Env, Output, locale, words};
use crate::proto::{Outcome, Request};
use crate::value::{Dict, Value};
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// Runs a module of the table.
pub fn run(request: &Request, blob: Option<Blob>, cancelled: &AtomicBool) -> Outcome {
    if let Some(run) = internal(&request.module) {
        return run(request, blob, cancelled);
    }
    match super::find(&request.module) {
        Some(def) => run_def(def, request, blob, cancelled),
        None => Outcome::failed(format!("The module {} is not built into this agent.", request.module)),
    }
}

/// What the controller's half of an action asks for, and no task can name.
type Internal = fn(&Request, Option<Blob>, &AtomicBool) -> Outcome;

/// The internal request of this name.
pub fn internal(name: &str) -> Option<Internal> {
    Some(match name {
        deliver::NAME => deliver::run,
        deliver::DIFFERING => |request, _, _| deliver::differing(request),
        programs::NAME => |request, _, _| programs::run(request),
        many::NAME => |request, _, cancelled| many::run(request, cancelled),
        _ => return None,
    })
}

/// Runs a module.
pub fn run_def(def: &ModuleDef, request: &Request, blob: Option<Blob>, cancelled: &AtomicBool) -> Outcome {
    let name = if request.shown.is_empty() { def.name } else { &request.shown };
    let mut env = Env::new(&request.context.environment);
    let mut checked = {
        let variable = |name: &str| env.get(name);
        let home = |user: &str| env.home(user);
        check(def.spec, name, &request.args, Host { env: &variable, home: &home })
    };
    let args = std::mem::take(&mut checked.args);
    let mut warnings = std::mem::take(&mut checked.warnings);
    if let Some(error) = checked.error.take() {
        return finish(Outcome::failed(error), &args, warnings, &checked);
    }
    if request.context.check && def.check == Support::None {
        let skipped = Outcome::changed(false)
            .with("skipped", true)
            .with("msg", format!("remote module ({name}) does not support check mode"));
        return finish(skipped, &args, warnings, &checked);
    }
    env.limit_open_files(request.context.nofile.unwrap_or_default());
    let neutral = Neutral::needed(&env, &request.context);
    if let Some((neutral, said)) = &neutral {
        env.start_in(neutral.path());
        warnings.extend(said.clone());
    }
    let mut call = Call { name, args, env, warnings, context: &request.context, blob, cancelled };
    let outcome = (def.run)(&mut call).unwrap_or_else(|failed| failed);
    if let Some(Blob::Staged(path)) = &call.blob {
        // The module mostly has moved it into place.
        drop(std::fs::remove_file(path));
    }
    let mut outcome = outcome;
    order::put(def.name, &mut outcome);
    finish(outcome, &call.args, call.warnings, &checked)
}

fn finish(mut outcome: Outcome, args: &Args, mut warnings: Vec<String>, checked: &Checked) -> Outcome {
    if outcome.result.remove(Outcome::CRASHED).is_some() {
        outcome.result = checked.secrets.mask_dict(&outcome.result);
        return outcome;
    }
    attributes::add_path_info(&mut outcome);
    if outcome.get("invocation").is_none() {
        outcome.set("invocation", Dict::from([("module_args", Value::Dict(args.0.clone()))]));
    }
    if let Some(own) = outcome.get("warnings").and_then(Value::as_list) {
        warnings.extend(own.iter().map(Value::to_text));
    }
    if !warnings.is_empty() {
        let mut unique: Vec<Value> = Vec::new();
        for text in warnings.into_iter().map(Value::from) {
            if !unique.contains(&text) {
                unique.push(text);
            }
        }
        outcome.set("warnings", unique);
    }
    if !checked.deprecations.is_empty() {
        let texts = checked.deprecations.iter().map(|item| {
            let texts = [("msg", &item.msg), ("version", &item.version), ("collection_name", &item.collection)];
            Dict::from(texts.map(|(key, text)| (key, text.as_str()))).into()
        });
        outcome.set("deprecations", Value::list(texts));
    }
    outcome.result = checked.secrets.mask_dict(&outcome.result);
    outcome
}

impl Call<'_> {
    /// A command with the task's environment and a locale that exists, that ends when the task is cancelled.
    pub fn command<S: AsRef<std::ffi::OsStr>>(&self, argv: impl IntoIterator<Item = S>) -> Command<'_> {
        let mut command = Command::new(&self.env, argv);
        command.cancelled = Some(self.cancelled);
        if let Some(locale) = locale::replacement(&self.env) {
            for name in ["LANG", "LC_ALL", "LC_MESSAGES"] {
                command = command.var(name, locale);
            }
        }
        command
    }

    /// Runs a command by its line: split as the shell would, `~` and variables of each word expanded.
    pub fn run_line(&self, line: &str, vars: &[(&str, &str)]) -> Result<Output, Outcome> {
        let argv = self.words(line)?;
        let command = vars.iter().fold(self.command(&argv), |command, (name, value)| command.var(name, *value));
        command.run().map_err(|error| super::command::not_started(&argv, &error))
    }

    /// The words of a command's line.
    pub fn words(&self, line: &str) -> Result<Vec<String>, Outcome> {
        let words = words::split(line).map_err(Outcome::crashed)?;
        Ok(words.iter().map(|word| self.env.expand(word)).collect())
    }

    /// Waits for some seconds, or until the task is to end. Python's words where there are less than none.
    pub fn sleep(&self, seconds: i64) -> Result<(), Outcome> {
        let seconds = u64::try_from(seconds).map_err(|_| Outcome::crashed("sleep length must be non-negative"))?;
        self.pause(Duration::from_secs(seconds));
        Ok(())
    }

    /// Waits, or until the task is to end.
    pub fn pause(&self, length: Duration) {
        let started = Instant::now();
        while let Some(left) = length.checked_sub(started.elapsed()).filter(|left| !left.is_zero()) {
            if self.is_cancelled() {
                break;
            }
            std::thread::sleep(left.min(Duration::from_millis(100)));
        }
    }

    /// Adds a warning.
    pub fn warn(&mut self, text: impl Into<String>) {
        self.warnings.push(text.into());
    }

    /// Whether it is check mode.
    pub fn check(&self) -> bool {
        self.context.check
    }

    /// Whether the task is to end.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// The path of a program that the module cannot do without.
    pub fn need_program(&self, name: &str) -> Result<std::path::PathBuf, Outcome> {
        self.env.find_program(name).ok_or_else(|| {
            let path = self.env.get("PATH").unwrap_or_default();
            let mut folders: Vec<&str> = path.split(':').filter(|folder| !folder.is_empty()).collect();
            for folder in ["/sbin", "/usr/sbin", "/usr/local/sbin"] {
                if !folders.contains(&folder) && std::path::Path::new(folder).exists() {
                    folders.push(folder);
                }
            }
            let paths = folders.join(":");
            Outcome::failed(format!("Failed to find required executable \"{name}\" in paths: {paths}"))
        })
    }
}
