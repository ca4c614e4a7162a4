//! Filters of set theory, in the order of the first list; Python's own order is arbitrary.

use super::lists::unique_items;
use super::support::{Got, given, hashable, sig};
use crate::template::ir::Op;
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise};
use indexmap::IndexSet;

/// The items of both lists, where all of them can be hashed; None where Python goes on without sets.
fn as_sets(cx: &mut Cx<'_>, a: &Obj, b: &Obj) -> Result<Option<[IndexSet<Obj>; 2]>, Raise> {
    let mut set = |list: &Obj| -> Result<IndexSet<Obj>, Raise> {
        cx.each(list)?.map(|item| item.and_then(|item| hashable(&item).map(|()| item))).collect()
    };
    match set(a).and_then(|a| Ok([a, set(b)?])) {
        Ok(both) => Ok(Some(both)),
        Err(raise) if raise.is(Class::Type) => Ok(None),
        Err(raise) => Err(raise),
    }
}

/// The items of one list that the other contains, or does not, each once.
fn within(cx: &mut Cx<'_>, a: &Obj, b: &Obj, wanted: bool) -> Result<Vec<Obj>, Raise> {
    let mut out = Vec::new();
    for item in cx.each(a)? {
        let item = item?;
        if cx.contains(b, &item)? == wanted {
            out.push(item);
        }
    }
    unique_items(cx, &Obj::list(out), true, &[], false)
}

fn intersection(cx: &mut Cx<'_>, a: &Obj, b: &Obj) -> Result<Vec<Obj>, Raise> {
    match as_sets(cx, a, b)? {
        Some([a, b]) => Ok(a.into_iter().filter(|item| b.contains(item)).collect()),
        None => within(cx, a, b, true),
    }
}

fn joined(cx: &mut Cx<'_>, a: &Obj, b: &Obj) -> Result<Vec<Obj>, Raise> {
    match as_sets(cx, a, b)? {
        Some([mut a, b]) => {
            a.extend(b);
            Ok(a.into_iter().collect())
        }
        None => {
            let all = cx.binary(Op::Add, a, b)?;
            unique_items(cx, &all, true, &[], false)
        }
    }
}

pub(super) fn intersect(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [other] = args.bind(&sig("intersect", 2, ["b"], 1))?;
    intersection(cx, &input, &given(other)).map(Obj::list)
}

pub(super) fn difference(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [other] = args.bind(&sig("difference", 2, ["b"], 1))?;
    let other = given(other);
    match as_sets(cx, &input, &other)? {
        Some([a, b]) => Ok(Obj::list(a.into_iter().filter(|item| !b.contains(item)))),
        None => within(cx, &input, &other, false).map(Obj::list),
    }
}

pub(super) fn symmetric_difference(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [other] = args.bind(&sig("symmetric_difference", 2, ["b"], 1))?;
    let other = given(other);
    if let Some([a, b]) = as_sets(cx, &input, &other)? {
        let only = |one: &IndexSet<Obj>, other: &IndexSet<Obj>| -> Vec<Obj> {
            one.iter().filter(|item| !other.contains(*item)).cloned().collect()
        };
        return Ok(Obj::list(only(&a, &b).into_iter().chain(only(&b, &a))));
    }
    let both = Obj::list(intersection(cx, &input, &other)?);
    let all = Obj::list(joined(cx, &input, &other)?);
    let mut out = Vec::new();
    for item in cx.iter(&all)? {
        if !cx.contains(&both, &item)? {
            out.push(item);
        }
    }
    Ok(Obj::list(out))
}

pub(super) fn union(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [other] = args.bind(&sig("union", 2, ["b"], 1))?;
    joined(cx, &input, &given(other)).map(Obj::list)
}
