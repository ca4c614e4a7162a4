//! Modules that are files: packed Python ones in forks of a warm interpreter, all others as programs.
//!
//! What is packed is kept on the host under its hash. An interpreter is kept for each set of words that start
//! one, each base of imports, and each environment that matters to its start; it has imported what every module
//! imports, and changes nothing of itself. What a module prints goes back as it is: the controller reads it.
//! A [`FileModules`] is whole in itself, so that a background job may have one of its own.

mod gather;
mod packs;
mod plain;
#[cfg(test)]
mod tests;
mod warm;

use crate::host::Env;
use crate::modules::Blob;
use crate::proto::{FileKind, FileModule, Outcome, Request, printed_text};
use crate::value::{Dict, JsonStyle, Value, write_json};
use packs::Packs;
use std::collections::HashMap;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};
use warm::Warm;

/// What lets a kept module be run by hand.
const KEPT: &str = include_str!("kept.py");

/// How many interpreters are kept at most.
const MOST_WARM: usize = 8;

/// Runs modules that are files, and keeps what makes the next run quick.
#[derive(Debug, Default)]
pub struct FileModules {
    packs: Packs,
    warm: Mutex<Interpreters>,
}

#[derive(Debug, Default)]
struct Interpreters {
    running: HashMap<Key, (Arc<Slot>, u64)>,
    uses: u64,
}

/// What tells interpreters apart: words, base, and the environment at their start.
type Key = (Vec<String>, String, Vec<(String, String)>);

/// An interpreter, once it is there.
type Slot = Mutex<Option<Arc<Warm>>>;

/// What a program left behind.
#[derive(Debug, Default)]
struct Printed {
    rc: i32,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Printed {
    /// The end by a signal, as the shell tells it that ansible-core has around every module.
    fn ended_by(&mut self, signal: i32, dumped: bool) {
        self.rc = 128 + signal;
        // A shell says nothing of an interrupt or a broken pipe.
        let words = match signal {
            1 => "Hangup",
            3 => "Quit",
            4 => "Illegal instruction",
            5 => "Trace/breakpoint trap",
            6 => "Aborted",
            7 => "Bus error",
            8 => "Floating point exception",
            9 => "Killed",
            10 => "User defined signal 1",
            11 => "Segmentation fault",
            12 => "User defined signal 2",
            14 => "Alarm clock",
            15 => "Terminated",
            16 => "Stack fault",
            24 => "CPU time limit exceeded",
            25 => "File size limit exceeded",
            26 => "Virtual timer expired",
            27 => "Profiling timer expired",
            29 => "I/O possible",
            30 => "Power failure",
            31 => "Bad system call",
            _ => return,
        };
        let dumped = if dumped { " (core dumped)" } else { "" };
        self.stderr.extend(format!("{words}{dumped}\n").bytes());
    }

    fn into_outcome(self) -> Outcome {
        Outcome::default()
            .with("rc", i64::from(self.rc))
            .with("stdout", printed_text(&self.stdout))
            .with("stderr", printed_text(&self.stderr))
    }
}

impl FileModules {
    /// Runs one; whatever happens, there is a result: what it printed, or that something is missing, or a failure.
    pub fn run(&self, request: Request, file: &FileModule, blob: Option<Blob>, cancelled: &AtomicBool) -> Outcome {
        let env = Env::new(&request.context.environment);
        let file = &whole(file, &env);
        let result = match file.kind {
            FileKind::Packed => self.packed(request, file, blob, &env, cancelled),
            _ => plain(request, file, blob, &env, cancelled),
        };
        result.unwrap_or_else(|error| match error.kind() {
            io::ErrorKind::Interrupted => Outcome::failed("The module was ended."),
            _ => Outcome::failed(format!("The module {} cannot be run: {error}", file.file)),
        })
    }

    /// Whether what a module needs is here already.
    pub fn has(&self, file: &FileModule) -> bool {
        file.kind == FileKind::Packed && self.packs.find(&file.pack).is_some()
    }

