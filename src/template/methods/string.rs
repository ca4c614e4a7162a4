//! Methods of strings that split, search, join and change them.

use super::{Result, Table, exact, named, range_of, searching, want_int, want_str};
use crate::template::bounds::{replaced, text_fits};
use crate::template::pylib::codec;
use crate::template::pylib::text::{is_space, lines, split_space, whole_lines};
use crate::template::{CallArgs, Class, Cx, Obj, Raise};

pub(super) const METHODS: Table = &[
    ("count", count),
    ("encode", encode),
    ("endswith", |cx, s, args| affix(cx, s, args, "endswith", |text, part| text.ends_with(part))),
    ("expandtabs", expandtabs),
    ("find", |_, s, args| find(s, args, "find", false, false)),
    ("format", formatted),
    ("format_map", format_map),
    ("index", |_, s, args| find(s, args, "index", false, true)),
    ("join", join),
    ("lstrip", |_, s, args| strip(s, args, "lstrip", true, false)),
    ("partition", |_, s, args| partition(s, args, false)),
    ("removeprefix", |_, s, args| {
        let [part] = exact(args, "str.removeprefix", 1)?;
        let part = part.unwrap_or_default();
        Ok(Obj::str(text(s).strip_prefix(want_str(&part, "removeprefix() argument")?).unwrap_or(text(s))))
    }),
    ("removesuffix", |_, s, args| {
        let [part] = exact(args, "str.removesuffix", 1)?;
        let part = part.unwrap_or_default();
        Ok(Obj::str(text(s).strip_suffix(want_str(&part, "removesuffix() argument")?).unwrap_or(text(s))))
    }),
    ("replace", replace),
    ("rfind", |_, s, args| find(s, args, "rfind", true, false)),
    ("rindex", |_, s, args| find(s, args, "rindex", true, true)),
    ("rpartition", |_, s, args| partition(s, args, true)),
    ("rsplit", |_, s, args| split(s, args, true)),
    ("rstrip", |_, s, args| strip(s, args, "rstrip", false, true)),
    ("split", |_, s, args| split(s, args, false)),
    ("splitlines", splitlines),
    ("startswith", |cx, s, args| affix(cx, s, args, "startswith", |text, part| text.starts_with(part))),
    ("strip", |_, s, args| strip(s, args, "strip", true, true)),
];

pub(super) fn text(obj: &Obj) -> &str {
    obj.as_str().unwrap_or_default()
}

/// The part between two places counted in characters.
fn part(text: &str, start: usize, stop: usize) -> &str {
    let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(i, _)| i);
    text.get(at(start)..at(stop.max(start))).unwrap_or_default()
}

/// What is looked for, or Python's complaint.
fn sought(obj: &Obj) -> Result<&str> {
    obj.as_str().ok_or_else(|| Raise::type_error(format!("must be str, not {}", obj.type_name())))
}

fn count(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [sub, start, stop] = searching(args, "count")?;
    let sub = sub.unwrap_or_default();
    let sub = sought(&sub)?;
    let len = text(obj).chars().count();
    let (start, stop) = range_of(len, &start, &stop)?;
    let within = part(text(obj), start, stop);
    Ok(Obj::from(if sub.is_empty() { stop.saturating_sub(start) + 1 } else { within.matches(sub).count() }))
}

fn find(obj: &Obj, args: CallArgs, name: &str, last: bool, must: bool) -> Result<Obj> {
    let [sub, start, stop] = searching(args, name)?;
    let sub = sub.unwrap_or_default();
    let sub = sought(&sub)?;
    let (start, stop) = range_of(text(obj).chars().count(), &start, &stop)?;
    let within = part(text(obj), start, stop);
    let found = if start > stop {
        None
    } else if last {
        within.rfind(sub)
    } else {
        within.find(sub)
    };
    match found {
        Some(at) => Ok(Obj::from(start + within.get(..at).unwrap_or_default().chars().count())),
        None if must => Err(Raise::value_error("substring not found")),
        None => Ok(Obj::Int(-1)),
    }
}

