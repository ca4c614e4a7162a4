//! The password hashes of `crypt(3)`: `$1$` (MD5), `$2b$` (bcrypt), `$5$` and `$6$` (SHA-crypt).
//!
//! The limits and error words are passlib's, with which Ansible makes them.

use base64::Engine;
use base64::alphabet::BCRYPT;
use base64::engine::general_purpose::{GeneralPurpose, NO_PAD};
use md5::Md5;
use sha2::{Digest, Sha256, Sha512};

/// A way to hash passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// `$1$`
    Md5,
    /// `$2a$`, `$2b$`, `$2y$`
    Bcrypt,
    /// `$5$`
    Sha256,
    /// `$6$`
    Sha512,
}

/// What a hash is made with beside the password.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The salt; a random one where there is none.
    pub salt: Option<String>,
    /// The length of a random salt.
    pub salt_size: Option<i64>,
    /// The number of rounds, for bcrypt its logarithm.
    pub rounds: Option<i64>,
    /// The version of bcrypt.
    pub ident: Option<String>,
}

/// What is wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// A value that passlib refuses.
    Value(String),
    /// An argument that the scheme lacks.
    Argument(String),
}

impl Scheme {
    /// A scheme by Ansible's or passlib's name for it.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "md5" | "md5_crypt" => Self::Md5,
            "blowfish" | "bcrypt" => Self::Bcrypt,
            "sha256" | "sha256_crypt" => Self::Sha256,
            "sha512" | "sha512_crypt" => Self::Sha512,
            _ => return None,
        })
    }

    /// passlib's name for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "md5_crypt",
            Self::Bcrypt => "bcrypt",
            Self::Sha256 => "sha256_crypt",
            Self::Sha512 => "sha512_crypt",
        }
    }

    /// How long a salt is at most, and by default.
    pub fn salt_size(self) -> usize {
        match self {
            Self::Md5 => 8,
            Self::Bcrypt => 22,
            Self::Sha256 | Self::Sha512 => 16,
        }
    }

    /// The version that is meant where none is given.
    pub fn implicit_ident(self) -> Option<&'static str> {
        (self == Self::Bcrypt).then_some("2b")
    }

    /// Hashes a password; `random` gives a salt of a length.
    pub fn hash(
        self,
        password: &str,
        settings: &Settings,
        random: impl FnOnce(usize) -> Result<String, String>,
    ) -> Result<String, Refused> {
        let value = |text: String| Refused::Value(text);
        let name = self.name();
        let rounds = self.rounds(settings.rounds)?;
        let salt = match settings.salt.as_deref().filter(|salt| !salt.is_empty()) {
            Some(salt) => salt.to_owned(),
            None => random(self.random_size(settings.salt_size)?).map_err(value)?,
        };
        let exact = self == Self::Bcrypt;
        let (length, limit) = (salt.chars().count(), self.salt_size());
        if exact && salt.bytes().any(|b| !ALPHABET.contains(&b)) {
            return Err(Refused::Argument("substring not found".into()));
        }
        if salt.bytes().any(|b| !ALPHABET.contains(&b)) {
            return Err(value(format!("invalid characters in {name} salt")));
        }
        let needs = if exact { format!("exactly {limit}") } else { format!("<= {limit}") };
        if length > limit {
            return Err(value(format!("salt too large ({name} requires {needs} chars)")));
        }
        if exact && length < limit {
            return Err(value(format!("salt too small ({name} requires {needs} chars)")));
        }
        if password.contains('\0') {
            return Err(value(format!("{name} does not allow NULL bytes in password")));
        }
        Ok(match self {
            Self::Md5 => md5_crypt(password.as_bytes(), &salt),
            Self::Bcrypt => bcrypt_hash(password, &salt, rounds, settings.ident.as_deref().unwrap_or("2b"))?,
            Self::Sha256 => sha_crypt(Kind::Sha256, password, &salt, rounds),
            Self::Sha512 => sha_crypt(Kind::Sha512, password, &salt, rounds),
        })
    }

    /// The same settings with the fewest rounds, where theirs are right: to see what is wrong with them quickly.
    pub fn quick(self, mut settings: Settings) -> Settings {
        if self.rounds(settings.rounds).is_ok() {
            settings.rounds = match self {
                Self::Md5 => None,
                Self::Bcrypt => Some(4),
                Self::Sha256 | Self::Sha512 => Some(1000),
            };
        }
        settings
    }

    fn rounds(self, given: Option<i64>) -> Result<u32, Refused> {
        let (name, given) = (self.name(), given.filter(|rounds| *rounds != 0));
        let (usual, least, most) = match self {
            Self::Md5 if given.is_some() => {
                let text = "MinimalHandler.using() got an unexpected keyword argument 'rounds'";
                return Err(Refused::Argument(text.into()));
            }
            Self::Md5 => return Ok(0),
            Self::Bcrypt => (12, 4, 31),
            Self::Sha256 => (535_000, 1000, 999_999_999),
            Self::Sha512 => (656_000, 1000, 999_999_999),
        };
        let rounds = given.unwrap_or(usual);
        if rounds < least {
            let text = format!("{name}: min_desired_rounds ({rounds}) is too low, must be at least {least}");
            return Err(Refused::Value(text));
        }
        if rounds > most {
            let text = format!("{name}: min_desired_rounds ({rounds}) is too large, cannot be more than {most}");
            return Err(Refused::Value(text));
        }
        Ok(u32::try_from(rounds).unwrap_or(u32::MAX))
    }

    fn random_size(self, given: Option<i64>) -> Result<usize, Refused> {
        let (name, limit) = (self.name(), self.salt_size());
        let size = match given.filter(|size| *size != 0) {
            Some(size) => size,
            None => return Ok(limit),
        };
        let most = limit as i64;
        if self == Self::Bcrypt && size != most {
            return Err(Refused::Value(format!("{name}: salt_size ({size}) must be exactly {limit}")));
        }
        if size > most {
            return Err(Refused::Value(format!("{name}: salt_size ({size}) above max_salt_size ({limit})")));
        }
        if size < 0 {
            return Err(Refused::Value(format!("{name}: salt_size ({size}) below min_salt_size (0)")));
        }
        Ok(size as usize)
    }
}

