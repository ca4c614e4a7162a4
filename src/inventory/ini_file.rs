//! INI inventories: sections of hosts, `:children` and `:vars`.
//!
//! Values are Python literals where they can be, else text; both are trusted. A host line's `#` starts a
//! comment even inside a word.

use super::source::Reading;
use super::{NewHost, expand_range, literal, parse_address, safe_group_name, words};
use crate::diag::{Error, Origin, Result, Source};
use crate::value::{Text, Value, str_repr};
use indexmap::IndexMap;
use std::sync::Arc;

/// Reads an INI inventory's text into the inventory.
pub(super) fn parse(reading: &mut Reading<'_>, text: &str, path: &str) -> Result<()> {
    let source = Arc::new(Source::File(path.to_owned()));
    let mut reader = Reader {
        reading,
        path,
        origin: Origin::new(source.clone(), 0, 0),
        pending: IndexMap::new(),
        group: "ungrouped".into(),
        state: State::Hosts,
    };
    let read = reader.lines(text);
    read.map_err(|e| e.context("Failed to parse inventory.").at(Some(&Origin::new(source, 0, 0))))
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Hosts,
    Children,
    Vars,
}

/// A group that is spoken of before it is declared.
enum Pending {
    Vars,
    Child { parents: Vec<String> },
}

struct Reader<'r, 'a> {
    reading: &'r mut Reading<'a>,
    path: &'r str,
    origin: Origin,
    pending: IndexMap<String, Pending>,
    group: String,
    state: State,
}

impl Reader<'_, '_> {
    fn lines(&mut self, text: &str) -> Result<()> {
        for line in split_lines(text) {
            self.origin.line += 1;
            let line = line.trim();
            if line.is_empty() || line.starts_with([';', '#']) {
                continue;
            }
            if let Some((name, state)) = section(line) {
                self.open(name, state)?;
            } else if line.starts_with('[') && line.ends_with(']') {
                return Err(Error::user(format!(
                    "Invalid section entry: '{line}'. Please make sure that there are no spaces in the section entry, and \
                     that there are no other invalid characters"
                )));
            } else {
                self.entry(line)?;
            }
        }
        match self.pending.first() {
            None => Ok(()),
            Some((name, Pending::Vars)) => {
                Err(Error::user(format!("Section [{name}:vars] not valid for undefined group {}.", str_repr(name))))
            }
            Some((name, Pending::Child { parents })) => Err(Error::user(format!(
                "Section [{}:children] includes undefined group {}.",
                parents.last().map_or("", String::as_str),
                str_repr(name)
            ))),
        }
    }

    fn open(&mut self, name: &str, state: Option<&str>) -> Result<()> {
        let name = safe_group_name(name, self.reading.inventory.rules().transform, self.reading.notices);
        self.state = match state.unwrap_or("hosts") {
            "hosts" => State::Hosts,
            "children" => State::Children,
            "vars" => State::Vars,
            other => return Err(Error::user(format!("Section [{name}:{other}] has unknown type: {other}"))),
        };
        self.group.clone_from(&name);
        if self.reading.inventory.group(&name).is_none() {
            if self.state == State::Vars && !self.pending.contains_key(&name) {
                self.pending.insert(name.clone(), Pending::Vars);
            }
            self.reading.inventory.add_group(&name, self.reading.notices)?;
        }
        if self.state != State::Vars {
            match self.pending.get(&name) {
                Some(Pending::Child { .. }) => self.adopt(&name)?,
                Some(Pending::Vars) => {
                    self.pending.shift_remove(&name);
                }
                None => {}
            }
        }
        Ok(())
    }

    /// Makes a group that is declared now a child of those that asked for it.
    fn adopt(&mut self, name: &str) -> Result<()> {
        if let Some(Pending::Child { parents }) = self.pending.shift_remove(name) {
            for parent in parents {
                self.reading.inventory.add_child(&parent, name)?;
                if matches!(self.pending.get(&parent), Some(Pending::Child { .. })) {
                    self.adopt(&parent)?;
                }
            }
        }
        Ok(())
    }

