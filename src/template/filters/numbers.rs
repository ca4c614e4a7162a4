//! Filters over numbers: `int`, `float`, `round`, `log`, sizes in words, …

use super::mappings::filter_argument;
use super::support::{Got, caused, float_to_int, given, opt_text, plugin_type, sig, tripped};
use crate::template::depth::MOST_DIGITS;
use crate::template::pylib::human;
use crate::template::raise::Class;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};
use num_bigint::BigInt;

pub(super) fn abs(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let _ = cx;
    if !args.is_empty() {
        return Err(Raise::type_error(format!(
            "abs() takes exactly one argument ({} given)",
            args.positional.len() + args.named.len() + 1
        )));
    }
    match (&input, input.as_big()) {
        (_, Some(number)) => Ok(Obj::big(BigInt::from(number.magnitude().clone()))),
        (Obj::Float(f), _) => Ok(f.abs().into()),
        _ => Err(Raise::type_error(format!("bad operand type for abs(): '{}'", input.type_name()))),
    }
}

/// Python's `int(text, base)`.
pub(super) fn parse_int(text: &str, base: u32) -> Option<BigInt> {
    let trimmed = text.trim();
    let (negative, digits) = match trimmed.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, trimmed.strip_prefix('+').unwrap_or(trimmed)),
    };
    let prefixed = |letter: char| {
        let rest = digits.strip_prefix('0')?;
        rest.strip_prefix([letter, letter.to_ascii_uppercase()]).map(|r| r.strip_prefix('_').unwrap_or(r))
    };
    let (base, digits) = match base {
        0 => match (prefixed('x'), prefixed('o'), prefixed('b')) {
            (Some(rest), _, _) => (16, rest),
            (_, Some(rest), _) => (8, rest),
            (_, _, Some(rest)) => (2, rest),
            _ if digits.starts_with('0') && digits.bytes().any(|b| b != b'0') => return None,
            _ => (10, digits),
        },
        16 => (16, prefixed('x').unwrap_or(digits)),
        8 => (8, prefixed('o').unwrap_or(digits)),
        2 => (2, prefixed('b').unwrap_or(digits)),
        other => (other, digits),
    };
    let bad = digits.is_empty() || digits.starts_with('_') || digits.ends_with('_') || digits.contains("__");
    if bad || !(2..=36).contains(&base) || digits.starts_with(['+', '-']) {
        return None;
    }
    if base.count_ones() != 1 && digits.bytes().filter(u8::is_ascii_alphanumeric).count() > MOST_DIGITS {
        return None;
    }
    let number = BigInt::parse_bytes(digits.replace('_', "").as_bytes(), base)?;
    Some(if negative { -number } else { number })
}

/// Python's `float(text)`.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    let trimmed = text.trim();
    let lower = trimmed.to_ascii_lowercase();
    let plain = lower.strip_prefix(['+', '-']).unwrap_or(&lower);
    let named = matches!(plain, "inf" | "infinity" | "nan");
    let shape = plain.bytes().all(|b| b.is_ascii_digit() || b"._e+-".contains(&b));
    let underscores = plain.contains('_')
        && (plain.contains("__")
            || plain
                .split('_')
                .any(|p| !p.starts_with(|c: char| c.is_ascii_digit()) || !p.ends_with(|c: char| c.is_ascii_digit())));
    if plain.is_empty() || !(named || shape) || underscores {
        return None;
    }
    lower.replace('_', "").parse().ok()
}

pub(super) fn int(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [default, base] = args.bind(&sig("do_int", 1, ["default", "base"], 0))?;
    let default = default.unwrap_or(Obj::Int(0));
    let base = u32::try_from(base.int(10)?).unwrap_or(1);
    let _ = cx;
    if let Obj::Undefined(u) = &input {
        return Err(u.used());
    }
    Ok(match &input {
        Obj::Str(text) => match parse_int(text.as_str(), base) {
            Some(number) => Obj::big(number),
            None => parse_float(text.as_str()).and_then(float_to_int).unwrap_or(default),
        },
        Obj::Bytes(bytes) => parse_int(&String::from_utf8_lossy(bytes), 10).map_or(default, Obj::big),
        Obj::Float(f) => match float_to_int(*f) {
            Some(number) => number,
            None if f.is_infinite() => {
                return Err(Raise::python(Class::Overflow, "cannot convert float infinity to integer"));
            }
            None => default,
        },
        other => other.as_big().map_or(default, Obj::big),
    })
}

pub(super) fn float(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [default] = args.bind(&sig("do_float", 1, ["default"], 0))?;
    let _ = cx;
    if let Obj::Undefined(u) = &input {
        return Err(u.used());
    }
    let number = match &input {
        Obj::Str(text) => parse_float(text.as_str()),
        Obj::Bytes(bytes) => parse_float(&String::from_utf8_lossy(bytes)),
        other => other.as_number(),
    };
    Ok(number.map(Obj::from).or(default).unwrap_or(Obj::Float(0.0)))
}

