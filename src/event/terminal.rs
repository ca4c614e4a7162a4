//! How a run asks a person something.

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

/// A person at a terminal, as the command line tool or an embedder provides it.
pub trait Terminal: Send + Sync {
    /// Asks and waits.
    fn ask(&self, prompt: &Prompt) -> Answer;
}
