//! Real archives, unpacked by the host's own programs.

use crate::modules::testing::{checked, has, outcome};
use crate::value::Value;
use std::fs;
use std::path::Path;
use std::process::Command;

/// A folder with files, packed by a command line that is run in it; None where a program is missing.
fn packed(line: &str) -> Option<tempfile::TempDir> {
    let dir = tempfile::tempdir().expect("dir");
    fs::create_dir_all(dir.path().join("in/sub")).expect("mkdir");
    fs::create_dir(dir.path().join("out")).expect("mkdir");
    fs::write(dir.path().join("in/a b"), "one").expect("write");
    fs::write(dir.path().join("in/sub/c"), "two").expect("write");
    let done = Command::new("sh").args(["-c", line]).current_dir(dir.path().join("in")).output().expect("sh");
    if !done.status.success() {
        eprintln!("cannot pack here: {}", String::from_utf8_lossy(&done.stderr));
        return None;
    }
    Some(dir)
}

fn args(dir: &Path, more: &str) -> String {
    let dir = dir.display();
    format!(r#"{{"src": "{dir}/x", "dest": "{dir}/out", "remote_src": true, "list_files": true{more}}}"#)
}

fn cmd(out: &crate::proto::Outcome) -> String {
    out.get("extract_results").and_then(|r| r.get("cmd")).map(Value::to_text).unwrap_or_default()
}

#[test]
fn every_kind_is_unpacked_once() {
    // GNU tar knows compressed archives by their first bytes, without the options of later handlers.
    for (line, handler) in [
        ("tar czf ../x 'a b' sub", "TgzArchive"),
        ("tar cf ../x 'a b' sub", "TarArchive"),
        ("tar cjf ../x 'a b' sub", "TarArchive"),
        ("tar cJf ../x 'a b' sub", "TarArchive"),
        ("tar --use-compress-program=zstd -cf ../x 'a b' sub", "TarArchive"),
        ("zip -qr ../x.zip 'a b' sub && mv ../x.zip ../x", "ZipArchive"),
    ] {
        let Some(dir) = packed(line) else { continue };
        let out = outcome("unarchive", &args(dir.path(), ""));
        has(&out, "changed", "True");
        has(&out, "handler", &format!("'{handler}'"));
        has(&out, "files", "['a b', 'sub/', 'sub/c']");
        has(&out, "state", "'directory'");
        assert_eq!(fs::read_to_string(dir.path().join("out/sub/c")).expect("unpacked"), "two");
        let again = outcome("unarchive", &args(dir.path(), ""));
        has(&again, "changed", "False");
        assert!(again.get("extract_results").is_none());
        // As a run that was cut off leaves it.
        fs::write(dir.path().join("out/a b"), "o").expect("write");
        fs::remove_file(dir.path().join("out/sub/c")).expect("remove");
        has(&outcome("unarchive", &args(dir.path(), "")), "changed", "True");
        assert_eq!(fs::read_to_string(dir.path().join("out/a b")).expect("unpacked"), "one");
        assert_eq!(fs::read_to_string(dir.path().join("out/sub/c")).expect("unpacked"), "two");
    }
}

#[test]
fn what_is_excluded_or_included() {
    for line in ["tar czf ../x 'a b' sub", "zip -qr ../x.zip 'a b' sub && mv ../x.zip ../x"] {
        let Some(dir) = packed(line) else { continue };
        let out = outcome("unarchive", &args(dir.path(), r#", "exclude": ["sub/*"]"#));
        assert!(!cmd(&out).is_empty());
        assert!(dir.path().join("out/a b").exists() && !dir.path().join("out/sub/c").exists());
        let out = outcome("unarchive", &args(dir.path(), r#", "include": ["sub/c"], "mode": "0600""#));
        has(&out, "changed", "True");
        has(&out, "files", "['sub/c']");
        let both = outcome("unarchive", &args(dir.path(), r#", "include": ["a"], "exclude": ["b"]"#));
        has(&both, "msg", "'parameters are mutually exclusive: include|exclude'");
    }
}

#[test]
fn zip_files_tell_differences_and_keep_what_is_newer() {
    let Some(dir) = packed("zip -qr ../x.zip 'a b' sub && mv ../x.zip ../x") else { return };
    let dry = checked("unarchive", &args(dir.path(), ""));
    has(&dry, "changed", "True");
    has(&dry, "diff", r"{'prepared': '>f++++++.?? a b\n>d++++++.?? sub/\n>f++++++.?? sub/c\n'}");
    outcome("unarchive", &args(dir.path(), ""));
    fs::write(dir.path().join("out/a b"), "newer").expect("write");
    let old = fs::FileTimes::new().set_modified(std::time::SystemTime::UNIX_EPOCH);
    fs::File::options().write(true).open(dir.path().join("out/sub/c")).and_then(|f| f.set_times(old)).expect("times");
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    let soon = fs::FileTimes::new().set_modified(soon);
    fs::File::options().write(true).open(dir.path().join("out/a b")).and_then(|f| f.set_times(soon)).expect("times");
    let out = outcome("unarchive", &args(dir.path(), r#", "keep_newer": true"#));
    has(&out, "diff", r"{'prepared': '.f..t....?? sub/c\n'}");
    has(&out, "files", "['sub/', 'sub/c']");
    assert_eq!(fs::read_to_string(dir.path().join("out/a b")).expect("kept"), "newer");
}

#[test]
fn what_cannot_be_unpacked() {
    let dir = tempfile::tempdir().expect("dir");
    fs::create_dir(dir.path().join("out")).expect("mkdir");
    let path = dir.path().display();
    has(&outcome("unarchive", &args(dir.path(), "")), "msg", &format!("\"Source '{path}/x' does not exist\""));
    fs::write(dir.path().join("x"), "").expect("write");
    has(
        &outcome("unarchive", &args(dir.path(), "")),
        "msg",
        &format!("\"Invalid archive '{path}/x', the file is 0 bytes\""),
    );
    fs::write(dir.path().join("x"), "no archive").expect("write");
    let out = outcome("unarchive", &args(dir.path(), ""));
    let msg = out.get("msg").map(Value::to_text).unwrap_or_default();
    assert!(msg.starts_with(&format!("Failed to find handler for \"{path}/x\".")), "{msg}");
    has(&checked("unarchive", &args(dir.path(), "")), "skipped", "True");
    let nowhere = args(dir.path(), "").replace("/out", "/nope");
    has(&outcome("unarchive", &nowhere), "msg", &format!("\"Destination '{path}/nope' is not a directory\""));
}
