//! What many filters and tests need: signatures, texts, attributes.

use crate::diag::Error;
use crate::template::ops::python_type;
use crate::template::raise::Class;
use crate::template::{CallArgs, Cx, Obj, Raise, Sig};
use num_bigint::BigInt;

/// What a filter gives.
pub(in crate::template) type Got = Result<Obj, Raise>;

/// A signature in one line.
pub(in crate::template) const fn sig<const N: usize>(
    func: &'static str,
    before: usize,
    params: [&'static str; N],
    required: usize,
) -> Sig<N> {
    Sig { func, before, params, required }
}

/// An error of Ansible's with Python's below it, in one line as it is shown.
pub(in crate::template) fn caused(cause: impl Into<String>, context: &str) -> Raise {
    Raise::ansible(Error::user(cause).context(context).line())
}

/// The words of a failure where text is made of a value, whose own error may have been put off.
pub(in crate::template) fn tripped(raise: Raise) -> String {
    match raise {
        Raise::Failed(error) => {
            // What Python raised is told without the words that go before it elsewhere.
            let raised = error.message == "Error rendering template.";
            let cause = error.cause.as_deref().filter(|_| raised).unwrap_or(&*error);
            format!("A captured exception marker was tripped: {}", cause.line())
        }
        other => other.text(),
    }
}

/// A filter's failure whose cause is told apart from it.
pub(in crate::template) fn failed(filter: &str, cause: impl Into<String>) -> Raise {
    Error::user(cause).apart().context(format!("The filter plugin 'ansible.builtin.{filter}' failed.")).into()
}

/// An AnsibleError that Python raises while it handles another exception: it is told apart from what it caused.
pub(in crate::template) fn told_apart(text: impl Into<String>) -> Raise {
    Error::user(text.into().trim_end()).apart().into()
}

/// Refuses any argument, in the words for a function that takes its input alone.
pub(in crate::template) fn alone(args: CallArgs, func: &'static str) -> Result<(), Raise> {
    args.bind(&sig(func, 1, [], 0)).map(|_| ())
}

/// A required argument that `bind` has seen to be there.
pub(in crate::template) fn given(arg: Option<Obj>) -> Obj {
    arg.unwrap_or_default()
}

/// The argument unless it was left out or is None.
pub(in crate::template) fn some(arg: Option<Obj>) -> Option<Obj> {
    arg.filter(|obj| !obj.is_none())
}

/// The text of an argument; None where it was left out or is None.
pub(in crate::template) fn opt_text(cx: &mut Cx<'_>, arg: &Option<Obj>) -> Result<Option<String>, Raise> {
    match arg {
        None | Some(Obj::None) => Ok(None),
        Some(obj) => cx.text(obj).map(Some),
    }
}

/// The text, also of bytes that are text.
pub(in crate::template) fn said(obj: &Obj) -> Option<&str> {
    match obj {
        Obj::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
        other => other.as_str(),
    }
}

/// The text of an object as plugins make it: of bytes, what they say.
pub(in crate::template) fn decoded(cx: &mut Cx<'_>, obj: &Obj) -> Result<String, Raise> {
    match obj {
        Obj::Bytes(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        other => cx.text(other),
    }
}

/// The name of the type that a plugin sees: containers come to it wrapped.
pub(in crate::template) fn plugin_type(obj: &Obj) -> &str {
    match obj {
        Obj::List(_) => "_AnsibleLazyTemplateList",
        Obj::Dict(_) => "_AnsibleLazyTemplateDict",
        other => other.type_name(),
    }
}

/// The complaint about a method that an object lacks.
pub(in crate::template) fn no_attribute(obj: &Obj, name: &str) -> Raise {
    // A method in Python looks for its own attributes on the function that it is made of.
    let kind = match plugin_type(obj) {
        "method" => "function",
        kind => kind,
    };
    Raise::python(Class::Attribute, format!("'{kind}' object has no attribute '{name}'"))
}

/// Fails in the words a plugin gives where an object cannot be hashed.
pub(in crate::template) fn hashable(obj: &Obj) -> Result<(), Raise> {
    if let Obj::Tuple(items) = obj {
        // The list of a group is Python's own.
        return if items.is_group() { obj.check_hashable() } else { items.iter().try_for_each(hashable) };
    }
    if obj.is_marker() {
        obj.clone().defined()?;
    }
    obj.check_hashable().map_err(|_| Raise::type_error(format!("unhashable type: '{}'", plugin_type(obj))))
}

/// A class in Python's words: `<class 'int'>`.
pub(in crate::template) fn class_of(obj: &Obj) -> String {
    let name = match obj {
        Obj::Date(_) => "datetime.date",
        Obj::DateTime(_) => "datetime.datetime",
        other if other.is_namespace() => "jinja2.utils.Namespace",
        Obj::Str(text) if text.is_markup() => "markupsafe.Markup",
        Obj::Special(special) if super::super::methods::time::clock(special).is_some() => "datetime.time",
        Obj::Dict(_) => "ansible._internal._templating._lazy_containers._AnsibleLazyTemplateDict",
        Obj::List(_) => "ansible._internal._templating._lazy_containers._AnsibleLazyTemplateList",
        Obj::Tuple(items) if items.is_lazy() => {
            "ansible._internal._templating._lazy_containers._AnsibleLazyAccessTuple"
        }
        Obj::Str(_) if obj.type_name() != "str" => "ansible.module_utils._internal._datatag._AnsibleTaggedStr",
        Obj::Omit => "ansible._internal._templating._utils._OmitType",
        Obj::Undefined(_) => "jinja2.runtime.Undefined",
        other => return format!("<class '{}'>", other.type_name()),
    };
    format!("<class '{name}'>")
}

/// Whether it is a list or a tuple: what Ansible calls a sequence.
pub(in crate::template) fn is_sequence(obj: &Obj) -> bool {
    matches!(obj, Obj::List(_) | Obj::Tuple(_) | Obj::Range(_))
}

/// Whether it is a dictionary.
pub(in crate::template) fn is_mapping(obj: &Obj) -> bool {
    matches!(obj, Obj::Dict(_) | Obj::Map(_))
}

/// The item or attribute of an object as jinja2's `getitem` finds it; undefined where there is none.
pub(in crate::template) fn get_item(cx: &mut Cx<'_>, obj: &Obj, key: &Obj) -> Got {
    cx.get_item(obj, key)
}

/// The parts of an attribute path such as `a.b.0`.
pub(in crate::template) fn path(attribute: &Obj) -> Vec<Obj> {
    match attribute {
        Obj::Str(text) => text
            .as_str()
            .split('.')
            .map(|part| match part.parse::<i64>() {
                Ok(number) if part.bytes().all(|b| b.is_ascii_digit()) => Obj::Int(number),
                _ => Obj::str(part),
            })
            .collect(),
        Obj::None => Vec::new(),
        other => vec![other.clone()],
    }
}

/// The object at an attribute path.
pub(in crate::template) fn follow(cx: &mut Cx<'_>, obj: &Obj, path: &[Obj]) -> Got {
    let mut item = obj.clone();
    for part in path {
        item = get_item(cx, &item, part)?;
    }
    Ok(item)
}

/// What a sort or a comparison looks at: the attribute, in lower case unless case counts.
pub(in crate::template) fn key(cx: &mut Cx<'_>, item: &Obj, path: &[Obj], case_sensitive: bool) -> Got {
    let found = match path {
        [] => item.clone(),
        path => follow(cx, item, path)?.defined()?,
    };
    Ok(match &found {
        Obj::Str(text) if !case_sensitive => Obj::str(text.as_str().to_lowercase()),
        _ => found,
    })
}

/// A float as an integer of any size; None for infinity and NaN.
pub(in crate::template) fn float_to_int(f: f64) -> Option<Obj> {
    if !f.is_finite() {
        return None;
    }
    let whole = f.trunc();
    if whole.abs() < 9e18 {
        return Some(Obj::Int(whole as i64));
    }
    // A float's decimal text has all its digits.
    format!("{whole:.0}").parse::<BigInt>().ok().map(Obj::big)
}

/// Fails as Python's `json.dumps` does for what it cannot write.
pub(super) fn plain_json(cx: &mut Cx<'_>, obj: &Obj) -> Result<(), Raise> {
    no_json(cx, obj, 0)?.map_or(Ok(()), |refused| {
        let kind = python_type(&refused);
        Err(Raise::type_error(format!("Object of type {kind} is not JSON serializable")))
    })
}

/// What in an object Python's own `json` refuses. Lists and mappings name what is undefined in them, tuples do not.
fn no_json(cx: &mut Cx<'_>, obj: &Obj, depth: usize) -> Result<Option<Obj>, Raise> {
    let items = match obj {
        Obj::None | Obj::Bool(_) | Obj::Int(_) | Obj::Big(_) | Obj::Float(_) | Obj::Str(_) | Obj::Map(_) => {
            return Ok(None);
        }
        Obj::List(_) if depth < crate::template::cx::DEPTH => cx.iter(obj)?,
        Obj::Tuple(_) if depth < crate::template::cx::DEPTH => cx.iter_lenient(obj)?,
        Obj::Dict(_) if depth < crate::template::cx::DEPTH => {
            cx.items(obj)?.into_iter().map(|(_, value)| value.defined()).collect::<Result<_, _>>()?
        }
        other => return Ok(Some(other.clone())),
    };
    cx.steps(items.len())?;
    for item in &items {
        if let Some(found) = no_json(cx, item, depth + 1)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// What in an object is `omit` or the undefined of an `if` without `else`: no text can be made of them.
pub(super) fn unstorable(cx: &mut Cx<'_>, obj: &Obj, depth: usize) -> Result<Option<Obj>, Raise> {
    let items = match obj {
        Obj::Omit => return Ok(Some(Obj::Omit)),
        Obj::Undefined(_) if !obj.is_marker() => return Ok(Some(obj.clone())),
        Obj::List(list) if depth < crate::template::cx::DEPTH => list.borrow().clone(),
        Obj::Tuple(items) if depth < crate::template::cx::DEPTH => items.to_vec(),
        Obj::Dict(dict) if depth < crate::template::cx::DEPTH => dict.borrow().values().cloned().collect(),
        _ => return Ok(None),
    };
    cx.steps(items.len())?;
    for item in &items {
        if let Some(found) = unstorable(cx, item, depth + 1)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}
