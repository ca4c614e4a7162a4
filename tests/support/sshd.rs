//! A private sshd on a loopback port, with fresh keys, ended by its own id.

use rplay::connection::{Ssh, Target, Transport};
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A running sshd; it ends when this is dropped.
pub struct Sshd {
    child: Child,
    folder: TempDir,
    /// Where it listens on 127.0.0.1.
    pub port: u16,
}

impl Sshd {
    /// Starts one, or says why there can be none here (no sshd, or not root).
    pub fn start(extra: &str) -> Option<Self> {
        let sshd = ["/usr/sbin/sshd", "/usr/bin/sshd"].into_iter().find(|path| Path::new(path).exists());
        let Some(sshd) = sshd.filter(|_| rustix::process::geteuid().is_root()) else {
            eprintln!("no private sshd can be run here: the test proves nothing");
            return None;
        };
        fs::create_dir_all("/run/sshd").unwrap();
        let folder = tempfile::Builder::new().prefix("rplay-sshd-").tempdir().unwrap();
        for key in ["host", "user"] {
            let path = folder.path().join(key);
            let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&path).status();
            assert!(made.unwrap().success());
        }
        let at = |name: &str| folder.path().join(name).display().to_string();
        fs::copy(at("user.pub"), at("authorized")).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\n\
             StrictModes no\nPermitRootLogin yes\n{extra}\n",
            at("host"),
            at("authorized"),
        );
        fs::write(at("config"), config).unwrap();
        let host_key = fs::read_to_string(at("host.pub")).unwrap();
        fs::write(at("known_hosts"), format!("[127.0.0.1]:{port} {host_key}")).unwrap();
        let mut command = Command::new(sshd);
        command.args(["-D", "-e", "-f", &at("config")]).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(fs::File::create(at("log")).unwrap());
        let child = command.spawn().unwrap();
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "sshd does not listen: {}", fs::read_to_string(at("log")).unwrap());
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(Self { child, folder, port })
    }

    /// Its folder, which goes with it.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The private key that it lets in.
    pub fn key(&self) -> PathBuf {
        self.folder.path().join("user")
    }

    /// The options that reach it, as root.
    pub fn ssh(&self) -> Ssh {
        Ssh {
            host: "127.0.0.1".into(),
            port: Some(self.port),
            user: Some("root".into()),
            private_key_file: Some(self.key().display().to_string()),
            common_args: format!(
                "-F none -o UserKnownHostsFile={} -o IdentitiesOnly=yes",
                self.folder.path().join("known_hosts").display()
            ),
            ..Ssh::default()
        }
    }

    /// The target that reaches it; the agent is kept in a folder that goes with it.
    pub fn target(&self) -> Target {
        let cache = self.folder.path().join("cache");
        fs::create_dir_all(&cache).unwrap();
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Target {
            name: "box".into(),
            transport: Transport::Ssh(Box::new(self.ssh())),
            remote_tmp: Some(cache.display().to_string()),
            ..Target::default()
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
