//! Keeps docs/COMPATIBILITY.md equal to the tables that it tells of.
//!
//! `RPLAY_WRITE_DOCS=1 cargo test --test main compatibility` writes it anew.

use rplay::argspec::Spec;
use rplay::playbook::Support as Kept;
use rplay::{actions, callback, config, connection, content, engine, inventory, modules, playbook, template};
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "\
# Compatibility with ansible-core 2.19

This file is written from rplay's own tables by a test, which fails where the two differ.
What is not here fails by its name, and is never skipped in silence: a keyword when the playbook is
loaded, a module where its task would run on a host (`--syntax-check` and a warning list such tasks before).
";

/// What differs on purpose, or for now.
const DIFFERENCES: &[&str] = &[
    "Filters and tests that are a Python library's in collections (xmltodict, jsonpatch, prettytable, fqdn) need none.",
    "`community.general.reveal_ansible_type` and `ansible_type` call a variable's number `int` or `float`: only texts have tags, which ansible-core's types tell of.",
    "`ansible.utils.get_path` and the lookup `community.general.dependent` evaluate what is not the user's own text without lookups: paths are often made of what hosts say.",
    "`forks` is 50 where nobody sets it. Ansible's 5 is the price of its processes, one for each host.",
    "Built-in modules are no Python, and hosts need none: a host without an interpreter is told of only where a module needs one.",
    "`apt` asks dpkg and apt-cache, and needs no `python3-apt`: none is installed for it.",
    "`apt_repository`, `deb822_repository` and `package_facts` need no Python libraries of apt's, dpkg's or rpm's: apt-get and apt-cache, dpkg's own list and `rpm` tell. A package's `category` is dpkg's, which an archive may override.",
    "Modules in Python run in forks of one interpreter that is kept warm, not in a new one each; an interpreter that is set, and is not there, matters to them alone.",
    "Tracebacks are those of modules in Python alone, where `display_traceback` wants them.",
    "Pipelining, `ansible_shell_type` and ControlPersist settings have nothing to act on: one agent serves a host's tasks over one connection, and ends with the run.",
    "A module's temporary folders on the host (`remote_tmp`) hold the agent alone, which stays there, named by its hash, for the next run.",
    "Hosts of one task finish in the order of their results, as with Ansible, which at 5 forks is another order than at 50.",
    "Failed results of built-in modules have `exception` \"(traceback unavailable)\" always.",
    "`--version` says `[core 2.19.14]` in its first line, and rplay's own version in the next.",
    "On a terminal, and only there, a line below the output says which hosts a long task still waits for.",
];

/// What fails by its name beside the rows above.
const REFUSED: &[&str] = &[
    "strategies other than `linear`, `free` and `host_pinned` (mitogen's run as these, with a warning)",
    "connections other than `ssh` and `local`; become methods other than those above",
    "plugins written in Python: actions, filters, tests, lookups, callbacks and the like, of playbooks, roles and collections; modules in PowerShell",
    "marks of deprecation on numbers, lists and dictionaries that a module in Python gives (those on texts are kept); the serialization profile `modern`",
    "inventory plugins other than those above, where a source may be theirs",
];

/// Every keyword that rplay has stands in a case, whose output the real one has given.
#[test]
fn every_keyword_has_a_case() {
    let mut texts = String::new();
    gather(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases"), &mut texts);
    let kept = playbook::KEYWORDS.iter().filter(|keyword| keyword.support == Kept::Full);
    let lacking: Vec<&str> = kept.map(|keyword| keyword.name).filter(|name| !is_key(&texts, name)).collect();
    assert!(lacking.is_empty(), "no playbook of tests/cases has these keywords: {}", lacking.join(" "));
}

/// Every module stands in a case, whose output and files the real one has given.
#[test]
fn every_module_has_a_case() {
    let cases = cases();
    let names = modules::MODULES.iter().map(|module| module.name);
    let lacking: Vec<&str> = names.filter(|name| count(&cases, name) == 0).collect();
    assert!(lacking.is_empty(), "no playbook of tests/cases has these modules: {}", lacking.join(" "));
}

/// The playbooks of each case.
fn cases() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let areas = std::fs::read_dir(folder).unwrap().map(|area| area.unwrap().path()).filter(|path| path.is_dir());
    let cases = areas.flat_map(|area| std::fs::read_dir(area).unwrap()).map(|case| case.unwrap().path());
    cases
        .filter(|path| path.is_dir())
        .map(|path| {
            let mut text = String::new();
            gather(&path, &mut text);
            text
        })
        .collect()
}

