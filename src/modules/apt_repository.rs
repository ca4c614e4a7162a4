//! `apt_repository`: lines of apt's lists of sources.
//!
//! All lists are read, one line is added, enabled or removed, and what there is, is written back in a plain form. Where
//! apt then cannot be brought up to date, the lists go back to what they were.

use super::apt::{Trouble, attempt};
use super::attributes::FileArgs;
use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use std::path::Path;
use std::time::Duration;

mod lists;
mod ppa;

use lists::{Lists, parse};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "apt_repository",
    doc: "Add and remove APT repositories.",
    spec: &Spec::new(&[
        Arg::new("repo", Kind::Str).required(),
        Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["absent", "present"]),
        Arg::new("mode", Kind::Raw),
        Arg::new("update_cache", Kind::Bool).default(Default::Bool(true)).aliases(&["update-cache"]),
        Arg::new("update_cache_retries", Kind::Int).default(Default::Int(5)),
        Arg::new("update_cache_retry_max_delay", Kind::Int).default(Default::Int(12)),
        Arg::new("filename", Kind::Str),
        Arg::new("install_python_apt", Kind::Bool).default(Default::Bool(true)),
        Arg::new("validate_certs", Kind::Bool).default(Default::Bool(true)),
        Arg::new("codename", Kind::Str),
    ]),
    check: Support::Full,
    diff: Support::Full,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let repo = call.args.str("repo").to_owned();
    let state = call.args.str("state").to_owned();
    if repo.is_empty() {
        return Err(Outcome::failed("Please set argument 'repo' to a non-empty value"));
    }
    if ["apt-key", "gpg"].iter().all(|program| call.env.find_program(program).is_none()) {
        return Err(Outcome::failed(
            "Either apt-key or gpg binary is required, but neither could be found.The apt-key CLI has been deprecated \
             and removed in modern Debian and derivatives, you might want to use \"deb822_repository\" instead.",
        ));
    }
    let before = Lists::read(call)?;
    let mut after = before.clone();
    if state == "present" {
        add(call, &mut after, &repo)?;
    } else {
        let line = match repo.starts_with("ppa:") {
            true => ppa::Ppa::of(call, &repo)?.line,
            false => source(&repo)?,
        };
        after.remove(&line)?;
    }
    let (old, new) = (before.texts(), after.texts());
    let only = |these: &Dict, those: &Dict| -> Vec<Value> {
        let mut names: Vec<Value> = these.keys().filter(|name| those.get_value(name).is_none()).cloned().collect();
        names.sort_by_key(Value::to_text);
        names
    };
    let (added, removed) = (only(&new, &old), only(&old, &new));
    let changed = old != new;
    let diff = if call.context.diff { diff(&added, &removed, &old, &new) } else { Vec::new() };
    if changed && !call.check() {
        after.save(call)?;
        if call.args.bool("update_cache")
            && let Err(why) = update(call)?
        {
            revert(call, &before, &added)?;
            return Err(Outcome::failed(why));
        }
    }
    Ok(Outcome::changed(changed)
        .with("repo", repo)
        .with("sources_added", added)
        .with("sources_removed", removed)
        .with("state", state)
        .with("diff", diff))
}

/// The source that a line is, if it is one and not a comment.
fn source(line: &str) -> Result<String, Outcome> {
    let (entry, rest) = parse(line);
    if entry.valid && entry.enabled {
        return Ok(entry.source);
    }
    Err(Outcome::failed(format!("Invalid repository string: {rest}")))
}

fn add(call: &mut Call<'_>, lists: &mut Lists, repo: &str) -> Result<(), Outcome> {
    let (line, named) = if repo.starts_with("ppa:") {
        let ppa = ppa::Ppa::of(call, repo)?;
        if lists.has(call, &ppa.line)? {
            return Ok(());
        }
        ppa.trust(call)?;
        (ppa.line, format!("{repo}_{}", ppa.codename))
    } else {
        let line = source(repo)?;
        (line.clone(), line)
    };
    let file = lists::file_name(&named, call.args.opt_str("filename"))?;
    lists.add(&line, &file);
    Ok(())
}

fn diff(added: &[Value], removed: &[Value], old: &Dict, new: &Dict) -> Vec<Value> {
    let part = |name: &Value| {
        let text = |dict: &Dict| dict.get_value(name).cloned().unwrap_or_else(|| "".into());
        let header = |dict: &Dict| dict.get_value(name).map_or_else(|| "/dev/null".into(), |_| name.clone());
        let mut part = Dict::from([("before", text(old)), ("after", text(new))]);
        part.insert("before_header", header(old));
        part.insert("after_header", header(new));
        Value::from(part)
    };
    added.iter().chain(removed).map(part).collect()
}

/// Lets apt read its sources, again and again for a while; the inner error says why it could not.
fn update(call: &mut Call<'_>) -> Result<Result<(), String>, Outcome> {
    let tries = call.args.int("update_cache_retries");
    let longest = call.args.int("update_cache_retry_max_delay") as f64;
    let mut why = None;
    let mut random = [0; 2];
    // Without it, hosts only try again at the same time.
    let _ = getrandom::fill(&mut random);
    let random = f64::from(u16::from_le_bytes(random) % 1000) / 1000.0;
    for number in 0..tries {
        let Err(Trouble::Fetch(text) | Trouble::Locked(text)) = attempt(call)? else { return Ok(Ok(())) };
        call.warn(format!("Failed to update cache after {} due to {text} retry, retrying", number + 1));
        why = Some(text);
        let delay = 2f64.powi(i32::try_from(number).unwrap_or(i32::MAX)).min(longest).max(0.0) + random;
        call.pause(Duration::try_from_secs_f64(delay).unwrap_or(Duration::MAX));
        let seconds = delay.round_ties_even();
        call.warn(format!("Sleeping for {seconds} seconds, before attempting to update the cache again"));
        if call.is_cancelled() {
            break;
        }
    }
    let why = why.unwrap_or_else(|| "unknown reason".to_owned());
    Ok(Err(format!("Failed to update apt cache after {tries} retries: {why}")))
}

fn revert(call: &Call<'_>, before: &Lists, added: &[Value]) -> Result<(), Outcome> {
    for name in added.iter().filter_map(Value::as_str).filter(|name| Path::new(name).exists()) {
        std::fs::remove_file(name).map_err(|error| Outcome::crashed(crate::host::os_error(&error, name)))?;
    }
    before.save(call)
}

/// Sets the mode that a new list is to have.
fn set_mode(call: &Call<'_>, path: &str) -> Result<(), Outcome> {
    let args = FileArgs { path: path.to_owned(), mode: call.args.value("mode").clone(), ..FileArgs::default() };
    args.set_mode(call, false, None).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{has, outcome};

    #[test]
    fn lines_that_are_no_sources() {
        for (line, rest) in [("nodeb http://x y", "nodeb http://x y"), ("# deb http://x y", " deb http://x y")] {
            let got = source(line).expect_err("no source");
            has(&got, "msg", &format!("'Invalid repository string: {rest}'"));
        }
        assert_eq!(source(" deb   http://x  y # z").expect("a source"), "deb http://x y");
        has(
            &outcome("apt_repository", r#"{"repo": ""}"#),
            "msg",
            "\"Please set argument 'repo' to a non-empty value\"",
        );
    }
}
