//! The one error type at the edge of every subsystem.

use super::{Origin, excerpt};
use std::fmt;

/// The result of everything that can fail because of what a user wrote or a host did.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What an error means for the run and its exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Kind {
    /// The user's files or options cannot be used (exit status 1; 4 for a parser's).
    #[default]
    User,
    /// YAML or a playbook's structure is wrong (exit status 4).
    Parser,
    /// Wrong words on the command line (exit status 2, or 5 as ansible-core does).
    Options,
    /// A name or attribute that a template uses does not exist.
    Undefined,
    /// A host did not answer.
    Unreachable,
    /// Not built in rplay yet.
    Unsupported,
    /// A fault of rplay's own (exit status 250).
    Internal,
}

/// An error with all that its reader needs: message, place, help and cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What went wrong, a sentence without a place.
    pub message: String,
    /// Where in the user's files.
    pub origin: Option<Origin>,
    /// What may be done about it.
    pub help: Option<String>,
    /// What kind of error it is.
    pub kind: Kind,
    /// The error below this one.
    pub cause: Option<Box<Error>>,
}

impl Error {
    /// An error of a kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { message: message.into(), origin: None, help: None, kind, cause: None }
    }

    /// An error in what the user wrote.
    pub fn user(message: impl Into<String>) -> Self {
        Self::new(Kind::User, message)
    }

    /// An error in a file's syntax or structure.
    pub fn parser(message: impl Into<String>) -> Self {
        Self::new(Kind::Parser, message)
    }

    /// Something that ansible-core has and rplay lacks.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Kind::Unsupported, message)
    }

    /// Adds the place, unless one is known already.
    #[must_use]
    pub fn at(mut self, origin: Option<&Origin>) -> Self {
        if self.origin.is_none() {
            self.origin = origin.cloned();
        }
        self
    }

    /// Adds a help text.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Wraps this error as the cause of another of the same kind.
    #[must_use]
    pub fn context(self, message: impl Into<String>) -> Self {
        Self { message: message.into(), origin: None, help: None, kind: self.kind, cause: Some(Box::new(self)) }
    }

    /// The messages of this error and its causes in one line, as ansible-core joins them.
    ///
    /// A cause whose text the message above it already ends with is not said twice.
    pub fn line(&self) -> String {
        let mut text = self.message.clone();
        let mut next = self.cause.as_deref();
        while let Some(error) = next {
            if !error.message.is_empty() && !text.ends_with(&error.message) {
                let trimmed = text.trim_end_matches(['.', ':', ' ']).len();
                text.truncate(trimmed);
                if !text.is_empty() {
                    text.push_str(": ");
                }
                text.push_str(&error.message);
            }
            next = error.cause.as_deref();
        }
        text
    }

    /// The innermost known place along the chain of causes.
    pub fn place(&self) -> Option<&Origin> {
        self.cause.as_deref().and_then(Self::place).or(self.origin.as_ref())
    }
}

impl fmt::Display for Error {
    /// The line, then the place with its excerpt and the help, as ansible-core prints after `[ERROR]: `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line())?;
        if let Some(origin) = self.place() {
            write!(f, "\nOrigin: {origin}\n")?;
            if let Some(lines) = excerpt(origin) {
                write!(f, "\n{lines}\n")?;
            }
        }
        if let Some(help) = &self.help {
            write!(f, "\n{help}\n")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|e| e as _)
    }
}
