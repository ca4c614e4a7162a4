//! `json_patch` and `json_patch_recipe`: documents changed as RFC 6902 says, in the words of Python's jsonpatch.

use crate::diag::Error;
use crate::template::filters::support::{Got, class_of, given, sig, tripped};
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::{Dict, Value, parse_json, repr, str_repr};
use std::sync::Arc;

const OPERATIONS: [&str; 6] = ["add", "copy", "move", "remove", "replace", "test"];

/// Why a patch failed.
struct Failure {
    text: String,
    /// Whether it was a test that did not hold.
    test: bool,
    /// Whether Python raises it while it handles another exception, for which it is told apart.
    apart: bool,
    /// The value that its text shows.
    shows: Option<Value>,
}

type Done<T> = Result<T, Failure>;

fn failed<T>(text: impl Into<String>) -> Done<T> {
    Err(Failure { text: text.into(), test: false, apart: false, shows: None })
}

fn absent<T>(text: impl Into<String>) -> Done<T> {
    Err(Failure { text: text.into(), test: false, apart: true, shows: None })
}

impl Failure {
    fn raise(self, filter: &str) -> Raise {
        let what = if self.test { "test operation" } else { "patch" };
        let text = format!("{filter}: {what} failed: {}", self.text);
        if self.apart { Error::user(self.text).apart().context(text).into() } else { Raise::ansible(text) }
    }
}

pub(in crate::template::filters) fn json_patch(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    let (mut others, mut named) = (Vec::new(), Vec::new());
    for (name, value) in std::mem::take(&mut args.named) {
        let known = matches!(&*name, "op" | "path" | "value");
        if known { named.push((name, value)) } else { others.push((name, value)) }
    }
    args.named = named;
    let [op, path, value] = args.bind(&sig("FilterModule.json_patch", 2, ["op", "path", "value"], 2))?;
    let mut others = CallArgs { positional: Vec::new(), named: others };
    let (from, fail_test) = (others.take("from"), others.take("fail_test"));
    let mut unknown: Vec<&str> = others.named.iter().map(|(name, _)| &**name).collect();
    unknown.sort_unstable();
    if !unknown.is_empty() {
        return Err(Raise::ansible(format!("json_patch: unexpected keywords arguments: {}", unknown.join(", "))));
    }
    let fail_test = flag(fail_test)?;
    let op = given(op);
    let mut operation = vec![("op", op.clone()), ("path", given(path))];
    match op.as_str() {
        Some("add" | "replace" | "test") => operation.push(("value", given(value))),
        Some("copy" | "move") => operation.extend(from.filter(|from| !from.is_none()).map(|from| ("from", from))),
        _ => {}
    }
    let operation = Obj::dict(operation.into_iter().map(|(name, value)| (name.into(), value)));
    patched(cx, "json_patch", &input, vec![operation], fail_test)
}

pub(in crate::template::filters) fn json_patch_recipe(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    const NAME: &str = "FilterModule.json_patch_recipe";
    if args.named.iter().any(|(name, _)| &**name == "operations") && args.positional.is_empty() {
        return Err(Raise::type_error(format!("{NAME}() missing 1 required positional argument: 'operations'")));
    }
    let [operations, fail_test] = args.bind(&sig(NAME, 2, ["operations", "fail_test"], 1))?;
    let operations = given(operations);
    if !matches!(operations, Obj::List(_)) {
        return Err(Raise::ansible("json_patch_recipe: 'operations' needs to be a list"));
    }
    let fail_test = flag(fail_test)?;
    let operations = cx.iter(&operations)?;
    patched(cx, "json_patch_recipe", &input, operations, fail_test)
}

fn flag(given: Option<Obj>) -> Result<bool, Raise> {
    match given {
        None => Ok(false),
        Some(Obj::Bool(flag)) => Ok(flag),
        Some(_) => Err(Raise::ansible("json_patch: 'fail_test' argument is not a bool")),
    }
}

