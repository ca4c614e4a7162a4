//! `file`: a path's state — file, folder, link, touched or absent — and its attributes.

mod link;
#[cfg(test)]
mod tests;
mod times;

use super::attributes::{FileArgs, is_link, real_path};
use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{accounts, errors};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use times::Times;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "file",
    doc: "Manage files and file properties.",
    spec: &Spec {
        file_common: true,
        ..Spec::new(&[
            Arg::new("state", Kind::Str).choices(&["absent", "directory", "file", "hard", "link", "touch"]),
            Arg::new("path", Kind::Path).required().aliases(&["dest", "name"]),
            Arg::new("_original_basename", Kind::Str),
            Arg::new("recurse", Kind::Bool).default(Default::Bool(false)),
            Arg::new("force", Kind::Bool).default(Default::Bool(false)),
            Arg::new("follow", Kind::Bool).default(Default::Bool(true)),
            Arg::new("_diff_peek", Kind::Bool),
            Arg::new("src", Kind::Path),
            Arg::new("modification_time", Kind::Str),
            Arg::new("modification_time_format", Kind::Str).default(Default::Str("%Y%m%d%H%M.%S")),
            Arg::new("access_time", Kind::Str),
            Arg::new("access_time_format", Kind::Str).default(Default::Str("%Y%m%d%H%M.%S")),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    complete_args(call)?;
    let state = call.args.str("state").to_owned();
    let path = call.args.str("path").to_owned();
    if call.check() && state != "absent" {
        warn_of_missing_accounts(call);
    }
    if call.args.has("_diff_peek") {
        return Ok(Outcome::changed(false).with("path", path.as_str()).with("appears_binary", is_binary(&path)));
    }
    let mut outcome = match state.as_str() {
        "absent" => absent(call, &path),
        "file" => file(call, path),
        "directory" => directory(call, path),
        "link" => link::symbolic(call, &path),
        "hard" => link::hard(call, &path),
        _ => touch(call, &path),
    }?;
    if !call.context.diff {
        outcome.result.remove("diff");
    }
    Ok(outcome)
}

/// Puts a path within an existing folder, and gives `state` its default.
fn complete_args(call: &mut Call<'_>) -> Result<(), Outcome> {
    let mut path = call.args.str("path").to_owned();
    if !matches!(call.args.str("state"), "link" | "absent") && Path::new(&path).is_dir() {
        let given = |name| call.args.opt_str(name).filter(|text| !text.is_empty());
        let name = given("_original_basename").or_else(|| given("src").map(|src| src.rsplit('/').next().unwrap_or("")));
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            path = join(&path, name);
            call.args.set("path", path.as_str());
        }
    }
    if !call.args.has("state") {
        let state = match state_of(&path) {
            "absent" if call.args.bool("recurse") => "directory",
            "absent" => "file",
            state => state,
        };
        call.args.set("state", state);
    }
    let state = call.args.str("state");
    let wrong = if call.args.bool("recurse") && state != "directory" {
        "recurse option requires state to be 'directory'"
    } else if !call.args.str("src").is_empty() && !matches!(state, "link" | "hard") {
        "src option requires state to be 'link' or 'hard'"
    } else {
        return Ok(());
    };
    Err(Outcome::failed(wrong).with("path", path))
}

/// What a path is: `absent`, `link`, `directory`, `hard` or `file`, which is all the rest.
fn state_of(path: &str) -> &'static str {
    match fs::symlink_metadata(path) {
        Err(_) => "absent",
        Ok(meta) if meta.is_symlink() => "link",
        Ok(meta) if meta.is_dir() => "directory",
        Ok(meta) if meta.nlink() > 1 => "hard",
        Ok(_) => "file",
    }
}

/// Python's `os.path.join`.
fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() || name.starts_with('/') {
        name.to_owned()
    } else if folder.ends_with('/') {
        format!("{folder}{name}")
    } else {
        format!("{folder}/{name}")
    }
}

