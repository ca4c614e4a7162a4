//! INI files as Python's configparser reads them, as Ansible sets it up.
//!
//! `;` after a space starts a comment, `#` only at a line's beginning; indented lines continue a value;
//! keys are lower case; sections and keys may not be repeated; `%` means nothing.

use crate::value::str_repr;
use indexmap::IndexMap;

/// The sections of an INI file.
#[derive(Clone, Debug, Default)]
pub struct Ini {
    sections: IndexMap<String, IndexMap<String, String>>,
}

/// What configparser says of a file that it cannot read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IniError {
    /// Something stands before the first section.
    #[error("File contains no section headers.\nfile: '<string>', line: {line}\n{}", str_repr(text))]
    NoSection {
        /// The line's number.
        line: usize,
        /// The line with its end.
        text: String,
    },
    /// A section stands twice.
    #[error("While reading from '<string>' [line {line:2}]: section {} already exists", str_repr(section))]
    SectionTwice {
        /// The line's number.
        line: usize,
        /// The section.
        section: String,
    },
    /// A key stands twice in its section.
    #[error(
        "While reading from '<string>' [line {line:2}]: option {} in section {} already exists",
        str_repr(key),
        str_repr(section)
    )]
    KeyTwice {
        /// The line's number.
        line: usize,
        /// The section.
        section: String,
        /// The key.
        key: String,
    },
    /// Lines without a delimiter.
    #[error("Source contains parsing errors: '<string>'{}", lines(bad))]
    Parsing {
        /// Their numbers and contents.
        bad: Vec<(usize, String)>,
    },
}

fn lines(bad: &[(usize, String)]) -> String {
    bad.iter().map(|(line, text)| format!("\n\t[line {line:2}]: {}", str_repr(text))).collect()
}

impl Ini {
    /// A value by its section and key; those of `[DEFAULT]` hold in every section that exists.
    pub fn get(&self, section: &str, key: &str) -> Option<&str> {
        let key = key.to_lowercase();
        let own = self.sections.get(section)?;
        own.get(&key).or_else(|| self.sections.get("DEFAULT")?.get(&key)).map(String::as_str)
    }

    /// The sections' names in order.
    pub fn sections(&self) -> impl Iterator<Item = &str> {
        self.sections.keys().map(String::as_str)
    }

    /// A section's keys in order.
    pub fn keys(&self, section: &str) -> impl Iterator<Item = &str> {
        self.sections.get(section).into_iter().flat_map(|s| s.keys().map(String::as_str))
    }

    /// Reads a file's text.
    pub fn parse(text: &str) -> Result<Self, IniError> {
        let mut reader = Reader::default();
        for (i, line) in text.split_inclusive('\n').enumerate() {
            reader.line(i + 1, line)?;
        }
        reader.end_value();
        if reader.bad.is_empty() { Ok(reader.ini) } else { Err(IniError::Parsing { bad: reader.bad }) }
    }
}

#[derive(Default)]
struct Reader {
    ini: Ini,
    section: Option<String>,
    key: Option<String>,
    value: Vec<String>,
    indent: usize,
    bad: Vec<(usize, String)>,
}

impl Reader {
    fn line(&mut self, number: usize, raw: &str) -> Result<(), IniError> {
        let value = content(raw);
        if value.is_empty() {
            // An empty line belongs to the value above it; a comment leaves that value open.
            if raw.trim().is_empty() && self.key.is_some() {
                self.value.push(String::new());
            }
            return Ok(());
        }
        let indent = raw.chars().take_while(|c| c.is_whitespace()).count();
        if self.section.is_some() && self.key.is_some() && indent > self.indent {
            self.value.push(value.to_owned());
            return Ok(());
        }
        self.indent = indent;
        if let Some(name) = header(value) {
            return self.open(number, name);
        }
        let Some(section) = self.section.clone() else {
            return Err(IniError::NoSection { line: number, text: raw.to_owned() });
        };
        let Some(at) = value.find(['=', ':']) else {
            self.bad.push((number, raw.to_owned()));
            return Ok(());
        };
        self.end_value();
        let key = value[..at].trim_end().to_lowercase();
        if key.is_empty() {
            self.bad.push((number, raw.to_owned()));
        }
        let known = self.ini.sections.entry(section.clone()).or_default();
        if known.insert(key.clone(), String::new()).is_some() {
            return Err(IniError::KeyTwice { line: number, section, key });
        }
        self.key = Some(key);
        self.value = vec![value[at + 1..].trim().to_owned()];
        Ok(())
    }

    fn open(&mut self, line: usize, name: &str) -> Result<(), IniError> {
        self.end_value();
        self.section = Some(name.to_owned());
        if self.ini.sections.contains_key(name) && name != "DEFAULT" {
            return Err(IniError::SectionTwice { line, section: name.to_owned() });
        }
        self.ini.sections.entry(name.to_owned()).or_default();
        Ok(())
    }

    fn end_value(&mut self) {
        let lines = std::mem::take(&mut self.value);
        if let (Some(section), Some(key)) = (&self.section, self.key.take())
            && let Some(slot) = self.ini.sections.get_mut(section).and_then(|s| s.get_mut(&key))
        {
            *slot = lines.join("\n").trim_end().to_owned();
        }
    }
}

/// The name in `[name]`; text after the bracket is ignored.
fn header(value: &str) -> Option<&str> {
    let inner = value.strip_prefix('[')?;
    inner.rfind(']').filter(|at| *at > 0).map(|at| &inner[..at])
}

/// A line without comment and surrounding space.
fn content(raw: &str) -> &str {
    let text = raw.trim();
    if text.starts_with(['#', ';']) {
        return "";
    }
    let mut end = raw.len();
    for (at, _) in raw.match_indices(';') {
        if at == 0 || raw[..at].ends_with(char::is_whitespace) {
            end = at;
            break;
        }
    }
    raw[..end].trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn value(text: &str, section: &str, key: &str, want: &str) {
        assert_eq!(Ini::parse(text).unwrap().get(section, key), Some(want));
    }

    #[track_caller]
    fn fails(text: &str, want: &str) {
        assert_eq!(Ini::parse(text).unwrap_err().to_string(), want);
    }

    #[test]
    fn values_as_configparser_reads_them() {
        value("[a]\nx = 5 ; note\n", "a", "x", "5");
        value("[a]\nx = 5;6 # b\n", "a", "x", "5;6 # b");
        value("[a]\nX: y=z\n", "a", "x", "y=z");
        value("[a]\nx = 1\n  2\n\n  3\n\ny=4\n", "a", "x", "1\n2\n\n3");
        value("[a]\nx =\n  1,\n# note\n  2\n", "a", "x", "\n1,\n2");
        value("[a]\nx = %(y)s\n", "a", "x", "%(y)s");
        value("[DEFAULT]\nx = 1\n[a]\n", "a", "x", "1");
        value("[a] tail\nx=1\n", "a", "x", "1");
    }

    #[test]
    fn errors_as_configparser_says_them() {
        fails("forks = 1\n", "File contains no section headers.\nfile: '<string>', line: 1\n'forks = 1\\n'");
        fails("[d]\nforks\n", "Source contains parsing errors: '<string>'\n\t[line  2]: 'forks\\n'");
        fails("[d]\na=1\na=2\n", "While reading from '<string>' [line  3]: option 'a' in section 'd' already exists");
        fails("[d]\n[d]\n", "While reading from '<string>' [line  2]: section 'd' already exists");
    }
}
