//! The arguments of `ansible.utils`' plugins, which are checked as a module's are: by an argument spec.
//!
//! Positional ones have the names of the options in order, and those beyond the names are dropped. A raw option keeps
//! the very object that was given, which may hold tuples or what is undefined; all others are values once they are checked.

use crate::argspec::{Args, Host, Kind, Spec, check};
use crate::template::filters::support::class_of;
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::{Dict, Value, repr};
use std::sync::Arc;

/// What a plugin was given, checked.
pub(in crate::template) struct Options {
    args: Args,
    objects: Vec<(Arc<str>, Obj)>,
}

impl Options {
    /// Checks arguments; the complaint is a list, as Python writes it.
    pub(in crate::template) fn read(
        cx: &mut Cx<'_>,
        spec: &Spec,
        names: &[&str],
        input: Option<Obj>,
        args: CallArgs,
    ) -> Result<Self, Raise> {
        let objects = named(names, input, args);
        let mut values = Dict::new();
        for (name, obj) in &objects {
            let raw = spec.find(name).is_some_and(|arg| arg.kind == Kind::Raw);
            values.insert(&**name, if raw { Value::Null } else { plain(cx, spec, name, obj)? });
        }
        let nothing = |_: &str| None;
        let checked = check(spec, "", &values, Host { env: &nothing, home: &nothing });
        if checked.errors.is_empty() {
            return Ok(Self { args: checked.args, objects });
        }
        let errors = checked.errors.into_iter().map(|text| Value::from(in_own_words(text, &objects)));
        Err(Raise::ansible(repr(&Value::list(errors))))
    }

    /// The same, in the words of those plugins that call the check by their own name.
    pub(in crate::template) fn read_as(
        cx: &mut Cx<'_>,
        plugin: &str,
        spec: &Spec,
        names: &[&str],
        input: Option<Obj>,
        args: CallArgs,
    ) -> Result<Self, Raise> {
        Self::read(cx, spec, names, input, args).map_err(|raise| match raise {
            Raise::Python(class, text) => {
                Raise::python(class, format!("argspec validation failed for {plugin} plugin with errors: {text}"))
            }
            other => other,
        })
    }

    /// The checked values.
    pub(in crate::template) fn args(&self) -> &Args {
        &self.args
    }

    /// The object that was given; None where the option was left out.
    pub(in crate::template) fn given(&self, name: &str) -> Obj {
        self.objects.iter().find(|(n, _)| &**n == name).map(|(_, obj)| obj.clone()).unwrap_or_default()
    }

    /// A list option as an object: the one that was given, unless it had to be made of a text.
    pub(in crate::template) fn list(&self, name: &str) -> Obj {
        match self.given(name) {
            list @ Obj::List(_) => list,
            _ => Obj::data(self.args.value(name)),
        }
    }
}

/// The arguments by their names; a keyword takes the place of a positional one.
pub(in crate::template) fn named(names: &[&str], input: Option<Obj>, args: CallArgs) -> Vec<(Arc<str>, Obj)> {
    let positional = input.into_iter().chain(args.positional);
    let mut objects: Vec<(Arc<str>, Obj)> = names.iter().map(|name| Arc::from(*name)).zip(positional).collect();
    for (name, obj) in args.named {
        match objects.iter_mut().find(|(n, _)| *n == name) {
            Some(slot) => slot.1 = obj,
            None => objects.push((name, obj)),
        }
    }
    objects
}

/// An object as a value for the check. What there is no value for is told of by its text.
fn plain(cx: &mut Cx<'_>, spec: &Spec, name: &str, obj: &Obj) -> Result<Value, Raise> {
    let takes_list = spec.find(name).is_some_and(|arg| arg.kind == Kind::List);
    match obj {
        // A list is checked no further than its elements, where those have a type: others stay as they are.
        Obj::List(_) if takes_list && spec.find(name).is_some_and(|arg| arg.elements.is_none()) => {
            Ok(Value::list(std::iter::empty()))
        }
        Obj::Tuple(_) | Obj::Range(_) if takes_list => {
            let kind = obj.native_name().to_owned();
            let class = class_of(obj);
            Err(Raise::ansible(repr(&Value::list([Value::from(format!(
                "argument '{name}' is of type {kind} and we were unable to convert to list: {class} cannot be \
                 converted to a list"
            ))]))))
        }
        Obj::Tuple(_) | Obj::Range(_) | Obj::Set(_) | Obj::Delta(_) | Obj::Special(_) => Ok(cx.text(obj)?.into()),
        other => cx.value(other),
    }
}

/// A complaint with the names of ansible-core's own classes, which containers are of where plugins see them.
fn in_own_words(mut text: String, objects: &[(Arc<str>, Obj)]) -> String {
    for (name, obj) in objects {
        if !text.starts_with(&format!("argument '{name}' ")) {
            continue;
        }
        if matches!(obj, Obj::Dict(_) | Obj::List(_)) {
            text = text.replace(&format!("<class '{}'>", obj.native_name()), &class_of(obj));
        }
    }
    text
}
