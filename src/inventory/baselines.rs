//! Rows recorded from ansible-core by tests/baselines/record_inventory.py, all compared.

use super::{Inventory, Mismatch, Notice, Reader, limit_patterns};
use crate::config::{Config, Surroundings};
use crate::value::{Dict, JsonStyle, Value, parse_json, write_json};
use crate::vault::Secrets;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Rows that differ, with the reason.
const DIFFERENT: &[(&str, &str)] = &[
    ("open quote", "ansible-core shows the innermost message, an exception's context, once more by itself"),
    ("auto unknown plugin", "ansible-core says which of Python's packages is missing, and goes on without the source"),
    ("toml twice", "the crate's own words and place"),
    ("toml table twice", "the crate's own words and place"),
    ("toml open text", "the crate's own words"),
    ("toml bad escape", "the crate's own words and place"),
    ("toml open list", "the place is the end of the document in Python"),
    ("toml rest of a line", "the crate sees one value without quotes"),
];

fn rows(name: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/baselines").join(name);
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| parse_json(line).unwrap()).collect()
}

fn text(row: &Value, key: &str) -> Option<String> {
    row.get(key).and_then(Value::as_str).map(str::to_owned)
}

fn list(row: &Value, key: &str) -> Vec<String> {
    row.get(key).and_then(Value::as_list).unwrap_or_default().iter().map(Value::to_text).collect()
}

/// Writes a row's files; returns the folder and the configuration.
fn prepare(row: &Value) -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in row.get("files").and_then(Value::as_dict).into_iter().flatten() {
        let path = folder.path().join(path.to_text());
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content.to_text()).unwrap();
    }
    for path in list(row, "executable") {
        let path = folder.path().join(path);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let cwd = folder.path().to_string_lossy().into_owned();
    let mut env = vec![("PATH".to_owned(), "/usr/bin:/bin".to_owned())];
    for (key, value) in row.get("env").and_then(Value::as_dict).into_iter().flatten() {
        env.push((key.to_text(), value.to_text().replace("$DIR", &cwd)));
    }
    let around = Surroundings { env, home: format!("{cwd}/.home"), cwd, ..Surroundings::default() };
    (folder, Config::load(around).unwrap())
}

/// The facts of a row, which are what ansible-core keeps of them.
fn facts(config: &Config) -> impl Fn(&str) -> Result<Option<Dict>, String> + Send + Sync + 'static {
    let folder = config.settings.text("CACHE_PLUGIN_CONNECTION").map(str::to_owned);
    move |host| {
        let path = folder.as_ref().map(|folder| format!("{folder}/s1_{host}"));
        let Some(text) = path.and_then(|path| std::fs::read_to_string(path).ok()) else { return Ok(None) };
        let payload = parse_json(&text).unwrap().get("__payload__").map(Value::to_text).unwrap();
        Ok(parse_json(&payload).unwrap().as_dict().cloned())
    }
}

fn names<'a>(items: impl IntoIterator<Item = &'a std::sync::Arc<str>>) -> Value {
    Value::list(items.into_iter().map(|n| Value::from(n.clone())))
}

fn described(inventory: &Inventory) -> Dict {
    let mut out = Dict::from([("error", Value::Null)]);
    let hosts = inventory.hosts().values();
    out.insert("hosts", hosts.clone().map(|h| (h.name.clone().into(), h.vars.clone().into())).collect::<Dict>());
    let group_names = |h| names(&inventory.group_names(h));
    out.insert("group_names", hosts.map(|h| (h.name.clone().into(), group_names(h))).collect::<Dict>());
    let group = |g: &super::Group| {
        let mut out = Dict::from([("vars", Value::Dict(g.vars.clone()))]);
        out.insert("hosts", names(&g.hosts));
        out.insert("children", names(&g.children));
        out.insert("depth", i64::from(g.depth));
        out.insert("priority", g.priority);
        out.insert("all", Value::list(inventory.members(&g.name).iter().map(|h| Value::from(h.name.clone()))));
        Value::Dict(out)
    };
    out.insert("groups", inventory.groups().values().map(|g| (g.name.clone().into(), group(g))).collect::<Dict>());
    out
}

fn shown(notices: &[Notice]) -> String {
    let mut seen = std::collections::HashSet::new();
    let texts = notices.iter().filter_map(|notice| match notice {
        Notice::Warning(text) => Some(format!("[WARNING]: {text}\n")),
        Notice::Deprecated(text) => Some(format!("[DEPRECATION WARNING]: {text}\n")),
        Notice::Error(text) => Some(format!("[ERROR]: {text}\n")),
        Notice::Verbose(..) => None,
    });
    texts.filter(|text| seen.insert(text.clone())).collect()
}

