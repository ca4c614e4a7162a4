//! Filters of JSON: `to_json`, `to_nice_json`, `from_json`, `tojson`.

use super::support::{Got, plain_json, sig, unstorable};
use crate::diag::Error;
use crate::template::World;
use crate::template::bounds::{text_fits, value_fits};
use crate::template::text::big_text;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};
use crate::value::{Dict, JsonStyle, Text, Value, key_text, parse_json_noting, write_json};
use indexmap::IndexMap;

/// The arguments of `json.dumps` that templates use.
struct Style {
    indent: Option<String>,
    sort_keys: bool,
    unicode: bool,
    item: String,
    key: String,
}

/// Reads the keyword arguments; the named ones of Ansible's own are passed over.
fn style(cx: &mut Cx<'_>, mut args: CallArgs, indent: Option<i64>, sort_keys: bool) -> Result<Style, Raise> {
    let indent = match args.take("indent") {
        None => indent.map(|n| " ".repeat(usize::try_from(n).unwrap_or(0))),
        Some(Obj::None) => None,
        Some(Obj::Str(text)) => Some(text.as_str().to_owned()),
        other => {
            let width = usize::try_from(other.int(0)?).unwrap_or(0);
            text_fits(width)?;
            Some(" ".repeat(width))
        }
    };
    let mut style = Style {
        sort_keys: args.take("sort_keys").truth(cx, sort_keys)?,
        unicode: !args.take("ensure_ascii").truth(cx, true)?,
        item: if indent.is_some() { ",".into() } else { ", ".into() },
        key: ": ".into(),
        indent,
    };
    if let Some(separators) = args.take("separators").filter(|s| !s.is_none())
        && let [item, key] = cx.iter(&separators)?.as_slice()
    {
        (style.item, style.key) = (cx.text(item)?, cx.text(key)?);
    }
    for known in ["vault_to_text", "preprocess_unsafe", "allow_nan", "skipkeys", "check_circular"] {
        args.take(known);
    }
    if let Some((name, _)) = args.named.first() {
        return match &**name {
            "profile" | "default" | "cls" => {
                Err(Raise::unsupported(format!("The argument '{name}' of to_json is not supported yet.")))
            }
            name => {
                Err(Raise::type_error(format!("JSONEncoder.__init__() got an unexpected keyword argument '{name}'")))
            }
        };
    }
    Ok(style)
}

/// An object as a value that JSON may have.
fn read(cx: &mut Cx<'_>, input: &Obj) -> Result<Value, Raise> {
    if let Some(shown) = unstorable(cx, input, 0)? {
        let kind = shown.type_name();
        let words = format!("Object of type '{kind}' is not JSON serializable by the 'tagless' profile.");
        return Err(Raise::type_error(words));
    }
    let value = if level_by_level(cx, input, 0)? {
        spread(cx, input).and_then(|input| cx.value(&input))
    } else {
        cx.value(input)
    };
    let value = value.map_err(|raise| not_serializable(&raise).unwrap_or(raise))?;
    value_fits(&value)?;
    Ok(value)
}

/// An object with lists where ranges are.
fn spread(cx: &mut Cx<'_>, obj: &Obj) -> Got {
    cx.deeper(|cx| {
        Ok(match obj {
            Obj::Range(_) => Obj::list(cx.iter(obj)?),
            Obj::List(_) | Obj::Tuple(_) => {
                let items = cx.iter_lenient(obj)?;
                Obj::list(items.iter().map(|item| spread(cx, item)).collect::<Result<Vec<_>, _>>()?)
            }
            Obj::Dict(_) => {
                let mut items = Vec::new();
                for (key, item) in cx.items(obj)? {
                    items.push((key, spread(cx, &item)?));
                }
                Obj::dict(items)
            }
            other => other.clone(),
        })
    })
}

fn written(value: &Value, style: &Style) -> Result<String, Raise> {
    let mut out = String::new();
    write(value, style, 0, &mut out)?;
    Ok(out)
}

