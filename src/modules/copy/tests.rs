//! Results as ansible-core 2.19.14 gives them for the same tree.

use crate::modules::Blob;
use crate::modules::testing::{has, outcome_of, request};
use crate::proto::Outcome;
use crate::value::Value;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use tempfile::TempDir;

fn tree() -> TempDir {
    let dir = tempfile::tempdir().expect("dir");
    let at = |name: &str| dir.path().join(name);
    fs::create_dir_all(at("src/sub")).expect("mkdir");
    fs::create_dir(at("d")).expect("mkdir");
    for (name, text, mode) in
        [("a", "a\n", 0o644), ("b", "b\n", 0o640), ("src/x", "x\n", 0o644), ("src/sub/y", "y\n", 0o644)]
    {
        fs::write(at(name), text).expect("write");
        fs::set_permissions(at(name), fs::Permissions::from_mode(mode)).expect("chmod");
    }
    symlink("a", at("la")).expect("link");
    symlink("a", at("src/l")).expect("link");
    dir
}

fn run(dir: &TempDir, json: &str, blob: Option<Blob>, check: bool) -> Outcome {
    let root = dir.path().to_str().expect("text");
    let mut request = request("copy", &json.replace("ROOT", root));
    request.context.check = check;
    let mut outcome = outcome_of(&request, blob);
    for key in ["msg", "dest"] {
        if let Some(text) = outcome.get(key).map(|text| text.to_text().replace(root, "ROOT")) {
            outcome.set(key, text);
        }
    }
    outcome
}

fn remote(dir: &TempDir, args: &str) -> Outcome {
    run(dir, &format!("{{\"remote_src\": true, {args}}}"), None, false)
}

#[track_caller]
fn fails(outcome: &Outcome, msg: &str) {
    assert_eq!(outcome.get("msg"), Some(&Value::from(msg)));
    has(outcome, "failed", "True");
}

