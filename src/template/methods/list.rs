//! Methods of lists and tuples.

use super::{Result, Table, exact, range_of, want_int};
use crate::template::{Arg, CallArgs, Class, Cx, Obj, Raise, object::List, sorting};

pub(super) const METHODS: Table = &[
    ("append", append),
    ("clear", clear),
    ("copy", copy),
    ("count", count),
    ("extend", extend),
    ("index", index),
    ("insert", insert),
    ("pop", pop),
    ("remove", remove),
    ("reverse", reverse),
    ("sort", sort),
];

pub(super) const TUPLE: Table = &[("count", count), ("index", index)];

fn list(obj: &Obj) -> Result<&List> {
    match obj {
        Obj::List(list) => Ok(list),
        other => Err(Raise::type_error(format!("expected list, got {}", other.type_name()))),
    }
}

fn append(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [item] = exact(args, "list.append", 1)?;
    list(obj)?.borrow_mut().extend(item);
    Ok(Obj::None)
}

fn clear(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "list.clear", 0)?;
    list(obj)?.borrow_mut().clear();
    Ok(Obj::None)
}

fn copy(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "list.copy", 0)?;
    Ok(Obj::list(list(obj)?.borrow().clone()).within(obj))
}

fn count(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let name = if let Obj::Tuple(_) = obj { "tuple.count" } else { "list.count" };
    let [item] = exact(args, name, 1)?;
    let item = item.unwrap_or_default();
    let mut found = 0;
    // Python's own method, which does not know ansible-core's items before they are read: it finds none of them.
    let items = match obj {
        Obj::List(list) if list.is_lazy() => {
            let items = list.borrow();
            items.iter().enumerate().filter(|(at, _)| list.was_read(*at)).map(|(_, item)| item.clone()).collect()
        }
        _ => cx.iter(obj)?,
    };
    for candidate in items {
        found += i64::from(cx.equals(&candidate, &item)?);
    }
    Ok(Obj::Int(found))
}

fn extend(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [items] = exact(args, "list.extend", 1)?;
    for item in cx.each(&items.unwrap_or_default())? {
        list(obj)?.borrow_mut().push(item?);
    }
    Ok(Obj::None)
}

/// The place of a number in a range.
fn place(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs, name: &str) -> Result<(Obj, Option<usize>)> {
    let [item] = exact(args, name, 1)?;
    let item = item.unwrap_or_default();
    let Obj::Range(range) = obj else { return Ok((item, None)) };
    let number = match &item {
        Obj::Float(f) if f.fract() == 0.0 => Some(*f as i64),
        other => other.as_int(),
    };
    let _ = cx;
    let at = number.and_then(|number| number.checked_sub(range.start)).map(|far| (far % range.step, far / range.step));
    Ok((item, at.filter(|at| at.0 == 0).and_then(|at| usize::try_from(at.1).ok()).filter(|at| *at < range.len())))
}

/// What ranges have.
pub(super) const RANGE: Table = &[
    ("count", |cx, obj, args| Ok(Obj::from(usize::from(place(cx, obj, args, "range.count")?.1.is_some())))),
    ("index", |cx, obj, args| match place(cx, obj, args, "range.index")? {
        (_, Some(at)) => Ok(Obj::from(at)),
        (item @ (Obj::Int(_) | Obj::Bool(_) | Obj::Big(_)), None) => {
            Err(Raise::value_error(format!("{} is not in range", cx.repr(&item)?)))
        }
        (_, None) => Err(Raise::value_error("sequence.index(x): x not in sequence")),
    }),
];

fn index(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [item, start, stop] = exact(args, &format!("{}.index", obj.native_name()), 1)?;
    let item = item.unwrap_or_default();
    let items = cx.iter_lenient(obj)?;
    if [&start, &stop].into_iter().flatten().any(|bound| bound.as_int().is_none()) {
        return Err(Raise::type_error("slice indices must be integers or have an __index__ method"));
    }
    let (start, stop) = range_of(items.len(), &start, &stop)?;
    for (at, candidate) in items.into_iter().enumerate().take(stop).skip(start) {
        if cx.equals(&candidate.defined()?, &item)? {
            return Ok(Obj::from(at));
        }
    }
    let text = match obj {
        Obj::Tuple(_) => "tuple.index(x): x not in tuple".to_owned(),
        _ => format!("{} is not in list", cx.repr(&item)?),
    };
    Err(Raise::value_error(text))
}

fn insert(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [at, item] = exact(args, "list.insert", 2)?;
    let at = want_int(&at.unwrap_or_default())?;
    let mut items = list(obj)?.borrow_mut();
    let len = items.len() as i64;
    let at = if at < 0 { (at + len).max(0) } else { at.min(len) };
    items.insert(at as usize, item.unwrap_or_default());
    Ok(Obj::None)
}

fn pop(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [at] = exact(args, "list.pop", 0)?;
    if let (Some(at), false) = (&at, list(obj)?.is_lazy()) {
        want_int(at)?;
    }
    if list(obj)?.borrow().is_empty() {
        return Err(Raise::python(Class::Index, "pop from empty list"));
    }
    let at = match at {
        None => -1,
        // In the words of a variable's list, which takes the item first.
        Some(at) => at.as_int().ok_or_else(|| {
            Raise::type_error(format!("list indices must be integers or slices, not {}", at.type_name()))
        })?,
    };
    let popped = {
        let mut items = list(obj)?.borrow_mut();
        let at = if at < 0 { at + items.len() as i64 } else { at };
        match usize::try_from(at).ok().filter(|at| *at < items.len()) {
            Some(at) => items.remove(at),
            None => return Err(Raise::python(Class::Index, "pop index out of range")),
        }
    };
    Ok(cx.force(popped))
}

fn remove(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [item] = exact(args, "list.remove", 1)?;
    let item = item.unwrap_or_default();
    for (at, candidate) in cx.iter_lenient(obj)?.into_iter().enumerate() {
        if cx.equals(&candidate.defined()?, &item)? {
            let mut items = list(obj)?.borrow_mut();
            if at < items.len() {
                items.remove(at);
            }
            return Ok(Obj::None);
        }
    }
    Err(Raise::value_error("list.remove(x): x not in list"))
}

fn reverse(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [] = exact(args, "list.reverse", 0)?;
    list(obj)?.borrow_mut().reverse();
    Ok(Obj::None)
}

fn sort(cx: &mut Cx<'_>, obj: &Obj, mut args: CallArgs) -> Result<Obj> {
    let reverse = args.take("reverse");
    let key = args.take("key").filter(|k| !k.is_none());
    if !args.positional.is_empty() {
        return Err(Raise::type_error("sort() takes no positional arguments"));
    }
    if let Some((name, _)) = args.named.first() {
        return Err(Raise::type_error(format!("'{name}' is an invalid keyword argument for sort()")));
    }
    let reverse = reverse.int(0)? != 0;
    let mut keyed = Vec::new();
    let items = if list(obj)?.is_lazy() { cx.iter(obj)? } else { cx.iter_lenient(obj)? };
    for item in items {
        let by = match &key {
            Some(key) => cx.call(key, CallArgs::positional([item.clone()]))?,
            None => item.clone(),
        };
        keyed.push((by, item));
    }
    if reverse {
        keyed.reverse();
    }
    // Where two items cannot be compared, the list stays as far as it was sorted.
    let outcome = sorting::sort(&mut keyed, |(a, _), (b, _)| cx.less(a, b));
    if reverse {
        keyed.reverse();
    }
    *list(obj)?.borrow_mut() = keyed.into_iter().map(|(_, item)| item).collect();
    outcome.map(|()| Obj::None)
}