/// Reads a container's items before what is in them, as the serializer does: the first undefined one speaks. Gives
/// whether there are ranges among them.
fn level_by_level(cx: &mut Cx<'_>, obj: &Obj, depth: usize) -> Result<bool, Raise> {
    let items = match obj {
        _ if depth >= crate::template::cx::DEPTH => return Ok(false),
        Obj::List(_) | Obj::Tuple(_) => cx.iter_lenient(obj)?,
        Obj::Dict(_) => cx.items(obj)?.into_iter().map(|(_, value)| value).collect(),
        other => return Ok(matches!(other, Obj::Range(_))),
    };
    cx.steps(items.len())?;
    items.iter().filter(|item| item.is_marker()).try_for_each(|item| item.clone().defined().map(drop))?;
    let mut ranges = false;
    for item in &items {
        ranges |= level_by_level(cx, item, depth + 1)?;
    }
    Ok(ranges)
}

/// What is no variable is no JSON either, in the serializer's words.
fn not_serializable(raise: &Raise) -> Option<Raise> {
    let text = raise.text();
    let kind = text.strip_prefix("Type '")?.strip_suffix("' is unsupported for variable storage.")?;
    Some(Raise::type_error(format!("Object of type '{kind}' is not JSON serializable by the 'tagless' profile.")))
}

fn write(value: &Value, style: &Style, depth: usize, out: &mut String) -> Result<(), Raise> {
    let plain = JsonStyle { unicode: style.unicode, ..JsonStyle::default() };
    let line = |out: &mut String, depth: usize| {
        if let Some(indent) = &style.indent {
            out.push('\n');
            (0..depth).for_each(|_| out.push_str(indent));
        }
    };
    match value {
        Value::List(items) if !items.is_empty() => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { &style.item } else { "" });
                line(out, depth + 1);
                write(item, style, depth + 1, out)?;
            }
            line(out, depth);
            out.push(']');
        }
        Value::Dict(dict) if !dict.is_empty() => {
            // Keys are texts before they are sorted: 10 comes before 9, and of 1 and "1" the last one stays.
            let mut items = IndexMap::new();
            for (key, item) in dict {
                if let Some(kind) = no_key(key) {
                    let words = format!("Key of type '{kind}' is not JSON serializable by the 'tagless' profile.");
                    return Err(Raise::type_error(words));
                }
                items.insert(key_text(key), item);
            }
            if style.sort_keys {
                items.sort_unstable_keys();
            }
            out.push('{');
            for (i, (key, item)) in items.into_iter().enumerate() {
                out.push_str(if i > 0 { &style.item } else { "" });
                line(out, depth + 1);
                out.push_str(&write_json(&Value::from(key), plain));
                out.push_str(&style.key);
                write(item, style, depth + 1, out)?;
            }
            line(out, depth);
            out.push('}');
        }
        Value::Bytes(_) => {
            let words = "Object of type 'bytes' is not JSON serializable by the 'tagless' profile.";
            return Err(Raise::type_error(words));
        }
        Value::BigInt(big) => out.push_str(&big_text(big)?),
        scalar => out.push_str(&write_json(scalar, plain)),
    }
    text_fits(out.len())
}

/// The type of a key that no JSON has.
fn no_key(key: &Value) -> Option<&'static str> {
    match key {
        Value::List(_) => Some("tuple"),
        Value::Date(_) | Value::DateTime(_) | Value::Time(_) => Some(key.type_name()),
        _ => None,
    }
}

