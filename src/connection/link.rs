//! One running agent: requests go out, answers come back by id, many under way at once.
//!
//! The pipe is written by one task and read by another. Control messages never wait; chunks of
//! files wait for one of few permits, so that a slow host costs no memory. A link that has lost
//! its agent stays lost: its slot makes a new one.

use super::error::ConnectionError;
use super::lane::Lane;
use super::pipe::{Ending, Pipe};
use crate::proto::frame::{self, CHUNK, Frame, FrameError, HEADER};
use crate::proto::{Content, FileModule, FromAgent, Hello, Outcome, Request, ToAgent};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot, watch};

/// How many chunks wait to be written at most.
const CHUNKS_UNDER_WAY: usize = 8;

/// How long a lost agent may take to be gone.
const MOST_PARTING: Duration = Duration::from_secs(15);

/// How long an agent may take to say that it is there.
const MOST_SILENCE: Duration = Duration::from_secs(10);

/// A running agent.
#[derive(Debug)]
pub(super) struct Link {
    pub hello: Hello,
    out: mpsc::UnboundedSender<Piece>,
    chunks: Arc<Semaphore>,
    waiters: Arc<Waiters>,
    next: AtomicU64,
    ending: watch::Receiver<Option<Ending>>,
    /// How many requests of the whole machine nobody waited for to the end.
    given_up: Arc<AtomicU64>,
    /// How many of them there were when the agent last showed that it answers.
    answered: AtomicU64,
}

#[derive(Debug)]
struct Piece {
    bytes: Vec<u8>,
    _permit: Option<OwnedSemaphorePermit>,
}

/// Who waits for what; None once the agent is lost.
#[derive(Debug)]
struct Waiters(Mutex<Option<HashMap<u64, Waiter>>>);

#[derive(Debug)]
enum Waiter {
    Answer(oneshot::Sender<FromAgent>),
    File(mpsc::Sender<Result<Vec<u8>, String>>),
}

impl Waiters {
    fn lock(&self) -> MutexGuard<'_, Option<HashMap<u64, Waiter>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, id: u64, waiter: Waiter) -> bool {
        self.lock().as_mut().map(|waiters| waiters.insert(id, waiter)).is_some()
    }

    fn take(&self, id: u64) -> Option<Waiter> {
        self.lock().as_mut().and_then(|waiters| waiters.remove(&id))
    }

    fn has(&self, id: u64) -> bool {
        self.lock().as_ref().is_some_and(|waiters| waiters.contains_key(&id))
    }

    fn file(&self, id: u64) -> Option<mpsc::Sender<Result<Vec<u8>, String>>> {
        match self.lock().as_ref()?.get(&id)? {
            Waiter::File(sender) => Some(sender.clone()),
            Waiter::Answer(_) => None,
        }
    }
}

impl Link {
    /// Takes over a pipe on which the agent's marker was seen; waits for its first message.
    ///
    /// `given_up` counts the requests of the machine that were given up, here and on its other links.
    pub async fn open(pipe: Pipe, given_up: &Arc<AtomicU64>) -> Result<Self, ConnectionError> {
        let Pipe { stdin, mut stdout, end } = pipe;
        let hello = match read_frame(&mut stdout).await {
            Ok(Some(Frame::Message(FromAgent::Hello(hello)))) => hello,
            Ok(Some(_)) => return Err(ConnectionError::failed("the agent does not speak as rplay's does")),
            Ok(None) => return Err(end.await.into_error()),
            Err(error) => return Err(ConnectionError::failed(format!("the agent's first words: {error}"))),
        };
        if hello.protocol != crate::proto::PROTOCOL {
            let (theirs, ours) = (hello.protocol, crate::proto::PROTOCOL);
            let text = format!("the agent (version {}) speaks protocol {theirs}, not {ours}", hello.version);
            return Err(ConnectionError::failed(text));
        }
        let (out, queue) = mpsc::unbounded_channel();
        let waiters = Arc::new(Waiters(Mutex::new(Some(HashMap::new()))));
        let (tell, ending) = watch::channel(None);
        let writer = tokio::spawn(write_all(stdin, queue));
        let readers = Arc::clone(&waiters);
        tokio::spawn(async move {
            let trouble = read_all(stdout, &readers).await.err();
            readers.lock().take();
            // An agent that is not understood, or says nothing more, ends with its input.
            writer.abort();
            let mut ending = tokio::time::timeout(MOST_PARTING, end).await.unwrap_or_default();
            if let Some(trouble) = trouble {
                ending.stderr.push_str(&format!("the agent's words: {trouble}"));
            }
            let _ = tell.send(Some(ending));
        });
        let chunks = Arc::new(Semaphore::new(CHUNKS_UNDER_WAY));
        let (given_up, answered) = (Arc::clone(given_up), AtomicU64::new(given_up.load(Ordering::Relaxed)));
        Ok(Self { hello, out, chunks, waiters, next: AtomicU64::new(1), ending, given_up, answered })
    }

    /// Whether the agent has not been lost.
    pub fn is_alive(&self) -> bool {
        self.waiters.lock().is_some()
    }

