//! What is asked for: `name`, `name=version`, `name>=version`, and patterns of names.

use crate::host::glob;
use crate::modules::Call;
use crate::proto::Outcome;

/// How a version is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    /// `=`: the version, or a pattern that it matches.
    Equal,
    /// `>=`.
    AtLeast,
}

/// One package that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// As it was written.
    pub text: String,
    pub name: String,
    pub relation: Option<Relation>,
    pub version: Option<String>,
}

impl Asked {
    pub fn new(text: &str) -> Self {
        let (name, relation, version) = match text.split_once('=') {
            None => (text, None, None),
            Some((name, version)) => match name.strip_suffix('>') {
                Some(name) => (name, Some(Relation::AtLeast), Some(version)),
                None => (name, Some(Relation::Equal), Some(version)),
            },
        };
        Self { text: text.to_owned(), name: name.to_owned(), relation, version: version.map(str::to_owned) }
    }

    pub fn all(texts: &[String]) -> Vec<Self> {
        texts.iter().map(|text| Self::new(text)).collect()
    }
}

/// A name in a field like `Depends`, one of those that would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Alternative {
    pub name: String,
    /// The operator and the version: `>=`, `1.2`.
    pub version: Option<(String, String)>,
}

impl Alternative {
    /// Those of a field: all that is needed, each with what would do.
    pub fn all(field: &str) -> Vec<Vec<Self>> {
        let groups = field.split(',').map(|group| group.split('|').filter_map(Self::new).collect::<Vec<_>>());
        groups.filter(|group| !group.is_empty()).collect()
    }

    fn new(text: &str) -> Option<Self> {
        let (name, rest) = text.trim().split_once([' ', '(']).unwrap_or((text.trim(), ""));
        let name = name.split(':').next().unwrap_or_default();
        let inner = rest.trim_start_matches('(').split(')').next().unwrap_or_default().trim();
        let digits = inner.trim_start_matches(['<', '=', '>']);
        let operator = &inner[..inner.len() - digits.len()];
        let version = (!operator.is_empty()).then(|| (operator.to_owned(), digits.trim().to_owned()));
        (!name.is_empty()).then(|| Self { name: name.to_owned(), version })
    }

    /// As libapt writes it.
    pub fn shown(&self) -> String {
        match &self.version {
            Some((operator, version)) => format!("{} ({operator} {version})", self.name),
            None => self.name.clone(),
        }
    }
}

/// The packages with those that a pattern of a name matches in its place.
pub(super) fn expanded(call: &Call<'_>, packages: &[String]) -> Result<Vec<String>, Outcome> {
    let mut all: Option<Vec<String>> = None;
    let mut expanded = Vec::new();
    for package in packages {
        let pattern = Asked::new(package).name;
        if !pattern.contains(['*', '?', '[', ']', '!']) {
            expanded.push(package.clone());
            continue;
        }
        let names = match &all {
            Some(names) => names,
            None => all.insert(super::known::names(call)?),
        };
        let before = expanded.len();
        expanded.extend(names.iter().filter(|name| glob::matches(&pattern, name)).cloned());
        if expanded.len() == before {
            return Err(Outcome::failed(format!("No package(s) matching '{pattern}' available")));
        }
    }
    Ok(expanded)
}

#[cfg(test)]
mod tests {
    use super::{Alternative, Asked, Relation};

    #[test]
    fn names_and_versions() {
        let parts = |text: &str| {
            let asked = Asked::new(text);
            (asked.name, asked.relation, asked.version.unwrap_or_default())
        };
        assert_eq!(parts("nginx"), ("nginx".into(), None, String::new()));
        assert_eq!(parts("g++=4:12.2*"), ("g++".into(), Some(Relation::Equal), "4:12.2*".into()));
        assert_eq!(parts("tree>=1.5"), ("tree".into(), Some(Relation::AtLeast), "1.5".into()));
    }

    #[test]
    fn dependencies() {
        let shown = |field: &str| {
            let groups = Alternative::all(field);
            groups.iter().map(|group| group.iter().map(Alternative::shown).collect::<Vec<_>>()).collect::<Vec<_>>()
        };
        assert_eq!(
            shown("a, b (>= 1.2-3) | c:any (<< 2), d(=1)"),
            [vec!["a"], vec!["b (>= 1.2-3)", "c (<< 2)"], vec!["d (= 1)"]]
        );
        assert!(shown("").is_empty());
    }
}