fn affix(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs, name: &str, test: fn(&str, &str) -> bool) -> Result<Obj> {
    let [affix, start, stop] = searching(args, name)?;
    let (start, stop) = range_of(text(obj).chars().count(), &start, &stop)?;
    let within = part(text(obj), start, stop);
    let complaint = |obj: &Obj| {
        Raise::type_error(format!("{name} first arg must be str or a tuple of str, not {}", obj.type_name()))
    };
    let affix = affix.unwrap_or_default();
    match &affix {
        Obj::Str(one) => Ok(Obj::Bool(test(within, one.as_str()))),
        Obj::Tuple(_) => {
            for one in cx.iter(&affix)? {
                let one = one.as_str().ok_or_else(|| complaint(&one))?;
                if test(within, one) {
                    return Ok(Obj::Bool(true));
                }
            }
            Ok(Obj::Bool(false))
        }
        other => Err(complaint(other)),
    }
}

fn encode(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [encoding, errors] = named(args, "encode", ["encoding", "errors"])?;
    let encoding = encoding.as_ref().map_or(Ok("utf-8"), |name| want_str(name, "encode() argument 'encoding'"))?;
    errors.as_ref().map_or(Ok(""), |name| want_str(name, "encode() argument 'errors'"))?;
    codec::encode(text(obj), encoding).map(|bytes| Obj::Bytes(bytes.into()))
}

fn expandtabs(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [size] = named(args, "expandtabs", ["tabsize"])?;
    let size = size.map_or(Ok(8), |s| want_int(&s))?;
    if i32::try_from(size).is_err() {
        return Err(Raise::python(Class::Overflow, "Python int too large to convert to C int"));
    }
    with_tabs_expanded(text(obj), usize::try_from(size).unwrap_or(0)).map(Obj::from)
}

/// `str.expandtabs`.
pub(in crate::template) fn with_tabs_expanded(text: &str, size: usize) -> Result<String> {
    let (mut out, mut column) = (String::new(), 0);
    for c in text.chars() {
        match c {
            '\t' if size > 0 => {
                let fill = size - column % size;
                text_fits(out.len().saturating_add(fill))?;
                out.extend(std::iter::repeat_n(' ', fill));
                column += fill;
            }
            '\t' => {}
            c => {
                out.push(c);
                column = if matches!(c, '\n' | '\r') { 0 } else { column + 1 };
            }
        }
    }
    Ok(out)
}

/// The text with its fields filled in, which keeps its class.
fn formatted(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let out = cx.format(text(obj), args)?;
    Ok(match obj {
        Obj::Str(text) => Obj::Str(text.of_class(out)),
        _ => Obj::from(out),
    })
}

fn format_map(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [map] = exact(args, "str.format_map", 1)?;
    let map = map.unwrap_or_default();
    // Without fields, it does not matter what it is.
    let items = if text(obj).contains(['{', '}']) { cx.items(&map)? } else { Vec::new() };
    let named = items.into_iter().filter_map(|(k, v)| Some((k.as_str()?.into(), v))).collect();
    formatted(cx, obj, CallArgs { positional: Vec::new(), named })
}

fn join(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [items] = exact(args, "str.join", 1)?;
    let items = items.unwrap_or_default();
    let html = matches!(obj, Obj::Str(text) if text.is_markup());
    let items = cx.iter(&items).map_err(|raise| match raise {
        Raise::Python(..) if !html => Raise::type_error("can only join an iterable"),
        other => other,
    })?;
    if html {
        // Markup joins whatever there is, as HTML.
        let mut parts = Vec::with_capacity(items.len());
        for item in &items {
            let item = cx.html(item)?;
            parts.push(cx.text(&item)?);
        }
        return Ok(Obj::from(parts.join(text(obj))));
    }
    let mut parts = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        parts.push(item.as_str().ok_or_else(|| {
            Raise::type_error(format!("sequence item {i}: expected str instance, {} found", item.type_name()))
        })?);
    }
    Ok(Obj::from(parts.join(text(obj))))
}

