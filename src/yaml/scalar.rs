//! Plain scalars and tags of YAML 1.1, as PyYAML resolves and converts them.
//!
//! `0755` is 493, `yes` is true, `1:30` is 90, `1e3` is a string. Errors are those that Python raises.

use super::error::{Mark, YamlError};
use super::timestamp;
use crate::value::{Value, str_repr};
use num_bigint::BigInt;

/// The type that a node has or claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Null,
    Bool,
    Int,
    Float,
    Str,
    Timestamp,
    Binary,
    Merge,
    Value,
    Seq,
    Map,
    Set,
    Omap,
    Pairs,
    Unsafe,
    Vault,
    VaultEncrypted,
    Other(String),
}

/// The tags by their full names; a name that stands twice is written as the first.
const NAMES: &[(&str, Tag)] = &[
    ("tag:yaml.org,2002:null", Tag::Null),
    ("tag:yaml.org,2002:bool", Tag::Bool),
    ("tag:yaml.org,2002:int", Tag::Int),
    ("tag:yaml.org,2002:float", Tag::Float),
    ("tag:yaml.org,2002:str", Tag::Str),
    ("tag:yaml.org,2002:timestamp", Tag::Timestamp),
    ("tag:yaml.org,2002:binary", Tag::Binary),
    ("tag:yaml.org,2002:merge", Tag::Merge),
    ("tag:yaml.org,2002:value", Tag::Value),
    ("tag:yaml.org,2002:seq", Tag::Seq),
    ("tag:yaml.org,2002:map", Tag::Map),
    ("tag:yaml.org,2002:set", Tag::Set),
    ("tag:yaml.org,2002:omap", Tag::Omap),
    ("tag:yaml.org,2002:pairs", Tag::Pairs),
    ("!unsafe", Tag::Unsafe),
    ("!vault", Tag::Vault),
    ("!vault-encrypted", Tag::VaultEncrypted),
    ("tag:yaml.org,2002:python/unicode", Tag::Str),
    ("tag:yaml.org,2002:python/dict", Tag::Map),
];

impl Tag {
    pub fn from_name(name: String) -> Self {
        match NAMES.iter().find(|(known, _)| *known == name) {
            Some((_, tag)) => tag.clone(),
            None => Self::Other(name),
        }
    }

    pub fn name(&self) -> &str {
        match self {
            Self::Other(name) => name,
            tag => NAMES.iter().find(|(_, known)| known == tag).map_or("", |(name, _)| name),
        }
    }
}

/// The tag of a plain scalar.
pub(super) fn resolve(text: &str) -> Tag {
    let Some(first) = text.bytes().next() else { return Tag::Null };
    // PyYAML's patterns end in `$`, which a newline at the end does not prevent.
    let text = text.strip_suffix('\n').unwrap_or(text);
    match first {
        b'n' | b'N' if matches!(text, "null" | "Null" | "NULL") => Tag::Null,
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' if is_bool(text) => Tag::Bool,
        b'-' | b'+' | b'.' | b'0'..=b'9' => number(text, first),
        b'<' if text == "<<" => Tag::Merge,
        b'=' if text == "=" => Tag::Value,
        b'~' if text == "~" => Tag::Null,
        b'!' | b'&' | b'*' if text.len() == 1 => Tag::Other("tag:yaml.org,2002:yaml".into()),
        _ => Tag::Str,
    }
}

fn is_bool(text: &str) -> bool {
    matches!(
        text,
        "yes"
            | "Yes"
            | "YES"
            | "no"
            | "No"
            | "NO"
            | "true"
            | "True"
            | "TRUE"
            | "false"
            | "False"
            | "FALSE"
            | "on"
            | "On"
            | "ON"
            | "off"
            | "Off"
            | "OFF"
    )
}

