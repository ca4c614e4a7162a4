//! Runs modules that are files on a task's host: looks at the file, packs it, chooses the interpreter, reads what
//! was printed.

use super::remote::HostRemote;
use super::shared::Shared;
use crate::connection::{ConnectionError, Raw, Target, Upload};
use crate::content::Installed;
use crate::diag::{Error, Result};
use crate::host::words;
use crate::modules::programs;
use crate::proto::{Context, FileKind, FileModule, Outcome, Request, printed_text};
use crate::python::{self, Alone, Code, Extensions, Job, Looked, Pack, Packer, Places, Printed, Profile, Read};
use crate::template::{Scope, Var};
use crate::value::{Dict, JsonStyle, Value, str_repr, write_json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// The version that modules are told of where no ansible-core is installed.
const VERSION: &str = "2.19.14";

/// The interpreter where discovery finds none.
const FALLBACK: &str = "/usr/bin/python3";

/// What a run remembers of modules that are files.
#[derive(Debug, Default)]
pub(super) struct FileModules {
    packer: Packer,
    moved: Arc<OnceLock<Value>>,
    modules: Mutex<HashMap<Wanted, Arc<Module>>>,
    /// Hosts' interpreters, where they were looked for; empty where there is none, which no native module minds.
    discovered: Mutex<HashMap<Arc<str>, String>>,
}

/// A module's path, and the names of what runs beside it.
type Wanted = (Arc<str>, Vec<String>);

/// A module's file, read once.
#[derive(Debug)]
struct Module {
    looked: Looked,
    pack: Option<Pack>,
}

/// The interpreter that runs a module, and what finding it had to say.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    /// As it is called: a command line.
    line: String,
    /// Its key among the facts, where it was looked for now.
    fact: Option<String>,
    /// Whether looking for it found one.
    found: bool,
    warnings: Vec<String>,
}

impl Chosen {
    /// Adds what finding it had to say, and the fact, to a module's result.
    fn tell(&self, outcome: &mut Outcome) {
        if !self.warnings.is_empty() {
            let own = outcome.get("warnings").and_then(Value::as_list).unwrap_or_default();
            let said = self.warnings.iter().map(|text| Value::from(text.as_str()));
            let warnings: Vec<Value> = said.chain(own.iter().cloned()).collect();
            outcome.set("warnings", warnings);
        }
        if let Some(fact) = &self.fact {
            let facts = outcome.get("ansible_facts").and_then(Value::as_dict).cloned();
            let mut facts = facts.unwrap_or_default();
            facts.insert(fact.as_str(), self.line.as_str());
            outcome.set("ansible_facts", facts);
        }
    }
}

