//! Asks libyaml-safer for its next event, and outlives its panics.
//!
//! The port panics where libyaml goes on or fails (`[!a,b]`: a tag right before a comma). What it
//! panics at is refused as a text that cannot be read, and nothing is printed: its thread's panics
//! alone are kept from the hook of the program, which hears of all others as before.

use libyaml_safer::{Error, Event, Parser};
use std::cell::Cell;
use std::io::BufRead;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

static HOOK: Once = Once::new();

/// The next event; None where the parser panicked, which must not be asked again then.
pub(super) fn next<R: BufRead>(parser: &mut Parser<R>) -> Option<Result<Event, Error>> {
    HOOK.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            if !QUIET.get() {
                previous(info);
            }
        }));
    });
    QUIET.set(true);
    let event = catch_unwind(AssertUnwindSafe(|| parser.parse()));
    QUIET.set(false);
    event.ok()
}