/// Python's `round(x, digits)`.
fn round_to(f: f64, digits: i64) -> f64 {
    if !f.is_finite() || digits > 300 {
        return f;
    }
    if digits >= 0 {
        // Formatting rounds the exact binary value half to even, as Python does.
        return format!("{f:.*}", digits as usize).parse().unwrap_or(f);
    }
    let scale = 10f64.powi((-digits).min(400) as i32);
    let rounded = (f / scale).round_ties_even() * scale;
    if rounded.is_nan() { 0.0 } else { rounded }
}

/// Python's `round(x)`: an integer.
fn round_whole(input: &Obj, number: f64) -> Obj {
    match input.as_big() {
        Some(whole) => Obj::big(whole),
        None => float_to_int(number.round_ties_even()).unwrap_or_default(),
    }
}

/// More places than any float has.
const MOST_PLACES: i64 = 400;

pub(super) fn round(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [precision, method] = args.bind(&sig("do_round", 1, ["precision", "method"], 0))?;
    let method = opt_text(cx, &method)?.unwrap_or_else(|| "common".into());
    let Some(number) = input.as_number() else {
        let kind = plugin_type(&input);
        return match method.as_str() {
            "common" => Err(Raise::type_error(format!("type {kind} doesn't define __round__ method"))),
            // Text and lists can be multiplied, which comes first.
            "ceil" | "floor" if matches!(input, Obj::Str(_) | Obj::List(_) | Obj::Tuple(_)) => {
                // Ten to a negative number is no whole one. Lists here, and HTML, ask for that themselves.
                let asks = match &input {
                    Obj::Str(text) => text.is_markup(),
                    other => matches!(other, Obj::List(_)),
                };
                match precision.as_ref().and_then(Obj::as_number) {
                    Some(places) if places < 0.0 && asks => {
                        Err(Raise::type_error("'float' object cannot be interpreted as an integer"))
                    }
                    Some(places) if places < 0.0 => {
                        Err(Raise::type_error("can't multiply sequence by non-int of type 'float'"))
                    }
                    _ => {
                        // The product of a tuple is Python's own.
                        let kind = if let Obj::Tuple(_) = input { "tuple" } else { kind };
                        Err(Raise::type_error(format!("must be real number, not {kind}")))
                    }
                }
            }
            "ceil" | "floor" => {
                let scale =
                    if precision.as_ref().and_then(Obj::as_number).is_some_and(|p| p < 0.0) { "float" } else { "int" };
                Err(Raise::type_error(format!("unsupported operand type(s) for *: '{kind}' and '{scale}'")))
            }
            _ => Err(filter_argument("method must be common, ceil or floor")),
        };
    };
    let precision = match precision {
        Some(Obj::None) if method == "common" => return Ok(round_whole(&input, number)),
        Some(other) if matches!(method.as_str(), "ceil" | "floor") && other.as_number().is_none() => {
            let kind = plugin_type(&other);
            return Err(Raise::type_error(format!("unsupported operand type(s) for ** or pow(): 'int' and '{kind}'")));
        }
        Some(Obj::Big(big)) => {
            if big.sign() == num_bigint::Sign::Minus {
                -MOST_PLACES
            } else {
                MOST_PLACES
            }
        }
        other => other.int(0)?.clamp(-MOST_PLACES, MOST_PLACES),
    };
    let scale = 10f64.powi(precision as i32);
    match method.as_str() {
        // A number that no float scales is as it was: ten to this many places is an integer to Python.
        "ceil" | "floor" if scale.is_infinite() && !matches!(input, Obj::Float(_)) => Ok(number.into()),
        "ceil" | "floor" if scale.is_infinite() => {
            Err(Raise::python(Class::Overflow, "int too large to convert to float"))
        }
        "common" if matches!(input, Obj::Float(_)) => Ok(round_to(number, precision).into()),
        "common" if precision >= 0 => Ok(input.as_big().map_or(Obj::None, Obj::big)),
        "common" => Ok(float_to_int(round_to(number, precision)).unwrap_or_default()),
        "ceil" | "floor" if !number.is_finite() => {
            let (class, what) = if number.is_nan() { (Class::Value, "NaN") } else { (Class::Overflow, "infinity") };
            Err(Raise::python(class, format!("cannot convert float {what} to integer")))
        }
        "ceil" => Ok(((number * scale).ceil() / scale).into()),
        "floor" => Ok(((number * scale).floor() / scale).into()),
        _ => Err(filter_argument("method must be common, ceil or floor")),
    }
}

/// A number, or Ansible's sentence with Python's below it.
fn number(obj: &Obj, sentence: &str) -> Result<f64, Raise> {
    if let Obj::Undefined(u) = obj {
        return Err(u.used());
    }
    obj.as_number()
        .ok_or_else(|| caused(format!("must be real number, not {}", obj.type_name()), &format!("{sentence}.")))
}

fn domain() -> Raise {
    Raise::value_error("math domain error")
}

