//! `reveal_ansible_type` and the test `ansible_type`; `unicode_normalize`; YAML as `community.general` writes it.

use crate::template::filters::support::{Got, class_of, given, is_mapping, is_sequence, sig, some};
use crate::template::filters::yaml::{self, styled};
use crate::template::iterate::unstorable;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};
use crate::yaml::EmitStyle;
use std::collections::BTreeSet;
use unicode_normalization::UnicodeNormalization;

pub(in crate::template::filters) fn reveal_ansible_type(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [alias] = args.bind(&sig("reveal_ansible_type", 1, ["alias"], 0))?;
    revealed(cx, &input, alias).map(Obj::from)
}

/// The test: whether a type is one of those named.
pub(in crate::template) fn ansible_type(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Result<bool, Raise> {
    let [wanted, alias] = args.bind(&sig("ansible_type", 1, ["dtype", "alias"], 1))?;
    let wanted = given(wanted);
    if !is_sequence(&wanted) && wanted.as_str().is_none() {
        return Err(Raise::type_error("not all arguments converted during string formatting"));
    }
    let kind = Obj::from(revealed(cx, &input, alias)?);
    if wanted.as_str().is_some() { cx.equals(&wanted, &kind) } else { cx.contains(&wanted, &kind) }
}

/// A type by its name, of a container with the types in it: `dict[str, int|str]`.
///
/// Only texts have tags here: a variable's number is an `int`, where ansible-core has an `_AnsibleTaggedInt`.
fn revealed(cx: &mut Cx<'_>, obj: &Obj, alias: Option<Obj>) -> Result<String, Raise> {
    let alias = some(alias);
    if let Some(other) = alias.as_ref().filter(|alias| !is_mapping(alias)) {
        let (shown, class) = (cx.text(other)?, class_of(other));
        return Err(Raise::ansible(format!("The argument alias must be a dictionary. {shown} is {class}")));
    }
    let kind = named(cx, obj, &alias)?;
    let all = |cx: &mut Cx<'_>, items: Vec<Obj>| -> Result<String, Raise> {
        let mut names = BTreeSet::new();
        for item in items {
            names.insert(named(cx, &item.defined()?, &alias)?);
        }
        Ok(names.into_iter().collect::<Vec<_>>().join("|"))
    };
    match obj {
        Obj::List(list) if kind == "list" && !list.borrow().is_empty() => {
            let items = cx.iter(obj)?;
            Ok(format!("list[{}]", all(cx, items)?))
        }
        Obj::Dict(dict) if kind == "dict" && !dict.borrow().is_empty() => {
            let (keys, values) = cx.items(obj)?.into_iter().unzip();
            Ok(format!("dict[{}, {}]", all(cx, keys)?, all(cx, values)?))
        }
        _ => Ok(kind),
    }
}

fn named(cx: &mut Cx<'_>, obj: &Obj, alias: &Option<Obj>) -> Result<String, Raise> {
    let kind = match obj {
        Obj::List(_) | Obj::Dict(_) => obj.native_name(),
        other => other.type_name(),
    };
    let other = match alias {
        Some(alias) => cx.dict_get(alias, kind)?,
        None => None,
    };
    match other {
        Some(name) => cx.text(&name),
        None => Ok(kind.to_owned()),
    }
}

pub(in crate::template::filters) fn unicode_normalize(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [form] = args.bind(&sig("unicode_normalize", 1, ["form"], 0))?;
    let Some(text) = input.as_str() else {
        return Err(Raise::type_error(format!("{} is not a valid input type", class_of(&input))));
    };
    let normal: String = match form.string("NFC") {
        Some("NFC") => text.nfc().collect(),
        Some("NFD") => text.nfd().collect(),
        Some("NFKC") => text.nfkc().collect(),
        Some("NFKD") => text.nfkd().collect(),
        _ => {
            let shown = cx.text(&given(form))?;
            return Err(Raise::ansible(format!("{shown} is not a valid form")));
        }
    };
    Ok(normal.into())
}

pub(in crate::template::filters) fn to_yaml(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    written(cx, &input, args, "to_yaml", EmitStyle::terse())
}

pub(in crate::template::filters) fn to_nice_yaml(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    written(cx, &input, args, "to_nice_yaml", EmitStyle { indent: 2, ..EmitStyle::nice() })
}

fn written(cx: &mut Cx<'_>, input: &Obj, mut args: CallArgs, func: &'static str, style: EmitStyle) -> Got {
    let redact = args.take("redact_sensitive_values").truth(cx, false)?;
    let named = CallArgs { positional: Vec::new(), named: std::mem::take(&mut args.named) };
    args.bind(&sig(func, 1, [], 0))?;
    let style = styled(cx, named, style)?;
    let plain = revealing(cx, input, redact)?;
    yaml::written(cx, &plain, &style)
}

/// Data without vaulted texts: decrypted ones, or a word in their place.
fn revealing(cx: &mut Cx<'_>, obj: &Obj, redact: bool) -> Got {
    match obj {
        Obj::Str(text) if text.cipher().is_some() => {
            Ok(if redact { "<redacted>".into() } else { Obj::str(text.as_str()) })
        }
        // What is undefined in a tuple has no value, rather than being missed.
        Obj::Undefined(_) => Err(unstorable(if obj.is_marker() { "UndefinedMarker" } else { "Undefined" })),
        Obj::Failed(_) => Err(unstorable("CapturedExceptionMarker")),
        Obj::Omit => Err(unstorable(obj.type_name())),
        Obj::List(_) | Obj::Tuple(_) | Obj::Range(_) => {
            let mut out = Vec::new();
            for item in cx.each(obj)? {
                let item = item?;
                out.push(cx.deeper(|cx| revealing(cx, &item, redact))?);
            }
            Ok(Obj::list(out))
        }
        Obj::Dict(_) => {
            let mut out = Vec::new();
            for (key, value) in cx.items(obj)? {
                if matches!(key, Obj::Tuple(_)) {
                    // The list that a tuple becomes is no key.
                    return Err(Raise::type_error("unhashable type: 'list'"));
                }
                let value = value.defined()?;
                out.push((key, cx.deeper(|cx| revealing(cx, &value, redact))?));
            }
            Ok(Obj::dict(out))
        }
        other => Ok(other.clone()),
    }
}
