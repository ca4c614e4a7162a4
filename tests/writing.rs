//! Modules that write files where they cannot finish: the old file stays whole, the error says why, and the next run
//! makes good.

use crate::support::mount::Mount;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// Large enough that it is sent apart from its request.
const LARGE: usize = 700_000;

/// What stands in the files before.
const OLD: &str = "old = 1\n";

const PLAYBOOK: &str = r#"
- hosts: localhost
  gather_facts: false
  vars: {out: "{{ playbook_dir }}/out"}
  tasks:
    - {name: large, copy: {src: large, dest: "{{ out }}/large"}, ignore_errors: true}
    - {name: small, copy: {content: "{{ 'x' * 200000 }}", dest: "{{ out }}/small"}, ignore_errors: true}
    - {name: template, template: {src: text.j2, dest: "{{ out }}/template"}, ignore_errors: true}
    - {name: line, lineinfile: {path: "{{ out }}/line", line: "{{ 'y' * 200000 }}"}, ignore_errors: true}
"#;

const FILES: [&str; 4] = ["large", "small", "template", "line"];

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir(path.join("out")).unwrap();
        fs::write(path.join("large"), vec![b'z'; LARGE]).unwrap();
        fs::write(path.join("text.j2"), "{{ 't' * 200000 }}").unwrap();
        fs::write(path.join("play.yml"), PLAYBOOK).unwrap();
        Self(folder)
    }

    fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }

    fn write_old(&self) {
        FILES.iter().for_each(|name| fs::write(self.out().join(name), OLD).unwrap());
    }

    fn run(&self, args: &[&str]) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rplay"));
        command.arg("play.yml").args(args).current_dir(self.0.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
        command.env("HOME", self.0.path()).env("RPLAY_AGENT", env!("CARGO_BIN_EXE_rplay-agent"));
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), text)
    }

    #[track_caller]
    fn is_as_before(&self) {
        let mut names: Vec<_> = fs::read_dir(self.out()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert_eq!(names, ["large", "line", "small", "template"]);
        for name in FILES {
            assert_eq!(fs::read_to_string(self.out().join(name)).unwrap(), OLD, "{name}");
        }
    }

    #[track_caller]
    fn is_repaired(&self) {
        let (status, text) = self.run(&[]);
        assert!(status == Some(0) && text.contains("changed=4 ") && text.contains("ignored=0 "), "{text}");
        assert_eq!(fs::read(self.out().join("large")).unwrap(), vec![b'z'; LARGE]);
        let (status, text) = self.run(&[]);
        assert!(status == Some(0) && text.contains("changed=0 "), "{text}");
    }
}

#[test]
fn a_full_disk_leaves_what_was_there() {
    let place = Place::new();
    let Some(mount) = Mount::new(&place.out(), "100k") else { return };
    place.write_old();
    let (status, text) = place.run(&[]);
    assert_eq!(status, Some(0), "{text}");
    assert!(text.contains("ignored=4 "), "{text}");
    // In the error, in its cause and in the result.
    assert_eq!(text.matches("No space left on device").count(), 3 * FILES.len(), "{text}");
    place.is_as_before();
    mount.resize("8m");
    place.is_repaired();
}

#[test]
fn an_agent_that_dies_leaves_what_was_there() {
    let place = Place::new();
    place.write_old();
    // The check of the new content ends the agent that has started it.
    let dying = PLAYBOOK.replace("dest: \"{{ out }}/large\"", "dest: \"{{ out }}/large\", validate: \"./die %s\"");
    fs::write(place.0.path().join("play.yml"), dying).unwrap();
    fs::write(place.0.path().join("die"), "#!/bin/sh\nkill -9 $PPID\n").unwrap();
    assert!(Command::new("chmod").arg("755").arg(place.0.path().join("die")).status().unwrap().success());
    let (_, text) = place.run(&["--start-at-task", "large"]);
    assert!(text.contains("the agent was ended by signal 9"), "{text}");
    assert_eq!(fs::read_to_string(place.out().join("large")).unwrap(), OLD);
    // What came after it went to another agent.
    assert!(text.contains("ignored=1 ") && text.contains("changed=3 "), "{text}");
    fs::write(place.0.path().join("play.yml"), PLAYBOOK).unwrap();
    let (status, text) = place.run(&[]);
    assert!(status == Some(0) && text.contains("changed=1 ") && text.contains("ignored=0 "), "{text}");
}
