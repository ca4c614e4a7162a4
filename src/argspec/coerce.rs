//! Converts a value to the type that a spec wants, with Python's ideas of that.

use super::Kind;
use super::check::Host;
use super::expand::expand_path;
use super::literal::parse_literal;
use super::size::human_to_bytes;
use crate::value::{Dict, JsonStyle, Value, parse_json, repr, write_json};
use num_bigint::BigInt;

/// Converts one value; the error is the end of Ansible's text.
pub(super) fn coerce(kind: Kind, value: &Value, host: Host<'_>) -> Result<Value, String> {
    match kind {
        Kind::Raw => Ok(value.clone()),
        Kind::Str => Ok(string(value)),
        Kind::Path => Ok(expand_path(&string(value).to_text(), host).into()),
        Kind::Bool => to_bool(value),
        Kind::Int => int(value),
        Kind::Float => float(value),
        Kind::List => list(value),
        Kind::Dict => dict(value),
        Kind::Json | Kind::Jsonarg => json(value),
        Kind::Bytes => {
            human_to_bytes(value, false).ok_or_else(|| format!("{} cannot be converted to a Byte value", class(value)))
        }
        Kind::Bits => {
            human_to_bytes(value, true).ok_or_else(|| format!("{} cannot be converted to a Bit value", class(value)))
        }
    }
}

/// Converts the elements of a list; one that cannot be is an error and left out.
pub(super) fn elements(
    name: &str,
    kind: Kind,
    items: &[Value],
    context: &[&str],
    host: Host<'_>,
    errors: &mut Vec<String>,
) -> Value {
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        match coerce(kind, item, host) {
            Ok(value) => out.push(value),
            Err(why) => {
                let place =
                    if context.is_empty() { String::new() } else { format!(" found in '{}'", context.join(" -> ")) };
                errors.push(format!(
                    "Elements value for option '{name}'{place} is of type {} and we were unable to convert to {}: {why}",
                    item.type_name(),
                    kind.name()
                ));
            }
        }
    }
    out.into()
}

fn class(value: &Value) -> String {
    format!("<class '{}'>", value.type_name())
}

fn string(value: &Value) -> Value {
    match value {
        Value::Str(_) => value.clone(),
        Value::Null => "".into(),
        other => other.to_text().into(),
    }
}

/// The boolean that a word or number stands for: `yes`, `on`, `1`, `true`, `t`, `y` and their opposites.
pub fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(b) => Some(*b),
        Value::Str(text) => match text.as_str().to_lowercase().trim() {
            "y" | "yes" | "on" | "1" | "true" | "t" => Some(true),
            "n" | "no" | "off" | "0" | "false" | "f" => Some(false),
            _ => None,
        },
        Value::Int(_) | Value::Float(_) if *value == Value::Int(1) => Some(true),
        Value::Int(_) | Value::Float(_) if *value == Value::Int(0) => Some(false),
        _ => None,
    }
}

fn to_bool(value: &Value) -> Result<Value, String> {
    match value {
        Value::Bool(_) | Value::Str(_) | Value::Int(_) | Value::BigInt(_) | Value::Float(_) => {
            // The order of the words is the hash order of a Python set, another one in each run.
            boolean(value).map(Value::Bool).ok_or_else(|| {
                format!(
                    "The value '{}' is not a valid boolean. Valid booleans include: 'y', 'yes', 'on', '1', 'true', \
                     't', 1, 'n', 'no', 'off', '0', 'false', 'f', 0",
                    value.to_text()
                )
            })
        }
        other => Err(format!("{} cannot be converted to a bool", class(other))),
    }
}

/// An integer, as an argument of that type takes it; the error is a sentence.
pub fn int(value: &Value) -> Result<Value, String> {
    let parsed = match value {
        Value::Int(_) | Value::BigInt(_) | Value::Bool(_) => return Ok(value.clone()),
        Value::Float(f) if f.fract() == 0.0 => decimal_int(&format!("{f:.0}")),
        Value::Str(text) => decimal_int(text.as_str()),
        _ => None,
    };
    parsed.ok_or_else(|| format!("\"{}\" cannot be converted to an int", repr(value)))
}

