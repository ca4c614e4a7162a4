//! Filters over dictionaries: `combine`, `dict2items`, `extract`, `subelements`, …

use super::support::{Got, caused, class_of, given, hashable, is_mapping, is_sequence, opt_text, sig, some};
use crate::template::raise::Class;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};

pub(super) fn dict2items(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let func = "dict_to_list_of_dict_key_value_elements";
    let [key, value] = args.bind(&sig(func, 1, ["key_name", "value_name"], 0))?;
    if !is_mapping(&input) {
        return Err(Raise::type_error(format!("dict2items requires a dictionary, got {} instead.", class_of(&input))));
    }
    let (key, value) = (key.unwrap_or_else(|| "key".into()), value.unwrap_or_else(|| "value".into()));
    let items = cx.defined_items(&input)?.into_iter();
    Ok(Obj::list(items.map(|(k, v)| Obj::dict([(key.clone(), k), (value.clone(), v)]))))
}

/// What items2dict says, which fills a tuple's items into its words.
fn no_dictionaries(cx: &mut Cx<'_>, input: &Obj) -> Result<Raise, Raise> {
    let shown = match input {
        Obj::Tuple(items) if items.len() == 1 => cx.text(&items[0])?,
        Obj::Tuple(_) => return Ok(Raise::type_error("not all arguments converted during string formatting")),
        other => cx.text(other)?,
    };
    Ok(Raise::type_error(format!("items2dict requires a list of dictionaries, got {shown} instead.")))
}

pub(super) fn items2dict(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let func = "list_of_dict_key_value_elements_to_dict";
    let [key, value] = args.bind(&sig(func, 1, ["key_name", "value_name"], 0))?;
    if !is_sequence(&input) {
        return Err(Raise::type_error(format!("items2dict requires a list, got {} instead.", class_of(&input))));
    }
    let (key, value) = (key.unwrap_or_else(|| "key".into()), value.unwrap_or_else(|| "value".into()));
    let mut out = Vec::new();
    for item in cx.iter_lenient(&input)? {
        let item = item.defined()?;
        if let Obj::Undefined(undefined) = &item {
            return Err(undefined.used());
        }
        if !is_mapping(&item) {
            return Err(no_dictionaries(cx, &input)?);
        }
        match (item_of(cx, &item, &key)?, item_of(cx, &item, &value)?) {
            (Some(k), Some(v)) if k.check_hashable().is_ok() => out.push((k, v)),
            (Some(_), Some(_)) => {
                return Err(no_dictionaries(cx, &input)?);
            }
            _ => {
                let (key, value, shown) = (cx.text(&key)?, cx.text(&value)?, cx.text(&input)?);
                return Err(Raise::type_error(format!(
                    "items2dict requires each dictionary in the list to contain the keys '{key}' and '{value}', \
                     got {shown} instead."
                )));
            }
        }
    }
    Ok(Obj::dict(out))
}

/// A dictionary's item by any key.
fn item_of(cx: &mut Cx<'_>, dict: &Obj, key: &Obj) -> Result<Option<Obj>, Raise> {
    if let Some(name) = key.as_str() {
        return cx.dict_get(dict, name)?.map(Obj::defined).transpose();
    }
    for (k, v) in cx.items(dict)? {
        if k == *key {
            return v.defined().map(Some);
        }
    }
    Ok(None)
}

/// What becomes of two lists under one key.
#[derive(Clone, Copy)]
enum ListMerge {
    Replace,
    Keep,
    Append,
    Prepend,
    AppendNew,
    PrependNew,
}

pub(super) fn combine(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    let recursive = args.take("recursive").truth(cx, false)?;
    let merge = args.take("list_merge");
    let merge = opt_text(cx, &merge)?.unwrap_or_else(|| "replace".into());
    if !args.named.is_empty() {
        return Err(Raise::ansible("'recursive' and 'list_merge' are the only valid keyword arguments"));
    }
    let terms = Obj::list(std::iter::once(input).chain(args.positional));
    let mut dicts = Vec::new();
    super::lists::flatten_into(cx, &terms, Some(1), true, &mut dicts)?;
    let Some(last) = dicts.pop() else {
        return Ok(Obj::dict([]));
    };
    let mut result = last;
    // The last one has precedence, so they are merged from the end.
    while let Some(lower) = dicts.pop() {
        let merge = match merge.as_str() {
            "replace" => ListMerge::Replace,
            "keep" => ListMerge::Keep,
            "append" => ListMerge::Append,
            "prepend" => ListMerge::Prepend,
            "append_rp" => ListMerge::AppendNew,
            "prepend_rp" => ListMerge::PrependNew,
            _ => {
                return Err(Raise::ansible(
                    "merge_hash: 'list_merge' argument can only be equal to 'replace', 'keep', 'append', 'prepend', \
                     'append_rp' or 'prepend_rp'",
                ));
            }
        };
        // They are compared first, which reads all of them.
        for side in [&lower, &result] {
            if let Obj::Dict(dict) = side {
                let undefined = dict.borrow().values().find(|value| value.is_marker()).cloned();
                undefined.map_or(Ok(Obj::None), Obj::defined)?;
            }
        }
        result = merge_dicts(cx, &lower, &result, recursive, merge)?;
    }
    Ok(result)
}

