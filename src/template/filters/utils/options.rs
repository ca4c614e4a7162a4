//! The arguments of `ansible.utils`' plugins, which are checked as a module's are: by an argument spec.
//!
//! Positional ones have the names of the options in order, and those beyond the names are dropped. A raw option keeps
//! the very object that was given, which may hold tuples or what is undefined; all others are values once they are checked.

use crate::argspec::{Args, Host, Kind, Spec, check};
use crate::template::filters::support::{class_of, plugin_type};
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

    /// A list or dictionary without types within as an object: the one that was given, unless it had to be made of a text.
    pub(in crate::template) fn container(&self, name: &str) -> Obj {
        match self.given(name) {
            container @ (Obj::List(_) | Obj::Dict(_)) => container,
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

/// An object as a value for the check, of which nothing is looked at that the real one does not look at.
fn plain(cx: &mut Cx<'_>, spec: &Spec, name: &str, obj: &Obj) -> Result<Value, Raise> {
    let arg = spec.find(name);
    let (kind, elements) = arg.map_or((Kind::Raw, None), |arg| (arg.kind, arg.elements));
    let nests = arg.is_some_and(|arg| arg.options.is_some());
    match (obj, kind) {
        (Obj::List(_), Kind::List) if elements == Some(Kind::Str) => {
            let mut items = Vec::new();
            for item in cx.each(obj)? {
                let item = item?;
                items.push(if foreign(&item) { cx.text(&item)?.into() } else { cx.value(&item)? });
            }
            Ok(Value::list(items))
        }
        // A list is checked no further than its elements, where those have a type: others stay as they are.
        (Obj::List(_), Kind::List) if elements.is_none() => Ok(Value::list(std::iter::empty())),
        (Obj::List(_), Kind::Dict) => Ok(Value::list(std::iter::empty())),
        (Obj::Dict(_), Kind::Dict) if !nests => Ok(Dict::new().into()),
        (Obj::Dict(_), Kind::List) => {
            let keys = cx.items(obj)?.into_iter().map(|(key, _)| key);
            let mut dict = Dict::new();
            for key in keys {
                dict.insert(cx.value(&key)?, Value::Null);
            }
            Ok(dict.into())
        }
        (other, Kind::Str | Kind::Raw) if foreign(other) => Ok(cx.text(obj)?.into()),
        (other, _) if foreign(other) => Ok(Value::Bytes([].into())),
        (other, _) => cx.value(other),
    }
}

/// Whether there is no value for an object; bytes stand for it in the check, which takes them for nothing but text.
fn foreign(obj: &Obj) -> bool {
    let missing = matches!(obj, Obj::Undefined(_)) && !obj.is_marker();
    missing || matches!(obj, Obj::Tuple(_) | Obj::Range(_) | Obj::Set(_) | Obj::Delta(_) | Obj::Special(_) | Obj::Omit)
}

/// A complaint with the names of ansible-core's own classes, which containers are of where plugins see them.
fn in_own_words(mut text: String, objects: &[(Arc<str>, Obj)]) -> String {
    for (name, obj) in objects.iter().filter(|(_, obj)| foreign(obj)) {
        if text.starts_with(&format!("argument '{name}' ")) {
            text = text.replace("of type bytes", &format!("of type {}", obj.native_name()));
            text = text.replace("<class 'bytes'>", &class_of(obj));
        }
    }
    for (name, obj) in objects.iter().filter(|(_, obj)| matches!(obj, Obj::Str(text) if text.is_markup())) {
        let told = ["argument", "Elements value for option"].map(|what| format!("{what} '{name}' "));
        if told.iter().any(|start| text.starts_with(start)) {
            text = text.replace("of type str", &format!("of type {}", obj.type_name()));
        }
    }
    for container in [Obj::list([]), Obj::dict([])] {
        text = text.replace(&format!("<class '{}'>", container.native_name()), &class_of(&container));
        if let Some(start) = text.strip_suffix(&format!("not '{}'", container.native_name())) {
            text = format!("{start}not '{}'", plugin_type(&container));
        }
    }
    text
}