/// In check mode a user may be one that an earlier task would have added.
fn warn_of_missing_accounts(call: &mut Call<'_>) {
    let owner = call.args.str("owner").to_owned();
    let group = call.args.str("group").to_owned();
    let mut missing = Vec::new();
    if !owner.is_empty() {
        match owner.trim().parse() {
            Ok(uid) if accounts::user_by_id(uid).is_none() => missing.push(("user", format!("user with uid {uid}"))),
            Err(_) if accounts::user_by_name(&owner).is_none() => missing.push(("user", format!("user {owner}"))),
            _ => {}
        }
    }
    if !group.is_empty() {
        match group.trim().parse() {
            Ok(gid) if accounts::group_by_id(gid).is_none() => missing.push(("group", format!("group with gid {gid}"))),
            Err(_) if accounts::group_by_name(&group).is_none() => missing.push(("group", format!("group {group}"))),
            _ => {}
        }
    }
    for (kind, what) in missing {
        call.warn(format!("failed to look up {what}. Create {kind} up to this point in real play"));
    }
}

fn is_binary(path: &str) -> bool {
    let mut head = Vec::new();
    let read = File::open(path).and_then(|file| file.take(8192).read_to_end(&mut head));
    read.is_ok() && head.contains(&0)
}

/// A diff that says how the state changes, and what a folder held that goes.
fn first_diff(path: &str, state: &str, before: &str) -> Dict {
    let mut old = Dict::from([("path", path)]);
    let mut new = old.clone();
    if state != before {
        old.insert("state", before);
        new.insert("state", state);
        if state == "absent" && before == "directory" {
            let (mut folders, mut files) = (Vec::new(), Vec::new());
            walk(path, &mut |path, is_folder| {
                if is_folder {
                    folders.push(Value::from(path))
                } else {
                    files.push(Value::from(path))
                }
                Ok(())
            })
            // The closure gives no error.
            .unwrap_or(());
            old.insert("path_content", Dict::from([("directories", folders), ("files", files)]));
        }
    }
    Dict::from([("before", old), ("after", new)])
}

/// Visits all below a folder, a folder's own entries before those below them; links are not followed.
fn walk(folder: &str, visit: &mut dyn FnMut(&str, bool) -> Result<(), Outcome>) -> Result<(), Outcome> {
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        let mut below = Vec::new();
        for entry in entries.flatten() {
            let path = entry.path().to_string_lossy().into_owned();
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            // A link to a folder counts as a folder, but is not gone into.
            let is_folder = entry.path().is_dir();
            visit(&path, is_folder)?;
            if is_folder && !is_link {
                below.push(path);
            }
        }
        waiting.extend(below.into_iter().rev());
    }
    Ok(())
}

fn absent(call: &Call<'_>, path: &str) -> Result<Outcome, Outcome> {
    let before = state_of(path);
    if before == "absent" {
        return Ok(Outcome::changed(false).with("path", path).with("state", "absent"));
    }
    // Walked only where it is shown: the folder may be large.
    let diff = if call.context.diff { Some(first_diff(path, "absent", before)) } else { None };
    if !call.check() {
        if before == "directory" {
            fs::remove_dir_all(path)
                .map_err(|e| Outcome::failed(format!("rmtree failed: {}", errors::os_error(&e, path))))?;
        } else if let Err(e) = fs::remove_file(path)
            && e.kind() != ErrorKind::NotFound
        {
            let failed = Outcome::failed("Unlinking failed.").with("path", path);
            return Err(failed.caused_by(errors::os_error_bytes(&e, path)));
        }
    }
    Ok(Outcome::changed(true).with("path", path).with("diff", diff).with("state", "absent"))
}

fn file(call: &Call<'_>, mut path: String) -> Result<Outcome, Outcome> {
    let times = Times::of(call, "file")?;
    let mut args = FileArgs::of(call, &path);
    let mut before = state_of(&path);
    if before == "link" && call.args.bool("follow") {
        path = real_path(&path);
        before = state_of(&path);
        args.path.clone_from(&path);
    }
    if !matches!(before, "file" | "hard") {
        let failed = Outcome::failed(format!("file ({path}) is {before}, cannot continue"));
        return Err(failed.with("path", path).with("state", before));
    }
    let mut diff = first_diff(&path, "file", before);
    let mut changed = args.apply(call, false, Some(&mut diff))?;
    changed |= times.apply(call, &args.path, Some(&mut diff))?;
    Ok(Outcome::changed(changed).with("path", path).with("diff", diff))
}

