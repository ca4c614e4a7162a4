//! A module's panic becomes a result, not a message on standard error.

use std::any::Any;
use std::cell::RefCell;

thread_local! {
    /// Where this thread has panicked last.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps panics off standard error, and remembers their places. For the agent's own process alone.
pub(super) fn remember_places() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string);
        PLACE.with(|last| *last.borrow_mut() = place);
    }));
}

/// What a panic said, and where.
pub(super) fn words(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
    match PLACE.with(|last| last.borrow_mut().take()) {
        Some(place) => format!("{text} ({place})"),
        None => text,
    }
}
