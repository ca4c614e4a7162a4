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
    /// An action says that it failed (AnsibleActionFail): its message is the result's as it is.
    Action,
    /// A task's arguments are wrong.
    Arguments,
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
    /// Whether it is told apart from what it caused, after that one's place.
    pub apart: bool,
}

impl Error {
    /// An error of a kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { message: message.into(), origin: None, help: None, kind, cause: None, apart: false }
    }

    /// An error in what the user wrote.
    pub fn user(message: impl Into<String>) -> Self {
        Self::new(Kind::User, message)
    }

    /// An error in a file's syntax or structure.
    pub fn parser(message: impl Into<String>) -> Self {
        Self::new(Kind::Parser, message)
    }

    /// A failure that an action reports.
    pub fn action(message: impl Into<String>) -> Self {
        Self::new(Kind::Action, message)
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
        let kind = self.kind;
        Self { message: message.into(), origin: None, help: None, kind, cause: Some(Box::new(self)), apart: false }
    }

    /// The same, told apart from what it caused.
    #[must_use]
    pub fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    /// The messages of this error and its causes in one line, as ansible-core joins them.
    ///
    /// A cause whose text the message above it already ends with is not said twice.
    pub fn line(&self) -> String {
        let mut text = self.message.clone();
        let mut next = self.cause.as_deref();
        while let Some(error) = next {
            join(&mut text, &error.message);
            next = error.cause.as_deref();
        }
        text
    }

    /// The innermost known place along the chain of causes.
    pub fn place(&self) -> Option<&Origin> {
        self.cause.as_deref().and_then(Self::place).or(self.origin.as_ref())
    }

    /// The errors along the chain, joined wherever the next one has no place of its own.
    fn stages(&self) -> Vec<Stage<'_>> {
        let mut stages: Vec<Stage<'_>> = Vec::new();
        let mut next = Some(self);
        while let Some(error) = next {
            match stages.last_mut() {
                Some(last)
                    if (error.origin.is_none() && !error.apart)
                        || (!error.apart && last.origin == error.origin.as_ref() && last.keeps_help_of(error)) =>
                {
                    join(&mut last.text, &error.message);
                    last.origin = last.origin.or(error.origin.as_ref());
                    last.help = error.help.as_deref().or(last.help);
                }
                _ => stages.push(Stage {
                    text: error.message.clone(),
                    origin: error.origin.as_ref(),
                    help: error.help.as_deref(),
                }),
            }
            next = error.cause.as_deref();
        }
        stages
    }
}

/// A part of a chain of errors that shares one place.
struct Stage<'a> {
    text: String,
    origin: Option<&'a Origin>,
    help: Option<&'a str>,
}

impl Stage<'_> {
    /// Whether nothing of a cause's help is lost where the two are joined.
    fn keeps_help_of(&self, error: &Error) -> bool {
        error.help.is_none() || error.help.as_deref() == self.help
    }

    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if let Some(origin) = self.origin {
            write!(f, "\nOrigin: {origin}\n")?;
            if let Some(lines) = excerpt(origin) {
                write!(f, "\n{lines}\n")?;
            }
        }
        match self.help {
            Some(help) if self.origin.is_none() && !self.text.contains('\n') && !help.contains('\n') => {
                write!(f, " {help}")
            }
            Some(help) if self.origin.is_none() => write!(f, "\n\n{help}\n"),
            Some(help) => write!(f, "\n{help}\n"),
            None => Ok(()),
        }
    }
}

/// Appends a cause to a message: `a.` and `b` are `a: b`; what it says already is not said twice.
fn join(text: &mut String, cause: &str) {
    if cause.is_empty() || text.ends_with(cause) {
        return;
    }
    text.truncate(text.trim_end_matches(['.', ':', ' ']).len());
    if !text.is_empty() {
        text.push_str(": ");
    }
    text.push_str(cause);
}

impl fmt::Display for Error {
    /// What ansible-core prints after `[ERROR]: `: the line, then each place with its excerpt and help.
    ///
    /// Where the chain has several places the line comes first alone, and `<<< caused by >>>` is
    /// between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stages = self.stages();
        if let [only] = &*stages {
            return only.write(f);
        }
        write!(f, "{}\n\n", self.line())?;
        for (i, stage) in stages.iter().enumerate() {
            if i > 0 {
                // Only what has a place or a help of its own ends with its line.
                let before = &stages[i - 1];
                let end = if before.origin.is_none() && before.help.is_none() { "\n" } else { "" };
                write!(f, "{end}\n<<< caused by >>>\n\n")?;
                stage.write(f)?;
            } else {
                // An outer stage ends like a sentence, since what follows stands apart.
                let said = stage.text.ends_with(['.', '!', '?']) || stage.text == self.line();
                let end = if said { "" } else { "." };
                Stage { text: format!("{}{end}", stage.text), ..*stage }.write(f)?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|e| e as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_with_two_places_shows_both() {
        let task = Origin::described("<task>");
        let value = Origin::described("<value>");
        let error = Error::user("'x' is undefined")
            .context("Error while resolving value for 'msg'.")
            .at(Some(&value))
            .context("Finalization of task args for 'ansible.builtin.debug' failed.")
            .context("Task failed.")
            .at(Some(&task));
        let args = "Task failed: Finalization of task args for 'ansible.builtin.debug' failed";
        let inner = "Error while resolving value for 'msg': 'x' is undefined";
        assert_eq!(error.line(), format!("{args}: {inner}"));
        assert_eq!(
            error.to_string(),
            format!("{args}: {inner}\n\n{args}.\nOrigin: <task>\n\n<<< caused by >>>\n\n{inner}\nOrigin: <value>\n")
        );
    }

    #[test]
    fn help_without_a_place_stays_on_the_line() {
        assert_eq!(Error::user("No start.").help("See stdout.").to_string(), "No start. See stdout.");
        assert_eq!(Error::user("a\nb").help("See stdout.").to_string(), "a\nb\n\nSee stdout.\n");
    }

    #[test]
    fn a_chain_with_one_place_is_one_paragraph() {
        let error =
            Error::user("boom").context("Module failed.").context("Task failed.").at(Some(&Origin::described("<t>")));
        assert_eq!(error.to_string(), "Task failed: Module failed: boom\nOrigin: <t>\n");
    }
}
