//! Lookups of files' contents and names: `file`, `fileglob`, `unvault`.

use super::support::{Call, Found, file_name, find_file, read_text, sourced, term};
use crate::host::errors::os_error;
use crate::template::filters::support::{caused, no_attribute, told_apart};
use crate::template::pylib::{glob, paths};
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::str_repr;
use base64::Engine;

/// A term that is a path; others have no place to be looked for in.
fn path_of(cx: &mut Cx<'_>, name: &Obj) -> Result<String, Raise> {
    let text = term(cx, name)?;
    if name.as_str().is_some() { Ok(text) } else { Err(no_attribute(name, "startswith")) }
}

pub(super) fn file(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let (left, right) = (call.truth(cx, "lstrip", false)?, call.truth(cx, "rstrip", true)?);
    let mut out = Vec::new();
    for name in &call.terms {
        let name = path_of(cx, name)?;
        let context = format!("Unable to access the file {}.", str_repr(&name));
        let Some(path) = find_file(cx, Some("files"), &name) else {
            return Err(caused("File not found. Use -vvvvv to see paths searched.", &context));
        };
        let text = match read_text(cx, &path) {
            Ok(text) => text,
            Err(Raise::Python(_, cause)) => return Err(caused(cause.into_string(), &context)),
            Err(other) => return Err(other),
        };
        let text = if left { text.trim_start() } else { &text };
        out.push(Obj::from(if right { text.trim_end() } else { text }));
    }
    Ok(out)
}

pub(super) fn binary_file(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let own = "ansible_collections.community.general.plugins.lookup.binary_file";
    let missing = call.choice(cx, own, "not_exist", &["error", "empty", "empty_str"])?;
    let mut out = Vec::new();
    for name in &call.terms {
        let name = term(cx, name)?;
        let Some(path) = find_file(cx, Some("files"), &name) else {
            out.push(match missing.as_str() {
                "empty" => "".into(),
                "empty_str" => "empty".into(),
                _ => {
                    cx.warn(format!("Unable to find '{name}' in expected paths (use -vvvvv to see paths)"));
                    let text = format!("Could not locate file in community.general.binary_file lookup: {name}");
                    return Err(Raise::ansible(text));
                }
            });
            continue;
        };
        let bytes = std::fs::read(&path)
            .map_err(|error| told_apart(format!("Error while reading {path}: {}", os_error(&error, &path))))?;
        out.push(base64::engine::general_purpose::STANDARD.encode(bytes).into());
    }
    Ok(out)
}

pub(super) fn unvault(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let mut out = Vec::new();
    for name in &call.terms {
        let name = path_of(cx, name)?;
        let Some(path) = find_file(cx, Some("files"), &name) else {
            return Err(Raise::ansible(format!("Unable to find file matching \"{name}\"")));
        };
        out.push(sourced(read_text(cx, &path)?.into()));
    }
    Ok(out)
}

pub(super) fn fileglob(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let mut out = Vec::new();
    for name in &call.terms {
        let name = file_name(cx, name)?;
        let pattern = paths::basename(&name);
        let folders: Vec<String> = if pattern == name {
            let places = cx.search_paths();
            places.iter().flat_map(|p| [paths::join([p.as_str(), "files"]), p.clone()]).collect()
        } else {
            find_file(cx, Some("files"), paths::dirname(&name)).into_iter().collect()
        };
        let cwd = cx.with_world(|w| w.cwd.clone());
        for folder in folders {
            let found: Vec<Obj> = glob::glob(&paths::join([folder.as_str(), pattern]), &cwd)
                .into_iter()
                .filter(|path| std::path::Path::new(path).is_file())
                .map(Obj::from)
                .collect();
            if !found.is_empty() {
                out.extend(found);
                break;
            }
        }
    }
    Ok(out)
}
