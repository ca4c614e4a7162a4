//! The lookup `password`: a random password kept in a file on the controller.

use super::support::{Call, Found, key_values, parsed};
use crate::template::bounds::list_fits;
use crate::template::filters::hashes::{hashed_password, hex, random_salt};
use crate::template::pylib::codec;
use crate::template::pylib::crypt::{Scheme, Settings};
use crate::template::pylib::paths;
use crate::template::pylib::random::Random;
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise};
use sha1::{Digest, Sha1};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};

const PARAMETERS: [&str; 5] = ["length", "encrypt", "chars", "ident", "seed"];

pub(super) fn password(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut out = Vec::new();
    for item in &args.positional {
        let text = parsed(cx, item)?;
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
            "printable" => {
                "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ \t\n\r\u{b}\u{c}"
            }
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
    let length = usize::try_from(call.int(cx, "password", "length")?.unwrap_or(20)).unwrap_or(0);
    list_fits(length)?;
    let encrypt = call.text(cx, "encrypt", "")?;
    let wanted = call.text(cx, "ident", "")?;
    let scheme = Scheme::named(&encrypt).filter(|scheme| scheme.name() == encrypt);
    let base = super::support::base_folder(cx);
    let home = cx.with_world(|w| w.home.clone());
    let path = paths::abspath(&paths::expanduser(path, &home, String::new), &base);
    let chars = characters(cx, call)?;
    let seed = call.text(cx, "seed", "")?;
    let kept = path != "/dev/null";
    let lock = if kept { Some(Lock::take(&path)?) } else { None };
    let content = if kept { existing(&path)? } else { None };
    let mut changed = content.is_none();
    let mut stored = match &content {
        Some(content) => Stored::parse(content.trim_end()),
        None => Stored { plain: random(&chars, length, &seed)?, ..Stored::default() },
    };
    if !encrypt.is_empty() && stored.salt.is_none() {
        changed = true;
        let size = scheme.map_or(8, Scheme::salt_size);
        stored.salt = Some(random_salt(size).map_err(system)?);
    }
    match &stored.ident {
        Some(ident) if !wanted.is_empty() && *ident != wanted => {
            return Err(Raise::ansible(format!(
                "The ident parameter provided ({ident}) does not match the stored one ({wanted})."
            )));
        }
        Some(_) => {}
        None => {
            stored.ident = Some(wanted).filter(|ident| !ident.is_empty());
            if !encrypt.is_empty() && stored.ident.is_none() {
                stored.ident = scheme.and_then(Scheme::implicit_ident).map(str::to_owned);
                changed |= stored.ident.is_some();
            }
        }
    }
    if changed && kept {
        write(&path, &stored.line(!encrypt.is_empty()))?;
    }
    drop(lock);
    if encrypt.is_empty() {
        return Ok(stored.plain);
    }
    let Some(scheme) = scheme else {
        // passlib has more schemes than rplay.
        return Err(Raise::unsupported(format!("The password hash '{encrypt}' is not supported.")));
    };
    let settings = Settings { salt: stored.salt, ident: stored.ident, ..Settings::default() };
    let hashed = hashed_password(scheme, &stored.plain, &settings)?;
    cx.text(&hashed)
}

/// The password file's text; None where there is no file.
fn existing(path: &str) -> Result<Option<String>, Raise> {
    match std::fs::read(path) {
        Ok(bytes) => codec::decode(bytes.trim_ascii_end(), "utf-8").map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(system(error)),
    }
}

/// Keeps others from making the same password: a file beside it, as Ansible makes it.
struct Lock(String);

impl Lock {
    fn take(path: &str) -> Result<Self, Raise> {
        let folder = paths::dirname(path);
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(system)?;
        let name = format!("{}.ansible_lockfile", hex(&Sha1::digest(path.as_bytes())));
        let lock = paths::join([folder, name.as_str()]);
        for seconds in [1, 2, 4, 0] {
            match OpenOptions::new().write(true).create_new(true).open(&lock) {
                Ok(_) => return Ok(Self(lock)),
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                    std::thread::sleep(std::time::Duration::from_secs(seconds));
                }
                Err(error) => return Err(system(error)),
            }
        }
        Err(Raise::ansible(format!(
            "Password lookup cannot get the lock in 7 seconds, abort...This may caused by un-removed lockfileyou can \
             manually remove it from controller machine at {lock} and try again"
        )))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // A lock that is gone already is released.
        let _gone = std::fs::remove_file(&self.0);
    }
}

/// What the file of a password holds.
#[derive(Default)]
struct Stored {
    plain: String,
    salt: Option<String>,
    ident: Option<String>,
}

impl Stored {
    fn parse(content: &str) -> Self {
        let Some((plain, rest)) = content.rsplit_once(" salt=").filter(|(_, rest)| !rest.is_empty()) else {
            let plain = content.strip_suffix(" salt=").unwrap_or(content);
            return Self { plain: plain.to_owned(), ..Self::default() };
        };
        let (salt, ident) = match rest.rsplit_once(" ident=") {
            Some((salt, ident)) => (salt, Some(ident.to_owned())),
            None => (rest, None),
        };
        Self { plain: plain.to_owned(), salt: Some(salt.to_owned()), ident }
    }

    fn line(&self, encrypts: bool) -> String {
        match (&self.salt, &self.ident) {
            (Some(salt), Some(ident)) if encrypts || !salt.is_empty() => {
                format!("{} salt={salt} ident={ident}", self.plain)
            }
            (Some(salt), None) if encrypts || !salt.is_empty() => format!("{} salt={salt}", self.plain),
            _ => self.plain.clone(),
        }
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
