//! `deb`: packages out of files, with what they need from apt.

use super::get::Get;
use super::known::{Known, compare, execute};
use super::names::{Alternative, Asked};
use super::{plan, to_install};
use crate::modules::{Call, web};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use std::collections::HashMap;
use std::fs::File;

/// The fields of a package file.
type Fields = HashMap<String, String>;

/// Installs the files of a list.
pub(super) fn install(call: &Call<'_>) -> Result<Outcome, Outcome> {
    let args = &call.args;
    if args.str("state") != "present" {
        return Err(Outcome::failed("deb only supports state=present"));
    }
    let listed = args.str("deb");
    // It goes with its guard, once it is installed.
    let fetched = listed.contains("://").then(|| web::download(call, listed)).transpose()?;
    let listed = fetched.as_ref().map_or_else(|| listed.to_owned(), web::Temp::shown);
    let known = Known::of(call, &[], false)?;
    let (mut files, mut needed) = (Vec::new(), Vec::new());
    for file in listed.split(',') {
        let fields = fields(call, file)?;
        if known.unpacked(field(&fields, "Package")) == Some(field(&fields, "Version")) {
            continue;
        }
        check(call, &known, &fields)?;
        needed.extend(missing(call, &fields)?);
        if args.bool("install_recommends") {
            needed.extend(field(&fields, "Recommends").split_whitespace().map(str::to_owned));
        }
        files.push(file);
    }
    let before = if needed.is_empty() { None } else { Some(install_needed(call, &needed)?) };
    if files.is_empty() {
        let nothing = Outcome::changed(false).with("stdout", "").with("stderr", "").with("diff", "");
        return Ok(before.unwrap_or(nothing));
    }
    install_files(call, &files, before)
}

/// Why a file cannot be installed, if it cannot.
fn check(call: &Call<'_>, known: &Known<'_>, fields: &Fields) -> Result<(), Outcome> {
    let (force, name, version) = (call.args.bool("force"), field(fields, "Package"), field(fields, "Version"));
    let arch = field(fields, "Architecture");
    if !force && arch != "all" && arch != known.native() {
        let foreign = execute(call, &["dpkg", "--print-foreign-architectures"].map(str::to_owned))?.out();
        if !foreign.lines().any(|one| one == arch) {
            let text =
                format!("Wrong architecture '{arch}' -- Run dpkg --add-architecture to add it and update afterwards");
            return Err(Outcome::failed(text));
        }
    }
    if let Some(there) = known.unpacked(name)
        && !force
        && !call.args.bool("allow_downgrade")
        && compare(call, there, ">>", version)?
    {
        return Err(Outcome::failed("A later version is already installed"));
    }
    let replaced = Alternative::all(field(fields, "Replaces"));
    for conflict in Alternative::all(field(fields, "Conflicts")).into_iter().flatten() {
        // What it replaces as well is dpkg's to remove.
        if replaced.iter().flatten().any(|one| one.name == conflict.name) {
            continue;
        }
        for (package, there) in known.present(&conflict.name) {
            if !force && package != name && suits(call, &conflict, there)? {
                return Err(Outcome::failed(format!("Conflicts with the installed package '{package}'")));
            }
        }
    }
    Ok(())
}

/// What a file needs that is not there.
fn missing(call: &Call<'_>, fields: &Fields) -> Result<Vec<String>, Outcome> {
    let needs = ["Pre-Depends", "Depends"].map(|name| Alternative::all(field(fields, name)));
    let mut groups = Vec::new();
    let known = Known::of(call, &[], false)?;
    for group in needs.into_iter().flatten() {
        let mut there = false;
        for one in &group {
            for (_, version) in known.present(&one.name) {
                there = there || suits(call, one, version)?;
            }
        }
        if !there {
            groups.push(group);
        }
    }
    let names: Vec<String> = groups.iter().flatten().map(|one| one.name.clone()).collect();
    let mut known = Known::of(call, &Asked::all(&names), false)?;
    let mut missing = Vec::new();
    for group in groups {
        let mut chosen = None;
        for one in &group {
            let candidate = known.candidate(&one.name)?;
            let version = candidate.as_deref().filter(|version| !version.is_empty());
            if candidate.is_some() && suits(call, one, version)? {
                chosen = Some(one.name.clone());
                break;
            }
        }
        let shown = || group.iter().map(Alternative::shown).collect::<Vec<_>>().join(" | ");
        let refused = || Outcome::failed(format!("Dependency is not satisfiable: {}\n", shown()));
        missing.push(chosen.or_else(|| call.args.bool("force").then(String::new)).ok_or_else(refused)?);
    }
    missing.retain(|name| !name.is_empty());
    Ok(missing)
}