/// bcrypt, whose salt is 16 bytes in its own base 64.
fn bcrypt_hash(password: &str, salt: &str, rounds: u32, ident: &str) -> Result<String, Refused> {
    use bcrypt::Version;
    let value = |text: String| Refused::Value(text);
    let version = match ident.trim_matches('$') {
        "2a" => Version::TwoA,
        "2b" => Version::TwoB,
        "2y" => Version::TwoY,
        // The first version, which repeated a password without its final zero byte: no crate has it.
        "2" => return Err(value("the version '2' of bcrypt is not supported".into())),
        _ => return Err(value(format!("invalid ident: {}", crate::value::str_repr(ident)))),
    };
    let engine = GeneralPurpose::new(&BCRYPT, NO_PAD.with_decode_allow_trailing_bits(true));
    let bytes = engine.decode(salt).map_err(|e| value(e.to_string()))?;
    let bytes: [u8; 16] = bytes.try_into().map_err(|_| value("invalid bcrypt salt".into()))?;
    let parts = bcrypt::hash_with_salt(password, rounds, bytes).map_err(|e| value(e.to_string()))?;
    Ok(parts.format_for_version(version))
}

/// The `$1$` hash.
fn md5_crypt(password: &[u8], salt: &str) -> String {
    let hash = |parts: &[&[u8]]| {
        let mut digest = Md5::new();
        parts.iter().for_each(|part| digest.update(part));
        digest.finalize().to_vec()
    };
    let salt_bytes = salt.as_bytes();
    let filled = repeated(&hash(&[password, salt_bytes, password]), password.len());
    let mut parts: Vec<&[u8]> = vec![password, b"$1$", salt_bytes, &filled];
    let first = password.get(..1).unwrap_or_default();
    let mut bits = password.len();
    while bits > 0 {
        parts.push(if bits & 1 == 1 { b"\0" } else { first });
        bits >>= 1;
    }
    let mut sum = hash(&parts);
    for round in 0..1000 {
        let odd = round & 1 == 1;
        let mut parts: Vec<&[u8]> = vec![if odd { password } else { &sum }];
        if round % 3 != 0 {
            parts.push(salt_bytes);
        }
        if round % 7 != 0 {
            parts.push(password);
        }
        parts.push(if odd { &sum } else { password });
        sum = hash(&parts);
    }
    let byte = |i: usize| u32::from(sum.get(i).copied().unwrap_or(0));
    let mut out = format!("$1${salt}$");
    for [a, b, c] in [[0, 6, 12], [1, 7, 13], [2, 8, 14], [3, 9, 15], [4, 10, 5]] {
        push(&mut out, byte(a) << 16 | byte(b) << 8 | byte(c), 4);
    }
    push(&mut out, byte(11), 2);
    out
}

/// Adds digits of crypt's base 64, the lowest first.
fn push(out: &mut String, mut word: u32, count: usize) {
    for _ in 0..count {
        out.push(char::from(ALPHABET[(word & 0x3f) as usize]));
        word >>= 6;
    }
}

/// The digest below the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `$5$`
    Sha256,
    /// `$6$`
    Sha512,
}

/// What a hash has where none are asked for.
pub const DEFAULT_ROUNDS: u32 = 5000;

const ALPHABET: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The characters a salt is made of.
pub fn salt_alphabet() -> &'static [u8; 64] {
    ALPHABET
}

