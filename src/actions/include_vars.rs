//! `include_vars`: variables of the host out of YAML or JSON files of the controller's.
//!
//! Their text stays unrendered until it is used. What went wrong with a file stands under `message`,
//! not `msg`, as ansible-core has it; variables that `set_fact` or `register` set win over these.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Effect, Run};
use crate::argspec;
use crate::diag::{Error, Origin, Result, Source};
use crate::proto::Outcome;
use crate::re::{Flags, Pattern};
use crate::template::Var;
use crate::value::{Dict, Value};
use crate::{vault, yaml};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `ansible.builtin.include_vars`.
pub static ACTION: ActionDef = ActionDef {
    name: "include_vars",
    fqcn: "ansible.builtin.include_vars",
    doc: "Loads variables from files, dynamically within a task.",
    raw_args: &[],
    connects: false,
    run: Run::Host(run),
};

const OF_FOLDERS: [&str; 6] =
    ["dir", "depth", "files_matching", "ignore_files", "extensions", "ignore_unknown_extensions"];
const OF_FILES: [&str; 2] = ["file", "_raw_params"];
/// What is said where no file is named.
const NO_FILE: &str = "Could not find file on the Ansible Controller.\nIf you are using a module and expect the file to \
                       exist on the remote, see the remote_src option";
const OF_BOTH: [&str; 2] = ["name", "hash_behaviour"];

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { include_vars(call) })
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    files: Vec<Value>,
    vars: Dict,
    encrypted: bool,
    warnings: Vec<String>,
}

fn include_vars(call: &ActionCall<'_>) -> Result<Acted> {
    check_names(&call.args)?;
    let text = |name: &str| call.args.get(name).filter(|value| value.truthy()).map(Value::to_text);
    let mut reading = Reading::default();
    let problem = match text("dir") {
        Some(dir) => reading.folder(call, &dir)?,
        None => {
            let read = match text("file").or_else(|| text("_raw_params")) {
                Some(file) => {
                    let found = call.find_file("vars", file.trim_end_matches('\n'));
                    found.and_then(|path| reading.file(call, &path))
                }
                None => {
                    reading.warnings.push("Invalid request to find a file that matches a \"null\" value".into());
                    Ok(Some(NO_FILE.to_owned()))
                }
            };
            read.unwrap_or_else(|error| Some(error.line()))
        }
    };
    let mut vars = std::mem::take(&mut reading.vars);
    if let Some(name) = text("name") {
        vars = Dict::from([(name, Value::Dict(vars))]);
    }
    if problem.is_none() && text("hash_behaviour").as_deref() == Some("merge") {
        vars = merged_with_existing(call, &vars)?;
    }
    let mut outcome = match problem {
        Some(message) => Outcome::default().with("failed", true).with("message", message),
        None => Outcome::default(),
    };
    outcome.set("ansible_included_var_files", reading.files);
    outcome.set("ansible_facts", vars.clone());
    outcome.set("_ansible_no_log", reading.encrypted);
    reading.warnings.into_iter().for_each(|warning| outcome.warn(warning));
    Ok(Acted { outcome, effects: vec![Effect::Included(vars)] })
}

fn check_names(args: &Dict) -> Result<()> {
    let (mut folders, mut files) = (false, false);
    for name in args.keys().map(Value::to_text) {
        let name = name.as_str();
        folders |= OF_FOLDERS.contains(&name);
        files |= OF_FILES.contains(&name);
        if !OF_FOLDERS.contains(&name) && !OF_FILES.contains(&name) && !OF_BOTH.contains(&name) {
            return Err(Error::user(format!("{name} is not a valid option in include_vars")));
        }
    }
    if folders && files {
        let text = "You are mixing file only and dir only arguments, these are incompatible";
        return Err(Error::user(text));
    }
    Ok(())
}

