//! How a run asks a person something.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// A question.
#[derive(Clone, Debug)]
pub struct Prompt {
    /// The text before the cursor.
    pub text: String,
    /// Whether what is typed stays hidden.
    pub secret: bool,
    /// Seconds to wait for an answer.
    pub timeout: Option<f64>,
}

/// What came of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A line, without its end.
    Line(String),
    /// The time ran out.
    TimedOut,
    /// End of input, or interrupted.
    Closed,
}

/// A question that is answered key by key, as `pause` asks it.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Whether what is typed is shown.
    pub echo: bool,
    /// Seconds after which nobody is waited for; None waits as long as it takes.
    pub seconds: Option<u64>,
    /// The keys that end it, in small letters; None are return and newline.
    pub complete: Option<Vec<u8>>,
    /// The keys that interrupt it, in small letters; None is the terminal's own, mostly Ctrl-C.
    pub interrupt: Option<Vec<u8>>,
    /// Set when nobody needs the answer any longer.
    pub over: Arc<AtomicBool>,
}

/// What came of [`Keys`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pressed {
    /// What was typed before a key that ends it, or until the time ran out.
    Typed(Vec<u8>),
    /// A key that interrupts.
    Interrupted,
}

/// A person at a terminal, as the command line tool or an embedder provides it.
pub trait Terminal: Send + Sync {
    /// Asks and waits.
    fn ask(&self, prompt: &Prompt) -> Answer;

    /// Whether keys can be read one by one.
    fn has_keys(&self) -> bool {
        false
    }

    /// Reads keys, and waits. Without any, the time runs out at once.
    fn keys(&self, _keys: &Keys) -> Pressed {
        Pressed::Typed(Vec::new())
    }
}
