//! Filters of single addresses: `ipaddr`, `ipv4`, `ipv6`, `ipwrap`, `ipmath`, `ipcut`, `ip4_hex`, `ipv6form`.

use super::query;
use super::{arguments, number, spelled, text};
use crate::template::filters::support::{Got, class_of};
use crate::template::pylib::network::{Address, Network, Version};
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::str_repr;

/// Refuses a value of a type that these filters do not take.
fn check(value: &Obj, filter: &str, numbers: bool) -> Result<(), Raise> {
    let fine = match value {
        Obj::Str(_) | Obj::List(_) | Obj::Bool(_) => true,
        Obj::Int(_) | Obj::Big(_) => numbers,
        _ => false,
    };
    let class = class_of(value);
    let refused = || Raise::ansible(format!("Unrecognized type <{class}> for {filter} filter <value>"));
    if fine { Ok(()) } else { Err(refused()) }
}

pub(in crate::template::filters) fn ipaddr(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    check(&input, "ipaddr", true)?;
    let [query, version, alias] = arguments(args, ["query", "version", "alias"], "value")?;
    let (query, alias) = (text(cx, query)?, text(cx, alias)?);
    let version = number(cx, "version", version)?.filter(|v| *v != 0);
    query::ipaddr(cx, &input, &query, version, &alias)
}

fn of_version(cx: &mut Cx<'_>, input: &Obj, args: CallArgs, version: i64, alias: &str) -> Got {
    check(input, alias, true)?;
    let [query] = arguments(args, ["query"], "value")?;
    let query = text(cx, query)?;
    query::ipaddr(cx, input, &query, Some(version), alias)
}

pub(in crate::template::filters) fn ipv4(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    of_version(cx, &input, args, 4, "ipv4")
}

pub(in crate::template::filters) fn ipv6(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    of_version(cx, &input, args, 6, "ipv6")
}

pub(in crate::template::filters) fn ipwrap(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    check(&input, "ipwrap", false)?;
    let [query] = arguments(args, ["query"], "value")?;
    // The query is taken and not looked at.
    let (_, query) = (query, String::new());
    if !matches!(input, Obj::List(_)) {
        let answer = query::ipaddr(cx, &input, &query, None, "ipwrap").unwrap_or_default();
        return if cx.truthy(&answer)? { wrapped(cx, &answer) } else { Ok(input) };
    }
    let mut out = Vec::new();
    let Ok(items) = cx.iter(&input) else { return Ok(input) };
    for item in items {
        match query::ipaddr(cx, &item, &query, None, "ipwrap") {
            Ok(answer) if cx.truthy(&answer)? => out.push(wrapped(cx, &item)?),
            Ok(_) => out.push(item),
            // One that fails leaves the whole of it as it was.
            Err(_) => return Ok(input),
        }
    }
    Ok(Obj::list(out))
}

/// A value as text; None is none.
fn shown(cx: &mut Cx<'_>, value: &Obj) -> Result<String, Raise> {
    if value.is_none() { Ok(String::new()) } else { spelled(cx, value) }
}

fn wrapped(cx: &mut Cx<'_>, value: &Obj) -> Got {
    query::ipaddr(cx, value, "wrap", None, "ipwrap")
}

fn invalid(value: &str) -> Raise {
    Raise::ansible(format!("You must pass a valid IP address; {value} is invalid"))
}

pub(in crate::template::filters) fn ipmath(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [amount] = arguments(args, ["amount"], "value")?;
    let value = shown(cx, &input)?;
    let amount = number(cx, "amount", amount)?;
    let address = match value.contains('/') {
        true => Network::parse(&value).map(|net| net.ip()),
        false => Address::parse(&value),
    };
    let address = address.ok_or_else(|| invalid(&value))?;
    let Some(amount) = amount else {
        return Err(Raise::ansible("You must pass an integer for arithmetic; None is not a valid integer"));
    };
    match address.offset(i128::from(amount)) {
        Some(address) => Ok(address.to_string().into()),
        None => Err(Raise::python(crate::template::raise::Class::Index, "result outside valid IP address boundary!")),
    }
}

pub(in crate::template::filters) fn ipcut(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [amount] = arguments(args, ["amount"], "value")?;
    let value = shown(cx, &input)?;
    let address = Address::parse(&value).ok_or_else(|| invalid(&value))?;
    let Some(amount) = number(cx, "amount", amount)? else {
        return Err(Raise::ansible("You must pass an integer for arithmetic; None is not a valid integer"));
    };
    let bits = address.bits();
    let count = usize::try_from(amount.unsigned_abs()).unwrap_or(usize::MAX).min(bits.len());
    let part = if amount < 0 { &bits[bits.len() - count..] } else { &bits[..count] };
    let size = if address.version == Version::V6 { 16 } else { 8 };
    let mut words = Vec::new();
    for chunk in part.as_bytes().chunks(size) {
        let word = chunk.iter().fold(0u32, |word, bit| word << 1 | u32::from(*bit == b'1'));
        words.push(if size == 16 { format!("{word:x}") } else { word.to_string() });
    }
    Ok(words.join(if size == 16 { ":" } else { "." }).into())
}

pub(in crate::template::filters) fn ip4_hex(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [delimiter] = arguments(args, ["delimiter"], "arg")?;
    let (value, delimiter) = (shown(cx, &input)?, text(cx, delimiter)?);
    let address = Address::parse(&value).ok_or_else(|| invalid(&value))?;
    if address.version == Version::V6 {
        let shown = str_repr(&value);
        return Err(Raise::value_error(format!("invalid literal for int() with base 10: {shown}")));
    }
    let bytes = (address.value as u32).to_be_bytes().map(|byte| format!("{byte:02x}"));
    Ok(bytes.join(&delimiter).into())
}

pub(in crate::template::filters) fn ipv6form(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [format] = arguments(args, ["format"], "value")?;
    // The value is made text before the format is looked at.
    let value = shown(cx, &input)?;
    if format.as_ref().is_none_or(Obj::is_none) {
        return Err(Raise::ansible("You must pass valid format; None is not a valid format"));
    }
    let format = text(cx, format)?;
    if !["compress", "expand", "x509"].contains(&format.as_str()) {
        let text = format!("value of format must be one of: compress, expand, x509, got: {format}");
        return Err(Raise::ansible(format!("[{}]", str_repr(&text))));
    }
    // What looks like a network is left to what reads addresses.
    if format == "x509" && Address::parse(&value).is_none() && !value.contains('/') {
        let shown = if let Obj::Str(_) = input { cx.repr(&input)? } else { str_repr(&value) };
        return Err(Raise::ansible(format!("failed to detect a valid IP address from {shown}")));
    }
    let address = Address::parse(&value).ok_or_else(|| invalid(&value))?;
    if format == "x509" && address.version == Version::V4 {
        return Err(invalid(&value));
    }
    let words = (0..8).rev().map(|i| (address.value >> (16 * i)) & 0xffff);
    Ok(match format.as_str() {
        "expand" if address.version == Version::V6 => {
            words.map(|w| format!("{w:04x}")).collect::<Vec<_>>().join(":").into()
        }
        "x509" => words.map(|w| format!("{w:x}")).collect::<Vec<_>>().join(":").into(),
        "expand" | "compress" => address.to_string().into(),
        _ => Obj::None,
    })
}
