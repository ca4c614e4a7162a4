//! Ctrl-C, SIGTERM and SIGHUP: what runs on the hosts is ended before the process is.

use crate::engine::Cancel;
use tokio::signal::unix::{SignalKind, signal};

/// Which signal ended the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Ctrl-C: a message and exit status 99.
    Interrupted,
    /// Another signal, by which the process then ends too.
    By(rustix::process::Signal),
}

/// Waits for a signal that ends the run, and cancels it. A second Ctrl-C ends the process at once.
pub(super) async fn watch(cancel: Cancel) -> Ended {
    let streams = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = streams else {
        // Without handlers the signals do what they do to any process.
        return std::future::pending().await;
    };
    let ended = tokio::select! {
        _ = interrupt.recv() => Ended::Interrupted,
        _ = terminate.recv() => Ended::By(rustix::process::Signal::TERM),
        _ = hangup.recv() => Ended::By(rustix::process::Signal::HUP),
    };
    cancel.cancel();
    ended
}

/// Ends the process by a signal, with the signal's own effect.
pub(super) fn end_by(signal: rustix::process::Signal) {
    // tokio's handlers stay installed for the process; KILL-like certainty needs a fresh default action,
    // which a child shell gives: it sends the signal after this process has become it.
    let number = signal.as_raw().to_string();
    let script = "trap - $0; kill -$0 $$";
    let error =
        std::os::unix::process::CommandExt::exec(std::process::Command::new("/bin/sh").args(["-c", script, &number]));
    drop(error);
}
