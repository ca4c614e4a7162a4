//! `deb822_repository`: a source of apt's in a file of its own, and the key that signs it.

use super::attributes::FileArgs;
use super::{Call, ModuleDef, Support, web};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Replace, os_error};
use crate::http::{Request, open};
use crate::proto::Outcome;
use crate::value::Value;
use std::fs::{self, DirBuilder};
use std::io::ErrorKind;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "deb822_repository",
    doc: "Add and remove deb822 formatted repositories.",
    spec: &Spec::new(&[
        Arg::new("allow_downgrade_to_insecure", Kind::Bool),
        Arg::new("allow_insecure", Kind::Bool),
        Arg::new("allow_weak", Kind::Bool),
        Arg::new("architectures", Kind::List).elements(Kind::Str),
        Arg::new("by_hash", Kind::Bool),
        Arg::new("check_date", Kind::Bool),
        Arg::new("check_valid_until", Kind::Bool),
        Arg::new("components", Kind::List).elements(Kind::Str),
        Arg::new("date_max_future", Kind::Int),
        Arg::new("enabled", Kind::Bool),
        Arg::new("inrelease_path", Kind::Str),
        Arg::new("languages", Kind::List).elements(Kind::Str),
        Arg::new("name", Kind::Str).required(),
        Arg::new("pdiffs", Kind::Bool),
        Arg::new("signed_by", Kind::Str),
        Arg::new("suites", Kind::List).elements(Kind::Str),
        Arg::new("targets", Kind::List).elements(Kind::Str),
        Arg::new("trusted", Kind::Bool),
        Arg::new("types", Kind::List).elements(Kind::Str).default(Default::List(&["deb"])).choices(&["deb", "deb-src"]),
        Arg::new("uris", Kind::List).elements(Kind::Str),
        Arg::new("mode", Kind::Raw).default(Default::Str("0644")),
        Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["present", "absent"]),
    ]),
    check: Support::Full,
    diff: Support::None,
    run,
};

const KEYRINGS: &str = "/etc/apt/keyrings";

/// The mode of keys.
const KEY_MODE: i64 = 0o644;

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let slug = slug(call.args.str("name"));
    let dest = format!("/etc/apt/sources.list.d/{slug}.sources");
    if call.args.opt_str("state") == Some("absent") {
        return remove(call, &slug, &dest);
    }
    let mut changed = false;
    let mut key_file = None;
    let mut repo = String::new();
    let mut names: Vec<&str> = DEF.spec.args.iter().map(|arg| arg.name).collect();
    names.sort_unstable();
    for name in names.into_iter().filter(|name| !["mode", "state"].contains(name)) {
        let mut value = match call.args.value(name) {
            Value::Null => continue,
            Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Value::List(items) => items.iter().map(Value::to_text).collect::<Vec<_>>().join(" "),
            other => other.to_text(),
        };
        if name == "signed_by" {
            let key = sign(call, &value, &slug)?;
            changed |= key.changed;
            key_file = key.file;
            value = key_file.clone().unwrap_or(value);
        }
        if value.contains('\n') {
            value = indented(&value);
        }
        let space = if value.is_empty() || value.starts_with('\n') { "" } else { " " };
        repo.push_str(&format!("{}:{space}{value}\n", field(name)));
    }
    if fs::read(&dest).ok().as_deref() != Some(repo.as_bytes()) {
        changed = true;
        if !call.check() {
            Replace::new(Path::new(&dest)).bytes(repo.as_bytes())?;
        }
    }
    changed |= mode(call, &dest, call.args.value("mode").clone())?;
    Ok(Outcome::default()
        .with("repo", repo)
        .with("changed", changed)
        .with("dest", dest)
        .with("key_filename", web::or_null(key_file)))
}

/// The name that files get: small letters, digits and hyphens.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    let mut was_space = false;
    for c in name.to_lowercase().chars() {
        let is_space = c == '_' || c.is_whitespace();
        if is_space && !was_space {
            slug.push('-');
        } else if c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' {
            slug.push(c);
        }
        was_space = is_space;
    }
    slug
}

/// The field of an argument: `By-Hash` for `by_hash`.
fn field(name: &str) -> String {
    let title = |word: &str| word[..1].to_uppercase() + &word[1..];
    match name {
        "name" => "X-Repolib-Name".to_owned(),
        "uris" => "URIs".to_owned(),
        name => name.split('_').map(title).collect::<Vec<_>>().join("-"),
    }
}

/// Lines below their field, an empty one as a dot.
fn indented(text: &str) -> String {
    let lines = text.trim().lines().map(str::trim);
    lines.map(|line| format!("\n    {}", if line.is_empty() { "." } else { line })).collect()
}