impl HostRemote<'_> {
    /// Runs a module's file with the task's own surroundings.
    pub(super) async fn file_module(
        &self,
        name: &str,
        path: &Arc<str>,
        args: Dict,
        context: Context,
    ) -> Result<Outcome> {
        let shared = &self.task.shared;
        let extensions = self.extensions()?;
        let module = shared.file_modules.module(shared, name, path, &extensions);
        shared.tell_notes();
        let module = module?;
        shared.verbose(3, None, || format!("Using module file {path}"));
        self.make_way(name).await;
        let chosen = self.interpreter(&module.looked).await?;
        let mut args = args;
        self.tell(name, &mut args, &context);
        if module.pack.as_ref().is_some_and(|pack| pack.profile == Profile::Modern) {
            args = args.iter().map(|(name, value)| (name.clone(), python::modern(value))).collect();
        }
        let file = self.file(&module, path, &chosen, &extensions)?;
        let upload = || match (&module.pack, &module.looked.text) {
            (Some(pack), _) => Upload::Bytes(pack.zip()),
            (None, Some(text)) => Upload::Bytes(filled(text, &module.looked, &chosen.line, &args, shared)),
            (None, None) => Upload::File(PathBuf::from(&**path)),
        };
        let request =
            Request { module: name.to_owned(), shown: String::new(), args: args.clone(), context: context.clone() };
        let outcome = match self.connection().run_file(request, file.clone(), &upload).await {
            Ok(outcome) => outcome,
            Err(ConnectionError::NoAgent(text)) => self.alone(&file, &chosen, &upload(), args, &context, text).await?,
            Err(error) => return self.lost(error),
        };
        Ok(self.finish(&outcome, &chosen, name, path))
    }

    /// Runs it where no agent runs: all of it as one script, but for a program, which is put there before.
    async fn alone(
        &self,
        file: &FileModule,
        chosen: &Chosen,
        content: &Upload,
        args: Dict,
        context: &Context,
        why: String,
    ) -> Result<Outcome> {
        let connection = self.connection();
        let put = match content {
            Upload::File(path) => {
                let unreadable = |error: std::io::Error| Error::action(format!("{}: {error}", path.display()));
                let mut reader = tokio::fs::File::open(path).await.map_err(unreadable)?;
                let put = connection.put(&file.file, true, &mut reader).await;
                Some(put.map_err(|error| self.refused(error))?)
            }
            Upload::Bytes(_) => None,
        };
        let code = match (content, &put) {
            (Upload::Bytes(bytes), _) => Code::Bytes(bytes),
            (_, put) => Code::Put(put.as_deref().unwrap_or_default()),
        };
        let wrapper = match &context.background {
            Some(job) => Some((job, self.wrapper().await?)),
            None => None,
        };
        let job = wrapper.as_ref().map(|(job, (pack, import, interpreter))| Job {
            wrapper: pack,
            import,
            interpreter,
            id: &job.id,
            limit: job.limit.unwrap_or_default(),
        });
        let environment = &context.environment;
        let alone = Alone { file, interpreter: &chosen.line, code, args: &args.into(), environment, job };
        let Some(script) = alone.script() else { return Err(Error::unsupported(why)) };
        let said = connection.script(&script).await;
        if let (Some(put), None) = (&put, &context.background) {
            connection.unstage(put).await;
        }
        match said {
            Ok(output) => Ok(Outcome::default()
                .with("rc", i64::from(output.rc))
                .with("stdout", printed_text(&output.stdout))
                .with("stderr", printed_text(&output.stderr))),
            Err(error) => self.lost(error),
        }
    }

    /// ansible-core's own program that starts jobs, packed, with the name by which it is imported and its interpreter.
    async fn wrapper(&self) -> Result<(Vec<u8>, String, String)> {
        let shared = &self.task.shared;
        let name = "async_wrapper";
        let Some(path) = shared.loader.catalogue().file_of(name) else { return Err(Error::unsupported(missing(name))) };
        let module =
            shared.file_modules.module(shared, "ansible.legacy.async_wrapper", &path, &Extensions::default())?;
        let Some(pack) = &module.pack else { return Err(Error::unsupported(missing(name))) };
        Ok((pack.zip(), pack.import.clone(), self.interpreter(&module.looked).await?.line))
    }

    /// Reads what was printed.
    fn finish(&self, outcome: &Outcome, chosen: &Chosen, name: &str, path: &str) -> Outcome {
        if outcome.get("stdout").is_none() {
            let mut outcome = outcome.clone();
            self.note(&mut outcome);
            return outcome;
        }
        let text = |key: &str| outcome.get(key).map(Value::to_text).unwrap_or_default();
        let rc = outcome.get("rc").and_then(Value::as_int).unwrap_or_default();
        let printed =
            Printed { rc, stdout: text("stdout"), stderr: text("stderr"), name: name.into(), path: path.into() };
        let strict = self.task.shared.settings.flag("MODULE_STRICT_UTF8_RESPONSE");
        let mut read = python::read(&printed, &chosen.line, self.keeps_traces(), strict);
        if read.replaced {
            let text = "Non UTF-8 encoded data replaced with \"?\" while displaying text to stdout/stderr.";
            self.task.shared.warn(text.to_owned());
        }
        self.heard(&mut read);
        let own = read.outcome.result.remove("warnings");
        let mut warnings: Vec<Value> = read.warnings.iter().map(|text| Value::from(text.as_str())).collect();
        warnings.extend(own.as_ref().and_then(Value::as_list).unwrap_or_default().iter().cloned());
        if !warnings.is_empty() {
            read.outcome.set("warnings", warnings);
        }
        chosen.tell(&mut read.outcome);
        read.outcome
    }

    fn keeps_traces(&self) -> bool {
        let traces = self.task.shared.settings.list("DISPLAY_TRACEBACK");
        traces.iter().any(|which| matches!(*which, "error" | "always"))
    }

    /// Takes what a result says beside its keys.
    fn heard(&self, read: &mut Read) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = read.error.take();
        read.remarks.drain(..).for_each(|remark| self.remarks.add(remark));
        if read.outcome.is_failed() {
            read.outcome.result.set_default("exception", Outcome::NO_TRACE);
        }
    }

    /// A job's state, whose result is as its module printed it.
    pub(super) fn job_read(&self, mut outcome: Outcome) -> Outcome {
        match python::untagged(&outcome.result, self.keeps_traces()) {
            Some(mut read) => {
                self.heard(&mut read);
                read.outcome
            }
            None => {
                self.note(&mut outcome);
                outcome
            }
        }
    }

    /// Adds what ansible-core itself tells every module.
    fn tell(&self, name: &str, args: &mut Dict, context: &Context) {
        let settings = &self.task.shared.settings;
        let list = |name: &str| Value::list(settings.list(name).into_iter().map(Value::from));
        let text = |name: &str| settings.text(name).map(Value::from).unwrap_or_default();
        let facility = self.variable("ansible_syslog_facility").unwrap_or_else(|| text("DEFAULT_SYSLOG_FACILITY"));
        let traces: Vec<Value> = match settings.list("DISPLAY_TRACEBACK") {
            list if list.contains(&"always") => {
                ["error", "warning", "deprecated", "deprecated_value"].map(Value::from).into()
            }
            list => list.into_iter().filter(|name| *name != "never").map(Value::from).collect(),
        };
        let installed = self.task.shared.loader.catalogue().installed();
        let told = [
            ("check_mode", context.check.into()),
            ("no_log", (context.no_log || settings.flag("DEFAULT_NO_TARGET_SYSLOG")).into()),
            ("debug", settings.flag("DEFAULT_DEBUG").into()),
            ("diff", context.diff.into()),
            ("verbosity", Value::Int(context.verbosity.into())),
            ("version", Value::from(installed.map_or(VERSION, |found| found.version()))),
            ("module_name", Value::from(name)),
            ("syslog_facility", facility),
            ("selinux_special_fs", list("DEFAULT_SELINUX_SPECIAL_FS")),
            ("socket", Value::Null),
            ("shell_executable", Value::from(context.shell.as_deref().unwrap_or("/bin/sh"))),
            ("keep_remote_files", settings.flag("DEFAULT_KEEP_REMOTE_FILES").into()),
            ("tmpdir", Value::Null),
            ("remote_tmp", Value::from(context.remote_tmp.as_deref().unwrap_or("~/.ansible/tmp"))),
            ("ignore_unknown_opts", false.into()),
            ("target_log_info", text("TARGET_LOG_INFO")),
            ("tracebacks_for", traces.into()),
        ];
        for (name, value) in told {
            args.insert(format!("_ansible_{name}"), value);
        }
    }

    /// What is to run beside modules in Python, by variables and settings.
    fn extensions(&self) -> Result<Extensions> {
        let settings = &self.task.shared.settings;
        Extensions::of(|name| {
            let variable = self.variable(&format!("_ansible{}", name.to_lowercase()));
            variable.or_else(|| Some(settings.get(name).clone()))
        })
    }

    /// Whether the user asks to see modules as files of Python: to keep them, or to look into them as they run.
    pub(super) fn wants_files(&self) -> Result<bool> {
        let shared = &self.task.shared;
        let asks = shared.settings.flag("DEFAULT_KEEP_REMOTE_FILES") || !self.extensions()?.is_empty();
        Ok(asks && shared.loader.catalogue().installed().is_some())
    }

    fn file(&self, module: &Module, path: &str, chosen: &Chosen, extensions: &Extensions) -> Result<FileModule> {
        let settings = &self.task.shared.settings;
        let interpreter = words::split(&chosen.line).map_err(Error::action)?;
        let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let unprivileged = self.target.escalation.as_ref().is_some_and(|become_| become_.user != "root");
        let pack = module.pack.as_ref();
        Ok(FileModule {
            kind: module.looked.kind,
            import: pack.map(|pack| pack.import.clone()).unwrap_or_default(),
            file: name,
            pack: pack.map(|pack| pack.id.clone()).unwrap_or_default(),
            base: pack.map(|pack| pack.base.clone()).unwrap_or_default(),
            profile: pack.map(|pack| pack.profile.name().to_owned()).unwrap_or_default(),
            extensions: pack.map(|pack| extensions.told(pack.sources())).unwrap_or_default(),
            interpreter,
            nofile: self.nofile()?,
            keep: settings.flag("DEFAULT_KEEP_REMOTE_FILES"),
            tmpdir: !unprivileged,
        })
    }

    /// How many files a module and what it runs may have open; 0 leaves it to the host.
    pub(super) fn nofile(&self) -> Result<u64> {
        let number = |limit: Value| match &limit {
            Value::Bool(yes) => Ok(i64::from(*yes)),
            Value::Int(number) => Ok(*number),
            Value::Float(number) => Ok(*number as i64),
            Value::Str(text) => text.as_str().trim().parse().map_err(|_| {
                let text = str_repr(text.as_str());
                Error::user(format!("invalid literal for int() with base 10: {text}"))
            }),
            other => {
                let kind = match other {
                    Value::List(_) => "_AnsibleTaggedList",
                    Value::Dict(_) => "_AnsibleTaggedDict",
                    other => other.type_name(),
                };
                let text = "int() argument must be a string, a bytes-like object or a real number";
                Err(Error::user(format!("{text}, not '{kind}'")))
            }
        };
        let setting = self.task.shared.settings.get("PYTHON_MODULE_RLIMIT_NOFILE");
        let limit = match self.vars.get("ansible_python_module_rlimit_nofile")? {
            Some(Var::Value(value)) => self.task.shared.templar.render_value(&value, &self.vars)?,
            _ => Some(setting.clone()),
        };
        let limit = limit.map(number).transpose()?.unwrap_or_default();
        Ok(limit.try_into().unwrap_or_default())
    }

    /// A variable of the host that the module runs on, rendered.
    pub(super) fn variable(&self, name: &str) -> Option<Value> {
        let Ok(Some(Var::Value(value))) = self.vars.get(name) else { return None };
        self.task.shared.templar.render_value(&value, &self.vars).ok().flatten().filter(|value| !value.is_null())
    }

    /// The interpreter of a module, by its first line, variables, settings, and what the host has.
    async fn interpreter(&self, looked: &Looked) -> Result<Chosen> {
        let default = ["/usr/bin/python".to_owned()];
        let shebang = match (looked.shebang.as_slice(), looked.kind) {
            ([], FileKind::Packed) => &default[..],
            (shebang, _) => shebang,
        };
        let Some((program, args)) = shebang.split_first() else { return Ok(Chosen::default()) };
        let short = program.rsplit('/').next().unwrap_or_default().trim();
        let mut chosen = if short == "python" {
            self.python().await?
        } else {
            let named = self.variable(&format!("ansible_{short}_interpreter")).map(|value| value.to_text());
            let line = named.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
            Chosen { line: line.unwrap_or_else(|| program.clone()), ..Chosen::default() }
        };
        for arg in args {
            chosen.line.push(' ');
            chosen.line.push_str(arg);
        }
        Ok(chosen)
    }

    /// Looks for the host's Python beside its first module that needs none: what it says and the fact are there
    /// with ansible-core as well.
    pub(super) async fn notice_python(&self) -> Result<()> {
        if self.discovered().contains_key(&self.vars.host) {
            return Ok(());
        }
        let mut chosen = self.python().await?;
        if chosen.found {
            *self.chosen.lock().unwrap_or_else(PoisonError::into_inner) = Some(chosen);
        } else if chosen.fact.take().is_some() {
            self.discovered().insert(self.vars.host.clone(), String::new());
        }
        Ok(())
    }

    /// Adds to a result what the look for Python brought.
    pub(super) fn noticed(&self, outcome: &mut Outcome) {
        if let Some(chosen) = &*self.chosen.lock().unwrap_or_else(PoisonError::into_inner) {
            chosen.tell(outcome);
        }
    }

    async fn python(&self) -> Result<Chosen> {
        let setting = || self.task.shared.settings.text("INTERPRETER_PYTHON").map(Value::from);
        let given = match self.vars.get("ansible_python_interpreter")? {
            Some(Var::Value(value)) => self.task.shared.templar.render_value(&value, &self.vars)?,
            _ => setting(),
        };
        let wanted = given.filter(|value| !value.is_null()).map(|value| value.to_text().trim().to_owned());
        let wanted = wanted.filter(|text| !text.is_empty()).unwrap_or_else(|| "auto".into());
        if !matches!(wanted.as_str(), "auto" | "auto_legacy" | "auto_silent" | "auto_legacy_silent") {
            return Ok(Chosen { line: wanted, ..Chosen::default() });
        }
        let key = "discovered_interpreter_python";
        let facts = self.variable("ansible_facts");
        if let Some(known) = facts.as_ref().and_then(|facts| facts.get(key)).filter(|known| !known.is_null()) {
            let line = known.to_text();
            self.discovered().insert(self.vars.host.clone(), line.clone());
            return Ok(Chosen { line, ..Chosen::default() });
        }
        let known = self.discovered().get(&self.vars.host).cloned();
        if let Some(line) = known.filter(|line| !line.is_empty()) {
            return Ok(Chosen { line, ..Chosen::default() });
        }
        let mut chosen = self.discover(&wanted).await?;
        self.discovered().insert(self.vars.host.clone(), chosen.line.clone());
        // A host that a task was delegated to learns nothing, unless it is to.
        chosen.fact = (!self.delegated || self.delegates_facts).then(|| key.to_owned());
        Ok(chosen)
    }

    fn discovered(&self) -> std::sync::MutexGuard<'_, HashMap<Arc<str>, String>> {
        self.task.shared.file_modules.discovered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the host which interpreters it has, as the login user.
    async fn discover(&self, mode: &str) -> Result<Chosen> {
        let shared = &self.task.shared;
        let host = str_repr(&self.vars.host);
        let mut warnings = Vec::new();
        if mode.starts_with("auto_legacy") {
            let text = format!(
                "The '{mode}' option for 'INTERPRETER_PYTHON' now has the same effect as 'auto'. This feature will be \
                 removed from ansible-core version 2.21."
            );
            shared.emit(&crate::event::Event::Deprecated(text));
        }
        let candidates: Vec<String> = match self.variable("ansible_interpreter_python_fallback") {
            Some(Value::List(items)) => items.iter().map(Value::to_text).collect(),
            Some(other) => other.to_text().split(',').map(|name| name.trim().to_owned()).collect(),
            None => shared.settings.list("INTERPRETER_PYTHON_FALLBACK").into_iter().map(str::to_owned).collect(),
        };
        shared.verbose(3, Some(&self.vars.host), || "Attempting python interpreter discovery.".into());
        let login = Target { escalation: None, ..self.target.clone() };
        let found = match self.programs(&login, &candidates).await {
            Ok(found) => found,
            Err(error) => return self.lost(error).map(|_| Chosen::default()),
        };
        let silent = mode.ends_with("_silent");
        match &found {
            Some(found) if !silent => warnings.push(format!(
                "Host {host} is using the discovered Python interpreter at {}, but future installation of another \
                 Python interpreter could cause a different interpreter to be discovered. See \
                 https://docs.ansible.com/ansible-core/2.19/reference_appendices/interpreter_discovery.html for more \
                 information.",
                str_repr(found)
            )),
            None if !silent => {
                let tried: Vec<String> = candidates.iter().map(|name| str_repr(name)).collect();
                warnings.push(format!("No python interpreters found for host {host} (tried [{}]).", tried.join(", ")));
            }
            _ => {}
        }
        Ok(Chosen { found: found.is_some(), line: found.unwrap_or_else(|| FALLBACK.into()), fact: None, warnings })
    }

    /// The first of these programs that the login finds: by its agent, or by a shell where there is none for it.
    async fn programs(&self, login: &Target, names: &[String]) -> Result<Option<String>, ConnectionError> {
        let connection = self.task.shared.pool.connect(login);
        match connection.run(programs::asking(names), None).await {
            Err(ConnectionError::NoAgent(_) | ConnectionError::Unsupported(_)) => {}
            Err(error) => return Err(error),
            Ok(outcome) => {
                let found = outcome.get("found").and_then(Value::as_list).unwrap_or_default();
                return Ok(found.first().map(Value::to_text));
            }
        }
        let asked: Vec<String> = names.iter().map(|name| format!("command -v '{name}'")).collect();
        let command = format!("echo FOUND; {}; echo ENDFOUND", asked.join("; "));
        let answer = connection.raw(&Raw { command, executable: None }).await?;
        let stdout = String::from_utf8_lossy(&answer.stdout).into_owned();
        let between = stdout.split_once("FOUND").and_then(|(_, rest)| rest.split_once("ENDFOUND"));
        let path = |lines: &str| lines.lines().map(str::trim).find(|line| line.starts_with('/')).map(str::to_owned);
        Ok(between.and_then(|(lines, _)| path(lines)))
    }
}

