//! `keep_keys`, `remove_keys` and `replace_keys`: data of any depth with fewer or other keys.

use super::options::Options;
use super::refused;
use crate::argspec::{Arg, Args, Kind, Spec};
use crate::re::{Flags, Pattern};
use crate::template::filters::support::{Got, no_attribute, plugin_type};
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::Value;

const KINDS: [&str; 3] = ["starts_with", "ends_with", "regex"];
const NAMES: [&str; 3] = ["data", "target", "matching_parameter"];

static KEYS: Spec = Spec::new(&[
    Arg::new("data", Kind::Raw).required(),
    Arg::new("target", Kind::List).elements(Kind::Str).required(),
    Arg::new("matching_parameter", Kind::Str).choices(&KINDS),
]);

static CHANGE: Spec = Spec::new(&[Arg::new("before", Kind::Str), Arg::new("after", Kind::Str)]);

static CHANGES: Spec = Spec::new(&[
    Arg::new("data", Kind::Raw).required(),
    Arg::new("target", Kind::List).elements(Kind::Dict).options(&CHANGE).required(),
    Arg::new("matching_parameter", Kind::Str).choices(&KINDS),
]);

/// What a key is compared with; None is a text that was left out.
enum Target {
    Equal(Option<String>),
    Starts(Option<String>),
    Ends(Option<String>),
    Regex(Option<String>),
}

impl Target {
    fn new(args: &Args, text: Option<String>) -> Self {
        match args.opt_str("matching_parameter") {
            Some("starts_with") => Self::Starts(text),
            Some("ends_with") => Self::Ends(text),
            Some("regex") => Self::Regex(text),
            _ => Self::Equal(text),
        }
    }

    /// Whether a key is that very text.
    fn is(&self, key: &Obj) -> bool {
        let (Self::Equal(text) | Self::Starts(text) | Self::Ends(text) | Self::Regex(text)) = self;
        text.as_deref().is_some_and(|text| key.as_str() == Some(text))
    }

    fn matches(&self, key: &Obj) -> Result<bool, Raise> {
        let method = match self {
            Self::Equal(_) => return Ok(self.is(key)),
            Self::Starts(_) => "startswith",
            Self::Ends(_) => "endswith",
            Self::Regex(_) => "match",
        };
        let (Self::Equal(text) | Self::Starts(text) | Self::Ends(text) | Self::Regex(text)) = self;
        if let Self::Regex(_) = self {
            let Some(text) = text else {
                return Err(Raise::type_error("first argument must be string or compiled pattern"));
            };
            let pattern = Pattern::anchored(text, Flags::default(), false)?;
            let Some(key) = key.as_str() else {
                let kind = plugin_type(key);
                return Err(Raise::type_error(format!("expected string or bytes-like object, got '{kind}'")));
            };
            return Ok(pattern.search(key, 0)?.is_some());
        }
        let Some(key) = key.as_str() else { return Err(no_attribute(key, method)) };
        let Some(text) = text else {
            return Err(Raise::type_error(format!("{method} first arg must be str or a tuple of str, not NoneType")));
        };
        Ok(if let Self::Starts(_) = self { key.starts_with(text) } else { key.ends_with(text) })
    }
}

fn targets(args: &Args) -> Vec<Target> {
    let texts = args.opt_list("target").unwrap_or_default();
    texts.into_iter().map(|text| Target::new(args, Some(text))).collect()
}

fn data(options: &Options, plugin: &str, purpose: &str) -> Got {
    match options.given("data") {
        data @ (Obj::List(_) | Obj::Dict(_)) => Ok(data),
        _ => Err(refused(plugin, format!("Input is not valid for {purpose}"))),
    }
}

/// The items of a dictionary, none of which may be undefined.
fn entries(cx: &mut Cx<'_>, dict: &Obj) -> Result<Vec<(Obj, Obj)>, Raise> {
    let items = cx.items(dict)?.into_iter();
    items.map(|(key, value)| Ok((key, value.defined()?))).collect()
}

pub(in crate::template::filters) fn keep_keys(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let options = Options::read(cx, &KEYS, &NAMES, Some(input), args)?;
    let data = data(&options, "keep_keys", "keep operation")?;
    kept(cx, &data, &targets(options.args()))
}

/// Whether a container has nothing in it; what is none is never empty.
fn is_empty(obj: &Obj) -> bool {
    match obj {
        Obj::List(list) => list.borrow().is_empty(),
        Obj::Dict(dict) => dict.borrow().is_empty(),
        _ => false,
    }
}

fn kept(cx: &mut Cx<'_>, data: &Obj, targets: &[Target]) -> Got {
    match data {
        Obj::List(_) => {
            let mut out = Vec::new();
            for item in cx.each(data)? {
                let item = item?;
                out.push(cx.deeper(|cx| kept(cx, &item, targets))?);
            }
            Ok(Obj::list(out))
        }
        Obj::Dict(_) => {
            let mut out = Vec::new();
            for (key, value) in entries(cx, data)? {
                if let Some(value) = kept_value(cx, &key, value, targets)? {
                    out.push((key, value));
                }
            }
            Ok(Obj::dict(out))
        }
        other => Ok(other.clone()),
    }
}

