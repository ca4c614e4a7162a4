//! `replace`: every match of an expression in a file, or in a section of it, is replaced.
//!
//! Works on text in a given encoding; bytes that are none in UTF-8 survive unchanged.

use super::encoding::Encoding;
use super::{Call, ModuleDef, Support, edit};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::errors;
use crate::proto::Outcome;
use crate::re::{Flags, Pattern, Template};
use crate::value::{Dict, str_repr};
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "replace",
    doc: "Replace all instances of a particular string in a file using a back-referenced regular expression.",
    spec: &Spec {
        file_common: true,
        ..Spec::new(&[
            Arg::new("path", Kind::Path).required().aliases(&["dest", "destfile", "name"]),
            Arg::new("regexp", Kind::Str).required(),
            Arg::new("replace", Kind::Str).default(Default::Str("")),
            Arg::new("after", Kind::Str),
            Arg::new("before", Kind::Str),
            Arg::new("backup", Kind::Bool).default(Default::Bool(false)),
            Arg::new("validate", Kind::Str),
            Arg::new("encoding", Kind::Str).default(Default::Str("utf-8")),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let path = call.args.str("path").to_owned();
    edit::refuse_folder(&path)?;
    if !Path::new(&path).exists() {
        return Err(Outcome::failed(format!("Path {path} does not exist !")).with("rc", 257));
    }
    let bytes = std::fs::read(&path).map_err(|e| {
        let why = errors::os_error(&e, &path);
        Outcome::crashed(format!("Unable to read the contents of {}.: {why}", str_repr(&path)))
    })?;
    let encoding = Encoding::of(call.args.str("encoding")).map_err(Outcome::crashed)?;
    let (contents, escaped) = encoding.decode(&bytes).map_err(Outcome::crashed)?;
    let mut span = (0, contents.len());
    if let Some(pattern) = section(call) {
        let compiled = Pattern::new(&pattern, Flags { dot_all: true, ..Flags::default() });
        let compiled = compiled.map_err(edit::bad_pattern)?;
        let found = compiled.search(&contents, 0).map_err(edit::bad_pattern)?;
        let group = compiled.named("subsection").zip(found).and_then(|(number, found)| found.span(number));
        let Some(group) = group else {
            let msg = format!("Pattern for before/after params did not match the given file: {pattern}");
            return Ok(Outcome::changed(false).with("rc", 0).with("msg", msg));
        };
        span = group;
    }
    let part = contents.get(span.0..span.1).unwrap_or("");
    let pattern = Pattern::new(call.args.str("regexp"), Flags { multiline: true, ..Flags::default() });
    let pattern = pattern.map_err(edit::bad_pattern)?;
    let template = Template::new(call.args.str("replace"), &pattern)
        .map_err(|e| Outcome::failed(format!("Unable to process replace due to error: {e}")))?;
    let (new, count) = pattern.replace(part, &template, 0).map_err(edit::bad_pattern)?;
    let changed = count > 0 && part != new;
    let mut outcome = Outcome::changed(changed).with("rc", 0);
    let mut msg = String::new();
    if changed {
        msg = format!("{count} replacements made");
        let around = |range: std::ops::Range<usize>| contents.get(range).unwrap_or("");
        let result = [around(0..span.0), &new, around(span.1..contents.len())].concat();
        let after = encoding.encode(&result, escaped).map_err(Outcome::crashed)?;
        if call.context.diff {
            outcome.set("diff", diff(&path, &contents, &result));
        }
        if !call.check()
            && let Some(backup) = edit::write(call, &path, &after)?
        {
            outcome.set("backup_file", backup);
        }
    }
    let (msg, changed) = edit::attributes(call, &path, changed, msg, None, false)?;
    Ok(outcome.with("msg", msg).with("changed", changed))
}

fn diff(path: &str, before: &str, after: &str) -> Dict {
    let mut dict = Dict::from([("before", before), ("after", after)]);
    edit::headers(&mut dict, path);
    dict
}

/// The expression of the section between `after` and `before`.
fn section(call: &Call<'_>) -> Option<String> {
    let given = |name| call.args.opt_str(name).filter(|text| !text.is_empty());
    match (given("after"), given("before")) {
        (Some(after), Some(before)) => Some(format!("{after}(?P<subsection>.*?){before}")),
        (Some(after), None) => Some(format!("{after}(?P<subsection>.*)")),
        (None, Some(before)) => Some(format!("(?P<subsection>.*){before}")),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::{checked, has, outcome};

    #[track_caller]
    fn edits(before: &[u8], args: &str, after: &[u8], msg: &str) {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("f");
        std::fs::write(&path, before).expect("write");
        let json = format!(r#"{{"path": "{}", {args}}}"#, path.display());
        let dry = checked("replace", &json);
        assert_eq!(std::fs::read(&path).expect("read"), before, "check mode");
        let out = outcome("replace", &json);
        assert_eq!(std::fs::read(&path).expect("read"), after, "{args}");
        for out in [dry, out] {
            has(&out, "msg", &format!("'{msg}'"));
        }
    }

    #[test]
    fn replacements() {
        edits(b"a1\na2\n", r#""regexp": "^a(.)$", "replace": "b\\1""#, b"b1\nb2\n", "2 replacements made");
        edits(b"a1\n", r#""regexp": "x""#, b"a1\n", "");
        edits(b"a1\n", r#""regexp": "a", "replace": "a""#, b"a1\n", "");
        edits(b"a<a>a\n", r#""regexp": "a", "after": "<", "before": ">""#, b"a<>a\n", "1 replacements made");
        edits(b"a<a>a\n", r#""regexp": "a", "after": ">""#, b"a<a>\n", "1 replacements made");
        edits(b"a<a>a\n", r#""regexp": "a", "before": ">""#, b"<>a\n", "2 replacements made");
        edits(b"\xffa\xfe", r#""regexp": "a", "replace": "b""#, b"\xffb\xfe", "1 replacements made");
        edits(b"\xe4a", r#""regexp": "a", "replace": "ö", "encoding": "latin-1""#, b"\xe4\xf6", "1 replacements made");
        edits(b"a\0b\0", r#""regexp": "a", "replace": "c", "encoding": "utf-16-le""#, b"c\0b\0", "1 replacements made");
    }
}