impl FileModules {
    fn module(&self, shared: &Shared, name: &str, path: &Arc<str>, extensions: &Extensions) -> Result<Arc<Module>> {
        let mut known = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (path.clone(), extensions.modules().collect());
        if let Some(module) = known.get(&key) {
            return Ok(Arc::clone(module));
        }
        let module = Arc::new(self.read(shared, name, path, extensions)?);
        known.insert(key, Arc::clone(&module));
        Ok(module)
    }

    fn read(&self, shared: &Shared, name: &str, path: &str, extensions: &Extensions) -> Result<Module> {
        let content = std::fs::read(path).map_err(|error| Error::action(format!("{path}: {error}")))?;
        let looked = python::look(&content).ok_or_else(|| {
            Error::unsupported(format!("the module {name} is written in PowerShell ({path}), which rplay does not run"))
        })?;
        if looked.shebang.is_empty() && !matches!(looked.kind, FileKind::Binary | FileKind::Packed) {
            return Err(Error::user(format!("module ({name}) is missing interpreter line")));
        }
        let pack = match (&looked.text, looked.kind) {
            (Some(text), FileKind::Packed) => Some(self.pack(shared, name, path, text, extensions)?),
            _ => None,
        };
        Ok(Module { looked, pack })
    }

    fn pack(&self, shared: &Shared, name: &str, path: &str, text: &[u8], extensions: &Extensions) -> Result<Pack> {
        let catalogue = shared.loader.catalogue();
        let Some(installed) = catalogue.installed() else {
            return Err(Error::unsupported(missing(name)));
        };
        let (_, mut utils) = shared.loader.own_folders();
        utils.extend(shared.settings.list("DEFAULT_MODULE_UTILS_PATH").into_iter().map(str::to_owned));
        let places = Places {
            utils: utils.into_iter().map(PathBuf::from).collect(),
            installed: Arc::clone(installed),
            collections: catalogue.collections().clone(),
            moved: Arc::clone(&self.moved),
        };
        let import = import_name(name, path, installed)?;
        let profile = match shared.settings.flag("_MODULE_METADATA") {
            true => python::profile(&String::from_utf8_lossy(text))?,
            false => Profile::Legacy,
        };
        let module = python::Module { import: &import, path: Path::new(path), text, profile };
        self.packer.pack(&module, extensions, &places)
    }
}

