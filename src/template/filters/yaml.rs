//! Filters of YAML: `to_yaml`, `to_nice_yaml`, `from_yaml`, `from_yaml_all`.

use super::support::{Got, alone};
use crate::template::bounds::value_fits;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};
use crate::value::{Text, Value};
use crate::yaml::{EmitStyle, emit};

/// The keyword arguments of `yaml.dump` on top of a filter's own style.
pub(super) fn styled(cx: &mut Cx<'_>, mut args: CallArgs, mut style: EmitStyle) -> Result<EmitStyle, Raise> {
    let int = |args: &mut CallArgs, name: &str| -> Result<Option<i32>, Raise> {
        match args.take(name) {
            None | Some(Obj::None) => Ok(None),
            some => some.int(0).map(|n| i32::try_from(n).ok()),
        }
    };
    for given in ["Dumper", "allow_unicode"] {
        if args.take(given).is_some() {
            let words = format!("yaml.dump() got multiple values for keyword argument '{given}'");
            return Err(Raise::type_error(words));
        }
    }
    if let Some(indent) = int(&mut args, "indent")? {
        style.indent = indent;
    }
    if let Some(width) = int(&mut args, "width")? {
        style.width = width;
    }
    match args.take("default_flow_style") {
        None => {}
        Some(Obj::None) => style.default_flow_style = None,
        some => style.default_flow_style = Some(some.truth(cx, false)?),
    }
    match args.take("default_style") {
        None | Some(Obj::None) => {}
        Some(text) => style.default_style = cx.text(&text)?.chars().next(),
    }
    for (name, slot) in [
        ("sort_keys", &mut style.sort_keys),
        ("explicit_start", &mut style.explicit_start),
        ("explicit_end", &mut style.explicit_end),
        ("canonical", &mut style.canonical),
    ] {
        *slot = args.take(name).truth(cx, *slot)?;
    }
    for known in ["encoding", "line_break", "version", "tags"] {
        if args.take(known).is_some_and(|value| !value.is_none()) {
            return Err(Raise::unsupported(format!("The argument '{known}' of to_yaml is not supported yet.")));
        }
    }
    match args.named.first() {
        Some((name, _)) => Err(Raise::type_error(format!("dump_all() got an unexpected keyword argument '{name}'"))),
        None => Ok(style),
    }
}

fn dumped(cx: &mut Cx<'_>, input: &Obj, style: &EmitStyle) -> Got {
    represented(cx, input, style.sort_keys)?;
    written(cx, input, style)
}

/// Reads an object in the order in which it is written, and fails at the first that is undefined or no data.
fn represented(cx: &mut Cx<'_>, obj: &Obj, sorted: bool) -> Result<(), Raise> {
    let items = match obj {
        Obj::List(_) | Obj::Tuple(_) => cx.iter_lenient(obj)?,
        Obj::Dict(_) | Obj::Map(_) => {
            let items = cx.items(obj)?;
            let in_order = sorted.then(|| cx.sort(items.clone(), |(key, _)| key.clone()).ok()).flatten();
            in_order.unwrap_or(items).into_iter().map(|(_, value)| value).collect()
        }
        other => {
            let data = match other {
                Obj::Omit | Obj::Undefined(_) | Obj::Range(_) | Obj::Delta(_) => false,
                Obj::Special(special) => !special.callable(),
                Obj::Str(text) => !text.is_markup(),
                _ => true,
            };
            return match data {
                true => Ok(()),
                false => Err(Raise::value_error(format!("('cannot represent an object', {})", cx.repr(other)?))),
            };
        }
    };
    cx.deeper(|cx| items.into_iter().try_for_each(|item| represented(cx, &item.defined()?, sorted)))
}

/// An object as YAML, where it is what a variable can have.
pub(super) fn written(cx: &mut Cx<'_>, input: &Obj, style: &EmitStyle) -> Got {
    let value = sealed(&cx.value(input)?);
    value_fits(&value)?;
    match emit(&value, style) {
        Ok(text) => Ok(text.into()),
        Err(error) => Err(Raise::value_error(error.line())),
    }
}

/// A value whose decrypted texts are encrypted ones again: YAML shows those as they were written.
fn sealed(value: &Value) -> Value {
    match value {
        Value::Str(text) => text.cipher().map_or_else(|| value.clone(), |cipher| Value::Vault(Text::data(cipher))),
        Value::List(items) => Value::list(items.iter().map(sealed)),
        Value::Dict(dict) => Value::Dict(dict.iter().map(|(key, item)| (key.clone(), sealed(item))).collect()),
        other => other.clone(),
    }
}

pub(super) fn to_yaml(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    // Further positional arguments are passed over, as the real one does.
    args.positional.clear();
    let style = styled(cx, args, EmitStyle::terse())?;
    dumped(cx, &input, &style)
}

pub(super) fn to_nice_yaml(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    if let Some(indent) = std::mem::take(&mut args.positional).into_iter().next() {
        args.named.push(("indent".into(), indent));
    }
    let style = styled(cx, args, EmitStyle::nice())?;
    dumped(cx, &input, &style)
}

pub(super) fn from_yaml(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "from_yaml")?;
    match &input {
        // The parser of ansible-core wants a text of Python's own class.
        Obj::Str(text) if text.is_markup() => Err(Raise::value_error("a string or stream input is required")),
        Obj::Str(text) => match crate::yaml::from_yaml(text.as_str(), false) {
            Ok(value) => Ok(Obj::data(&value)),
            Err(error) => Err(Raise::value_error(error.to_string())),
        },
        Obj::None => Ok(input),
        _ => {
            let kind = input.type_name();
            cx.deprecate(&format!("The from_yaml filter ignored non-string input of type '{kind}'."), "2.23", "");
            Ok(input)
        }
    }
}

pub(super) fn from_yaml_all(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "from_yaml_all")?;
    match &input {
        // The parser of ansible-core wants a text of Python's own class.
        Obj::Str(text) if text.is_markup() => Err(Raise::value_error("a string or stream input is required")),
        Obj::Str(text) => match crate::yaml::from_yaml_all(text.as_str(), false) {
            Ok(values) => Ok(Obj::list(values.iter().map(Obj::data))),
            Err(error) => Err(Raise::value_error(error.to_string())),
        },
        Obj::None => Ok(Obj::list([])),
        _ => {
            let kind = input.type_name();
            cx.deprecate(&format!("The from_yaml_all filter ignored non-string input of type '{kind}'."), "2.23", "");
            Ok(input)
        }
    }
}