fn patched(cx: &mut Cx<'_>, filter: &str, input: &Obj, operations: Vec<Obj>, fail_test: bool) -> Got {
    let text = match input {
        Obj::Str(text) => Some(text.as_str().to_owned()),
        Obj::Bytes(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Obj::List(_) | Obj::Dict(_) => None,
        _ => return Err(Raise::ansible(format!("{filter}: input is not dictionary, list or string"))),
    };
    let parsed = text.as_deref().map(parse_json).transpose();
    let parsed =
        parsed.map_err(|error| Raise::ansible(format!("{filter}: could not decode JSON from input: {error}")))?;
    let mut stood_for = StoodFor::default();
    let mut patch = Vec::new();
    for operation in &operations {
        patch.push(checked(cx, filter, operation, &mut stood_for)?);
    }
    let from_text = parsed.is_some();
    let document = match parsed {
        Some(document) => document,
        None => stood_for.document(cx, input)?,
    };
    match apply(document, from_text, &patch, &|value| stood_for.object(value).is_some_and(Obj::is_marker)) {
        Ok(document) => Ok(stood_for.restored(&document)),
        Err(failure) => {
            // What is undefined is looked at where it is compared or shown.
            let undefined = failure.shows.as_ref().and_then(|shown| stood_for.undefined_in(shown));
            match undefined.map(|undefined| undefined.clone().defined()) {
                Some(Err(raise)) => Err(Raise::ansible(format!("{filter}: patch failed: {}", tripped(raise)))),
                _ if failure.test && !fail_test => Ok(Obj::None),
                _ => Err(failure.raise(filter)),
            }
        }
    }
}

/// What is undefined in a document, or no value, with the bytes that stand for it meanwhile: it is copied unseen, and
/// nothing leads into it.
#[derive(Default)]
struct StoodFor(Vec<(Value, Obj)>);

impl StoodFor {
    fn document(&mut self, cx: &mut Cx<'_>, obj: &Obj) -> Result<Value, Raise> {
        match obj {
            Obj::Undefined(_) | Obj::Failed(_) | Obj::Omit | Obj::Range(_) | Obj::Delta(_) | Obj::Special(_) => {
                let stand_in = Value::Bytes(self.0.len().to_string().into_bytes().into());
                self.0.push((stand_in.clone(), obj.clone()));
                Ok(stand_in)
            }
            Obj::List(_) | Obj::Tuple(_) => {
                let items = cx.iter_lenient(obj)?;
                let items =
                    cx.deeper(|cx| items.iter().map(|item| self.document(cx, item)).collect::<Result<Vec<_>, _>>());
                items.map(Value::list)
            }
            Obj::Dict(_) => {
                let items = cx.items(obj)?;
                cx.deeper(|cx| {
                    let mut out = Dict::new();
                    for (key, item) in items {
                        out.insert(cx.value(&key)?, self.document(cx, &item)?);
                    }
                    Ok(Value::Dict(out))
                })
            }
            other => cx.value(other),
        }
    }

    /// What a value stands for itself.
    fn object(&self, value: &Value) -> Option<&Obj> {
        let Value::Bytes(bytes) = value else { return None };
        let stands = |(stand_in, _): &&(Value, Obj)| matches!(stand_in, Value::Bytes(own) if Arc::ptr_eq(own, bytes));
        self.0.iter().find(stands).map(|(_, object)| object)
    }

    /// The first that is undefined in a value.
    fn undefined_in(&self, value: &Value) -> Option<&Obj> {
        match value {
            Value::List(items) => items.iter().find_map(|item| self.undefined_in(item)),
            Value::Dict(dict) => dict.values().find_map(|item| self.undefined_in(item)),
            other => self.object(other).filter(|object| object.is_marker()),
        }
    }

    /// The document with what it stood for back in its place.
    fn restored(&self, document: &Value) -> Obj {
        match document {
            whole if self.0.is_empty() => Obj::data(whole),
            Value::List(items) => Obj::list(items.iter().map(|item| self.restored(item))),
            Value::Dict(dict) => Obj::dict(dict.iter().map(|(key, item)| (Obj::data(key), self.restored(item)))),
            other => self.object(other).cloned().unwrap_or_else(|| Obj::data(other)),
        }
    }
}

/// One operation, of which it is known that it has what its kind needs but the value.
struct Operation {
    op: String,
    path: String,
    from: String,
    value: Option<Value>,
}

fn checked(cx: &mut Cx<'_>, filter: &str, operation: &Obj, stood_for: &mut StoodFor) -> Result<Operation, Raise> {
    let dict = match operation {
        Obj::Dict(_) => operation,
        Obj::Str(text) if text.as_str().contains("op") => {
            return Err(Raise::type_error("string indices must be integers, not 'str'"));
        }
        Obj::Str(_) | Obj::List(_) => return Err(Raise::ansible(format!("{filter}: 'op' argument is not a string"))),
        other => return Err(Raise::type_error(format!("argument of type '{}' is not iterable", other.type_name()))),
    };
    let mut text = |name: &str| -> Result<Option<String>, Raise> {
        let found = cx.dict_get(dict, name)?.map(Obj::defined).transpose()?;
        found.as_ref().map_or(Ok(None), |found| match found.as_str() {
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(Raise::ansible(format!("{filter}: '{name}' argument is not a string"))),
        })
    };
    let lacking = |name: &str| Raise::ansible(format!("{filter}: '{name}' argument is not a string"));
    let op = text("op")?.ok_or_else(|| lacking("op"))?;
    if !OPERATIONS.contains(&op.as_str()) {
        return Err(Raise::ansible(format!("{filter}: unsupported 'op' argument: {op}")));
    }
    let path = text("path")?.ok_or_else(|| lacking("path"))?;
    let from = if op == "copy" || op == "move" {
        let missing = || Raise::ansible(format!("{filter}: 'from' argument missing for '{op}' operation"));
        text("from")?.ok_or_else(missing)?
    } else {
        String::new()
    };
    let value = match cx.dict_get(dict, "value")? {
        Some(value) => Some(stood_for.document(cx, &value)?),
        None => None,
    };
    Ok(Operation { op, path, from, value })
}

/// Whether a value stands for what is undefined.
type Undefined<'a> = &'a dyn Fn(&Value) -> bool;

fn apply(mut document: Value, parsed: bool, patch: &[Operation], undefined: Undefined<'_>) -> Done<Value> {
    let pointers: Vec<Pointer> = patch.iter().map(|operation| pointer(&operation.path)).collect::<Done<_>>()?;
    for (operation, path) in patch.iter().zip(&pointers) {
        let value = || match &operation.value {
            Some(value) => Ok(value.clone()),
            None => absent("The operation does not contain a 'value' member"),
        };
        document = match operation.op.as_str() {
            "add" => add(document, path, value()?)?,
            "remove" => remove(document, path)?,
            "replace" => replace(document, path, value()?)?,
            "test" => {
                let found =
                    tested(&document, path).map_err(|failure| Failure { test: true, apart: true, ..failure })?;
                found.check(parsed, &value()?)?;
                document
            }
            "copy" => {
                let source = existing(&document, &pointer(&operation.from)?, undefined)?.clone();
                add(document, path, source)?
            }
            _ => shifted(document, &pointer(&operation.from)?, path, undefined)?,
        };
    }
    Ok(document)
}

/// Moves what is at a place to another one.
fn shifted(document: Value, from: &Pointer, to: &Pointer, undefined: Undefined<'_>) -> Done<Value> {
    if from != to && to.starts_with(from) {
        return failed("Cannot move values into their own children");
    }
    let value = existing(&document, from, undefined)?.clone();
    if from == to {
        return Ok(document);
    }
    add(remove(document, from)?, to, value)
}

/// A JSON pointer: the names of members and numbers of items on the way.
type Pointer = Vec<String>;

fn pointer(text: &str) -> Done<Pointer> {
    for (at, _) in text.match_indices('~') {
        let next = text[at + 1..].chars().next();
        if !matches!(next, Some('0' | '1')) {
            return failed(format!("Found invalid escape ~{}", next.map(String::from).unwrap_or_default()));
        }
    }
    match text.strip_prefix('/') {
        Some(rest) => Ok(rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect()),
        None if text.is_empty() => Ok(Vec::new()),
        None => failed("Location must start with /"),
    }
}

/// A step into a document.
enum Step {
    Member(String),
    Item(usize),
    /// `-`: behind the last item.
    End,
}

fn step(document: &Value, part: &str) -> Done<Step> {
    match document {
        Value::Dict(_) => Ok(Step::Member(part.to_owned())),
        Value::List(_) if part == "-" => Ok(Step::End),
        Value::List(_) => {
            let digits = !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
            if !digits || part.len() > 1 && part.starts_with('0') {
                return failed(format!("'{part}' is not a valid sequence index"));
            }
            Ok(Step::Item(part.parse().unwrap_or(usize::MAX)))
        }
        Value::Str(_) | Value::Bytes(_) => {
            let class = class_of(&Obj::data(document));
            let text = format!("Cannot apply token '{part}' to non-container type {class}");
            Err(Failure { text, test: false, apart: false, shows: Some(document.clone()) })
        }
        other => failed(no_indexing(&class_of(&Obj::data(other)))),
    }
}

fn no_indexing(class: &str) -> String {
    format!("Document '{class}' does not support indexing, must be mapping/sequence or support __getitem__")
}

/// What a step leads to; None behind the end of a list.
fn walk<'v>(document: &'v Value, part: &str) -> Done<Option<&'v Value>> {
    match (document, step(document, part)?) {
        (Value::Dict(dict), Step::Member(name)) => match dict.get(&name) {
            Some(value) => Ok(Some(value)),
            None => {
                let text = format!("member '{name}' not found in {}", repr(document));
                Err(Failure { text, test: false, apart: true, shows: Some(document.clone()) })
            }
        },
        (Value::List(items), Step::Item(at)) => match items.get(at) {
            Some(value) => Ok(Some(value)),
            None => absent(format!("index '{part}' is out of bounds")),
        },
        _ => Ok(None),
    }
}