pub(super) fn log(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [base] = args.bind(&sig("logarithm", 1, ["base"], 0))?;
    // It is compared before it is a number.
    if let Some(base) = &base {
        cx.equals(base, &Obj::Int(10))?;
    }
    let sentence = "log() can only be used on numbers";
    let x = number(&input, sentence)?;
    if x <= 0.0 {
        return Err(domain());
    }
    let base = base.map_or(Ok(std::f64::consts::E), |b| number(&b, sentence))?;
    if base <= 0.0 {
        return Err(domain());
    }
    if base == 10.0 {
        return Ok(x.log10().into());
    }
    let below = base.ln();
    if below == 0.0 {
        return Err(Raise::python(Class::ZeroDivision, "float division by zero"));
    }
    Ok((x.ln() / below).into())
}

pub(super) fn pow(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [power] = args.bind(&sig("power", 1, ["y"], 1))?;
    let _ = cx;
    let sentence = "pow() can only be used on numbers";
    let (x, y) = (number(&input, sentence)?, number(&given(power), sentence)?);
    let result = x.powf(y);
    if result.is_nan() && !x.is_nan() && !y.is_nan() || (x == 0.0 && y < 0.0) {
        return Err(domain());
    }
    if result.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(Raise::python(Class::Overflow, "math range error"));
    }
    Ok(result.into())
}

pub(super) fn root(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [base] = args.bind(&sig("inversepower", 1, ["base"], 0))?;
    let sentence = "root() can only be used on numbers";
    let base = base.map_or(Ok(2.0), |b| match b.as_str().and_then(parse_float) {
        Some(parsed) => Ok(parsed),
        None if b.as_str().is_some() => {
            let shown = cx.repr(&b)?;
            Err(caused(format!("could not convert string to float: {shown}"), &format!("{sentence}.")))
        }
        None => number(&b, sentence),
    })?;
    if base == 0.0 {
        return Err(Raise::python(Class::ZeroDivision, "float division by zero"));
    }
    let x = number(&input, sentence)?;
    let result = if base == 2.0 { x.sqrt() } else { x.powf(1.0 / base) };
    if result.is_nan() && !x.is_nan() || x == 0.0 && base < 0.0 {
        return Err(caused("math domain error", &format!("{sentence}.")));
    }
    Ok(result.into())
}

pub(super) fn human_readable(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [bits, unit] = args.bind(&sig("human_readable", 1, ["isbits", "unit"], 0))?;
    let bits = bits.truth(cx, false)?;
    let unit = opt_text(cx, &unit)?;
    let Some(size) = input.as_number() else {
        if let Obj::Undefined(u) = &input {
            return Err(caused(tripped(u.used()), "human_readable() can't interpret the input."));
        }
        if let (Obj::List(_), None) = (&input, &unit) {
            // A list is read to be compared.
            cx.iter(&input).map_err(|raise| caused(tripped(raise), "human_readable() can't interpret the input."))?;
        }
        let what = match unit {
            None => format!("'>=' not supported between instances of '{}' and 'int'", input.type_name()),
            Some(_) => format!("unsupported operand type(s) for /: '{}' and 'int'", input.type_name()),
        };
        return Err(caused(what, "human_readable() failed on bad input."));
    };
    Ok(human::bytes_to_human(size, bits, unit.as_deref()).into())
}

pub(super) fn human_to_bytes(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [unit, bits] = args.bind(&sig("human_to_bytes", 1, ["default_unit", "isbits"], 0))?;
    let (unit, bits) = (opt_text(cx, &unit)?, bits.truth(cx, false)?);
    let failed = |cause: String| caused(cause, "human_to_bytes() can't interpret the input.");
    let text = cx.text(&input).map_err(|raise| failed(tripped(raise)))?;
    match human::human_to_bytes(&text, unit.as_deref(), bits) {
        Ok(number) => Ok(float_to_int(number).unwrap_or_default()),
        Err(text) => Err(failed(text.trim_end().to_owned())),
    }
}

pub(super) fn filesizeformat(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [binary] = args.bind(&sig("do_filesizeformat", 1, ["binary"], 0))?;
    let binary = binary.truth(cx, false)?;
    let size = match &input {
        Obj::Str(text) => match parse_float(text.as_str()) {
            Some(size) => size,
            None => {
                let shown = cx.repr(&input)?;
                return Err(Raise::value_error(format!("could not convert string to float: {shown}")));
            }
        },
        Obj::Undefined(u) => return Err(u.used()),
        other => other.as_number().ok_or_else(|| {
            Raise::type_error(format!(
                "float() argument must be a string or a real number, not '{}'",
                plugin_type(other)
            ))
        })?,
    };
    if size.is_nan() {
        return Ok(if binary { "nan YiB" } else { "nan YB" }.into());
    }
    let base: f64 = if binary { 1024.0 } else { 1000.0 };
    if size == 1.0 {
        return Ok("1 Byte".into());
    }
    if size == f64::NEG_INFINITY {
        return Err(Raise::python(Class::Overflow, "cannot convert float infinity to integer"));
    }
    if size < base {
        return Ok(format!("{} Bytes", size.trunc()).into());
    }
    let names = if binary {
        ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"]
    } else {
        ["kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"]
    };
    let mut unit = base;
    let mut name = names[0];
    for next in names {
        unit *= base;
        name = next;
        if size < unit {
            break;
        }
    }
    Ok(format!("{:.1} {name}", base * size / unit).into())
}
