//! Faults, end to end with the `rplay` binary: bad hosts, signals, secrets.

use crate::support::sshd::Sshd;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// A folder with a playbook and an inventory; each host has an address of its own, so none shares a connection.
fn prepare(sshd: &Sshd, hosts: &[(&str, &str)], playbook: &str) -> PathBuf {
    let folder = sshd.folder().to_owned();
    let key = fs::read_to_string(folder.join("host.pub")).unwrap();
    let mut known = String::new();
    let mut inventory = format!(
        "[all:vars]\nansible_user=root\nansible_port={}\nansible_ssh_private_key_file={}\nansible_remote_tmp={}\n\
         ansible_ssh_common_args=-F none -o UserKnownHostsFile={} -o IdentitiesOnly=yes\n[all]\n",
        sshd.port,
        sshd.key().display(),
        folder.join("cache").display(),
        folder.join("known_hosts").display(),
    );
    for (number, (name, vars)) in (1..).zip(hosts) {
        writeln!(known, "[127.0.0.{number}]:{} {}", sshd.port, key.trim_end()).unwrap();
        writeln!(inventory, "{name} ansible_host=127.0.0.{number} {vars}").unwrap();
    }
    fs::create_dir_all(folder.join("cache")).unwrap();
    fs::write(folder.join("known_hosts"), known).unwrap();
    fs::write(folder.join("hosts"), inventory).unwrap();
    fs::write(folder.join("play.yml"), playbook).unwrap();
    folder
}

fn rplay(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rplay"));
    command.current_dir(folder).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    command.env("HOME", folder).env("RPLAY_AGENT", env!("CARGO_BIN_EXE_rplay-agent"));
    // A debug agent is big: to compress it for a loopback takes longer than all else.
    command.env("ANSIBLE_SSH_ARGS", "-o Compression=no");
    command.args(["-i", "hosts", "play.yml"]).args(args).stdin(Stdio::null());
    command
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A task that ends the sshd that serves it.
const KILL: &str = r"p=$PPID; while :; do case $(cat /proc/$p/comm) in sshd*) kill -9 $p; break;; esac;
          p=$(sed 's/.*) . \([0-9]*\) .*/\1/' /proc/$p/stat); done; sleep 20";

#[test]
fn three_bad_hosts_of_ten_are_unreachable_and_the_others_finish() {
    let Some(sshd) = Sshd::start("ListenAddress 0.0.0.0") else { return };
    let wrong = sshd.folder().join("wrong");
    let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&wrong).status();
    assert!(made.unwrap().success());
    let wrong = format!("ansible_ssh_private_key_file={}", wrong.display());
    let mut hosts: Vec<_> = ["h1", "h2", "h3", "h4", "h5", "h6", "h7"].into_iter().map(|name| (name, "")).collect();
    hosts.extend([("refused", "ansible_port=1"), ("denied", wrong.as_str()), ("killed", "")]);
    let playbook = format!(
        "- hosts: all\n  gather_facts: false\n  tasks:\n    - command: echo one\n    - shell: |\n          {KILL}\n      \
         when: inventory_hostname == 'killed'\n    - command: echo three\n"
    );
    let folder = prepare(&sshd, &hosts, &playbook);
    // One upload of the agent instead of eight at once.
    let first = rplay(&folder, &["-l", "h1"]).output().unwrap();
    assert!(first.status.success(), "{}", stdout(&first));
    let output = rplay(&folder, &[]).output().unwrap();
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(4), "{text}");
    for (host, words) in [
        ("refused", "ssh: connect to host 127.0.0.8 port 1: Connection refused"),
        ("denied", "root@127.0.0.9: Permission denied (publickey,password,keyboard-interactive)."),
        ("killed", "Connection to 127.0.0.10 closed by remote host."),
    ] {
        let line = format!(
            "fatal: [{host}]: UNREACHABLE! => {{\"changed\": false, \"msg\": \"Task failed: Failed to connect to the \
             host via ssh: {words}\", \"unreachable\": true}}"
        );
        assert!(text.contains(&line), "{line}\n{text}");
    }
    for name in &hosts[..7] {
        let line = format!("{:27}: ok=2    changed=2    unreachable=0    failed=0 ", name.0);
        assert!(text.contains(&line), "{line}\n{text}");
    }
}

