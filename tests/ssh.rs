//! `ssh`: logins, agents, become, and what happens when something of it fails.

use crate::support::connection::{block_on, is_answered, nonsense, pool};
use crate::support::sshd::Sshd;
use rplay::connection::{Become, ConnectionError, Raw, Target, Transport};

#[test]
fn an_agent_is_uploaded_once_and_answers() {
    let Some(sshd) = Sshd::start("") else { return };
    block_on(async {
        let (pool, heard) = pool();
        let host = pool.connect(&sshd.target());
        is_answered(&host.run(nonsense(), None).await.unwrap());
        is_answered(&host.run(nonsense(), None).await.unwrap());
        let text = heard.text();
        assert_eq!(text.matches("PUT rplay-agent").count(), 1, "{text}");
        assert_eq!(text.matches("SSH: EXEC").count(), 1, "{text}");
        host.reset().await;
        is_answered(&host.run(nonsense(), None).await.unwrap());
        assert_eq!(heard.text().matches("PUT rplay-agent").count(), 1);
        let raw = Raw { command: "echo hi; exit 4".into(), executable: None };
        let output = host.raw(&raw).await.unwrap();
        assert_eq!((output.rc, &output.stdout[..]), (4, &b"hi\n"[..]));
        pool.close().await;
    });
}

#[test]
fn refusals_are_in_sshs_words() {
    let Some(sshd) = Sshd::start("") else { return };
    block_on(async {
        let (pool, _) = pool();
        let message = async |change: &dyn Fn(&mut rplay::connection::Ssh)| {
            let mut target = sshd.target();
            let mut ssh = sshd.ssh();
            change(&mut ssh);
            target.transport = Transport::Ssh(Box::new(ssh));
            pool.connect(&target).run(nonsense(), None).await.unwrap_err()
        };
        let refused = message(&|ssh| ssh.port = Some(1)).await;
        let text = "Failed to connect to the host via ssh: ssh: connect to host 127.0.0.1 port 1: Connection refused";
        assert_eq!(refused, ConnectionError::Unreachable(text.into()));
        let denied = message(&|ssh| ssh.private_key_file = Some("/dev/null".into())).await.to_string();
        assert!(denied.ends_with("Permission denied (publickey,password,keyboard-interactive)."), "{denied}");
        let unknown =
            message(&|ssh| ssh.common_args = "-F none -o UserKnownHostsFile=/dev/null -o BatchMode=yes".into());
        let unknown = unknown.await.to_string();
        assert!(unknown.contains("Host key verification failed."), "{unknown}");
    });
}

#[test]
fn a_lost_connection_comes_back_for_the_next_task() {
    let Some(sshd) = Sshd::start("") else { return };
    block_on(async {
        let (pool, _) = pool();
        let host = pool.connect(&sshd.target());
        let agent = host.hello().await.unwrap().pid;
        // The login's sshd is an ancestor of the agent.
        let raw = Raw { command: "kill -9 $PPID".into(), executable: None };
        let lost = host.raw(&raw).await.unwrap_err();
        assert!(
            lost.is_unreachable() && lost.to_string().starts_with("Failed to connect to the host via ssh:"),
            "{lost}"
        );
        is_answered(&host.run(nonsense(), None).await.unwrap());
        assert_ne!(host.hello().await.unwrap().pid, agent);
        pool.close().await;
    });
}

#[test]
fn more_sessions_than_the_server_allows_open_another_master() {
    let Some(sshd) = Sshd::start("MaxSessions 2") else { return };
    block_on(async {
        let (pool, heard) = pool();
        let mut pids = std::collections::HashSet::new();
        for flags in ["", "-s /bin/sh", "-m", "-p"] {
            let escalation = Become { method: "su".into(), flags: Some(flags.into()), ..Become::default() };
            let host = pool.connect(&Target { escalation: Some(escalation), ..sshd.target() });
            pids.insert(host.hello().await.unwrap().pid);
        }
        assert_eq!(pids.len(), 4);
        let text = heard.text();
        assert!(text.matches("SSH: EXEC").count() >= 2, "{text}");
        pool.close().await;
    });
}

#[test]
fn many_logins_at_once_all_succeed() {
    // A server that drops every second login beyond two.
    let Some(sshd) = Sshd::start("MaxStartups 2:50:20") else { return };
    block_on(async {
        let (pool, _) = pool();
        pool.connect(&sshd.target()).hello().await.unwrap();
        let logins = (0..12u8).map(|number| {
            let mut ssh = sshd.ssh();
            // Another target each time, for the pool.
            ssh.extra_args = format!("-o ConnectionAttempts={}", 1 + number);
            let target = Target { transport: Transport::Ssh(Box::new(ssh)), ..sshd.target() };
            let host = pool.connect(&target);
            tokio::spawn(async move { host.hello().await.map(drop) })
        });
        for login in logins.collect::<Vec<_>>() {
            assert_eq!(login.await.unwrap(), Ok(()));
        }
        pool.close().await;
    });
}

/// Not a test: says how long a round trip takes, with `--ignored --nocapture`.
#[test]
#[ignore = "measures"]
fn round_trips() {
    let Some(sshd) = Sshd::start("") else { return };
    block_on(async {
        let (pool, _) = pool();
        let here = Target { name: "localhost".into(), ..Target::default() };
        for target in [here, sshd.target()] {
            let start = std::time::Instant::now();
            let host = pool.connect(&target);
            is_answered(&host.run(nonsense(), None).await.unwrap());
            let first = start.elapsed();
            let mut times = Vec::new();
            for _ in 0..1000 {
                let start = std::time::Instant::now();
                host.run(nonsense(), None).await.unwrap();
                times.push(start.elapsed());
            }
            times.sort();
            eprintln!("first {first:?}, then median {:?}, 99 % {:?}", times[500], times[990]);
            let big = vec![1u8; 100 << 20];
            let start = std::time::Instant::now();
            host.put("big", false, &mut &big[..]).await.unwrap();
            eprintln!("100 MiB up in {:?}", start.elapsed());
        }
        pool.close().await;
    });
}
