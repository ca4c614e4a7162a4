//! Jobs: modules that run in the background (`async`), each in processes of its own.
//!
//! The agent starts its own program, which leaves for a new session and starts itself once more, so that
//! the job has neither the agent nor its terminal above it: it outlives the connection. The job keeps its
//! state in a file of the folder that `async_dir` names (by default `~/.ansible_async`), as the JSON that
//! Ansible's `async_wrapper` writes and `async_status` reads: first `{"started": true, "finished": false}`,
//! in the end the module's result. It runs the module in a thread and watches the time; a module that takes
//! too long is ended with the commands it runs.

use super::{panic, python::FileModules, run::run_module};
use crate::host::{Env, errors};
use crate::modules::{Blob, ModuleDef};
use crate::proto::frame::{self, Frame};
use crate::proto::{Bytes, Content, FileModule, FromAgent, Outcome, Request, ToAgent};
use crate::value::{Dict, JsonStyle, Value, parse_json, write_json};
use rustix::fs::Mode;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// The argument of the process that leaves the agent's session.
pub(super) const LEAVE: &str = "--job";
/// The argument of the process that does the work.
pub(super) const WORK: &str = "--job-work";

/// The program of this very process, even where its file was removed or replaced.
const OWN: &str = "/proc/self/exe";

/// How long a module has to end once its time is up.
const GRACE: Duration = Duration::from_secs(1);

/// Starts a request, for a built-in module or one that is a file, as a job, and says which one it became.
pub(super) fn start(request: &Request, file: Option<&FileModule>, content: Option<Content>) -> Outcome {
    let content = match content {
        // The agent's folder of staged files goes with the agent.
        Some(Content::Staged(path)) => match std::fs::read(&path) {
            Ok(bytes) => Some(Content::Inline(Bytes(bytes))),
            Err(error) => return Outcome::failed(errors::os_error(&error, path)),
        },
        other => other,
    };
    let request = Box::new(request.clone());
    let asked = match file {
        None => ToAgent::Run { id: 0, request, content },
        Some(file) => ToAgent::RunFile { id: 0, request, file: Box::new(file.clone()), content },
    };
    launch(&asked).unwrap_or_else(|error| Outcome::failed(format!("The background job did not start: {error}")))
}

fn launch(asked: &ToAgent) -> Result<Outcome, frame::FrameError> {
    let mut command = Command::new(OWN);
    command.arg(LEAVE).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = crate::host::command::spawn(&mut command)?;
    let bytes = frame::message(asked)?;
    let told = child.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(&bytes));
    let heard = match child.stdout.take() {
        Some(mut pipe) => frame::read::<FromAgent>(&mut pipe)?,
        None => None,
    };
    child.wait()?;
    match heard {
        Some(Frame::Message(FromAgent::Done { outcome, .. })) => Ok(outcome),
        _ => {
            told?;
            Err(io::Error::other("its process ended without a word").into())
        }
    }
}

