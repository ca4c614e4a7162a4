//! `known_hosts`: a host's key is in a known_hosts file, or is not.
//!
//! `ssh-keygen` finds and removes entries, since it knows hashed names; a hashed name is written here.

use super::{Call, ModuleDef, Support, command, edit};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Output, Replace, errors, replace};
use crate::proto::Outcome;
use crate::re::{Flags, Pattern};
use crate::value::{Dict, str_repr};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "known_hosts",
    doc: "Add or remove a host from the known_hosts file.",
    spec: &Spec::new(&[
        Arg::new("name", Kind::Str).required().aliases(&["host"]),
        Arg::new("key", Kind::Str),
        Arg::new("path", Kind::Path).default(Default::Str("~/.ssh/known_hosts")),
        Arg::new("hash_host", Kind::Bool).default(Default::Bool(false)),
        Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["absent", "present"]),
    ]),
    check: Support::Full,
    diff: Support::Full,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let (changed, stays, diff) = enforce(call)?;
    // The real one answers with its arguments too, except in check mode.
    let mut outcome = match call.check() && !stays {
        true => Outcome::default(),
        false => Outcome { result: call.args.0.clone() },
    };
    outcome.set("changed", changed);
    outcome.set("diff", diff);
    Ok(outcome)
}

/// What is known of the host already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Search {
    found: bool,
    /// Whether the key is to be added, or to stand in the place of another one.
    replace: bool,
    /// The line of a key of the same type, from 1.
    line: Option<usize>,
}

/// Whether something changed, whether there was nothing to remove, and the difference.
fn enforce(call: &Call<'_>) -> Result<(bool, bool, Dict), Outcome> {
    let host = call.args.str("name").to_lowercase();
    let path = call.args.str("path");
    let present = call.args.str("state") == "present";
    let keygen = call.need_program("ssh-keygen")?;
    let mut key = call.args.str("key").to_owned();
    if key.is_empty() && present {
        return Err(Outcome::failed("No key specified when adding a host"));
    }
    if !key.is_empty() {
        if call.args.bool("hash_host") {
            key = hashed(&host, &key)?;
        }
        if !key.ends_with('\n') {
            key.push('\n');
        }
        must_match(call, &keygen, &host, &key)?;
    }
    let search = search(call, &keygen, &host, &key)?;
    let diff = diff(path, search, present, &key);
    if !present && search.line.is_none() && !key.is_empty() {
        return Ok((false, true, diff));
    }
    let changed = search.replace || present != search.found;
    if !changed || call.check() {
        return Ok((changed, false, diff));
    }
    if key.is_empty() {
        let argv = words(&keygen, ["-R", &host, "-f", path]);
        let output = run_keygen(call, &argv)?;
        if output.rc != 0 {
            return Err(command_failed(&argv, &output));
        }
        return Ok((true, false, diff));
    }
    write(path, search, present, &key)?;
    Ok((true, false, diff))
}

fn words<const N: usize>(keygen: &Path, rest: [&str; N]) -> Vec<String> {
    let mut argv = vec![keygen.to_string_lossy().into_owned()];
    argv.extend(rest.map(str::to_owned));
    argv
}

fn run_keygen(call: &Call<'_>, argv: &[String]) -> Result<Output, Outcome> {
    call.command(argv).run().map_err(|error| command::not_started(argv, &error))
}

/// What `run_command(check_rc=True)` makes of a failure.
fn command_failed(argv: &[String], output: &Output) -> Outcome {
    Outcome::failed(output.err().trim_end())
        .with("cmd", crate::host::words::join(argv))
        .with("rc", output.rc)
        .with("stdout", output.out())
        .with("stderr", output.err())
}

/// The key under the host's hashed name.
fn hashed(host: &str, key: &str) -> Result<String, Outcome> {
    let mut salt = [0u8; 20];
    getrandom::fill(&mut salt).map_err(Outcome::crashed)?;
    let mut mac = Hmac::<sha1::Sha1>::new_from_slice(&salt).map_err(Outcome::crashed)?;
    mac.update(host.as_bytes());
    let name = format!("|1|{}|{}", STANDARD.encode(salt), STANDARD.encode(mac.finalize().into_bytes()));
    let mut parts: Vec<&str> = key.split_whitespace().collect();
    let at = usize::from(parts.first().is_some_and(|part| part.starts_with('@')));
    *parts.get_mut(at).ok_or_else(|| Outcome::crashed("list index out of range"))? = &name;
    Ok(parts.join(" "))
}