    fn entry(&mut self, line: &str) -> Result<()> {
        match self.state {
            State::Hosts => self.host(line),
            State::Vars => {
                let Some((key, value)) = line.split_once('=') else {
                    return Err(Error::user(format!("Expected key=value, got: {line}")));
                };
                let value = self.value(value.trim());
                let group = self.group.clone();
                self.reading.inventory.set_variable(&group, &self.key(key.trim()), value, self.reading.notices)
            }
            State::Children => {
                let child = group_name(line).ok_or_else(|| Error::user(format!("Expected group name, got: {line}")))?;
                if self.reading.inventory.group(child).is_some() {
                    self.reading.inventory.add_child(&self.group, child)?;
                    return Ok(());
                }
                let parent = self.group.clone();
                let new = || Pending::Child { parents: Vec::new() };
                match self.pending.entry(child.to_owned()).or_insert_with(new) {
                    Pending::Child { parents } => parents.push(parent),
                    Pending::Vars => return Err(Error::user("'parents'")),
                }
                Ok(())
            }
        }
    }

    fn host(&mut self, line: &str) -> Result<()> {
        let words = words::split(line)
            .map_err(|e| Error::user(format!("Error parsing host definition '{line}': {e}")).apart())?;
        let Some((pattern, assignments)) = words.split_first() else {
            return Err(Error::user("list index out of range"));
        };
        let (names, port) = expand_host(pattern)?;
        let mut vars: IndexMap<&str, Value> = IndexMap::new();
        for assignment in assignments {
            let Some((key, value)) = assignment.split_once('=') else {
                let message = format!("Expected key=value host variable assignment, got: {assignment}");
                return Err(Error::user(message));
            };
            vars.insert(key, self.value(value));
        }
        for name in names {
            let new = NewHost { source: Some(self.path), port };
            self.reading.inventory.add_host(&name, Some(&self.group), new, self.reading.notices)?;
            for (key, value) in &vars {
                let key = self.key(key);
                self.reading.inventory.set_variable(&name, &key, value.clone(), self.reading.notices)?;
            }
        }
        Ok(())
    }

    fn key(&self, key: &str) -> Text {
        Text::placed(key, Some(self.origin.clone()))
    }

    fn value(&self, text: &str) -> Value {
        let trusted = |text: &str| Value::Str(Text::trusted(text, Some(self.origin.clone())));
        literal::parse(text, &trusted).unwrap_or_else(|| trusted(text))
    }
}

/// The names and the port of a host line's first word.
fn expand_host(pattern: &str) -> Result<(Vec<String>, Option<u32>)> {
    let (names, port) = expand_pattern(pattern)?;
    if pattern.trim().ends_with(':') && port.is_none() {
        return Err(Error::parser(format!(
            "Invalid host pattern '{pattern}' supplied, ending in ':' is not allowed, this character is reserved to \
             provide a port."
        )));
    }
    if names.iter().any(|name| name.trim() == "---") {
        let message =
            format!("Invalid host pattern '{pattern}' supplied, '---' is normally a sign this is a YAML file.");
        return Err(Error::parser(message));
    }
    Ok((names, port))
}

/// The names and the port that a host entry of an inventory stands for.
pub(super) fn expand_pattern(pattern: &str) -> Result<(Vec<String>, Option<u32>)> {
    let (name, port) = parse_address(pattern).unwrap_or((pattern, None));
    Ok((expand_range(name)?, port))
}

/// A section's name and kind: `[name]`, `[name:kind]`, a comment behind it.
fn section(line: &str) -> Option<(&str, Option<&str>)> {
    let (inner, tail) = line.strip_prefix('[')?.split_once(']')?;
    let (name, kind) = inner.split_once(':').map_or((inner, None), |(name, kind)| (name, Some(kind)));
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let good = !name.is_empty()
        && !name.contains(char::is_whitespace)
        && kind.is_none_or(|kind| !kind.is_empty() && kind.chars().all(word))
        && is_tail(tail);
    good.then_some((name, kind))
}

fn group_name(line: &str) -> Option<&str> {
    let end = line.find(|c: char| c == ':' || c == ']' || c.is_whitespace()).unwrap_or(line.len());
    let (name, tail) = line.split_at(end);
    // A `#` right behind a name is part of it.
    (!name.is_empty() && is_tail(tail)).then_some(name)
}

fn is_tail(text: &str) -> bool {
    let text = text.trim_start();
    text.is_empty() || text.starts_with('#')
}

/// Python's `splitlines`.
pub(super) fn split_lines(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    let ends = ['\n', '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    while let Some(at) = rest.find(ends) {
        lines.push(&rest[..at]);
        let end = rest[at..].chars().next().map_or(1, char::len_utf8);
        let pair = rest[at..].starts_with("\r\n");
        rest = &rest[at + if pair { 2 } else { end }..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}