/// What modules in Python need, and how one comes by it.
pub(super) const NEEDS: &str = "the files of ansible-core 2.19 or later on this machine (`pip install ansible-core`, or \
                                set RPLAY_ANSIBLE to the folder that holds the package `ansible`)";

/// What is said of a module that needs an ansible-core which is not there.
pub(super) fn missing(name: &str) -> String {
    format!("the module {name} is written in Python and needs {NEEDS}")
}

/// What is said of a module that rplay lacks.
pub(super) fn lacking(shared: &Shared, fqcn: &str) -> String {
    let collection = fqcn.rsplit_once('.').map_or("", |(collection, _)| collection);
    let catalogue = shared.loader.catalogue();
    if collection == "ansible.builtin" {
        return match catalogue.installed() {
            Some(_) => format!("rplay has no module {fqcn} yet"),
            None => format!("rplay has no module {fqcn} yet; as one written in Python it needs {NEEDS}"),
        };
    }
    match catalogue.collections().folder(collection) {
        Some(_) => format!("the collection {collection} that is installed has no module {fqcn}"),
        None => format!("the module {fqcn} is none of rplay's own, and its collection {collection} is not installed"),
    }
}

/// Whether a module's file can be run here, as far as what it needs is there.
pub(super) fn can_run(shared: &Shared, path: &str) -> bool {
    let packed = || {
        let looked = std::fs::read(path).ok().and_then(|content| python::look(&content));
        looked.is_some_and(|looked| looked.kind == FileKind::Packed)
    };
    shared.loader.catalogue().installed().is_some() || !packed()
}

