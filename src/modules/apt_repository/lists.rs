//! The lists of sources: `sources.list` and what lies in `sources.list.d`.

use super::ppa::Ppa;
use super::set_mode;
use crate::host::{Replace, glob::glob, os_error};
use crate::modules::Call;
use crate::modules::attributes::{absolute, real_path};
use crate::modules::edit::{dirname, read};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use std::fs;
use std::path::Path;

/// The kinds of sources.
const KINDS: [&str; 2] = ["deb", "deb-src"];

/// A line of a list.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    /// Which line it was when it was read.
    number: usize,
    /// Whether it is a source, if only one in a comment.
    pub valid: bool,
    /// Whether it is no comment.
    pub enabled: bool,
    /// The source, its words with one space between them; what else stands there.
    pub source: String,
    /// What stands behind it in a comment.
    comment: String,
}

/// All lists, in the order in which they were found.
#[derive(Clone, Debug)]
pub(super) struct Lists {
    files: Vec<(String, Vec<Entry>)>,
    /// Those to which a line was added, which get the mode that is asked for.
    new: Vec<String>,
    /// The folder for lists of their own.
    folder: String,
}

/// A line, and what is left of it without its comments.
pub(super) fn parse(line: &str) -> (Entry, String) {
    let mut entry = Entry { enabled: true, ..Entry::default() };
    let mut rest = line.trim();
    if let Some(text) = rest.strip_prefix('#') {
        entry.enabled = false;
        rest = text;
    }
    if let Some((text, comment)) = rest.split_once('#').filter(|(text, _)| !text.is_empty()) {
        entry.comment = comment.trim().to_owned();
        rest = text;
    }
    entry.source = rest.trim().to_owned();
    if rest.split_whitespace().next().is_some_and(|word| KINDS.contains(&word)) {
        entry.valid = true;
        entry.source = rest.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    (entry, rest.to_owned())
}

/// The name of a list of its own for a source, by what it is called or by its address.
pub(super) fn file_name(source: &str, given: Option<&str>) -> Result<String, Outcome> {
    let bare = without_protocols(&without_options(source));
    let mut words = bare.split_whitespace().filter(|word| !KINDS.contains(word));
    let Some(word) = words.next() else { return Err(Outcome::crashed("list index out of range")) };
    if let Some(name) = given {
        return Ok(format!("{name}.list"));
    }
    // What stands before it may be a name and a password.
    let address = word.split_once('@').map_or(word, |(_, rest)| rest);
    let parts = address.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    Ok(format!("{}.list", parts.collect::<Vec<_>>().join("_")))
}

/// Without `[arch=amd64]` and the like.
fn without_options(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('[') {
        match rest[start..].find(']') {
            Some(length) if length > 1 => {
                out.push_str(&rest[..start]);
                rest = &rest[start + length + 1..];
            }
            _ => {
                out.push_str(&rest[..=start]);
                rest = &rest[start + 1..];
            }
        }
    }
    out + rest
}

/// Without `https://` and the like.
fn without_protocols(text: &str) -> String {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let parts: Vec<&str> = text.split("://").collect();
    let last = parts.len() - 1;
    let strip = |(at, part): (usize, &&str)| {
        let stripped = part.trim_end_matches(word);
        match at == last {
            true => (*part).to_owned(),
            false if stripped.len() == part.len() => format!("{part}://"),
            false => stripped.to_owned(),
        }
    };
    parts.iter().enumerate().map(strip).collect()
}

impl Lists {
    /// Reads the lists where apt has them.
    pub(super) fn read(call: &Call<'_>) -> Result<Self, Outcome> {
        let (main, folder) = places(call);
        let mut lists = Self { files: Vec::new(), new: Vec::new(), folder };
        if Path::new(&main).is_file() {
            lists.load(&main)?;
        }
        for path in glob(&format!("{}/*.list", lists.folder), None) {
            lists.load(&path.to_string_lossy())?;
        }
        Ok(lists)
    }

    fn load(&mut self, path: &str) -> Result<(), Outcome> {
        let text = String::from_utf8(read(path)?).map_err(|error| {
            // It is written back, so nothing of it may be lost.
            let at = error.utf8_error().valid_up_to();
            let byte = error.as_bytes().get(at).copied().unwrap_or_default();
            Outcome::crashed(format!(
                "'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: invalid start byte"
            ))
        })?;
        let entries = text.lines().enumerate().map(|(number, line)| Entry { number, ..parse(line).0 });
        self.files.push((path.to_owned(), entries.collect()));
        Ok(())
    }

    /// Whether a source is there and enabled; those that name a PPA are told by what they stand for.
    pub(super) fn has(&self, call: &Call<'_>, source: &str) -> Result<bool, Outcome> {
        let entries = self.files.iter().flat_map(|(_, entries)| entries);
        for entry in entries.filter(|entry| entry.valid && entry.enabled) {
            let is_ppa = entry.source.starts_with("ppa:");
            let found = if is_ppa { Ppa::of(call, &entry.source)?.line == source } else { entry.source == source };
            if found {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Enables a source wherever it stands, else adds it to a list.
    pub(super) fn add(&mut self, source: &str, file: &str) {
        let entries = self.files.iter_mut().flat_map(|(_, entries)| entries);
        let mut found = false;
        for entry in entries.filter(|entry| entry.valid && entry.source == source) {
            entry.enabled = true;
            found = true;
        }
        if found {
            return;
        }
        let path = if file.contains('/') { file.to_owned() } else { absolute(&format!("{}/{file}", self.folder)) };
        let at = self.files.iter().position(|(other, _)| *other == path).unwrap_or_else(|| {
            self.files.push((path.clone(), Vec::new()));
            self.files.len() - 1
        });
        let entries = &mut self.files[at].1;
        let entry = Entry {
            number: entries.len(),
            valid: true,
            enabled: true,
            source: source.to_owned(),
            comment: String::new(),
        };
        entries.push(entry);
        self.new.push(path);
    }

    /// Removes a source. Lines are told by their first numbers, though those after a removed one move up: of
    /// several equal ones the real one leaves some, or fails.
    pub(super) fn remove(&mut self, source: &str) -> Result<(), Outcome> {
        for (_, entries) in &mut self.files {
            let mut at = 0;
            while let Some(entry) = entries.get(at) {
                at += 1;
                if entry.valid && entry.enabled && entry.source == source {
                    let number = entry.number;
                    if number >= entries.len() {
                        return Err(Outcome::crashed("pop index out of range"));
                    }
                    entries.remove(number);
                }
            }
        }
        Ok(())
    }

    /// The text of each list that has any lines.
    pub(super) fn texts(&self) -> Dict {
        let files = self.files.iter().filter(|(_, entries)| !entries.is_empty());
        files.map(|(path, entries)| (Value::from(path.as_str()), Value::from(text(entries)))).collect()
    }

    /// Writes all lists; those without lines are removed.
    pub(super) fn save(&self, call: &Call<'_>) -> Result<(), Outcome> {
        for (path, entries) in &self.files {
            if entries.is_empty() {
                if Path::new(path).exists() {
                    fs::remove_file(path).map_err(|error| Outcome::crashed(os_error(&error, path)))?;
                }
                continue;
            }
            let folder = dirname(path);
            fs::create_dir_all(folder).map_err(|error| {
                Outcome::failed(format!("Failed to create directory {folder}: {}", os_error(&error, folder)))
            })?;
            let real = real_path(path);
            Replace::new(Path::new(&real)).bytes(text(entries).as_bytes())?;
            if self.new.contains(path) {
                set_mode(call, path)?;
            }
        }
        Ok(())
    }
}

fn text(entries: &[Entry]) -> String {
    let line = |entry: &Entry| {
        let start = if entry.enabled { "" } else { "# " };
        let (between, comment) = if entry.comment.is_empty() { ("", "") } else { (" # ", entry.comment.as_str()) };
        format!("{start}{}{between}{comment}\n", entry.source)
    };
    entries.iter().map(line).collect()
}

/// The main list and the folder for others, as apt is configured.
fn places(call: &Call<'_>) -> (String, String) {
    let asked = ["apt-config", "shell", "MAIN", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"];
    let out = call.command(asked).run().map(|output| output.out()).unwrap_or_default();
    let value = |name: &str, default: &str| {
        let line = out.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        let word = line.and_then(|line| crate::host::words::split(line).ok()?.into_iter().next());
        word.unwrap_or_else(|| default.to_owned())
    };
    let folder = value("PARTS", "/etc/apt/sources.list.d/");
    (value("MAIN", "/etc/apt/sources.list"), folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(texts: &[(&str, &str)]) -> Lists {
        let entries = |text: &str| {
            text.lines().enumerate().map(|(number, line)| Entry { number, ..parse(line).0 }).collect::<Vec<_>>()
        };
        let files = texts.iter().map(|(path, text)| ((*path).to_owned(), entries(text))).collect();
        Lists { files, new: Vec::new(), folder: "/d/".into() }
    }

    fn of(lists: &Lists, path: &str) -> Option<String> {
        lists.texts().get(path).map(Value::to_text)
    }

    #[test]
    fn names_of_lists() {
        for (source, want) in [
            ("deb http://archive.canonical.com/ubuntu hardy partner", "archive_canonical_com_ubuntu.list"),
            ("deb [arch=amd64 x=y] https://u:p@x.example:80/a stable main", "x_example_80_a.list"),
            ("deb-src [] http://x y", ".list"),
            ("ppa:nginx/stable_jammy", "ppa_nginx_stable_jammy.list"),
        ] {
            assert_eq!(file_name(source, None).expect("a name"), want, "{source}");
        }
        assert_eq!(file_name("deb http://x y", Some("my")).expect("a name"), "my.list");
        assert!(file_name("deb", None).is_err());
    }

    #[test]
    fn sources_are_added_once() {
        let mut all = lists(&[("/m", "#deb http://x  y # z\n\n## a comment # b\n"), ("/d/o.list", "deb http://o p\n")]);
        all.add("deb http://x y", "n.list");
        assert_eq!(of(&all, "/m").as_deref(), Some("deb http://x y # z\n\n# # a comment # b\n"));
        all.add("deb http://n y", "n.list");
        assert_eq!(of(&all, "/d/n.list").as_deref(), Some("deb http://n y\n"));
        all.remove("deb http://o p").expect("removed");
        assert_eq!(of(&all, "/d/o.list"), None);
    }

    #[test]
    fn of_equal_lines_some_stay() {
        let mut all = lists(&[("/m", "deb http://a b\ndeb http://a b\ndeb http://c d\n")]);
        all.remove("deb http://a b").expect("removed");
        assert_eq!(of(&all, "/m").as_deref(), Some("deb http://a b\ndeb http://c d\n"));
    }
}
