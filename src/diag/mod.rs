//! Where something stands in the user's files, and errors that show it.
//!
//! Every other layer may use this one; it uses none. An [`Error`] carries what
//! ansible-core 2.19 prints after `[ERROR]: `: a message, the [`Origin`] with its
//! excerpt, a help text and the error that caused it.

mod error;
mod excerpt;
mod remark;

use std::fmt;
use std::sync::Arc;

pub use error::{Error, Kind, Result};
pub use excerpt::excerpt;
pub use remark::{Mark, Remark, Remarks};

/// A file, or another place such as the command line, that text came from.
#[derive(Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// A file, by the absolute path that messages show.
    File(String),
    /// Something without lines, in the words messages use: `<CLI option '-e'>`.
    Described(String),
}

/// A position in a [`Source`]. Lines and columns count from 1; 0 means unknown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin {
    /// The file or other place.
    pub source: Arc<Source>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Origin {
    /// A position in a source.
    pub fn new(source: Arc<Source>, line: u32, column: u32) -> Self {
        Self { source, line, column }
    }

    /// A file as a whole.
    pub fn file(path: impl Into<String>) -> Self {
        Self::new(Arc::new(Source::File(path.into())), 0, 0)
    }

    /// A place without lines, such as `<CLI option '-e'>`.
    pub fn described(text: impl Into<String>) -> Self {
        Self::new(Arc::new(Source::Described(text.into())), 0, 0)
    }

    /// The path, where the source is a file.
    pub fn path(&self) -> Option<&str> {
        match &*self.source {
            Source::File(path) => Some(path),
            Source::Described(_) => None,
        }
    }
}

impl fmt::Display for Origin {
    /// `path:line:column`, less what is unknown, as after `Origin: `.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.source {
            Source::File(path) => f.write_str(path)?,
            Source::Described(text) => f.write_str(text)?,
        }
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
            if self.column > 0 {
                write!(f, ":{}", self.column)?;
            }
        }
        Ok(())
    }
}
