//! The examples in `playbooks/` do what their first lines say, and a second time change nothing.
//!
//! `scripts/demo` plays `web_deploy.yml` as a whole, which wants PyPI; here it is only loaded.

use std::path::Path;
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const VAULT: [&str; 2] = ["--vault-password-file", "playbooks/files/demo_vault_password"];

fn rplay(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rplay"));
    command.current_dir(ROOT).args(args).env("RPLAY_AGENT", env!("CARGO_BIN_EXE_rplay-agent"));
    command.env("ANSIBLE_LOCALHOST_WARNING", "false").env("ANSIBLE_INVENTORY_UNPARSED_WARNING", "false");
    command.output().unwrap()
}

#[track_caller]
fn succeeds(args: &[&str], recap: &str) -> String {
    let output = rplay(args);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains(recap), "no `{recap}` in:\n{shown}");
    shown
}

/// Plays an example into a fresh folder, and once more.
#[track_caller]
fn twice(playbook: &str, more: &[&str], first: &str, second: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let out = format!("out={}/out", folder.path().display());
    let args = [&[playbook, "-e", out.as_str()], more].concat();
    succeeds(&args, first);
    succeeds(&args, second);
    folder
}

#[test]
fn facts() {
    succeeds(&["playbooks/facts.yml"], "ok=4    changed=0");
}

#[test]
fn roles() {
    let folder = twice("playbooks/roles.yml", &[], "ok=4    changed=2", "ok=3    changed=0");
    let page = std::fs::read_to_string(folder.path().join("out/about.html")).unwrap();
    assert!(page.contains("<title>Made by rplay: about</title>"), "{page}");
}

#[test]
fn vault() {
    let folder = twice("playbooks/vault.yml", &VAULT, "ok=3    changed=2", "ok=3    changed=0");
    let secrets = std::fs::read_to_string(folder.path().join("out/secrets")).unwrap();
    assert_eq!(secrets, "user=app\npassword=correct horse battery staple\ntoken=tok-12345\n");
}

#[test]
fn preview() {
    let folder = tempfile::tempdir().unwrap();
    let out = format!("out={}/out", folder.path().display());
    let written = folder.path().join("out/server.conf");
    succeeds(&["playbooks/preview.yml", "-e", &out, "--check", "--diff"], "\"msg\": \"would change\"");
    assert!(!written.exists());
    let shown = succeeds(&["playbooks/preview.yml", "-e", &out, "--diff"], "\"msg\": \"changed\"");
    assert!(shown.contains("+listen 127.0.0.1:8080\n"), "{shown}");
    succeeds(&["playbooks/preview.yml", "-e", &out], "\"msg\": \"up to date\"");
}

#[test]
fn the_deployment_loads() {
    for inventory in ["playbooks/hosts", "playbooks/hosts_ssh"] {
        let output = rplay(&["playbooks/web_deploy.yml", "-i", inventory, "--syntax-check"]);
        assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
    }
}

#[test]
fn each_example_is_tested() {
    let files = std::fs::read_dir(Path::new(ROOT).join("playbooks")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> =
        files.map(|name| name.to_string_lossy().into_owned()).filter(|n| n.ends_with(".yml")).collect();
    names.sort();
    // embedded.yml is played by examples/embed.rs, with what only that has.
    assert_eq!(names, ["embedded.yml", "facts.yml", "preview.yml", "roles.yml", "vault.yml", "web_deploy.yml"]);
}

#[test]
fn debugging_tells_of_tasks_and_handlers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("play.yml");
    let play = "- hosts: localhost\n  gather_facts: false\n  tags: whole\n  tasks:\n    - {debug: , changed_when: true, notify: h}\n  handlers:\n    - {name: h, debug: }\n";
    std::fs::write(&path, play).unwrap();
    let count = |skip: &str, words: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rplay"));
        command.arg(&path).args(["--skip-tags", skip]).env("ANSIBLE_DEBUG", "1");
        String::from_utf8_lossy(&command.output().unwrap().stdout).matches(words).count()
    };
    assert_eq!(count("none", ": META: triggered running handlers for localhost"), 1);
    assert_eq!(count("none", ": running TaskExecutor() for localhost/TASK: h\n"), 1);
    assert_eq!(count("whole", "handler"), 0);
}
