//! Compares errors and warnings with those that ansible-playbook --syntax-check was recorded with.

use super::{Loader, Settings};
use crate::content::Catalogue;
use crate::diag::{Error, Kind, Result};
use crate::playbook::Note;
use crate::value::{Dict, Text, Value, parse_json};
use std::path::Path;

/// Rows that differ on purpose, and why.
const DIFFERENT: &[(&str, &str)] =
    &[("gather_subset_ok", "a play's own values are checked when it starts, not when it is loaded")];

fn undefined(text: &Text, _vars: &Dict) -> Result<Value> {
    Err(Error::new(Kind::Undefined, "'nope' is undefined").at(text.origin()))
}

fn load(dir: &Path, playbook: &str) -> (i64, String) {
    let base = dir.to_string_lossy().into_owned();
    let settings = Settings {
        cwd: base.clone(),
        home: base.clone(),
        roles_path: vec![
            format!("{base}/.ansible/roles"),
            "/usr/share/ansible/roles".into(),
            "/etc/ansible/roles".into(),
        ],
        ..Settings::default()
    };
    let loader = Loader::with(Catalogue::new([]), settings);
    let result = loader.playbook(playbook, &undefined);
    let mut said = String::new();
    for note in loader.notes() {
        match note {
            Note::Warning(text) => said += &format!("[WARNING]: {text}\n"),
            Note::Deprecated(text) => {
                if !said.contains("[DEPRECATION") {
                    said += "[WARNING]: Deprecation warnings can be disabled by setting `deprecation_warnings=False` in \
                             ansible.cfg.\n";
                }
                said += &format!("[DEPRECATION WARNING]: {text}\n\n");
            }
            Note::Verbose(..) => {}
        }
    }
    let rc = match result {
        Ok(_) => 0,
        Err(error) => {
            said += &format!("[ERROR]: {error}");
            if error.kind == Kind::Parser { 4 } else { 1 }
        }
    };
    (rc, said.replace(&base, "DIR"))
}

#[track_caller]
fn check(row: &Value) -> Option<String> {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap().to_owned();
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().canonicalize().unwrap();
    let files = row.get("files").and_then(Value::as_dict).unwrap();
    for (path, content) in files {
        let path = folder.join(path.as_str().unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content.as_str().unwrap()).unwrap();
    }
    let (rc, said) = load(&folder, files.keys().next().unwrap().as_str().unwrap());
    let want = text("stderr");
    let same = said.trim() == want.trim() && Some(rc) == row.get("rc").and_then(Value::as_int);
    let excused = DIFFERENT.iter().any(|(name, _)| *name == text("name"));
    match (same, excused) {
        (true, false) | (false, true) => None,
        (true, true) => Some(format!("{}: is the same by now", text("name"))),
        (false, false) => {
            Some(format!("=== {} {rc}\n--- want\n{}\n--- got\n{}\n", text("name"), want.trim(), said.trim()))
        }
    }
}

#[test]
fn as_recorded() {
    let rows = include_str!("../../tests/baselines/playbook_errors.jsonl");
    let wrong: Vec<String> = rows.lines().filter_map(|line| check(&parse_json(line).unwrap())).collect();
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}