fn merge_name(obj: &Obj) -> &str {
    match obj {
        Obj::Dict(_) => "_AnsibleLazyTemplateDict",
        Obj::List(_) => "_AnsibleLazyTemplateList",
        other => other.type_name(),
    }
}

fn merge_dicts(cx: &mut Cx<'_>, low: &Obj, high: &Obj, recursive: bool, merge: ListMerge) -> Got {
    if !is_mapping(low) || !is_mapping(high) {
        for side in [low, high] {
            side.clone().defined()?;
            // A text is made of it, which nobody sees.
            if let Obj::Tuple(_) | Obj::List(_) | Obj::Dict(_) = side {
                cx.text(side)?;
            }
        }
        return Err(Raise::ansible(format!(
            "failed to combine variables, expected dicts but got a '{}' and a '{}'.",
            merge_name(low),
            merge_name(high)
        )));
    }
    // Equal ones are not merged: their lists do not grow.
    if cx.len(low)? == 0 || cx.equals(low, high)? {
        return Ok(Obj::dict(cx.items(high)?));
    }
    let mut out: indexmap::IndexMap<Obj, Obj> = cx.items(low)?.into_iter().collect();
    for (key, new) in cx.items(high)? {
        let value = match out.get(&key).cloned() {
            Some(old) if recursive && is_mapping(&old) && is_mapping(&new) => {
                cx.deeper(|cx| merge_dicts(cx, &old, &new, recursive, merge))?
            }
            Some(old) if matches!((&old, &new), (Obj::List(_), Obj::List(_))) => merge_lists(cx, &old, &new, merge)?,
            _ => new,
        };
        out.insert(key, value);
    }
    Ok(Obj::dict(out))
}

fn merge_lists(cx: &mut Cx<'_>, old: &Obj, new: &Obj, merge: ListMerge) -> Got {
    let (old, new) = match merge {
        ListMerge::Replace => return Ok(new.clone()),
        ListMerge::Keep => return Ok(old.clone()),
        _ => (cx.iter(old)?, cx.iter(new)?),
    };
    let mut rest = Vec::new();
    for item in &old {
        if matches!(merge, ListMerge::Append | ListMerge::Prepend) || !super::lists::member(cx, &new, item)? {
            rest.push(item.clone());
        }
    }
    Ok(match merge {
        ListMerge::Append | ListMerge::AppendNew => Obj::list(rest.into_iter().chain(new)),
        _ => Obj::list(new.into_iter().chain(rest)),
    })
}

pub(super) fn dictsort(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [case, by, reverse] = args.bind(&sig("do_dictsort", 1, ["case_sensitive", "by", "reverse"], 0))?;
    let (case, reverse) = (case.truth(cx, false)?, reverse.truth(cx, false)?);
    let at = match by.string("key") {
        Some("key") => 0,
        Some("value") => 1,
        _ => return Err(filter_argument("You can only sort by either \"key\" or \"value\"")),
    };
    if !is_mapping(&input) {
        return Err(super::support::no_attribute(&input, "items"));
    }
    let mut keyed = Vec::new();
    for (k, v) in cx.defined_items(&input)? {
        let shown = if at == 0 { k.clone() } else { v.clone() };
        keyed.push((super::support::key(cx, &shown, &[], case)?, Obj::tuple([k, v])));
    }
    if reverse {
        keyed.reverse();
    }
    let mut sorted = cx.sort(keyed, |(key, _)| key.clone())?;
    if reverse {
        sorted.reverse();
    }
    Ok(Obj::list(sorted.into_iter().map(|(_, item)| item)))
}

/// jinja2's FilterArgumentError.
pub(super) fn filter_argument(text: impl Into<String>) -> Raise {
    Raise::python(Class::Template, text)
}

pub(super) fn extract(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [container, more] = args.bind(&sig("extract", 2, ["container", "morekeys"], 1))?;
    let mut keys = vec![input];
    match some(more) {
        None => {}
        Some(list @ Obj::List(_)) => keys.extend(cx.iter(&list)?),
        Some(one) => keys.push(one),
    }
    let mut value = given(container);
    for key in keys {
        value = super::support::get_item(cx, &value, &key)?;
    }
    Ok(value)
}

