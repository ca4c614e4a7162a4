//! Repositories of this machine's git; nothing goes out.

use crate::modules::testing::{has, outcome, outcome_of, request};
use crate::value::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs a script of shell in a folder, with a git that knows who it is and nothing else.
#[track_caller]
fn sh(folder: &Path, script: &str) -> String {
    let mut command = Command::new("sh");
    command.args(["-ec", script]).current_dir(folder).env("HOME", folder).env("GIT_CONFIG_NOSYSTEM", "1");
    for (name, value) in [("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", "2024-01-02T03:04:05Z")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    let output = command.output().expect("sh");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// A folder with a repository `up` of two commits, a tag and a branch; None without git.
fn upstream() -> Option<tempfile::TempDir> {
    crate::host::Env::default().find_program("git")?;
    let dir = tempfile::tempdir().expect("dir");
    sh(
        dir.path(),
        "git init -q -b main up; cd up
         echo 1 > f; git add f; git commit -qm one; git tag -a v1 -m v1; git branch old
         echo 2 > f; git commit -qam two",
    );
    Some(dir)
}

fn args(dir: &Path, more: &str) -> String {
    let dir = dir.display();
    format!(r#"{{"repo": "{dir}/up", "dest": "{dir}/down"{more}}}"#)
}

fn file(dir: &Path) -> String {
    fs::read_to_string(dir.join("down/f")).unwrap_or_default()
}

#[test]
fn clones_updates_and_switches() {
    let Some(dir) = upstream() else { return };
    let dir = dir.path();
    let two = sh(dir, "git -C up rev-parse HEAD");
    let one = sh(dir, "git -C up rev-parse old");
    let out = outcome("git", &args(dir, ""));
    has(&out, "changed", "True");
    has(&out, "before", "None");
    has(&out, "after", &format!("'{two}'"));
    assert!(out.get("remote_url_changed").is_none());
    let again = outcome("git", &args(dir, ""));
    has(&again, "changed", "False");
    has(&again, "remote_url_changed", "False");
    for version in ["v1", "old", one.as_str()] {
        let out = outcome("git", &args(dir, &format!(r#", "version": "{version}""#)));
        has(&out, "after", &format!("'{one}'"));
        assert_eq!(file(dir), "1\n", "{version}");
    }
    sh(dir, "cd up; echo 3 > f; git commit -qam three");
    let mut dry = request("git", &args(dir, r#", "version": "main""#));
    dry.context.check = true;
    let dry = outcome_of(&dry, None);
    has(&dry, "changed", "True");
    has(&dry, "after", &format!("'{}'", sh(dir, "git -C up rev-parse HEAD")));
    assert_eq!(file(dir), "1\n");
    let mut shown = request("git", &args(dir, r#", "version": "main""#));
    shown.context.diff = true;
    let shown = outcome_of(&shown, None);
    let diff = shown.get("diff").and_then(|diff| diff.get("prepared")).map(Value::to_text).unwrap_or_default();
    assert!(diff.contains("-1\n+3\n"), "{diff}");
    assert_eq!(file(dir), "3\n");
    has(&outcome("git", &args(dir, r#", "version": "nope""#)), "msg", "'Failed to checkout nope'");
}

#[test]
fn local_changes_stay_unless_forced() {
    let Some(dir) = upstream() else { return };
    let dir = dir.path();
    outcome("git", &args(dir, ""));
    fs::write(dir.join("down/f"), "mine").expect("write");
    let down = dir.join("down").display().to_string();
    let out = outcome("git", &args(dir, ""));
    has(&out, "msg", &format!("'Local modifications exist in the destination: {down} (force=no).'"));
    assert_eq!(file(dir), "mine");
    let out = outcome("git", &args(dir, r#", "force": true"#));
    has(&out, "changed", "True");
    assert_eq!(file(dir), "2\n");
}

#[test]
fn shallow_bare_and_separate() {
    let Some(dir) = upstream() else { return };
    let dir = dir.path();
    has(&outcome("git", &args(dir, r#", "depth": 1, "version": "main""#)), "changed", "True");
    assert_eq!(sh(dir, "git -C down rev-list --count HEAD"), "1");
    has(&outcome("git", &args(dir, r#", "depth": 1, "version": "old""#)), "changed", "True");
    assert_eq!(file(dir), "1\n");
    let own = args(dir, "")
        .replace("/down", "/down2")
        .replace('}', &format!(r#", "separate_git_dir": "{}/apart"}}"#, dir.display()));
    has(&outcome("git", &own), "changed", "True");
    assert!(dir.join("apart/config").exists() && dir.join("down2/.git").is_file());
    has(&outcome("git", &own), "changed", "False");
    let moved = own.replace("/apart", "/elsewhere");
    let out = outcome("git", &moved);
    has(&out, "git_dir_now", &format!("'{}/elsewhere'", dir.canonicalize().expect("real").display()));
    let bare = args(dir, r#", "bare": true"#).replace("/down", "/bare");
    has(&outcome("git", &bare), "changed", "True");
    has(&outcome("git", &bare), "changed", "False");
    assert!(dir.join("bare/HEAD").exists());
}

#[test]
fn archives_are_made_once() {
    let Some(dir) = upstream() else { return };
    let dir = dir.path();
    let archive = format!(r#", "archive": "{}/x.tar.gz", "archive_prefix": "p/""#, dir.display());
    has(&outcome("git", &args(dir, &archive)), "changed", "True");
    assert_eq!(sh(dir, "tar tzf x.tar.gz"), "p/\np/f");
    has(&outcome("git", &args(dir, &archive)), "changed", "False");
    let odd = format!(r#", "archive": "{}/x.rar""#, dir.display());
    let msg = format!("'Unable to get file extension from archive file name : {}/x.rar'", dir.display());
    has(&outcome("git", &args(dir, &odd)), "msg", &msg);
}

#[test]
fn what_cannot_be_cloned() {
    let Some(dir) = upstream() else { return };
    let dir = dir.path();
    let none = args(dir, "").replace("/up", "/nope");
    let out = outcome("git", &none);
    has(&out, "rc", "128");
    let msg = out.get("msg").map(Value::to_text).unwrap_or_default();
    assert!(msg.contains("does not appear to be a git repository"), "{msg}");
    has(&outcome("git", r#"{"repo": "x"}"#), "msg", "'the destination directory must be specified unless clone=no'");
    has(
        &outcome("git", r#"{"repo": "x", "dest": "/x", "umask": 18}"#),
        "msg",
        "'umask must be defined as a quoted octal integer'",
    );
    let info = format!(r#"{{"repo": "{}/up", "clone": false, "version": "main"}}"#, dir.display());
    has(&outcome("git", &info), "after", &format!("'{}'", sh(dir, "git -C up rev-parse main")));
}
