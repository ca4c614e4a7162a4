//! The lookup `first_found`.
//!
//! Called as `with_first_found`, it drops undefined terms and searches the folder of the task's
//! action; called as a lookup, it searches no folder of its own.

use super::support::{Call, Found, find_file};
use crate::template::filters::support::is_mapping;
use crate::template::{CallArgs, Cx, Obj, Raise};

pub(super) fn first_found(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    for (_, value) in &args.named {
        value.clone().defined()?;
    }
    let with_loop = cx.is_with_loop();
    let mut call = Call::new(args);
    call.terms = settled(cx, std::mem::take(&mut call.terms), with_loop)?;
    let folder = with_loop.then(|| folder(cx));
    if call.terms.is_empty() {
        call.terms = call.list(cx, "files")?.into_iter().map(Obj::from).collect();
    }
    let mut search = Vec::new();
    let terms = std::mem::take(&mut call.terms);
    collect(cx, &mut call, terms, &mut search)?;
    for name in search {
        if let Some(path) = find_file(cx, folder, &name) {
            return Ok(vec![crate::template::pylib::paths::normpath(&path).into()]);
        }
    }
    if call.truth(cx, "skip", false)? {
        return Ok(Vec::new());
    }
    Err(Raise::ansible("No file was found when using first_found."))
}

/// The folder that goes with the running task's action.
fn folder(cx: &Cx<'_>) -> &'static str {
    let action = cx.with_scope(|scope| scope.action()).unwrap_or_default();
    if action.contains("template") {
        "templates"
    } else if action.contains("var") {
        "vars"
    } else {
        "files"
    }
}

/// The terms without undefined ones where they may be dropped, at any depth; else their error.
fn settled(cx: &mut Cx<'_>, terms: Vec<Obj>, drop: bool) -> Found {
    let mut out = Vec::new();
    for item in terms {
        match item {
            Obj::Undefined(_) if drop => {}
            item if item.is_marker() => {
                item.defined()?;
            }
            list @ (Obj::List(_) | Obj::Tuple(_)) => {
                let items = cx.iter_lenient(&list)?;
                let kept = cx.deeper(|cx| settled(cx, items, drop))?;
                out.push(Obj::list(kept));
            }
            dict @ Obj::Dict(_) => {
                let mut kept = Vec::new();
                for (key, value) in cx.items(&dict)? {
                    if let Some(value) = cx.deeper(|cx| settled(cx, vec![value], drop))?.pop() {
                        kept.push((key, value));
                    }
                }
                out.push(Obj::dict(kept));
            }
            other => out.push(other),
        }
    }
    Ok(out)
}

/// Every name that the terms stand for. A dictionary's options also hold for the terms after it.
fn collect(cx: &mut Cx<'_>, call: &mut Call, terms: Vec<Obj>, search: &mut Vec<String>) -> Result<(), Raise> {
    for item in terms {
        let files = match &item {
            dict if is_mapping(dict) => {
                // Options that the dictionary leaves out are the defaults again.
                for name in ["files", "paths", "skip"] {
                    call.set(name, Obj::None);
                }
                for (key, value) in cx.items(dict)? {
                    let key = cx.text(&key)?;
                    call.set(&key, value);
                }
                call.list(cx, "files")?
            }
            Obj::Str(text) => vec![text.as_str().to_owned()],
            list @ (Obj::List(_) | Obj::Tuple(_)) => {
                let items = cx.iter(list)?;
                cx.deeper(|cx| collect(cx, call, items, search))?;
                continue;
            }
            other => {
                let kind = other.type_name();
                return Err(Raise::ansible(format!(
                    "Invalid term supplied. A string, dict or list is required, not '{kind}')."
                )));
            }
        };
        let paths = call.list(cx, "paths")?;
        let files: Vec<String> = files.iter().flat_map(|f| split(f, &[',', ';'])).collect();
        let paths: Vec<String> = paths.iter().flat_map(|p| split(p, &[',', ':', ';'])).collect();
        if paths.is_empty() {
            search.extend(files);
            continue;
        }
        for path in &paths {
            search.extend(files.iter().map(|f| crate::template::pylib::paths::join([path.as_str(), f.as_str()])));
        }
    }
    Ok(())
}

fn split(text: &str, separators: &[char]) -> Vec<String> {
    text.split(separators).map(str::to_owned).collect()
}
