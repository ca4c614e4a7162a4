//! What many lookups need: options, files along the search path, `k=v` text.

use crate::template::pylib::paths;
use crate::template::{CallArgs, Cx, Obj, Raise};

/// What a lookup finds.
pub(super) type Found = Result<Vec<Obj>, Raise>;

/// The terms, and the options by name. Options that a lookup lacks are ignored, as Ansible does.
pub(super) struct Call {
    pub(super) terms: Vec<Obj>,
    options: Vec<(String, Obj)>,
}

impl Call {
    pub(super) fn new(args: CallArgs) -> Self {
        Self {
            terms: args.positional,
            options: args.named.into_iter().map(|(name, value)| (name.to_string(), value)).collect(),
        }
    }

    pub(super) fn option(&self, name: &str) -> Option<&Obj> {
        self.options.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    pub(super) fn set(&mut self, name: &str, value: Obj) {
        match self.options.iter_mut().find(|(n, _)| n == name) {
            Some(slot) => slot.1 = value,
            None => self.options.push((name.to_owned(), value)),
        }
    }

    /// The names of the options given.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(|(name, _)| name.as_str())
    }

    pub(super) fn text(&self, cx: &mut Cx<'_>, name: &str, default: &str) -> Result<String, Raise> {
        match self.option(name) {
            None | Some(Obj::None) => Ok(default.to_owned()),
            Some(obj) => cx.text(obj),
        }
    }

    pub(super) fn truth(&self, cx: &mut Cx<'_>, name: &str, default: bool) -> Result<bool, Raise> {
        match self.option(name) {
            None | Some(Obj::None) => Ok(default),
            Some(obj) => boolean(cx, obj),
        }
    }

    pub(super) fn int(&self, cx: &mut Cx<'_>, lookup: &str, name: &str) -> Result<Option<i64>, Raise> {
        let obj = match self.option(name) {
            None | Some(Obj::None) => return Ok(None),
            Some(obj) => obj,
        };
        if let Some(number) = obj.as_int().or_else(|| obj.as_str().and_then(integer)) {
            return Ok(Some(number));
        }
        let shown = cx.repr(obj)?;
        Err(Raise::ansible(format!(
            "Config '{name}' for '{lookup}' lookup plugin from 'Direct' has an invalid value: Invalid value provided \
             for 'integer': {shown}"
        )))
    }

    /// The strings of a list option; a string is split at its commas.
    pub(super) fn list(&self, cx: &mut Cx<'_>, name: &str) -> Result<Vec<String>, Raise> {
        match self.option(name) {
            None | Some(Obj::None) => Ok(Vec::new()),
            Some(Obj::Str(text)) => Ok(text.as_str().split(',').map(|part| part.trim().to_owned()).collect()),
            Some(list) => {
                let mut out = Vec::new();
                for item in cx.iter(&list.clone())? {
                    out.push(cx.text(&item)?);
                }
                Ok(out)
            }
        }
    }
}

/// Decimal digits with a sign, as `int(text)` reads them.
fn integer(text: &str) -> Option<i64> {
    let trimmed = text.trim();
    let digits = trimmed.strip_prefix(['-', '+']).unwrap_or(trimmed);
    trimmed.parse().ok().filter(|_| digits.bytes().all(|b| b.is_ascii_digit()))
}

/// A boolean option's value.
pub(super) fn boolean(cx: &mut Cx<'_>, obj: &Obj) -> Result<bool, Raise> {
    if let Obj::Bool(b) = obj {
        return Ok(*b);
    }
    let text = cx.text(obj)?.to_lowercase();
    Ok(matches!(text.trim(), "y" | "yes" | "on" | "1" | "true" | "t" | "1.0"))
}

/// The term as text, or the complaint.
pub(super) fn term(cx: &mut Cx<'_>, obj: &Obj) -> Result<String, Raise> {
    cx.text(obj)
}

/// Splits text at white space outside quotes, which are taken off: the `k=v` words of old lookups.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let (mut quote, mut inside) = (None, false);
    for c in text.chars() {
        match quote {
            Some(q) if q == c => quote = None,
            Some(_) => word.push(c),
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                inside = true;
            }
            None if c.is_whitespace() => {
                if inside || !word.is_empty() {
                    out.push(std::mem::take(&mut word));
                }
                inside = false;
            }
            None => word.push(c),
        }
    }
    if inside || !word.is_empty() {
        out.push(word);
    }
    out
}

/// The `k=v` pairs of a text, and the other words joined.
pub(super) fn key_values(text: &str) -> (Vec<(String, String)>, String) {
    let mut pairs = Vec::new();
    let mut rest = Vec::new();
    for word in words(text) {
        match word.split_once('=') {
            Some((key, value)) if !key.is_empty() => pairs.push((key.to_owned(), value.to_owned())),
            _ => rest.push(word),
        }
    }
    (pairs, rest.join(" "))
}

/// The folder of the playbook, from which commands run.
pub(super) fn base_folder(cx: &Cx<'_>) -> String {
    cx.search_paths().pop().unwrap_or_else(|| cx.with_world(|w| w.cwd.clone()))
}

fn absolute(cx: &Cx<'_>, path: &str) -> String {
    cx.with_world(|w| {
        let home = paths::expanduser(path, &w.home, String::new);
        let variable = |name: &str| w.environment.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
        paths::abspath(&paths::expandvars(&home, variable), &w.cwd)
    })
}

/// A file as the action plugins find it: absolute, else below the folder for its kind in each place
/// of the search path, else in that place itself.
pub(super) fn find_file(cx: &mut Cx<'_>, folder: Option<&str>, name: &str) -> Option<String> {
    let exists = |path: &str| std::fs::metadata(path).is_ok();
    if name.starts_with('/') || name.starts_with('~') {
        return Some(absolute(cx, name)).filter(|path| exists(path));
    }
    if name.is_empty() {
        return None;
    }
    let folder = folder.unwrap_or("");
    let starts_with_folder = name.split('/').next() == Some(folder);
    let mut candidates = Vec::new();
    let mut places = cx.search_paths();
    if places.is_empty() {
        places.push(cx.with_world(|w| w.cwd.clone()));
    }
    for place in places {
        let place = absolute(cx, &place);
        // Below a role's tasks, its folders stand beside them.
        let above = paths::dirname(&place).to_owned();
        if above.ends_with("/tasks") {
            candidates.push(paths::join([paths::dirname(&above), folder, name]));
            candidates.push(paths::join([above.as_str(), name]));
        }
        if !starts_with_folder {
            candidates.push(paths::join([place.as_str(), folder, name]));
        }
        candidates.push(paths::join([place.as_str(), name]));
    }
    candidates.into_iter().find(|path| exists(path))
}

/// A file's text, decrypted where it is vaulted.
pub(super) fn read_text(cx: &mut Cx<'_>, path: &str) -> Result<String, Raise> {
    let bytes = std::fs::read(path)
        .map_err(|e| Raise::ansible(format!("an error occurred while trying to read the file '{path}': {e}")))?;
    let bytes = match crate::vault::is_vaulted(&bytes) {
        true => cx.with_world(|w| w.vault.decrypt(&bytes)).map_err(|e| Raise::ansible(e.line()))?,
        false => bytes,
    };
    String::from_utf8(bytes).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        let byte = e.as_bytes().get(at).copied().unwrap_or(0);
        Raise::python(
            crate::template::raise::Class::Unicode,
            format!("'utf-8' codec can't decode byte 0x{byte:02x} in position {at}: invalid start byte"),
        )
    })
}
