//! Tests of a task's registered result, and of truth.

use crate::template::filters::support::{alone, hashable, is_mapping, sig};
use crate::template::raise::Class;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};

type Verdict = Result<bool, Raise>;

/// The truth of a key of a result; the complaint about what is no result.
fn flag(cx: &mut Cx<'_>, input: &Obj, key: &str, test: &str) -> Verdict {
    if !is_mapping(input) {
        return Err(Raise::ansible(format!("The '{test}' test expects a dictionary")));
    }
    match cx.dict_get(input, key)? {
        Some(value) => cx.truthy(&value),
        None => Ok(false),
    }
}

pub(super) fn failed(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "failed")?;
    flag(cx, &input, "failed", "failed")
}

pub(super) fn succeeded(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "success")?;
    flag(cx, &input, "failed", "failed").map(|failed| !failed)
}

pub(super) fn unreachable(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "unreachable")?;
    flag(cx, &input, "unreachable", "unreachable")
}

pub(super) fn reachable(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "reachable")?;
    flag(cx, &input, "unreachable", "unreachable").map(|unreachable| !unreachable)
}

pub(super) fn skipped(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "skipped")?;
    flag(cx, &input, "skipped", "skipped")
}

pub(super) fn changed(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "changed")?;
    let own = flag(cx, &input, "changed", "changed")?;
    if own || cx.dict_get(&input, "changed")?.is_some() {
        return Ok(own);
    }
    // A loop's result without a verdict of its own: that of its items.
    let Some(results @ Obj::List(_)) = cx.dict_get(&input, "results")? else {
        return Ok(false);
    };
    for result in cx.iter_lenient(&results)? {
        if is_mapping(&result) && flag(cx, &result, "changed", "changed")? {
            return Ok(true);
        }
    }
    Ok(false)
}

pub(super) fn timedout(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "timedout")?;
    if !flag(cx, &input, "timedout", "timedout")? {
        return Ok(false);
    }
    match cx.dict_get(&input, "timedout")? {
        Some(timedout) if is_mapping(&timedout) => flag(cx, &timedout, "period", "timedout"),
        Some(other) => Err(crate::template::filters::support::no_attribute(&other, "get")),
        None => Ok(false),
    }
}

/// `started` and `finished`: true, with a warning, for what never was asynchronous.
fn asynchronous(cx: &mut Cx<'_>, input: &Obj, name: &str) -> Verdict {
    let verdict = flag(cx, input, name, name)?;
    if cx.dict_get(input, name)?.is_some() {
        return Ok(verdict);
    }
    cx.warn(format!("The '{name}' test expects an async task, but a non-async task was tested"));
    Ok(true)
}

pub(super) fn started(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "started")?;
    asynchronous(cx, &input, "started")
}

pub(super) fn finished(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    alone(args, "finished")?;
    asynchronous(cx, &input, "finished")
}

fn truth(cx: &mut Cx<'_>, input: &Obj, args: CallArgs, func: &'static str) -> Verdict {
    let [convert] = args.bind(&sig(func, 1, ["convert_bool"], 0))?;
    let convert = convert.truth(cx, false)?;
    if convert && matches!(input, Obj::Tuple(_)) {
        // A tuple is no word, but is hashed to find that out, which reads what is in it.
        match hashable(input) {
            Err(raise) if !raise.is(Class::Type) => return Err(raise),
            _ => {}
        }
    } else if convert {
        let text = match input {
            Obj::Bytes(bytes) => String::from_utf8_lossy(bytes).to_lowercase(),
            other => cx.text(other)?.to_lowercase(),
        };
        match text.trim() {
            "y" | "yes" | "on" | "1" | "true" | "t" | "1.0" => return Ok(true),
            "n" | "no" | "off" | "0" | "false" | "f" | "0.0" => return Ok(false),
            _ => {}
        }
    }
    cx.truthy(input)
}

pub(super) fn truthy(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    truth(cx, &input, args, "truthy")
}

pub(super) fn falsy(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Verdict {
    truth(cx, &input, args, "falsy").map(|truth| !truth)
}
