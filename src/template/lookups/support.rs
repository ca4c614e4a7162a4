//! What many lookups need: options, files along the search path, `k=v` text.

use crate::config::integer;
use crate::diag::Error;
use crate::template::filters::paths::os_error;
use crate::template::pylib::{codec, paths};
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::Text;

/// What a lookup finds.
pub(super) type Found = Result<Vec<Obj>, Raise>;

/// A value of which ansible-core knows where it is from, as of options and of files: that is another class of text.
pub(super) fn sourced(value: Obj) -> Obj {
    match value {
        Obj::Str(text) if !text.is_tagged() && !text.is_markup() => Obj::Str(Text::classed(text.shared())),
        other => other,
    }
}

/// The terms, and the options by name. Options that a lookup lacks are ignored, as Ansible does.
pub(super) struct Call {
    pub(super) terms: Vec<Obj>,
    options: Vec<(String, Obj)>,
}

impl Call {
    pub(super) fn new(args: CallArgs) -> Self {
        Self {
            terms: args.positional,
            options: args.named.into_iter().map(|(name, value)| (name.to_string(), sourced(value))).collect(),
        }
    }

    pub(super) fn option(&self, name: &str) -> Option<&Obj> {
        self.options.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    pub(super) fn set(&mut self, name: &str, value: Obj) {
        match self.options.iter_mut().find(|(n, _)| n == name) {
            Some(slot) => slot.1 = sourced(value),
            None => self.options.push((name.to_owned(), sourced(value))),
        }
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
        let number = match obj {
            Obj::Str(text) => integer(text.as_str()),
            Obj::Float(number) => integer(&number.to_string()),
            other => other.as_int(),
        };
        if number.is_some() {
            return Ok(number);
        }
        let shown = cx.repr(obj)?;
        Err(Raise::ansible(format!(
            "Config '{name}' for '{lookup}' lookup plugin from 'Direct' has an invalid value: Invalid value provided \
             for 'integer': {shown}"
        )))
    }

    /// A text option that must be one of some words, the first of which it is where it was left out.
    pub(super) fn choice(&self, cx: &mut Cx<'_>, lookup: &str, name: &str, choices: &[&str]) -> Result<String, Raise> {
        let value = self.text(cx, name, choices.first().copied().unwrap_or_default())?;
        if choices.contains(&value.as_str()) {
            return Ok(value);
        }
        let text = format!("Invalid value '{value}' for config '{name}' for '{lookup}' lookup plugin.");
        Err(Error::user(text).help(format!("Valid values are: {}", choices.join(", "))).apart().into())
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

/// The text of a term that is cut up, which an `if` without `else` fails at.
pub(super) fn parsed(cx: &mut Cx<'_>, obj: &Obj) -> Result<String, Raise> {
    match obj {
        Obj::Undefined(u) => Err(u.used()),
        other => cx.text(other),
    }
}

/// The text of a term that is a file's name, which an `if` without `else` is not.
pub(super) fn file_name(cx: &mut Cx<'_>, obj: &Obj) -> Result<String, Raise> {
    match obj {
        Obj::Undefined(_) => {
            Err(Raise::type_error(format!("expected str, bytes or os.PathLike object, not {}", obj.type_name())))
        }
        other => cx.text(other),
    }
}

/// Splits text at white space outside quotes; the quotes stay.
fn words(text: &str) -> Vec<&str> {
    let mut out = Vec::new();
    let (mut start, mut quote, mut escaped) = (None, None, false);
    for (at, c) in text.char_indices() {
        match quote {
            Some(q) if q == c && !escaped => quote = None,
            Some(_) => {}
            None if (c == '"' || c == '\'') && !escaped => quote = Some(c),
            None if c.is_whitespace() => {
                out.extend(start.take().map(|from: usize| &text[from..at]));
                continue;
            }
            None => {}
        }
        escaped = c == '\\' && !escaped;
        start.get_or_insert(at);
    }
    out.extend(start.map(|from| &text[from..]));
    out
}

/// Text without the quotes around it.
fn unquoted(text: &str) -> &str {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote).filter(|t| !t.ends_with('\\'));
    inner('"').or_else(|| inner('\'')).unwrap_or(text)
}

/// Text with the escapes that Python's string literals have: `\t`, `\x1a`, `\u00e9`.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let next = rest.chars().next();
        let simple =
            next.and_then(|c| "\\'\"abfnrtv".find(c)).and_then(|i| "\\'\"\x07\x08\x0c\n\r\t\x0b".chars().nth(i));
        let digits = match next {
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            _ => 0,
        };
        let code = rest.get(1..=digits).filter(|_| digits > 0).and_then(|hex| u32::from_str_radix(hex, 16).ok());
        match (simple, code.and_then(char::from_u32)) {
            (Some(c), _) => {
                out.push(c);
                rest = &rest[1..];
            }
            (None, Some(c)) => {
                out.push(c);
                rest = &rest[1 + digits..];
            }
            (None, None) => out.push('\\'),
        }
    }
    out.push_str(rest);
    out
}

/// The `k=v` pairs of a text, and its other words as they are written.
pub(super) fn key_values(text: &str) -> (Vec<(String, String)>, String) {
    let mut pairs = Vec::new();
    let mut rest = Vec::new();
    for word in words(text) {
        let plain = unescaped(word);
        let at = plain.match_indices('=').map(|(at, _)| at).find(|at| *at > 0 && !plain[..*at].ends_with('\\'));
        match at {
            Some(at) => pairs.push((plain[..at].trim().to_owned(), unquoted(plain[at + 1..].trim()).to_owned())),
            None => rest.push(word),
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
    candidates.into_iter().find(|path| exists(path)).map(|path| match name {
        // No name at all is that of a folder.
        "" => paths::normpath(&path),
        _ => path,
    })
}

/// A file's text, decrypted where it is vaulted.
pub(super) fn read_text(cx: &mut Cx<'_>, path: &str) -> Result<String, Raise> {
    read_encoded(cx, path, "utf-8", true)
}

/// A file's text in an encoding; decrypted where it is vaulted and the lookup does that.
pub(super) fn read_encoded(cx: &mut Cx<'_>, path: &str, encoding: &str, decrypts: bool) -> Result<String, Raise> {
    let bytes = std::fs::read(path).map_err(|e| {
        let cause = os_error(&e, path).text();
        match decrypts {
            true => Raise::ansible(format!("An error occurred while trying to read the file '{path}': {cause}")),
            false => Raise::ansible(cause),
        }
    })?;
    let bytes = match decrypts && crate::vault::is_vaulted(&bytes) {
        true => cx.with_world(|w| w.vault.decrypt(&bytes)).map_err(|e| Raise::ansible(e.line()))?,
        false => bytes,
    };
    codec::decode(&bytes, encoding)
}

/// The file of an option. Without it the real one fails over None, in words that differ by lookup.
pub(super) fn located(cx: &mut Cx<'_>, name: &str, unnamed: &str) -> Result<String, Raise> {
    find_file(cx, Some("files"), name).ok_or_else(|| {
        cx.warn(format!("Unable to find '{name}' in expected paths (use -vvvvv to see paths)"));
        Raise::type_error(unnamed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_as_parse_kv_has_them() {
        let (pairs, rest) = key_values("\"The Rock\" Johnson file=\"a b\" delimiter=\\x1a x='\\t'");
        assert_eq!(rest, "\"The Rock\" Johnson");
        let want = [("file", "a b"), ("delimiter", "\x1a"), ("x", "\t")];
        assert_eq!(pairs, want.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }
}
