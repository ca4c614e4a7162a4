//! Filters that apply filters, tests or attributes to each item: `map`, `select`, `groupby`, …

use super::mappings::filter_argument;
use super::support::{Got, follow, get_item, given, hashable, key, no_attribute, path, sig, some};
use crate::template::raise::Class;
use crate::template::{Arg, CallArgs, Cx, Fixed, Obj, Raise};
use std::rc::Rc;

pub(super) fn map(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    if !cx.truthy(&input)? {
        return Ok(Obj::list([]));
    }
    if args.positional.is_empty() && args.named.iter().any(|(name, _)| &**name == "attribute") {
        let attribute = args.take("attribute").unwrap_or_default();
        let default = some(args.take("default"));
        if let Some((name, _)) = args.named.first() {
            return Err(filter_argument(format!("Unexpected keyword argument {}", crate::value::str_repr(name))));
        }
        let path = path(&attribute);
        let mut out = Vec::new();
        for item in cx.iter_lenient(&input)? {
            let mut found = item;
            for part in &path {
                found = get_item(cx, &found, part)?;
                if let (Obj::Undefined(_), Some(default)) = (&found, &default) {
                    found = default.clone();
                }
            }
            out.push(found);
        }
        return Ok(Obj::list(out));
    }
    if args.positional.is_empty() {
        return Err(filter_argument("map requires a filter argument"));
    }
    let given = args.positional.remove(0).defined()?;
    let items = cx.iter_lenient(&input)?;
    let name = plugin_name(cx, &given, "filter")?;
    if cx.templar().filter(&name).is_none() {
        return Err(Raise::python(Class::Template, format!("No filter named {}.", cx.repr(&given)?)));
    }
    let mut out = Vec::new();
    for item in items {
        out.push(cx.filter(&name, item, args.clone())?);
    }
    Ok(Obj::list(out))
}

/// The name of a filter or test; anything but text fails as where it is looked up.
fn plugin_name(cx: &mut Cx<'_>, name: &Obj, kind: &str) -> Result<String, Raise> {
    if let Obj::Str(text) = name {
        return Ok(text.as_str().to_owned());
    }
    hashable(name)?;
    if let Obj::Undefined(u) = name {
        let text = format!("The {kind} plugin Undefined failed to load: {u}");
        return Err(Raise::python(Class::Template, text));
    }
    let (shown, why) = (cx.repr(name)?, no_attribute(name, "removeprefix").text());
    Err(Raise::python(Class::Template, format!("The {kind} plugin {shown} failed to load: {why}")))
}

pub(super) fn select(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    choose(cx, &input, args, true, false)
}

pub(super) fn reject(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    choose(cx, &input, args, false, false)
}

pub(super) fn selectattr(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    choose(cx, &input, args, true, true)
}

pub(super) fn rejectattr(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    choose(cx, &input, args, false, true)
}

fn choose(cx: &mut Cx<'_>, input: &Obj, mut args: CallArgs, keep: bool, by_attribute: bool) -> Got {
    if !cx.truthy(input)? {
        return Ok(Obj::list([]));
    }
    let path = if by_attribute {
        if args.positional.is_empty() {
            return Err(filter_argument("Missing parameter for attribute name"));
        }
        path(&args.positional.remove(0).defined()?)
    } else {
        Vec::new()
    };
    let test = if args.positional.is_empty() {
        None
    } else {
        let given = args.positional.remove(0).defined()?;
        cx.iter_lenient(input)?;
        let name = plugin_name(cx, &given, "test")?;
        if cx.templar().test(&name).is_none() {
            return Err(Raise::python(Class::Template, format!("No test named {}.", cx.repr(&given)?)));
        }
        Some(name)
    };
    let mut out = Vec::new();
    for item in cx.iter_lenient(input)? {
        let subject = follow(cx, &item, &path)?;
        let verdict = match &test {
            Some(name) => cx.test(name, subject, args.clone())?,
            None => cx.truthy(&subject)?,
        };
        if verdict == keep {
            out.push(item);
        }
    }
    Ok(Obj::list(out))
}

pub(super) fn groupby(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let params = ["attribute", "default", "case_sensitive"];
    // The default has no effect: what lacks the attribute is an error before it is asked for.
    let [attribute, _default, case] = args.bind(&sig("sync_do_groupby", 2, params, 1))?;
    let case = case.truth(cx, false)?;
    let path = path(&given(attribute));
    let mut keyed = Vec::new();
    for item in cx.iter(&input)? {
        let found = follow(cx, &item, &path)?.defined()?;
        let folded = key(cx, &found, &[], case)?;
        keyed.push((folded, found, item));
    }
    let sorted = cx.sort(keyed, |(key, _, _)| key.clone())?;
    let mut groups: Vec<(Obj, Obj, Vec<Obj>)> = Vec::new();
    for (folded, shown, item) in sorted {
        let same = match groups.last() {
            Some((last, _, _)) => cx.equals(last, &folded)?,
            None => false,
        };
        match groups.last_mut() {
            Some((_, _, items)) if same => items.push(item),
            _ => groups.push((folded, shown, vec![item])),
        }
    }
    // The names of a group's parts, `grouper` and `list`, are known where attributes are looked up.
    let group = |(_, shown, items)| Obj::Tuple(Rc::new(Fixed::group([shown, Obj::list(items)])));
    Ok(Obj::list(groups.into_iter().map(group)))
}

pub(super) fn attr(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [name] = args.bind(&sig("do_attr", 2, ["name"], 1))?;
    let name = given(name);
    let Some(text) = name.as_str() else {
        return Err(Raise::type_error(format!("attribute name must be string, not '{}'", name.type_name())));
    };
    if let Obj::Undefined(u) = &input {
        return Err(u.used());
    }
    if let Some(unsafe_one) = cx.hidden_attribute(&input, text) {
        return Ok(unsafe_one);
    }
    // Attributes alone: a dictionary's items are none.
    match &input {
        Obj::Dict(_) | Obj::Map(_) => match cx.attribute(&input, text)? {
            Some(method) => Ok(method),
            None => get_item(cx, &Obj::dict([]), &name),
        },
        other => get_item(cx, other, &name),
    }
}
