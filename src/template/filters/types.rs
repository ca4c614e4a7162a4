//! Filters about types and presence: `default`, `bool`, `ternary`, `mandatory`, `string`, …

use super::support::{Got, alone, given, sig, some};
use crate::template::raise::Missing;
use crate::template::{CallArgs, Cx, Obj, Raise};

pub(super) fn default(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [value, boolean] = args.bind(&sig("ansible_default", 1, ["default_value", "boolean"], 0))?;
    let boolean = match boolean {
        None => false,
        Some(Obj::Bool(b)) => b,
        Some(other) => {
            let other = other.defined()?;
            return Err(Raise::type_error(format!(
                "The 'boolean' argument must be of type 'bool', not '{}'.",
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
    let undefined = match &input {
        Obj::Undefined(undefined) if input.is_marker() => undefined,
        // The undefined of an `if` without `else` is a value to it.
        _ => return Ok(input),
    };
    if let Some(msg) = some(msg) {
        let words = Some(cx.text(&msg)?.trim().to_owned()).filter(|words| !words.is_empty());
        return Err(Raise::ansible(words.unwrap_or_else(|| "Unexpected AnsibleTemplatePluginError error.".into())));
    }
    let name = match &undefined.what {
        Missing::Name(name) => format!("{} ", crate::value::str_repr(name)),
        // The name of an attribute is its repr already, that of an item is not.
        Missing::Attribute { name, .. } if name.starts_with(['\'', '"']) => format!("{name} "),
        Missing::Attribute { name, .. } => format!("{} ", crate::value::str_repr(name)),
        // jinja2's own words, for a key that is false.
        // An attribute that is hidden, what a macro was not given.
        Missing::Hint(text) if ["access to attribute '", "parameter '"].iter().any(|start| text.starts_with(start)) => {
            format!("'{}' ", text.split('\'').nth(1).unwrap_or_default())
        }
        Missing::Hint(text) => match text.split_once(" has no attribute ").or(text.split_once(" has no element ")) {
            Some((_, name)) if name.starts_with(['\'', '"']) => format!("{name} "),
            Some((_, "None")) | None => String::new(),
            Some((_, name)) => format!("{} ", crate::value::str_repr(name)),
        },
        Missing::Else(_) => String::new(),
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
    let kind = input.native_name().to_owned();
    cx.deprecate(&format!("The `bool` filter coerced invalid value {shown} ({kind}) to {word}."), "2.23", "");
    Ok(result.into())
}

pub(super) fn ternary(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [yes, no, none] = args.bind(&sig("ternary", 1, ["true_val", "false_val", "none_val"], 2))?;
    if input.is_none()
        && let Some(none) = some(none)
    {
        return Ok(none);
    }
    Ok(given(if cx.truthy(&input)? { yes } else { no }))
}

pub(super) fn type_debug(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let _ = cx;
    alone(args, "type_debug")?;
    Ok(match &input {
        Obj::Undefined(_) if input.is_marker() => "UndefinedMarker".into(),
        Obj::Failed(_) => "CapturedExceptionMarker".into(),
        Obj::Tuple(items) if items.is_group() => "GroupTuple".into(),
        other => other.native_name().to_owned().into(),
    })
}

pub(super) fn string(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "soft_str")?;
    match input {
        Obj::Str(_) => Ok(input),
        other => cx.text(&other).map(Obj::from),
    }
}