fn touch(call: &Call<'_>, path: &str) -> Result<Outcome, Outcome> {
    let before = state_of(path);
    let times = Times::of(call, "touch")?;
    if before == "absent" {
        if call.check() {
            return Ok(Outcome::changed(true).with("dest", path));
        }
        File::create(path).map_err(|e| {
            let failed = Outcome::failed("Error, could not touch target.").with("path", path);
            failed.caused_by(errors::os_error_bytes(&e, path))
        })?;
    }
    let mut diff = first_diff(path, "touch", before);
    let args = FileArgs::of(call, path);
    let done = args
        .apply(call, before == "absent", Some(&mut diff))
        .and_then(|changed| Ok(changed | times.apply(call, &args.path, Some(&mut diff))?));
    if done.is_err() && before == "absent" {
        // What was just made for nothing goes again.
        drop(fs::remove_file(path));
    }
    Ok(Outcome::changed(done?).with("dest", path).with("diff", diff))
}

fn directory(call: &Call<'_>, mut path: String) -> Result<Outcome, Outcome> {
    let mut args = FileArgs::of(call, &path);
    let times = Times::of(call, "directory")?;
    let mut before = state_of(&path);
    if before == "link" && call.args.bool("follow") {
        path = real_path(&path);
        before = state_of(&path);
        args.path.clone_from(&path);
    }
    let mut diff = first_diff(&path, "directory", before);
    let mut changed = false;
    match before {
        "absent" if call.check() => changed = true,
        "absent" => changed = make_folders(call, &path, &args, &times, &mut diff)?,
        "directory" => {
            changed = args.apply(call, changed, Some(&mut diff))?;
            changed |= times.apply(call, &args.path, Some(&mut diff))?;
            if call.args.bool("recurse") {
                changed |= recurse(call, &path, &args, &times, 0)?;
            }
        }
        other => {
            return Err(Outcome::failed(format!("{path} already exists as a {other}")).with("path", path));
        }
    }
    Ok(Outcome::changed(changed).with("path", path).with("diff", diff))
}

/// Makes a folder and those above it; each new one gets the attributes.
fn make_folders(call: &Call<'_>, path: &str, args: &FileArgs, times: &Times, diff: &mut Dict) -> Result<bool, Outcome> {
    let mut changed = false;
    let mut current = String::new();
    for name in path.trim_matches('/').split('/') {
        current = format!("{current}/{name}");
        if !path.starts_with('/') {
            current = current.trim_start_matches('/').to_owned();
        }
        if Path::new(&current).exists() {
            continue;
        }
        match fs::create_dir(&current) {
            Ok(()) => changed = true,
            Err(e) if e.kind() == ErrorKind::AlreadyExists && Path::new(&current).is_dir() => {}
            Err(e) => {
                let why = errors::os_error_bytes(&e, &current);
                let failed = Outcome::failed(format!("There was an issue creating {current} as requested: {why}"));
                return Err(failed.with("path", path));
            }
        }
        changed = args.at(&current).apply(call, changed, Some(diff))?;
        changed |= times.apply(call, &args.path, Some(diff))?;
    }
    Ok(changed)
}

/// Sets the attributes of all below a folder; with `follow` also of what links there point to.
fn recurse(call: &Call<'_>, folder: &str, args: &FileArgs, times: &Times, depth: u32) -> Result<bool, Outcome> {
    if depth > 40 {
        return Err(Outcome::failed(format!(
            "Could not recursively set attributes on {folder}. Original error was: 'maximum recursion depth exceeded'"
        )));
    }
    let mut changed = false;
    let follow = call.args.bool("follow");
    walk(folder, &mut |path, _| {
        if call.is_cancelled() {
            return Err(Outcome::failed("The task was ended before it had finished."));
        }
        changed = args.at(path).apply(call, changed, None)?;
        changed |= times.apply_to_entry(call, path)?;
        if !follow || !is_link(path) {
            return Ok(());
        }
        let Some(target) = fs::read_link(path).ok() else { return Ok(()) };
        let target = join(path.rsplit_once('/').map_or("", |(folder, _)| folder), &target.to_string_lossy());
        if !Path::new(&target).exists() {
            return Ok(());
        }
        if Path::new(&target).is_dir() {
            changed |= recurse(call, &target, args, times, depth + 1)?;
        }
        changed = args.at(&target).apply(call, changed, None)?;
        changed |= times.apply(call, &target, None)?;
        Ok(())
    })?;
    Ok(changed)
}
