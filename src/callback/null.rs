//! A callback that shows nothing, for embedders.

use super::Callback;
use crate::event::Event;

/// Takes every event and shows none.
#[derive(Clone, Copy, Debug, Default)]
pub struct Null;

impl Callback for Null {
    fn event(&mut self, _: &Event) {}
}