fn below<'v>(document: &'v Value, part: &str) -> Done<&'v Value> {
    walk(document, part)?.map_or_else(|| failed(no_indexing("<class 'jsonpointer.EndOfList'>")), Ok)
}

/// What is at a place, in the words of what takes it from there.
fn existing<'v>(document: &'v Value, place: &Pointer, undefined: Undefined<'_>) -> Done<&'v Value> {
    let Some((last, way)) = place.split_last() else { return Ok(document) };
    let mut holder = document;
    for part in way {
        holder = below(holder, part)?;
    }
    let found = match (holder, step(holder, last)?) {
        (Value::Dict(dict), Step::Member(name)) => dict.get(&name).ok_or_else(|| str_repr(&name)),
        (Value::List(items), Step::Item(at)) => items.get(at).ok_or_else(|| "list index out of range".to_owned()),
        _ => return failed("invalid array index '-'"),
    };
    let found = found.or_else(absent)?;
    if undefined(found) {
        return Err(Failure { text: String::new(), test: false, apart: false, shows: Some(found.clone()) });
    }
    Ok(found)
}

/// What a test looks at.
enum Found<'v> {
    Value(&'v Value),
    End(&'v Value),
}

fn tested<'v>(document: &'v Value, place: &Pointer) -> Done<Found<'v>> {
    let Some((last, way)) = place.split_last() else { return Ok(Found::Value(document)) };
    let mut holder = document;
    for part in way {
        holder = below(holder, part)?;
    }
    Ok(walk(holder, last)?.map_or(Found::End(holder), Found::Value))
}

