//! What can go wrong, by the class that Python's urllib would raise: Ansible words each in its own way.

use super::Headers;
use crate::host::errors;
use std::fmt;
use std::io;

/// Why there is no answer to use.
#[derive(Debug)]
pub enum Error {
    /// The server answered, but not with what was asked for (`HTTPError`).
    Status(Box<Refusal>),
    /// The request could not be made (`URLError`), with its reason.
    Url(String),
    /// The connection broke (`OSError`).
    Connection(String),
    /// The answer is no HTTP: its first line (`BadStatusLine`).
    BadLine(String),
    /// An argument cannot be used (`ValueError`): the task fails without a request.
    Value(String),
    /// Something that a build of rplay lacks, where Ansible wants a library: the message alone is the result.
    Lacking(String),
    /// Anything else.
    Other(String),
}

/// An answer that is an error.
#[derive(Debug)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// What the message says after the status: the server's words, or why they were not followed.
    pub reason: String,
    /// Its headers.
    pub headers: Headers,
    /// Its body, as it came.
    pub body: Vec<u8>,
    /// The URL that the error is about.
    pub url: String,
}

impl Error {
    /// A failure while the request is made.
    pub fn requesting(error: &io::Error) -> Self {
        Self::Url(text(error))
    }

    /// A failure while the answer is read.
    pub fn reading(error: &io::Error) -> Self {
        Self::Connection(text(error))
    }
}

/// `str(error)` of a system error.
pub(super) fn text(error: &io::Error) -> String {
    errors::plain(error)
}

impl fmt::Display for Error {
    /// `str()` of Python's exception.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(refusal) => write!(f, "HTTP Error {}: {}", refusal.status, refusal.reason),
            Self::Url(reason) => write!(f, "<urlopen error {reason}>"),
            Self::Connection(text)
            | Self::BadLine(text)
            | Self::Value(text)
            | Self::Lacking(text)
            | Self::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}
