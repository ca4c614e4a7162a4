//! Reads requests, starts them, and sends the answers.
//!
//! One thread reads and does what is quick (staging, probes); every module run and every file
//! sent back has a thread of its own. An answer is written whole under one lock.

use super::python::FileModules;
use super::run::run_module;
use super::stage::Stage;
use super::{job, stamp, surroundings};
use crate::modules::{Blob, ModuleDef};
use crate::proto::frame::{self, CHUNK, Frame, FrameError};
use crate::proto::{Bytes, Content, FileModule, FromAgent, Outcome, Request, ToAgent};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long tasks have to end once the controller is lost.
const GRACE: Duration = Duration::from_secs(10);

/// Serves one controller until it says goodbye or is lost.
pub fn serve(
    modules: &'static [&'static ModuleDef],
    mut input: impl Read,
    output: impl Write + Send + 'static,
) -> Result<(), FrameError> {
    let shared = Arc::new(Shared { modules, output: Mutex::new(Box::new(output)), ..Shared::default() });
    shared.say(&FromAgent::Hello(surroundings::hello()));
    let end = shared.read_all(&mut input);
    if !matches!(end, Ok(Goodbye::Said)) {
        shared.cancel_all();
    }
    let patience = if matches!(end, Ok(Goodbye::Said)) { None } else { Some(GRACE) };
    shared.await_all(patience);
    drop(std::mem::take(&mut *lock(&shared.stage)));
    end.map(drop)
}

enum Goodbye {
    Said,
    Lost,
}

struct Shared {
    modules: &'static [&'static ModuleDef],
    output: Mutex<Box<dyn Write + Send>>,
    stage: Mutex<Stage>,
    /// Modules that are files, and the interpreters that are kept warm for them.
    python: FileModules,
    /// What is under way, with the flag that ends it.
    running: Mutex<HashMap<u64, Arc<AtomicBool>>>,
    ended: Condvar,
    /// What is to start after what.
    order: Mutex<HashMap<u64, u64>>,
    /// What waits for the end of another request.
    held: Mutex<HashMap<u64, Vec<Launch>>>,
}

type Launch = Box<dyn FnOnce(&Arc<Shared>) + Send>;

impl Default for Shared {
    fn default() -> Self {
        Self {
            modules: &[],
            output: Mutex::new(Box::new(io::sink())),
            stage: Mutex::default(),
            python: FileModules::default(),
            running: Mutex::default(),
            ended: Condvar::new(),
            order: Mutex::default(),
            held: Mutex::default(),
        }
    }
}

