//! `ansible.posix.authorized_key`: keys are in an account's authorized_keys, or are not.
//!
//! Lines that are no keys stay where they are, unless the file is to hold the given keys alone.

use super::attributes::real_path;
use super::{Call, ModuleDef, Support, edit, selinux, web};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Replace, accounts, errors};
use crate::proto::Outcome;
use crate::re::{Flags, Pattern};
use crate::value::Dict;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "authorized_key",
    doc: "Adds or removes an SSH authorized key.",
    spec: &Spec::new(&[
        Arg::new("user", Kind::Str).required(),
        Arg::new("key", Kind::Str).required(),
        Arg::new("path", Kind::Path),
        Arg::new("manage_dir", Kind::Bool).default(Default::Bool(true)),
        Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["absent", "present"]),
        Arg::new("key_options", Kind::Str),
        Arg::new("exclusive", Kind::Bool).default(Default::Bool(false)),
        Arg::new("comment", Kind::Str),
        Arg::new("validate_certs", Kind::Bool).default(Default::Bool(true)),
        Arg::new("follow", Kind::Bool).default(Default::Bool(false)),
    ]),
    check: Support::Full,
    diff: Support::Full,
    run,
};

/// The types of keys that OpenSSH knows.
const TYPES: &[&str] = &[
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp384-cert-v01@openssh.com",
    "ecdsa-sha2-nistp521",
    "ecdsa-sha2-nistp521-cert-v01@openssh.com",
    "rsa-sha2-256",
    "rsa-sha2-256-cert-v01@openssh.com",
    "rsa-sha2-512",
    "rsa-sha2-512-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
    "sk-ssh-ed25519-cert-v01@openssh.com",
    "sk-ssh-ed25519@openssh.com",
    "ssh-dss",
    "ssh-dss-cert-v01@openssh.com",
    "ssh-ed25519",
    "ssh-ed25519-cert-v01@openssh.com",
    "ssh-rsa",
    "ssh-rsa-cert-v01@openssh.com",
    "ssh-xmss-cert-v01@openssh.com",
    "ssh-xmss@openssh.com",
    "webauthn-sk-ecdsa-sha2-nistp256@openssh.com",
];

/// A key's options: names and values, in order.
type Options = Vec<(String, Option<String>)>;

/// A line of the file.
#[derive(Clone, Debug)]
enum Line {
    Key {
        blob: String,
        kind: String,
        options: Options,
        comment: String,
    },
    /// What is no key, with the end of its line.
    Other(String),
}

impl Line {
    /// What tells it from others: of two lines with the same one, the later stands for both.
    fn id(&self) -> &str {
        match self {
            Self::Key { blob, .. } => blob,
            Self::Other(text) => text,
        }
    }

    fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Key { blob, kind, options, comment },
                Self::Key { blob: blob2, kind: kind2, options: options2, comment: comment2 },
            ) => blob == blob2 && kind == kind2 && comment == comment2 && by_name(options) == by_name(options2),
            (Self::Other(text), Self::Other(text2)) => text == text2,
            _ => false,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Other(text) => text.clone(),
            Self::Key { blob, kind, options, comment } => {
                let words: Vec<String> = options
                    .iter()
                    .map(|(name, value)| value.as_ref().map_or_else(|| name.clone(), |value| format!("{name}={value}")))
                    .collect();
                let space = if words.is_empty() { "" } else { " " };
                format!("{}{space}{kind} {blob} {comment}\n", words.join(","))
            }
        }
    }
}

/// The options by name: the order counts among those of one name alone.
fn by_name(options: &Options) -> Options {
    let mut sorted = options.clone();
    sorted.sort_by(|a, b| a.0.cmp(&b.0));
    sorted
}

