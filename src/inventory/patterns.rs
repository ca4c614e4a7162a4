//! Host patterns: which hosts a play, `--limit` or a delegation means.
//!
//! Patterns that are joined by `,` (or `:`) are applied in this order whatever their place: those that
//! add, then `&` those that keep, then `!` those that take away. `name` is a group or a host, `*?[` make
//! a glob, `~` a regular expression, `[0]`, `[1:3]`, `[-1]`, `[1:]` choose from what a pattern matches.

use super::{Host, Inventory, LOCALHOST, Notice, parse_address};
use crate::config::Surroundings;
use crate::diag::{Error, Result};
use crate::value::{Value, repr};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

/// The setting `HOST_PATTERN_MISMATCH`: what happens when a pattern matches nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mismatch {
    /// A warning.
    #[default]
    Warning,
    /// An error.
    Error,
    /// Nothing.
    Ignore,
}

impl Mismatch {
    /// The setting's value by its name.
    pub fn named(name: &str) -> Self {
        match name {
            "error" => Self::Error,
            "ignore" => Self::Ignore,
            _ => Self::Warning,
        }
    }
}

/// Splits text into single patterns: at commas, else at colons where it is no address or range.
pub fn split_patterns(text: &str) -> Vec<String> {
    let parts: Vec<&str> = if text.contains(',') {
        text.split(',').collect()
    } else if parse_address(text).is_some() {
        vec![text]
    } else {
        colon_parts(text)
    };
    parts.into_iter().map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect()
}

/// Runs of what is neither space, colon nor bracket, and of whole bracketed expressions.
fn colon_parts(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = None;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let width = match c {
            '[' => text[at..].find(']').map(|end| end + 1),
            c if c == ':' || c == ']' || c.is_whitespace() => None,
            c => Some(c.len_utf8()),
        };
        match width {
            Some(width) => {
                start.get_or_insert(at);
                at += width;
            }
            None => {
                parts.extend(start.take().map(|from: usize| &text[from..at]));
                at += c.len_utf8();
            }
        }
    }
    parts.extend(start.map(|from| &text[from..]));
    parts
}

/// The patterns of `--limit`; those of a file for `@file`, one a line.
pub fn limit_patterns(text: &str, around: &Surroundings) -> Result<Vec<String>> {
    let mut patterns = Vec::new();
    for part in split_patterns(text) {
        let Some(file) = part.strip_prefix('@') else {
            patterns.push(part);
            continue;
        };
        let path = Path::new(&around.cwd).join(file);
        let shown = repr(&Value::Bytes(file.as_bytes().into()));
        if !path.exists() {
            return Err(Error::user(format!("Unable to find limit file {shown}")));
        }
        if !path.is_file() {
            let message = format!("Limit starting with \"@\" must be a file, not a directory: {shown}");
            return Err(Error::user(message));
        }
        let read = std::fs::read(&path).map_err(|e| Error::user(format!("{e}: {file}")))?;
        patterns.extend(String::from_utf8_lossy(&read).split('\n').map(|line| line.trim().to_owned()));
    }
    Ok(patterns)
}

impl Inventory {
    /// The hosts that patterns match and a limit leaves, each once, in the order of the inventory's groups.
    ///
    /// Each of `patterns` may be joined of several. Patterns that match nothing are ignored, with a notice.
    pub fn select(
        &self,
        patterns: &[&str],
        limit: Option<&[String]>,
        mismatch: Mismatch,
        notices: &mut Vec<Notice>,
    ) -> Result<Vec<Arc<Host>>> {
        let mut matcher = Matcher { inventory: self, mismatch, notices, cache: HashMap::new() };
        let patterns: Vec<String> = patterns.iter().flat_map(|p| split_patterns(p)).collect();
        let mut hosts = matcher.evaluate(&patterns)?;
        if let Some(limit) = limit.filter(|l| !l.is_empty()) {
            let left: HashSet<Arc<str>> = matcher.evaluate(limit)?.iter().map(|h| h.name.clone()).collect();
            hosts.retain(|host| left.contains(&host.name));
        }
        let mut seen = HashSet::new();
        hosts.retain(|host| seen.insert(host.name.clone()));
        Ok(hosts)
    }

