//! Methods of sets.

use super::{Result, Table, exact};
use crate::template::{CallArgs, Class, Cx, Obj, Raise, SetCell};
use indexmap::IndexSet;

pub(super) const METHODS: Table = &[
    ("add", add),
    ("clear", clear),
    ("copy", union),
    ("difference", difference),
    ("discard", discard),
    ("intersection", intersection),
    ("isdisjoint", isdisjoint),
    ("issubset", issubset),
    ("issuperset", issuperset),
    ("pop", pop),
    ("remove", remove),
    ("symmetric_difference", symmetric_difference),
    ("union", union),
    ("update", update),
];

fn set(obj: &Obj) -> Result<&SetCell> {
    match obj {
        Obj::Set(set) => Ok(set),
        other => Err(Raise::type_error(format!("expected set, got {}", other.type_name()))),
    }
}

fn others(cx: &mut Cx<'_>, args: CallArgs) -> Result<Vec<IndexSet<Obj>>> {
    let mut out = Vec::new();
    for obj in args.positional {
        let items = cx.iter(&obj)?;
        items.iter().try_for_each(Obj::check_hashable)?;
        out.push(items.into_iter().collect());
    }
    Ok(out)
}

fn add(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [item] = exact(args, "set.add", 1)?;
    let item = item.unwrap_or_default();
    item.check_hashable()?;
    set(obj)?.borrow_mut().insert(item);
    Ok(Obj::None)
}

fn clear(_: &mut Cx<'_>, obj: &Obj, _: CallArgs) -> Result<Obj> {
    set(obj)?.borrow_mut().clear();
    Ok(Obj::None)
}

fn union(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let others = others(cx, args)?;
    let mut out = set(obj)?.borrow().clone();
    out.extend(others.into_iter().flatten());
    Ok(Obj::set(out))
}

fn update(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let others = others(cx, args)?;
    set(obj)?.borrow_mut().extend(others.into_iter().flatten());
    Ok(Obj::None)
}

fn difference(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let others = others(cx, args)?;
    let mine = set(obj)?.borrow();
    Ok(Obj::set(mine.iter().filter(|i| !others.iter().any(|o| o.contains(*i))).cloned().collect::<Vec<_>>()))
}

fn intersection(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let others = others(cx, args)?;
    let mine = set(obj)?.borrow();
    Ok(Obj::set(mine.iter().filter(|i| others.iter().all(|o| o.contains(*i))).cloned().collect::<Vec<_>>()))
}

fn symmetric_difference(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let other = others(cx, args)?.pop().unwrap_or_default();
    let mine = set(obj)?.borrow();
    Ok(Obj::set(mine.symmetric_difference(&other).cloned().collect::<Vec<_>>()))
}

fn isdisjoint(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let other = others(cx, args)?.pop().unwrap_or_default();
    Ok(Obj::Bool(set(obj)?.borrow().is_disjoint(&other)))
}

fn issubset(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let other = others(cx, args)?.pop().unwrap_or_default();
    Ok(Obj::Bool(set(obj)?.borrow().is_subset(&other)))
}

fn issuperset(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let other = others(cx, args)?.pop().unwrap_or_default();
    Ok(Obj::Bool(set(obj)?.borrow().is_superset(&other)))
}

fn discard(_: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [item] = exact(args, "set.discard", 1)?;
    set(obj)?.borrow_mut().shift_remove(&item.unwrap_or_default());
    Ok(Obj::None)
}

fn remove(cx: &mut Cx<'_>, obj: &Obj, args: CallArgs) -> Result<Obj> {
    let [item] = exact(args, "set.remove", 1)?;
    let item = item.unwrap_or_default();
    if set(obj)?.borrow_mut().shift_remove(&item) {
        return Ok(Obj::None);
    }
    Err(Raise::python(Class::Key, cx.repr(&item)?))
}

fn pop(_: &mut Cx<'_>, obj: &Obj, _: CallArgs) -> Result<Obj> {
    let first = set(obj)?.borrow_mut().shift_remove_index(0);
    first.ok_or_else(|| Raise::python(Class::Key, "'pop from an empty set'"))
}