/// The first process of a job: a session of its own, and then the worker, which it does not wait for.
pub(super) fn leave() -> ExitCode {
    // It fails where this process leads its session already.
    let _ = rustix::process::setsid();
    match Command::new(OWN).arg(WORK).spawn() {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// The second process of a job: reads the request, says that it began, and runs it.
pub(super) fn work(modules: &'static [&'static ModuleDef]) -> ExitCode {
    panic::remember_places();
    // Ansible's jobs have this one too.
    rustix::process::umask(Mode::from_raw_mode(0o022));
    let (request, file, content) = match frame::read(&mut io::stdin()) {
        Ok(Some(Frame::Message(ToAgent::Run { request, content, .. }))) => (request, None, content),
        Ok(Some(Frame::Message(ToAgent::RunFile { request, file, content, .. }))) => (request, Some(file), content),
        _ => return ExitCode::FAILURE,
    };
    let begun = Job::begin(&request);
    let said = match &begun {
        Ok(job) => job.started(),
        Err(failed) => failed.clone(),
    };
    let Ok(bytes) = frame::message(&FromAgent::Done { id: 0, outcome: said }) else { return ExitCode::FAILURE };
    let mut out = io::stdout();
    // An agent that is gone meanwhile does not stop the job.
    let _ = out.write_all(&bytes).and_then(|()| out.flush());
    let Ok(job) = begun else { return ExitCode::FAILURE };
    let blob = match content {
        Some(Content::Inline(Bytes(bytes))) => Some(Blob::Inline(bytes)),
        _ => None,
    };
    let ran = let_go().and_then(|()| match file {
        None => job.run(move |flag| run_module(modules, &request, blob, flag)),
        Some(file) => job.run(move |flag| {
            let cmd = file.file.clone();
            parsed(FileModules::default().run(*request, &file, blob, flag), &cmd)
        }),
    });
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Closes the pipes to the agent.
fn let_go() -> io::Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}

/// A job as its worker knows it.
#[derive(Debug)]
struct Job {
    id: String,
    path: PathBuf,
    limit: Option<Duration>,
}

impl Job {
    /// Makes the folder and the file that says it has started.
    fn begin(request: &Request) -> Result<Self, Outcome> {
        let asked = request.context.background.clone().unwrap_or_default();
        let env = Env::new(&request.context.environment);
        let folder = expanded(request.context.async_dir.as_deref().unwrap_or("~/.ansible_async"), &env);
        std::fs::create_dir_all(&folder).map_err(|error| {
            let (path, told) = (folder.display(), errors::os_error(&error, &folder));
            Outcome::failed(format!("could not create directory: {path} - {told}"))
        })?;
        let id = format!("{}.{}", asked.id, std::process::id());
        let job = Self { path: folder.join(&id), id, limit: asked.lasts() };
        let state = Dict::from([
            ("started", Value::Bool(true)),
            ("finished", Value::Bool(false)),
            ("ansible_job_id", Value::str(job.id.as_str())),
        ]);
        job.write(&state).map_err(|error| Outcome::failed(errors::os_error(&error, &job.path)))?;
        Ok(job)
    }

    /// What the task that started it gets.
    fn started(&self) -> Outcome {
        Outcome::default()
            .with("failed", false)
            .with("started", true)
            .with("finished", false)
            .with("ansible_job_id", self.id.as_str())
            .with("results_file", self.path.to_string_lossy().into_owned())
    }

    /// Runs the module, and leaves its result in the file.
    fn run(&self, module: impl FnOnce(&AtomicBool) -> Outcome + Send + 'static) -> io::Result<()> {
        let cancelled = Arc::new(AtomicBool::new(false));
        let (sender, results) = channel();
        let flag = Arc::clone(&cancelled);
        std::thread::Builder::new().name("job".into()).spawn(move || {
            // Nobody hears it where the time is up.
            let _ = sender.send(module(&flag));
        })?;
        let ended = match self.limit {
            Some(limit) => results.recv_timeout(limit),
            None => results.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match ended {
            Ok(mut outcome) => {
                if outcome.result.remove(NO_RESULT).is_some() {
                    outcome.set("ansible_job_id", self.id.as_str());
                }
                self.write(&outcome.result)
            }
            Err(RecvTimeoutError::Timeout) => {
                cancelled.store(true, Ordering::Relaxed);
                // The module ends its commands; one that looks at nothing ends with this process.
                let _ = results.recv_timeout(GRACE);
                self.write(&timed_out())
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.write(&Outcome::failed("The background job ended without a result").result)
            }
        }
    }

    /// Writes the state beside the file, then puts it in its place, as whoever looks must see all or nothing.
    fn write(&self, state: &Dict) -> io::Result<()> {
        let mut beside = self.path.clone().into_os_string();
        beside.push(".tmp");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&beside)?;
        file.write_all(write_json(&Value::Dict(state.clone()), JsonStyle::default()).as_bytes())?;
        drop(file);
        std::fs::rename(&beside, &self.path)
    }
}

/// What becomes of a job that takes too long.
fn timed_out() -> Dict {
    Dict::from([
        ("msg", Value::str("Timeout exceeded")),
        ("failed", Value::Bool(true)),
        ("child_pid", Value::Int(i64::from(std::process::id()))),
    ])
}

/// Marks what stands for a result that could not be read.
const NO_RESULT: &str = "_ansible_no_result";

/// The result that a program printed: the JSON between its first line that opens it and its last that closes it.
fn parsed(printed: Outcome, cmd: &str) -> Outcome {
    let text = |key: &str| printed.get(key).map(Value::to_text).unwrap_or_default();
    if printed.is_failed() {
        return printed;
    }
    let (out, err) = (text("stdout"), text("stderr"));
    let (json, junk) = json_lines(&out);
    let mut outcome = match parse_json(&json) {
        Ok(Value::Dict(result)) => Outcome { result },
        _ => {
            let failed = Outcome::default().with("failed", true).with("cmd", cmd).with("data", out.as_str());
            let text = "Traceback (most recent call last):\nValueError: No start of json char found\n";
            return failed.with("stderr", err).with("msg", text).with(NO_RESULT, true);
        }
    };
    if !junk.is_empty() {
        outcome.warn(format!("Module invocation had junk after the JSON data: {junk}"));
    }
    if !err.is_empty() {
        outcome.set("stderr", err);
    }
    outcome
}

/// The lines of JSON in what a program printed, and those after them.
fn json_lines(text: &str) -> (String, String) {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().position(|line| line.trim().starts_with('{')).unwrap_or(lines.len());
    let end = lines.iter().rposition(|line| line.trim().ends_with('}')).map_or(start, |at| (at + 1).max(start));
    (lines[start..end].join("\n"), lines[end..].join("\n"))
}

/// A path whose `~` stands for a home, as Python's `expanduser` has it.
fn expanded(path: &str, env: &Env) -> PathBuf {
    let Some(rest) = path.strip_prefix('~') else { return PathBuf::from(path) };
    let (user, below) = rest.split_once('/').unwrap_or((rest, ""));
    match env.home(user) {
        Some(home) => Path::new(&home).join(below),
        None => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::argspec::{Arg, Kind, Spec};
    use crate::modules::{Call, Support};
    use crate::proto::Background;
    use crate::value::parse_json;

    static SPEC: Spec = Spec { args: &[Arg::new("seconds", Kind::Int)], ..Spec::EMPTY };
    static SLEEP: ModuleDef =
        ModuleDef { name: "sleep", doc: "", spec: &SPEC, check: Support::None, diff: Support::None, run };
    static TABLE: &[&ModuleDef] = &[&SLEEP];

    fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
        let seconds = call.args.int("seconds").to_string();
        match call.command(["sleep", &seconds]).run() {
            Ok(output) => Ok(Outcome::changed(true).with("rc", i64::from(output.rc))),
            Err(error) => Err(Outcome::failed(error.to_string())),
        }
    }

    /// The request and its job, with the file's content after the run.
    fn ran(folder: &Path, seconds: i64, limit: Option<u64>) -> Dict {
        let mut request = Request { module: "sleep".into(), ..Request::default() };
        request.args.insert("seconds", seconds);
        request.context.async_dir = Some(folder.join("jobs").to_string_lossy().into_owned());
        request.context.background = Some(Background { id: "j7".into(), limit });
        let job = Job::begin(&request).expect("begins");
        let started = job.started();
        assert_eq!(started.get("ansible_job_id").map(Value::to_text), Some(format!("j7.{}", std::process::id())));
        let state = std::fs::read_to_string(&job.path).expect("a file");
        assert!(state.starts_with("{\"started\": true, \"finished\": false, \"ansible_job_id\": \"j7."), "{state}");
        job.run(move |flag| run_module(TABLE, &request, None, flag)).expect("runs");
        let written = std::fs::read_to_string(&job.path).expect("a file");
        match parse_json(&written) {
            Ok(Value::Dict(dict)) => dict,
            other => panic!("{written}: {other:?}"),
        }
    }

    #[test]
    fn leaves_its_result_in_the_file() {
        let dir = tempfile::tempdir().expect("dir");
        let result = ran(dir.path(), 0, None);
        assert_eq!((result.get("rc"), result.get("changed")), (Some(&Value::Int(0)), Some(&Value::Bool(true))));
        assert!(result.get("started").is_none());
    }

    #[test]
    fn ends_what_takes_too_long() {
        let dir = tempfile::tempdir().expect("dir");
        let before = std::time::Instant::now();
        let result = ran(dir.path(), 60, Some(1));
        assert_eq!(result.get("msg").and_then(Value::as_str), Some("Timeout exceeded"));
        assert!(before.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn says_why_there_is_no_folder() {
        let mut request = Request::default();
        request.context.async_dir = Some("/proc/nope/jobs".into());
        let failed = Job::begin(&request).expect_err("no folder");
        let msg = failed.get("msg").map(Value::to_text).unwrap_or_default();
        assert!(msg.starts_with("could not create directory: /proc/nope/jobs - [Errno 2]"), "{msg}");
    }

    #[test]
    fn reads_what_a_program_printed() {
        let printed =
            |out: &str| parsed(Outcome::default().with("stdout", out).with("stderr", "e\n").with("rc", 0), "x");
        let good = printed("junk\n{\"a\": 1,\n\"b\": 2}\nmore\n");
        assert_eq!((good.get("a"), good.get("b")), (Some(&Value::Int(1)), Some(&Value::Int(2))));
        let warned = good.get("warnings").map(Value::to_text).unwrap_or_default();
        assert_eq!(warned, "['Module invocation had junk after the JSON data: more']");
        assert_eq!(good.get("stderr").and_then(Value::as_str), Some("e\n"));
        let bad = printed("nothing");
        assert!(bad.is_failed() && bad.get("data").is_some());
    }
}