impl Found<'_> {
    fn check(&self, parsed: bool, wanted: &Value) -> Done<()> {
        let of = |value: &Value| (shown(value), class_of(&Obj::data(value)));
        // What was read from a text has Python's own classes.
        let here = |value: &Value| match parsed {
            true => (shown(value), format!("<class '{}'>", value.type_name())),
            false => of(value),
        };
        let (text, class) = match self {
            Self::Value(value) if same(value, wanted) => return Ok(()),
            Self::Value(value) => here(value),
            Self::End(list) => (format!("EndOfList({})", repr(list)), "<class 'jsonpointer.EndOfList'>".into()),
        };
        let (want, want_class) = of(wanted);
        let text = format!("{text} ({class}) is not equal to tested value {want} ({want_class})");
        let (Self::Value(shown) | Self::End(shown)) = self;
        Err(Failure { text, test: true, apart: false, shows: Some((*shown).clone()) })
    }
}

/// A value as Python's `str` shows it.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| repr(value), str::to_owned)
}

/// Whether two values are equal in JSON, where a boolean is no number.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Bool(_), _) | (_, Value::Bool(_)) => false,
        (Value::Dict(a), Value::Dict(b)) => {
            a.len() == b.len() && a.iter().all(|(key, value)| b.get_value(key).is_some_and(|other| same(value, other)))
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b)),
        _ => a == b,
    }
}