    /// The hosts of a command line: `--list-hosts`, ad hoc. Says so where none are left.
    ///
    /// An empty inventory is a warning alone, and the run then ends with status 0; a limit or pattern
    /// that leaves nothing is an error with status 1.
    pub fn targets(
        &self,
        pattern: &str,
        limit: Option<&[String]>,
        mismatch: Mismatch,
        localhost_warning: bool,
        notices: &mut Vec<Notice>,
    ) -> Result<Vec<Arc<Host>>> {
        let empty = self.members("all").is_empty();
        if empty && localhost_warning && !LOCALHOST.contains(&pattern) {
            notices.push(Notice::Warning(
                "provided hosts list is empty, only localhost is available. Note that the implicit localhost does not \
                 match 'all'"
                    .into(),
            ));
        }
        let mut hosts = self.select(&[pattern], limit, mismatch, notices)?;
        if hosts.is_empty() && LOCALHOST.contains(&pattern) {
            hosts.extend(self.find(pattern));
        }
        if hosts.is_empty() && !empty {
            return Err(Error::user(
                "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.",
            ));
        }
        Ok(hosts)
    }
}

struct Matcher<'a> {
    inventory: &'a Inventory,
    mismatch: Mismatch,
    notices: &'a mut Vec<Notice>,
    cache: HashMap<String, Vec<Arc<Host>>>,
}

impl Matcher<'_> {
    fn evaluate(&mut self, patterns: &[String]) -> Result<Vec<Arc<Host>>> {
        let (mut adding, mut keeping, mut taking) = (Vec::new(), Vec::new(), Vec::new());
        for pattern in patterns.iter().filter(|p| !p.is_empty()) {
            match (pattern.strip_prefix('!'), pattern.strip_prefix('&')) {
                (Some(rest), _) => taking.push(rest),
                (_, Some(rest)) => keeping.push(rest),
                _ => adding.push(pattern.as_str()),
            }
        }
        if adding.is_empty() {
            adding.push("all");
        }
        let mut hosts: Vec<Arc<Host>> = Vec::new();
        for pattern in adding {
            match self.inventory.host(pattern) {
                Some(host) => hosts.push(host.clone()),
                None => {
                    let known: HashSet<Arc<str>> = hosts.iter().map(|h| h.name.clone()).collect();
                    hosts.extend(self.single(pattern)?.into_iter().filter(|h| !known.contains(&h.name)));
                }
            }
        }
        for (patterns, keep) in [(keeping, true), (taking, false)] {
            for pattern in patterns {
                let that: HashSet<Arc<str>> = self.single(pattern)?.into_iter().map(|h| h.name.clone()).collect();
                hosts.retain(|host| that.contains(&host.name) == keep);
            }
        }
        Ok(hosts)
    }

    fn single(&mut self, pattern: &str) -> Result<Vec<Arc<Host>>> {
        if let Some(known) = self.cache.get(pattern) {
            return Ok(known.clone());
        }
        let (expression, subscript) = self.subscript(pattern);
        let hosts = self.matches(expression)?;
        let chosen = match subscript {
            Some(subscript) if !hosts.is_empty() => subscript
                .choose(&hosts)
                .ok_or_else(|| Error::user(format!("No hosts matched the subscripted pattern '{pattern}'")))?,
            _ => hosts,
        };
        self.cache.insert(pattern.to_owned(), chosen.clone());
        Ok(chosen)
    }

    /// Splits `[…]` from a pattern's end.
    fn subscript<'p>(&mut self, pattern: &'p str) -> (&'p str, Option<Subscript>) {
        let none = (pattern, None);
        if pattern.starts_with('~') {
            return none;
        }
        let Some(at) = pattern.strip_suffix(']').and_then(|p| p.rfind('[')).filter(|at| *at > 0) else {
            return none;
        };
        let inside = &pattern[at + 1..pattern.len() - 1];
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if digits(inside.strip_prefix('-').unwrap_or(inside)) {
            return inside.parse().map_or(none, |index| (&pattern[..at], Some(Subscript::Index(index))));
        }
        let Some(middle) = inside.find([':', '-']) else {
            return none;
        };
        let (start, end) = (&inside[..middle], &inside[middle + 1..]);
        if !digits(start) || !(end.is_empty() || digits(end)) {
            return none;
        }
        if inside[middle..].starts_with('-') {
            self.notices
                .push(Notice::Warning("Use [x:y] inclusive subscripts instead of [x-y] which has been removed".into()));
        }
        let Ok(from) = start.parse() else {
            return none;
        };
        let chosen = match end.parse() {
            // `[2:0]` is read as `[2]`.
            Ok(0) => start.parse().ok().map(Subscript::Index),
            Ok(end) => Some(Subscript::Range(from, Some(end))),
            Err(_) => Some(Subscript::Range(from, None)),
        };
        (&pattern[..at], chosen)
    }

    fn matches(&mut self, pattern: &str) -> Result<Vec<Arc<Host>>> {
        let test = Test::new(pattern)?;
        let mut hosts = Vec::new();
        let mut any_group = false;
        for name in test.names(self.inventory.groups().keys()) {
            any_group = true;
            hosts.extend(self.inventory.members(name).iter().cloned());
        }
        if !any_group || pattern.starts_with('~') || pattern.contains(['.', '?', '*', '[']) {
            let names = test.names(self.inventory.hosts().keys());
            hosts.extend(names.into_iter().filter_map(|name| self.inventory.host(name)).cloned());
        }
        if hosts.is_empty() && LOCALHOST.contains(&pattern) {
            hosts.extend(self.inventory.find(pattern));
        }
        if hosts.is_empty() && !any_group && pattern != "all" {
            let text = format!("Could not match supplied host pattern, ignoring: {pattern}");
            match self.mismatch {
                Mismatch::Warning => self.notices.push(Notice::Warning(text)),
                Mismatch::Error => return Err(Error::user(text)),
                Mismatch::Ignore => {}
            }
        }
        Ok(hosts)
    }
}