/// A value whose keys are sorted as they are, as Python's own `json` does before they are texts.
pub(super) fn in_own_order(cx: &mut Cx<'_>, value: &Value) -> Result<Value, Raise> {
    Ok(match value {
        Value::List(items) => {
            Value::list(items.iter().map(|item| in_own_order(cx, item)).collect::<Result<Vec<_>, _>>()?)
        }
        Value::Dict(dict) => {
            let mut out = Dict::new();
            for (key, item) in cx.sort(dict.iter().collect(), |(key, _)| Obj::data(key))? {
                if let Some(kind) = no_key(key) {
                    let words = format!("keys must be str, int, float, bool or None, not {kind}");
                    return Err(Raise::type_error(words));
                }
                out.insert(key.clone(), in_own_order(cx, item)?);
            }
            Value::Dict(out)
        }
        other => other.clone(),
    })
}

pub(super) fn to_json(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    check_profile(&mut args)?;
    let style = style(cx, args, None, false)?;
    let value = read(cx, &input)?;
    written(&value, &style).map(Obj::from)
}

/// The default profile may be named; the others are the real one's own business.
fn check_profile(args: &mut CallArgs) -> Result<(), Raise> {
    let named = args.take("profile").or_else(|| (!args.positional.is_empty()).then(|| args.positional.remove(0)));
    match named.as_ref().map(Obj::as_str) {
        None | Some(Some("tagless")) => Ok(()),
        _ if matches!(named, Some(Obj::None)) => Ok(()),
        _ => Err(Raise::unsupported("JSON profiles other than 'tagless' are not supported yet.")),
    }
}

pub(super) fn to_nice_json(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    args.take("separators");
    let mut positional = std::mem::take(&mut args.positional).into_iter();
    for name in ["indent", "sort_keys"] {
        if let Some(value) = positional.next() {
            args.named.push((name.into(), value));
        }
    }
    check_profile(&mut args)?;
    let style = style(cx, args, Some(4), true)?;
    let value = read(cx, &input)?;
    written(&value, &style).map(Obj::from)
}

/// The setting that refuses what is no UTF-8.
const STRICT: &str = "MODULE_STRICT_UTF8_RESPONSE";

pub(super) fn from_json(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    check_profile(&mut args)?;
    if let Some((name, _)) = args.named.first() {
        return Err(Raise::unsupported(format!("The argument '{name}' of from_json is not supported yet.")));
    }
    let text = match &input {
        Obj::Str(text) => text.as_str().to_owned(),
        Obj::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => {
            return Err(Raise::type_error(format!(
                "the JSON object must be str, bytes or bytearray, not {}",
                match other {
                    Obj::List(_) => "_AnsibleLazyTemplateList",
                    Obj::Dict(_) => "_AnsibleLazyTemplateDict",
                    other => other.type_name(),
                }
            )));
        }
    };
    let setting = |world: &World| world.settings.get(STRICT).is_none_or(|(value, _)| value.truthy());
    match parse_json_noting(&text) {
        Ok((_, Some(alone))) if cx.with_world(setting) => {
            let text = format!(
                "Refusing to deserialize an invalid UTF8 string value: 'utf-8' codec can't encode character \
                 '\\u{:04x}' in position {}: surrogates not allowed",
                alone.code, alone.position
            );
            let help = format!("This check can be disabled with the `{STRICT}` setting.");
            Err(Error::user(text)
                .help(help)
                .apart()
                .context("The filter plugin 'ansible.builtin.from_json' failed.")
                .into())
        }
        Ok((value, _)) => Ok(Obj::data(&value)),
        Err(error) => Err(Raise::value_error(error.to_string())),
    }
}

pub(super) fn tojson(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [indent] = args.bind(&sig("do_tojson", 2, ["indent"], 0))?;
    let named = indent.map(|indent| (std::sync::Arc::from("indent"), indent)).into_iter().collect();
    let style = style(cx, CallArgs { positional: Vec::new(), named }, None, false)?;
    plain_json(cx, &input)?;
    let value = read(cx, &input)?;
    let text = written(&in_own_order(cx, &value)?, &style)?;
    let escapes = [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\'', "\\u0027")];
    Ok(Obj::Str(Text::markup(escapes.iter().fold(text, |text, (from, to)| text.replace(*from, to)))))
}
