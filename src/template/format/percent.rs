//! `'%s' % x`, as Python's strings do it.

use super::Result;
use super::spec::{exponent, general};
use crate::template::ops::slot_type;
use crate::template::{Cx, Obj, Raise};
use num_bigint::{BigInt, Sign};

/// A conversion between `%` and its letter.
#[derive(Default)]
struct Conversion {
    left: bool,
    zero: bool,
    plus: bool,
    space: bool,
    alternate: bool,
    width: usize,
    precision: Option<usize>,
}

/// The values still to be used: of a tuple one by one, of anything else the one.
struct Values<'o> {
    items: Vec<Obj>,
    used: usize,
    whole: &'o Obj,
    mapped: bool,
    /// Whether the format is HTML, to which a value is text or a number and nothing else.
    html: bool,
}

impl Values<'_> {
    fn next(&mut self) -> Result<Obj> {
        let item = self.items.get(self.used).cloned();
        self.used += 1;
        item.ok_or_else(|| Raise::type_error("not enough arguments for format string"))
    }
}

impl Cx<'_> {
    /// `format % values`
    pub(in super::super) fn percent_format(&mut self, format: &str, whole: &Obj) -> Result<String> {
        self.percent(format, whole, false)
    }

    /// The same where the format is HTML and the values are escaped.
    pub(in super::super) fn percent_html(&mut self, format: &str, whole: &Obj) -> Result<String> {
        self.percent(format, whole, true)
    }

    fn percent(&mut self, format: &str, whole: &Obj, html: bool) -> Result<String> {
        let items = match whole {
            Obj::Tuple(items) => items.to_vec(),
            other => vec![other.clone()],
        };
        let mut values = Values { items, used: 0, whole, mapped: false, html };
        let mut out = String::new();
        let mut rest = format;
        while let Some((before, after)) = rest.split_once('%') {
            out.push_str(before);
            rest = self.conversion(&mut out, after, &mut values, format)?;
        }
        out.push_str(rest);
        // Python takes what has items and is neither a text nor a tuple for a mapping.
        let accepts_rest = values.mapped
            || matches!(whole, Obj::Dict(_) | Obj::Map(_) | Obj::List(_) | Obj::Range(_) | Obj::Bytes(_))
            || matches!(whole, Obj::Undefined(_) | Obj::Failed(_));
        if values.used < values.items.len() && !accepts_rest {
            return Err(Raise::type_error("not all arguments converted during string formatting"));
        }
        Ok(out)
    }

    /// One conversion, after its `%`; what is left of the format.
    fn conversion<'t>(
        &mut self,
        out: &mut String,
        text: &'t str,
        values: &mut Values<'_>,
        format: &str,
    ) -> Result<&'t str> {
        let mut rest = text;
        let mut keyed = None;
        if let Some(after) = rest.strip_prefix('(') {
            let Some((key, tail)) = after.split_once(')') else {
                return Err(Raise::value_error("incomplete format key"));
            };
            keyed = Some(self.mapped(key, values)?);
            rest = tail;
        }
        let mut how = Conversion::default();
        while let Some(c) = rest.chars().next().filter(|c| "-+ #0".contains(*c)) {
            match c {
                '-' => how.left = true,
                '+' => how.plus = true,
                ' ' => how.space = true,
                '#' => how.alternate = true,
                _ => how.zero = true,
            }
            rest = &rest[1..];
        }
        if let Some(width) = size(&mut rest, values)? {
            how.left |= width < 0;
            how.width = usize::try_from(width.unsigned_abs()).unwrap_or(0);
        }
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            how.precision = Some(usize::try_from(size(&mut rest, values)?.unwrap_or(0)).unwrap_or(0));
        }
        rest = rest.strip_prefix(['l', 'h', 'L']).unwrap_or(rest);
        let Some(letter) = rest.chars().next() else {
            return Err(Raise::value_error("incomplete format"));
        };
        let tail = &rest[letter.len_utf8()..];
        if letter == '%' && keyed.is_none() {
            out.push('%');
            return Ok(tail);
        }
        let value = match keyed {
            Some(value) => value,
            None => values.next()?,
        };
        // A value is looked at once it is known what is to be made of it.
        if !"srcadiuxXoeEfFgG".contains(letter) {
            let place = format.len().saturating_sub(rest.len());
            let place = format.get(..place).map_or(place, |before| before.chars().count());
            let code = letter as u32;
            let shown = if (' '..='~').contains(&letter) { letter } else { '?' };
            let words = format!("unsupported format character '{shown}' (0x{code:x}) at index {place}");
            return Err(Raise::value_error(words));
        }
        let value = self.force(value);
        // These look at a value's class alone, which no undefined value minds.
        let value = match letter {
            'c' if values.html => Obj::None,
            'x' | 'X' | 'o' if values.html => {
                let words = format!("%{letter} format: an integer is required, not _MarkupEscapeHelper");
                return Err(Raise::type_error(words));
            }
            'c' | 'x' | 'X' | 'o' => value,
            _ => match value.defined()? {
                Obj::Undefined(u) if "diueEfFgG".contains(letter) => return Err(u.used()),
                defined => defined,
            },
        };
        out.push_str(&self.convert(letter, &value, &how)?);
        Ok(tail)
    }

    fn mapped(&mut self, key: &str, values: &mut Values<'_>) -> Result<Obj> {
        if let Obj::List(_) = values.whole {
            return Err(Raise::type_error("list indices must be integers or slices, not str"));
        }
        if let Obj::Undefined(u) = values.whole.clone().defined()? {
            return Err(u.used());
        }
        if !matches!(values.whole, Obj::Dict(_) | Obj::Map(_)) {
            return Err(Raise::type_error("format requires a mapping"));
        }
        values.mapped = true;
        match self.dict_get(values.whole, key)? {
            Some(value) => Ok(value),
            None => Err(Raise::python(crate::template::Class::Key, crate::value::str_repr(key))),
        }
    }

    fn convert(&mut self, letter: char, value: &Obj, how: &Conversion) -> Result<String> {
        let text = match letter {
            's' => self.text(value)?,
            'r' | 'a' => self.repr(value)?,
            'c' => match value {
                Obj::Str(text) if text.as_str().chars().count() == 1 => text.as_str().to_owned(),
                Obj::Int(i) if !(0..0x11_0000).contains(i) => {
                    return Err(Raise::python(crate::template::Class::Overflow, "%c arg not in range(0x110000)"));
                }
                other => match other.as_int().and_then(|i| u32::try_from(i).ok()).and_then(char::from_u32) {
                    Some(c) => c.to_string(),
                    None => return Err(Raise::type_error("%c requires int or char")),
                },
            },
            'd' | 'i' | 'u' | 'x' | 'X' | 'o' => return integer(letter, value, how),
            _ => return float(letter, value, how),
        };
        let cut: String = match how.precision {
            Some(most) if letter != 'c' => text.chars().take(most).collect(),
            _ => text,
        };
        Ok(how.pad("", &cut, false))
    }
}