    /// Whether it answers still, which is asked where a request was given up: a task's time may be over since the
    /// agent is stopped, or the network silent.
    pub async fn answers(&self) -> bool {
        let given_up = self.given_up.load(Ordering::Relaxed);
        if self.answered.load(Ordering::Relaxed) == given_up {
            return true;
        }
        let answers = matches!(tokio::time::timeout(MOST_SILENCE, self.probe()).await, Ok(Ok(_)));
        if answers {
            self.answered.store(given_up, Ordering::Relaxed);
        }
        answers
    }

    /// Runs a module; dropped before its answer, it is cancelled on the host.
    pub async fn run(&self, request: Request, content: Option<Content>) -> Result<Outcome, ConnectionError> {
        let (id, answer) = self.wait().await?;
        self.say(&ToAgent::Run { id, request: Box::new(request), content })?;
        match self.answer(id, answer).await? {
            FromAgent::Done { outcome, .. } => Ok(outcome),
            other => Err(unexpected(&other)),
        }
    }

    /// Runs a module that is a file; dropped before its answer, it is cancelled on the host.
    pub async fn run_file(
        &self,
        request: Request,
        file: FileModule,
        content: Option<Content>,
    ) -> Result<Outcome, ConnectionError> {
        let (id, answer) = self.wait().await?;
        self.say(&ToAgent::RunFile { id, request: Box::new(request), file: Box::new(file), content })?;
        match self.answer(id, answer).await? {
            FromAgent::Done { outcome, .. } => Ok(outcome),
            other => Err(unexpected(&other)),
        }
    }

    /// The same for a request that starts once the last one of its lane has ended; `sent` is called as soon as it has left.
    pub async fn run_in_lane(
        &self,
        request: Request,
        content: Option<Content>,
        lane: &Lane,
        sent: impl FnOnce(),
    ) -> Result<Outcome, ConnectionError> {
        let (id, answer) = self.wait().await?;
        {
            let mut last = lane.last();
            if let Some(before) = last.replace(id) {
                self.say(&ToAgent::After { id, before })?;
            }
            self.say(&ToAgent::Run { id, request: Box::new(request), content })?;
        }
        sent();
        match self.answer(id, answer).await? {
            FromAgent::Done { outcome, .. } => Ok(outcome),
            other => Err(unexpected(&other)),
        }
    }

    /// Asks for the stamp of what a login reads.
    pub async fn probe(&self) -> Result<u64, ConnectionError> {
        let (id, answer) = self.wait().await?;
        self.say(&ToAgent::Probe { id })?;
        match self.answer(id, answer).await? {
            FromAgent::Stamp { stamp, .. } => Ok(stamp),
            other => Err(unexpected(&other)),
        }
    }

    /// Puts a file into a private folder of the host, and says its path.
    pub async fn put(
        &self,
        name: &str,
        executable: bool,
        reader: &mut (impl AsyncRead + Unpin + ?Sized),
    ) -> Result<String, ConnectionError> {
        let (id, answer) = self.wait().await?;
        self.say(&ToAgent::Put { id, name: name.into(), executable })?;
        let mut guard = Guard::new(self, id);
        loop {
            let Ok(permit) = Arc::clone(&self.chunks).acquire_owned().await else { break };
            let mut data = Vec::with_capacity(CHUNK);
            let read = (&mut *reader).take(CHUNK as u64).read_to_end(&mut data).await;
            let count = read.map_err(|e| ConnectionError::failed(format!("{name} cannot be read: {e}")))?;
            if self.out.send(Piece { bytes: frame::chunk(id, &data), _permit: Some(permit) }).is_err() || count == 0 {
                break;
            }
            // Answered already, for instance since the disk is full; or the agent is lost.
            if !self.waiters.has(id) {
                break;
            }
        }
        guard.disarm();
        match self.answer(id, answer).await? {
            FromAgent::Staged { path, .. } => Ok(path),
            other => Err(unexpected(&other)),
        }
    }

