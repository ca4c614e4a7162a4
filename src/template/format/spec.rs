//! Python's format specification: `[[fill]align][sign][#][0][width][,][.precision][type]`.

use super::Result;
use crate::template::Raise;
use crate::value::float_repr;
use num_bigint::{BigInt, Sign};

/// No field is wider or more precise.
const MOST: usize = 1 << 24;

/// A parsed specification.
#[derive(Default, Debug)]
pub(in super::super) struct Spec {
    pub(super) fill: Option<char>,
    pub(super) align: Option<char>,
    pub(super) sign: Option<char>,
    pub(super) alternate: bool,
    pub(super) width: usize,
    pub(super) grouping: Option<char>,
    pub(super) precision: Option<usize>,
    pub(in super::super) kind: Option<char>,
}

impl Spec {
    pub(in super::super) fn parse(text: &str, type_name: &str) -> Result<Self> {
        let chars: Vec<char> = text.chars().collect();
        let (mut spec, mut at) = (Self::default(), 0);
        let is_align = |c: Option<&char>| matches!(c, Some('<' | '>' | '=' | '^'));
        if is_align(chars.get(1)) {
            (spec.fill, spec.align, at) = (chars.first().copied(), chars.get(1).copied(), 2);
        } else if is_align(chars.first()) {
            (spec.align, at) = (chars.first().copied(), 1);
        }
        let eat = |at: &mut usize, set: &[char]| {
            let c = chars.get(*at).copied().filter(|c| set.contains(c));
            *at += usize::from(c.is_some());
            c
        };
        spec.sign = eat(&mut at, &['+', '-', ' ']);
        spec.alternate = eat(&mut at, &['#']).is_some();
        if eat(&mut at, &['0']).is_some() {
            spec.fill = spec.fill.or(Some('0'));
            spec.align = spec.align.or(if type_name == "str" { Some('<') } else { Some('=') });
        }
        spec.width = number(&chars, &mut at)?.unwrap_or(0);
        spec.grouping = eat(&mut at, &[',', '_']);
        if eat(&mut at, &['.']).is_some() {
            spec.precision =
                Some(number(&chars, &mut at)?.ok_or_else(|| Raise::value_error("Format specifier missing precision"))?);
        }
        spec.kind = chars.get(at).copied();
        if at + 1 < chars.len() {
            return Err(Raise::value_error(format!(
                "Invalid format specifier '{text}' for object of type '{type_name}'"
            )));
        }
        if let (Some(mark), Some(kind)) = (spec.grouping, spec.kind)
            && !"deEfFgG%".contains(kind)
            && (mark == ',' || !"boxX".contains(kind))
        {
            return Err(Raise::value_error(format!("Cannot specify '{mark}' with '{kind}'.")));
        }
        Ok(spec)
    }

    fn unknown(&self, type_name: &str) -> Raise {
        let kind = self.kind.unwrap_or(' ');
        Raise::value_error(format!("Unknown format code '{kind}' for object of type '{type_name}'"))
    }

    pub(in super::super) fn string(&self, text: &str) -> Result<String> {
        if !matches!(self.kind, None | Some('s')) {
            return Err(self.unknown("str"));
        }
        if self.sign.is_some() {
            return Err(Raise::value_error("Sign not allowed in string format specifier"));
        }
        if self.align == Some('=') {
            return Err(Raise::value_error("'=' alignment not allowed in string format specifier"));
        }
        if let Some(mark) = self.grouping {
            return Err(Raise::value_error(format!("Cannot specify '{mark}' with 's'.")));
        }
        let cut: String = match self.precision {
            Some(most) => text.chars().take(most).collect(),
            None => text.to_owned(),
        };
        Ok(self.pad("", &cut, '<'))
    }

    pub(in super::super) fn integer(&self, value: &BigInt, type_name: &str) -> Result<String> {
        let (radix, prefix) = match self.kind {
            None | Some('d' | 'n') => (10, ""),
            Some('b') => (2, "0b"),
            Some('o') => (8, "0o"),
            Some('x') => (16, "0x"),
            Some('X') => (16, "0X"),
            Some('c') => {
                let c = u32::try_from(value).ok().and_then(char::from_u32);
                let c = c.ok_or_else(|| Raise::value_error("%c arg not in range(0x110000)"))?;
                return Ok(self.pad("", &c.to_string(), '<'));
            }
            Some('e' | 'E' | 'f' | 'F' | 'g' | 'G' | '%') => {
                return self.float(crate::template::object::big_to_float(value));
            }
            _ => return Err(self.unknown(type_name)),
        };
        if self.precision.is_some() {
            return Err(Raise::value_error("Precision not allowed in integer format specifier"));
        }
        let mut digits = value.magnitude().to_str_radix(radix);
        if self.kind == Some('X') {
            digits.make_ascii_uppercase();
        }
        if let Some(mark) = self.grouping {
            digits = group(&digits, mark, if radix == 10 { 3 } else { 4 });
        }
        let sign = self.sign_of(value.sign() == Sign::Minus);
        let prefix = if self.alternate { prefix } else { "" };
        Ok(self.pad(&format!("{sign}{prefix}"), &digits, '>'))
    }