/// The name by which a module is imported on the host.
fn import_name(name: &str, path: &str, installed: &Installed) -> Result<String> {
    let core = installed.site().join("ansible/modules");
    let inside = Path::new(path).strip_prefix(&core).ok().map(|rest| format!("ansible/modules/{}", rest.display()));
    let inside = inside.or_else(|| {
        let at = path.find("/ansible_collections/")?;
        let mut parts = path[at + 1..].split('/').skip(3);
        (parts.next() == Some("plugins") && parts.next() == Some("modules")).then(|| path[at + 1..].to_owned())
    });
    match inside.as_deref().and_then(|inside| inside.strip_suffix(".py")) {
        Some(inside) if inside.contains('.') => {
            Err(Error::action(format!("The module {name} has a name that Python cannot import: {path}")))
        }
        Some(inside) => Ok(inside.replace('/', ".")),
        None => Ok(format!("ansible.legacy.{}", name.rsplit('.').next().unwrap_or(name))),
    }
}

/// The text of a module that is no Python module of today's, with its interpreter and, where it wants them in its
/// text, its arguments.
fn filled(text: &[u8], looked: &Looked, line: &str, args: &Dict, shared: &Shared) -> Vec<u8> {
    let rest = text.iter().position(|&byte| byte == b'\n').map_or(&[][..], |end| &text[end..]);
    let mut text = format!("#!{line}").into_bytes();
    text.extend_from_slice(rest);
    if looked.kind == FileKind::Whole {
        let json = write_json(&args.clone().into(), JsonStyle::default());
        let special = shared.settings.list("DEFAULT_SELINUX_SPECIAL_FS").join(",");
        let facility = args.get("_ansible_syslog_facility").map(Value::to_text).unwrap_or_default();
        let version = args.get("_ansible_version").map(Value::to_text).unwrap_or_default();
        let words = [
            ("\"<<ANSIBLE_VERSION>>\"", str_repr(&version)),
            ("\"<<INCLUDE_ANSIBLE_MODULE_COMPLEX_ARGS>>\"", format!("b{}", str_repr(&json))),
            ("<<SELINUX_SPECIAL_FILESYSTEMS>>", special),
            (python::JSON_ARGS, json),
            ("syslog.LOG_USER", format!("syslog.{facility}")),
        ];
        text = words.iter().fold(text, |text, (from, to)| python::replaced(&text, from, to));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_have_the_names_that_they_are_imported_by() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("ansible")).unwrap();
        std::fs::write(dir.path().join("ansible/release.py"), "__version__ = '2.19.14'").unwrap();
        let site = dir.path().to_string_lossy().into_owned();
        let places = crate::content::Places { named: Some(&site), ..crate::content::Places::default() };
        let installed = Installed::find(places).unwrap();
        let name = |name: &str, path: &str| import_name(name, path, &installed).unwrap();
        assert_eq!(name("apt", &format!("{site}/ansible/modules/apt.py")), "ansible.modules.apt");
        let path = "/c/ansible_collections/a/b/plugins/modules/sub/m.py";
        assert_eq!(name("a.b.sub.m", path), "ansible_collections.a.b.plugins.modules.sub.m");
        assert_eq!(name("ansible.legacy.mine", "/p/library/mine.py"), "ansible.legacy.mine");
        assert_eq!(name("mine", "/p/library/mine"), "ansible.legacy.mine");
        assert!(import_name("m", "/c/ansible_collections/a/b/plugins/modules/m.x.py", &installed).is_err());
    }
}