fn number(text: &str, first: u8) -> Tag {
    if is_float(text) {
        Tag::Float
    } else if first != b'.' && is_int(text) {
        Tag::Int
    } else if first.is_ascii_digit() && timestamp::looks_like(text) {
        Tag::Timestamp
    } else {
        Tag::Str
    }
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

fn all(text: &str, allowed: impl Fn(u8) -> bool) -> bool {
    text.bytes().all(allowed)
}

fn digit_or_line(b: u8) -> bool {
    b.is_ascii_digit() || b == b'_'
}

/// `[0-9][0-9_]*`
fn is_digits(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit()) && all(text, digit_or_line)
}

/// Splits `12:30:00` into the first part and whether the others are minutes or seconds.
fn sexagesimal(text: &str) -> Option<&str> {
    let (head, rest) = text.split_once(':')?;
    let part = |p: &str| match p.as_bytes() {
        [d] => d.is_ascii_digit(),
        [t, d] => (b'0'..=b'5').contains(t) && d.is_ascii_digit(),
        _ => false,
    };
    rest.split(':').all(part).then_some(head)
}

fn is_float(text: &str) -> bool {
    if matches!(text, ".nan" | ".NaN" | ".NAN") || matches!(unsigned(text), ".inf" | ".Inf" | ".INF") {
        return true;
    }
    let (whole, after) = match text.split_once('.') {
        Some(parts) => parts,
        None => return false,
    };
    if sexagesimal(unsigned(whole)).is_some_and(is_digits) {
        return all(after, digit_or_line);
    }
    let (fraction, exponent) = match after.find(['e', 'E']) {
        Some(at) => (&after[..at], Some(&after[at + 1..])),
        None => (after, None),
    };
    let exponent_fits =
        exponent.is_none_or(|e| e.starts_with(['+', '-']) && e.len() > 1 && all(&e[1..], |b| b.is_ascii_digit()));
    let mantissa_fits =
        if whole.is_empty() { is_digits(fraction) } else { is_digits(unsigned(whole)) && all(fraction, digit_or_line) };
    exponent_fits && mantissa_fits
}

fn is_int(text: &str) -> bool {
    let text = unsigned(text);
    if let Some(rest) = text.strip_prefix("0b") {
        return !rest.is_empty() && all(rest, |b| matches!(b, b'0' | b'1' | b'_'));
    }
    if let Some(rest) = text.strip_prefix("0x") {
        return !rest.is_empty() && all(rest, |b| b.is_ascii_hexdigit() || b == b'_');
    }
    if let Some(rest) = text.strip_prefix('0') {
        return all(rest, |b| matches!(b, b'0'..=b'7' | b'_'));
    }
    is_digits(text) || sexagesimal(text).is_some_and(is_digits)
}

/// The value of a scalar of a type other than a string.
pub(super) fn construct(tag: &Tag, text: &str, mark: Mark) -> Result<Value, YamlError> {
    let value = match tag {
        Tag::Null => Ok(Value::Null),
        Tag::Bool => boolean(text),
        Tag::Int => integer(text),
        Tag::Float => float(text),
        Tag::Timestamp => timestamp::construct(text),
        Tag::Binary => return binary(text).map(|b| Value::Bytes(b.into())).map_err(|e| YamlError::at(e, mark)),
        _ => Ok(Value::str(text)),
    };
    value.map_err(YamlError::unplaced)
}

fn boolean(text: &str) -> Result<Value, String> {
    match text.to_lowercase().as_str() {
        "yes" | "true" | "on" => Ok(Value::Bool(true)),
        "no" | "false" | "off" => Ok(Value::Bool(false)),
        // Python's KeyError prints as the key alone.
        other => Err(str_repr(other)),
    }
}

/// The number without `_`, and its sign.
fn prepared(text: &str) -> Result<(bool, String), String> {
    let text = text.replace('_', "");
    match text.bytes().next() {
        None => Err("string index out of range".into()),
        Some(b'-') => Ok((true, text[1..].to_owned())),
        Some(b'+') => Ok((false, text[1..].to_owned())),
        Some(_) => Ok((false, text)),
    }
}

