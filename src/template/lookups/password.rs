//! The lookup `password`: a random password kept in a file on the controller.

use super::support::{Call, Found, key_values, term};
use crate::template::filters::support::given;
use crate::template::pylib::crypt;
use crate::template::pylib::paths;
use crate::template::pylib::random::Random;
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};

const PARAMETERS: [&str; 5] = ["length", "encrypt", "chars", "ident", "seed"];

pub(super) fn password(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut out = Vec::new();
    for item in &args.positional {
        let text = term(cx, item)?;
        let mut call = Call::new(args.clone());
        let path = read_term(&text, &mut call)?;
        out.push(one(cx, &call, &path)?.into());
    }
    Ok(out)
}

/// The path in a term; its `k=v` words become options.
fn read_term(text: &str, call: &mut Call) -> Result<String, Raise> {
    let Some((first, rest)) = text.split_once(' ') else {
        return Ok(text.to_owned());
    };
    let (pairs, raw) = key_values(rest);
    let mut path = first.to_owned();
    if !raw.is_empty() {
        path = format!("{path} {raw}");
        if !text.starts_with(&path) {
            return Err(Raise::ansible("Unrecognized value after key=value parameters given to password lookup"));
        }
    }
    let unknown: Vec<&str> =
        pairs.iter().map(|(name, _)| name.as_str()).filter(|name| !PARAMETERS.contains(name)).collect();
    if !unknown.is_empty() {
        return Err(Raise::ansible(format!(
            "Unrecognized parameter(s) given to password lookup: {}",
            unknown.join(", ")
        )));
    }
    for (name, value) in pairs {
        call.set(&name, value.into());
    }
    Ok(path)
}

/// The characters that a password is made of.
fn characters(cx: &mut Cx<'_>, call: &Call) -> Result<Vec<char>, Raise> {
    let mut specs = match call.option("chars") {
        None | Some(Obj::None) => ["ascii_letters", "digits", ".,:-_"].map(str::to_owned).to_vec(),
        Some(Obj::Str(text)) => {
            let text = text.as_str();
            let mut specs = Vec::new();
            if text.contains(",,") {
                specs.push(",".to_owned());
            }
            let rest = text.replace(",,", ",");
            specs.extend(rest.split(',').filter(|s| !s.is_empty()).map(str::to_owned));
            specs
        }
        Some(_) => call.list(cx, "chars")?,
    };
    let mut out = String::new();
    for spec in specs.drain(..) {
        out.push_str(match spec.as_str() {
            "ascii_letters" => "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "ascii_lowercase" => "abcdefghijklmnopqrstuvwxyz",
            "ascii_uppercase" => "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            "digits" => "0123456789",
            "hexdigits" => "0123456789abcdefABCDEF",
            "octdigits" => "01234567",
            "punctuation" => "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~",
            "whitespace" => " \t\n\r\u{b}\u{c}",
            other => other,
        });
    }
    Ok(out.chars().filter(|c| !matches!(c, '"' | '\'')).collect())
}

fn system(error: impl std::fmt::Display) -> Raise {
    Raise::python(Class::Os, error.to_string())
}

fn one(cx: &mut Cx<'_>, call: &Call, path: &str) -> Result<String, Raise> {
    let length = usize::try_from(call.int(cx, "password", "length")?.unwrap_or(20)).unwrap_or(0).min(1_000_000);
    let encrypt = call.text(cx, "encrypt", "")?;
    let seed = call.text(cx, "seed", "")?;
    let base = super::support::base_folder(cx);
    let home = cx.with_world(|w| w.home.clone());
    let path = paths::abspath(&paths::expanduser(path, &home, String::new), &base);
    let kept = path != "/dev/null";
    let content = if kept { std::fs::read_to_string(&path).ok() } else { None };
    let mut changed = content.is_none();
    let (plain, salt) = match &content {
        Some(content) => stored(content.trim_end()),
        None => (random(&characters(cx, call)?, length, &seed)?, None),
    };
    let salt = match salt {
        None if !encrypt.is_empty() => {
            changed = true;
            let alphabet: Vec<char> = crypt::salt_alphabet().iter().map(|b| char::from(*b)).collect();
            Some(random(&alphabet, 16, "")?)
        }
        other => other,
    };
    if changed && kept {
        let text = match &salt {
            Some(salt) if !encrypt.is_empty() => format!("{plain} salt={salt}"),
            _ => plain.clone(),
        };
        write(&path, &text)?;
    }
    if encrypt.is_empty() {
        return Ok(plain);
    }
    let args = CallArgs::positional([Obj::from(encrypt), Obj::from(salt.unwrap_or_default())]);
    let hashed = cx.filter("password_hash", plain.into(), args)?;
    cx.text(&given(Some(hashed)))
}

/// The password and salt of a file's line.
fn stored(content: &str) -> (String, Option<String>) {
    match content.rsplit_once(" salt=") {
        Some((password, rest)) => {
            let salt = rest.rsplit_once(" ident=").map_or(rest, |(salt, _)| salt);
            (password.to_owned(), Some(salt.to_owned()))
        }
        None => (content.to_owned(), None),
    }
}

fn random(chars: &[char], length: usize, seed: &str) -> Result<String, Raise> {
    if chars.is_empty() {
        return Err(Raise::python(Class::Index, "Cannot choose from an empty sequence"));
    }
    let mut random = if seed.is_empty() { Random::system().map_err(system)? } else { Random::from_text(seed) };
    Ok((0..length).filter_map(|_| chars.get(random.below(chars.len() as u64) as usize)).collect())
}

fn write(path: &str, text: &str) -> Result<(), Raise> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(paths::dirname(path)).map_err(system)?;
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(path).map_err(system)?;
    file.set_permissions(std::fs::Permissions::from_mode(0o600)).map_err(system)?;
    file.write_all(format!("{text}\n").as_bytes()).map_err(system)
}