impl Reading {
    /// Reads one file; what is wrong with its content, where something is.
    fn file(&mut self, call: &ActionCall<'_>, path: &Path) -> Result<Option<String>> {
        let shown = path.display().to_string();
        let origin = Origin::file(shown.as_str());
        let bytes = std::fs::read(path).map_err(|error| Error::parser(format!("{shown}: {error}")))?;
        let bytes = if vault::is_vaulted(&bytes) {
            self.encrypted = true;
            call.scope.world().vault.decrypt(&bytes).map_err(|error| error.at(Some(&origin)))?
        } else {
            bytes
        };
        let source = Arc::new(Source::File(shown.clone()));
        let parsed = yaml::load(&String::from_utf8_lossy(&bytes), &source, yaml::Options::trusted())?;
        self.warnings.extend(parsed.warnings);
        match parsed.node.to_value() {
            Value::Null => {}
            Value::Dict(vars) => self.vars.update(&vars),
            _ => return Ok(Some(format!("{shown} must be stored as a dictionary/hash"))),
        }
        self.files.push(Value::str(shown));
        Ok(None)
    }

    /// Reads the files of a folder and those below it, in the order of their names.
    fn folder(&mut self, call: &ActionCall<'_>, dir: &str) -> Result<Option<String>> {
        let choice = Choice::new(call)?;
        let root = root_folder(call, dir);
        if !root.exists() {
            return Ok(Some(format!("{} directory does not exist", root.display())));
        }
        if !root.is_dir() {
            return Ok(Some(format!("{} is not a directory", root.display())));
        }
        let mut folders = Vec::new();
        walk(&root, 1, choice.depth, &mut folders);
        folders.sort();
        let main = call.task.role.as_ref().map(|role| Path::new(&role.data.path).join("vars/main.yml"));
        for folder in folders {
            // Of a folder that has a bad file, nothing is kept.
            let before = self.vars.clone();
            for name in file_names(&folder) {
                let path = folder.join(&name);
                // A role's main.yml is loaded with the role.
                if main.as_ref() == Some(&path) || !choice.takes(&name)? {
                    continue;
                }
                if !choice.has_extension(&name) {
                    if choice.skips_unknown {
                        continue;
                    }
                    let known = choice.extensions.join(", ");
                    self.vars = before;
                    return Ok(Some(format!("{} does not have a valid extension: {known}", path.display())));
                }
                if let Some(problem) = self.file(call, &path)? {
                    self.vars = before;
                    return Ok(Some(problem));
                }
            }
        }
        Ok(None)
    }
}

/// Which files of a folder are read.
struct Choice {
    depth: u64,
    matching: Option<Pattern>,
    ignored: Vec<Pattern>,
    extensions: Vec<String>,
    skips_unknown: bool,
}

impl Choice {
    fn new(call: &ActionCall<'_>) -> Result<Self> {
        let given = |name: &str| call.args.get(name).filter(|value| value.truthy());
        let pattern = |text: &str| {
            Pattern::new(text, Flags::default())
                .map_err(|_| Error::user(format!("Invalid regular expression: {}", text.trim_end_matches('$'))))
        };
        let ignored = match given("ignore_files") {
            Some(Value::Str(text)) => text.as_str().split_whitespace().map(str::to_owned).collect(),
            Some(value) => texts(value),
            None => Vec::new(),
        };
        let extensions = match call.args.get("extensions") {
            None => ["yaml", "yml", "json"].map(str::to_owned).to_vec(),
            // A text is taken letter by letter, as ansible-core takes it.
            Some(Value::Str(text)) => text.as_str().chars().map(String::from).collect(),
            Some(list @ Value::List(_)) => texts(list),
            Some(_) => return Err(Error::user("Invalid type for \"extensions\" option, it must be a list")),
        };
        Ok(Self {
            depth: given("depth").and_then(|value| value.to_text().trim().parse().ok()).unwrap_or(0),
            matching: given("files_matching").map(|text| pattern(&text.to_text())).transpose()?,
            ignored: ignored.iter().map(|text| pattern(&format!("{text}$"))).collect::<Result<_>>()?,
            extensions,
            skips_unknown: given("ignore_unknown_extensions").and_then(argspec::boolean).unwrap_or(false),
        })
    }