/// Lets ssh-keygen say whether the key is one of the host's.
fn must_match(call: &Call<'_>, keygen: &Path, host: &str, key: &str) -> Result<(), Outcome> {
    let list = Pattern::new(r"\S+(\s+)?,(\s+)?", Flags::default()).map_err(Outcome::crashed)?;
    if list.search(host, 0).map_err(Outcome::crashed)?.is_some() {
        return Err(Outcome::failed(
            "Comma separated list of names is not supported. Please pass a single name to lookup in the known_hosts \
             file.",
        ));
    }
    let folder = call.env.temp_dir();
    let failed = |error: &io::Error, path: &Path| {
        let name = str_repr(&path.to_string_lossy());
        Outcome::crashed(format!("Failed to write to temporary file {name}: {}", errors::plain(error)))
    };
    let (mut file, temp) = replace::temp_in(&folder, "tmp", "").map_err(|e| failed(&e, &folder))?;
    let argv = words(keygen, ["-F", host, "-f", &temp.to_string_lossy()]);
    let output = match file.write_all(key.as_bytes()) {
        Ok(()) => run_keygen(call, &argv),
        Err(error) => Err(failed(&error, &temp)),
    };
    // Only litter in a temporary folder, where it cannot be removed.
    drop(fs::remove_file(&temp));
    if output?.stdout.is_empty() {
        return Err(Outcome::failed("Host parameter does not match hashed host field in supplied key"));
    }
    Ok(())
}

fn search(call: &Call<'_>, keygen: &Path, host: &str, key: &str) -> Result<Search, Outcome> {
    let path = call.args.str("path");
    if !Path::new(path).exists() {
        return Ok(Search::default());
    }
    let output = run_keygen(call, &words(keygen, ["-F", host, "-f", path]))?;
    let (out, err) = (output.out(), output.err());
    if out.is_empty() && err.is_empty() && matches!(output.rc, 0 | 1) {
        return Ok(Search::default());
    }
    if output.rc != 0 {
        let rc = output.rc;
        return Err(Outcome::failed(format!("ssh-keygen failed (rc={rc}, stdout='{out}',stderr='{err}')")));
    }
    if key.is_empty() {
        return Ok(Search { found: true, ..Search::default() });
    }
    compare(&out, key)
}

/// Compares what ssh-keygen found with the key.
fn compare(out: &str, key: &str) -> Result<Search, Outcome> {
    let mut new = Entry::read(key)?;
    let mut line = None;
    for text in out.split('\n').filter(|text| !text.is_empty()) {
        if text.starts_with('#') {
            let number = text.split_once("found: line ").map(|(_, rest)| rest);
            let digits = number.map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
            line = digits.and_then(|digits| digits.parse().ok());
            if line.is_none() {
                return Err(Outcome::failed(format!("failed to parse output of ssh-keygen for line number: '{text}'")));
            }
            continue;
        }
        let old = Entry::read(text)?;
        let marked = old
            .marker
            .as_deref()
            .is_some_and(|marker| marker.starts_with("@cert-authority") || marker.starts_with("@revoke"));
        if !marked && new.host.starts_with("|1|") && old.host.starts_with("|1|") {
            // Each hash has its own salt.
            new.host.clone_from(&old.host);
        }
        if new == old {
            return Ok(Search { found: true, replace: false, line });
        }
        if !marked && new.kind == old.kind {
            return Ok(Search { found: true, replace: true, line });
        }
    }
    Ok(Search { found: true, replace: true, line: None })
}

/// A line without its comment.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    marker: Option<String>,
    host: String,
    kind: String,
    key: String,
}

impl Entry {
    fn read(line: &str) -> Result<Self, Outcome> {
        let mut words = line.split_whitespace().map(str::to_owned).peekable();
        let marker = words.next_if(|word| word.starts_with('@'));
        let mut next = || words.next().ok_or_else(|| Outcome::crashed("list index out of range"));
        Ok(Self { marker, host: next()?, kind: next()?, key: next()? })
    }
}

/// The lines with their ends; `keep` tells by number, from 1.
fn kept(content: &[u8], drop: Option<usize>) -> Vec<u8> {
    let lines = content.split_inclusive(|byte| *byte == b'\n').enumerate();
    lines.filter(|(at, _)| Some(at + 1) != drop).flat_map(|(_, line)| line.iter().copied()).collect()
}