/// Without line breaks, which depend on the width, and hints on settings.
fn flat(text: &str) -> String {
    let text = text.replace(
        "[WARNING]: Deprecation warnings can be disabled by setting `deprecation_warnings=False` in ansible.cfg.",
        "",
    );
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn inventories_are_those_of_ansible() {
    let mut wrong = Vec::new();
    for row in rows("inventory.jsonl") {
        let name = text(&row, "name").unwrap();
        if DIFFERENT.iter().any(|(known, _)| *known == name) {
            continue;
        }
        let (folder, config) = prepare(&row);
        let cwd = folder.path().to_string_lossy().into_owned();
        let sources: Vec<String> = list(&row, "sources").iter().map(|s| s.replace("$DIR", &cwd)).collect();
        let mut notices = Vec::new();
        let extra = list(&row, "extra")
            .iter()
            .filter_map(|text| text.split_once('=').map(|(k, v)| (Value::str(k), Value::str(v))))
            .collect();
        let reader = Reader::new(&config, Secrets::default(), sources).with_extra(Ok(extra)).with_facts(facts(&config));
        let got = match reader.load(&mut notices) {
            Ok(loaded) => described(&loaded.inventory),
            Err(error) => Dict::from([("error", error.line())]),
        };
        let got = write_json(&Value::Dict(got), JsonStyle::default()).replace(&cwd, "$DIR");
        let want = write_json(row.get("result").unwrap(), JsonStyle::default());
        if got != want {
            wrong.push(format!("{name}\n  got  {got}\n  want {want}"));
        }
        let got = flat(&shown(&notices).replace(&cwd, "$DIR"));
        let want = flat(&text(&row, "stderr").unwrap());
        if got != want {
            wrong.push(format!("{name}: notices\n  got  {got}\n  want {want}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn patterns_choose_as_ansible_does() {
    let rows = rows("patterns.jsonl");
    let (folder, config) = prepare(&rows[0]);
    let cwd = folder.path().to_string_lossy().into_owned();
    let inventory =
        Reader::new(&config, Secrets::default(), vec![format!("{cwd}/hosts")]).read(&mut Vec::new()).unwrap();
    let mut wrong = Vec::new();
    for row in &rows[1..] {
        let pattern = text(row, "pattern").unwrap();
        let limit = text(row, "limit").map(|limit| limit.replace("$DIR", &cwd));
        let mut notices = Vec::new();
        let limit = limit.map(|limit| limit_patterns(&limit, &config.around)).transpose();
        let got =
            limit.and_then(|limit| inventory.select(&[&pattern], limit.as_deref(), Mismatch::Warning, &mut notices));
        let got = match got {
            Ok(hosts) => format!("{:?}", hosts.iter().map(|h| h.name.to_string()).collect::<Vec<_>>()),
            Err(error) => error.line().replace(&cwd, "$DIR"),
        };
        let want = text(row, "error").unwrap_or_else(|| format!("{:?}", list(row, "hosts")));
        let warned: Vec<String> = notices
            .iter()
            .map(|n| match n {
                Notice::Warning(text) | Notice::Deprecated(text) | Notice::Error(text) | Notice::Verbose(_, text) => {
                    text.clone()
                }
            })
            .collect();
        if got != want || warned != list(row, "warnings") {
            wrong.push(format!(
                "{pattern} {:?}\n  got  {got} {warned:?}\n  want {want} {:?}",
                row.get("limit"),
                list(row, "warnings")
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

/// Texts of characters that mean something to the parsers, the same in every run.
fn odd_texts(count: usize) -> impl Iterator<Item = String> {
    const PARTS: [&str; 34] = [
        "[",
        "]",
        ":",
        "=",
        "'",
        "\"",
        "\\",
        "#",
        ";",
        " ",
        "\n",
        "a",
        "0",
        "1",
        "9",
        "-",
        ",",
        "(",
        ")",
        "{",
        "}",
        ".",
        "*",
        "?",
        "~",
        "!",
        "&",
        "é",
        "\u{2028}",
        "0x",
        "1e",
        "_",
        "@",
        "[g:children]\n",
    ];
    let mut state: u64 = 42;
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below
    };
    (0..count).map(move |_| (0..next(24)).map(|_| PARTS[next(PARTS.len())]).collect())
}

#[test]
fn odd_text_panics_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let cwd = folder.path().to_string_lossy().into_owned();
    // The YAML reader has tests of its own.
    let env = vec![("ANSIBLE_INVENTORY_ENABLED".to_owned(), "host_list,ini".to_owned())];
    let config =
        Config::load(Surroundings { env, cwd: cwd.clone(), home: cwd.clone(), ..Surroundings::default() }).unwrap();
    let mut inventory = Inventory::default();
    inventory.add_host("a1", Some("all"), super::NewHost::default(), &mut Vec::new()).unwrap();
    for (i, text) in odd_texts(20_000).enumerate() {
        super::literal::parse(&text, &|t| Value::str(t));
        let _ = super::words::split(&text);
        let _ = super::expand_range(&text);
        super::parse_address(&text);
        let _ = inventory.select(&[&text], None, Mismatch::Warning, &mut Vec::new());
        let _ = crate::config::Ini::parse(&text);
        config.around.resolve(&text, None);
        if i % 20 == 0 {
            let path = format!("{cwd}/hosts");
            std::fs::write(&path, &text).unwrap();
            let _ = Reader::new(&config, Secrets::default(), vec![path]).read(&mut Vec::new());
        }
    }
}