enum Subscript {
    Index(i64),
    /// From the first to the second, which is included; to the end without one.
    Range(usize, Option<usize>),
}

impl Subscript {
    fn choose(&self, hosts: &[Arc<Host>]) -> Option<Vec<Arc<Host>>> {
        match self {
            Self::Index(index) => {
                let from_end = usize::try_from(index.unsigned_abs()).ok();
                let at = if *index < 0 { hosts.len().checked_sub(from_end?) } else { from_end };
                hosts.get(at?).map(|host| vec![host.clone()])
            }
            Self::Range(start, end) => {
                let count = end.map_or(hosts.len(), |end| end.saturating_add(1).saturating_sub(*start));
                Some(hosts.iter().skip(*start).take(count).cloned().collect())
            }
        }
    }
}

/// What a name is tested with.
enum Test<'p> {
    Name(&'p str),
    Glob(Vec<Token>),
    Regex(Box<fancy_regex::Regex>),
}

enum Token {
    One,
    Any,
    Char(char),
    Set { not: bool, ranges: Vec<(char, char)> },
}

impl<'p> Test<'p> {
    fn new(pattern: &'p str) -> Result<Self> {
        if let Some(regex) = pattern.strip_prefix('~') {
            let made = fancy_regex::Regex::new(&format!(r"\A(?:{regex})"));
            let bad = |_| Error::user(format!("Invalid host list pattern: {pattern}"));
            return made.map(|r| Self::Regex(Box::new(r))).map_err(bad);
        }
        if pattern.is_empty() {
            return Err(Error::user("Invalid host list pattern: "));
        }
        Ok(if pattern.contains(['*', '?', '[']) { Self::Glob(glob(pattern)) } else { Self::Name(pattern) })
    }

    fn names<'n>(&self, names: impl Iterator<Item = &'n Arc<str>>) -> Vec<&'n Arc<str>> {
        names.filter(|name| self.is(name)).collect()
    }

    fn is(&self, name: &str) -> bool {
        match self {
            Self::Name(pattern) => *pattern == name,
            Self::Glob(tokens) => fits(tokens, &name.chars().collect::<Vec<_>>()),
            Self::Regex(regex) => regex.is_match(name).unwrap_or(false),
        }
    }
}

/// Whether a name fits a glob, as Python's fnmatch says: `*`, `?`, `[a-z]`, `[!a]`.
pub fn glob_match(pattern: &str, name: &str) -> bool {
    fits(&glob(pattern), &name.chars().collect::<Vec<_>>())
}

/// A glob as Python's fnmatch reads it.
fn glob(pattern: &str) -> Vec<Token> {
    let chars: Vec<char> = pattern.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(c) = chars.get(at) {
        at += 1;
        tokens.push(match c {
            '*' => Token::Any,
            '?' => Token::One,
            '[' => match set(&chars[at..]) {
                Some((token, length)) => {
                    at += length;
                    token
                }
                None => Token::Char('['),
            },
            c => Token::Char(*c),
        });
    }
    tokens
}