fn strip(obj: &Obj, args: CallArgs, name: &str, left: bool, right: bool) -> Result<Obj> {
    let [chars] = exact(args, &format!("str.{name}"), 0)?;
    let set = match &chars {
        None | Some(Obj::None) => None,
        Some(Obj::Str(chars)) => Some(chars.as_str()),
        Some(_) => return Err(Raise::type_error(format!("{name} arg must be None or str"))),
    };
    let drop = |c: char| set.map_or_else(|| is_space(c), |set| set.contains(c));
    let mut out = text(obj);
    if left {
        out = out.trim_start_matches(drop);
    }
    if right {
        out = out.trim_end_matches(drop);
    }
    Ok(Obj::str(out))
}

fn partition(obj: &Obj, args: CallArgs, last: bool) -> Result<Obj> {
    let [by] = exact(args, if last { "str.rpartition" } else { "str.partition" }, 1)?;
    let by = by.unwrap_or_default();
    let by = sought(&by)?;
    if by.is_empty() {
        return Err(Raise::value_error("empty separator"));
    }
    let text = text(obj);
    let parts = match if last { text.rsplit_once(by) } else { text.split_once(by) } {
        Some((before, after)) => [before, by, after],
        None if last => ["", "", text],
        None => [text, "", ""],
    };
    Ok(Obj::tuple(parts.map(Obj::str)))
}

fn replace(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [old, new, count] = exact(args, "str.replace", 2)?;
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let (old, new) = (want_str(&old, "replace() argument 1")?, want_str(&new, "replace() argument 2")?);
    let count = count.map_or(Ok(-1), |c| want_int(&c))?;
    replaced(text(obj), old, new, count).map(Obj::from)
}

fn split(obj: &Obj, args: CallArgs, last: bool) -> Result<Obj> {
    let func = if last { "rsplit" } else { "split" };
    let [by, most] = named(args, func, ["sep", "maxsplit"])?;
    let most = most.map_or(Ok(-1), |m| want_int(&m))?;
    let most = usize::try_from(most).unwrap_or(usize::MAX - 1);
    let parts: Vec<&str> = match &by {
        None | Some(Obj::None) if last => rsplit_spaces(text(obj), most),
        None | Some(Obj::None) => split_space(text(obj), Some(most)),
        Some(by) => {
            let by = want_str(by, "must be str or None, not")
                .map_err(|_| Raise::type_error(format!("must be str or None, not {}", by.type_name())))?;
            if by.is_empty() {
                return Err(Raise::value_error("empty separator"));
            }
            if last {
                let mut parts: Vec<&str> = text(obj).rsplitn(most + 1, by).collect();
                parts.reverse();
                parts
            } else {
                text(obj).splitn(most + 1, by).collect()
            }
        }
    };
    Ok(Obj::list(parts.into_iter().map(Obj::str)))
}

fn rsplit_spaces(text: &str, most: usize) -> Vec<&str> {
    let mut out = Vec::new();
    let mut rest = text.trim_end_matches(is_space);
    while !rest.is_empty() {
        if out.len() == most {
            out.push(rest);
            break;
        }
        let start = rest.char_indices().rev().find(|(_, c)| is_space(*c)).map_or(0, |(i, c)| i + c.len_utf8());
        let (before, word) = rest.split_at(start);
        out.push(word);
        rest = before.trim_end_matches(is_space);
    }
    out.reverse();
    out
}

fn splitlines(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [keep] = named(args, "splitlines", ["keepends"])?;
    let keep = keep.map_or(Ok(0), |keep| want_int(&keep))? != 0;
    let lines = if keep { whole_lines(text(obj)) } else { lines(text(obj)) };
    Ok(Obj::list(lines.into_iter().map(Obj::str)))
}
