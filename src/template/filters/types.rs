//! Filters about types and presence: `default`, `bool`, `ternary`, `mandatory`, `string`, …

use super::support::{Got, alone, given, sig, some};
use crate::template::raise::{Class, Missing};
use crate::template::{CallArgs, Cx, Obj, Raise};

pub(super) fn default(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [value, boolean] = args.bind(&sig("ansible_default", 1, ["default_value", "boolean"], 0))?;
    let boolean = match boolean {
        None => false,
        Some(Obj::Bool(b)) => b,
        Some(other) => {
            let other = other.defined()?;
            return Err(Raise::type_error(format!(
                "The `boolean` argument must be of type `bool`, not `{}`.",
                other.type_name()
            )));
        }
    };
    let fallback = || value.clone().unwrap_or_else(|| Obj::str(""));
    match input {
        Obj::Undefined(_) if input.is_marker() => Ok(fallback()),
        Obj::Failed(_) => Ok(input),
        input if boolean && !cx.truthy(&input)? => Ok(fallback()),
        input => Ok(input),
    }
}

pub(super) fn mandatory(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [msg] = args.bind(&sig("mandatory", 1, ["msg"], 0))?;
    let Obj::Undefined(undefined) = &input else {
        return Ok(input);
    };
    if let Some(msg) = some(msg) {
        return Err(Raise::ansible(cx.text(&msg)?));
    }
    let name = match &undefined.what {
        Missing::Name(name) => format!("{} ", crate::value::str_repr(name)),
        Missing::Attribute { name, .. } => format!("{name} "),
        _ => String::new(),
    };
    Err(Raise::ansible(format!("Mandatory variable {name}not defined.")))
}

pub(super) fn bool(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "to_bool")?;
    let text = match &input {
        Obj::Str(text) => text.as_str().to_lowercase(),
        Obj::Bool(_) | Obj::Int(_) | Obj::Big(_) => cx.text(&input)?.to_lowercase(),
        _ => String::new(),
    };
    match text.as_str() {
        "yes" | "on" | "true" | "1" => return Ok(true.into()),
        "no" | "off" | "false" | "0" => return Ok(false.into()),
        _ => {}
    }
    let result = matches!(input, Obj::Float(f) if f == 1.0);
    let shown = cx.repr(&input)?;
    let word = if result { "True" } else { "False" };
    let kind = input.type_name().to_owned();
    cx.warn(format!("The `bool` filter coerced invalid value {shown} ({kind}) to {word}."));
    Ok(result.into())
}

pub(super) fn ternary(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [yes, no, none] = args.bind(&sig("ternary", 1, ["true_val", "false_val", "none_val"], 2))?;
    if input.is_none() {
        if let Some(none) = some(none) {
            return Ok(none);
        }
    }
    Ok(given(if cx.truthy(&input)? { yes } else { no }))
}

pub(super) fn type_debug(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let _ = cx;
    alone(args, "type_debug")?;
    Ok(match &input {
        Obj::Undefined(_) => "UndefinedMarker".into(),
        Obj::Failed(_) => "CapturedExceptionMarker".into(),
        other => other.type_name().to_owned().into(),
    })
}

pub(super) fn string(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "soft_str")?;
    match input {
        Obj::Str(_) => Ok(input),
        other => cx.text(&other).map(Obj::from),
    }
}

pub(super) fn pprint(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "do_pprint")?;
    let mut out = String::new();
    pretty(cx, &input, 0, 0, &mut out)?;
    Ok(out.into())
}

/// `pprint.pformat`: on one line where it fits into 80 columns, else an item a line; keys sorted.
fn pretty(cx: &mut Cx<'_>, obj: &Obj, indent: usize, allowance: usize, out: &mut String) -> Result<(), Raise> {
    let flat = flat_repr(cx, obj)?;
    if flat.chars().count() + indent + allowance <= 80 {
        out.push_str(&flat);
        return Ok(());
    }
    match obj {
        Obj::Dict(_) | Obj::Map(_) => {
            let items = cx.items(obj)?;
            let items = sorted_items(cx, items)?;
            out.push('{');
            let last = items.len().saturating_sub(1);
            for (i, (key, value)) in items.iter().enumerate() {
                let name = cx.repr(key)?;
                out.push_str(&name);
                out.push_str(": ");
                let rest = if i == last { allowance + 1 } else { 1 };
                pretty(cx, value, indent + name.chars().count() + 3, rest, out)?;
                if i < last {
                    out.push_str(",\n");
                    out.push_str(&" ".repeat(indent + 1));
                }
            }
            out.push('}');
        }
        Obj::List(_) | Obj::Tuple(_) => {
            let items = cx.iter(obj)?;
            let (open, close) = if matches!(obj, Obj::Tuple(_)) { ("(", ")") } else { ("[", "]") };
            out.push_str(open);
            let last = items.len().saturating_sub(1);
            for (i, item) in items.iter().enumerate() {
                pretty(cx, item, indent + 1, if i == last { allowance + 1 } else { 1 }, out)?;
                if i < last {
                    out.push_str(",\n");
                    out.push_str(&" ".repeat(indent + 1));
                }
            }
            out.push_str(close);
        }
        _ => out.push_str(&flat),
    }
    Ok(())
}

fn sorted_items(cx: &mut Cx<'_>, items: Vec<(Obj, Obj)>) -> Result<Vec<(Obj, Obj)>, Raise> {
    match cx.sort(items.clone(), |item| item.0.clone()) {
        Ok(sorted) => Ok(sorted),
        Err(raise) if raise.is(Class::Type) => Ok(items),
        Err(raise) => Err(raise),
    }
}

fn flat_repr(cx: &mut Cx<'_>, obj: &Obj) -> Result<String, Raise> {
    Ok(match obj {
        Obj::Dict(_) | Obj::Map(_) => {
            let items = cx.items(obj)?;
            let mut parts = Vec::new();
            for (key, value) in sorted_items(cx, items)? {
                parts.push(format!("{}: {}", cx.repr(&key)?, flat_repr(cx, &value)?));
            }
            format!("{{{}}}", parts.join(", "))
        }
        Obj::List(_) => {
            let mut parts = Vec::new();
            for item in cx.iter(obj)? {
                parts.push(flat_repr(cx, &item)?);
            }
            format!("[{}]", parts.join(", "))
        }
        other => cx.repr(other)?,
    })
}
