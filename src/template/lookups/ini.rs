//! The lookup `ini`: values of a section, read as Python's `configparser` reads them.

use super::support::{Call, Found, located, parsed, read_encoded, sourced};
use crate::re::{Flags, Pattern};
use crate::template::filters::support::{caused, no_attribute};
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::{Value, repr, str_repr};
use indexmap::IndexMap;

const OPTIONS: [&str; 9] =
    ["type", "file", "section", "re", "encoding", "default", "case_sensitive", "allow_no_value", "interpolation"];

pub(super) fn ini(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut call = Call::new(args);
    if let Some(alias) = call.option("allow_none").cloned() {
        call.set("allow_no_value", alias);
    }
    let mut file = Ini {
        sensitive: call.truth(cx, "case_sensitive", false)?,
        no_value: call.truth(cx, "allow_no_value", false)?,
        interpolation: call.truth(cx, "interpolation", true)?,
        sections: IndexMap::new(),
    };
    let mut out = Vec::new();
    for item in std::mem::take(&mut call.terms) {
        match &item {
            Obj::Str(_) | Obj::Undefined(_) | Obj::Failed(_) => {}
            Obj::List(_) | Obj::Dict(_) | Obj::Tuple(_) | Obj::Set(_) | Obj::Map(_) => {
                return Err(no_attribute(&item, "strip"));
            }
            other => {
                return Err(Raise::type_error(format!("argument of type '{}' is not iterable", other.type_name())));
            }
        }
        let text = parsed(cx, &item)?;
        let key = ini_term(&text, &mut call)?;
        let name = call.text(cx, "file", "ansible.ini")?;
        let path = located(cx, &name, "Invalid filename None.")?;
        let encoding = call.text(cx, "encoding", "utf-8")?;
        let mut content = read_encoded(cx, &path, &encoding, true)?;
        let mut section = call.text(cx, "section", "global")?;
        if call.text(cx, "type", "ini")? == "properties" {
            content = format!("[java_properties]\n{content}");
            section = "java_properties".into();
        }
        file.read(&content, Some(&name))?;
        let Some(options) = file.options(&section) else {
            return Err(Raise::value_error(format!("No section {} in {}.", str_repr(&section), str_repr(&name))));
        };
        if call.truth(cx, "re", false)? {
            let pattern = Pattern::anchored(&key, Flags::default(), false)?;
            // All values of the section are made, whether they are wanted or not.
            for (name, value) in &options {
                let value = file.value(&options, &section, name, value.as_deref())?;
                if pattern.search(name, 0)?.is_some() {
                    out.push(value.map_or(Obj::None, Obj::from));
                }
            }
            continue;
        }
        let wanted = file.name(&key);
        match options.get(&wanted) {
            Some(value) => out.extend(file.value(&options, &section, &wanted, value.as_deref())?.map(Obj::from)),
            None => match call.option("default") {
                Some(Obj::None) => {}
                Some(list @ Obj::List(_)) => out.extend(cx.iter(&list.clone())?),
                Some(default) => out.push(default.clone()),
                None => out.push(sourced("".into())),
            },
        }
    }
    Ok(out)
}

/// The key of a term; its `k=v` words become options.
///
/// Words that follow `option=` up to the next one belong to its value, and words before any to the key.
fn ini_term(text: &str, call: &mut Call) -> Result<String, Raise> {
    if !text.contains('=') && !text.trim().contains(' ') {
        return Ok(text.to_owned());
    }
    let mut parts: IndexMap<&str, String> = IndexMap::new();
    let mut current = "key";
    for word in text.split_whitespace() {
        if word.contains('=') {
            let named = OPTIONS.iter().rev().find(|name| word.contains(&format!("{name}=")));
            current = named.copied().unwrap_or(current);
        }
        match parts.get_mut(current).filter(|part| !part.is_empty()) {
            Some(part) => {
                part.push(' ');
                part.push_str(word);
            }
            None => {
                parts.insert(current, word.to_owned());
            }
        }
    }
    let mut key = None;
    for part in parts.values() {
        match part.split('=').collect::<Vec<_>>().as_slice() {
            [_] => {
                key.get_or_insert_with(|| part.clone());
            }
            [name, value] if OPTIONS.contains(name) => call.set(name, (*value).into()),
            [name, _] => return Err(Raise::ansible(format!("{} is not a valid option.", str_repr(name)))),
            _ => {
                let all = repr(&Value::list(parts.values().map(|part| Value::str(part.as_str()))));
                let text = format!("Could not use {} from {all}.", str_repr(part));
                return Err(caused("too many values to unpack (expected 2)", &text));
            }
        }
    }
    key.ok_or_else(|| {
        Raise::value_error(format!("No key to look up was provided as first term within string inline options: {text}"))
    })
}

pub(in crate::template) type Options = IndexMap<String, Option<String>>;

