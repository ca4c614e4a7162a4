//! Keys read one by one from the terminal, as `pause` wants them.
//!
//! Like ansible-core, the terminal is in raw mode meanwhile, so that Ctrl-C is a key; the keys that were
//! pressed before are dropped; backspace takes the last character away.

use crate::event::{Keys, Pressed};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, SpecialCodeIndex, Termios, isatty, tcflush, tcgetattr, tcgetpgrp,
    tcsetattr,
};
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How often it is looked whether anybody still waits.
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 100_000_000 };

/// Whether standard input is a terminal that this process has for itself.
pub(super) fn available() -> bool {
    let stdin = io::stdin();
    isatty(&stdin) && tcgetpgrp(&stdin).is_ok_and(|group| group == rustix::process::getpgrp())
}

/// Reads keys until one of them ends it, or the time is over.
pub(super) fn read(keys: &Keys) -> Pressed {
    let Ok(raw) = Raw::new(keys.echo) else { return Pressed::Typed(Vec::new()) };
    // What was typed before it was asked does not count.
    let _ = tcflush(io::stdin(), QueueSelector::IFlush);
    let deadline = keys.seconds.map(|seconds| Instant::now() + Duration::from_secs(seconds));
    let mut typed = Vec::new();
    while deadline.is_none_or(|deadline| Instant::now() < deadline) && !keys.over.load(Ordering::Acquire) {
        let Some(key) = next_key() else { continue };
        let small = key.to_ascii_lowercase();
        if keys.interrupt.as_ref().map_or(key == raw.interrupt, |wanted| wanted.contains(&small)) {
            clear_line();
            return Pressed::Interrupted;
        }
        if keys.complete.as_ref().map_or(matches!(key, b'\r' | b'\n'), |wanted| wanted.contains(&small)) {
            clear_line();
            break;
        }
        if key == raw.erase {
            clear_line();
            typed.pop();
            show(if keys.echo { &typed } else { b"" });
        } else {
            typed.push(key);
        }
    }
    Pressed::Typed(typed)
}

/// The next key, where one comes soon.
fn next_key() -> Option<u8> {
    let stdin = io::stdin();
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    if poll(&mut fds, Some(&TICK)).unwrap_or(0) == 0 {
        return None;
    }
    // Not through the buffer of standard input, which would take more than one.
    let mut byte = [0];
    match rustix::io::read(stdin.as_fd(), &mut byte) {
        Ok(1) => Some(byte[0]),
        _ => {
            // At its end it would be ready for ever.
            std::thread::sleep(Duration::from_millis(100));
            None
        }
    }
}

fn clear_line() {
    // The bytes are those of ansible-core.
    show(b"\x1b[\r\x1b[\x1b[K");
}

fn show(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    // A terminal that is gone shows nothing.
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

/// The terminal in raw mode; as before when it is dropped.
struct Raw {
    before: Termios,
    output: Option<Termios>,
    interrupt: u8,
    erase: u8,
}

impl Raw {
    fn new(echo: bool) -> rustix::io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.make_raw();
        if echo {
            raw.local_modes |= LocalModes::ECHO;
        }
        let output = isatty(io::stdout()).then(|| tcgetattr(io::stdout()).ok()).flatten();
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        let (interrupt, erase) =
            (before.special_codes[SpecialCodeIndex::VINTR], before.special_codes[SpecialCodeIndex::VERASE]);
        Ok(Self { before, output, interrupt, erase })
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Drain, &self.before);
        if let Some(output) = &self.output {
            let _ = tcsetattr(io::stdout(), OptionalActions::Drain, output);
        }
    }
}
