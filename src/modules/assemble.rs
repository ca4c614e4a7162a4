//! `assemble`: one file of the fragments in a folder.

use super::attributes::FileArgs;
use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Replace, digest, errors, replace, words};
use crate::proto::Outcome;
use crate::re::{Flags, Pattern};
use crate::value::Dict;
use std::fs;
use std::io::Write;
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "assemble",
    doc: "Assemble configuration files from fragments.",
    spec: &Spec {
        file_common: true,
        ..Spec::new(&[
            Arg::new("src", Kind::Path).required(),
            Arg::new("delimiter", Kind::Str),
            Arg::new("dest", Kind::Path).required(),
            Arg::new("backup", Kind::Bool).default(Default::Bool(false)),
            Arg::new("remote_src", Kind::Bool).default(Default::Bool(true)),
            Arg::new("regexp", Kind::Str),
            Arg::new("ignore_hidden", Kind::Bool).default(Default::Bool(false)),
            Arg::new("validate", Kind::Str),
            Arg::new("decrypt", Kind::Bool).default(Default::Bool(true)),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let src = call.args.str("src").to_owned();
    let dest = call.args.str("dest").to_owned();
    let validate = call.args.opt_str("validate").filter(|text| !text.is_empty());
    if !Path::new(&src).exists() {
        return Err(Outcome::failed(format!("Source ({src}) does not exist")));
    }
    if !Path::new(&src).is_dir() {
        return Err(Outcome::failed(format!("Source ({src}) is not a directory")));
    }
    let pattern = match call.args.opt_str("regexp") {
        Some(text) => Some(
            Pattern::new(text, Flags::default())
                .map_err(|e| Outcome::failed(format!("Invalid Regexp ({e}) in \"{text}\"")))?,
        ),
        None => None,
    };
    if let Some(text) = validate.filter(|text| !text.contains("%s")) {
        return Err(Outcome::failed(format!("validate must contain %s: {text}")));
    }
    let wanted = Fragments {
        delimiter: call.args.opt_str("delimiter"),
        pattern: pattern.as_ref(),
        ignore_hidden: call.args.bool("ignore_hidden"),
        always_ends_line: false,
    };
    let content = wanted.joined(Path::new(&src), &mut |path| fs::read(path)).map_err(Outcome::crashed)?;
    let checksum = digest::sha1_bytes(&content);
    let mut outcome = Outcome::changed(false).with("src", src).with("dest", dest.as_str()).with("msg", "OK");
    outcome.set("checksum", checksum.as_str());
    outcome.set("md5sum", digest::md5_bytes(&content));
    let mut changed = false;
    let there = Path::new(&dest).is_file();
    let old = there.then(|| digest::sha1_file(Path::new(&dest)));
    let old = old.transpose().map_err(|e| Outcome::crashed(errors::os_error(&e, &dest)))?;
    if Path::new(&dest).is_dir() {
        return Err(Outcome::failed(format!("attempted to take checksum of directory: {dest}")));
    }
    if old.as_deref() != Some(&checksum) {
        if let Some(command) = validate {
            outcome.set("validation", validated(call, command, &content)?);
        }
        if call.args.bool("backup") && old.is_some() {
            let made = replace::backup(&call.env, Path::new(&dest));
            let made = made.map_err(|e| Outcome::crashed(errors::os_error(&e, &dest)))?;
            outcome.set("backup_file", made.to_string_lossy().into_owned());
        }
        if !call.check() {
            let args = FileArgs::of(call, &dest);
            let place = Replace {
                unsafe_writes: call.args.bool("unsafe_writes"),
                mode: args.plain_mode(),
                ..Replace::new(Path::new(&dest))
            };
            place.bytes(&content)?;
        }
        changed = true;
    }
    outcome.set("changed", FileArgs::of(call, &dest).apply(call, changed, None)?);
    Ok(outcome)
}

fn validated(call: &Call<'_>, command: &str, content: &[u8]) -> Result<Dict, Outcome> {
    let folder = call.env.temp_dir();
    let made = replace::temp_in(&folder, "tmp", "");
    let written = made.and_then(|(mut file, path)| file.write_all(content).map(|()| path));
    let temp = written.map_err(|e| Outcome::crashed(errors::os_error(&e, &folder)))?;
    let words = words::split(&command.replace("%s", &temp.to_string_lossy()));
    let output = words.map_err(Outcome::crashed).and_then(|words| {
        let argv: Vec<String> = words.iter().map(|word| call.env.expand(word)).collect();
        call.command(&argv).run().map_err(|e| command::not_started(&argv, &e))
    });
    // Only litter in a temporary folder, where it cannot be removed.
    drop(fs::remove_file(&temp));
    let output = output?;
    if output.rc != 0 {
        return Err(Outcome::failed(format!("failed to validate: rc:{} error:{}", output.rc, output.err())));
    }
    let mut result = Dict::from([("rc", output.rc)]);
    result.insert("stdout", output.out());
    result.insert("stderr", output.err());
    Ok(result)
}

/// Which fragments are joined, and how.
#[derive(Debug)]
pub struct Fragments<'a> {
    /// What stands between two, with Python's escapes.
    pub delimiter: Option<&'a str>,
    /// What a name must match somewhere.
    pub pattern: Option<&'a Pattern>,
    /// Whether names with a dot first are left out.
    pub ignore_hidden: bool,
    /// Whether a line's end follows the delimiter even where that has one.
    pub always_ends_line: bool,
}

impl Fragments<'_> {
    /// The files of a folder, sorted by name, joined.
    pub fn joined(
        &self,
        folder: &Path,
        read: &mut dyn FnMut(&Path) -> std::io::Result<Vec<u8>>,
    ) -> Result<Vec<u8>, String> {
        let listed = fs::read_dir(folder).and_then(Iterator::collect::<std::io::Result<Vec<_>>>);
        let mut names: Vec<_> =
            listed.map_err(|e| errors::os_error(&e, folder))?.iter().map(fs::DirEntry::file_name).collect();
        names.sort();
        let mut out = Vec::new();
        let mut delimiter = self.delimiter.filter(|text| !text.is_empty()).map(|text| text.as_bytes().to_vec());
        let (mut first, mut open_line) = (true, false);
        for name in names {
            let text = name.to_string_lossy();
            if let Some(pattern) = self.pattern
                && pattern.search(&text, 0).map_err(|e| e.to_string())?.is_none()
            {
                continue;
            }
            let path = folder.join(&name);
            if !path.is_file() || (self.ignore_hidden && text.starts_with('.')) {
                continue;
            }
            let content = read(&path).map_err(|e| errors::os_error(&e, &path))?;
            if !first {
                // The last fragment may have ended within a line.
                if open_line {
                    out.push(b'\n');
                }
                if let Some(text) = &mut delimiter {
                    // Decoded anew each time, from what the last time gave, as the real one does.
                    *text = unescaped(text)?;
                    out.extend_from_slice(text);
                    if self.always_ends_line || text.last() != Some(&b'\n') {
                        out.push(b'\n');
                    }
                }
            }
            first = false;
            open_line = !content.ends_with(b"\n");
            out.extend(content);
        }
        Ok(out)
    }
}