/// The set after a `[`, and its length up to and with the `]`.
fn set(chars: &[char]) -> Option<(Token, usize)> {
    let not = chars.first() == Some(&'!');
    let start = usize::from(not);
    // A `]` that comes first is one of the set.
    let end = (start + 1..chars.len()).find(|i| chars[*i] == ']')?;
    let inside = &chars[start..end];
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(low) = inside.get(at) {
        match inside.get(at + 1..at + 3) {
            Some(['-', high]) => {
                ranges.push((*low, *high));
                at += 3;
            }
            _ => {
                ranges.push((*low, *low));
                at += 1;
            }
        }
    }
    Some((Token::Set { not, ranges }, end + 1))
}

fn fits(tokens: &[Token], name: &[char]) -> bool {
    let (mut t, mut n) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let step = match (tokens.get(t), name.get(n)) {
            (Some(Token::Any), _) => {
                back = Some((t, n));
                t += 1;
                continue;
            }
            (None, None) => return true,
            (Some(Token::One), Some(_)) => true,
            (Some(Token::Char(want)), Some(c)) => want == c,
            (Some(Token::Set { not, ranges }), Some(c)) => ranges.iter().any(|(l, h)| l <= c && c <= h) != *not,
            _ => false,
        };
        if step {
            (t, n) = (t + 1, n + 1);
            continue;
        }
        match back {
            Some((star, from)) if from < name.len() => {
                back = Some((star, from + 1));
                (t, n) = (star + 1, from + 1);
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn splits(text: &str, want: &[&str]) {
        assert_eq!(split_patterns(text), want);
    }

    #[test]
    fn splitting() {
        splits("a,b[1], c[2:3] , d", &["a", "b[1]", "c[2:3]", "d"]);
        splits("web:proc", &["web", "proc"]);
        splits("web:!db:&prod", &["web", "!db", "&prod"]);
        splits("web[0:2]:db", &["web[0:2]", "db"]);
        splits("fe80::1", &["fe80::1"]);
        splits("web:22", &["web:22"]);
        splits("~web.*", &["~web.*"]);
        splits("", &[]);
    }

    #[test]
    fn targets_of_a_command_line() {
        let notices = &mut Vec::new();
        let mut inventory = Inventory::default();
        let names = |inventory: &Inventory, pattern: &str, limit: &[&str], notices: &mut Vec<Notice>| {
            let limit: Vec<String> = limit.iter().map(|l| (*l).to_owned()).collect();
            let hosts = inventory.targets(pattern, Some(&limit), Mismatch::Warning, true, notices);
            hosts.map(|h| h.iter().map(|h| h.name.to_string()).collect::<Vec<_>>()).map_err(|e| e.message)
        };
        assert_eq!(names(&inventory, "all", &[], notices), Ok(vec![]));
        assert!(matches!(&notices[..], [Notice::Warning(text)] if text.starts_with("provided hosts list is empty")));
        assert_eq!(names(&inventory, "localhost", &[], notices), Ok(vec!["localhost".to_owned()]));
        assert_eq!(notices.len(), 1);
        inventory.add_host("h", Some("all"), super::super::NewHost::default(), notices).unwrap();
        assert_eq!(names(&inventory, "all", &["h"], notices), Ok(vec!["h".to_owned()]));
        let none = "Specified inventory, host pattern and/or --limit leaves us with no hosts to target.";
        assert_eq!(names(&inventory, "all", &["other"], notices), Err(none.to_owned()));
    }

    #[track_caller]
    fn globs(pattern: &str, name: &str, want: bool) {
        assert_eq!(fits(&glob(pattern), &name.chars().collect::<Vec<_>>()), want);
    }

    #[test]
    fn globs_as_fnmatch() {
        globs("web*", "web1", true);
        globs("w?b*1", "web21", true);
        globs("web[0-3]", "web2", true);
        globs("web[!0-3]", "web2", false);
        globs("web[]a]", "web]", true);
        globs("web[", "web[", true);
        globs("*", "", true);
        globs("*a*b", "xaybzb", true);
        globs("*a*b", "xaybz", false);
        globs("WEB*", "web", false);
    }
}
