//! Versions compared: loose, strict, semantic, and Python's own (PEP 440).

use std::cmp::Ordering;

/// How versions are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Numbers and words by turns; a word can't be compared with a number.
    Loose,
    /// `1.2.3a4`.
    Strict,
    /// Semantic versioning 2.
    Semantic,
    /// PEP 440.
    Pep440,
}

impl Scheme {
    /// By the name that the `version` test takes.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "loose" => Self::Loose,
            "strict" => Self::Strict,
            "semver" | "semantic" => Self::Semantic,
            "pep440" => Self::Pep440,
            _ => return None,
        })
    }
}

/// Compares two versions; the error is Python's.
pub fn compare(a: &str, b: &str, scheme: Scheme) -> Result<Ordering, String> {
    match scheme {
        Scheme::Loose => loose(a, b),
        Scheme::Strict => Ok(strict(a)?.cmp(&strict(b)?)),
        Scheme::Semantic => Ok(semantic(a)?.cmp(&semantic(b)?)),
        Scheme::Pep440 => Ok(pep440(a)?.cmp(&pep440(b)?)),
    }
}

/// Numbers and runs of letters; other characters stand alone, dots only part them.
fn loose_parts(text: &str) -> Vec<Result<u128, String>> {
    let class = |c: char| match c {
        '0'..='9' => 0,
        'a'..='z' => 1,
        '.' => 2,
        _ => 3,
    };
    let mut parts: Vec<(i32, String)> = Vec::new();
    for c in text.chars() {
        match parts.last_mut() {
            Some((kind, part)) if *kind == class(c) => part.push(c),
            _ => parts.push((class(c), c.to_string())),
        }
    }
    let wanted = parts.into_iter().filter(|(kind, _)| *kind != 2);
    wanted.map(|(_, part)| part.parse::<u128>().map_err(|_| part)).collect()
}

fn loose(a: &str, b: &str) -> Result<Ordering, String> {
    let (a, b) = (loose_parts(a), loose_parts(b));
    for (x, y) in a.iter().zip(&b) {
        let order = match (x, y) {
            (Ok(x), Ok(y)) => x.cmp(y),
            (Err(x), Err(y)) => x.cmp(y),
            (Ok(_), Err(_)) => return Err("'<' not supported between instances of 'int' and 'str'".into()),
            (Err(_), Ok(_)) => return Err("'<' not supported between instances of 'str' and 'int'".into()),
        };
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(a.len().cmp(&b.len()))
}

/// The three numbers, and the pre-release, which comes before none.
type Strict = ([u64; 3], (bool, char, u64));

fn strict(text: &str) -> Result<Strict, String> {
    let bad = || format!("invalid version number '{text}'");
    let (numbers, pre) = match text.find(['a', 'b']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let parts: Vec<u64> = numbers
        .split('.')
        .map(|p| p.parse().ok().filter(|_| p.bytes().all(|b| b.is_ascii_digit())))
        .collect::<Option<_>>()
        .ok_or_else(bad)?;
    if !(2..=3).contains(&parts.len()) {
        return Err(bad());
    }
    let pre = match pre.chars().next() {
        None => (true, ' ', 0),
        Some(letter) => (false, letter, pre[1..].parse().map_err(|_| bad())?),
    };
    Ok(([parts[0], parts[1], parts.get(2).copied().unwrap_or(0)], pre))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Identifier {
    Number(u128),
    Text(String),
}

/// The core, whether it is a release, and the identifiers of the pre-release.
type Semantic = ([u128; 3], bool, Vec<Identifier>);

fn semantic(text: &str) -> Result<Semantic, String> {
    let bad = || format!("invalid semantic version '{text}'");
    let (rest, build) = text.split_once('+').map_or((text, None), |(a, b)| (a, Some(b)));
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(a, b)| (a, Some(b)));
    let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    let number = |w: &str| {
        let plain = w.bytes().all(|b| b.is_ascii_digit()) && (w.len() == 1 || !w.starts_with('0'));
        w.parse::<u128>().ok().filter(|_| plain)
    };
    if build.is_some_and(|b| !b.split('.').all(word)) {
        return Err(bad());
    }
    let numbers: Vec<u128> = core.split('.').map(number).collect::<Option<_>>().ok_or_else(bad)?;
    let core: [u128; 3] = numbers.try_into().map_err(|_| bad())?;
    let mut identifiers = Vec::new();
    for part in pre.iter().flat_map(|p| p.split('.')) {
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        identifiers.push(match number(part) {
            Some(n) => Identifier::Number(n),
            None if word(part) && !digits => Identifier::Text(part.to_owned()),
            None => return Err(bad()),
        });
    }
    Ok((core, pre.is_none(), identifiers))
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Text(String),
    Number(u64),
}

/// Epoch, release, pre, post, dev, local, each in a form that sorts as PEP 440 says.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Pep440 {
    epoch: u64,
    release: Vec<u64>,
    pre: (u8, u8, u64),
    post: Option<u64>,
    dev: (u8, u64),
    local: Vec<Local>,
}

/// A reader over what is left of a version.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn number(&mut self) -> Option<u64> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let number = self.0[..length].parse().ok()?;
        self.0 = &self.0[length..];
        Some(number)
    }

    fn separator(&mut self) {
        self.0 = self.0.strip_prefix(['.', '-', '_']).unwrap_or(self.0);
    }

    /// `.rc1` and the like: one of the words, with its number, 0 where none follows.
    fn tagged(&mut self, words: &[&str]) -> Option<(usize, u64)> {
        let saved = self.0;
        self.separator();
        let Some(found) = words.iter().position(|w| self.0.starts_with(w)) else {
            self.0 = saved;
            return None;
        };
        self.0 = &self.0[words[found].len()..];
        let after = self.0;
        self.separator();
        let number = self.number().unwrap_or_else(|| {
            self.0 = after;
            0
        });
        Some((found, number))
    }
}

