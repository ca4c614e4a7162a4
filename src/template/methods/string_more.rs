//! Methods of strings about case, width and kinds of characters; and those of bytes.

use super::string::text;
use super::{Result, Table, exact, want_int, want_str};
use crate::template::bounds::text_fits;
use crate::template::pylib::text::is_space;
use crate::template::pylib::text::{capitalize, title_char};
use crate::template::{CallArgs, Class, Cx, Obj, Raise};

pub(super) const METHODS: Table = &[
    ("capitalize", |_, s, args| plain(s, args, "str.capitalize", capitalize)),
    ("casefold", |_, s, args| plain(s, args, "str.casefold", |t| t.replace('ß', "ss").to_lowercase())),
    ("center", |_, s, args| pad(s, args, "center")),
    ("isalnum", |_, s, args| is(s, args, "str.isalnum", |t| all(t, char::is_alphanumeric))),
    ("isalpha", |_, s, args| is(s, args, "str.isalpha", |t| all(t, char::is_alphabetic))),
    ("isascii", |_, s, args| is(s, args, "str.isascii", str::is_ascii)),
    ("isdecimal", |_, s, args| is(s, args, "str.isdecimal", |t| all(t, |c| c.is_ascii_digit()))),
    ("isdigit", |_, s, args| {
        is(s, args, "str.isdigit", |t| all(t, |c| c.is_ascii_digit() || "⁰¹²³⁴⁵⁶⁷⁸⁹₀₁₂₃₄₅₆₇₈₉".contains(c)))
    }),
    ("isidentifier", |_, s, args| is(s, args, "str.isidentifier", is_identifier)),
    ("islower", |_, s, args| is(s, args, "str.islower", |t| cased(t, char::is_lowercase, char::is_uppercase))),
    ("isnumeric", |_, s, args| is(s, args, "str.isnumeric", |t| all(t, char::is_numeric))),
    ("isprintable", |_, s, args| {
        let hidden = |c: char| c.is_control() || (c.is_whitespace() && c != ' ');
        is(s, args, "str.isprintable", |t| !t.chars().any(hidden))
    }),
    ("isspace", |_, s, args| is(s, args, "str.isspace", |t| all(t, is_space))),
    ("istitle", |_, s, args| is(s, args, "str.istitle", |t| t.chars().any(char::is_alphabetic) && title(t) == t)),
    ("isupper", |_, s, args| is(s, args, "str.isupper", |t| cased(t, char::is_uppercase, char::is_lowercase))),
    ("ljust", |_, s, args| pad(s, args, "ljust")),
    ("lower", |_, s, args| plain(s, args, "str.lower", str::to_lowercase)),
    ("maketrans", maketrans),
    ("rjust", |_, s, args| pad(s, args, "rjust")),
    ("swapcase", |_, s, args| plain(s, args, "str.swapcase", swapcase)),
    ("title", |_, s, args| plain(s, args, "str.title", title)),
    ("translate", translate),
    ("upper", |_, s, args| plain(s, args, "str.upper", str::to_uppercase)),
    ("zfill", zfill),
];

pub(super) const BYTES: Table = &[("decode", decode), ("hex", hex)];

fn plain(obj: &Obj, args: CallArgs, name: &str, change: fn(&str) -> String) -> Result<Obj> {
    let [] = exact(args, name, 0)?;
    Ok(Obj::from(change(text(obj))))
}

fn swapcase(text: &str) -> String {
    let swap = |c: char| if c.is_uppercase() { c.to_lowercase().to_string() } else { c.to_uppercase().to_string() };
    text.chars().map(swap).collect()
}

/// Every letter after something that is no letter in upper case, the others in lower case.
fn title(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.push_str(&title_char(c));
        }
        inside = c.is_alphabetic();
    }
    out
}

/// A question about a text, which takes no arguments.
fn is(obj: &Obj, args: CallArgs, name: &str, test: impl Fn(&str) -> bool) -> Result<Obj> {
    let [] = exact(args, name, 0)?;
    Ok(Obj::Bool(test(text(obj))))
}

fn all(text: &str, test: impl Fn(char) -> bool) -> bool {
    !text.is_empty() && text.chars().all(test)
}

fn cased(text: &str, some: fn(char) -> bool, none: fn(char) -> bool) -> bool {
    text.chars().any(some) && !text.chars().any(none)
}

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    let starts = chars.next().is_some_and(|c| c.is_alphabetic() || c == '_');
    starts && chars.all(|c| c.is_alphanumeric() || c == '_')
}

