//! Runs the same tasks with the real ansible and with these modules, and compares the results.
//!
//! Only where `RPLAY_ORACLE` names the folder of the real one's programs: it takes a while.
//! `RPLAY_ORACLE_ONLY=cron,mount` runs the tasks of these modules alone.

use super::testing::outcome_of;
use crate::host::{Command, Env};
use crate::proto::Request;
use crate::value::{Dict, JsonStyle, Value, parse_json, write_json};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// What differs from run to run, or is added by the controller.
const LOOSE: &[&str] = &[
    "action",
    "exception",
    "start",
    "end",
    "delta",
    "atime",
    "mtime",
    "ctime",
    "inode",
    "backup_file",
    "stdout_lines",
    "stderr_lines",
    "version",
    "blocks",
    "_ansible_no_log",
    "_ansible_cause",
];

/// Modules and arguments; `ROOT` is the tree, `check` and `diff` are modes.
const TASKS: &str = include_str!("against.txt");

fn tree(root: &Path) {
    let at = |name: &str| root.join(name);
    for folder in ["d", "src/sub", "empty"] {
        fs::create_dir_all(at(folder)).expect("mkdir");
    }
    for (name, text, mode) in [
        ("a", "a\n", 0o644),
        ("b", "b\n", 0o640),
        ("x.sh", "#!/bin/sh\n", 0o755),
        ("d/x", "x", 0o644),
        ("src/x", "x\n", 0o644),
        ("src/sub/y", "y\n", 0o600),
        ("pip", "#!/bin/sh\n[ $1 = list ] && echo a==1.0 && exit\necho Successfully ${1}ed $#\n", 0o755),
    ] {
        fs::write(at(name), text).expect("write");
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).expect("chmod");
    }
    for (name, target) in [("la", "a"), ("dangling", "nope"), ("src/l", "a"), ("ld", "d")] {
        symlink(target, at(name)).expect("link");
    }
    let output = std::process::Command::new("sh").args(["-ec", PACKED]).current_dir(root).output().expect("sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Archives and repositories, alike in both trees.
const PACKED: &str = r"
    umask 022; export GIT_CONFIG_NOSYSTEM=1 HOME=$PWD
    for who in AUTHOR COMMITTER; do
        export GIT_${who}_NAME=A GIT_${who}_EMAIL=a@example.org GIT_${who}_DATE=2024-01-02T03:04:05Z
    done
    mkdir packed packed/in packed/in/sub packed/t1 packed/t2 packed/z1 packed/z2; cd packed
    echo one > in/a; echo two > in/sub/b; find in -exec touch -d 2024-01-02T03:04:05Z {} +
    tar czf x.tgz in; TZ=UTC zip -qrX x.zip in; : > empty
    git init -q -b main up; cd up; echo 1 > f; git add f; git commit -qm one; git tag -a v1 -m v1; git branch old
    echo 2 > f; git commit -qam two; cd ..
    svnadmin create svn; svn import -q -m one in file://$PWD/svn/trunk
    printf -- '--- a\n+++ b\n@@ -1 +1 @@\n-one\n+three\n' > p
";

struct Task {
    module: String,
    args: Dict,
    check: bool,
    diff: bool,
}

fn tasks() -> Vec<Task> {
    let only = Env::default().get("RPLAY_ORACLE_ONLY").unwrap_or_default();
    let wanted = |task: &Task| only.is_empty() || only.split(',').any(|name| name == task.module);
    let lines = TASKS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let (head, args) = line.split_once('{').expect("arguments");
            let mut words = head.split_whitespace();
            let module = words.next().expect("a module").to_owned();
            let modes: Vec<&str> = words.collect();
            let Ok(Value::Dict(args)) = parse_json(&format!("{{{args}")) else { panic!("{line}") };
            Task { module, args, check: modes.contains(&"check"), diff: modes.contains(&"diff") }
        })
        .filter(wanted)
        .collect()
}

