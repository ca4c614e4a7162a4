//! What is wrong with a YAML text, in PyYAML's words, and the same as ansible-core reports it.

use super::hint;
use crate::diag::{Error, Origin, Source};
use std::fmt;
use std::sync::Arc;

/// A position in a text; both count from 0, as libyaml does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// The line, from 0.
    pub line: u32,
    /// The column in characters, from 0.
    pub column: u32,
}

/// A text that cannot be read as YAML; prints as PyYAML's exception does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// What was being read, and where it began.
    pub context: Option<(String, Option<Mark>)>,
    /// What is wrong.
    pub problem: String,
    /// Where it is wrong; None for errors that Python itself raises, which have no place.
    pub mark: Option<Mark>,
    /// Whether ansible-core raised it itself, and so looks for no typical mistake in its line.
    pub own: bool,
}

impl YamlError {
    pub(super) fn at(problem: impl Into<String>, mark: Mark) -> Self {
        Self { context: None, problem: problem.into(), mark: Some(mark), own: false }
    }

    /// An error that Python raises while it converts a scalar.
    pub(super) fn unplaced(problem: impl Into<String>) -> Self {
        Self { context: None, problem: problem.into(), mark: None, own: false }
    }

    pub(super) fn within(mut self, context: impl Into<String>, mark: Mark) -> Self {
        self.context = Some((context.into(), Some(mark)));
        self
    }

    pub(super) fn own(mut self) -> Self {
        self.own = true;
        self
    }

    /// The error as ansible-core reports it: its own message and help for typical mistakes.
    pub fn into_diag(self, text: &str, source: &Arc<Source>) -> Error {
        let Some(mark) = self.mark else {
            let words: Vec<&str> = self.problem.split_whitespace().collect();
            return fail(&words.join(" ")).at(Some(&Origin::new(source.clone(), 0, 0)));
        };
        let mut origin = Origin::new(source.clone(), mark.line + 1, mark.column + 1);
        // ansible-core reads the line from the file, so other sources get no such help.
        let line = match &**source {
            Source::File(_) => text.lines().nth(mark.line as usize).unwrap_or(""),
            Source::Described(_) => "",
        };
        if !self.own
            && let Some(hint) = hint::find(line)
        {
            if let Some(column) = hint.column {
                origin.column = column;
            }
            let error = fail(hint.message).at(Some(&origin));
            // A hint of several lines stands further apart.
            return if hint.help.is_empty() { error } else { error.help(format!("\n{}", hint.help)) };
        }
        fail(&self.sentence()).at(Some(&origin))
    }

    fn sentence(&self) -> String {
        let context = self.context.as_ref().map_or("", |(text, _)| text.as_str());
        let joined = format!("{context} {}", self.problem);
        let joined = joined.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut chars = joined.chars();
        let mut sentence: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
        sentence.push_str(chars.as_str());
        if !sentence.ends_with('.') {
            sentence.push('.');
        }
        sentence
    }
}

fn fail(message: &str) -> Error {
    Error::parser(format!("YAML parsing failed: {message}"))
}

impl fmt::Display for YamlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((context, mark)) = &self.context {
            f.write_str(context)?;
            if let Some(mark) = mark.filter(|m| Some(*m) != self.mark) {
                write!(f, "\n{mark}")?;
            }
            f.write_str("\n")?;
        }
        f.write_str(&self.problem)?;
        match self.mark {
            Some(mark) => write!(f, "\n{mark}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "  in \"<unicode string>\", line {}, column {}", self.line + 1, self.column + 1)
    }
}

impl std::error::Error for YamlError {}
