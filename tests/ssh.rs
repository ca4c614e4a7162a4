//! `ssh`: logins, agents, become, and what happens when something of it fails.

use crate::support::connection::{block_on, foreign_agent, is_answered, nonsense, pool, pool_with};
use crate::support::sshd::Sshd;
use rplay::connection::{Become, ConnectionError, Raw, Secret, Target, Transport};
use std::process::Command;

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
        let raw = Raw { command: "echo hi; echo err >&2; exit 4".into(), executable: None };
        let output = host.raw(&raw).await.unwrap();
        let said = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert_eq!(output.rc, 4);
        assert_eq!(said, ("hi\r\nerr\r\n".into(), "Shared connection to 127.0.0.1 closed.\r\n".into()));
        let raw = Raw { command: "exit 255".into(), executable: None };
        let text = "Failed to connect to the host via ssh: Shared connection to 127.0.0.1 closed.";
        assert_eq!(host.raw(&raw).await, Err(ConnectionError::Unreachable(text.into())));
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

/// A key's passphrase is asked for as a password is, and needs no account of the test's own.
#[test]
fn a_password_reaches_ssh_alone() {
    let Some(sshd) = Sshd::start("") else { return };
    let key = sshd.key();
    let locked = Command::new("ssh-keygen").args(["-q", "-p", "-P", "", "-N", "sesame", "-f"]).arg(&key).status();
    assert!(locked.unwrap().success());
    block_on(async {
        let (pool, heard) = pool();
        let with = |password: Option<&str>, known: bool| {
            let mut ssh = sshd.ssh();
            ssh.password = password.map(Secret::new);
            if !known {
                ssh.common_args = "-F none -o UserKnownHostsFile=/dev/null -o IdentitiesOnly=yes".into();
            }
            pool.connect(&Target { transport: Transport::Ssh(Box::new(ssh)), ..sshd.target() })
        };
        with(Some("sesame"), true).hello().await.unwrap();
        let wrong = with(Some("mellon"), true).hello().await.unwrap_err();
        assert!(wrong.is_unreachable() && wrong.to_string().contains("Permission denied"), "{wrong}");
        let unknown = with(Some("sesame"), false).hello().await.unwrap_err();
        let text = "Using a SSH password instead of a key is not possible because Host Key checking is enabled. \
                    Please add this host's fingerprint to your known_hosts file to manage this host.";
        assert_eq!(unknown, ConnectionError::Failed(text.into()));
        assert!(!heard.text().contains("sesame") && !heard.text().contains("mellon"));
        // The file with the password has gone with the login.
        let socket = heard.text().split(" -S ").nth(1).unwrap().split(' ').next().unwrap().to_owned();
        let folder = std::path::Path::new(&socket).parent().unwrap().to_owned();
        let names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!names.iter().any(|name| name.to_string_lossy().starts_with("secret")), "{names:?}");
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

/// Where no agent runs, files go and come through a shell, as the login and as another user.
#[test]
fn files_travel_without_an_agent() {
    let Some(sshd) = Sshd::start("") else { return };
    block_on(async {
        let (pool, heard) = pool_with(foreign_agent(sshd.folder()));
        let nobody = Some(Become { user: "nobody".into(), ..Become::default() });
        for escalation in [None, nobody] {
            let other = escalation.is_some();
            let host = pool.connect(&Target { escalation, ..sshd.target() });
            let refused = host.run(nonsense(), None).await.unwrap_err();
            assert!(matches!(&refused, ConnectionError::NoAgent(_)), "{refused}");
            let big: Vec<u8> = (0..3_000_000u32).map(|number| (number % 251) as u8).collect();
            let path = host.put("it's \"a\" name.sh", true, &mut &big[..]).await.unwrap();
            assert!(path.ends_with("/it's \"a\" name.sh"), "{path}");
            // Nobody may write where the login's own files go.
            assert_eq!(path.starts_with("/var/tmp/ansible-tmp-"), other, "{path}");
            let file = std::path::Path::new(&path);
            let meta = |path: &std::path::Path| std::fs::metadata(path).unwrap();
            let mode =
                |path: &std::path::Path| std::os::unix::fs::PermissionsExt::mode(&meta(path).permissions()) & 0o777;
            assert_eq!((mode(file), mode(file.parent().unwrap())), (0o700, 0o700));
            assert_eq!(std::os::unix::fs::MetadataExt::uid(&meta(file)) == 0, !other);
            let mut back = Vec::new();
            assert_eq!(host.get(&path, &mut back).await, Ok(3_000_000));
            assert!(back == big);
            host.unstage(&path).await;
            assert!(!file.parent().unwrap().exists());
            // Only what was put is ever removed.
            host.unstage("/etc/passwd").await;
            assert!(std::path::Path::new("/etc/passwd").exists());
            let missing = host.get("/no/such file", &mut Vec::new()).await.unwrap_err().to_string();
            assert!(missing.contains("/no/such file"), "{missing}");
        }
        assert_eq!(heard.text().matches("PUT rplay-agent").count(), 0, "{}", heard.text());
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
            host.reset().await;
            let start = std::time::Instant::now();
            host.hello().await.unwrap();
            eprintln!("login and start of a cached agent {:?}", start.elapsed());
            let other = Some(Become { user: "nobody".into(), ..Become::default() });
            let other = pool.connect(&Target { escalation: other, ..target.clone() });
            let start = std::time::Instant::now();
            other.hello().await.unwrap();
            eprintln!("start by sudo {:?}", start.elapsed());
            let start = std::time::Instant::now();
            for _ in 0..1000 {
                other.run(nonsense(), None).await.unwrap();
            }
            eprintln!("a request as another user, with its probe {:?}", start.elapsed() / 1000);
            let start = std::time::Instant::now();
            let mut many = tokio::task::JoinSet::new();
            for _ in 0..1000 {
                let host = host.clone();
                many.spawn(async move { host.run(nonsense(), None).await });
            }
            many.join_all().await;
            eprintln!("1000 under way {:?}", start.elapsed());
            let big = vec![1u8; 100 << 20];
            let start = std::time::Instant::now();
            host.put("big", false, &mut &big[..]).await.unwrap();
            eprintln!("100 MiB up in {:?}", start.elapsed());
        }
        pool.close().await;
    });
}