    fn takes(&self, name: &str) -> Result<bool> {
        let found = |pattern: &Pattern| {
            let found = pattern.search(name, 0).map_err(|error| Error::user(error.to_string()))?;
            Ok::<_, Error>(found.is_some())
        };
        if let Some(pattern) = &self.matching
            && !found(pattern)?
        {
            return Ok(false);
        }
        for pattern in &self.ignored {
            if found(pattern)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn has_extension(&self, name: &str) -> bool {
        let extension = name.trim_start_matches('.').rsplit_once('.').map_or("", |(_, extension)| extension);
        self.extensions.iter().any(|known| known == extension)
    }
}

fn texts(value: &Value) -> Vec<String> {
    value.as_list().unwrap_or_default().iter().map(Value::to_text).collect()
}

/// A folder by its name: in the role's `vars`, else beside the file of the task.
fn root_folder(call: &ActionCall<'_>, dir: &str) -> PathBuf {
    if let Some(role) = &call.task.role {
        let role = Path::new(&role.data.path);
        return if dir.split('/').next() == Some("vars") {
            Some(role.join(dir)).filter(|path| path.exists()).unwrap_or_else(|| PathBuf::from(dir))
        } else {
            role.join("vars").join(dir)
        };
    }
    let own = call.task.origin.as_ref().and_then(Origin::path).and_then(|path| Path::new(path).parent());
    own.map_or_else(|| PathBuf::from(dir), |own| own.join(dir))
}

/// A folder and those below it, down to a depth; 0 is no limit. Folders that cannot be read are passed over.
fn walk(folder: &Path, depth: u64, limit: u64, found: &mut Vec<PathBuf>) {
    // Links may form a circle, which the system ends only after 40 of them.
    if (limit != 0 && depth > limit) || depth > 100 {
        return;
    }
    found.push(folder.to_owned());
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            walk(&entry.path(), depth + 1, limit, found);
        }
    }
}

fn file_names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let files = entries.filter(|entry| entry.path().exists() && !entry.path().is_dir());
    let mut names: Vec<String> = files.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

/// The variables over those of the same names that the host has, dictionaries joined with dictionaries.
fn merged_with_existing(call: &ActionCall<'_>, vars: &Dict) -> Result<Dict> {
    let mut merged = Dict::new();
    for (name, value) in vars {
        let existing = match call.scope.get(&name.to_text())? {
            Some(Var::Value(existing)) => joined(&existing, value),
            _ => value.clone(),
        };
        merged.insert(name.clone(), existing);
    }
    Ok(merged)
}

fn joined(below: &Value, above: &Value) -> Value {
    let (Value::Dict(below), Value::Dict(above)) = (below, above) else { return above.clone() };
    let mut both = below.clone();
    for (key, value) in above {
        let value = below.get_value(key).map_or_else(|| value.clone(), |under| joined(under, value));
        both.insert(key.clone(), value);
    }
    both.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_for_files_and_folders_do_not_mix() {
        assert!(check_names(&Dict::from([("file", "a"), ("name", "n")])).is_ok());
        assert!(check_names(&Dict::from([("file", "a"), ("depth", "1")])).is_err());
        assert!(check_names(&Dict::from([("bogus", "a")])).is_err());
    }

    #[test]
    fn dictionaries_join_all_the_way_down() {
        let below = Value::from(Dict::from([("a", Dict::from([("x", 1), ("y", 1)]))]));
        let above = Value::from(Dict::from([("a", Dict::from([("y", 2)]))]));
        let want = Value::from(Dict::from([("a", Dict::from([("x", 1), ("y", 2)]))]));
        assert_eq!(joined(&below, &above), want);
    }
}
