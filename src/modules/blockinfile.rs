//! `blockinfile`: a block of lines between two marker lines is in a file, or is not.
//!
//! Works on bytes; lines end as Python's `splitlines` has them for bytes: at `\n`, `\r` and `\r\n`.

use super::{Call, ModuleDef, Support, edit};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::errors;
use crate::proto::Outcome;
use crate::re::{BytesPattern, Flags};
use crate::value::Dict;
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "blockinfile",
    doc: "Insert/update/remove a text block surrounded by marker lines.",
    spec: &Spec {
        file_common: true,
        mutually_exclusive: &[&["insertbefore", "insertafter"]],
        ..Spec::new(&[
            Arg::new("path", Kind::Path).required().aliases(&["dest", "destfile", "name"]),
            Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["absent", "present"]),
            Arg::new("marker", Kind::Str).default(Default::Str("# {mark} ANSIBLE MANAGED BLOCK")),
            Arg::new("block", Kind::Str).default(Default::Str("")).aliases(&["content"]),
            Arg::new("insertafter", Kind::Str),
            Arg::new("insertbefore", Kind::Str),
            Arg::new("create", Kind::Bool).default(Default::Bool(false)),
            Arg::new("backup", Kind::Bool).default(Default::Bool(false)),
            Arg::new("validate", Kind::Str),
            Arg::new("marker_begin", Kind::Str).default(Default::Str("BEGIN")),
            Arg::new("marker_end", Kind::Str).default(Default::Str("END")),
            Arg::new("append_newline", Kind::Bool).default(Default::Bool(false)),
            Arg::new("prepend_newline", Kind::Bool).default(Default::Bool(false)),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let path = call.args.str("path").to_owned();
    edit::refuse_folder(&path)?;
    let exists = Path::new(&path).exists();
    if !exists {
        make_folder(call, &path)?;
    }
    let original = if exists { Some(edit::read(&path)?) } else { None };
    if call.args.str("state") == "absent" && !exists {
        return Ok(Outcome::changed(false).with("msg", format!("File {path} not present")));
    }
    let block = Block::of(call)?;
    let result = block.placed(call, original.as_deref())?;
    let msg = match &original {
        Some(original) if *original == result => "",
        None => "File created",
        Some(_) if block.lines.is_empty() => "Block removed",
        Some(_) => "Block inserted",
    };
    let changed = !msg.is_empty();
    let backup = if changed && !call.check() { edit::write(call, &path, &result)? } else { None };
    let diff = edit::diff(call, &path, original.as_deref().unwrap_or_default(), &result);
    if call.check() && !exists {
        return Ok(Outcome::changed(changed).with("msg", msg).with("diff", diff));
    }
    let mut attributes = Dict::new();
    let (msg, changed) = edit::attributes(call, &path, changed, msg.to_owned(), Some(&mut attributes), !exists)?;
    edit::headers(&mut attributes, &format!("{path} (file attributes)"));
    let mut outcome = Outcome::changed(changed).with("msg", msg).with("diff", edit::both(diff, attributes));
    if let Some(backup) = backup {
        outcome.set("backup_file", backup);
    }
    Ok(outcome)
}

fn make_folder(call: &Call<'_>, path: &str) -> Result<(), Outcome> {
    if !call.args.bool("create") {
        return Err(Outcome::failed(format!("Path {path} does not exist !")).with("rc", 257));
    }
    let folder = edit::dirname(path);
    if folder.is_empty() || Path::new(folder).exists() || call.check() {
        return Ok(());
    }
    std::fs::create_dir_all(folder).map_err(|e| {
        let code = e.raw_os_error().unwrap_or(0);
        let words = errors::words(&e);
        Outcome::failed(format!("Error creating {folder} Error code: {code} Error description: {words}"))
    })
}

/// Lines with their ends.
fn split(content: &[u8]) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let mut line = Vec::new();
    let mut bytes = content.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        line.push(byte);
        if byte == b'\n' || (byte == b'\r' && bytes.peek() != Some(&b'\n')) {
            lines.push(std::mem::take(&mut line));
        }
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

/// The block with its markers.
struct Block {
    begin: Vec<u8>,
    end: Vec<u8>,
    /// The markers and what is between them; none where the block is to go.
    lines: Vec<Vec<u8>>,
}

impl Block {
    fn of(call: &Call<'_>) -> Result<Self, Outcome> {
        let mark = BytesPattern::new("{mark}", Flags::default()).map_err(edit::bad_pattern)?;
        let marker = |name| {
            let mut line = mark.replace(call.args.str("marker").as_bytes(), call.args.str(name))?;
            line.push(b'\n');
            Ok(line)
        };
        let begin = marker("marker_begin").map_err(edit::bad_pattern)?;
        let end = marker("marker_end").map_err(edit::bad_pattern)?;
        let mut lines = Vec::new();
        let mut text = call.args.str("block").as_bytes().to_vec();
        if call.args.str("state") == "present" && !text.is_empty() {
            if !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            lines.push(begin.clone());
            lines.extend(split(&text));
            lines.push(end.clone());
        }
        Ok(Self { begin, end, lines })
    }

    /// The content with the block in its place.
    fn placed(&self, call: &Call<'_>, original: Option<&[u8]>) -> Result<Vec<u8>, Outcome> {
        let mut lines = split(original.unwrap_or_default());
        let insertion = insertion(call)?;
        let begin = lines.iter().rposition(|line| *line == self.begin);
        let end = lines.iter().rposition(|line| *line == self.end);
        let mut at = match (begin, end) {
            (Some(begin), Some(end)) => {
                let (first, last) = (begin.min(end), begin.max(end));
                lines.drain(first..=last);
                first
            }
            _ => place(call, &lines, original, insertion.as_ref())?,
        }
        .min(lines.len());
        let present = call.args.str("state") == "present";
        if let Some(before) = at.checked_sub(1).and_then(|number| lines.get_mut(number)) {
            if !before.ends_with(b"\n") {
                before.push(b'\n');
            }
            if call.args.bool("prepend_newline") && present && before != b"\n" {
                lines.insert(at, b"\n".to_vec());
                at += 1;
            }
        }
        lines.splice(at..at, self.lines.iter().cloned());
        let behind = at + self.lines.len();
        if call.args.bool("append_newline") && present && lines.get(behind).is_some_and(|line| line != b"\n") {
            lines.insert(behind, b"\n".to_vec());
        }
        Ok(lines.concat())
    }
}

/// The expression of `insertafter` or `insertbefore`.
fn insertion(call: &Call<'_>) -> Result<Option<BytesPattern>, Outcome> {
    let text = match (call.args.opt_str("insertafter"), call.args.opt_str("insertbefore")) {
        (Some(text), _) if text != "EOF" => text,
        (_, Some(text)) if text != "BOF" => text,
        _ => return Ok(None),
    };
    BytesPattern::new(text, Flags::default()).map(Some).map_err(edit::bad_pattern)
}

/// The line before which a block goes that is not there yet.
fn place(
    call: &Call<'_>,
    lines: &[Vec<u8>],
    original: Option<&[u8]>,
    insertion: Option<&BytesPattern>,
) -> Result<usize, Outcome> {
    let Some(pattern) = insertion else {
        return Ok(if call.args.has("insertbefore") { 0 } else { lines.len() });
    };
    let mut at = None;
    if pattern.is_multiline() {
        let Some(original) = original else {
            return Err(Outcome::crashed("expected string or bytes-like object, got 'NoneType'"));
        };
        let text = String::from_utf8_lossy(original);
        // Characters are counted up to an offset in bytes, as the real one does.
        let lines_before = |end: usize| text.chars().take(end).filter(|c| *c == '\n').count();
        let given = |name| call.args.opt_str(name).is_some_and(|text| !text.is_empty());
        let found = pattern.search(original).map_err(edit::bad_pattern)?;
        at = found.and_then(|found| match (given("insertafter"), given("insertbefore")) {
            (true, _) => Some(lines_before(found.end())),
            (false, true) => Some(lines_before(found.start())),
            (false, false) => None,
        });
    } else {
        for (number, line) in lines.iter().enumerate() {
            if pattern.is_match(line).map_err(edit::bad_pattern)? {
                at = Some(number);
            }
        }
    }
    Ok(at.map_or(lines.len(), |at| at + usize::from(call.args.has("insertafter"))))
}

#[cfg(test)]
mod tests {

    #[track_caller]
    fn edits(before: &str, args: &str, after: &str, msg: &str) {
        crate::modules::testing::edits(
            "blockinfile",
            before,
            &format!(r##""marker": "#{{mark}}", {args}"##),
            after,
            msg,
        );
    }

    #[test]
    fn blocks() {
        edits("a", r#""block": "x\ny""#, "a\n#BEGIN\nx\ny\n#END\n", "Block inserted");
        edits("a\n#BEGIN\nx\n#END\nb\n", r#""block": "z""#, "a\n#BEGIN\nz\n#END\nb\n", "Block inserted");
        edits("a\n#BEGIN\nx\n#END\nb\n", r#""block": "x""#, "a\n#BEGIN\nx\n#END\nb\n", "");
        edits("a\n#BEGIN\nx\n#END\nb\n", r#""state": "absent""#, "a\nb\n", "Block removed");
        edits("a\n#END\nx\n#BEGIN\nb\n", r#""block": """#, "a\nb\n", "Block removed");
        edits("a\nb\n", r#""block": "x", "insertbefore": "^b""#, "a\n#BEGIN\nx\n#END\nb\n", "Block inserted");
        edits("a\nb\n", r#""block": "x", "insertbefore": "BOF""#, "#BEGIN\nx\n#END\na\nb\n", "Block inserted");
        edits("a\nb\n", r#""block": "x", "insertafter": "(?m)^a""#, "a\n#BEGIN\nx\n#END\nb\n", "Block inserted");
        edits(
            "a\nb\n",
            r#""block": "x", "insertafter": "a", "append_newline": true, "prepend_newline": true"#,
            "a\n\n#BEGIN\nx\n#END\n\nb\n",
            "Block inserted",
        );
    }
}