fn pep440(text: &str) -> Result<Pep440, String> {
    let bad = || format!("Invalid version: {}", crate::value::str_repr(text));
    let lower = text.trim().to_ascii_lowercase();
    let plain = lower.strip_prefix('v').unwrap_or(&lower);
    let (public, local) = plain.split_once('+').map_or((plain, None), |(a, b)| (a, Some(b)));
    let mut rest = Rest(public);
    let mut release = vec![rest.number().ok_or_else(bad)?];
    let mut epoch = 0;
    if let Some(after) = rest.0.strip_prefix('!') {
        epoch = release[0];
        rest.0 = after;
        release = vec![rest.number().ok_or_else(bad)?];
    }
    while rest.0.starts_with('.') && rest.0[1..].starts_with(|c: char| c.is_ascii_digit()) {
        rest.0 = &rest.0[1..];
        release.push(rest.number().ok_or_else(bad)?);
    }
    let pre = rest.tagged(&["alpha", "beta", "preview", "pre", "rc", "a", "b", "c"]);
    let post = match rest.0.strip_prefix('-').filter(|r| r.starts_with(|c: char| c.is_ascii_digit())) {
        Some(after) => {
            rest.0 = after;
            rest.number()
        }
        None => rest.tagged(&["post", "rev", "r"]).map(|(_, n)| n),
    };
    let dev = rest.tagged(&["dev"]).map(|(_, n)| n);
    if !rest.0.is_empty() {
        return Err(bad());
    }
    let mut parts = Vec::new();
    for part in local.iter().flat_map(|l| l.split(['.', '-', '_'])) {
        if part.is_empty() || !part.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(bad());
        }
        parts.push(part.parse().map_or_else(|_| Local::Text(part.to_owned()), Local::Number));
    }
    while release.len() > 1 && release.last() == Some(&0) {
        release.pop();
    }
    let pre = match pre {
        Some((kind, number)) => (1, [0, 1, 2, 2, 2, 0, 1, 2][kind], number),
        // A bare development release comes before every pre-release, a final one after all.
        None if post.is_none() && dev.is_some() => (0, 0, 0),
        None => (2, 0, 0),
    };
    Ok(Pep440 { epoch, release, pre, post, dev: dev.map_or((1, 0), |n| (0, n)), local: parts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use Ordering::{Equal, Greater, Less};

    #[track_caller]
    fn check(scheme: Scheme, a: &str, b: &str, want: Ordering) {
        assert_eq!(compare(a, b, scheme), Ok(want), "{a} {b}");
    }

    #[test]
    fn orders() {
        check(Scheme::Loose, "1.10", "1.9", Greater);
        check(Scheme::Loose, "1.0", "1.0.0", Less);
        check(Scheme::Loose, "2.0rc1", "2.0rc2", Less);
        check(Scheme::Strict, "1.0", "1.0.0", Equal);
        check(Scheme::Strict, "1.0a1", "1.0", Less);
        check(Scheme::Semantic, "1.0.0-alpha.1", "1.0.0-alpha.beta", Less);
        check(Scheme::Semantic, "1.0.0-rc.1", "1.0.0", Less);
        check(Scheme::Semantic, "1.0.0+x", "1.0.0", Equal);
        check(Scheme::Pep440, "1.0.dev1", "1.0a1", Less);
        check(Scheme::Pep440, "1.0", "1.0.post1", Less);
        check(Scheme::Pep440, "1.0.0", "1", Equal);
        check(Scheme::Pep440, "1.0+abc", "1.0", Greater);
        check(Scheme::Pep440, "1!1.0", "2.0", Greater);
    }

    #[test]
    fn refusals() {
        assert!(compare("1.a", "1.1", Scheme::Loose).is_err());
        assert_eq!(compare("1", "1", Scheme::Semantic).unwrap_err(), "invalid semantic version '1'");
        assert_eq!(compare("x", "1", Scheme::Pep440).unwrap_err(), "Invalid version: 'x'");
    }
}