fn pad(obj: &Obj, args: CallArgs, name: &str) -> Result<Obj> {
    let [width, fill] = exact(args, &format!("str.{name}"), 1)?;
    let width = want_int(&width.unwrap_or_default())?;
    let fill = match &fill {
        None => ' ',
        Some(fill) => {
            let Some(fill) = fill.as_str() else {
                let words = format!("The fill character must be a unicode character, not {}", fill.type_name());
                return Err(Raise::type_error(words));
            };
            let mut chars = fill.chars();
            match (chars.next(), chars.next()) {
                (Some(c), None) => c,
                _ => return Err(Raise::type_error("The fill character must be exactly one character long")),
            }
        }
    };
    let len = text(obj).chars().count();
    let missing = usize::try_from(width).unwrap_or(0).saturating_sub(len);
    text_fits(missing)?;
    let left = match name {
        "ljust" => 0,
        "rjust" => missing,
        // CPython puts the odd one on the left where the width is odd.
        _ => missing / 2 + (missing & usize::try_from(width).unwrap_or(0) & 1),
    };
    let fills = |n: usize| std::iter::repeat_n(fill, n);
    Ok(Obj::from(fills(left).chain(text(obj).chars()).chain(fills(missing - left)).collect::<String>()))
}

fn zfill(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [width] = exact(args, "str.zfill", 1)?;
    let width = usize::try_from(want_int(&width.unwrap_or_default())?).unwrap_or(0);
    text_fits(width)?;
    let zeros = "0".repeat(width.saturating_sub(text(obj).chars().count()));
    Ok(Obj::from(match text(obj).strip_prefix(['+', '-']) {
        Some(rest) => format!("{}{zeros}{rest}", &text(obj)[..1]),
        None => format!("{zeros}{}", text(obj)),
    }))
}

fn maketrans(cx: &mut Cx<'_>, _: &Obj, args: CallArgs) -> Result<Obj> {
    let [from, to, drop] = exact(args, "str.maketrans", 1)?;
    let code = |c: char| Obj::Int(i64::from(c as u32));
    let from = from.unwrap_or_default();
    let Some(to) = to else {
        if !matches!(from, Obj::Dict(_) | Obj::Map(_)) {
            return Err(Raise::type_error("if you give only one argument to maketrans it must be a dict"));
        }
        let mut out = Vec::new();
        for (key, value) in cx.items(&from)? {
            match key.as_str().map(|k| k.chars().next()) {
                Some(Some(c)) => out.push((code(c), value)),
                _ => out.push((key, value)),
            }
        }
        return Ok(Obj::dict(out));
    };
    let (from, to) = (want_str(&from, "maketrans() argument 1")?, want_str(&to, "maketrans() argument 2")?);
    if from.chars().count() != to.chars().count() {
        return Err(Raise::value_error("the first two maketrans arguments must have equal length"));
    }
    let mut out: Vec<(Obj, Obj)> = from.chars().zip(to.chars()).map(|(a, b)| (code(a), code(b))).collect();
    if let Some(drop) = &drop {
        out.extend(want_str(drop, "maketrans() argument 3")?.chars().map(|c| (code(c), Obj::None)));
    }
    Ok(Obj::dict(out))
}

fn translate(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [table] = exact(args, "str.translate", 1)?;
    let table: indexmap::IndexMap<Obj, Obj> = cx.items(&table.unwrap_or_default())?.into_iter().collect();
    let mut out = String::new();
    for c in text(obj).chars() {
        match table.get(&Obj::Int(i64::from(c as u32))) {
            None => out.push(c),
            Some(Obj::None) => {}
            Some(Obj::Str(text)) => out.push_str(text.as_str()),
            Some(Obj::Int(code)) => out.extend(u32::try_from(*code).ok().and_then(char::from_u32)),
            Some(_) => return Err(Raise::type_error("character mapping must return integer, None or str")),
        }
    }
    Ok(Obj::from(out))
}

fn decode(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [encoding, errors] = exact(args, "decode", 0)?;
    let Obj::Bytes(bytes) = obj else { return Ok(Obj::None) };
    let encoding = encoding.as_ref().and_then(Obj::as_str).unwrap_or("utf-8").to_ascii_lowercase();
    let lenient = errors.as_ref().and_then(Obj::as_str).is_some_and(|e| e != "strict");
    match encoding.as_str() {
        "latin-1" | "latin1" | "iso-8859-1" => Ok(Obj::from(bytes.iter().map(|b| char::from(*b)).collect::<String>())),
        "utf-8" | "utf8" | "ascii" => match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Obj::str(text)),
            Err(_) if lenient => Ok(Obj::from(String::from_utf8_lossy(bytes).into_owned())),
            Err(error) => Err(Raise::python(
                Class::Unicode,
                format!(
                    "'{encoding}' codec can't decode byte 0x{:02x} in position {}: invalid start byte",
                    bytes.get(error.valid_up_to()).copied().unwrap_or_default(),
                    error.valid_up_to()
                ),
            )),
        },
        other => Err(Raise::unsupported(format!("the encoding '{other}' is not supported in templates"))),
    }
}

fn hex(_: &mut Cx<'_>, obj: &Obj, _: CallArgs) -> Result<Obj> {
    match obj {
        Obj::Bytes(bytes) => Ok(Obj::from(bytes.iter().map(|b| format!("{b:02x}")).collect::<String>())),
        _ => Ok(Obj::None),
    }
}