fn integer(text: &str) -> Result<Value, String> {
    let (negative, digits) = prepared(text)?;
    let number = if digits == "0" {
        BigInt::ZERO
    } else if let Some(rest) = digits.strip_prefix("0b") {
        python_int(rest, 2)?
    } else if let Some(rest) = digits.strip_prefix("0x") {
        python_int(rest, 16)?
    } else if digits.is_empty() {
        return Err("string index out of range".into());
    } else if digits.starts_with('0') {
        python_int(&digits, 8)?
    } else if digits.contains(':') {
        let mut sum = BigInt::ZERO;
        for part in digits.split(':') {
            sum = sum * 60 + python_int(part, 10)?;
        }
        sum
    } else if let Ok(small) = digits.parse::<i64>() {
        return Ok(Value::Int(if negative { -small } else { small }));
    } else {
        python_int(&digits, 10)?
    };
    Ok(Value::big(if negative { -number } else { number }))
}

/// How many digits Python converts at most, unless the base is a power of two.
const DIGITS: usize = 4300;

/// Python's `int(text, base)`.
fn python_int(text: &str, base: u32) -> Result<BigInt, String> {
    let bad = || format!("invalid literal for int() with base {base}: {}", str_repr(text));
    let digits = unsigned(text.trim());
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return Err(bad());
    }
    if base == 10 && digits.len() > DIGITS {
        return Err(format!(
            "Exceeds the limit ({DIGITS} digits) for integer string conversion: value has {} digits; \
             use sys.set_int_max_str_digits() to increase the limit",
            digits.len()
        ));
    }
    let number = BigInt::parse_bytes(digits.as_bytes(), base).ok_or_else(bad)?;
    Ok(if text.trim().starts_with('-') { -number } else { number })
}

fn float(text: &str) -> Result<Value, String> {
    let (negative, digits) = prepared(&text.to_lowercase())?;
    let number = match digits.as_str() {
        ".inf" => f64::INFINITY,
        ".nan" => return Ok(Value::Float(f64::NAN)),
        _ if digits.contains(':') => {
            // The parts are added from the last one, as PyYAML does, since rounding depends on it.
            let mut sum = 0.0;
            let mut base = 1.0;
            for part in digits.rsplit(':') {
                sum += python_float(part)? * base;
                base *= 60.0;
            }
            sum
        }
        _ => python_float(&digits)?,
    };
    Ok(Value::Float(if negative { -number } else { number }))
}

fn python_float(text: &str) -> Result<f64, String> {
    text.trim().parse().map_err(|_| format!("could not convert string to float: {}", str_repr(text)))
}

/// Python's `base64.decodebytes`: what is no base64 is skipped.
fn binary(text: &str) -> Result<Vec<u8>, String> {
    if let Some((at, c)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii()) {
        let code = c as u32;
        let shown = match code {
            0..0x100 => format!("\\x{code:02x}"),
            0x100..0x1_0000 => format!("\\u{code:04x}"),
            _ => format!("\\U{code:08x}"),
        };
        return Err(format!(
            "failed to convert base64 data into ascii: 'ascii' codec can't encode character '{shown}' \
             in position {at}: ordinal not in range(128)"
        ));
    }
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count, mut pads) = (0u32, 0usize, 0usize);
    for b in text.bytes() {
        if b == b'=' {
            pads += 1;
            if count >= 2 && count + pads >= 4 {
                return Ok(out);
            }
            continue;
        }
        let Some(six) = base64_digit(b) else { continue };
        pads = 0;
        bits = bits << 6 | six;
        if count > 0 {
            out.push((bits >> (6 - 2 * count)) as u8);
        }
        count = (count + 1) % 4;
    }
    match count {
        0 => Ok(out),
        1 => Err(format!(
            "failed to decode base64 data: Invalid base64-encoded string: number of data characters ({}) \
             cannot be 1 more than a multiple of 4",
            out.len() / 3 * 4 + 1
        )),
        _ => Err("failed to decode base64 data: Incorrect padding".into()),
    }
}

fn base64_digit(b: u8) -> Option<u32> {
    Some(u32::from(match b {
        b'A'..=b'Z' => b - b'A',
        b'a'..=b'z' => b - b'a' + 26,
        b'0'..=b'9' => b - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    }))
}