/// Runs a long task on a host, and does something to the controller while it runs.
#[track_caller]
fn ended_by(signal: &str) -> Option<Output> {
    let sshd = Sshd::start("ListenAddress 0.0.0.0")?;
    let playbook = "- hosts: all\n  gather_facts: false\n  tasks:\n    - shell: echo $$ > {{ playbook_dir }}/pid; sleep 300 & echo $! >> {{ playbook_dir }}/pid; wait\n";
    let folder = prepare(&sshd, &[("one", "")], playbook);
    let mut command = rplay(&folder, &[]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let started = || fs::read_to_string(folder.join("pid")).unwrap_or_default().lines().count() == 2;
    wait(&child, "the task has not begun", started);
    let masters = processes(&folder.join("known_hosts").display().to_string(), child.id());
    assert!(!masters.is_empty());
    let status = Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(status.unwrap().success());
    let output = child.wait_with_output().unwrap();
    let tasks: Vec<u32> =
        fs::read_to_string(folder.join("pid")).unwrap().lines().map(|line| line.parse().unwrap()).collect();
    let deadline = Instant::now() + Duration::from_secs(15);
    while let Some(left) = tasks.iter().chain(&masters).find(|pid| runs(**pid)) {
        assert!(Instant::now() < deadline, "{signal}: process {left} lives on");
        std::thread::sleep(Duration::from_millis(50));
    }
    Some(output)
}

#[track_caller]
fn wait(child: &Child, what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline && runs(child.id()), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn runs(pid: u32) -> bool {
    // One that nobody has waited for is a zombie: dead.
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    status.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

/// The processes whose arguments contain a text.
fn processes(text: &str, but: u32) -> Vec<u32> {
    let pids = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter(|pid| *pid != but)
        .filter(|pid| {
            let words = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&words).contains(text)
        })
        .collect()
}

#[test]
fn ctrl_c_ends_what_runs_on_the_host() {
    let Some(output) = ended_by("-INT") else { return };
    assert_eq!(output.status.code(), Some(99));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "[ERROR]: User interrupted execution\n");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("RECAP"));
}

/// Every file below a folder, but for the agent's own, which stays for the next run.
fn files_below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.components().any(|part| part.as_os_str().to_string_lossy().starts_with(".rplay-")) {
                found.push(path.display().to_string());
            }
        }
    }
    found
}

/// A play of all kinds of tasks, whose last task goes on for ever.
const MIXED: &str = "- hosts: all
  gather_facts: false
  handlers:
    - {name: handler, debug: {msg: handler ran}}
  tasks:
    - {command: echo one, notify: handler}
    - {copy: {src: big, dest: '{{ playbook_dir }}/there/{{ inventory_hostname }}.big'}, notify: handler}
    - {script: slow.sh}
    - {copy: {content: '{{ item }}', dest: '{{ playbook_dir }}/there/{{ inventory_hostname }}.{{ item }}'}, loop: '{{ range(20) | list }}'}
    - {template: {src: big, dest: '{{ playbook_dir }}/there/{{ inventory_hostname }}.made'}}
    - {shell: sleep 1, loop: [1, 2, 3]}
    - {unarchive: {src: tree.tar, dest: '{{ playbook_dir }}/there'}}
    - {shell: sleep 300}
";