/// A decimal such as `12`, `1_000`, `1.0` or `1e3` that has no fraction.
fn decimal_int(text: &str) -> Option<Value> {
    let text = text.trim().replace('_', "");
    let (sign, digits) = match text.strip_prefix(['-', '+']) {
        Some(rest) => (if text.starts_with('-') { "-" } else { "" }, rest),
        None => ("", text.as_str()),
    };
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    // A bound, so that `1e999999999` is refused and not computed.
    if all.is_empty() || !all.bytes().all(|b| b.is_ascii_digit()) || exponent.abs() > 4000 {
        return None;
    }
    let point = i64::try_from(whole.len()).ok()? + i64::from(exponent);
    let length = i64::try_from(all.len()).ok()?;
    let (kept, dropped) = if point >= length {
        let zeros = usize::try_from(point - length).ok()?;
        (all + &"0".repeat(zeros), String::new())
    } else if point <= 0 {
        ("0".to_owned(), all)
    } else {
        let (kept, dropped) = all.split_at(usize::try_from(point).ok()?);
        (kept.to_owned(), dropped.to_owned())
    };
    if dropped.bytes().any(|b| b != b'0') {
        return None;
    }
    format!("{sign}{kept}").parse::<BigInt>().ok().map(Value::big)
}

fn float(value: &Value) -> Result<Value, String> {
    let parsed = match value {
        Value::Float(f) => Some(*f),
        Value::Int(i) => Some(*i as f64),
        Value::Bool(b) => Some(f64::from(u8::from(*b))),
        Value::BigInt(b) => b.to_string().parse().ok(),
        Value::Str(text) => text.as_str().trim().replace('_', "").parse().ok(),
        _ => None,
    };
    parsed.map(Value::Float).ok_or_else(|| format!("{} cannot be converted to a float", class(value)))
}

fn list(value: &Value) -> Result<Value, String> {
    match value {
        Value::List(_) => Ok(value.clone()),
        Value::Str(text) => Ok(Value::list(text.as_str().split(',').map(Value::from))),
        Value::Int(_) | Value::BigInt(_) | Value::Float(_) | Value::Bool(_) => {
            Ok(Value::list([value.to_text().into()]))
        }
        other => Err(format!("{} cannot be converted to a list", class(other))),
    }
}

fn dict(value: &Value) -> Result<Value, String> {
    let text = match value {
        Value::Dict(_) => return Ok(value.clone()),
        Value::Str(text) => text.as_str(),
        other => return Err(format!("{} cannot be converted to a dict", class(other))),
    };
    if text.starts_with('{') {
        let parsed = parse_json(text).ok().or_else(|| parse_literal(text));
        return parsed
            .filter(|value| value.as_dict().is_some())
            .ok_or_else(|| "unable to evaluate string as dictionary".to_owned());
    }
    if !text.contains('=') {
        return Err("dictionary requested, could not parse JSON or key=value".into());
    }
    let mut dict = Dict::new();
    for field in fields(text.trim()) {
        let Some((key, value)) = field.split_once('=') else {
            return Err("unable to evaluate string in the \"key=value\" format as dictionary".into());
        };
        dict.insert(key, value);
    }
    Ok(dict.into())
}

/// The parts of `a=1, b="x y"`: split at commas and spaces outside quotes, quotes and escapes removed.
fn fields(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut field = String::new();
    let mut quote = None;
    let mut escaped = false;
    for c in text.chars() {
        if escaped {
            field.push(c);
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if quote.is_none() && (c == '\'' || c == '"') {
            quote = Some(c);
        } else if quote == Some(c) {
            quote = None;
        } else if quote.is_none() && (c == ',' || c == ' ') {
            out.push(std::mem::take(&mut field));
        } else {
            field.push(c);
        }
    }
    out.push(field);
    out.retain(|field| !field.is_empty());
    out
}

fn json(value: &Value) -> Result<Value, String> {
    match value {
        Value::Str(text) => Ok(text.as_str().trim().into()),
        Value::List(_) | Value::Dict(_) => Ok(write_json(value, JsonStyle::default()).into()),
        other => Err(format!("{} cannot be converted to a json string", class(other))),
    }
}
