//! `local`: the facts that the host's own administrators provide in fact_path (`*.fact`).
//!
//! An executable is run, any other file read; JSON, else the INI that Python's configparser reads.

use super::{Host, read};
use crate::value::{Dict, Value, parse_json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    let mut names: Vec<String> = read::names(host.fact_path);
    names.retain(|name| name.ends_with(".fact") && !name.starts_with('.'));
    names.sort();
    let mut local = Dict::new();
    for name in names {
        let path = format!("{}/{name}", host.fact_path);
        let value = one(host, &path).unwrap_or_else(|problem| {
            host.warn(problem.clone());
            problem.into()
        });
        local.insert(name.replace(".fact", ""), value);
    }
    Dict::from([("local", local)])
}

fn one(host: &Host<'_>, path: &str) -> Result<Value, String> {
    let meta = std::fs::metadata(path)
        .map_err(|error| format!("Could not stat fact ({path}): {}", crate::host::os_error(&error, path)))?;
    let bytes =
        if meta.permissions().mode() & 0o100 != 0 { run(host, path)? } else { std::fs::read(path).unwrap_or_default() };
    let text = String::from_utf8(bytes)
        .map_err(|_| format!("error loading fact - output of running \"{path}\" was not utf-8"))?;
    if let Ok(value) = parse_json(&text) {
        return Ok(value);
    }
    ini(&text)
        .map(Value::from)
        .ok_or_else(|| format!("error loading facts as JSON or ini - please check content: {path}"))
}

fn run(host: &Host<'_>, path: &str) -> Result<Vec<u8>, String> {
    let output = crate::host::Command::new(host.env, [Path::new(path)])
        .run()
        .map_err(|error| format!("Could not execute fact script ({path}): {}", crate::host::os_error(&error, path)))?;
    if output.rc != 0 {
        return Err(format!("Failure executing fact script ({path}), rc: {}, err: {}", output.rc, output.err()));
    }
    Ok(output.stdout)
}

/// A section's name, and its keys with the lines of their values.
type Section = (String, Vec<(String, Vec<String>)>);

/// Sections of `key = value` or `key: value` lines, keys in small letters; indented lines go on.
fn ini(text: &str) -> Option<Dict> {
    let mut sections: Vec<Section> = Vec::new();
    for line in text.lines() {
        let stripped = line.trim();
        if stripped.is_empty() || stripped.starts_with(['#', ';']) {
            continue;
        }
        let open = sections.last_mut().and_then(|(_, items)| items.last_mut());
        if let (true, Some((_, lines))) = (line.starts_with([' ', '\t']), open) {
            lines.push(stripped.to_owned());
        } else if let Some(name) = stripped.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            if sections.iter().any(|(known, _)| known == name) {
                return None;
            }
            sections.push((name.to_owned(), Vec::new()));
        } else {
            let (key, value) = stripped.split_once(['=', ':'])?;
            let key = key.trim().to_lowercase();
            let (_, items) = sections.last_mut()?;
            if items.iter().any(|(known, _)| *known == key) {
                return None;
            }
            items.push((key, vec![value.trim().to_owned()]));
        }
    }
    Some(with_defaults(sections))
}

/// The items of `[DEFAULT]` are in every section, and are no section themselves.
fn with_defaults(mut sections: Vec<Section>) -> Dict {
    let at = sections.iter().position(|(name, _)| name == "DEFAULT");
    let defaults = at.map(|at| sections.remove(at).1).unwrap_or_default();
    sections
        .into_iter()
        .map(|(name, mut items)| {
            let missing = defaults.iter().filter(|(key, _)| !items.iter().any(|(known, _)| known == key));
            let missing: Vec<_> = missing.cloned().collect();
            items.extend(missing);
            let items: Dict = items.into_iter().map(|(k, v)| (k.into(), Value::from(v.join("\n")))).collect();
            (name.into(), items.into())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::repr;

    #[track_caller]
    fn check(text: &str, want: &str) {
        assert_eq!(ini(text).map_or("None".into(), |dict| repr(&dict.into())), want);
    }

    #[test]
    fn like_configparser() {
        check("[a]\nX = 1\ny: 2\n  3\n[b]\n", "{'a': {'x': '1', 'y': '2\\n3'}, 'b': {}}");
        check("[DEFAULT]\nx=0\n[a]\n", "{'a': {'x': '0'}}");
        check("x=1\n", "None");
        check("[a]\nword\n", "None");
    }
}
