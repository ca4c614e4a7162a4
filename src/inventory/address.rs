//! Addresses with ports, and ranges in host names: `web[01:20:2].example.com:2222`.

use crate::diag::{Error, Result};
use crate::value::str_repr;

/// One piece of an address: a character, or a bracketed range's inside.
enum Piece<'a> {
    Char(char),
    Range(&'a str),
}

/// Splits an address from its port; None where it is neither a host name nor an IP address.
///
/// Ranges such as `[1:3]` are allowed wherever a number or letter may stand.
pub fn parse_address(text: &str) -> Option<(&str, Option<u32>)> {
    let mut address = text;
    let mut port = None;
    if let Some((inner, number)) = with_port(address)
        && let Some(inner) = inner.strip_prefix('[').and_then(|a| a.strip_suffix(']')).filter(|a| !a.is_empty())
    {
        (address, port) = (inner, Some(number));
    }
    if let Some((host, number)) = with_port(address)
        && pieces(host).is_some_and(|p| !p.iter().any(|piece| matches!(piece, Piece::Char(':'))))
    {
        (address, port) = (host, Some(number));
    }
    let pieces = pieces(address).filter(|p| !p.is_empty())?;
    (is_ipv4(&pieces) || is_ipv6(&pieces) || is_hostname(&pieces)).then_some((address, port))
}

fn with_port(text: &str) -> Option<(&str, u32)> {
    let (host, port) = text.rsplit_once(':')?;
    let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
    Some((host, port.parse().ok().filter(|_| digits)?))
}

fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        match c {
            '[' => {
                let end = rest.find(']')?;
                out.push(Piece::Range(&rest[1..end]));
                rest = &rest[end + 1..];
            }
            ']' => return None,
            c => {
                out.push(Piece::Char(c));
                rest = &rest[c.len_utf8()..];
            }
        }
    }
    Some(out)
}

fn split<'p, 'a>(pieces: &'p [Piece<'a>], at: char) -> Vec<&'p [Piece<'a>]> {
    pieces.split(|p| matches!(p, Piece::Char(c) if *c == at)).collect()
}

fn is_range(inside: &str, digit: impl Fn(char) -> bool, letters: bool) -> bool {
    let parts: Vec<&str> = inside.split(':').collect();
    let number = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_digit());
    let bound = |text: &str| !text.is_empty() && text.chars().all(&digit);
    let letter = |text: &str| text.len() == 1 && text.chars().all(|c| c.is_ascii_alphabetic());
    match parts[..] {
        [a, b] | [a, b, _] if (bound(a) && bound(b)) || (letters && letter(a) && letter(b)) => {
            parts.get(2).is_none_or(|step| number(step))
        }
        _ => false,
    }
}

fn chars(pieces: &[Piece<'_>]) -> Option<String> {
    let char = |p: &Piece<'_>| match p {
        Piece::Char(c) => Some(*c),
        Piece::Range(_) => None,
    };
    pieces.iter().map(char).collect()
}