/// What `DEFAULT` is to `configparser`: its options are in every section.
const DEFAULTS: &str = "DEFAULT";

/// A `ConfigParser`.
pub(in crate::template) struct Ini {
    sensitive: bool,
    no_value: bool,
    interpolation: bool,
    sections: IndexMap<String, Options>,
}

impl Ini {
    /// One that keeps names as they are, wants a value for each, and resolves nothing in them.
    pub(in crate::template) fn plain() -> Self {
        Self { sensitive: true, no_value: false, interpolation: false, sections: IndexMap::new() }
    }

    /// The sections' names in order.
    pub(in crate::template) fn names(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    /// The form in which an option's name is kept.
    fn name(&self, name: &str) -> String {
        if self.sensitive { name.to_owned() } else { name.to_lowercase() }
    }

    /// The options of a section, `DEFAULT`'s first; None where there is no such section.
    pub(in crate::template) fn options(&self, section: &str) -> Option<Options> {
        let mut options = self.sections.get(DEFAULTS).cloned().unwrap_or_default();
        match self.sections.get(section) {
            Some(own) => options.extend(own.iter().map(|(name, value)| (name.clone(), value.clone()))),
            None if section == DEFAULTS => {}
            None => return None,
        }
        Some(options)
    }

    /// Reads a file into what is there already; a name is for the lookup's own words about options that are there twice.
    pub(in crate::template) fn read(&mut self, content: &str, file: Option<&str>) -> Result<(), Raise> {
        let mut reading = Reading { section: None, option: None, indent: 0, seen: Vec::new(), errors: Vec::new() };
        for (i, line) in content.split_inclusive('\n').enumerate() {
            self.line(&mut reading, line, i + 1, file)?;
        }
        for (section, option) in reading.seen {
            let value = option.and_then(|option| self.sections.get_mut(&section)?.get_mut(&option));
            if let Some(Some(value)) = value {
                value.truncate(value.trim_end().len());
            }
        }
        if reading.errors.is_empty() {
            return Ok(());
        }
        let errors: String =
            reading.errors.iter().map(|(number, line)| format!("\n\t[line {number:2}]: {}", str_repr(line))).collect();
        Err(Raise::value_error(format!("Source contains parsing errors: '<???>'{errors}")))
    }

    fn line(&mut self, reading: &mut Reading, line: &str, number: usize, file: Option<&str>) -> Result<(), Raise> {
        let text = line.trim();
        let last = match (&reading.section, &reading.option) {
            (Some(section), Some(option)) => self.sections.get_mut(section).and_then(|s| s.get_mut(option)),
            _ => None,
        };
        if text.is_empty() || text.starts_with(['#', ';']) {
            // An empty line may stand within a value, a comment leaves no trace.
            if let (true, Some(Some(value))) = (text.is_empty(), last) {
                value.push('\n');
            }
            return Ok(());
        }
        let indent = line.len() - line.trim_start().len();
        if let Some(last) = last.filter(|_| indent > reading.indent) {
            match last {
                Some(value) => {
                    value.push('\n');
                    value.push_str(text);
                }
                None => {
                    let text = format!(
                        "Key without value continued with an indented line.\nfile: '<???>', line: {number}\n{}",
                        str_repr(line)
                    );
                    return Err(Raise::value_error(text));
                }
            }
            return Ok(());
        }
        reading.indent = indent;
        let header = text.strip_prefix('[').and_then(|rest| rest.rfind(']').map(|end| &rest[..end]));
        match header.filter(|name| !name.is_empty()) {
            Some(name) => self.header(reading, name, number),
            None => self.option(reading, text, line, number, file),
        }
    }

    fn header(&mut self, reading: &mut Reading, name: &str, number: usize) -> Result<(), Raise> {
        let known = (name.to_owned(), None);
        if reading.seen.contains(&known) && name != DEFAULTS {
            let text =
                format!("While reading from '<???>' [line {number:2}]: section {} already exists", str_repr(name));
            return Err(Raise::value_error(text));
        }
        reading.seen.push(known);
        self.sections.entry(name.to_owned()).or_default();
        reading.section = Some(name.to_owned());
        reading.option = None;
        Ok(())
    }

    fn option(
        &mut self,
        reading: &mut Reading,
        text: &str,
        line: &str,
        number: usize,
        file: Option<&str>,
    ) -> Result<(), Raise> {
        let Some(section) = reading.section.clone() else {
            let text = format!("File contains no section headers.\nfile: '<???>', line: {number}\n{}", str_repr(line));
            return Err(Raise::value_error(text));
        };
        let (name, value) = match text.split_once(['=', ':']) {
            Some((name, value)) => (name.trim_end(), Some(value.trim().to_owned())),
            None if self.no_value => (text, None),
            None => {
                reading.errors.push((number, line.to_owned()));
                return Ok(());
            }
        };
        if name.is_empty() {
            reading.errors.push((number, line.to_owned()));
        }
        let name = self.name(name);
        let known = (section.clone(), Some(name.clone()));
        if reading.seen.contains(&known) {
            let text = match file {
                Some(file) => format!("Duplicate option in {}.", str_repr(file)),
                None => format!(
                    "While reading from '<???>' [line {number:2}]: option {} in section {} already exists",
                    str_repr(&name),
                    str_repr(&section)
                ),
            };
            return Err(Raise::value_error(text));
        }
        reading.seen.push(known);
        self.sections.entry(section).or_default().insert(name.clone(), value);
        // An option without a name is an error, and no line belongs to it.
        reading.option = Some(name).filter(|name| !name.is_empty());
        Ok(())
    }

    /// A value with its `%(references)s` resolved.
    fn value(
        &self,
        options: &Options,
        section: &str,
        name: &str,
        value: Option<&str>,
    ) -> Result<Option<String>, Raise> {
        match value {
            Some(text) if self.interpolation => {
                let place = Place { name, section, raw: text };
                self.interpolated(options, &place, text, 1).map(Some)
            }
            other => Ok(other.map(str::to_owned)),
        }
    }

    fn interpolated(&self, options: &Options, at: &Place<'_>, text: &str, depth: usize) -> Result<String, Raise> {
        let failed = |what: String| Raise::python(Class::Value, what);
        if depth > 10 {
            return Err(failed(format!(
                "Recursion limit exceeded in value substitution: option {} in section {} contains an interpolation key \
                 which cannot be substituted in 10 steps. Raw value: {}",
                str_repr(at.name),
                str_repr(at.section),
                str_repr(at.raw)
            )));
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            let found = &rest[before.len()..];
            if let Some(after) = after.strip_prefix('%') {
                out.push('%');
                rest = after;
            } else if let Some(inner) = after.strip_prefix('(') {
                let Some((reference, after)) = inner.split_once(')').and_then(|(r, a)| Some((r, a.strip_prefix('s')?)))
                else {
                    return Err(failed(format!("bad interpolation variable reference {}", str_repr(found))));
                };
                let Some(value) = options.get(&self.name(reference)) else {
                    return Err(failed(format!(
                        "Bad value substitution: option {} in section {} contains an interpolation key {} which is \
                         not a valid option name. Raw value: {}",
                        str_repr(at.name),
                        str_repr(at.section),
                        str_repr(&self.name(reference)),
                        str_repr(at.raw)
                    )));
                };
                let value = value.as_deref().unwrap_or("None");
                if value.contains('%') {
                    out.push_str(&self.interpolated(options, at, value, depth + 1)?);
                } else {
                    out.push_str(value);
                }
                rest = after;
            } else {
                return Err(failed(format!("'%' must be followed by '%' or '(', found: {}", str_repr(found))));
            }
        }
        out.push_str(rest);
        Ok(out)
    }
}

/// The value that is being resolved.
struct Place<'a> {
    name: &'a str,
    section: &'a str,
    raw: &'a str,
}

