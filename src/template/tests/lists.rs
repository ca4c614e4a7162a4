//! Tests of containers and numbers: `contains`, `any`, `all`, `subset`, `nan`.

use super::plain::among_known;
use crate::template::filters::lists::member;
use crate::template::filters::support::{alone, given, hashable, sig};
use crate::template::{CallArgs, Cx, Obj, Raise};

type Verdict = Result<bool, Raise>;

pub(super) fn contains(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [value] = args.bind(&sig("contains", 1, ["value"], 1))?;
    let value = given(value);
    among_known(cx, &input, &value)?;
    cx.contains(&input, &value)
}

fn builtin_alone(args: &CallArgs, name: &str) -> Result<(), Raise> {
    if args.is_empty() {
        return Ok(());
    }
    let count = args.positional.len() + args.named.len() + 1;
    Err(Raise::type_error(format!("{name}() takes exactly one argument ({count} given)")))
}

pub(super) fn all(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    builtin_alone(&args, "all")?;
    for item in cx.iter_lenient(&input)? {
        if !cx.truthy(&item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn any(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    builtin_alone(&args, "any")?;
    for item in cx.iter_lenient(&input)? {
        if cx.truthy(&item)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether all items of one are in the other; both must be hashable, as for Python's `set`.
fn within(cx: &mut Cx<'_>, input: &Obj, other: &Obj, turned: bool) -> Verdict {
    let mut set = |list: &Obj| -> Result<Vec<Obj>, Raise> {
        cx.each(list)?.map(|item| item.and_then(|item| hashable(&item).map(|()| item))).collect()
    };
    let (a, b) = (set(input)?, set(other)?);
    let (small, large) = if turned { (&b, &a) } else { (&a, &b) };
    for item in small {
        if !member(cx, large, item)? {
            return Ok(false);
        }
    }
    Ok(true)
}

pub(super) fn subset(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [other] = args.bind(&sig("issubset", 1, ["b"], 1))?;
    within(cx, &input, &given(other), false)
}

pub(super) fn superset(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    let [other] = args.bind(&sig("issuperset", 1, ["b"], 1))?;
    within(cx, &input, &given(other), true)
}

pub(super) fn nan(_cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "isnotanumber")?;
    if let Obj::Undefined(u) = &input {
        return Err(u.used());
    }
    Ok(input.as_number().is_some_and(f64::is_nan))
}