fn remove(call: &Call<'_>, slug: &str, dest: &str) -> Result<Outcome, Outcome> {
    let keys = ["asc", "gpg"].map(|end| format!("{KEYRINGS}/{slug}.{end}"));
    let mut changed = false;
    for path in [dest, &keys[0], &keys[1]].into_iter().filter(|path| Path::new(path).exists()) {
        changed = true;
        if !call.check() {
            fs::remove_file(path).map_err(|error| Outcome::crashed(os_error(&error, path)))?;
        }
    }
    let [_, last] = keys;
    Ok(Outcome::default()
        .with("repo", Value::Null)
        .with("changed", changed)
        .with("dest", dest)
        .with("key_filename", last))
}

/// What became of the key.
struct Key {
    changed: bool,
    /// The file that has it; None where it is told in the source itself.
    file: Option<String>,
}

/// Puts a key from an address into a file of its own.
fn sign(call: &Call<'_>, key: &str, slug: &str) -> Result<Key, Outcome> {
    if Path::new(key).is_file() {
        return Ok(Key { changed: false, file: Some(key.to_owned()) });
    }
    if !has_scheme(key) {
        return Ok(Key { changed: false, file: None });
    }
    let failed = |why: &dyn std::fmt::Display| Outcome::failed(format!("Could not fetch signed_by key: {why}"));
    let mut response = open(&Request::new(key), web::world(call)).map_err(|error| failed(&error))?;
    let mut content = Vec::new();
    response.save(&mut content).map_err(|error| failed(&error.text))?;
    if content.is_empty() {
        return Ok(Key { changed: false, file: Some(key.to_owned()) });
    }
    let armor = b"-----BEGIN PGP PUBLIC KEY BLOCK-----";
    let is_armored = content.windows(armor.len()).any(|part| part == armor);
    let path = format!("{KEYRINGS}/{slug}.{}", if is_armored { "asc" } else { "gpg" });
    let mut changed = false;
    if fs::read(&path).ok().as_deref() != Some(content.as_slice()) {
        changed = true;
        make_folder(call)?;
        if !call.check() {
            Replace::new(Path::new(&path)).bytes(&content)?;
        }
    }
    changed |= mode(call, &path, KEY_MODE.into())?;
    Ok(Key { changed, file: Some(path) })
}

fn make_folder(call: &Call<'_>) -> Result<(), Outcome> {
    if !Path::new(KEYRINGS).is_dir() && !call.check() {
        match DirBuilder::new().mode(0o755).create(KEYRINGS) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                return Err(Outcome::crashed(os_error(&error, KEYRINGS)));
            }
            _ => {}
        }
    }
    let args = FileArgs {
        path: KEYRINGS.to_owned(),
        mode: "0755".into(),
        owner: Some("root".into()),
        group: Some("root".into()),
        attributes: None,
    };
    args.apply(call, false, None).map(drop)
}

fn mode(call: &Call<'_>, path: &str, mode: Value) -> Result<bool, Outcome> {
    FileArgs { path: path.to_owned(), mode, ..FileArgs::default() }.set_mode(call, false, None)
}

/// Whether a text begins as an address does.
fn has_scheme(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "+-.".contains(c);
    text.trim_start()
        .split_once(':')
        .is_some_and(|(scheme, _)| scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{checked, has};

    #[test]
    fn names() {
        assert_eq!(slug("Google  Chrome_x (β)!"), "google-chrome-x-");
        assert_eq!(field("allow_downgrade_to_insecure"), "Allow-Downgrade-To-Insecure");
        assert_eq!(field("uris"), "URIs");
        assert_eq!(indented("a\n\n  b \n"), "\n    a\n    .\n    b");
        assert!(
            has_scheme("https://x") && !has_scheme("-----BEGIN x: y") && !has_scheme("A1B2") && !has_scheme("/a:b")
        );
    }

    #[test]
    fn what_would_be_written() {
        let args = r#"{"name": "no such repo", "uris": ["http://a", "http://b"], "suites": "s", "components": "main",
            "date_max_future": 5, "trusted": true, "enabled": false, "signed_by": "A\n\nB\n"}"#;
        let out = checked("deb822_repository", args);
        has(&out, "changed", "True");
        has(&out, "dest", "'/etc/apt/sources.list.d/no-such-repo.sources'");
        let want = "'Components: main\\nDate-Max-Future: 5\\nEnabled: no\\nX-Repolib-Name: no such repo\\nSigned-By:\\n    \
                    A\\n    .\\n    B\\nSuites: s\\nTrusted: yes\\nTypes: deb\\nURIs: http://a http://b\\n'";
        has(&out, "repo", want);
        has(&out, "key_filename", "None");
    }
}