/// Changes what holds the last part of a way, and what holds that.
fn change(document: Value, place: &[String], what: &mut dyn FnMut(Value, Step) -> Done<Value>) -> Done<Value> {
    let Some((first, rest)) = place.split_first() else { return Ok(document) };
    if rest.is_empty() {
        let step = step(&document, first)?;
        return what(document, step);
    }
    let changed = change(below(&document, first)?.clone(), rest, what)?;
    match (document, first) {
        (Value::Dict(mut dict), name) => {
            dict.insert(name.as_str(), changed);
            Ok(Value::Dict(dict))
        }
        (Value::List(mut items), number) => {
            let slot = number.parse::<usize>().ok().and_then(|at| Arc::make_mut(&mut items).get_mut(at));
            if let Some(slot) = slot {
                *slot = changed;
            }
            Ok(Value::List(items))
        }
        (other, _) => Ok(other),
    }
}

fn add(document: Value, place: &Pointer, value: Value) -> Done<Value> {
    if place.is_empty() {
        return Ok(value);
    }
    change(document, place, &mut |holder, step| match (holder, step) {
        (Value::Dict(mut dict), Step::Member(name)) => {
            dict.insert(name.as_str(), value.clone());
            Ok(Value::Dict(dict))
        }
        (Value::List(mut items), step) => {
            let at = if let Step::Item(at) = step { at } else { items.len() };
            if at > items.len() {
                return failed("can't insert outside of list");
            }
            Arc::make_mut(&mut items).insert(at, value.clone());
            Ok(Value::List(items))
        }
        (other, _) => Ok(other),
    })
}

fn remove(document: Value, place: &Pointer) -> Done<Value> {
    let Some(last) = place.last() else { return failed("can't remove the whole document") };
    let missing = || absent(format!("can't remove a non-existent object '{last}'"));
    change(document, place, &mut |holder, step| match (holder, step) {
        (Value::Dict(mut dict), Step::Member(name)) => match dict.remove(&name) {
            Some(_) => Ok(Value::Dict(dict)),
            None => missing(),
        },
        (Value::List(mut items), Step::Item(at)) if at < items.len() => {
            Arc::make_mut(&mut items).remove(at);
            Ok(Value::List(items))
        }
        (_, Step::End) => failed("invalid array index '-'"),
        _ => missing(),
    })
}

fn replace(document: Value, place: &Pointer, value: Value) -> Done<Value> {
    let Some(last) = place.last() else { return Ok(value) };
    change(document, place, &mut |holder, step| match (holder, step) {
        (Value::Dict(mut dict), Step::Member(name)) if dict.contains(&name) => {
            dict.insert(name.as_str(), value.clone());
            Ok(Value::Dict(dict))
        }
        (Value::Dict(_), _) => failed(format!("can't replace a non-existent object '{last}'")),
        (_, Step::End) => failed("'path' with '-' can't be applied to 'replace' operation"),
        (Value::List(mut items), Step::Item(at)) if at < items.len() => {
            if let Some(slot) = Arc::make_mut(&mut items).get_mut(at) {
                *slot = value.clone();
            }
            Ok(Value::List(items))
        }
        _ => failed("can't replace outside of list"),
    })
}