    fn sign_of(&self, negative: bool) -> &'static str {
        match (negative, self.sign) {
            (true, _) => "-",
            (_, Some('+')) => "+",
            (_, Some(' ')) => " ",
            _ => "",
        }
    }

    pub(in super::super) fn float(&self, value: f64) -> Result<String> {
        let (magnitude, negative) = (value.abs(), value.is_sign_negative() && !value.is_nan());
        let precision = self.precision.unwrap_or(6);
        let mut body = match self.kind {
            _ if !value.is_finite() => if value.is_nan() { "nan" } else { "inf" }.to_owned(),
            None => match self.precision {
                None => float_repr(magnitude),
                Some(p) => general(magnitude, p.max(1), self.alternate, true),
            },
            Some('f' | 'F') => format!("{magnitude:.precision$}"),
            Some('%') => format!("{:.precision$}%", magnitude * 100.0),
            Some('e' | 'E') => exponent(magnitude, precision),
            Some('g' | 'G' | 'n') => general(magnitude, precision.max(1), self.alternate, false),
            _ => return Err(self.unknown("float")),
        };
        if matches!(self.kind, Some('E' | 'G' | 'F')) {
            body.make_ascii_uppercase();
        }
        if let Some(mark) = self.grouping {
            let end = body.find(|c: char| !c.is_ascii_digit()).unwrap_or(body.len());
            body = group(&body[..end], mark, 3) + &body[end..];
        }
        Ok(self.pad(self.sign_of(negative), &body, '>'))
    }

    /// Fills up to the width: `=` puts the filling after the sign.
    pub(super) fn pad(&self, sign: &str, body: &str, default: char) -> String {
        let missing = self.width.saturating_sub(sign.chars().count() + body.chars().count());
        let fill = self.fill.unwrap_or(' ');
        let fills = |n: usize| std::iter::repeat_n(fill, n).collect::<String>();
        match self.align.unwrap_or(default) {
            '<' => format!("{sign}{body}{}", fills(missing)),
            '^' => format!("{}{sign}{body}{}", fills(missing / 2), fills(missing - missing / 2)),
            '=' => format!("{sign}{}{body}", fills(missing)),
            _ => format!("{}{sign}{body}", fills(missing)),
        }
    }
}

fn number(chars: &[char], at: &mut usize) -> Result<Option<usize>> {
    let start = *at;
    let mut value = 0usize;
    while let Some(digit) = chars.get(*at).and_then(|c| c.to_digit(10)) {
        value = value.saturating_mul(10).saturating_add(digit as usize);
        *at += 1;
    }
    if value > MOST {
        return Err(Raise::value_error("Too many decimal digits in format string"));
    }
    Ok((*at > start).then_some(value))
}

fn group(digits: &str, mark: char, every: usize) -> String {
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(every) {
            out.push(mark);
        }
        out.push(c);
    }
    out
}

/// `1.500000e+00`
pub(super) fn exponent(value: f64, precision: usize) -> String {
    let text = format!("{value:.precision$e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// C's `%g`; `point` keeps one decimal, as a float without a type has.
pub(super) fn general(value: f64, precision: usize, alternate: bool, point: bool) -> String {
    let scientific = exponent(value, precision - 1);
    let power: i32 = scientific.rsplit_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    // Without a type, the exponent comes one digit earlier.
    let limit = precision as i32 - i32::from(point);
    let trim = |text: &str| {
        if alternate || !text.contains('.') {
            text.to_owned()
        } else {
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    };
    if power < -4 || power >= limit.max(if point { 0 } else { 1 }) {
        let (digits, tail) = scientific.split_once('e').unwrap_or((&scientific, "+00"));
        return format!("{}e{tail}", trim(digits));
    }
    let decimals = usize::try_from(precision as i32 - 1 - power).unwrap_or(0);
    let text = trim(&format!("{value:.decimals$}"));
    if point && !text.contains('.') { text + ".0" } else { text }
}