fn is_ipv4(pieces: &[Piece<'_>]) -> bool {
    let parts = split(pieces, '.');
    parts.len() == 4
        && parts.iter().all(|part| match part {
            [Piece::Range(inside)] => is_range(inside, |c| c.is_ascii_digit(), false),
            _ => chars(part).is_some_and(|t| {
                (1..=3).contains(&t.len())
                    && t.bytes().all(|b| b.is_ascii_digit())
                    && t.parse().is_ok_and(|n: u16| n < 256)
            }),
        })
}

fn is_hex(part: &[Piece<'_>]) -> bool {
    match part {
        [Piece::Range(inside)] => is_range(inside, |c| c.is_ascii_hexdigit(), false),
        _ => chars(part).is_some_and(|t| (1..=4).contains(&t.len()) && t.chars().all(|c| c.is_ascii_hexdigit())),
    }
}

fn is_ipv6(pieces: &[Piece<'_>]) -> bool {
    let parts = split(pieces, ':');
    let embedded = |part: &[Piece<'_>]| {
        let bytes = split(part, '.');
        bytes.len() == 4 && bytes.iter().all(|b| is_hex(b))
    };
    let is = |part: &[Piece<'_>], word: &str| chars(part).is_some_and(|t| t.eq_ignore_ascii_case(word));
    if let Some((last, before)) = parts.split_last().filter(|(last, _)| embedded(last)) {
        let zeros = |n: usize| before.len() >= n && before[..n].iter().all(|p| is(p, "0"));
        return match before.len() {
            2 => before.iter().all(|p| p.is_empty()),
            3 => before[..2].iter().all(|p| p.is_empty()) && is(before[2], "ffff"),
            6 => zeros(6) || (zeros(5) && is(before[5], "ffff")),
            _ => false,
        } && !last.is_empty();
    }
    let gap = parts.windows(2).position(|w| w[0].is_empty() && w[1].is_empty());
    let empty = parts.iter().filter(|p| p.is_empty()).count();
    if !parts.iter().all(|p| p.is_empty() || is_hex(p)) {
        return false;
    }
    let filled = parts.len() - empty;
    match (empty, gap) {
        (0, _) => parts.len() == 8,
        // `a::b`: one empty part inside.
        (1, None) => {
            let ends = parts.first().is_some_and(|p| p.is_empty()) || parts.last().is_some_and(|p| p.is_empty());
            !ends && filled <= 7
        }
        // `::a` and `a::`: the gap touches an end.
        (2, Some(at)) => (at == 0 || at + 2 == parts.len()) && filled <= 6,
        (3, Some(_)) => filled == 0,
        _ => false,
    }
}

fn is_hostname(pieces: &[Piece<'_>]) -> bool {
    split(pieces, '.').iter().all(|label| {
        let fits = label.iter().enumerate().all(|(i, piece)| match piece {
            Piece::Range(inside) => is_range(inside, |c| c.is_ascii_digit(), true),
            Piece::Char(c) => c.is_alphanumeric() || *c == '_' || (*c == '-' && i > 0),
        });
        fits && label.last().is_some_and(|last| !matches!(last, Piece::Char('-' | '_')))
    })
}

/// How many ranges a name may have, and how many names they may stand for.
const MOST_RANGES: usize = 100;
const MOST_NAMES: usize = 10_000_000;

const LETTERS: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// The names that a name with ranges stands for.
pub fn expand_range(text: &str) -> Result<Vec<String>> {
    let mut out = Vec::new();
    expand(text, &mut out, 0)?;
    Ok(out)
}

fn expand(text: &str, out: &mut Vec<String>, depth: usize) -> Result<()> {
    if !text.contains('[') {
        out.push(text.to_owned());
        return Ok(());
    }
    if depth > MOST_RANGES || out.len() > MOST_NAMES {
        return Err(Error::user("host range stands for too many hosts"));
    }
    let marked = text.replacen('[', "|", 1).replacen(']', "|", 1);
    let parts: Vec<&str> = marked.split('|').collect();
    let [head, range, tail] = parts[..] else {
        return Err(Error::user(match parts.len() {
            n @ 0..3 => format!("not enough values to unpack (expected 3, got {n})"),
            _ => "too many values to unpack (expected 3)".to_owned(),
        }));
    };
    for name in names(range)? {
        expand(&format!("{head}{name}{tail}"), out, depth + 1)?;
    }
    Ok(())
}

fn names(range: &str) -> Result<Vec<String>> {
    let bounds: Vec<&str> = range.split(':').collect();
    let (begin, end, step) = match bounds[..] {
        [begin, end] => (begin, end, "1"),
        [begin, end, step] => (begin, end, step),
        _ => return Err(Error::user("host range must be begin:end or begin:end:step")),
    };
    let begin = if begin.is_empty() { "0" } else { begin };
    if end.is_empty() {
        return Err(Error::user("host range must specify end value"));
    }
    let padded = begin.starts_with('0') && begin.len() > 1;
    if padded && begin.len() != end.len() {
        return Err(Error::user("host range must specify equal-length begin and end formats"));
    }
    let width = if padded { begin.len() } else { 0 };
    if let (Some(first), Some(last)) = (LETTERS.find(begin), LETTERS.find(end)) {
        if first > last {
            return Err(Error::user("host range must have begin <= end"));
        }
        let step = usize::try_from(whole(step)?).ok().filter(|s| *s > 0);
        let step = step.ok_or_else(|| Error::user("slice step cannot be zero"))?;
        return Ok(LETTERS[first..=last].chars().step_by(step).map(String::from).collect());
    }
    let (first, last, step) = (whole(begin)?, whole(end)?, whole(step)?);
    if width > 20 || last.saturating_sub(first) > MOST_NAMES as i64 {
        return Err(Error::user("host range stands for too many hosts"));
    }
    let step = usize::try_from(step).ok().filter(|s| *s > 0);
    let step = step.ok_or_else(|| Error::user("range() arg 3 must not be zero"))?;
    Ok((first..=last).step_by(step).map(|n| format!("{n:0width$}")).collect())
}

fn whole(text: &str) -> Result<i64> {
    let bad = || Error::user(format!("invalid literal for int() with base 10: {}", str_repr(text)));
    text.trim().parse().map_err(|_| bad())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn address(text: &str, want: Option<(&str, Option<u32>)>) {
        assert_eq!(parse_address(text), want);
    }

    #[test]
    fn addresses() {
        address("web", Some(("web", None)));
        address("web:22", Some(("web", Some(22))));
        address("web[1:3]:22", Some(("web[1:3]", Some(22))));
        address("web[1:3].x", Some(("web[1:3].x", None)));
        address("web[01:20:2]", Some(("web[01:20:2]", None)));
        address("[fe80::1]:22", Some(("fe80::1", Some(22))));
        address("fe80::1", Some(("fe80::1", None)));
        address("::1", Some(("::1", None)));
        address("::", Some(("::", None)));
        address("1::", Some(("1::", None)));
        address("1:2:3:4:5:6:7:8", Some(("1:2:3:4:5:6:7:8", None)));
        address("1:2:3", None);
        address("::ffff:1.2.3.4", Some(("::ffff:1.2.3.4", None)));
        address("web:proc", None);
        address("web-", None);
        address("-web", None);
        address("a..b", None);
        address("web[1:3", None);
        address("web*", None);
        address("", None);
        address("[x]", None);
        address("10.0.0.[1:5]", Some(("10.0.0.[1:5]", None)));
    }

    #[track_caller]
    fn expands(text: &str, want: &[&str]) {
        assert_eq!(expand_range(text).unwrap(), want);
    }

    #[test]
    fn ranges() {
        expands("w[1:3]", &["w1", "w2", "w3"]);
        expands("w[08:10]x", &["w08x", "w09x", "w10x"]);
        expands("w[1:9:4]", &["w1", "w5", "w9"]);
        expands("w[a:c]", &["wa", "wb", "wc"]);
        expands("w[1:2]-[a:b]", &["w1-a", "w1-b", "w2-a", "w2-b"]);
        expands("w[:1]", &["w0", "w1"]);
        assert_eq!(expand_range("w[1:]").unwrap_err().message, "host range must specify end value");
        assert_eq!(expand_range("w[z:a]").unwrap_err().message, "host range must have begin <= end");
        assert!(expand_range("w[1").is_err());
        assert!(expand_range("w[0:99999999999]").is_err());
        assert!(expand_range(&"[1:1]".repeat(100_000)).is_err());
        assert!(expand_range(&format!("w[{}:{}]", "0".repeat(70_000), "0".repeat(70_000))).is_err());
    }
}
