//! Compares every spec with the documentation of the real module, where ansible is installed.
//!
//! `RPLAY_ORACLE` names the folder of its programs; without it they are looked for in PATH.

use super::MODULES;
use crate::argspec::{Arg, Default, Kind, Spec, boolean};
use crate::content::names;
use crate::host::{Command, Env};
use crate::value::{Dict, Value, parse_json};
use std::path::{Path, PathBuf};

/// Documented for users, but handled by the controller's half or by the parser of free-form text; or the
/// other way around. `shell` is `command` to the host, and its documentation tells less.
const ELSEWHERE: &[(&str, &str)] = &[
    ("command", "executable"),
    ("command", "free_form"),
    ("copy", "decrypt"),
    // Documented as required, which it is not with `clone: false`.
    ("git", "dest"),
    // Its choices are looked at by the module itself, in small letters.
    ("package_facts", "manager"),
    ("service", "use"),
    ("shell", "argv"),
    ("shell", "executable"),
    ("shell", "expand_argument_vars"),
    ("shell", "free_form"),
    ("shell", "strip_empty_ends"),
    // Of its three names the documentation has another first.
    ("apt", "name"),
    ("apt", "package"),
    // Their defaults are said in other words: what ssh-keygen does by itself, and the name of the host.
    ("user", "ssh_key_bits"),
    ("user", "ssh_key_comment"),
];

fn ansible_doc() -> Option<PathBuf> {
    let env = Env::default();
    match env.get("RPLAY_ORACLE") {
        Some(folder) => Some(Path::new(&folder).join("ansible-doc")).filter(|path| path.exists()),
        None => env.find_program("ansible-doc"),
    }
}

fn default_text(kind: Kind, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "None".into(),
        Some(Value::Str(text)) if kind == Kind::List => Value::list([text.as_str().into()]).to_text(),
        // The documentation of a boolean may be any of its words.
        Some(value) => match boolean(value).filter(|_| kind == Kind::Bool) {
            Some(b) => b.to_string(),
            None => value.to_text(),
        },
    }
}

fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::List(items)) => items.iter().map(Value::to_text).collect(),
        Some(Value::Dict(dict)) => dict.keys().map(Value::to_text).collect(),
        _ => Vec::new(),
    }
}

fn compare(module: &str, spec: &Spec, options: &Value, wrong: &mut Vec<String>) {
    let Some(options) = options.as_dict() else { return };
    for (name, option) in options {
        let name = name.to_text();
        if ELSEWHERE.contains(&(module, &name)) {
            continue;
        }
        match spec.all().find(|arg| arg.name == name) {
            None => wrong.push(format!("{module}: {name} is missing")),
            Some(arg) => compare_arg(module, arg, option, wrong),
        }
    }
    for arg in spec.all().filter(|arg| !arg.name.starts_with('_')) {
        if !options.contains(arg.name) && !ELSEWHERE.contains(&(module, arg.name)) {
            wrong.push(format!("{module}: {} is not documented", arg.name));
        }
    }
}

fn compare_arg(module: &str, arg: &Arg, option: &Value, wrong: &mut Vec<String>) {
    let text = |key: &str| option.get(key).map(Value::to_text);
    let mut differ = |what: &str, ours: String, theirs: String| {
        if ours != theirs {
            wrong.push(format!("{module}: {} {what}: {ours} instead of {theirs}", arg.name));
        }
    };
    differ("type", arg.kind.name().into(), text("type").unwrap_or_else(|| "str".into()));
    differ(
        "elements",
        arg.elements.map_or("None".into(), |kind| kind.name().into()),
        text("elements").unwrap_or_else(|| "None".into()),
    );
    differ("required", arg.required.to_string(), option.get("required").is_some_and(Value::truthy).to_string());
    let ours = if arg.default == Default::None { None } else { Some(arg.default.value()) };
    // A boolean without a default is false in effect; some documentation says so.
    if !(arg.kind == Kind::Bool && ours.is_none()) {
        differ("default", default_text(arg.kind, ours.as_ref()), default_text(arg.kind, option.get("default")));
    }
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list.join(" ")
    };
    let own = |list: &[&str]| sorted(list.iter().map(|item| (*item).to_owned()).collect());
    differ("choices", own(arg.choices), sorted(texts(option.get("choices"))));
    differ("aliases", own(arg.aliases), sorted(texts(option.get("aliases"))));
    if let (Some(spec), Some(options)) = (arg.options, option.get("suboptions")) {
        compare(module, spec, options, wrong);
    }
}

#[test]
fn specs_are_those_of_the_documentation() {
    let Some(program) = ansible_doc() else { return };
    let env = Env::default();
    let mut words = vec![program.into_os_string()];
    words.extend(["-t", "module", "-j"].map(Into::into));
    // By the tables that say what a short name means.
    let full = |name: &str| {
        let known = names::modules("ansible.builtin").is_some_and(|mut builtin| builtin.any(|other| other == name));
        let redirect = names::redirect(name).filter(|_| !known);
        redirect.unwrap_or_else(|| format!("ansible.builtin.{name}"))
    };
    words.extend(MODULES.iter().map(|module| full(module.name).into()));
    let output = Command::new(&env, words).run().expect("ansible-doc runs");
    let docs = parse_json(&output.out()).expect("JSON");
    let mut wrong = Vec::new();
    for module in MODULES {
        match docs.get(&full(module.name)).and_then(|doc| doc.get("doc")) {
            // Some modules take no options at all.
            Some(doc) => {
                let none = Value::from(Dict::new());
                compare(module.name, module.spec, doc.get("options").unwrap_or(&none), &mut wrong);
            }
            None => wrong.push(format!("{}: no documentation", module.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