    fn packed(
        &self,
        request: Request,
        file: &FileModule,
        blob: Option<Blob>,
        env: &Env,
        cancelled: &AtomicBool,
    ) -> io::Result<Outcome> {
        let pack = match blob {
            Some(blob) => self.packs.store(&file.pack, &blob)?,
            None => match self.packs.find(&file.pack) {
                Some(pack) => pack,
                None => return Ok(Outcome::default().with(FileModule::MISSING, true)),
            },
        };
        let tmp = Tmp::new(&request, file, env)?;
        let params = Dict::from([("ANSIBLE_MODULE_ARGS", tmp.told(request.args))]);
        let call = warm::Call {
            import: &file.import,
            file: &file.file,
            pack: &pack,
            profile: file.profile(),
            extensions: file.extensions(),
            params: write_json(&params.into(), JsonStyle::default()),
            env: env.all(),
            nofile: file.nofile,
        };
        if file.keep {
            tmp.leave(file, &pack, &call.params)?;
        }
        let key = (file.interpreter.clone(), file.base.clone(), at_start(env));
        // One that has ended meanwhile, or was killed, makes place for another.
        for attempt in 0..2 {
            let slot = self.slot(key.clone());
            let warm = {
                let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
                match &*slot {
                    Some(warm) => Arc::clone(warm),
                    None => match Warm::start(&file.interpreter, env, &pack, cancelled)? {
                        Ok(warm) => Arc::clone(slot.insert(Arc::new(warm))),
                        Err(printed) => return Ok(printed.into_outcome()),
                    },
                }
            };
            match warm.run(&call, cancelled) {
                Ok(printed) => return Ok(printed.into_outcome()),
                Err(warm::Trouble::Module(error)) => return Err(error),
                Err(warm::Trouble::Gone(error)) => {
                    slot.lock().unwrap_or_else(PoisonError::into_inner).take_if(|kept| Arc::ptr_eq(kept, &warm));
                    if attempt > 0 {
                        return Err(error);
                    }
                }
            }
        }
        Err(io::Error::other("no interpreter"))
    }

    fn slot(&self, key: Key) -> Arc<Slot> {
        let mut kept = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        kept.uses += 1;
        let now = kept.uses;
        if !kept.running.contains_key(&key) && kept.running.len() >= MOST_WARM {
            let oldest = kept.running.iter().min_by_key(|(_, (_, used))| *used).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| kept.running.remove(&oldest));
        }
        let entry = kept.running.entry(key).or_default();
        entry.1 = now;
        Arc::clone(&entry.0)
    }
}

/// The module with its interpreter as one word, where all of that is the path of a file: it may hold spaces.
fn whole(file: &FileModule, env: &Env) -> FileModule {
    let line = file.interpreter.join(" ");
    match file.interpreter.len() > 1 && Path::new(&env.expand(&line)).is_file() {
        true => FileModule { interpreter: vec![line], ..file.clone() },
        false => file.clone(),
    }
}

fn plain(
    request: Request,
    file: &FileModule,
    blob: Option<Blob>,
    env: &Env,
    cancelled: &AtomicBool,
) -> io::Result<Outcome> {
    let blob = blob.ok_or_else(|| io::Error::other("its file did not come along"))?;
    let tmp = Tmp::new(&request, file, env)?;
    let args = tmp.told(request.args);
    plain::run(&tmp.path, file, &blob, &args, env, cancelled).map(Printed::into_outcome)
}

/// What of a task's environment matters before a module is imported.
fn at_start(env: &Env) -> Vec<(String, String)> {
    let matters = |name: &str| {
        name.starts_with("PYTHON")
            || name.starts_with("LD_")
            || name.starts_with("LC_")
            || matches!(name, "LANG" | "LANGUAGE" | "PATH" | "HOME" | "TZ")
    };
    env.over().iter().filter(|(name, _)| matters(name)).map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// A folder of one run, in `remote_tmp`; it goes with the run unless files are kept.
#[derive(Debug)]
struct Tmp {
    path: PathBuf,
    keep: bool,
    told: bool,
}

impl Tmp {
    fn new(request: &Request, file: &FileModule, env: &Env) -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let name = format!("ansible-tmp-{time}-{}-{}", std::process::id(), u64::from_ne_bytes(random) >> 16);
        let wanted = request.context.remote_tmp.as_deref().unwrap_or("~/.ansible/tmp");
        let places = [PathBuf::from(env.expand(wanted)), env.temp_dir(), "/var/tmp".into(), "/dev/shm".into()];
        let mut trouble = io::Error::other("no folder for temporary files");
        for place in places {
            // What another user may have made, or may read, is not entered; the folder itself is ours.
            if let Err(error) = DirBuilder::new().recursive(true).mode(0o700).create(&place) {
                trouble = error;
                continue;
            }
            let path = place.join(&name);
            match DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self { path, keep: file.keep, told: file.tmpdir }),
                Err(error) => trouble = error,
            }
        }
        Err(trouble)
    }

    /// Leaves a packed module there, with its arguments, as a program.
    fn leave(&self, file: &FileModule, pack: &Path, params: &str) -> io::Result<()> {
        std::fs::copy(pack, self.path.join("pack.zip"))?;
        let put = |name: &str, mode: u32, text: &str| {
            let path = self.path.join(name);
            OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?.write_all(text.as_bytes())
        };
        put("params", 0o600, params)?;
        put("extensions", 0o600, file.extensions())?;
        let program =
            format!("#!{}\n{KEPT}\n\nmain('{}', '{}')\n", file.interpreter.join(" "), file.import, file.profile());
        put(&format!("AnsiballZ_{}", file.file), 0o700, &program)
    }

    /// The arguments, with the folder where the module is to know it.
    fn told(&self, mut args: Dict) -> Value {
        let path = if self.told { Value::from(text(&self.path)) } else { Value::Null };
        args.insert("_ansible_tmpdir", path);
        args.into()
    }
}

impl Drop for Tmp {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
