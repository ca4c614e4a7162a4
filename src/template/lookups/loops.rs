//! Lookups that shape lists, as `with_items` and its like: no file, no command.

use super::support::{Found, boolean};
use crate::template::filters::lists::products;
use crate::template::filters::support::is_mapping;
use crate::template::pylib::random::Random;
use crate::template::{CallArgs, Cx, Obj, Raise};

/// One level of lists and tuples taken apart.
fn flat(cx: &mut Cx<'_>, items: Vec<Obj>) -> Found {
    let mut out = Vec::new();
    for item in items {
        match item {
            list @ (Obj::List(_) | Obj::Tuple(_)) => out.extend(cx.iter(&list)?),
            other => out.push(other),
        }
    }
    Ok(out)
}

pub(super) fn items(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    flat(cx, args.positional)
}

pub(super) fn list(_cx: &mut Cx<'_>, args: CallArgs) -> Found {
    Ok(args.positional)
}

pub(super) fn indexed_items(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let items = flat(cx, args.positional)?;
    Ok(items.into_iter().enumerate().map(|(i, item)| Obj::tuple([i.into(), item])).collect())
}

pub(super) fn dict(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut out = Vec::new();
    for term in args.positional {
        if !is_mapping(&term) {
            let (shown, class) = (cx.text(&term)?, crate::template::filters::support::class_of(&term));
            return Err(Raise::ansible(format!(
                "the 'dict' lookup plugin expects a dictionary, got '{shown}' of type {class})"
            )));
        }
        for (key, value) in cx.items(&term)? {
            out.push(Obj::dict([("key".into(), key), ("value".into(), value.defined()?)]));
        }
    }
    Ok(out)
}

pub(super) fn nested(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    if args.positional.is_empty() {
        return Err(Raise::ansible("with_nested requires at least one element in the nested list"));
    }
    let mut columns = Vec::new();
    for term in &args.positional {
        columns.push(cx.iter(term)?);
    }
    let mut out = Vec::new();
    if let [only] = columns.as_slice() {
        for item in only {
            let parts = cx.iter(item)?;
            out.push(Obj::list(flat(cx, parts)?));
        }
        return Ok(out);
    }
    // A list in a list becomes its items as the rows are made, and once more when they are done.
    for row in products(&columns, 1)? {
        let row = flat(cx, row)?;
        out.push(Obj::list(flat(cx, row)?));
    }
    Ok(out)
}

pub(super) fn together(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    if args.positional.is_empty() {
        return Err(Raise::ansible("with_together requires at least one element in each list"));
    }
    let mut columns = Vec::new();
    for term in &args.positional {
        columns.push(cx.iter(term)?);
    }
    let longest = columns.iter().map(Vec::len).max().unwrap_or(0);
    let mut out = Vec::new();
    for i in 0..longest {
        let row = columns.iter().map(|c| c.get(i).cloned().unwrap_or_default()).collect();
        out.push(Obj::list(flat(cx, row)?));
    }
    Ok(out)
}

pub(super) fn flattened(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut out = Vec::new();
    flatten(cx, args.positional, &mut out)?;
    Ok(out)
}

fn flatten(cx: &mut Cx<'_>, items: Vec<Obj>, out: &mut Vec<Obj>) -> Result<(), Raise> {
    for item in items {
        // A null in words ends its list: a quirk of the real one.
        if matches!(item.as_str(), Some("None" | "null")) {
            break;
        }
        match item {
            list @ Obj::List(_) => {
                let items = cx.iter(&list)?;
                cx.deeper(|cx| flatten(cx, items, out))?;
            }
            Obj::Str(text) => out.push(Obj::Str(text).stripped()),
            other => out.push(other),
        }
    }
    Ok(())
}

pub(super) fn random_choice(_cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let count = args.positional.len();
    if count == 0 {
        return Ok(Vec::new());
    }
    let mut random = Random::system().map_err(|e| Raise::ansible(format!("Unable to choose random term: {e}")))?;
    let at = random.below(count as u64) as usize;
    Ok(args.positional.into_iter().nth(at).into_iter().collect())
}

fn terms_error(rest: &str) -> Raise {
    Raise::ansible(format!("subelements lookup expects a list of two or three items, {rest}").trim_end())
}

pub(super) fn subelements(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let terms = args.positional;
    let (first, name, flags) = match terms.as_slice() {
        [first, name] => (first, name, None),
        [first, name, flags] => (first, name, Some(flags.clone())),
        _ => return Err(terms_error("")),
    };
    let wrong = "first a dict or a list, second a string pointing to the subkey";
    let Some(name) = name.as_str() else {
        return Err(terms_error(wrong));
    };
    let elements: Vec<Obj> = match first {
        Obj::List(_) => cx.iter(first)?,
        dict if is_mapping(dict) => {
            if is_skipped(cx, dict)? {
                return Ok(Vec::new());
            }
            cx.items(dict)?.into_iter().map(|(_, value)| value).collect()
        }
        _ => return Err(terms_error(wrong)),
    };
    let skip = match flags {
        None => false,
        Some(flags) if is_mapping(&flags) => match cx.dict_get(&flags, "skip_missing")? {
            Some(value) => boolean(cx, &value)?,
            None => false,
        },
        Some(_) => return Err(terms_error("the optional third item must be a dict with flags ('skip_missing',)")),
    };
    let path: Vec<&str> = name.split('.').collect();
    let mut out = Vec::new();
    for element in elements {
        if !is_mapping(&element) {
            let shown = cx.text(&element)?;
            return Err(Raise::ansible(format!("subelements lookup expects a dictionary, got '{shown}'")));
        }
        if is_skipped(cx, &element)? {
            continue;
        }
        let (rest, items) = taken(cx, &element, &path, skip)?;
        let rest = rest.result();
        out.extend(items.into_iter().map(|item| Obj::tuple([rest.clone(), item])));
    }
    Ok(out)
}

fn is_skipped(cx: &mut Cx<'_>, dict: &Obj) -> Result<bool, Raise> {
    Ok(cx.dict_get(dict, "skipped")?.is_some_and(|s| !matches!(s, Obj::Bool(false))))
}

/// The list at a path, and the element without it.
fn taken(cx: &mut Cx<'_>, element: &Obj, path: &[&str], skip: bool) -> Result<(Obj, Vec<Obj>), Raise> {
    let Some((key, below)) = path.split_first() else {
        return Ok((element.clone(), Vec::new()));
    };
    let Some(value) = cx.dict_get(element, key)? else {
        if skip {
            return Ok((element.clone(), Vec::new()));
        }
        let shown = cx.text(element)?;
        return Err(Raise::ansible(format!("could not find '{key}' key in iterated item '{shown}'")));
    };
    let mut rest: Vec<(Obj, Obj)> = cx.items(element)?;
    if below.is_empty() {
        if !matches!(value, Obj::List(_)) {
            let shown = cx.text(&value)?;
            return Err(Raise::ansible(format!("the key {key} should point to a list, got '{shown}'")));
        }
        rest.retain(|(k, _)| k.as_str() != Some(key));
        return Ok((Obj::dict(rest), cx.iter(&value)?));
    }
    if !is_mapping(&value) {
        if skip {
            return Ok((element.clone(), Vec::new()));
        }
        let shown = cx.text(&value)?;
        return Err(Raise::ansible(format!("the key {key} should point to a dictionary, got '{shown}'")));
    }
    let (inner, items) = taken(cx, &value, below, skip)?;
    for (k, v) in &mut rest {
        if k.as_str() == Some(key) {
            *v = inner.clone();
        }
    }
    Ok((Obj::dict(rest), items))
}
