//! What there is to say to the user beside a result, gathered until somebody shows it.

use super::{Error, Origin};
use std::sync::{Arc, Mutex, PoisonError};

/// That something will be gone, as the author of a plugin says it (`deprecate_value`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// What is deprecated.
    pub msg: String,
    /// What to use instead.
    pub help: Option<String>,
    /// The day after which it will be gone.
    pub date: Option<String>,
    /// The version without it.
    pub version: Option<String>,
    /// The plugin's kind, where it is known: `module`.
    pub kind: Option<String>,
    /// Its full name, or that of its collection.
    pub name: String,
}

impl Mark {
    /// The name of the collection.
    pub fn collection(&self) -> String {
        self.name.split('.').take(2).collect::<Vec<_>>().join(".")
    }

    /// From what it will be removed, and when.
    fn removal(&self) -> String {
        let collection = match self.collection().as_str() {
            "ansible.builtin" => "ansible-core".to_owned(),
            other => format!("collection '{other}'"),
        };
        let whose = match (&self.kind, self.name.splitn(3, '.').nth(2)) {
            (Some(kind), Some(name)) if kind == "module" => format!("module '{name}' in "),
            (Some(kind), Some(name)) => format!("{kind} plugin '{name}' in "),
            _ => String::new(),
        };
        let when = match (&self.date, &self.version) {
            (Some(date), _) => format!("in a release after {date}"),
            (None, Some(version)) => format!("version {version}"),
            (None, None) => "in a future release".to_owned(),
        };
        format!("{whose}{collection} {when}")
    }
}

/// A warning, or the notice that something will be gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// Its words, with the place and the help that are shown beside them.
    pub error: Error,
    /// The version of ansible-core without the thing, where it is to go away.
    pub gone_in: Option<String>,
    /// The plugin that the thing is of, by kind and full name: `lookup`, `ansible.builtin.url`.
    pub plugin: Option<(&'static str, &'static str)>,
    /// The mark of a value that was used.
    pub mark: Option<Arc<Mark>>,
}

impl Remark {
    /// A warning.
    pub fn warning(error: Error) -> Self {
        Self { error, gone_in: None, plugin: None, mark: None }
    }

    /// The notice that a version of ansible-core will lack something.
    pub fn deprecation(error: Error, gone_in: impl Into<String>) -> Self {
        Self { error, gone_in: Some(gone_in.into()), plugin: None, mark: None }
    }

    /// That a value with a mark was used.
    pub fn marked(mark: &Arc<Mark>, origin: Option<&Origin>) -> Self {
        let error = Error::user(mark.msg.as_str()).at(origin);
        let error = match &mark.help {
            Some(help) => error.help(help.as_str()),
            None => error,
        };
        let gone_in = Some(mark.version.clone().unwrap_or_default());
        Self { error, gone_in, plugin: None, mark: Some(Arc::clone(mark)) }
    }

    /// Says which plugin the thing is of.
    #[must_use]
    pub fn of(mut self, kind: &'static str, name: &'static str) -> Self {
        self.plugin = Some((kind, name));
        self
    }

    /// The words alone, as results have them.
    pub fn words(&self) -> String {
        self.error.line()
    }

    /// All of it: words, place, excerpt, help.
    pub fn text(&self) -> String {
        let mut error = self.error.clone();
        if let Some(mark) = &self.mark {
            if !error.message.ends_with(['.', '!', '?']) {
                error.message.push('.');
            }
            error.message += &format!(" This feature will be removed from {}.", mark.removal());
        } else if let Some(version) = &self.gone_in {
            let whose = self.plugin.map_or(String::new(), |(kind, name)| {
                format!("{kind} plugin '{}' in ", name.rsplit('.').next().unwrap_or(name))
            });
            error.message += &format!(" This feature will be removed from {whose}ansible-core version {version}.");
        }
        error.to_string().trim_end().to_owned()
    }
}

/// Remarks, gathered from any thread; each is kept once.
#[derive(Debug, Default)]
pub struct Remarks(Mutex<Vec<Remark>>);

impl Remarks {
    /// Keeps one.
    pub fn add(&self, remark: Remark) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !kept.contains(&remark) {
            kept.push(remark);
        }
    }

    /// Takes all there are, in order.
    pub fn take(&self) -> Vec<Remark> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_say_what_goes_away() {
        let said = |mark: Mark| Remark::marked(&Arc::new(mark), None).text();
        let mark =
            Mark { msg: "x is old".into(), kind: Some("module".into()), name: "a.b.c".into(), ..Mark::default() };
        let dated = Mark { date: Some("2030-01-01".into()), version: Some("1".into()), ..mark.clone() };
        assert_eq!(
            said(dated),
            "x is old. This feature will be removed from module 'c' in collection 'a.b' in a release after 2030-01-01."
        );
        let bare = Mark { kind: None, name: "ansible.builtin".into(), version: Some("2.30".into()), ..mark };
        assert_eq!(said(bare), "x is old. This feature will be removed from ansible-core version 2.30.");
    }
}
