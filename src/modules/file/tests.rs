//! Results as ansible-core 2.19.14 gives them for the same tree.

use crate::modules::testing::{checked, has, outcome, outcome_of, request};
use crate::proto::Outcome;
use crate::value::Value;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use tempfile::TempDir;

fn tree() -> TempDir {
    let dir = tempfile::tempdir().expect("dir");
    let at = |name: &str| dir.path().join(name);
    fs::write(at("a"), "a\n").expect("write");
    fs::write(at("b"), "b\n").expect("write");
    for name in ["a", "b"] {
        fs::set_permissions(at(name), fs::Permissions::from_mode(0o644)).expect("chmod");
    }
    symlink("a", at("la")).expect("link");
    symlink("nope", at("dangling")).expect("link");
    fs::create_dir(at("d")).expect("mkdir");
    fs::write(at("d/x"), "x").expect("write");
    dir
}

/// Runs with `ROOT` standing for the tree, in the arguments and in the result.
fn run(dir: &TempDir, json: &str) -> Outcome {
    let root = dir.path().to_str().expect("text");
    let mut request = request("file", &json.replace("ROOT", root));
    request.context.diff = true;
    let mut outcome = outcome_of(&request, None);
    let msg = outcome.get("msg").map(|msg| msg.to_text().replace(root, "ROOT"));
    outcome.set("msg", msg);
    outcome
}

#[track_caller]
fn fails(dir: &TempDir, json: &str, msg: &str) -> Outcome {
    let outcome = run(dir, json);
    assert_eq!(outcome.get("msg"), Some(&Value::from(msg)));
    has(&outcome, "failed", "True");
    outcome
}