fn size(rest: &mut &str, values: &mut Values<'_>) -> Result<Option<i64>> {
    if let Some(after) = rest.strip_prefix('*') {
        *rest = after;
        return match values.next()?.as_int().filter(|_| !values.html) {
            Some(size) if size.abs() < 1 << 24 => Ok(Some(size)),
            Some(_) => Err(Raise::value_error("width too big")),
            None => Err(Raise::type_error("* wants int")),
        };
    }
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (digits, after) = rest.split_at(end);
    *rest = after;
    match digits.parse::<i64>() {
        Ok(size) if size < 1 << 24 => Ok(Some(size)),
        Ok(_) => Err(Raise::value_error("width too big")),
        Err(_) if digits.is_empty() => Ok(None),
        Err(_) => Err(Raise::value_error("width too big")),
    }
}

fn integer(letter: char, value: &Obj, how: &Conversion) -> Result<String> {
    let big = match value {
        Obj::Float(f) if f.is_finite() && matches!(letter, 'd' | 'i' | 'u') => {
            BigInt::parse_bytes(format!("{:.0}", f.trunc()).as_bytes(), 10).unwrap_or_default()
        }
        other => other.as_big().ok_or_else(|| {
            let wanted =
                if matches!(letter, 'd' | 'i' | 'u') { "a real number is required" } else { "an integer is required" };
            Raise::type_error(format!("%{letter} format: {wanted}, not {}", slot_type(other)))
        })?,
    };
    let (radix, prefix) = match letter {
        'x' => (16, "0x"),
        'X' => (16, "0X"),
        'o' => (8, "0o"),
        _ => (10, ""),
    };
    let mut digits = big.magnitude().to_str_radix(radix);
    if letter == 'X' {
        digits.make_ascii_uppercase();
    }
    if let Some(least) = how.precision {
        digits = format!("{}{digits}", "0".repeat(least.saturating_sub(digits.len())));
    }
    let prefix = if how.alternate { prefix } else { "" };
    let sign = how.sign(big.sign() == Sign::Minus);
    Ok(how.pad(&format!("{sign}{prefix}"), &digits, true))
}

fn float(letter: char, value: &Obj, how: &Conversion) -> Result<String> {
    let number = value
        .as_number()
        .ok_or_else(|| Raise::type_error(format!("must be real number, not {}", value.type_name())))?;
    let precision = how.precision.unwrap_or(6);
    let magnitude = number.abs();
    let mut body = match letter {
        _ if number.is_nan() => "nan".to_owned(),
        _ if number.is_infinite() => "inf".to_owned(),
        'e' | 'E' => exponent(magnitude, precision),
        'f' | 'F' => format!("{magnitude:.precision$}"),
        _ => general(magnitude, precision.max(1), how.alternate, false),
    };
    if letter.is_ascii_uppercase() {
        body.make_ascii_uppercase();
    }
    Ok(how.pad(how.sign(number.is_sign_negative() && !number.is_nan()), &body, true))
}

impl Conversion {
    fn sign(&self, negative: bool) -> &'static str {
        match (negative, self.plus, self.space) {
            (true, ..) => "-",
            (_, true, _) => "+",
            (_, _, true) => " ",
            _ => "",
        }
    }

    fn pad(&self, sign: &str, body: &str, number: bool) -> String {
        let missing = self.width.saturating_sub(sign.chars().count() + body.chars().count());
        if self.left {
            format!("{sign}{body}{}", " ".repeat(missing))
        } else if self.zero && number {
            format!("{sign}{}{body}", "0".repeat(missing))
        } else {
            format!("{}{sign}{body}", " ".repeat(missing))
        }
    }
}
