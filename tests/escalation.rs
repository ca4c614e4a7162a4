//! become: sudo and su over both connections, and what their refusals are called.

use crate::support::connection::{block_on, is_answered, nonsense, pool};
use crate::support::sshd::Sshd;
use crate::support::sudo;
use rplay::connection::{Become, ConnectionError, Raw, Secret, Target, Transport};
use std::os::unix::fs::PermissionsExt;

fn local() -> Target {
    Target { name: "localhost".into(), ..Target::default() }
}

fn with(mut target: Target, escalation: Become) -> Target {
    target.escalation = Some(escalation);
    target
}

async fn passwords(target: Target, folder: &std::path::Path) {
    let exe = Some(sudo::stand_in(folder));
    let (pool, heard) = pool();
    let ask = async |password: Option<&str>| {
        let escalation = Become { exe: exe.clone(), password: password.map(Secret::new), ..Become::default() };
        pool.connect(&with(target.clone(), escalation)).run(nonsense(), None).await
    };
    is_answered(&ask(Some("sesame")).await.unwrap());
    let (wrong, missing) = (ask(Some("mellon")).await.unwrap_err(), ask(None).await.unwrap_err());
    if target.transport == Transport::Local {
        let said = wrong.to_string();
        let text =
            "Duplicate become password prompt encountered waiting for become success.\n>>> Standard Error\n[sudo via";
        assert!(said.starts_with(text) && said.contains("Sorry, try again.") && !said.contains("mellon"), "{said}");
        let text =
            "Premature end of stream waiting for become success.\n>>> Standard Error\nsudo: a password is required";
        assert_eq!(missing, ConnectionError::Failed(text.into()));
    } else {
        assert_eq!(wrong, ConnectionError::Failed("Incorrect sudo password".into()));
        assert_eq!(missing, ConnectionError::Failed("Missing sudo password".into()));
    }
    let escalation = Become { exe: exe.clone(), password: Some(Secret::new("sesame")), ..Become::default() };
    let raw = Raw { command: "echo \"it's\"; exit 3".into(), executable: None };
    let output = pool.connect(&with(target.clone(), escalation)).raw(&raw).await.unwrap();
    assert_eq!((output.rc, String::from_utf8_lossy(&output.stdout).trim_end()), (3, "it's"));
    assert!(!heard.text().contains("sesame") && !heard.text().contains("mellon"));
    pool.close().await;
}

#[test]
fn sudo_asks_for_its_password_locally() {
    let folder = tempfile::tempdir().unwrap();
    block_on(passwords(local(), folder.path()));
}

#[test]
fn sudo_asks_for_its_password_over_ssh() {
    let Some(sshd) = Sshd::start("") else { return };
    block_on(passwords(sshd.target(), sshd.folder()));
}

#[test]
fn silence_is_a_timeout() {
    let Some(sshd) = Sshd::start("") else { return };
    block_on(async {
        let (pool, _) = pool();
        let mut ssh = sshd.ssh();
        ssh.timeout = 1;
        let exe = sshd.folder().join("silent");
        std::fs::write(&exe, "#!/bin/sh\nexec sleep 5\n").unwrap();
        std::fs::set_permissions(&exe, std::fs::Permissions::from_mode(0o755)).unwrap();
        let exe = Some(exe.display().to_string());
        let mut target = with(sshd.target(), Become { exe, ..Become::default() });
        target.transport = Transport::Ssh(Box::new(ssh));
        let error = pool.connect(&target).run(nonsense(), None).await.unwrap_err();
        let text = "Timeout (3s) waiting for privilege escalation prompt:";
        assert_eq!(error, ConnectionError::Unreachable(text.into()));
        pool.close().await;
    });
}

#[test]
fn another_user_is_another_agent() {
    let Some(sshd) = Sshd::start("") else { return };
    block_on(async {
        let (pool, _) = pool();
        for target in [local(), sshd.target()] {
            let su = Become { method: "su".into(), flags: Some("-s /bin/sh".into()), ..Become::default() };
            for wanted in [Become::default(), su] {
                let wanted = Become { user: "nobody".into(), ..wanted };
                let host = pool.connect(&with(target.clone(), wanted.clone()));
                let hello = host.hello().await.unwrap_or_else(|error| panic!("{wanted:?}: {error}"));
                assert_eq!(hello.user, "nobody");
                assert_eq!(host.hello().await.unwrap().pid, hello.pid);
            }
            assert_eq!(pool.connect(&target).hello().await.unwrap().user, "root");
        }
        let runas = Become { method: "runas".into(), ..Become::default() };
        let error = pool.connect(&with(local(), runas)).run(nonsense(), None).await.unwrap_err();
        assert!(matches!(error, ConnectionError::Unsupported(_)) && error.to_string().contains("runas"), "{error}");
        let stranger = Become { user: "no_such_user".into(), ..Become::default() };
        let error = pool.connect(&with(local(), stranger)).run(nonsense(), None).await.unwrap_err();
        assert!(error.to_string().contains("sudo: unknown user no_such_user"), "{error}");
        pool.close().await;
    });
}

#[test]
fn a_terminal_is_given_where_it_is_demanded() {
    let Some(sshd) = Sshd::start("") else { return };
    block_on(async {
        let (pool, heard) = pool();
        let exe = Some(sudo::stand_in_for_terminals(sshd.folder()));
        let password = Some(Secret::new("sesame"));
        let host = pool.connect(&with(sshd.target(), Become { exe, password, ..Become::default() }));
        is_answered(&host.run(nonsense(), None).await.unwrap());
        // Every byte passes as it is.
        let bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
        let path = host.put("bytes", false, &mut &bytes[..]).await.unwrap();
        let mut back = Vec::new();
        host.get(&path, &mut back).await.unwrap();
        assert!(back == bytes);
        let text = heard.text();
        assert_eq!(text.matches("EXEC (-tt)").count(), 1, "{text}");
        pool.close().await;
    });
}
