//! `lineinfile`: one line is in a file, or none that matches is.
//!
//! Works on bytes, line by line, so a file in any encoding stays what it is elsewhere.

use super::{Call, ModuleDef, Support, edit};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::errors;
use crate::proto::Outcome;
use crate::re::{BytesFound, BytesPattern, Flags};
use crate::value::Dict;
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "lineinfile",
    doc: "Manage lines in text files.",
    spec: &Spec {
        file_common: true,
        mutually_exclusive: &[
            &["insertbefore", "insertafter"],
            &["regexp", "search_string"],
            &["backrefs", "search_string"],
        ],
        ..Spec::new(&[
            Arg::new("path", Kind::Path).required().aliases(&["dest", "destfile", "name"]),
            Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["absent", "present"]),
            Arg::new("regexp", Kind::Str).aliases(&["regex"]),
            Arg::new("search_string", Kind::Str),
            Arg::new("line", Kind::Str).aliases(&["value"]),
            Arg::new("insertafter", Kind::Str),
            Arg::new("insertbefore", Kind::Str),
            Arg::new("backrefs", Kind::Bool).default(Default::Bool(false)),
            Arg::new("create", Kind::Bool).default(Default::Bool(false)),
            Arg::new("backup", Kind::Bool).default(Default::Bool(false)),
            Arg::new("firstmatch", Kind::Bool).default(Default::Bool(false)),
            Arg::new("validate", Kind::Str),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

/// What chooses a line.
enum Wanted {
    Pattern(BytesPattern),
    Text(String),
    Nothing,
}

impl Wanted {
    fn of(call: &Call<'_>) -> Result<Self, Outcome> {
        match (call.args.opt_str("regexp"), call.args.opt_str("search_string")) {
            (Some(regexp), _) => compiled(regexp).map(Self::Pattern),
            (None, Some(text)) => Ok(Self::Text(text.to_owned())),
            (None, None) => Ok(Self::Nothing),
        }
    }

    fn matches(&self, line: &[u8]) -> Result<bool, Outcome> {
        match self {
            Self::Pattern(pattern) => pattern.is_match(line).map_err(edit::bad_pattern),
            Self::Text(text) => Ok(contains(line, text.as_bytes())),
            Self::Nothing => Ok(false),
        }
    }
}

fn compiled(pattern: &str) -> Result<BytesPattern, Outcome> {
    BytesPattern::new(pattern, Flags::default()).map_err(edit::bad_pattern)
}

fn contains(line: &[u8], part: &[u8]) -> bool {
    part.is_empty() || line.windows(part.len()).any(|window| window == part)
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    warn_of_empty(call);
    let path = call.args.str("path").to_owned();
    edit::refuse_folder(&path)?;
    if call.args.str("state") == "absent" {
        if ["regexp", "search_string", "line"].iter().all(|name| !call.args.has(name)) {
            return Err(Outcome::failed("one of line, search_string, or regexp is required with state=absent"));
        }
        return absent(call, &path);
    }
    if call.args.bool("backrefs") && !call.args.has("regexp") {
        return Err(Outcome::failed("regexp is required with backrefs=true"));
    }
    if !call.args.has("line") {
        return Err(Outcome::failed("line is required with state=present"));
    }
    present(call, &path)
}

fn warn_of_empty(call: &mut Call<'_>) {
    let is_empty = |name| call.args.opt_str(name) == Some("");
    let what = match (is_empty("regexp"), is_empty("search_string")) {
        (true, _) => "regular expression",
        (false, true) => "search string",
        (false, false) => return,
    };
    let mut text = format!(
        "The {what} is an empty string, which will match every line in the file. This may have unintended \
         consequences, such as replacing the last line in the file rather than appending."
    );
    if what == "regular expression" {
        text.push_str(" If this is desired, use '^' to match every line in the file and avoid this warning.");
    }
    call.warn(text);
}

fn split(content: &[u8]) -> Vec<Vec<u8>> {
    content.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

fn bare(line: &[u8]) -> &[u8] {
    let end = line.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
    line.get(..end).unwrap_or(line)
}

fn ended(line: &[u8]) -> Vec<u8> {
    [line, b"\n"].concat()
}

fn absent(call: &Call<'_>, path: &str) -> Result<Outcome, Outcome> {
    if !Path::new(path).exists() {
        return Ok(Outcome::changed(false).with("msg", "file not present"));
    }
    let before = edit::read(path)?;
    let wanted = Wanted::of(call)?;
    let line = call.args.str("line").as_bytes();
    let mut kept = Vec::new();
    let mut found = 0;
    for current in split(&before) {
        let matches = match &wanted {
            Wanted::Nothing => bare(&current) == line,
            other => other.matches(&current)?,
        };
        if matches {
            found += 1;
        } else {
            kept.extend(current);
        }
    }
    let msg = if found > 0 { format!("{found} line(s) removed") } else { String::new() };
    Ok(finish(call, path, &before, &kept, found > 0, msg)?.with("found", found))
}

fn present(call: &Call<'_>, path: &str) -> Result<Outcome, Outcome> {
    let exists = Path::new(path).exists();
    if !exists {
        make_folder(call, path)?;
    }
    let before = if exists { edit::read(path)? } else { Vec::new() };
    let mut lines = split(&before);
    let line = call.args.str("line").as_bytes();
    let places = Places::find(call, &lines, line)?;
    let msg = change(call, &mut lines, line, &places)?;
    let changed = msg.is_some();
    let msg = msg.unwrap_or_default().to_owned();
    let after = lines.concat();
    if call.check() && !exists {
        let diff = edit::diff(call, path, &before, &after);
        return Ok(Outcome::changed(changed).with("msg", msg).with("backup", "").with("diff", diff));
    }
    finish(call, path, &before, &after, changed, msg)
}

fn make_folder(call: &Call<'_>, path: &str) -> Result<(), Outcome> {
    if !call.args.bool("create") {
        return Err(Outcome::failed(format!("Destination {path} does not exist !")).with("rc", 257));
    }
    let folder = edit::dirname(path);
    if folder.is_empty() || Path::new(folder).exists() || call.check() {
        return Ok(());
    }
    std::fs::create_dir_all(folder)
        .map_err(|e| Outcome::failed(format!("Error creating {folder} ({})", errors::os_error_bytes(&e, folder))))
}

fn finish(
    call: &Call<'_>,
    path: &str,
    before: &[u8],
    after: &[u8],
    changed: bool,
    msg: String,
) -> Result<Outcome, Outcome> {
    let new = !Path::new(path).exists();
    let backup = if changed && !call.check() { edit::write(call, path, after)? } else { None };
    let mut attributes = Dict::new();
    let (msg, changed) = edit::attributes(call, path, changed, msg, Some(&mut attributes), new)?;
    edit::headers(&mut attributes, &format!("{path} (file attributes)"));
    let diff = edit::both(edit::diff(call, path, before, after), attributes);
    let outcome = Outcome::changed(changed).with("msg", msg).with("backup", backup.unwrap_or_default());
    Ok(outcome.with("diff", diff))
}

/// Where in a file something was found.
struct Places {
    /// The line that is replaced: one that matches, else one that is the wanted line already.
    line: Option<usize>,
    /// Where the line is inserted.
    insert: Option<usize>,
    /// The expression's match, for references to its groups.
    found: Option<(BytesPattern, BytesFound)>,
}

impl Places {
    fn find(call: &Call<'_>, lines: &[Vec<u8>], line: &[u8]) -> Result<Self, Outcome> {
        let first = call.args.bool("firstmatch");
        let wanted = Wanted::of(call)?;
        let insert = insertion(call)?;
        let mut places = Self { line: None, insert: None, found: None };
        for (number, current) in lines.iter().enumerate() {
            if wanted.matches(current)? {
                places.line = Some(number);
                if first {
                    break;
                }
            }
        }
        if let Some(number) = places.line {
            if let (Wanted::Pattern(pattern), Some(current)) = (wanted, lines.get(number)) {
                let found = pattern.search(current).map_err(edit::bad_pattern)?;
                places.found = found.map(|found| (pattern, found));
            }
            return Ok(places);
        }
        for (number, current) in lines.iter().enumerate() {
            if bare(current) == line {
                places.line = Some(number);
            } else if let Some((pattern, after)) = &insert
                && pattern.is_match(current).map_err(edit::bad_pattern)?
            {
                places.insert = Some(number + usize::from(*after));
                if first {
                    break;
                }
            }
        }
        Ok(places)
    }
}

/// The expression of `insertafter` (true) or `insertbefore`.
fn insertion(call: &Call<'_>) -> Result<Option<(BytesPattern, bool)>, Outcome> {
    let (text, after) = match (call.args.opt_str("insertafter"), call.args.opt_str("insertbefore")) {
        (Some(text), _) if !matches!(text, "BOF" | "EOF") => (text, true),
        (_, Some(text)) if text != "BOF" => (text, false),
        _ => return Ok(None),
    };
    let pattern = compiled(text)?;
    // An empty one is compiled, but leads nowhere.
    Ok(Some((pattern, after)).filter(|_| !text.is_empty()))
}

/// Changes the lines; says how, None where they are as they should be.
fn change(
    call: &Call<'_>,
    lines: &mut Vec<Vec<u8>>,
    line: &[u8],
    places: &Places,
) -> Result<Option<&'static str>, Outcome> {
    let backrefs = call.args.bool("backrefs");
    let (after, before) = (call.args.opt_str("insertafter"), call.args.opt_str("insertbefore"));
    if let Some(current) = places.line.and_then(|number| lines.get_mut(number)) {
        let mut new = match &places.found {
            Some((pattern, found)) if backrefs => {
                pattern.expand(found, call.args.str("line")).map_err(edit::bad_pattern)?
            }
            _ => line.to_vec(),
        };
        if !new.ends_with(b"\n") {
            new.push(b'\n');
        }
        let same = *current == new;
        *current = new;
        return Ok((!same).then_some("line replaced"));
    }
    if backrefs {
        return Ok(None);
    }
    if before == Some("BOF") || after == Some("BOF") {
        lines.insert(0, ended(line));
        return Ok(Some("line added"));
    }
    match places.insert {
        Some(at) if after.is_some_and(|text| text != "EOF") => {
            let neighbour = lines.get(at).or_else(|| lines.last());
            if neighbour.is_some_and(|neighbour| bare(neighbour) == line) {
                return Ok(None);
            }
            lines.insert(at.min(lines.len()), ended(line));
        }
        Some(at) => lines.insert(at.min(lines.len()), ended(line)),
        None => {
            if lines.last().is_some_and(|last| !matches!(last.last(), Some(b'\n' | b'\r'))) {
                lines.push(b"\n".to_vec());
            }
            lines.push(ended(line));
        }
    }
    Ok(Some("line added"))
}

#[cfg(test)]
mod tests {

    #[track_caller]
    fn edits(before: &str, args: &str, after: &str, msg: &str) {
        crate::modules::testing::edits("lineinfile", before, args, after, msg);
    }

    #[test]
    fn lines() {
        edits("a\nb", r#""line": "c""#, "a\nb\nc\n", "line added");
        edits("a\nb\n", r#""line": "a""#, "a\nb\n", "");
        edits("a\nb", r#""line": "b""#, "a\nb\n", "line replaced");
        edits("a=1\na=2\n", r#""line": "a=3", "regexp": "^a=""#, "a=1\na=3\n", "line replaced");
        edits("a=1\na=2\n", r#""line": "a=3", "regexp": "^a=", "firstmatch": true"#, "a=3\na=2\n", "line replaced");
        edits("a=1\n", r#""line": "\\1=3", "regexp": "^(a)=", "backrefs": true"#, "a=3\n", "line replaced");
        edits("a=1\n", r#""line": "\\1=3", "regexp": "^(b)=", "backrefs": true"#, "a=1\n", "");
        edits("a\nb\n", r#""line": "c", "insertafter": "^a""#, "a\nc\nb\n", "line added");
        edits("a\nb\n", r#""line": "c", "insertbefore": "^b""#, "a\nc\nb\n", "line added");
        edits("a\nb\n", r#""line": "c", "insertbefore": "BOF""#, "c\na\nb\n", "line added");
        edits("a\nb\n", r#""line": "c", "insertafter": "zzz""#, "a\nb\nc\n", "line added");
        edits("a b\n", r#""line": "c", "search_string": " b""#, "c\n", "line replaced");
        edits("a\nb\na\n", r#""line": "a", "state": "absent""#, "b\n", "2 line(s) removed");
        edits("a\nb\n", r#""regexp": "[ab]$", "state": "absent""#, "", "2 line(s) removed");
        edits("", r#""line": "x""#, "x\n", "line added");
    }
}