/// How many of the cases run a module.
fn count(cases: &[String], module: &str) -> usize {
    let names =
        ["", "ansible.builtin.", "ansible.posix.", "community.general."].map(|prefix| format!("{prefix}{module}"));
    cases.iter().filter(|text| names.iter().any(|name| is_key(text, name))).count()
}

/// All YAML files below a folder.
fn gather(folder: &Path, texts: &mut String) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, texts);
        } else if path.extension().is_some_and(|extension| extension == "yml") {
            texts.push_str(&std::fs::read_to_string(&path).unwrap_or_default());
            texts.push('\n');
        }
    }
}

/// Whether a text has a mapping with this key.
fn is_key(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let mut after = text[at + name.len()..].chars();
        before.is_none_or(|c| c.is_whitespace() || "{,-".contains(c))
            && after.next() == Some(':')
            && after.next().is_none_or(char::is_whitespace)
    })
}

#[test]
fn keys_are_told_from_other_words() {
    assert!(is_key("- pause: 1", "pause"));
    assert!(is_key("x: {pause: 1}", "pause"));
    assert!(!is_key("a_pause: 1", "pause"));
    assert!(!is_key("pause it", "pause"));
}

#[test]
fn the_file_is_as_the_tables_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/COMPATIBILITY.md");
    let wanted = text();
    #[expect(clippy::disallowed_methods, reason = "a test's switch, of no run")]
    if std::env::var_os("RPLAY_WRITE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == wanted, "docs/COMPATIBILITY.md is stale; RPLAY_WRITE_DOCS=1 writes it anew");
}

fn text() -> String {
    let mut out = HEAD.to_owned();
    list(&mut out, "Deliberate differences", DIFFERENCES.iter().copied());
    module_table(&mut out);
    out.push_str(
        "\n## Actions\n\nThe controller's half of a module, or all of it.\n\n| Action | What it does |\n|---|---|\n",
    );
    for action in actions::ACTIONS {
        row(&mut out, &[&code(action.fqcn), action.doc]);
    }
    out.push_str("\nBy the engine itself: `import_playbook`, `import_role`, `import_tasks`, `include_role`, `include_tasks`, `meta`.\n");
    lacking(&mut out);
    keywords(&mut out);
    names(&mut out, "Filters", template::filters::FILTERS.iter().map(|def| def.name));
    names(&mut out, "Tests", template::tests::TESTS.iter().map(|def| def.name));
    names(&mut out, "Lookups", template::lookups::LOOKUPS.iter().map(|def| def.name));
    refused(&mut out);
    out.push_str("\n## Callbacks\n\n| Callback | What it does |\n|---|---|\n");
    for def in callback::CALLBACKS {
        row(&mut out, &[&code(def.fqcn), def.doc]);
    }
    names(&mut out, "Connections", ["local", "ssh"].into_iter());
    let methods: Vec<String> = connection::METHODS.iter().map(|method| method.full_name()).collect();
    names(&mut out, "Become methods", methods.iter().map(String::as_str));
    names(&mut out, "Inventory plugins", inventory::PLUGINS.iter().copied());
    list(&mut out, "Refused by name", REFUSED.iter().copied());
    settings(&mut out);
    out
}

