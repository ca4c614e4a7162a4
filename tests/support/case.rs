//! One case of `tests/cases`: its folder copied to a fresh place, run twice, and what came of it.
//!
//! A case is a folder with `playbook.yml`, an inventory, whatever else it needs, and:
//!
//! - `args`: a line for each run in turn (`#` begins a comment); without it, the playbook alone is run;
//! - `env`: `NAME=value` lines;
//! - `server`: an empty file: the test server of `support/http.rs` runs, and `HTTP`, `HTTPS`, `SELFSIGNED`, `SOCKET` and
//!   `CERTIFICATES` say where;
//! - `stdin`: what each run reads from standard input, nothing without it;
//! - `needs`: words of what this machine must have, see [`Case::lacks`];
//! - `unsupported`: why it cannot pass yet;
//! - `expected.{stdout,stderr,rc,tree}` and, where the second time differs, `expected2.*`.
//!
//! The runs see nothing of the caller's environment, so that what is recorded here is equal anywhere.

use crate::support::http::{Server, certificates};
use crate::support::normal::Normal;
use crate::support::tree;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The four things that are compared, by the ends of their files' names.
pub const PARTS: [&str; 4] = ["stdout", "stderr", "rc", "tree"];

/// What a case's runs left: a text for each of [`PARTS`].
pub type Outcome = [String; 4];

/// A folder of `tests/cases`.
pub struct Case {
    folder: PathBuf,
}

/// The place where a case runs; it goes when this is dropped.
struct Place(TempDir);

impl Case {
    /// The case of an area and a name.
    pub fn new(area: &str, name: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
        Self { folder: root.join(area).join(name) }
    }

    /// A file of the case's own, if it is there.
    pub fn read(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.folder.join(name)).ok()
    }

    /// Writes a file of the case, or removes it.
    pub fn write(&self, name: &str, text: Option<&str>) {
        let path = self.folder.join(name);
        match text {
            Some(text) => fs::write(path, text).unwrap(),
            None => drop(fs::remove_file(path)),
        }
    }

    /// What this machine lacks for the case.
    pub fn lacks(&self) -> Option<String> {
        let needs = self.read("needs").unwrap_or_default();
        let lacking = needs.split_whitespace().find(|need| match *need {
            "root" => !rustix::process::geteuid().is_root(),
            "ansible-core" => installed().is_none(),
            program => !["/usr/bin", "/bin"].iter().any(|folder| Path::new(folder).join(program).exists()),
        });
        lacking.map(str::to_owned)
    }

    /// Runs the case twice in one place with a program.
    pub fn run(&self, program: &Path) -> [Outcome; 2] {
        let place = Place::new();
        copy(&self.folder, &place.case());
        let given = tree::of(&place.case(), &tree::Entries::new());
        let server = self.read("server").map(|_| Server::start(Some(&place.socket())));
        [(); 2].map(|()| self.run_once(&place, program, &given, server.as_ref()))
    }

    fn run_once(&self, place: &Place, program: &Path, given: &tree::Entries, server: Option<&Server>) -> Outcome {
        let args = self.read("args").unwrap_or_else(|| "playbook.yml\n".into());
        let runs: Vec<_> = args.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).collect();
        let ports = server.map(|server| [server.http, server.https, server.selfsigned]);
        let normal = Normal::new(&place.0.path().display().to_string(), ports.as_ref().map_or(&[], |ports| ports));
        let [mut stdout, mut stderr, mut rc] = [const { String::new() }; 3];
        for line in &runs {
            let mut command = self.command(place, program, line);
            if let Some(server) = server {
                command.env("HTTP", format!("http://127.0.0.1:{}", server.http));
                command.env("HTTPS", format!("https://localhost:{}", server.https));
                command.env("SELFSIGNED", format!("https://localhost:{}", server.selfsigned));
                command.env("SOCKET", place.socket()).env("CERTIFICATES", certificates());
            }
            let output = command.output().unwrap();
            if runs.len() > 1 {
                stdout.push_str(&format!("$ {line}\n"));
                stderr.push_str(&format!("$ {line}\n"));
            }
            stdout.push_str(&normal.text(&String::from_utf8_lossy(&output.stdout)));
            stderr.push_str(&normal.text(&String::from_utf8_lossy(&output.stderr)));
            rc.push_str(&format!("{}\n", output.status.code().unwrap_or(-1)));
        }
        let tree = tree::text(&tree::of(&place.case(), given), &normal);
        [stdout, stderr, rc, tree]
    }

    fn command(&self, place: &Place, program: &Path, line: &str) -> Command {
        let mut words = vec![];
        if !line.contains("-i ") {
            let inventories = ["hosts", "hosts.yml"].into_iter().filter(|name| self.folder.join(name).exists());
            words.extend(inventories.flat_map(|name| ["-i".to_owned(), name.to_owned()]));
        }
        words.extend(shlex::split(line).expect("a line of args is split as the shell does"));
        let mut command = Command::new("/bin/sh");
        command.args(["-c", "umask 022; exec timeout -k 5 300 \"$@\"", "sh"]).arg(program).args(words);
        command.current_dir(place.case()).env_clear();
        let input = fs::File::open(self.folder.join("stdin"));
        command.stdin(input.map_or_else(|_| Stdio::null(), Stdio::from));
        let system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        let home = place.0.path().join("home");
        command.env("PATH", system).env("HOME", &home).env("TMPDIR", place.0.path().join("tmp"));
        command.env("LANG", "C.UTF-8").env("TZ", "UTC").env("TERM", "dumb");
        // Hosts that are run side by side come in any order.
        command.env("ANSIBLE_FORKS", "1").env("ANSIBLE_PYTHON_INTERPRETER", "/usr/bin/python3");
        command.env("PYTHONHASHSEED", "0");
        if self.read("needs").unwrap_or_default().contains("ansible-core") {
            command.env("RPLAY_ANSIBLE", installed().unwrap_or_default());
        }
        for (name, value) in self.read("env").unwrap_or_default().lines().filter_map(|line| line.split_once('=')) {
            command.env(name, value.replace("DIR", &place.0.path().display().to_string()));
        }
        command
    }
}

