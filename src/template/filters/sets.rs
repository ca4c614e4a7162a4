//! Filters of set theory, in the order of the first list; Python's own order is arbitrary.

use super::lists::{member, unique_items};
use super::support::{Got, given, plugin_type, sig};
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise};

/// Both lists, and whether all their items are hashable.
fn both(cx: &mut Cx<'_>, input: &Obj, args: CallArgs, func: &'static str) -> Result<(Vec<Obj>, Vec<Obj>, bool), Raise> {
    let [other] = args.bind(&sig(func, 2, ["b"], 1))?;
    let (a, other) = (cx.iter(input)?, given(other));
    let b = match cx.iter(&other) {
        Err(raise) if raise.is(Class::Type) && !a.is_empty() => {
            let kind = plugin_type(&other);
            return Err(Raise::type_error(match func {
                "union" => format!("can only concatenate list (not \"{kind}\") to list"),
                _ => format!("argument of type '{kind}' is not iterable"),
            }));
        }
        other => other?,
    };
    let hashable = a.iter().chain(&b).all(|item| item.check_hashable().is_ok());
    Ok((a, b, hashable))
}

/// The items of a list that are in another, or are not.
fn within(cx: &mut Cx<'_>, a: &[Obj], b: &[Obj], wanted: bool, hashable: bool) -> Result<Vec<Obj>, Raise> {
    let set: indexmap::IndexSet<&Obj> = if hashable { b.iter().collect() } else { indexmap::IndexSet::new() };
    let mut out = Vec::new();
    for item in a {
        let found = if hashable { set.contains(item) } else { member(cx, b, item)? };
        if found == wanted {
            out.push(item.clone());
        }
    }
    unique_items(cx, &Obj::list(out), true, &[], false)
}

pub(super) fn intersect(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let (a, b, hashable) = both(cx, &input, args, "intersect")?;
    within(cx, &a, &b, true, hashable).map(Obj::list)
}

pub(super) fn difference(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let (a, b, hashable) = both(cx, &input, args, "difference")?;
    within(cx, &a, &b, false, hashable).map(Obj::list)
}

pub(super) fn symmetric_difference(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let (a, b, hashable) = both(cx, &input, args, "symmetric_difference")?;
    let mut out = within(cx, &a, &b, false, hashable)?;
    out.extend(within(cx, &b, &a, false, hashable)?);
    Ok(Obj::list(out))
}

pub(super) fn union(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let (a, b, _) = both(cx, &input, args, "union")?;
    let all = Obj::list(a.into_iter().chain(b));
    unique_items(cx, &all, true, &[], false).map(Obj::list)
}