/// Hashes a password. Rounds other than the default are told in the result.
pub fn sha_crypt(kind: Kind, password: &str, salt: &str, rounds: u32) -> String {
    let rounds = rounds.clamp(1000, 999_999_999);
    let salt: String = salt.chars().take(16).collect();
    let (id, digest) = match kind {
        Kind::Sha256 => (5, digest::<Sha256>(password.as_bytes(), salt.as_bytes(), rounds)),
        Kind::Sha512 => (6, digest::<Sha512>(password.as_bytes(), salt.as_bytes(), rounds)),
    };
    let told = if rounds == DEFAULT_ROUNDS { String::new() } else { format!("rounds={rounds}$") };
    format!("${id}${told}{salt}${}", encode(kind, &digest))
}

/// A digest repeated and cut to a length.
fn repeated(digest: &[u8], length: usize) -> Vec<u8> {
    digest.iter().copied().cycle().take(length).collect()
}

fn digest<D: Digest>(password: &[u8], salt: &[u8], rounds: u32) -> Vec<u8> {
    let hash = |parts: &[&[u8]]| {
        let mut d = D::new();
        for part in parts {
            d.update(part);
        }
        d.finalize().to_vec()
    };
    let b = hash(&[password, salt, password]);
    let filled = repeated(&b, password.len());
    let mut parts: Vec<&[u8]> = vec![password, salt, &filled];
    let mut bits = password.len();
    while bits > 0 {
        parts.push(if bits & 1 == 1 { &b } else { password });
        bits >>= 1;
    }
    let mut a = hash(&parts);
    let p = repeated(&hash(&vec![password; password.len()]), password.len());
    let times = 16 + usize::from(a.first().copied().unwrap_or(0));
    let s = repeated(&hash(&vec![salt; times]), salt.len());
    for round in 0..rounds {
        let odd = round & 1 == 1;
        let mut parts: Vec<&[u8]> = vec![if odd { &p } else { &a }];
        if round % 3 != 0 {
            parts.push(&s);
        }
        if round % 7 != 0 {
            parts.push(&p);
        }
        parts.push(if odd { &a } else { &p });
        a = hash(&parts);
    }
    a
}

/// crypt's base 64: three bytes at a time, in an order that steps through the thirds of the digest.
fn encode(kind: Kind, digest: &[u8]) -> String {
    let third = digest.len() / 3;
    let mut groups: Vec<([usize; 3], usize)> = Vec::new();
    for i in 0..third {
        let (a, b, c) = (i, i + third, i + 2 * third);
        // Each group turns the thirds by one: to the right for SHA-256, to the left for SHA-512.
        let group = match (kind, i % 3) {
            (_, 0) => [a, b, c],
            (Kind::Sha256, 1) | (Kind::Sha512, 2) => [c, a, b],
            _ => [b, c, a],
        };
        groups.push((group, 4));
    }
    let byte = |i: usize| u32::from(digest.get(i).copied().unwrap_or(0));
    let mut out = String::new();
    for ([a, b, c], count) in groups {
        push(&mut out, byte(a) << 16 | byte(b) << 8 | byte(c), count);
    }
    match kind {
        Kind::Sha256 => push(&mut out, byte(31) << 8 | byte(30), 3),
        Kind::Sha512 => push(&mut out, byte(63), 2),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_schemes() {
        let hash = |scheme: Scheme, salt: &str, rounds: Option<i64>| {
            let settings = Settings { salt: Some(salt.into()), rounds, ..Settings::default() };
            scheme.hash("pw", &settings, |_| Err("no salt".into()))
        };
        // What passlib and bcrypt give.
        assert_eq!(hash(Scheme::Md5, "abcdefgh", None).unwrap(), "$1$abcdefgh$IQtUouv7y7Q9dRWkQEPCc.");
        assert_eq!(hash(Scheme::Md5, "abc", None).unwrap(), "$1$abc$Kb85XxsXB.VXinPhbS4431");
        assert_eq!(
            hash(Scheme::Bcrypt, "abcdefghijklmnopqrstuu", Some(4)).unwrap(),
            "$2b$04$abcdefghijklmnopqrstuuyvPXIbu7xe6/CED2DzX8z6Si09MlzlW"
        );
        let refused = hash(Scheme::Bcrypt, "abc", Some(4)).unwrap_err();
        assert_eq!(refused, Refused::Value("salt too small (bcrypt requires exactly 22 chars)".into()));
    }

    #[test]
    fn like_crypt() {
        // What glibc's crypt gives.
        assert_eq!(
            sha_crypt(Kind::Sha256, "Hello world!", "saltstring", 5000),
            "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"
        );
        assert_eq!(
            sha_crypt(Kind::Sha512, "Hello world!", "saltstring", 5000),
            "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"
        );
        assert_eq!(
            sha_crypt(Kind::Sha512, "Hello world!", "saltstringsaltstring", 10000),
            "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."
        );
    }
}
