//! Lookups of files' contents and names: `file`, `fileglob`, `unvault`.

use super::support::{Call, Found, find_file, read_text, term};
use crate::template::filters::support::caused;
use crate::template::pylib::{glob, paths};
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::str_repr;

pub(super) fn file(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let (left, right) = (call.truth(cx, "lstrip", false)?, call.truth(cx, "rstrip", true)?);
    let mut out = Vec::new();
    for name in &call.terms {
        let name = term(cx, name)?;
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

pub(super) fn unvault(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let mut out = Vec::new();
    for name in &call.terms {
        let name = term(cx, name)?;
        let Some(path) = find_file(cx, Some("files"), &name) else {
            return Err(Raise::ansible(format!("Unable to find file matching \"{name}\"")));
        };
        out.push(read_text(cx, &path)?.into());
    }
    Ok(out)
}

pub(super) fn fileglob(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let mut out = Vec::new();
    for name in &call.terms {
        let name = term(cx, name)?;
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
