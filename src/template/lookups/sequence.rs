//! The lookup `sequence`: numbers in a format, from a shortcut or from `k=v` words.

use super::support::{Call, Found, key_values, term};
use crate::re::{Flags, Pattern};
use crate::template::filters::support::{plugin_type, tripped};
use crate::template::{CallArgs, Cx, Obj, Raise};

const FIELDS: [&str; 5] = ["start", "end", "stride", "count", "format"];

/// `[start-]end[/stride][:format]`
const SHORTCUT: &str = "^((0?x?[0-9a-f]+)-)?(0?x?[0-9a-f]+)(/(0?x?[0-9a-f]+))?(:(.+))?$";

/// How many numbers a sequence has at most.
const MOST: i64 = 5_000_000;

pub(super) fn sequence(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut terms = args.positional.clone();
    if terms.is_empty() && !args.named.is_empty() {
        terms.push("".into());
    }
    let mut out = Vec::new();
    for item in terms {
        if !matches!(item, Obj::Str(_)) {
            let shown = cx
                .text(&item)
                .map_err(|raise| Raise::ansible(format!("unknown error generating sequence: {}", tripped(raise))))?;
            let kind = plugin_type(&item);
            return Err(Raise::ansible(format!(
                "unknown error parsing with_sequence arguments: {shown}. Error was: expected string or bytes-like \
                 object, got '{kind}'"
            )));
        }
        let text = term(cx, &item)?;
        let mut call = Call::new(args.clone());
        read(&text, &mut call)?;
        numbers(cx, &call, &mut out)?;
    }
    Ok(out)
}

/// Takes the fields out of a term.
fn read(text: &str, call: &mut Call) -> Result<(), Raise> {
    let flags = Flags { ignore_case: true, ..Flags::default() };
    let shortcut = Pattern::new(SHORTCUT, flags)?;
    if let Some(found) = shortcut.search(text, 0)? {
        for (name, group) in [("start", 2), ("end", 3), ("stride", 5), ("format", 7)] {
            if let Some(value) = found.group(text, group) {
                call.set(name, value.into());
            }
        }
        return Ok(());
    }
    let (pairs, rest) = key_values(text);
    let mut unknown = Vec::new();
    for (name, value) in pairs {
        if FIELDS.contains(&name.as_str()) {
            call.set(&name, value.into());
        } else {
            unknown.push(format!("'{name}'"));
        }
    }
    if !rest.is_empty() {
        unknown.push("'_raw_params'".into());
    }
    if unknown.is_empty() {
        return Ok(());
    }
    Err(Raise::ansible(format!("unrecognized arguments to with_sequence: [{}]", unknown.join(", "))))
}

fn numbers(cx: &mut Cx<'_>, call: &Call, out: &mut Vec<Obj>) -> Result<(), Raise> {
    let start = call.int(cx, "sequence", "start")?.unwrap_or(1);
    let stride = call.int(cx, "sequence", "stride")?.unwrap_or(1);
    let format = call.text(cx, "format", "%d")?;
    let end = match (call.int(cx, "sequence", "count")?, call.int(cx, "sequence", "end")?) {
        (None, None) => return Err(Raise::ansible("must specify count or end in with_sequence")),
        (Some(_), Some(_)) => return Err(Raise::ansible("can't specify both count and end in with_sequence")),
        (Some(0), None) => return Ok(()),
        (Some(count), None) => start.saturating_add(count.saturating_mul(stride)).saturating_sub(1),
        (None, Some(end)) => end,
    };
    if stride > 0 && end < start {
        return Err(Raise::ansible("to count backwards make stride negative"));
    }
    if stride < 0 && end > start {
        return Err(Raise::ansible("to count forward don't make stride negative"));
    }
    if stride == 0 {
        return Ok(());
    }
    if format.matches('%').count() != 1 {
        return Err(Raise::ansible(format!("bad formatting string: {format}")));
    }
    if (i128::from(end) - i128::from(start)) / i128::from(stride) >= i128::from(MOST) {
        return Err(Raise::ansible("with_sequence has too many numbers"));
    }
    let (mut number, mut made) = (start, 0);
    while (stride > 0 && number <= end) || (stride < 0 && number >= end) {
        if made >= MOST {
            return Err(Raise::ansible("with_sequence has too many numbers"));
        }
        let Some(text) = formatted(&format, number) else {
            let format = crate::value::str_repr(&format);
            return Err(Raise::ansible(format!("problem formatting {number} with {format}")));
        };
        out.push(text.into());
        made += 1;
        match number.checked_add(stride) {
            Some(next) => number = next,
            None => break,
        }
    }
    Ok(())
}

/// `format % number` for a format with one field.
fn formatted(format: &str, number: i64) -> Option<String> {
    let (before, field) = format.split_once('%')?;
    let flags = field.bytes().take_while(|b| b"#0- +".contains(b)).count();
    let (flags, rest) = field.split_at(flags);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (width, rest) = rest.split_at(digits);
    let width: usize = width.parse().unwrap_or(0).min(10_000);
    let kind = rest.chars().next()?;
    let after = &rest[kind.len_utf8()..];
    let magnitude = number.unsigned_abs();
    let (prefix, digits) = match kind {
        'd' | 'i' | 'u' | 's' | 'r' => ("", magnitude.to_string()),
        'x' => ("0x", format!("{magnitude:x}")),
        'X' => ("0X", format!("{magnitude:X}")),
        'o' => ("0o", format!("{magnitude:o}")),
        'c' => ("", char::from_u32(u32::try_from(number).ok()?)?.to_string()),
        'e' => {
            let text = format!("{:.6e}", magnitude as f64);
            let (mantissa, exponent) = text.split_once('e')?;
            ("", format!("{mantissa}e+{exponent:0>2}"))
        }
        'f' | 'F' => ("", format!("{:.6}", magnitude as f64)),
        'g' => ("", magnitude.to_string()),
        _ => return None,
    };
    let sign = if number < 0 {
        "-"
    } else if flags.contains('+') {
        "+"
    } else if flags.contains(' ') {
        " "
    } else {
        ""
    };
    let prefix = if flags.contains('#') { prefix } else { "" };
    let used = sign.len() + prefix.len() + digits.chars().count();
    let missing = width.saturating_sub(used);
    let body = if flags.contains('-') {
        format!("{sign}{prefix}{digits}{}", " ".repeat(missing))
    } else if flags.contains('0') && !"sr".contains(kind) {
        format!("{sign}{prefix}{}{digits}", "0".repeat(missing))
    } else {
        format!("{}{sign}{prefix}{digits}", " ".repeat(missing))
    };
    Some(format!("{before}{body}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        assert_eq!(formatted("host%02d", 3).as_deref(), Some("host03"));
        assert_eq!(formatted("0x%02x", 10).as_deref(), Some("0x0a"));
        assert_eq!(formatted("%4s|", 7).as_deref(), Some("   7|"));
        assert_eq!(formatted("%z", 7), None);
    }
}
