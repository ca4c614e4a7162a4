//! Rows recorded from `ansible-config dump` by tests/baselines/record_config.py, all compared.

use super::{Config, Surroundings};
use crate::value::{JsonStyle, Value, parse_json, write_json};
use std::path::Path;

/// Settings whose value is meant to differ, with the reason.
const DIFFERENT: &[(&str, &str)] = &[("DEFAULT_FORKS", "50 where nothing sets it, since a host costs little here")];

fn compare(row: &Value, config: &Config, folder: &str, wrong: &mut Vec<String>) {
    let text = |value: &Value| write_json(value, JsonStyle::default()).replace(folder, "$DIR");
    for setting in row.get("dump").and_then(Value::as_list).unwrap_or_default() {
        let name = setting.get("name").unwrap().to_text();
        let origin = config.settings.origin(&name).to_string().replace(folder, "$DIR");
        let got = text(config.settings.get(&name));
        let want = text(setting.get("value").unwrap());
        let known = DIFFERENT.iter().any(|(other, _)| *other == name) && origin == "default";
        if (got != want && !known) || origin != setting.get("origin").unwrap().to_text() {
            wrong.push(format!(
                "{}: {name}: got {got} ({origin}), want {}",
                row.get("name").unwrap().to_text(),
                text(setting)
            ));
        }
    }
}

#[test]
fn settings_are_those_of_ansible() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/baselines/config.jsonl");
    let mut wrong = Vec::new();
    for row in std::fs::read_to_string(path).unwrap().lines().map(|line| parse_json(line).unwrap()) {
        let folder = tempfile::tempdir().unwrap();
        let cwd = folder.path().to_string_lossy().into_owned();
        if let Some(cfg) = row.get("cfg").and_then(Value::as_str) {
            std::fs::write(folder.path().join("ansible.cfg"), cfg).unwrap();
        }
        let mut env = vec![("HOME".to_owned(), cwd.clone())];
        for (key, value) in row.get("env").and_then(Value::as_dict).into_iter().flatten() {
            env.push((key.to_text(), value.to_text()));
        }
        let around = Surroundings { env, home: cwd.clone(), cwd: cwd.clone(), ..Surroundings::default() };
        let want = row.get("error").and_then(Value::as_str).map(str::trim);
        match (Config::load(around), want) {
            (Ok(config), None) => {
                compare(&row, &config, &cwd, &mut wrong);
                let said = row.get("stderr").unwrap().to_text();
                for text in &config.deprecations {
                    if !said.contains(text) {
                        wrong.push(format!("{}: {text:?} not in {said:?}", row.get("name").unwrap().to_text()));
                    }
                }
                assert_eq!(said.matches("[DEPRECATION WARNING]").count(), config.deprecations.len());
            }
            (Err(error), Some(want)) => {
                let help = error.help.clone().unwrap_or_default();
                let got = format!("ERROR: {} {help}", error.line()).replace(&cwd, "$DIR");
                if got.trim() != want {
                    wrong.push(format!("got  {got}\nwant {want}"));
                }
            }
            (got, want) => wrong.push(format!("got {:?}, want {want:?}", got.map(|_| ()))),
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}