#[test]
fn files_of_the_host() {
    let dir = tree();
    let out = remote(&dir, r#""src": "ROOT/a", "dest": "ROOT/new""#);
    has(&out, "changed", "True");
    has(&out, "checksum", "'3f786850e387550fdab836ed7e6dc881de23001b'");
    has(&out, "md5sum", "'60b725f10c9c85c70d97880dfe8191b3'");
    has(&out, "state", "'file'");
    has(&out, "size", "2");
    has(&remote(&dir, r#""src": "ROOT/a", "dest": "ROOT/new""#), "changed", "False");
    let out = remote(&dir, r#""src": "ROOT/b", "dest": "ROOT/new", "backup": true, "mode": "preserve""#);
    has(&out, "mode", "'0640'");
    let backup = out.get("backup_file").map(Value::to_text).unwrap_or_default();
    assert_eq!(fs::read(backup).expect("backed up"), b"a\n");
    let out = remote(&dir, r#""src": "ROOT/b", "dest": "ROOT/no2/""#);
    has(&out, "dest", "'ROOT/no2/b'");
    has(&out, "mode", "'0644'");
    has(&remote(&dir, r#""src": "ROOT/b", "dest": "ROOT/d""#), "dest", "'ROOT/d/b'");
    let out = remote(&dir, r#""src": "ROOT/b", "dest": "ROOT/la", "follow": true"#);
    has(&out, "dest", "'ROOT/a'");
    has(&out, "mode", "'0640'");
    let out = remote(&dir, r#""src": "ROOT/src/x", "dest": "ROOT/la""#);
    has(&out, "state", "'file'");
    assert_eq!(fs::read(dir.path().join("a")).expect("kept"), b"b\n");
}

#[test]
fn refusals() {
    let dir = tree();
    fails(
        &remote(&dir, r#""src": "ROOT/no", "dest": "ROOT/new""#),
        &format!("Source {}/no not found", dir.path().display()).replace(dir.path().to_str().expect("text"), "ROOT"),
    );
    fails(&remote(&dir, r#""src": "ROOT/b", "dest": "ROOT/no/new""#), "Destination directory ROOT/no does not exist");
    let out = remote(&dir, r#""src": "ROOT/b", "dest": "ROOT/a", "force": false"#);
    has(&out, "msg", "'file already exists'");
    has(&out, "changed", "False");
    let out = remote(&dir, r#""src": "ROOT/b", "dest": "ROOT/a", "checksum": "abc""#);
    fails(&out, "Copied file does not match the expected checksum. Transfer failed.");
    has(&out, "expected_checksum", "'abc'");
    let out = remote(&dir, r#""src": "ROOT/b", "dest": "ROOT/a", "validate": "false %s""#);
    fails(&out, "failed to validate");
    has(&out, "exit_status", "1");
    fails(
        &remote(&dir, r#""src": "ROOT/b", "dest": "ROOT/a", "validate": "false""#),
        "validate must contain %s: false",
    );
    fails(
        &remote(&dir, r#""src": "ROOT/src", "dest": "ROOT/a""#),
        "Task failed: Module failed: Could not replace 'ROOT/a' with b'ROOT/src': [Errno 20] Not a directory: \
         b'ROOT/src' -> b'ROOT/a'",
    );
    assert_eq!(fs::read(dir.path().join("a")).expect("kept"), b"a\n");
    let out = run(&dir, r#"{"remote_src": true, "src": "ROOT/b", "dest": "ROOT/no3/"}"#, None, true);
    has(&out, "msg", "'dest directory ROOT/no3 would be created'");
    assert!(!dir.path().join("no3").exists());
}

#[test]
fn content_that_came_along() {
    let dir = tree();
    let args = r#"{"dest": "ROOT/c", "mode": "0600", "validate": "grep -q hello %s"}"#;
    let out = run(&dir, args, Some(Blob::Inline(b"hello".to_vec())), false);
    has(&out, "checksum", "'aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d'");
    has(&out, "mode", "'0600'");
    has(&out, "size", "5");
    let staged = dir.path().join("staged");
    fs::write(&staged, "hello2").expect("write");
    let out = run(&dir, r#"{"dest": "ROOT/c"}"#, Some(Blob::Staged(staged.clone())), false);
    has(&out, "changed", "True");
    has(&out, "mode", "'0600'");
    assert!(!staged.exists());
    let out = run(&dir, r#"{"dest": "ROOT/c"}"#, Some(Blob::Inline(b"other".to_vec())), true);
    has(&out, "changed", "True");
    assert_eq!(fs::read(dir.path().join("c")).expect("kept"), b"hello2");
}

#[test]
fn folders_of_the_host() {
    let dir = tree();
    let args = r#""src": "ROOT/src", "dest": "ROOT/d""#;
    let out = remote(&dir, args);
    has(&out, "dest", "'ROOT/d/src'");
    has(&out, "state", "'directory'");
    has(&out, "checksum", "None");
    assert_eq!(fs::read(dir.path().join("d/src/sub/y")).expect("copied"), b"y\n");
    assert!(dir.path().join("d/src/l").is_symlink());
    has(&remote(&dir, args), "changed", "False");
    fs::write(dir.path().join("src/sub/y"), "changed\n").expect("write");
    fs::write(dir.path().join("src/sub/z"), "z\n").expect("write");
    has(&remote(&dir, args), "changed", "True");
    assert_eq!(fs::read(dir.path().join("d/src/sub/y")).expect("copied"), b"changed\n");
    assert_eq!(fs::read(dir.path().join("d/src/sub/z")).expect("copied"), b"z\n");
    let out = remote(&dir, r#""src": "ROOT/src/", "dest": "ROOT/d2", "mode": "0700""#);
    has(&out, "dest", "'ROOT/d2'");
    assert_eq!(fs::metadata(dir.path().join("d2")).expect("made").mode() & 0o7777, 0o700);
    assert!(dir.path().join("d2/sub/y").exists());
}