/// Python's `codecs.escape_decode`.
fn unescaped(text: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter().copied().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        let Some((_, letter)) = bytes.next() else { return Err("Trailing \\ in string".into()) };
        match letter {
            b'\n' => {}
            b'\\' | b'\'' | b'"' => out.push(letter),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'v' => out.push(11),
            b'0'..=b'7' => {
                let mut value = u32::from(letter - b'0');
                for _ in 0..2 {
                    let Some((_, digit)) = bytes.next_if(|(_, b)| (b'0'..=b'7').contains(b)) else { break };
                    value = value * 8 + u32::from(digit - b'0');
                }
                out.push((value & 0xFF) as u8);
            }
            b'x' => {
                let mut digit =
                    || bytes.next_if(|(_, b)| b.is_ascii_hexdigit()).and_then(|(_, b)| char::from(b).to_digit(16));
                match (digit(), digit()) {
                    (Some(high), Some(low)) => out.push((high * 16 + low) as u8),
                    _ => return Err(format!("invalid \\x escape at position {at}")),
                }
            }
            other => out.extend([b'\\', other]),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::unescaped;
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn fragments() {
        let dir = tempfile::tempdir().expect("dir");
        let (src, dest) = (dir.path().join("src"), dir.path().join("dest"));
        std::fs::create_dir_all(src.join("folder")).expect("mkdir");
        for (name, text) in [("b", "two\n"), ("a", "one"), (".h", "hidden\n"), ("c.conf", "three")] {
            std::fs::write(src.join(name), text).expect("write");
        }
        let base = format!(r#""src": "{}", "dest": "{}""#, src.display(), dest.display());
        for (args, want) in [
            (r#""mode": "0600""#, "hidden\none\ntwo\nthree"),
            (r#""ignore_hidden": true, "delimiter": "-\\t-""#, "one\n-\t-\ntwo\n-\t-\nthree"),
            (r#""regexp": "^[a-b]$", "delimiter": "%\n""#, "one\n%\ntwo\n"),
        ] {
            let json = format!("{{{base}, {args}}}");
            has(&checked("assemble", &json), "changed", "True");
            has(&outcome("assemble", &json), "changed", "True");
            assert_eq!(std::fs::read_to_string(&dest).expect("read"), want);
            has(&outcome("assemble", &json), "changed", "False");
        }
        has(
            &outcome("assemble", &format!("{{{base}, \"regexp\": \"(\"}}")),
            "msg",
            "'Invalid Regexp (missing ), unterminated subpattern at position 0) in \"(\"'",
        );
    }

    #[test]
    fn escapes() {
        assert_eq!(unescaped(br"a\x41\101\n\q\\").expect("read"), b"aAA\n\\q\\");
        assert_eq!(unescaped(b"a\\"), Err("Trailing \\ in string".into()));
    }
}
