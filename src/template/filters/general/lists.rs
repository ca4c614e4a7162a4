//! `lists_mergeby`, `lists_union`, `lists_intersect`, `lists_difference`, `lists_symmetric_difference`.

use super::shown;
use crate::template::filters::lists::member;
use crate::template::filters::support::{Got, hashable, is_mapping, is_sequence};
use crate::template::ir::Op;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};

/// Lists of lists taken apart one level; others as they are.
fn flattened(cx: &mut Cx<'_>, terms: &[Obj], complaint: &str, texts: bool) -> Result<Vec<Obj>, Raise> {
    let sequence = |obj: &Obj| is_sequence(obj) || texts && obj.as_str().is_some();
    let mut out = Vec::new();
    for term in terms {
        if !sequence(term) {
            let shown = shown(cx, term)?;
            return Err(Raise::ansible(format!("{complaint} {shown}")));
        }
        let items = cx.iter_lenient(term)?;
        if items.is_empty() {
            continue;
        }
        // What is behind an item that is no list is not looked at.
        let mut nested = true;
        let tuple = matches!(term, Obj::Tuple(_));
        for item in &items {
            nested = sequence(&if tuple { item.clone() } else { item.clone().defined()? });
            if !nested {
                break;
            }
        }
        if nested { out.extend(items) } else { out.push(term.clone()) }
    }
    Ok(out)
}

pub(in crate::template::filters) fn lists_mergeby(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs) -> Got {
    let options: Vec<_> =
        ["recursive", "list_merge"].into_iter().filter_map(|n| Some((n.into(), args.take(n)?))).collect();
    if !args.named.is_empty() {
        return Err(Raise::ansible("'recursive' and 'list_merge' are the only valid keyword arguments."));
    }
    let mut terms: Vec<Obj> = std::iter::once(input).chain(args.positional).collect();
    let index = terms.pop().unwrap_or_default();
    if terms.is_empty() {
        return Err(Raise::ansible("At least one list and index are needed."));
    }
    let complaint = "All arguments before the argument index for community.general.lists_mergeby must be lists.";
    let mut lists = flattened(cx, &terms, complaint, true)?;
    let Some(mut result) = lists.pop() else { return Ok(Obj::list([])) };
    if lists.is_empty() {
        return Ok(result);
    }
    if index.as_str().is_none() {
        let shown = shown(cx, &index)?;
        return Err(Raise::ansible(format!(
            "First argument after the lists for community.general.lists_mergeby must be string. {shown}"
        )));
    }
    // The last list has precedence, so they are merged from the end.
    while let Some(lower) = lists.pop() {
        result = merged(cx, &lower, &result, &index, &options)?;
    }
    Ok(result)
}

type Options = [(std::sync::Arc<str>, Obj)];

/// Two lists' dictionaries with the same index merged, sorted by it; those without it drop out.
fn merged(cx: &mut Cx<'_>, low: &Obj, high: &Obj, index: &Obj, options: &Options) -> Got {
    let mut found: indexmap::IndexMap<Obj, Obj> = indexmap::IndexMap::new();
    for list in [low, high] {
        for item in cx.each(list)? {
            let item = item?;
            if !is_mapping(&item) {
                let shown = shown(cx, &item)?;
                return Err(Raise::ansible(format!(
                    "Elements of list arguments for lists_mergeby must be dictionaries. {shown}"
                )));
            }
            let Some(key) = cx.dict_get(&item, index.as_str().unwrap_or_default())? else { continue };
            let key = key.defined()?;
            hashable(&key)?;
            let before = found.get(&key).cloned().unwrap_or_else(|| Obj::dict([]));
            let args = CallArgs { positional: vec![item], named: options.to_vec() };
            let both = cx.filter("combine", before, args)?.defined()?;
            found.insert(key, both);
        }
    }
    // By what the merged ones have: `true` and 1 are one index.
    let mut keyed = Vec::with_capacity(found.len());
    for item in found.into_values() {
        keyed.push((cx.dict_get(&item, index.as_str().unwrap_or_default())?.unwrap_or_default().defined()?, item));
    }
    let sorted = cx.sort(keyed, |(key, _)| key.clone())?;
    Ok(Obj::list(sorted.into_iter().map(|(_, item)| item)))
}

/// The lists of a call, each as its items.
fn lists(cx: &mut Cx<'_>, input: Obj, mut args: CallArgs, func: &str) -> Result<Vec<Obj>, Raise> {
    let flatten = args.take("flatten").truth(cx, false)?;
    if !args.named.is_empty() {
        let names: Vec<&str> = args.named.iter().map(|(name, _)| &**name).collect();
        return Err(Raise::ansible(format!("{func}() got unexpected keywords arguments: {}", names.join(", "))));
    }
    let terms: Vec<Obj> = std::iter::once(input).chain(args.positional).collect();
    if flatten { flattened(cx, &terms, "All arguments must be lists.", false) } else { Ok(terms) }
}

fn unique(cx: &mut Cx<'_>, items: Vec<Obj>) -> Result<Vec<Obj>, Raise> {
    let mut out = Vec::new();
    for item in items {
        if !member(cx, &out, &item)? {
            out.push(item);
        }
    }
    Ok(out)
}

/// Combines the lists one after the other; one alone is left as it is.
fn combined(
    cx: &mut Cx<'_>,
    lists: Vec<Obj>,
    both: impl Fn(&mut Cx<'_>, Vec<Obj>, Vec<Obj>) -> Result<Vec<Obj>, Raise>,
) -> Got {
    let mut rest = lists.into_iter();
    let Some(first) = rest.next() else { return Ok(Obj::list([])) };
    if rest.len() == 0 {
        return Ok(first);
    }
    let items = cx.iter(&first)?;
    let mut result = items;
    for list in rest {
        let items = cx.iter(&list)?;
        result = both(cx, result, items)?;
    }
    Ok(Obj::list(result))
}

pub(in crate::template::filters) fn lists_union(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let mut lists = lists(cx, input, args, "lists_union")?.into_iter();
    let Some(mut all) = lists.next() else { return Ok(Obj::list([])) };
    if lists.len() == 0 {
        return Ok(all);
    }
    for list in lists {
        all = cx.binary(Op::Add, &all, &list)?;
    }
    let items = cx.iter(&all)?;
    unique(cx, items).map(Obj::list)
}

fn split(cx: &mut Cx<'_>, a: Vec<Obj>, b: &[Obj], within: bool) -> Result<Vec<Obj>, Raise> {
    let mut out = Vec::new();
    for item in unique(cx, a)? {
        if member(cx, b, &item)? == within {
            out.push(item);
        }
    }
    Ok(out)
}

pub(in crate::template::filters) fn lists_intersect(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let lists = lists(cx, input, args, "lists_intersect")?;
    combined(cx, lists, |cx, a, b| split(cx, a, &b, true))
}

pub(in crate::template::filters) fn lists_difference(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let lists = lists(cx, input, args, "lists_difference")?;
    combined(cx, lists, |cx, a, b| split(cx, a, &b, false))
}

pub(in crate::template::filters) fn lists_symmetric_difference(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let mut lists = lists(cx, input, args, "lists_difference")?.into_iter();
    let Some(mut result) = lists.next() else { return Ok(Obj::list([])) };
    for list in lists {
        let all = cx.binary(Op::Add, &result, &list)?;
        let (a, b, all) = (cx.iter(&result)?, cx.iter(&list)?, cx.iter(&all)?);
        let common = split(cx, a, &b, true)?;
        result = Obj::list(split(cx, all, &common, false)?);
    }
    Ok(result)
}