/// What is kept of a key's value: all of it where the key is wanted, else what is wanted below it.
///
/// The last target that has a say decides, as in the real one.
fn kept_value(cx: &mut Cx<'_>, key: &Obj, value: Obj, targets: &[Target]) -> Result<Option<Obj>, Raise> {
    let nests = matches!(value, Obj::List(_) | Obj::Dict(_));
    let below = if nests { Some(cx.deeper(|cx| kept(cx, &value, targets))?) } else { None };
    let mut found = None;
    for target in targets {
        if target.is(key) {
            found = Some(value.clone());
            continue;
        }
        let Some(below) = &below else {
            if target.matches(key)? {
                found = Some(value.clone());
            }
            continue;
        };
        let left = match below {
            Obj::List(list) => Obj::list(list.borrow().iter().filter(|item| !is_empty(item)).cloned()),
            other => other.clone(),
        };
        if !is_empty(&left) {
            found = Some(left);
        }
    }
    Ok(found.or(below.filter(|below| !is_empty(below))))
}

pub(in crate::template::filters) fn remove_keys(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let options = Options::read(cx, &KEYS, &NAMES, Some(input), args)?;
    let data = data(&options, "remove_keys", "attribute removal")?;
    let left = without(cx, &data, &targets(options.args()))?;
    dense(cx, &left)
}

fn without(cx: &mut Cx<'_>, data: &Obj, targets: &[Target]) -> Got {
    match data {
        Obj::List(_) => {
            let mut out = Vec::new();
            for item in cx.each(data)? {
                let item = item?;
                out.push(cx.deeper(|cx| without(cx, &item, targets))?);
            }
            Ok(Obj::list(out))
        }
        Obj::Dict(_) => {
            let mut out = Vec::new();
            for (key, value) in cx.items(data)? {
                let mut gone = false;
                for target in targets {
                    gone = gone || target.matches(&key)?;
                }
                if !gone {
                    let value = value.defined()?;
                    out.push((key, cx.deeper(|cx| without(cx, &value, targets))?));
                }
            }
            Ok(Obj::dict(out))
        }
        other => Ok(other.clone()),
    }
}

/// Lists without what is false in them.
fn dense(cx: &mut Cx<'_>, data: &Obj) -> Got {
    match data {
        Obj::List(_) => {
            let mut out = Vec::new();
            for item in cx.each(data)? {
                let item = item?;
                if cx.truthy(&item)? {
                    out.push(cx.deeper(|cx| dense(cx, &item))?);
                }
            }
            Ok(Obj::list(out))
        }
        Obj::Dict(_) => {
            let mut out = Vec::new();
            for (key, value) in cx.items(data)? {
                out.push((key, cx.deeper(|cx| dense(cx, &value))?));
            }
            Ok(Obj::dict(out))
        }
        other => Ok(other.clone()),
    }
}

pub(in crate::template::filters) fn replace_keys(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let options = Options::read(cx, &CHANGES, &NAMES, Some(input), args)?;
    let data = data(&options, "replace_keys", "replace operation")?;
    let args = options.args();
    let text = |change: &Value, name: &str| change.get(name).and_then(Value::as_str).map(str::to_owned);
    let changes: Vec<(Target, Obj)> = (args.value("target").as_list().unwrap_or_default().iter())
        .map(|change| (Target::new(args, text(change, "before")), text(change, "after").map_or(Obj::None, Obj::from)))
        .collect();
    renamed(cx, &data, &changes)
}

fn renamed(cx: &mut Cx<'_>, data: &Obj, changes: &[(Target, Obj)]) -> Got {
    match data {
        Obj::List(_) => {
            let mut out = Vec::new();
            for item in cx.each(data)? {
                let item = item?;
                out.push(cx.deeper(|cx| renamed(cx, &item, changes))?);
            }
            Ok(Obj::list(out))
        }
        Obj::Dict(_) => {
            let mut items: indexmap::IndexMap<Obj, Obj> = cx.items(data)?.into_iter().collect();
            for (target, after) in changes {
                // A key that is renamed goes behind the others, and may take the place of one that is still to come.
                let keys: Vec<Obj> = items.keys().cloned().collect();
                for key in keys {
                    if !target.matches(&key)? {
                        continue;
                    }
                    let Some(value) = items.shift_remove(&key) else {
                        let shown = cx.repr(&key)?;
                        return Err(Raise::python(crate::template::Class::Key, shown));
                    };
                    items.insert(after.clone(), value.defined()?);
                }
            }
            let mut out = Vec::new();
            for (key, value) in items {
                let value = value.defined()?;
                out.push((key, cx.deeper(|cx| renamed(cx, &value, changes))?));
            }
            Ok(Obj::dict(out))
        }
        other => Ok(other.clone()),
    }
}
