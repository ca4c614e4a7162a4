//! `local`: the agent as a child.

use crate::support::connection::{block_on, is_answered, nonsense, pool, shell};
use rplay::connection::{Connection, Raw, Target};
use std::time::Duration;
use tokio::task::JoinHandle;

#[test]
fn an_agent_answers_and_files_travel() {
    block_on(async {
        let (pool, _) = pool();
        let here = pool.connect(&Target { name: "localhost".into(), ..Target::default() });
        is_answered(&here.run(nonsense(), None).await.unwrap());
        let big = vec![7u8; 3_000_000];
        let path = here.put("big.bin", true, &mut &big[..]).await.unwrap();
        let mut back = Vec::new();
        assert_eq!(here.get(&path, &mut back).await.unwrap(), 3_000_000);
        assert!(back == big);
        let missing = here.get("/no/such/file", &mut back).await.unwrap_err();
        assert_eq!(missing.to_string(), "No such file or directory (os error 2)");
        let hello = here.hello().await.unwrap();
        pool.close().await;
        drop((here, pool));
        for _ in 0..100 {
            if !std::path::Path::new(&path).exists() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(!std::path::Path::new(&path).exists(), "the agent {} leaves its files", hello.pid);
    });
}

#[test]
fn raw_needs_no_agent() {
    block_on(async {
        let (pool, heard) = pool();
        let here = pool.connect(&Target { name: "localhost".into(), ..Target::default() });
        let raw = Raw { command: "echo out; echo err >&2; exit 3".into(), executable: None };
        let output = here.raw(&raw).await.unwrap();
        assert_eq!((output.rc, &output.stdout[..], &output.stderr[..]), (3, &b"out\n"[..], &b"err\n"[..]));
        assert!(heard.text().starts_with("3 <localhost> EXEC echo out"), "{}", heard.text());
    });
}

/// Starts a long command, waits until it runs, and says its process id.
async fn long_command(here: &Connection, folder: &std::path::Path) -> (JoinHandle<()>, i32) {
    let file = folder.join("pid");
    let request = shell(&format!("echo $$ > {}; exec sleep 300", file.display()));
    let here = here.clone();
    let running = tokio::spawn(async move { drop(here.run(request, None).await) });
    for _ in 0..500 {
        if let Ok(Ok(pid)) = std::fs::read_to_string(&file).map(|text| text.trim().parse()) {
            return (running, pid);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the command does not start");
}

async fn ends(pid: i32) {
    for _ in 0..250 {
        if !std::path::Path::new(&format!("/proc/{pid}")).exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the process {pid} lives on");
}

#[test]
fn what_nobody_waits_for_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let (pool, _) = pool();
        let here = pool.connect(&Target { name: "localhost".into(), ..Target::default() });
        let (running, pid) = long_command(&here, folder.path()).await;
        running.abort();
        ends(pid).await;
        is_answered(&here.run(nonsense(), None).await.unwrap());
        pool.close().await;
    });
}

#[test]
fn a_lost_controller_ends_its_tasks_but_no_daemon() {
    let folder = tempfile::tempdir().unwrap();
    let (agent, daemon, task) = block_on(async {
        let (pool, _) = pool();
        let here = pool.connect(&Target { name: "localhost".into(), ..Target::default() });
        let file = folder.path().join("daemon");
        let script = format!("setsid sleep 300 >/dev/null 2>&1 & echo $! > {}", file.display());
        assert!(!here.run(shell(&script), None).await.unwrap().is_failed());
        let daemon: i32 = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
        let (running, task) = long_command(&here, folder.path()).await;
        // What a runtime that just stops does: nothing is said to the agent.
        std::mem::forget((here.clone(), pool, running));
        (here.hello().await.unwrap().pid.cast_signed(), daemon, task)
    });
    block_on(async move {
        ends(task).await;
        ends(agent).await;
        assert!(std::path::Path::new(&format!("/proc/{daemon}")).exists());
        let daemon = rustix::process::Pid::from_raw(daemon).unwrap();
        rustix::process::kill_process(daemon, rustix::process::Signal::TERM).unwrap();
    });
}

#[test]
fn a_stopped_agent_is_left_for_a_new_one_once_a_task_was_given_up() {
    block_on(async {
        let (pool, _) = pool();
        let here = pool.connect(&Target { name: "localhost".into(), ..Target::default() });
        let stopped = here.hello().await.unwrap().pid;
        let signal =
            |name: &str| std::process::Command::new("kill").args([name, &stopped.to_string()]).status().unwrap();
        assert!(signal("-STOP").success());
        let given_up = tokio::time::timeout(Duration::from_millis(200), here.run(nonsense(), None)).await;
        assert!(given_up.is_err());
        is_answered(&here.run(nonsense(), None).await.unwrap());
        assert_ne!(here.hello().await.unwrap().pid, stopped);
        assert!(signal("-KILL").success());
        pool.close().await;
    });
}