pub(super) fn subelements(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [names, skip] = args.bind(&sig("subelements", 1, ["subelements", "skip_missing"], 1))?;
    let skip = skip.truth(cx, false)?;
    // A list's elements are looked at one by one, a dictionary's all at once.
    let elements = match &input {
        Obj::Dict(_) | Obj::Map(_) => {
            let values = cx.items(&input)?.into_iter().map(|(_, value)| value.defined());
            Obj::list(values.collect::<Result<Vec<_>, Raise>>()?)
        }
        Obj::List(_) => input,
        _ => return Err(Raise::ansible("obj must be a list of dicts or a nested dict")),
    };
    let names: Vec<Obj> = match given(names) {
        list @ Obj::List(_) => cx.iter(&list)?,
        Obj::Str(text) => text.as_str().split('.').map(Obj::from).collect(),
        _ => return Err(Raise::type_error("subelements must be a list or a string")),
    };
    let mut out = Vec::new();
    for element in cx.each(&elements)? {
        let element = element?;
        let Some(values) = descend(cx, &element, &names, skip)? else {
            continue;
        };
        if !matches!(values, Obj::List(_)) {
            let name = match names.last() {
                Some(name) => cx.repr(name)?,
                None => String::new(),
            };
            let shown = cx.repr(&values)?;
            return Err(Raise::type_error(format!("the key {name} should point to a list, got {shown}")));
        }
        for value in cx.iter(&values)? {
            out.push(Obj::tuple([element.clone(), value]));
        }
    }
    Ok(Obj::list(out))
}

/// The list below an element; None where it is missing and may be.
fn descend(cx: &mut Cx<'_>, element: &Obj, names: &[Obj], skip: bool) -> Result<Option<Obj>, Raise> {
    let mut values = element.clone();
    for name in names {
        if !is_mapping(&values) {
            let cause = match &values {
                Obj::Undefined(u) => return Err(u.used()),
                Obj::Str(_) => "string indices must be integers, not 'str'".to_owned(),
                Obj::List(_) | Obj::Tuple(_) => {
                    format!("{} indices must be integers or slices, not {}", values.native_name(), name.native_name())
                }
                other => format!("'{}' object is not subscriptable", other.type_name()),
            };
            let (name, shown) = (cx.text(name)?, cx.text(&values)?);
            let text = format!("the key {name} should point to a dictionary, got '{shown}'.");
            return Err(caused(cause, &text));
        }
        match item_of(cx, &values, name)? {
            Some(found) => values = found,
            None if skip => return Ok(None),
            None => {
                let (name, shown) = (cx.repr(name)?, cx.repr(&values)?);
                return Err(Raise::ansible(format!("could not find {name} key in iterated item {shown}")));
            }
        }
    }
    Ok(Some(values))
}

pub(super) fn rekey_on_member(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [key, duplicates] = args.bind(&sig("rekey_on_member", 1, ["key", "duplicates"], 1))?;
    let key = given(key);
    let duplicates = duplicates.unwrap_or_else(|| "error".into());
    let overwrite = match duplicates.as_str() {
        Some("error") => false,
        Some("overwrite") => true,
        _ => {
            let shown = cx.repr(&duplicates)?;
            return Err(Raise::ansible(format!("duplicates parameter to rekey_on_member has unknown value {shown}")));
        }
    };
    let items = match &input {
        Obj::Dict(_) | Obj::Map(_) => Obj::list(cx.items(&input)?.into_iter().map(|(_, value)| value)),
        Obj::List(_) | Obj::Tuple(_) | Obj::Set(_) | Obj::Iter(_) | Obj::Range(_) | Obj::Undefined(_) => input,
        _ => return Err(Raise::ansible("Type is not a valid list, set, or dict")),
    };
    let mut out: indexmap::IndexMap<Obj, Obj> = indexmap::IndexMap::new();
    for item in cx.each(&items)? {
        let item = item?;
        if !is_mapping(&item) {
            return Err(Raise::ansible("List item is not a valid dict"));
        }
        let Some(found) = item_of(cx, &item, &key)? else {
            let shown = cx.repr(&key)?;
            return Err(Raise::ansible(format!("Key {shown} was not found.")));
        };
        hashable(&found)?;
        if out.contains_key(&found) && !overwrite {
            let shown = cx.repr(&found)?;
            return Err(Raise::ansible(format!("Key {shown} is not unique, cannot convert to dict.")));
        }
        out.insert(found, item);
    }
    Ok(Obj::dict(out))
}