/// Whether a version is one that is meant; one that is not known, where none is asked for.
fn suits(call: &Call<'_>, wanted: &Alternative, version: Option<&str>) -> Result<bool, Outcome> {
    match (&wanted.version, version) {
        (None, _) => Ok(true),
        (Some(_), None) => Ok(false),
        (Some((operator, wanted)), Some(version)) => compare(call, version, operator, wanted),
    }
}

fn install_needed(call: &Call<'_>, needed: &[String]) -> Result<Outcome, Outcome> {
    let get = Get::new(call)?.plainly();
    let asked = Asked::all(&super::names::expanded(call, needed)?);
    let mut known = Known::of(call, &asked, false)?;
    let words = to_install(call, &mut known, &asked).map_err(super::Failed::into_outcome)?;
    let outcome = get.install(super::Verb::Install, &words);
    if !call.check() {
        get.mark_manual(&known, &asked.iter().map(|asked| asked.name.as_str()).collect::<Vec<_>>())?;
    }
    outcome
}

/// Hands the files to dpkg; what was installed for them before is told with it.
fn install_files(call: &Call<'_>, files: &[&str], before: Option<Outcome>) -> Result<Outcome, Outcome> {
    let mut line = String::from("dpkg ");
    let options: Vec<String> = call.args.str("dpkg_options").split(',').map(|option| format!("--{option}")).collect();
    line.push_str(&options.join(" "));
    if call.check() {
        line.push_str(" --simulate");
    }
    if call.args.bool("force") {
        line.push_str(" --force-all");
    }
    line.push_str(&format!(" -i {}", files.join(" ")));
    let output = Get::new(call)?.run_quietly(&line)?;
    let text = |name: &str| before.as_ref().and_then(|outcome| outcome.get(name)).map(Value::to_text);
    let [stdout, stderr] = [("stdout", output.out()), ("stderr", output.err())]
        .map(|(name, printed)| text(name).unwrap_or_default() + &printed);
    if output.rc != 0 {
        return Err(Outcome::failed(format!("{line} failed")).with("stdout", stdout).with("stderr", stderr));
    }
    let diff = match before.as_ref().and_then(|outcome| outcome.get("diff")) {
        Some(Value::Dict(diff)) => match diff.get("prepared") {
            Some(prepared) => Dict::from([("prepared", format!("{}\n\n{}", prepared.to_text(), output.out()))]),
            None => diff.clone(),
        },
        _ => plan(&output.out()),
    };
    Ok(Outcome::changed(true).with("stdout", stdout).with("stderr", stderr).with("diff", Value::Dict(diff)))
}

/// The fields of a file, as dpkg reads them.
fn fields(call: &Call<'_>, file: &str) -> Result<Fields, Outcome> {
    if let Err(error) = File::open(file) {
        let number = error.raw_os_error().unwrap_or_default();
        let words = crate::host::errors::words(&error);
        let text = format!("Unable to install package: E:Could not open file {file} - open ({number}: {words})");
        return Err(Outcome::failed(text));
    }
    let output = execute(call, &["dpkg".to_owned(), "--field".to_owned(), file.to_owned()])?;
    if output.rc != 0 {
        return Err(Outcome::failed(format!("Unable to install package: {}", output.err().trim_end())));
    }
    let mut fields = Fields::new();
    let mut last = String::new();
    for line in output.out().lines() {
        if let Some(more) = line.strip_prefix([' ', '\t']) {
            fields.entry(last.clone()).or_default().push_str(&format!("\n{more}"));
        } else if let Some((name, value)) = line.split_once(':') {
            name.clone_into(&mut last);
            fields.insert(last.clone(), value.trim().to_owned());
        }
    }
    Ok(fields)
}

fn field<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", String::as_str)
}
