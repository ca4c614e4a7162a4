//! Ctrl-C, SIGTERM and SIGHUP: what runs on the hosts is ended before the process is.
//!
//! The first signal cancels the run; another one, while that takes its time, ends the process at once.

use crate::engine::Cancel;
use rustix::process::{Signal, getpid, kill_process};
use tokio::signal::unix::{SignalKind, signal};

/// Which signal ended the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Ctrl-C: a message and exit status 99.
    Interrupted,
    /// Another signal, by which the process then ends too.
    By(Signal),
}

/// Waits for a signal that ends the run, cancels it and tells; then waits for another one.
pub(super) async fn watch(cancel: Cancel, tell: tokio::sync::watch::Sender<Option<Ended>>) {
    let streams = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()].map(signal);
    let [Ok(mut interrupt), Ok(mut terminate), Ok(mut hangup)] = streams else {
        // Without handlers the signals do what they do to any process.
        return;
    };
    let mut next = async || {
        tokio::select! {
            _ = interrupt.recv() => Signal::INT,
            _ = terminate.recv() => Signal::TERM,
            _ = hangup.recv() => Signal::HUP,
        }
    };
    let ended = match next().await {
        Signal::INT => Ended::Interrupted,
        signal => Ended::By(signal),
    };
    // Told before the run can end for it.
    tell.send_replace(Some(ended));
    cancel.cancel();
    end_by(next().await);
}

/// Ends the process by a signal, with the signal's own effect.
pub(super) fn end_by(signal: Signal) {
    restore_default(signal);
    // Sent to itself, a signal is delivered before the call returns, here or in another thread.
    let _ = kill_process(getpid(), signal);
}

/// Undoes the handler that tokio has installed for good: `SIG_DFL`.
#[expect(unsafe_code, reason = "neither std, rustix nor tokio can restore a signal's default action")]
fn restore_default(number: Signal) {
    unsafe extern "C" {
        fn signal(number: std::ffi::c_int, action: usize) -> usize;
    }
    const SIG_DFL: usize = 0;
    // SAFETY: C's signal() takes a number, which is one of the three above, and the address of a
    // handler; SIG_DFL is none, so no code of ours is called.
    unsafe { signal(number.as_raw(), SIG_DFL) };
}