/// Where a reading stands.
struct Reading {
    section: Option<String>,
    option: Option<String>,
    indent: usize,
    /// The sections, and options in them, that this file has had.
    seen: Vec<(String, Option<String>)>,
    errors: Vec<(usize, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ini(no_value: bool) -> Ini {
        Ini { sensitive: false, no_value, interpolation: true, sections: IndexMap::new() }
    }

    #[track_caller]
    fn value(content: &str, section: &str, name: &str) -> String {
        let mut ini = ini(true);
        ini.read(content, Some("f")).unwrap();
        let options = ini.options(section).unwrap();
        let value = options.get(name).unwrap().clone();
        ini.value(&options, section, name, value.as_deref()).unwrap_or_else(|e| Some(e.text())).unwrap_or_default()
    }

    #[test]
    fn as_configparser_reads() {
        assert_eq!(value("[DEFAULT]\nhome=/h\n[a]\nd = %(HOME)s/x%%\n", "a", "d"), "/h/x%");
        assert_eq!(value("[a]\nx = 1\n  2\n\n  3\n\n[b]", "a", "x"), "1\n2\n\n3");
        assert_eq!(value("[a]\nk\n", "a", "k"), "");
        assert_eq!(value("[a]\nk=%u\n", "a", "k"), "'%' must be followed by '%' or '(', found: '%u'");
    }

    #[test]
    fn errors_are_configparsers() {
        let read = |text: &str| ini(false).read(text, Some("f")).unwrap_err().text();
        assert_eq!(read("a=1"), "File contains no section headers.\nfile: '<???>', line: 1\n'a=1'");
        assert_eq!(read("[a]\nx=1\nX=2"), "Duplicate option in 'f'.");
        assert_eq!(read("[a]\nx\n"), "Source contains parsing errors: '<???>'\n\t[line  2]: 'x\\n'");
    }
}