/// A panic while a lock was held leaves nothing half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn read_all(self: &Arc<Self>, input: &mut impl Read) -> Result<Goodbye, FrameError> {
        while let Some(frame) = frame::read(input)? {
            match frame {
                Frame::Chunk { id, data } => {
                    let added = lock(&self.stage).add(id, &data);
                    match added {
                        Ok(None) => {}
                        Ok(Some(path)) => self.say(&FromAgent::Staged { id, path: text(&path) }),
                        Err(error) => self.fail(id, &error),
                    }
                }
                Frame::Message(ToAgent::Bye) => return Ok(Goodbye::Said),
                Frame::Message(message) => self.heed(message),
            }
        }
        Ok(Goodbye::Lost)
    }

    fn heed(self: &Arc<Self>, message: ToAgent) {
        match message {
            ToAgent::Run { id, request, content } => {
                self.start(id, move |shared, cancelled| shared.run(id, &request, content, cancelled));
            }
            ToAgent::RunFile { id, request, file, content } => {
                self.start(id, move |shared, cancelled| shared.run_file(id, *request, &file, content, cancelled));
            }
            ToAgent::Get { id, path } => self.start(id, move |shared, cancelled| {
                if let Err(error) = shared.send_file(id, &path, cancelled) {
                    shared.fail(id, &error);
                }
            }),
            ToAgent::Put { id, name, executable } => {
                let begun = lock(&self.stage).begin(id, &name, executable);
                if let Err(error) = begun {
                    self.fail(id, &error);
                }
            }
            ToAgent::After { id, before } => drop(lock(&self.order).insert(id, before)),
            ToAgent::Cancel { id } => {
                lock(&self.stage).cancel(id);
                if let Some(flag) = lock(&self.running).get(&id) {
                    flag.store(true, Ordering::Relaxed);
                }
            }
            ToAgent::Probe { id } => self.say(&FromAgent::Stamp { id, stamp: stamp::stamp() }),
            ToAgent::Unstage { path } => lock(&self.stage).remove(path.as_ref()),
            ToAgent::Bye => {}
        }
    }

    fn start(self: &Arc<Self>, id: u64, work: impl FnOnce(&Self, &AtomicBool) + Send + 'static) {
        let cancelled = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&cancelled);
        let launch: Launch = Box::new(move |shared| {
            let own = Arc::clone(shared);
            let thread = std::thread::Builder::new().name(format!("task {id}")).spawn(move || {
                // Who has cancelled what had not begun waits for no answer.
                if !cancelled.load(Ordering::Relaxed) {
                    work(&own, &cancelled);
                }
                own.end(id);
            });
            if let Err(error) = thread {
                shared.fail(id, &error);
                shared.end(id);
            }
        });
        let before = lock(&self.order).remove(&id);
        let mut running = lock(&self.running);
        running.insert(id, flag);
        match before {
            Some(before) if running.contains_key(&before) => lock(&self.held).entry(before).or_default().push(launch),
            _ => {
                drop(running);
                launch(self);
            }
        }
    }

    fn end(self: &Arc<Self>, id: u64) {
        let mut running = lock(&self.running);
        running.remove(&id);
        let held = lock(&self.held).remove(&id).unwrap_or_default();
        drop(running);
        held.into_iter().for_each(|launch| launch(self));
        self.ended.notify_all();
    }

    fn run(&self, id: u64, request: &Request, content: Option<Content>, cancelled: &AtomicBool) {
        if request.context.background.is_some() {
            let outcome = job::start(request, None, content);
            self.say(&FromAgent::Done { id, outcome });
            return;
        }
        self.with_blob(id, content, |blob| run_module(self.modules, request, blob, cancelled));
    }

    fn run_file(&self, id: u64, request: Request, file: &FileModule, content: Option<Content>, cancelled: &AtomicBool) {
        if request.context.background.is_some() && (content.is_some() || self.python.has(file)) {
            let outcome = job::start(&request, Some(file), content);
            self.say(&FromAgent::Done { id, outcome });
            return;
        }
        self.with_blob(id, content, |blob| self.python.run(request, file, blob, cancelled));
    }

    fn with_blob(&self, id: u64, content: Option<Content>, run: impl FnOnce(Option<Blob>) -> Outcome) {
        let (blob, staged) = match content {
            None => (None, None),
            Some(Content::Inline(Bytes(bytes))) => (Some(Blob::Inline(bytes)), None),
            Some(Content::Staged(path)) => (Some(Blob::Staged(path.clone().into())), Some(PathBuf::from(path))),
        };
        let outcome = run(blob);
        if let Some(path) = staged {
            lock(&self.stage).remove(&path);
        }
        self.say(&FromAgent::Done { id, outcome });
    }

    fn send_file(&self, id: u64, path: &str, cancelled: &AtomicBool) -> io::Result<()> {
        let mut file = File::open(path)?;
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = match file.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if cancelled.load(Ordering::Relaxed) {
                return Ok(());
            }
            self.write(&frame::chunk(id, &buffer[..count]));
            if count == 0 {
                return Ok(());
            }
        }
    }

    fn fail(&self, id: u64, error: &io::Error) {
        self.say(&FromAgent::Failed { id, message: error.to_string() });
    }

    fn say(&self, message: &FromAgent) {
        let bytes = frame::message(message).or_else(|error| match message {
            // Too long, or deeper than MessagePack bears: the task fails, the agent goes on.
            FromAgent::Done { id, .. } => {
                let outcome = Outcome::failed(format!("The result cannot be sent: {error}"));
                frame::message(&FromAgent::Done { id: *id, outcome })
            }
            _ => Err(error),
        });
        if let Ok(bytes) = bytes {
            self.write(&bytes);
        }
    }

    fn write(&self, bytes: &[u8]) {
        let mut output = lock(&self.output);
        if output.write_all(bytes).and_then(|()| output.flush()).is_err() {
            drop(output);
            // Nobody hears the answers: the end of standard input follows, but may be late.
            self.cancel_all();
        }
    }

    fn cancel_all(&self) {
        lock(&self.running).values().for_each(|flag| flag.store(true, Ordering::Relaxed));
    }

    fn await_all(&self, patience: Option<Duration>) {
        let deadline = patience.map(|patience| Instant::now() + patience);
        let mut running = lock(&self.running);
        while !running.is_empty() {
            let left = deadline.map_or(GRACE, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return;
            }
            running = self.ended.wait_timeout(running, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn text(path: &std::path::Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Value;

    /// Lets a test read what the agent has written.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            lock(&self.0).extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn talk(messages: &[ToAgent], extra: &[u8]) -> Vec<Frame<FromAgent>> {
        let mut input: Vec<u8> = messages.iter().flat_map(|m| frame::message(m).unwrap()).collect();
        input.extend_from_slice(extra);
        let written = Written::default();
        serve(&[], &input[..], written.clone()).unwrap();
        let bytes = lock(&written.0).clone();
        let mut pipe = &bytes[..];
        std::iter::from_fn(|| frame::read(&mut pipe).unwrap()).collect()
    }

    #[test]
    fn an_unknown_module_fails_by_name() {
        let request = Box::new(Request { module: "nope".into(), ..Request::default() });
        let frames = talk(&[ToAgent::Run { id: 1, request, content: None }, ToAgent::Bye], b"");
        let [Frame::Message(FromAgent::Hello(hello)), Frame::Message(FromAgent::Done { id: 1, outcome })] = &frames[..]
        else {
            panic!("{frames:?}")
        };
        assert_eq!(hello.system, "Linux");
        let msg = outcome.get("msg").and_then(Value::as_str);
        assert_eq!(msg, Some("The module nope is not supported by this rplay-agent"));
    }

    #[test]
    fn requests_keep_an_order_that_they_are_given() {
        let shared = Arc::new(Shared::default());
        let told = Arc::new(Mutex::new(Vec::new()));
        let (go, wait) = std::sync::mpsc::channel::<()>();
        let tell = |id: u64| {
            let told = Arc::clone(&told);
            move |_: &Shared, _: &AtomicBool| lock(&told).push(id)
        };
        let first = tell(1);
        shared.start(1, move |shared, cancelled| {
            let _ = wait.recv();
            first(shared, cancelled);
        });
        for id in 2..=3 {
            shared.heed(ToAgent::After { id, before: id - 1 });
            shared.start(id, tell(id));
        }
        shared.heed(ToAgent::After { id: 4, before: 1 });
        shared.start(4, tell(4));
        shared.heed(ToAgent::Cancel { id: 4 });
        assert!(lock(&told).is_empty());
        drop(go);
        shared.await_all(Some(GRACE));
        assert_eq!(*lock(&told), [1, 2, 3]);
    }

    #[test]
    fn files_are_staged_and_sent_back() {
        let chunks: Vec<u8> = [frame::chunk(3, b"abc"), frame::chunk(3, b"")].concat();
        let frames = talk(&[ToAgent::Put { id: 3, name: "x".into(), executable: false }], &chunks);
        assert!(matches!(&frames[1], Frame::Message(FromAgent::Staged { id: 3, .. })), "{frames:?}");
        let frames = talk(&[ToAgent::Get { id: 4, path: "/etc/hostname".into() }, ToAgent::Bye], b"");
        assert!(matches!(&frames.last(), Some(Frame::Chunk { id: 4, data }) if data.is_empty()), "{frames:?}");
        let frames = talk(&[ToAgent::Get { id: 4, path: "/nope".into() }, ToAgent::Bye], b"");
        assert!(matches!(&frames[1], Frame::Message(FromAgent::Failed { id: 4, .. })), "{frames:?}");
    }
}