#[test]
fn ctrl_c_leaves_nothing_behind_whenever_it_comes() {
    let Some(sshd) = Sshd::start("ListenAddress 0.0.0.0") else { return };
    // It need not be looked for.
    let python = "ansible_python_interpreter=/usr/bin/python3";
    let folder = prepare(&sshd, &[("one", python), ("two", python)], MIXED);
    fs::create_dir(folder.join("there")).unwrap();
    fs::write(folder.join("big"), "0123456789abcdef".repeat(1 << 18)).unwrap();
    fs::write(folder.join("slow.sh"), "#!/bin/sh\nsleep 1\n").unwrap();
    let tar = Command::new("tar").args(["-C", "/etc", "-cf"]).arg(folder.join("tree.tar")).arg("ssh").status();
    assert!(tar.unwrap().success());
    for tasks in 1..=8 {
        let log = folder.join("printed");
        let mut command = rplay(&folder, &[]);
        command.stdout(fs::File::create(&log).unwrap()).stderr(Stdio::piped());
        let child = command.spawn().unwrap();
        let begun = || fs::read_to_string(&log).unwrap_or_default().matches("TASK [").count() >= tasks;
        wait(&child, "so many tasks have not begun", begun);
        // Somewhere within the task.
        std::thread::sleep(Duration::from_millis(13 * tasks as u64));
        let status = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
        assert!(status.unwrap().success());
        let output = child.wait_with_output().unwrap();
        let text = fs::read_to_string(&log).unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "[ERROR]: User interrupted execution\n", "{tasks}: {text}");
        assert_eq!(output.status.code(), Some(99), "{tasks}: {text}");
        assert!(!text.contains("RECAP") && !text.contains("handler ran"), "{tasks}: {text}");
        let left = || {
            let temporary = |file: &String| {
                let name = file.rsplit('/').next().unwrap_or_default();
                name.starts_with('.') || name.contains("tmp")
            };
            let mut left = files_below(&folder.join("cache"));
            left.extend(files_below(&folder.join("there")).into_iter().filter(temporary));
            let ours = processes(&folder.join("cache").display().to_string(), std::process::id());
            left.extend(ours.iter().map(|pid| format!("process {pid}")));
            left
        };
        // The host sees a little later that the controller is gone.
        let deadline = Instant::now() + Duration::from_secs(20);
        while !left().is_empty() {
            assert!(Instant::now() < deadline, "{tasks}: {:?} is left\n{text}", left());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

#[test]
fn a_signal_cleans_up_and_ends_the_process_by_itself() {
    use std::os::unix::process::ExitStatusExt;
    for (name, number) in [("-TERM", 15), ("-HUP", 1), ("-KILL", 9)] {
        let Some(output) = ended_by(name) else { return };
        assert_eq!(output.status.signal(), Some(number), "{name}");
    }
}

#[test]
fn secrets_are_nowhere() {
    let Some(sshd) = Sshd::start("ListenAddress 0.0.0.0") else { return };
    let sudo = crate::support::sudo::stand_in(sshd.folder());
    let playbook = "- hosts: all\n  gather_facts: false\n  vars: {hidden: geheim-nolog}\n  tasks:\n    \
        - command: id\n      become: true\n    \
        - shell: echo {{ hidden }}; cat /proc/[0-9]*/cmdline | tr '\\0' ' ' > {{ playbook_dir }}/argv; exit 3\n      \
        no_log: true\n      ignore_errors: true\n    \
        - command: '{{ hidden }}'\n      no_log: true\n      loop: [1]\n      ignore_errors: true\n";
    let vars = format!("ansible_become_exe={sudo} ansible_ssh_password=geheim-login");
    let folder = prepare(&sshd, &[("one", &vars)], playbook);
    fs::write(folder.join("word"), "sesame\n").unwrap();
    let mut command = rplay(&folder, &["-vvvvv", "--become-password-file", "word"]);
    let output = command.env("ANSIBLE_LOG_PATH", folder.join("log.txt")).output().unwrap();
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    let argv = fs::read_to_string(folder.join("argv")).unwrap();
    // The task's own shell has the text of its command; the passwords are in no process's arguments.
    for secret in ["sesame", "geheim-login"] {
        assert!(!argv.contains(secret), "{secret} is in some process's arguments");
    }
    let log = fs::read_to_string(folder.join("log.txt")).unwrap_or_default();
    for secret in ["sesame", "geheim-login", "geheim-nolog"] {
        let line = text.lines().chain(log.lines()).find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret}");
    }
}
