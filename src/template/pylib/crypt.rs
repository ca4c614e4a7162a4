//! SHA-crypt: the `$5$` and `$6$` password hashes of `crypt(3)`.

use sha2::{Digest, Sha256, Sha512};

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
    let mut push = |mut word: u32, count: usize| {
        for _ in 0..count {
            out.push(char::from(ALPHABET[(word & 0x3f) as usize]));
            word >>= 6;
        }
    };
    for ([a, b, c], count) in groups {
        push(byte(a) << 16 | byte(b) << 8 | byte(c), count);
    }
    match kind {
        Kind::Sha256 => push(byte(31) << 8 | byte(30), 3),
        Kind::Sha512 => push(byte(63), 2),
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

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