/// The line, and its place in the order of the file.
type Ranked = (Line, usize);

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let text = source(call)?;
    let keyfile = path_of(call, false)?;
    call.args.set("keyfile", keyfile.as_str());
    let before = match fs::metadata(&keyfile) {
        Ok(meta) if meta.is_file() => {
            let bytes = edit::read(&keyfile)?;
            String::from_utf8_lossy(&bytes).into_owned()
        }
        _ => String::new(),
    };
    let mut lines = read(&before)?;
    if change(call, &mut lines, &text)? {
        let path = target(call)?;
        lines.sort_by_key(|(_, rank)| *rank);
        let after: String = lines.iter().map(|(line, _)| line.text()).collect();
        if call.context.diff {
            call.args.set(
                "diff",
                Dict::from([
                    ("before_header", keyfile.as_str()),
                    ("after_header", &path),
                    ("before", &before),
                    ("after", &after),
                ]),
            );
        }
        if !call.check() {
            Replace { mode: Some(0o600), ..Replace::new(Path::new(&path)) }.bytes(after.as_bytes())?;
        }
        call.args.set("changed", true);
    }
    // The real one answers with all that it was given.
    let mut outcome = Outcome { result: call.args.0.clone() };
    outcome.result.set_default("changed", false);
    Ok(outcome)
}

/// The keys as text: what was given, or what a file or an address holds.
fn source(call: &Call<'_>) -> Result<String, Outcome> {
    let mut key = call.args.str("key").to_owned();
    if key.starts_with("http") {
        key = downloaded(call, &key)?;
    }
    if !key.starts_with("file") {
        return Ok(key);
    }
    let path = file_path(&key);
    if !Path::new(path).exists() {
        return Err(Outcome::failed(format!("Path to a key file not found: {path}")));
    }
    if !Path::new(path).is_file() {
        return Err(Outcome::failed(format!("Path to a key is a directory and must be a file: {path}")));
    }
    fs::read_to_string(path)
        .map_err(|e| Outcome::failed(format!("Failed to read key file {path} : {}", errors::os_error(&e, path))))
}

