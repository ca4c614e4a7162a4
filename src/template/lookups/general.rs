//! Lookups of `community.general`: `cartesian`, `filetree`, `merge_variables`, `random_string`.

use super::support::{Call, Found, base_folder, file_name};
use crate::re::{Flags, Pattern};
use crate::template::bounds::list_fits;
use crate::template::filters::lists::{generator, products};
use crate::template::filters::support::{class_of, is_mapping, some};
use crate::template::pylib::paths;
use crate::template::{CallArgs, Cx, Obj, Raise};
use base64::Engine;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

pub(super) fn cartesian(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    if args.positional.is_empty() {
        return Err(Raise::ansible("with_cartesian requires at least one element in each list"));
    }
    let mut columns = Vec::new();
    for item in &args.positional {
        columns.push(match item {
            Obj::List(_) | Obj::Tuple(_) | Obj::Iter(_) | Obj::Set(_) | Obj::Dict(_) => cx.iter(item)?,
            // The undefined of an `if` without `else` has no items.
            Obj::Undefined(_) => Vec::new(),
            one => vec![one.clone().stripped()],
        });
    }
    let mut out = Vec::new();
    for row in products(&columns, 1)? {
        let mut flat = Vec::new();
        for item in row {
            match item {
                list @ (Obj::List(_) | Obj::Tuple(_)) => flat.extend(cx.iter(&list)?),
                other => flat.push(other),
            }
        }
        out.push(Obj::list(flat));
    }
    Ok(out)
}

const DIGITS: &str = "0123456789";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const SPECIAL: &str = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

pub(super) fn random_string(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let own = "community.general.random_string";
    let length = call.int(cx, own, "length")?.unwrap_or(8);
    let similar = call.text(cx, "similar_chars", "il1LoO0")?;
    let ignore = call.truth(cx, "ignore_similar_chars", false)?;
    let left = |chars: &str| -> String { chars.chars().filter(|c| !ignore || !similar.contains(*c)).collect() };
    let only = call.text(cx, "override_all", "")?;
    let special = match call.text(cx, "override_special", "")? {
        text if text.is_empty() || !only.is_empty() => left(SPECIAL),
        text => text,
    };
    let seed = match some(call.option("seed").cloned()) {
        Some(seed) => Some(Obj::from(cx.text(&seed)?)),
        None => None,
    };
    let seeded = seed.is_some();
    let mut random = generator(cx, seed)?;
    let mut pick = |chars: &str, count: i64| -> Result<String, Raise> {
        let chars: Vec<char> = chars.chars().collect();
        if chars.is_empty() {
            return Err(Raise::ansible("Available characters cannot be None, please change constraints"));
        }
        list_fits(usize::try_from(count).unwrap_or(0))?;
        Ok((0..count).filter_map(|_| chars.get(random.below(chars.len() as u64) as usize)).collect())
    };
    let mut value = String::new();
    let mut all = only.clone();
    if only.is_empty() {
        let kinds = [("upper", left(UPPER)), ("lower", left(LOWER)), ("numbers", left(DIGITS)), ("special", special)];
        for (option, chars) in &kinds {
            if call.truth(cx, option, true)? {
                all.push_str(chars);
            }
        }
        for (option, kind) in [("min_numeric", 2), ("min_lower", 1), ("min_upper", 0), ("min_special", 3)] {
            if let Some(least) = call.int(cx, own, option)?.filter(|n| *n != 0) {
                value.push_str(&pick(&kinds[kind].1, least)?);
            }
        }
    }
    value.push_str(&pick(&all, length - value.chars().count() as i64)?);
    let mut chars: Vec<char> = value.chars().collect();
    if !seeded {
        random.shuffle(&mut chars);
    }
    let value: String = chars.into_iter().collect();
    let encodes = call.truth(cx, "base64", false)?;
    Ok(vec![if encodes { base64::engine::general_purpose::STANDARD.encode(value).into() } else { value.into() }])
}

pub(super) fn filetree(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut out = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for item in &args.positional {
        let name = file_name(cx, item)?;
        let (folder, last) = (paths::dirname(&name).to_owned(), paths::basename(&name).to_owned());
        let base = base_folder(cx);
        let mut places: Vec<String> = cx.search_paths();
        places.push(base);
        // The folder beside `files` in a role, else beside the playbook.
        let candidates = places.iter().flat_map(|place| {
            [paths::join([place.as_str(), "files", folder.as_str()]), paths::join([place.as_str(), folder.as_str()])]
        });
        let root = if name.starts_with('/') {
            name.clone()
        } else {
            let found =
                candidates.map(|place| paths::join([place.as_str(), last.as_str()])).find(|p| Path::new(p).is_dir());
            match found {
                Some(found) => found,
                None => continue,
            }
        };
        walk(cx, &root, "", &mut seen, &mut out)?;
    }
    Ok(out)
}

/// Folders before files, each folder's own below it afterwards, as `os.walk` goes.
fn walk(
    cx: &mut Cx<'_>,
    root: &str,
    below: &str,
    seen: &mut std::collections::HashSet<String>,
    out: &mut Vec<Obj>,
) -> Result<(), Raise> {
    let full = paths::join([root, below]);
    let Ok(entries) = std::fs::read_dir(&full) else { return Ok(()) };
    let (mut folders, mut files) = (Vec::new(), Vec::new());
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_folder = std::fs::metadata(entry.path()).is_ok_and(|meta| meta.is_dir());
        if is_folder { folders.push(name) } else { files.push(name) }
    }
    for name in folders.iter().chain(&files) {
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        if !seen.insert(path.clone()) {
            continue;
        }
        if let Some(properties) = properties(cx, root, &path) {
            out.push(properties);
        }
    }
    for name in folders {
        let path = if below.is_empty() { name } else { format!("{below}/{name}") };
        // Links to folders are told of, not followed.
        if !Path::new(&paths::join([root, path.as_str()])).is_symlink() {
            cx.deeper(|cx| walk(cx, root, &path, seen, out))?;
        }
    }
    Ok(())
}

