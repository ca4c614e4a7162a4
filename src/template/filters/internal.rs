//! The filters of `ansible._protomatter`, with which ansible-core looks into its own templating.

use super::support::{Got, alone, given, plugin_type, sig};
use crate::template::object::Special;
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::{Text, Value};
use std::any::Any;
use std::rc::Rc;

/// Text that stays encrypted: what `vault` gives with `wrap_object`, and what becomes a `!vault` value.
pub(in crate::template) struct Encrypted(pub(in crate::template) Text);

impl Special for Encrypted {
    fn type_name(&self) -> &str {
        "EncryptedString"
    }

    fn text(&self) -> String {
        self.0.as_str().to_owned()
    }
}

/// The encrypted text of an object that is one.
pub(in crate::template) fn encrypted(special: &Rc<dyn Special>) -> Option<&Text> {
    let any: &dyn Any = &**special;
    any.downcast_ref::<Encrypted>().map(|encrypted| &encrypted.0)
}

/// The names of what is known of an object beside its value, sorted.
pub(in crate::template) fn tag_names(obj: &Obj) -> Vec<&'static str> {
    match obj {
        Obj::Str(text) => {
            let origin = text.origin().map(|_| "Origin");
            let trusted = text.is_trusted().then_some("TrustedAsTemplate");
            origin.into_iter().chain(trusted).chain(text.cipher().map(|_| "VaultedValue")).collect()
        }
        Obj::Special(special) if encrypted(special).is_some() => vec!["VaultedValue"],
        _ => Vec::new(),
    }
}

pub(super) fn apply_trust(_: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "apply_trust")?;
    Ok(match input {
        Obj::Str(text) => Obj::Str(Text::trusted(text.shared(), text.origin().cloned())),
        other => other,
    })
}

pub(super) fn dump_object(_: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "dump_object")?;
    Ok(match input {
        Obj::Failed(error) => Obj::dict([("exception".into(), error.line().into())]),
        other => other,
    })
}

pub(super) fn finalize(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "finalize")?;
    cx.value(&input).map(|value| Obj::data(&value))
}

pub(super) fn origin(_: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "origin")?;
    Ok(match &input {
        Obj::Str(text) => text.origin().map_or(Obj::None, |origin| origin.to_string().into()),
        _ => Obj::None,
    })
}

pub(super) fn tags(_: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "tag_names")?;
    Ok(Obj::list(tag_names(&input).into_iter().map(Obj::from)))
}

pub(super) fn true_type(_: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "true_type")?;
    Ok(match &input {
        Obj::Undefined(_) => "UndefinedMarker".into(),
        Obj::Failed(_) => "CapturedExceptionMarker".into(),
        Obj::Str(text) if text.is_tagged() => "_AnsibleTaggedStr".into(),
        other => plugin_type(other).into(),
    })
}

pub(super) fn unmask(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [names] = args.bind(&sig("unmask", 1, ["type_names"], 1))?;
    let names = given(names);
    let all = match &names {
        Obj::Str(_) => vec![names.clone()],
        Obj::List(_) => cx.iter(&names)?,
        other => {
            let text =
                format!("The 'type_names' argument must be of type 'str' or 'list', not '{}'.", other.type_name());
            return Err(Raise::type_error(text));
        }
    };
    const KNOWN: [&str; 3] = ["DeprecationSummary", "ErrorSummary", "WarningSummary"];
    let unknown: Vec<&str> = all.iter().filter_map(Obj::as_str).filter(|name| !KNOWN.contains(name)).collect();
    if !unknown.is_empty() {
        return Err(Raise::ansible(format!("Unknown type name(s): {}", unknown.join(", "))));
    }
    Ok(input)
}

/// What becomes of encrypted text as a value: it is decrypted where it is used.
pub(in crate::template) fn vault_value(special: &Rc<dyn Special>) -> Option<Value> {
    encrypted(special).map(|text| Value::Vault(text.clone()))
}
