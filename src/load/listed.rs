//! Compares what is loaded with what ansible-playbook --list-tasks was recorded to list.

use super::{Loader, Settings};
use crate::content::Catalogue;
use crate::diag::Result;
use crate::playbook::{Entry, Play, Task};
use crate::value::{Dict, Text, Value, parse_json};
use std::path::Path;

/// Renders `{{ name }}`, as much as the recorded playbooks need.
fn render(text: &Text, vars: &Dict) -> Result<Value> {
    let mut out = text.as_str().to_owned();
    for (name, value) in vars {
        out = out.replace(&format!("{{{{ {} }}}}", name.to_text()), &value.to_text());
    }
    let default = vars.get("f").map_or_else(|| "sub/b.yml".to_owned(), Value::to_text);
    Ok(out.replace("{{ f | default(\"sub/b.yml\") }}", &default).into())
}

fn tags<'a>(all: impl IntoIterator<Item = &'a Value>) -> Vec<String> {
    let mut tags: Vec<String> = all.into_iter().map(Value::to_text).collect();
    tags.sort();
    tags.dedup();
    tags
}

fn list(entries: &[Entry], out: &mut String) {
    for entry in entries {
        match entry {
            Entry::Block(block) => list(&block.block, out),
            Entry::Task(task) => list_task(task, out),
        }
    }
}

fn list_task(task: &Task, out: &mut String) {
    let tags = tags(task.tags());
    if task.implicit || (tags.iter().any(|tag| tag == "never") && !tags.iter().any(|tag| tag == "always")) {
        return;
    }
    let name = match (&task.name, task.shown_role()) {
        (Some(name), Some(role)) => format!("{} : {}", role.full_name(), name.to_text()),
        (Some(name), None) => name.to_text(),
        (None, _) => task.action.as_str().to_owned(),
    };
    *out += &format!("      {name}\tTAGS: [{}]\n", tags.join(", "));
}

fn show(plays: &[Play]) -> String {
    let mut out = "\nplaybook: play.yml\n".to_owned();
    for (number, play) in plays.iter().enumerate() {
        let hosts: Vec<String> = play.hosts.iter().map(Value::to_text).collect();
        let (hosts, title) = (hosts.join(","), play.title().to_text());
        let tags = tags(&play.common().tags).join(",");
        out += &format!("\n  play #{} ({hosts}): {title}\tTAGS: [{tags}]\n    tasks:\n", number + 1);
        list(&play.pre_tasks, &mut out);
        play.roles.iter().for_each(|used| list(&used.tasks, &mut out));
        list(&play.tasks, &mut out);
        list(&play.post_tasks, &mut out);
    }
    out
}

fn load(dir: &Path, playbook: &str) -> Result<Vec<Play>> {
    let base = dir.to_string_lossy().into_owned();
    let settings = Settings { cwd: base.clone(), home: base, ..Settings::default() };
    Loader::with(Catalogue::new([]), settings).playbook(playbook, &render)
}

#[track_caller]
fn check(row: &Value) {
    let dir = tempfile::tempdir().unwrap();
    let files = row.get("files").and_then(Value::as_dict).unwrap();
    for (path, content) in files {
        let path = dir.path().join(path.as_str().unwrap());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content.as_str().unwrap()).unwrap();
    }
    let got = match load(&dir.path().canonicalize().unwrap(), "play.yml") {
        Ok(plays) => show(&plays),
        Err(error) => error.to_string(),
    };
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap().to_owned();
    assert_eq!(got.trim(), text("stdout").trim(), "{}", text("name"));
}

#[test]
fn as_recorded() {
    let rows = include_str!("../../tests/baselines/playbook_lists.jsonl");
    rows.lines().for_each(|line| check(&parse_json(line).unwrap()));
}