/// What an address answers.
fn downloaded(call: &Call<'_>, address: &str) -> Result<String, Outcome> {
    let failed = || Outcome::failed(format!("Error getting key from: {address}"));
    let (info, response) = web::fetched(call, &web::request(call, address))?;
    let mut response = response.filter(|_| info.status == Some(200)).ok_or_else(failed)?;
    let bytes = response.body.read_all().map_err(|_| failed())?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The path of a `file://` address.
fn file_path(address: &str) -> &str {
    let rest = address.strip_prefix("file:").unwrap_or(address);
    let rest = match rest.strip_prefix("//") {
        Some(rest) => rest.find('/').map_or("", |at| &rest[at..]),
        None => rest,
    };
    rest.split(['?', '#']).next().unwrap_or(rest)
}

/// The file of the account; with `follow`, what it is a link to.
fn path_of(call: &Call<'_>, follow: bool) -> Result<String, Outcome> {
    let real = |path: &str| if follow { real_path(path) } else { path.to_owned() };
    match call.args.opt_str("path") {
        Some(path) if call.check() => Ok(real(path)),
        Some(path) => account(call).map(|_| real(path)),
        None => Ok(real(&format!("{}/.ssh/authorized_keys", account(call)?.home.trim_end_matches('/')))),
    }
}

fn account(call: &Call<'_>) -> Result<accounts::User, Outcome> {
    let name = call.args.str("user");
    accounts::user_by_name(name).ok_or_else(|| {
        Outcome::failed(if call.check() {
            "Either user must exist or you must provide full path to key file in check mode".to_owned()
        } else {
            format!("Failed to lookup user {name}: \"getpwnam(): name not found: {}\"", crate::value::str_repr(name))
        })
    })
}

/// The file that is written; it is there afterwards, with its folder, its owner and its mode.
fn target(call: &Call<'_>) -> Result<String, Outcome> {
    let path = path_of(call, call.args.bool("follow"))?;
    if call.check() {
        return Ok(path);
    }
    let user = account(call)?;
    let own = |path: &str, mode: u32| {
        chown(path, Some(user.uid), Some(user.gid))?;
        fs::set_permissions(path, Permissions::from_mode(mode))
    };
    let crashed = |path: &str| {
        let path = path.to_owned();
        move |error: std::io::Error| Outcome::crashed(errors::os_error(&error, path))
    };
    if call.args.bool("manage_dir") {
        let folder = match call.args.opt_str("path") {
            Some(path) => edit::dirname(path).to_owned(),
            None => format!("{}/.ssh", user.home.trim_end_matches('/')),
        };
        if !Path::new(&folder).exists() {
            DirBuilder::new().mode(0o700).create(&folder).map_err(|e| {
                let cause = errors::os_error(&e, &folder);
                Outcome::failed(format!("Failed to create directory {folder} : {cause}"))
            })?;
            selinux::restore(call, &folder);
        }
        own(&folder, 0o700).map_err(crashed(&folder))?;
    }
    if !Path::new(&path).exists() {
        let folder = edit::dirname(&path);
        if !Path::new(folder).exists() {
            fs::create_dir_all(folder).map_err(crashed(folder))?;
        }
        let made = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
        made.map_err(crashed(&path))?;
        selinux::restore(call, &path);
    }
    // Not being allowed to is no failure: the file may be on a filesystem without owners.
    drop(own(&path, 0o600));
    Ok(path)
}

fn read(text: &str) -> Result<Vec<Ranked>, Outcome> {
    let mut lines: Vec<Ranked> = Vec::new();
    for (rank, text) in text.split_inclusive('\n').enumerate() {
        let line = parse(text)?.unwrap_or_else(|| Line::Other(text.to_owned()));
        match lines.iter_mut().find(|(known, _)| known.id() == line.id()) {
            Some(known) => *known = (line, rank),
            None => lines.push((line, rank)),
        }
    }
    Ok(lines)
}

/// A line; None for one without a key.
fn parse(text: &str) -> Result<Option<Line>, Outcome> {
    let text = text.replace("\\#", "#");
    let words: Vec<&str> = text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
    if words.first() == Some(&"#") {
        return Ok(Some(Line::Other(text)));
    }
    let Some(at) = words.iter().position(|word| TYPES.contains(word)) else { return Ok(None) };
    let (before, rest) = words.split_at(at);
    let [kind, blob, comment @ ..] = rest else { return Err(Outcome::crashed("list index out of range")) };
    Ok(Some(Line::Key {
        blob: (*blob).to_owned(),
        kind: (*kind).to_owned(),
        options: options(&before.join(" "))?,
        comment: comment.join(" "),
    }))
}

/// Options as text: at commas outside of quotes.
fn options(text: &str) -> Result<Options, Outcome> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let pattern = Pattern::new(r#"((?:[^,"']|"[^"]*"|'[^']*')+)"#, Flags::default()).map_err(Outcome::crashed)?;
    let parts: Vec<String> = pattern.split(text).map_err(Outcome::crashed)?.into_iter().flatten().collect();
    let inner = parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default();
    let part = |text: &String| match text.split_once('=') {
        Some((name, value)) => Some((name.to_owned(), Some(value.to_owned()))),
        None => (text != ",").then(|| (text.clone(), None)),
    };
    Ok(inner.iter().filter_map(part).collect())
}

/// Changes the lines; says whether it did.
fn change(call: &Call<'_>, lines: &mut Vec<Ranked>, text: &str) -> Result<bool, Outcome> {
    let present = call.args.str("state") == "present";
    let base = lines.len();
    let mut changed = false;
    let mut wanted: Vec<String> = Vec::new();
    let given = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    for (rank, text) in given.enumerate() {
        let mut line = parse(text)?.ok_or_else(|| Outcome::failed(format!("invalid key specified: {text}")))?;
        if let Line::Key { options: own, comment, .. } = &mut line {
            if let Some(text) = call.args.opt_str("key_options") {
                *own = options(text)?;
            }
            if let Some(text) = call.args.opt_str("comment") {
                text.clone_into(comment);
            }
        }
        let known = lines.iter().position(|(known, _)| known.id() == line.id());
        match (present, known) {
            (true, known) => {
                wanted.push(line.id().to_owned());
                if let Some(at) = known {
                    if lines[at].0.same(&line) {
                        continue;
                    }
                    lines.remove(at);
                }
                lines.push((line, base + rank));
                changed = true;
            }
            (false, Some(at)) => {
                lines.remove(at);
                changed = true;
            }
            (false, None) => {}
        }
    }
    if present && call.args.bool("exclusive") {
        let before = lines.len();
        lines.retain(|(line, _)| wanted.iter().any(|id| id == line.id()));
        changed |= lines.len() != before;
    }
    Ok(changed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn options_and_paths() {
        let pairs = options(r#"no-pty,command="a,b",from='x, y'"#).expect("read");
        let text: Vec<_> = pairs.iter().map(|(k, v)| format!("{k}:{}", v.as_deref().unwrap_or("-"))).collect();
        assert_eq!(text, ["no-pty:-", "command:\"a,b\"", "from:'x, y'"]);
        for (address, path) in
            [("file:///a/b", "/a/b"), ("file://host/a?b", "/a"), ("file:/a#c", "/a"), ("files", "files")]
        {
            assert_eq!(file_path(address), path);
        }
    }

    #[track_caller]
    fn edits(before: &str, args: &str, after: &str, changed: bool) {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("keys");
        fs::write(&path, before).expect("write");
        let Some(user) = accounts::user_by_id(rustix::process::getuid().as_raw()) else { return };
        let json = format!(r#"{{"user": "{}", "path": "{}", {args}}}"#, user.name, path.display());
        let dry = checked("authorized_key", &json);
        assert_eq!(fs::read_to_string(&path).expect("read"), before, "check mode");
        let out = outcome("authorized_key", &json);
        assert_eq!(fs::read_to_string(&path).expect("read"), after, "{args}");
        for out in [dry, out] {
            has(&out, "changed", if changed { "True" } else { "False" });
        }
    }

    #[test]
    fn keys_come_and_go() {
        let file = "# note\nssh-rsa AAA a\n\nfrom=\"x\" ssh-ed25519 BBB b c\n";
        edits(file, r#""key": "ssh-rsa AAA a""#, file, false);
        edits(file, r#""key": "ssh-rsa CCC d""#, &format!("{file}ssh-rsa CCC d\n"), true);
        edits("", r#""key": "ssh-rsa CCC""#, "ssh-rsa CCC \n", true);
        edits(file, r#""key": "ssh-rsa AAA a", "exclusive": true"#, "ssh-rsa AAA a\n", true);
        edits(file, r#""key": "ssh-ed25519 BBB", "state": "absent""#, "# note\nssh-rsa AAA a\n\n", true);
        edits(file, r#""key": "ssh-ed25519 ZZZ", "state": "absent""#, file, false);
        edits(
            "ssh-rsa AAA a\n",
            r#""key": "ssh-rsa AAA", "comment": "z", "key_options": "no-pty""#,
            "no-pty ssh-rsa AAA z\n",
            true,
        );
    }

    /// Answers one request, and gives where it listens.
    fn server(answer: &'static str) -> String {
        use std::io::{Read, Write};
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("listens");
        let address = listener.local_addr().expect("an address");
        std::thread::spawn(move || {
            let Ok((mut stream, _)) = listener.accept() else { return };
            drop(stream.read(&mut [0; 4096]));
            drop(stream.write_all(answer.as_bytes()));
        });
        format!("http://{address}/key")
    }

    #[test]
    fn keys_by_address() {
        let line = "ssh-rsa AAA a\n";
        let url = server("HTTP/1.0 200 OK\r\nContent-Length: 14\r\n\r\nssh-rsa AAA a\n");
        edits_once("", &format!(r#""key": "{url}""#), line);
        let url = server("HTTP/1.0 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        let out = outcome("authorized_key", &format!(r#"{{"user": "root", "key": "{url}"}}"#));
        has(&out, "msg", &format!("'Error getting key from: {url}'"));
    }

    #[track_caller]
    fn edits_once(before: &str, args: &str, after: &str) {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("keys");
        fs::write(&path, before).expect("write");
        let Some(user) = accounts::user_by_id(rustix::process::getuid().as_raw()) else { return };
        let json = format!(r#"{{"user": "{}", "path": "{}", {args}}}"#, user.name, path.display());
        has(&outcome("authorized_key", &json), "changed", "True");
        assert_eq!(fs::read_to_string(&path).expect("read"), after, "{args}");
    }

    #[test]
    fn what_is_refused() {
        let out = outcome("authorized_key", r#"{"user": "nosuch-user", "key": "ssh-rsa A"}"#);
        has(&out, "msg", "'Failed to lookup user nosuch-user: \"getpwnam(): name not found: \\'nosuch-user\\'\"'");
        let out = checked("authorized_key", r#"{"user": "nosuch-user", "key": "ssh-rsa A"}"#);
        has(&out, "msg", "'Either user must exist or you must provide full path to key file in check mode'");
        let out = outcome("authorized_key", r#"{"user": "root", "key": "file:///nosuch"}"#);
        has(&out, "msg", "'Path to a key file not found: /nosuch'");
        let out = checked("authorized_key", r#"{"user": "x", "path": "/nosuch", "key": "bad"}"#);
        has(&out, "msg", "'invalid key specified: bad'");
    }
}