fn replaced(value: &Value, from: &str, to: &str) -> Value {
    match value {
        Value::Str(text) => text.as_str().replace(from, to).into(),
        Value::List(items) => Value::list(items.iter().map(|item| replaced(item, from, to))),
        Value::Dict(dict) => {
            dict.iter().map(|(k, v)| (replaced(k, from, to), replaced(v, from, to))).collect::<Dict>().into()
        }
        other => other.clone(),
    }
}

/// The real one's results, task by task.
fn theirs(tasks: &[Task], root: &str, home: &Path, programs: &str) -> Vec<Value> {
    let list = tasks.iter().map(|task| {
        let args = replaced(&task.args.clone().into(), "ROOT", root);
        let mut dict = Dict::from([(task.module.as_str(), args)]);
        dict.insert("ignore_errors", true);
        dict.insert("check_mode", task.check);
        dict.insert("diff", task.diff);
        Value::from(dict)
    });
    let mut play = Dict::from([("hosts", Value::from("localhost")), ("gather_facts", false.into())]);
    play.insert("tasks", Value::list(list));
    let playbook = home.join("playbook.json");
    fs::write(&playbook, write_json(&Value::list([play.into()]), JsonStyle::default())).expect("write");
    let env = Env::default()
        .with("HOME", home.to_string_lossy())
        .with("ANSIBLE_STDOUT_CALLBACK", "ansible.posix.json")
        .with("ANSIBLE_LOCALHOST_WARNING", "false");
    let argv = [Path::new(programs).join("ansible-playbook").into_os_string(), playbook.into_os_string()];
    let output = Command::new(&env, argv).run().expect("runs");
    let json = parse_json(&output.out()).unwrap_or_else(|e| panic!("{e}: {}{}", output.out(), output.err()));
    let plays = json.get("plays").and_then(Value::as_list).expect("plays");
    let results = plays[0].get("tasks").and_then(Value::as_list).expect("tasks");
    results
        .iter()
        .map(|task| task.get("hosts").and_then(|hosts| hosts.get("localhost")).cloned().unwrap_or_default())
        .collect()
}

fn strict(value: &Value) -> Value {
    match value {
        Value::Dict(dict) => {
            let kept = dict.iter().filter(|(key, _)| !LOOSE.contains(&key.to_text().as_str()));
            kept.map(|(key, value)| (key.clone(), strict(value))).collect::<Dict>().into()
        }
        Value::List(items) => Value::list(items.iter().map(strict)),
        other => other.clone(),
    }
}

#[test]
fn results_are_those_of_the_real_one() {
    let Some(programs) = Env::default().get("RPLAY_ORACLE") else { return };
    let dir = tempfile::tempdir().expect("dir");
    let (one, two) = (dir.path().join("one"), dir.path().join("two"));
    tree(&one);
    tree(&two);
    // All of them take a while: `RPLAY_AGAINST` names the modules that are compared.
    let only = Env::default().get("RPLAY_AGAINST");
    let wanted = |task: &Task| only.as_ref().is_none_or(|only| only.split_whitespace().any(|name| name == task.module));
    let tasks: Vec<Task> = tasks().into_iter().filter(wanted).collect();
    let one = one.to_string_lossy().into_owned();
    let two = two.to_string_lossy().into_owned();
    let theirs = theirs(&tasks, &one, dir.path(), &programs);
    assert_eq!(theirs.len(), tasks.len());
    let style = JsonStyle { sort_keys: true, ..JsonStyle::default() };
    let mut wrong = Vec::new();
    for (task, theirs) in tasks.iter().zip(theirs) {
        let Value::Dict(args) = replaced(&task.args.clone().into(), "ROOT", &two) else { continue };
        let mut request = Request { module: task.module.clone(), args, ..Request::default() };
        request.context.check = task.check;
        request.context.diff = task.diff;
        request.context.environment.push(("HOME".into(), dir.path().to_string_lossy().into_owned()));
        let ours = outcome_of(&request, None).result.into();
        let ours = write_json(&strict(&replaced(&ours, &two, "ROOT")), style);
        let theirs = write_json(&strict(&replaced(&theirs, &one, "ROOT")), style);
        if ours != theirs {
            let args = write_json(&task.args.clone().into(), style);
            wrong.push(format!("{} {args}\n  ours   {ours}\n  theirs {theirs}", task.module));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