    /// Copies a file of the host into a writer, and says its size.
    pub async fn get(
        &self,
        path: &str,
        writer: &mut (impl AsyncWrite + Unpin + ?Sized),
    ) -> Result<u64, ConnectionError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, mut pieces) = mpsc::channel(CHUNKS_UNDER_WAY);
        if !self.waiters.add(id, Waiter::File(sender)) {
            return Err(self.lost().await);
        }
        let mut guard = Guard::new(self, id);
        self.say(&ToAgent::Get { id, path: path.into() })?;
        let mut size = 0;
        while let Some(piece) = pieces.recv().await {
            let data = piece.map_err(ConnectionError::Failed)?;
            if data.is_empty() {
                guard.disarm();
                writer.flush().await.map_err(|e| ConnectionError::unwritable(&e))?;
                return Ok(size);
            }
            size += data.len() as u64;
            writer.write_all(&data).await.map_err(|e| ConnectionError::unwritable(&e))?;
        }
        Err(self.lost().await)
    }

    /// Removes a staged file; nobody waits for it.
    pub fn unstage(&self, path: &str) {
        let _ = self.say(&ToAgent::Unstage { path: path.into() });
    }

    /// Ends the agent and waits until it is gone, though not for ever.
    pub async fn leave(self: Arc<Self>) {
        let mut ending = self.ending.clone();
        // With the last holder, the agent is told to go.
        drop(self);
        let _ = tokio::time::timeout(MOST_PARTING, ending.wait_for(Option::is_some)).await;
    }

    async fn wait(&self) -> Result<(u64, oneshot::Receiver<FromAgent>), ConnectionError> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        if self.waiters.add(id, Waiter::Answer(sender)) { Ok((id, receiver)) } else { Err(self.lost().await) }
    }

    async fn answer(&self, id: u64, answer: oneshot::Receiver<FromAgent>) -> Result<FromAgent, ConnectionError> {
        let mut guard = Guard::new(self, id);
        let answer = answer.await;
        guard.disarm();
        match answer {
            Ok(FromAgent::Failed { message, .. }) => Err(ConnectionError::Failed(message)),
            Ok(answer) => Ok(answer),
            Err(_) => Err(self.lost().await),
        }
    }

    fn say(&self, message: &ToAgent) -> Result<(), ConnectionError> {
        let bytes = frame::message(message).map_err(|e| ConnectionError::failed(e.to_string()))?;
        // A closed queue means a lost agent, which whoever waits for the answer hears.
        let _ = self.out.send(Piece { bytes, _permit: None });
        Ok(())
    }

    /// Why the agent was lost.
    async fn lost(&self) -> ConnectionError {
        let mut ending = self.ending.clone();
        match ending.wait_for(Option::is_some).await {
            Ok(ending) => ending.clone().unwrap_or_default().into_error(),
            Err(_) => Ending::default().into_error(),
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let _ = self.say(&ToAgent::Bye);
    }
}

/// Cancels a request on the host when its future is dropped.
struct Guard<'a> {
    link: &'a Link,
    id: Option<u64>,
}

impl<'a> Guard<'a> {
    fn new(link: &'a Link, id: u64) -> Self {
        Self { link, id: Some(id) }
    }

    fn disarm(&mut self) {
        self.id = None;
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.link.waiters.take(id);
            self.link.given_up.fetch_add(1, Ordering::Relaxed);
            let _ = self.link.say(&ToAgent::Cancel { id });
        }
    }
}

fn unexpected(answer: &FromAgent) -> ConnectionError {
    let name = match answer {
        FromAgent::Hello(_) => "Hello",
        FromAgent::Done { .. } => "Done",
        FromAgent::Staged { .. } => "Staged",
        FromAgent::Stamp { .. } => "Stamp",
        FromAgent::Failed { .. } => "Failed",
    };
    ConnectionError::failed(format!("the agent answered {name} where something else was asked"))
}

async fn write_all(mut pipe: impl AsyncWrite + Unpin, mut queue: mpsc::UnboundedReceiver<Piece>) {
    while let Some(piece) = queue.recv().await {
        if pipe.write_all(&piece.bytes).await.is_err() || pipe.flush().await.is_err() {
            break;
        }
    }
    let _ = pipe.shutdown().await;
}

async fn read_all(mut pipe: impl AsyncRead + Unpin, waiters: &Waiters) -> Result<(), FrameError> {
    while let Some(frame) = read_frame(&mut pipe).await? {
        match frame {
            Frame::Chunk { id, data } => {
                let last = data.is_empty();
                if let Some(file) = waiters.file(id) {
                    // A receiver that is gone has sent its cancel already.
                    let _ = file.send(Ok(data)).await;
                    if last {
                        waiters.take(id);
                    }
                }
            }
            Frame::Message(message) => {
                let id = match &message {
                    FromAgent::Done { id, .. }
                    | FromAgent::Staged { id, .. }
                    | FromAgent::Stamp { id, .. }
                    | FromAgent::Failed { id, .. } => *id,
                    FromAgent::Hello(_) => continue,
                };
                match (waiters.take(id), message) {
                    (Some(Waiter::Answer(sender)), message) => drop(sender.send(message)),
                    (Some(Waiter::File(sender)), FromAgent::Failed { message, .. }) => {
                        let _ = sender.send(Err(message)).await;
                    }
                    _ => {}
                }
            }
        }
    }
    Ok(())
}

async fn read_frame(pipe: &mut (impl AsyncRead + Unpin)) -> Result<Option<Frame<FromAgent>>, FrameError> {
    let mut head = [0; HEADER];
    let mut have = 0;
    while have < HEADER {
        match pipe.read(&mut head[have..]).await? {
            0 if have == 0 => return Ok(None),
            0 => return Err(FrameError::Short),
            n => have += n,
        }
    }
    let header = frame::header(head)?;
    let mut bytes = Vec::new();
    pipe.take(header.len as u64).read_to_end(&mut bytes).await?;
    if bytes.len() < header.len {
        return Err(FrameError::Short);
    }
    frame::body(header, bytes).map(Some)
}
