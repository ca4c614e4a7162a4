//! Compares filters, tests and lookups with what the real ansible-core gave for them.
//!
//! `tests/baselines/record_filters.py` makes the rows.

use crate::diag::Result;
use crate::template::raise::Undefined;
use crate::template::{CallArgs, Cx, Obj, Raise, Scope, Templar, Var, World};
use crate::value::{Dict, JsonStyle, Text, Value, parse_json, write_json};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// Rows that are known to differ, each with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    (r#"{"kind": "filter", "name": "b64decode", "input": "a-_b""#, "bytes that are no UTF-8"),
    (
        r#"{"kind": "filter", "name": "ansible.utils.get_path", "input": {"a": {"b-c": [1, {"d": null}], "e_1": true, "9f": 1.5, "x y": [], "z": {}}, "": {"k": 1}, "g": "text"}, "args": ["lookup"#,
        "a path runs no lookup",
    ),
    (r#"{"kind": "filter", "name": "difference", "input": [3, 1, 1]"#, "the order of Python's sets is arbitrary"),
    (r#"{"kind": "filter", "name": "sort", "input": [{"a": 1}"#, "comparisons name a container's plain type"),
    (r#"{"kind": "test", "name": "lt", "input": {}"#, "comparisons name a container's plain type"),
];

/// Names without rows, each with the reason.
const UNRECORDED: &[(&str, &str)] =
    &[("lookup inventory_hostnames", "asks the inventory: a case of its own"), ("lookup url", "refused by name")];

const ROWS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/baselines/filters.jsonl"));

struct Folder {
    root: String,
    world: World,
    variables: Dict,
}

impl Scope for Folder {
    fn get(&self, name: &str) -> Result<Option<Var>> {
        Ok(match name {
            "rplay_a" => Some(Var::Value(1.into())),
            "rplay_b" => Some(Var::Value("two".into())),
            "rplay_merge_1" => Some(Var::Value(merged("a", 1))),
            "rplay_merge_2" => Some(Var::Value(merged("b", 2))),
            "rplay_1_list" => Some(Var::Value(vec![Value::Int(1)].into())),
            "rplay_2_list" => Some(Var::Value(vec![Value::Int(2)].into())),
            other => self.variables.get(other).cloned().map(Var::Value),
        })
    }

    fn names(&self) -> Vec<Arc<str>> {
        let own = self.variables.keys().map(|key| Arc::from(key.to_text()));
        let more = ["rplay_a", "rplay_b", "rplay_merge_1", "rplay_merge_2", "rplay_1_list", "rplay_2_list"];
        more.into_iter().map(Arc::from).chain(own).collect()
    }

    fn search_paths(&self) -> Vec<String> {
        vec![self.root.clone()]
    }

    fn world(&self) -> &World {
        &self.world
    }
}

fn merged(key: &str, number: i64) -> Value {
    Dict::from([(key, Value::Int(number)), ("l", vec![Value::Int(number)].into())]).into()
}

const FILES: &[(&str, &[u8])] = &[
    ("files/a.txt", b"  hello\nworld\n\n"),
    ("files/b.txt", b"b"),
    ("files/bad.bin", b"\xff\xfe"),
    ("plain.txt", b"plain\n"),
    ("files/data.ini", b"[global]\nkey=value\nOther = Two\nempty=\n[sec]\nkey=in sec\nk2: v2\n multi\n"),
    ("files/p.properties", b"a=1\nb = two\n"),
    ("files/data.csv", b"name,age,city\nbob,3,Rome\n\"ann, b\",4,\"New \"\"York\"\"\"\n"),
    ("files/tab.csv", b"x\t1\t2\ny\t3\t4\n"),
    ("templates/t.j2", b"x is here\n"),
];

fn settings() -> std::collections::HashMap<String, (Value, String)> {
    let settings = crate::config::Settings::default();
    settings.iter().map(|(s, value, from)| (s.name.to_owned(), (value.clone(), from.to_string()))).collect()
}

fn object(value: &Value) -> Obj {
    if let Some(name) = value.get("$undefined").and_then(Value::as_str) {
        return Obj::Undefined(Rc::new(Undefined::name(name.into())));
    }
    match value {
        Value::List(items) => Obj::list(items.iter().map(object)),
        Value::Dict(dict) => Obj::dict(dict.iter().map(|(k, v)| (Obj::data(k), object(v)))),
        other => Obj::data(other),
    }
}

/// Dates as the recorder writes them.
fn shown(value: &Value) -> Value {
    match value {
        Value::DateTime(time) => Value::Dict(Dict::from([("$datetime", time.to_string())])),
        Value::Date(date) => Value::Dict(Dict::from([("$date", date.to_string())])),
        Value::List(items) => Value::list(items.iter().map(shown)),
        Value::Dict(dict) => Value::Dict(dict.iter().map(|(k, v)| (k.clone(), shown(v))).collect()),
        other => other.clone(),
    }
}

fn run(cx: &mut Cx<'_>, row: &Value) -> std::result::Result<Value, Raise> {
    let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (kind, name) = (text("kind"), text("name"));
    let input = object(row.get("input").expect("input"));
    let args = CallArgs {
        positional: row.get("args").and_then(Value::as_list).expect("args").iter().map(object).collect(),
        named: (row.get("kwargs").and_then(Value::as_dict).expect("kwargs").iter())
            .map(|(k, v)| (Arc::from(k.to_text()), object(v)))
            .collect(),
    };
    match kind.as_str() {
        "filter" => {
            let got = cx.filter(&name, input, args)?.defined()?;
            cx.value(&got)
        }
        "test" => cx.test(&name, input, args).map(Value::from),
        _ => {
            let got = Obj::list(cx.lookup(&name, args)?);
            cx.value(&got)
        }
    }
}

fn rows() -> Vec<Value> {
    ROWS.lines().map(|line| parse_json(line).expect("a row of JSON")).collect()
}

#[test]
fn like_the_real_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("its path").to_string_lossy().into_owned();
    for (name, content) in FILES {
        let path: PathBuf = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("created");
        std::fs::write(path, content).expect("written");
    }
    let environment = vec![("RPLAY_X".to_owned(), "from env".to_owned())];
    let home = "/nonexistent/home".to_owned();
    let world = World { cwd: root.clone(), home: home.clone(), environment, settings: settings(), ..World::default() };
    let variables = rows().first().and_then(|row| row.get("value")?.as_dict().cloned()).expect("variables");
    let scope = Folder { root: root.clone(), world, variables };
    let templar = Templar::new();
    let style = JsonStyle { unicode: true, ..JsonStyle::default() };
    let mut wrong = Vec::new();
    for row in rows().into_iter().skip(1) {
        let label = write_json(&row, style);
        let result = match row.get("text").and_then(Value::as_str) {
            Some(text) => templar.render(&Text::trusted(text, None), &scope).map_err(Raise::from),
            None => templar.with_cx(&scope, |cx| run(cx, &row)),
        };
        let got = match result {
            Ok(value) => format!("value {}", write_json(&shown(&value), style)),
            Err(raise) => format!("error {}", raise.text()),
        };
        let want = match (row.get("value"), row.get("error")) {
            (Some(value), _) => format!("value {}", write_json(value, style)),
            (_, error) => format!("error {}", error.and_then(Value::as_str).unwrap_or_default()),
        };
        let got = got.replace(&root, "$root").replace(&home, "$home");
        if got != want && !DIFFERENT.iter().any(|(start, _)| label.starts_with(start)) {
            wrong.push(format!("{label}\n  want {want}\n  got  {got}"));
        }
    }
    assert!(wrong.is_empty(), "{} rows differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_name_has_rows() {
    let recorded: BTreeSet<String> = rows()
        .iter()
        .map(|row| {
            let text = |key: &str| row.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            format!("{} {}", text("kind"), text("name"))
        })
        .collect();
    let filters = super::FILTERS.iter().map(|def| format!("filter {}", def.name));
    let tests = crate::template::tests::TESTS.iter().map(|def| format!("test {}", def.name));
    let lookups = crate::template::lookups::LOOKUPS.iter().map(|def| format!("lookup {}", def.name));
    let missing: Vec<String> = filters
        .chain(tests)
        .chain(lookups)
        .filter(|name| !recorded.contains(name) && !UNRECORDED.iter().any(|(n, _)| n == name))
        .collect();
    assert!(missing.is_empty(), "without rows: {missing:?}");
}
