//! Archives that the host's own programs read, where they are there.

use super::common_root;
use crate::modules::testing::{checked, has, outcome};
use std::fs;
use std::path::Path;
use std::process::Command;

fn tree() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("dir");
    fs::create_dir_all(dir.path().join("in/sub")).expect("mkdir");
    fs::write(dir.path().join("in/a"), "one\n").expect("write");
    fs::hard_link(dir.path().join("in/a"), dir.path().join("in/b")).expect("link");
    fs::write(dir.path().join("in/sub").join("long".repeat(40)), "two\n").expect("write");
    fs::write(dir.path().join("in/sub/ü"), "three\n").expect("write");
    std::os::unix::fs::symlink("sub", dir.path().join("in/l")).expect("link");
    dir
}

fn args(dir: &Path, json: &str) -> String {
    json.replace("ROOT", &dir.display().to_string())
}

fn listed(line: &str) -> Option<Vec<String>> {
    let output = Command::new("sh").args(["-c", line]).env("LC_ALL", "C.UTF-8").output().ok()?;
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    let mut lines: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
    lines.sort();
    Some(lines)
}

#[test]
fn trees_in_every_format() {
    for (format, list) in
        [("gz", "tar tzf"), ("bz2", "tar tjf"), ("xz", "tar tJf"), ("tar", "tar tf"), ("zip", "unzip -Z1")]
    {
        let program = if format == "zip" { "unzip" } else { "tar" };
        let dir = tree();
        let json = format!(r#"{{"path": "ROOT/in", "dest": "ROOT/x", "format": "{format}", "mode": "0600"}}"#);
        let json = args(dir.path(), &json);
        has(&checked("archive", &json), "changed", "True");
        assert!(!dir.path().join("x").exists());
        let out = outcome("archive", &json);
        has(&out, "changed", "True");
        has(&out, "dest_state", "'archive'");
        has(&out, "arcroot", &format!("'{}/'", dir.path().display()));
        has(&out, "mode", "'0600'");
        let again = outcome("archive", &json);
        has(&again, "changed", "False");
        // Longer, since headers hold sizes and whole seconds alone.
        fs::write(dir.path().join("in/a"), "longer").expect("write");
        has(&outcome("archive", &json), "changed", "True");
        if crate::host::Env::default().find_program(program).is_none() {
            continue;
        }
        let quoted = if format == "zip" { "" } else { " --quoting-style=literal" };
        let names = listed(&format!("{list} {}/x{quoted}", dir.path().display())).expect("listed");
        let long = "long".repeat(40);
        let link = if format == "zip" { "in/l/" } else { "in/l" };
        let mut want = vec!["in/a".into(), "in/b".into(), link.into(), "in/sub/".into(), format!("in/sub/{long}")];
        want.push("in/sub/ü".to_owned());
        assert_eq!(names, want, "{format}");
    }
}

#[test]
fn one_file_is_compressed() {
    for (format, program) in [("gz", "gzip"), ("bz2", "bzip2"), ("xz", "xz")] {
        let dir = tree();
        let json = args(dir.path(), &format!(r#"{{"path": "ROOT/in/a", "format": "{format}"}}"#));
        let out = outcome("archive", &json);
        has(&out, "dest", &format!("'{}/in/a.{format}'", dir.path().display()));
        has(&out, "dest_state", "'compress'");
        has(&out, "changed", "True");
        has(&outcome("archive", &json), "changed", "False");
        if crate::host::Env::default().find_program(program).is_some() {
            let line = format!("{program} -dc {}/in/a.{format}", dir.path().display());
            assert_eq!(listed(&line).expect("read"), ["one"]);
        }
    }
}

#[test]
fn what_stays_out_and_what_goes() {
    let dir = tree();
    let json = r#"{"path": ["ROOT/in/*", "ROOT/nope"], "exclude_path": ["ROOT/in/s*", "ROOT/in/l"], "dest": "ROOT/in/x.tgz",
                   "exclusion_patterns": ["*/b"], "remove": true}"#;
    let out = outcome("archive", &args(dir.path(), &json.replace('\n', " ")));
    has(&out, "dest_state", "'incomplete'");
    has(&out, "missing", &format!("['{}/nope']", dir.path().display()));
    assert!(!dir.path().join("in/a").exists() && dir.path().join("in/b").exists());
    assert!(dir.path().join("in/sub").exists());
    let json = args(dir.path(), r#"{"path": "ROOT/in", "dest": "ROOT/in/x.tgz", "remove": true}"#);
    let msg = "'Error, created archive can not be contained in source paths when remove=true'";
    has(&outcome("archive", &json), "msg", msg);
    has(&outcome("archive", r#"{"path": "/nope*"}"#), "msg", "'Error, no source paths were found'");
    let json = args(dir.path(), r#"{"path": "ROOT/in"}"#);
    let msg = "'Error, must specify \"dest\" when archiving multiple files or trees'";
    has(&outcome("archive", &json), "msg", msg);
    let json = args(dir.path(), r#"{"path": "ROOT/in", "dest": "ROOT/none/x"}"#);
    let msg = format!(
        "\"Task failed: Module failed: [Errno 2] No such file or directory: '{}/none/x'\"",
        dir.path().display()
    );
    has(&outcome("archive", &json), "msg", &msg);
}

#[test]
fn roots() {
    for (paths, root) in [
        (&["/a/b/c", "/a/b/d"][..], "/a/b/"),
        (&["/a/bc/x", "/a/bd/x"], "/a/"),
        (&["/a", "/b"], "/"),
        (&["a"], ""),
        (&["/a/b/"], "/a/b/"),
    ] {
        let paths: Vec<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        assert_eq!(common_root(&paths), root);
    }
}