#[test]
fn error_texts() {
    let dir = tree();
    let dir = &dir;
    let out = fails(dir, r#"{"path": "ROOT/no"}"#, "file (ROOT/no) is absent, cannot continue");
    has(&out, "state", "'absent'");
    let out = fails(dir, r#"{"path": "ROOT/b", "owner": "nosuch"}"#, "chown failed: failed to look up user nosuch");
    has(&out, "mode", "'0644'");
    has(&out, "state", "'file'");
    let out = fails(dir, r#"{"path": "ROOT/b", "mode": "q=r"}"#, "mode must be in octal or symbolic form");
    has(&out, "details", "'bad symbolic permission for mode: q=r'");
    fails(dir, r#"{"path": "ROOT/b", "state": "directory"}"#, "ROOT/b already exists as a file");
    fails(
        dir,
        r#"{"path": "ROOT/b/n", "state": "directory"}"#,
        "There was an issue creating ROOT/b/n as requested: [Errno 20] Not a directory: b'ROOT/b/n'",
    );
    fails(
        dir,
        r#"{"path": "ROOT/l", "src": "zzz", "state": "link"}"#,
        "src file does not exist, use 'force=yes' if you really want to create the link: ROOT/zzz",
    );
    fails(
        dir,
        r#"{"path": "ROOT/b", "src": "a", "state": "link"}"#,
        "refusing to convert from file to symlink for ROOT/b",
    );
    fails(
        dir,
        r#"{"path": "ROOT/d", "src": "../a", "state": "link", "force": true}"#,
        "the directory ROOT/d is not empty, refusing to convert it",
    );
    fails(dir, r#"{"path": "ROOT/h", "state": "hard"}"#, "src is required for creating new hardlinks");
    fails(dir, r#"{"path": "ROOT/b", "src": "ROOT/a", "state": "hard"}"#, "Cannot link, file exists at destination");
    fails(dir, r#"{"path": "ROOT/b", "src": "x"}"#, "src option requires state to be 'link' or 'hard'");
    fails(dir, r#"{"path": "ROOT/b", "recurse": true}"#, "recurse option requires state to be 'directory'");
    fails(dir, r#"{"path": "ROOT/no/t", "state": "touch"}"#, "Error, could not touch target.");
    fails(
        dir,
        r#"{"path": "ROOT/b", "state": "touch", "modification_time": "x"}"#,
        "Error while obtaining timestamp for time x using format %Y%m%d%H%M.%S: time data 'x' does not match format \
         '%Y%m%d%H%M.%S'",
    );
}

#[test]
fn folders() {
    let dir = tree();
    let out = run(&dir, r#"{"path": "ROOT/n1/n2", "state": "directory", "mode": "0750"}"#);
    has(&out, "changed", "True");
    has(&out, "mode", "'0750'");
    assert_eq!(fs::metadata(dir.path().join("n1")).expect("made").mode() & 0o7777, 0o750);
    has(&run(&dir, r#"{"path": "ROOT/n1/n2", "state": "directory", "mode": "0750"}"#), "changed", "False");
    let all = r#"{"path": "ROOT/d", "state": "directory", "mode": "u=rwX,g=,o=", "recurse": true}"#;
    has(&run(&dir, all), "changed", "True");
    assert_eq!(fs::metadata(dir.path().join("d/x")).expect("there").mode() & 0o7777, 0o600);
    has(&run(&dir, all), "changed", "False");
    let out = run(&dir, r#"{"path": "ROOT/d", "state": "absent"}"#);
    has(&out, "state", "'absent'");
    let held = out.get("diff").and_then(|diff| diff.get("before")?.get("path_content")?.get("files").cloned());
    assert_eq!(held.and_then(|files| files.as_list().map(<[_]>::len)), Some(1));
    has(&run(&dir, r#"{"path": "ROOT/d", "state": "absent"}"#), "changed", "False");
    has(&checked("file", r#"{"path": "/nonexistent/q", "state": "directory"}"#), "changed", "True");
}

#[test]
fn links() {
    let dir = tree();
    let json = r#"{"path": "ROOT/l", "src": "b", "state": "link"}"#;
    has(&run(&dir, json), "changed", "True");
    let out = run(&dir, json);
    has(&out, "changed", "False");
    has(&out, "state", "'link'");
    has(&out, "src", "'b'");
    let out = run(&dir, r#"{"path": "ROOT/l", "src": "zzz", "state": "link", "force": true}"#);
    has(&out, "changed", "True");
    let warned = out.get("warnings").map(crate::value::repr).unwrap_or_default();
    assert!(warned.contains("Cannot set fs attributes on a non-existent symlink target."), "{warned}");
    assert_eq!(fs::read_link(dir.path().join("l")).expect("link").to_str(), Some("zzz"));
    let json = r#"{"path": "ROOT/h", "src": "ROOT/a", "state": "hard"}"#;
    has(&run(&dir, json), "changed", "True");
    has(&run(&dir, json), "changed", "False");
    has(&run(&dir, r#"{"path": "ROOT/la"}"#), "dest", &format!("'{}/la'", dir.path().display()));
    let out = run(&dir, r#"{"path": "ROOT/la", "state": "file", "mode": "0600"}"#);
    has(&out, "path", &format!("'{}/a'", dir.path().display()));
    has(&out, "mode", "'0600'");
    has(&out, "state", "'hard'");
}

#[test]
fn touching() {
    let dir = tree();
    let out = run(&dir, r#"{"path": "ROOT/t", "state": "touch"}"#);
    has(&out, "changed", "True");
    has(&out, "size", "0");
    let keep = r#"{"path": "ROOT/t", "state": "touch", "access_time": "preserve", "modification_time": "preserve"}"#;
    has(&run(&dir, keep), "changed", "False");
    let set = r#"{"path": "ROOT/t", "access_time": "preserve", "modification_time": "202401020304.05"}"#;
    has(&run(&dir, set), "changed", "True");
    has(&run(&dir, set), "changed", "False");
}

#[test]
fn invocation_shows_what_was_filled_in() {
    let dir = tree();
    let out = run(&dir, r#"{"dest": "ROOT/b"}"#);
    let args = out.get("invocation").and_then(|invocation| invocation.get("module_args").cloned()).unwrap_or_default();
    assert_eq!(args.get("state"), Some(&Value::from("file")));
    assert_eq!(args.get("follow"), Some(&Value::Bool(true)));
    assert_eq!(args.get("path"), args.get("dest"));
    has(&outcome("file", "{}"), "msg", "'missing required arguments: path'");
}
