//! Filters of YAML: `to_yaml`, `to_nice_yaml`, `from_yaml`, `from_yaml_all`.

use super::support::{Got, alone};
use crate::template::bounds::value_fits;
use crate::template::cx::DEPTH;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};
use crate::value::{Dict, Text, Value};
use crate::yaml::{EmitStyle, emit, emit_shared};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

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
    let mut sharing = Sharing::default();
    sharing.find(input, 0);
    represented(cx, input, style.sort_keys)?;
    let value = sharing.value(cx, input)?;
    value_fits(&value)?;
    text_of(emit_shared(&value, style))
}

/// The containers that ansible-core hands on as they are, so that PyYAML sees that they are the same: those of
/// variables and of plugins. Those that a template writes are copied wherever they are read.
#[derive(Default)]
struct Sharing {
    seen: HashSet<usize>,
    own: HashSet<usize>,
    values: HashMap<usize, Value>,
}

impl Sharing {
    /// Finds them, before anything is read.
    fn find(&mut self, obj: &Obj, depth: usize) {
        if let Some(identity) = identity(obj) {
            if depth > DEPTH || !self.seen.insert(identity) {
                return;
            }
            if obj.is_lazy() {
                self.own.insert(identity);
            }
        }
        match obj {
            Obj::List(list) => list.borrow().iter().for_each(|item| self.find(item, depth + 1)),
            Obj::Tuple(items) => items.iter().for_each(|item| self.find(item, depth + 1)),
            Obj::Dict(dict) => dict.borrow().values().for_each(|item| self.find(item, depth + 1)),
            _ => {}
        }
    }

    /// An object as a value, in which containers are shared as they are in the object.
    fn value(&mut self, cx: &mut Cx<'_>, obj: &Obj) -> Result<Value, Raise> {
        let identity = identity(obj).filter(|identity| self.own.contains(identity));
        if let Some(known) = identity.and_then(|identity| self.values.get(&identity)) {
            return Ok(known.clone());
        }
        let value = match obj {
            Obj::List(_) | Obj::Tuple(_) => {
                let items = cx.iter_lenient(obj)?;
                let items =
                    cx.deeper(|cx| items.iter().map(|item| self.value(cx, item)).collect::<Result<Vec<_>, _>>());
                Value::list(items?)
            }
            Obj::Dict(_) => {
                let items = cx.items(obj)?;
                cx.deeper(|cx| {
                    // An empty one, too, is to be told from others.
                    let mut dict = Dict::with_capacity(items.len().max(1));
                    for (key, item) in &items {
                        dict.insert(cx.value(key)?, self.value(cx, item)?);
                    }
                    Ok(Value::Dict(dict))
                })?
            }
            other => sealed(&cx.value(other)?),
        };
        if let Some(identity) = identity {
            self.values.insert(identity, value.clone());
        }
        Ok(value)
    }
}

fn identity(obj: &Obj) -> Option<usize> {
    match obj {
        Obj::List(list) => Some(Rc::as_ptr(list).addr()),
        Obj::Dict(dict) => Some(Rc::as_ptr(dict).addr()),
        _ => None,
    }
}

/// Reads an object in the order in which it is written, and fails at the first that is undefined or no data.
fn represented(cx: &mut Cx<'_>, obj: &Obj, sorted: bool) -> Result<(), Raise> {
    let items = match obj {
        Obj::List(_) => cx.iter_lenient(obj)?,
        Obj::Tuple(items) if !items.is_group() => cx.iter_lenient(obj)?,
        Obj::Dict(_) | Obj::Map(_) => {
            let items = cx.items(obj)?;
            let in_order = sorted.then(|| cx.sort(items.clone(), |(key, _)| key.clone()).ok()).flatten();
            // A tuple as a key is what its own items are.
            let key_and_value = |(key, value)| [(!matches!(key, Obj::Tuple(_))).then_some(key), Some(value)];
            in_order.unwrap_or(items).into_iter().flat_map(key_and_value).flatten().collect()
        }
        other => {
            let data = match other {
                Obj::Omit | Obj::Undefined(_) | Obj::Range(_) | Obj::Delta(_) | Obj::Tuple(_) => false,
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
    text_of(emit(&value, style))
}

fn text_of(written: crate::diag::Result<String>) -> Got {
    written.map(Obj::from).map_err(|error| Raise::value_error(error.line()))
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