fn properties(cx: &mut Cx<'_>, root: &str, path: &str) -> Option<Obj> {
    let full = paths::join([root, path]);
    let meta = match std::fs::symlink_metadata(&full) {
        Ok(meta) => meta,
        Err(error) => {
            cx.warn(format!("filetree: Error using stat() on path {full} ({error})"));
            return None;
        }
    };
    let kind = meta.file_type();
    let mut items: Vec<(Obj, Obj)> = vec![("root".into(), root.into()), ("path".into(), path.into())];
    let mut push = |name: &str, value: Obj| items.push((name.into(), value));
    if kind.is_symlink() {
        push("state", "link".into());
        push("src", std::fs::read_link(&full).ok()?.to_string_lossy().as_ref().into());
    } else if kind.is_dir() {
        push("state", "directory".into());
    } else if kind.is_file() {
        push("state", "file".into());
        push("src", full.as_str().into());
    } else {
        cx.warn(format!("filetree: Error file type of {full} is not supported"));
        return None;
    }
    let owner = crate::host::accounts::user_by_id(meta.uid()).map(|user| user.name);
    let group = crate::host::accounts::group_by_id(meta.gid()).map(|group| group.name);
    let time = |seconds: i64, nanos: i64| Obj::Float(seconds as f64 + nanos as f64 / 1e9);
    push("uid", meta.uid().into());
    push("gid", meta.gid().into());
    push("owner", owner.map_or_else(|| meta.uid().into(), Obj::from));
    push("group", group.map_or_else(|| meta.gid().into(), Obj::from));
    push("mode", format!("0{:03o}", meta.mode() & 0o7777).into());
    push("size", Obj::Int(i64::try_from(meta.size()).unwrap_or(i64::MAX)));
    push("mtime", time(meta.mtime(), meta.mtime_nsec()));
    push("ctime", time(meta.ctime(), meta.ctime_nsec()));
    Some(Obj::dict(items))
}

pub(super) fn merge_variables(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    if some(call.option("groups").cloned()).is_some() {
        return Err(Raise::unsupported("The option 'groups' of the lookup 'merge_variables' is not supported."));
    }
    let own = "ansible_collections.community.general.plugins.lookup.merge_variables";
    let kind = call.choice(cx, own, "pattern_type", &["regex", "prefix", "suffix"])?;
    let overwrite = call.choice(cx, own, "override", &["error", "warn", "ignore"])?;
    let mut out = Vec::new();
    for item in &call.terms {
        let Some(pattern) = item.as_str() else {
            let class = class_of(item);
            return Err(Raise::ansible(format!("Non-string type '{class}' passed, only 'str' types are allowed!")));
        };
        let compiled = if kind == "regex" { Some(Pattern::new(pattern, Flags::default())?) } else { None };
        let mut names = Vec::new();
        for name in cx.variable_names() {
            let fits = match &compiled {
                Some(compiled) => compiled.search(&name, 0)?.is_some(),
                None if kind == "prefix" => name.starts_with(pattern),
                None => name.ends_with(pattern),
            };
            if fits {
                names.push(name);
            }
        }
        names.sort_unstable();
        let mut merged = some(call.option("initial_value").cloned());
        for name in names {
            let Some(value) = cx.variable(&name)? else { continue };
            let value = value.defined()?;
            if !is_mapping(&value) && !matches!(value, Obj::List(_)) {
                return Err(Raise::ansible("Not supported type detected, variable must be a list or a dict"));
            }
            merged = Some(match merged {
                None => value,
                Some(so_far) if is_mapping(&so_far) != is_mapping(&value) => {
                    return Err(Raise::ansible("Unable to merge, not all variables are of the same type"));
                }
                Some(so_far) if is_mapping(&so_far) => merge(cx, &so_far, &value, &name, &overwrite)?,
                Some(so_far) => cx.add_objects(&so_far, &value)?,
            });
        }
        out.push(merged.unwrap_or_default());
    }
    Ok(out)
}

/// A dictionary over another: dictionaries within are merged, lists appended.
fn merge(cx: &mut Cx<'_>, dest: &Obj, src: &Obj, path: &str, overwrite: &str) -> Result<Obj, Raise> {
    let mut out: indexmap::IndexMap<Obj, Obj> = cx.items(dest)?.into_iter().collect();
    for (key, value) in cx.items(src)? {
        let merged = match out.get(&key).cloned() {
            Some(before) if is_mapping(&value) && is_mapping(&before) => {
                let path = format!("{path}.{}", cx.text(&key)?);
                cx.deeper(|cx| merge(cx, &before, &value, &path, overwrite))?
            }
            Some(before) if matches!(value, Obj::List(_)) => cx.add_objects(&before, &value)?,
            Some(before) if !cx.equals(&before, &value)? => {
                let (key, before, value_text) = (cx.text(&key)?, cx.text(&before)?, cx.text(&value)?);
                let text = format!(
                    "The key '{key}' with value '{before}' will be overwritten with value '{value_text}' from \
                     '{path}.{key}'"
                );
                match overwrite {
                    "error" => return Err(Raise::ansible(text)),
                    "warn" => cx.warn(text),
                    _ => {}
                }
                value
            }
            _ => value,
        };
        out.insert(key, merged);
    }
    Ok(Obj::dict(out))
}