fn module_table(out: &mut String) {
    out.push_str(
        "\n## Modules\n\nEvery option of the documentation is there, or refused by its name when it is used. \
         The last column counts the recorded cases (`tests/cases`) that run the module and compare it with the real one's.\n\n\
         | Module | Options | Check mode | Diff | Cases |\n|---|---|---|---|---|\n",
    );
    let cases = cases();
    for module in modules::MODULES {
        let support = |support| match support {
            modules::Support::Full => "full",
            modules::Support::Partial => "partial",
            modules::Support::None => "none",
        };
        let cases = count(&cases, module.name).to_string();
        row(out, &[&code(module.name), &options(module.spec), support(module.check), support(module.diff), &cases]);
    }
}

fn options(spec: &Spec) -> String {
    let mut names: Vec<&str> = spec.args.iter().map(|arg| arg.name).filter(|name| !name.starts_with('_')).collect();
    if spec.file_common {
        names.extend([
            "attributes",
            "group",
            "mode",
            "owner",
            "selevel",
            "serole",
            "setype",
            "seuser",
            "unsafe_writes",
        ]);
    }
    names.sort_unstable();
    names.dedup();
    names.iter().map(|name| code(name)).collect::<Vec<_>>().join(" ")
}

/// The modules of ansible.builtin that are not here yet.
/// What collections bring beside, and why it is refused.
fn refused(out: &mut String) {
    use template::refused;
    out.push_str(
        "\n## Filters, tests and lookups of collections that are refused\n\n| Name | Kind | Why |\n|---|---|---|\n",
    );
    for (kind, table) in [("filter", refused::FILTERS), ("test", refused::TESTS), ("lookup", refused::LOOKUPS)] {
        for refused in table {
            row(out, &[&code(refused.name), kind, refused.why]);
        }
    }
}

fn lacking(out: &mut String) {
    let has = |name: &str| {
        let engine = name.starts_with("import_") || name == "include_role" || name == "include_tasks" || name == "meta";
        engine || modules::find(name).is_some() || actions::find(name).is_some()
    };
    let all = content::names::modules("ansible.builtin").into_iter().flatten();
    let mut lacking: Vec<&str> = all.filter(|name| !has(name)).collect();
    lacking.sort_unstable();
    names(
        out,
        "Modules of ansible.builtin that are not native: they run in Python, where ansible-core is installed",
        lacking.into_iter(),
    );
}

fn keywords(out: &mut String) {
    let of = |wanted: Kept| playbook::KEYWORDS.iter().filter(move |k| k.support == wanted).map(|k| k.name);
    names(out, "Keywords", of(Kept::Full));
    names(out, "Keywords that are refused", of(Kept::Refused));
}

fn settings(out: &mut String) {
    out.push_str(
        "\n## Settings\n\nRead from ansible.cfg and the environment, with ansible-core's types and defaults. A warning says \
         where one of these asks for what rplay lacks: ",
    );
    let lacking: Vec<String> = engine::LACKING_SETTINGS.iter().map(|(setting, _)| code(setting)).collect();
    write!(out, "{}.\n\n", lacking.join(" ")).unwrap();
    out.push_str("| Setting | ansible.cfg | Environment |\n|---|---|---|\n");
    for setting in config::SETTINGS {
        let all = |text: &str| text.split(' ').filter(|w| !w.is_empty()).map(code).collect::<Vec<_>>().join(" ");
        row(out, &[&code(setting.name), &all(setting.ini), &all(setting.env)]);
    }
}

fn names<'a>(out: &mut String, title: &str, names: impl Iterator<Item = &'a str>) {
    let names: Vec<String> = names.map(code).collect();
    let said = if names.is_empty() { "None.".to_owned() } else { names.join(" ") };
    write!(out, "\n## {title}\n\n{said}\n").unwrap();
}

fn list<'a>(out: &mut String, title: &str, items: impl Iterator<Item = &'a str>) {
    write!(out, "\n## {title}\n\n").unwrap();
    for item in items {
        writeln!(out, "- {item}").unwrap();
    }
}

fn row(out: &mut String, cells: &[&str]) {
    writeln!(out, "| {} |", cells.join(" | ")).unwrap();
}

fn code(text: &str) -> String {
    // A bar would end the cell.
    format!("`{}`", text.replace('|', "\\|"))
}