fn diff(path: &str, search: Search, present: bool, key: &str) -> Dict {
    let read = fs::read(path);
    let missing = matches!(&read, Err(error) if error.kind() == io::ErrorKind::NotFound);
    let before = read.unwrap_or_default();
    let mut after = kept(&before, search.line.filter(|_| search.replace || !present));
    if present && (search.replace || search.line.is_none()) {
        after.extend(key.as_bytes());
    }
    Dict::from([
        ("before_header", if missing { "/dev/null".to_owned() } else { path.to_owned() }),
        ("after_header", path.to_owned()),
        ("before", String::from_utf8_lossy(&before).into_owned()),
        ("after", String::from_utf8_lossy(&after).into_owned()),
    ])
}

fn write(path: &str, search: Search, present: bool, key: &str) -> Result<(), Outcome> {
    let before = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            let why = errors::os_error(&error, path);
            return Err(Outcome::crashed(format!("Failed to read {}: {why}", str_repr(path))));
        }
    };
    let mut after = kept(&before, search.line.filter(|_| search.replace || !present));
    if present {
        after.extend(key.as_bytes());
    }
    let folder = PathBuf::from(edit::dirname(path));
    if !folder.as_os_str().is_empty() && !folder.is_dir() {
        let why = errors::os_error(&rustix::io::Errno::NOENT.into(), folder.join("tmp"));
        return Err(Outcome::crashed(format!("Failed to write to file {}: {why}", str_repr(path))));
    }
    Replace::new(Path::new(path))
        .bytes(&after)
        .map_err(|why| Outcome::crashed(format!("Failed to write to file {}: {}", str_repr(path), why.cause)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{checked, has, outcome};

    const KEY: &str = "AAAAB3NzaC1yc2EAAAADAQABAAAAgQDQ";

    #[test]
    fn entries_are_compared_without_comments() {
        let out = format!("# Host a found: line 3 \na ssh-rsa {KEY} c\n");
        let found = |key: &str| compare(&out, key).expect("compared");
        assert_eq!(found(&format!("a ssh-rsa {KEY} d")), Search { found: true, replace: false, line: Some(3) });
        assert_eq!(found("a ssh-rsa AAAA"), Search { found: true, replace: true, line: Some(3) });
        assert_eq!(found("a ssh-ed25519 AAAA"), Search { found: true, replace: true, line: None });
        assert!(compare("# Host a\n", "a b c").is_err());
        assert!(compare(&out, "a b").is_err());
    }

    #[test]
    fn lines_come_and_go() {
        if crate::host::Env::default().find_program("ssh-keygen").is_none() {
            return;
        }
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("hosts");
        let text = || fs::read_to_string(&path).unwrap_or_default();
        let args = |rest: &str| format!(r#"{{"name": "H.example", "path": "{}", {rest}}}"#, path.display());
        // A key that ssh-keygen can read: any blob under the name of its type.
        let blob = STANDARD.encode([&[0, 0, 0, 11][..], b"ssh-ed25519", &[0, 0, 0, 32], &[7; 32]].concat());
        let add = args(&format!(r#""key": "h.example ssh-ed25519 {blob}""#));
        has(&checked("known_hosts", &add), "changed", "True");
        assert_eq!(text(), "");
        has(&outcome("known_hosts", &add), "changed", "True");
        assert_eq!(text(), format!("h.example ssh-ed25519 {blob}\n"));
        has(&outcome("known_hosts", &add), "changed", "False");
        let hashed = args(&format!(r#""hash_host": true, "key": "h.example ssh-ed25519 {blob}""#));
        has(&outcome("known_hosts", &hashed), "changed", "True");
        assert!(text().starts_with("|1|"), "{}", text());
        has(&outcome("known_hosts", &hashed), "changed", "False");
        let out = outcome("known_hosts", &args(&format!(r#""key": "other ssh-ed25519 {blob}""#)));
        has(&out, "msg", "'Host parameter does not match hashed host field in supplied key'");
        has(&outcome("known_hosts", &args(r#""state": "absent""#)), "changed", "True");
        assert_eq!(text(), "");
        has(&outcome("known_hosts", &args(r#""state": "absent""#)), "changed", "False");
    }
}