/// The Python packages of the real one: `RPLAY_ORACLE` names the folder of its programs, or the path finds it.
#[expect(clippy::disallowed_methods, reason = "where the real one is, of no run")]
pub fn installed() -> Option<PathBuf> {
    let named = std::env::var_os("RPLAY_ORACLE").map(PathBuf::from);
    let on_path = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).find(|folder| folder.join("ansible-playbook").is_file())
    };
    let lib = named.or_else(on_path)?.parent()?.join("lib");
    let entries = fs::read_dir(lib).ok()?.flatten().map(|entry| entry.path().join("site-packages"));
    entries.into_iter().find(|site| site.join("ansible/release.py").is_file())
}

impl Place {
    /// Of one length and without hyphens, since messages are wrapped there.
    fn new() -> Self {
        let place = tempfile::Builder::new().prefix("rplaycase").rand_bytes(8).tempdir_in("/tmp").unwrap();
        // Other users' tasks read here.
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["case", "home", "tmp"] {
            fs::create_dir(place.path().join(name)).unwrap();
        }
        Self(place)
    }

    fn case(&self) -> PathBuf {
        self.0.path().join("case")
    }

    fn socket(&self) -> PathBuf {
        self.0.path().join("socket")
    }
}

/// Copies a folder with modes that do not depend on who checked it out.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::Permissions::from_mode(0o755)).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
        let target = to.join(&name);
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&path, &target);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), &target).unwrap();
        } else if !name.starts_with("expected.") && !name.starts_with("expected2.") {
            let mode = if path.metadata().unwrap().permissions().mode() & 0o100 == 0 { 0o644 } else { 0o755 };
            fs::copy(&path, &target).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(mode)).unwrap();
        }
    }
}
