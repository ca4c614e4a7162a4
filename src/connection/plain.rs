//! Shell scripts and files without an agent, as the login or another user: for hosts where no agent runs.
//!
//! A file's content is the standard input of a `cat` that runs as the user who needs it, so that nothing has to be
//! shared between users; like Ansible's, it lies in a folder of its own that nobody else can look into.

use super::error::ConnectionError;
use super::local;
use super::machine::{Machine, Way, random};
use super::marker::{NotMet, await_marker};
use super::pipe::{Exit, Pipe};
use super::raw::{RawOutput, quote};
use super::script::{for_login_shell, on_terminal};
use super::target::Become;
use std::io::{Seek, SeekFrom};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What a folder for files is named after: Ansible's own start.
const FOLDER: &str = "ansible-tmp-";

/// A host as one identity.
#[derive(Clone, Copy)]
pub(super) struct Plain<'a> {
    pub machine: &'a Machine,
    pub name: &'a str,
    pub wanted: Option<&'a Become>,
}

/// A shell's process that has begun with what it was asked for.
struct Begun {
    pipe: Pipe,
    /// Whether it is on a terminal, whose input has no end.
    terminal: bool,
}

impl Plain<'_> {
    /// Runs a script, which goes through standard input.
    pub async fn script(self, script: &str) -> Result<RawOutput, ConnectionError> {
        let mut begun = self.begin(|_| "exec /bin/sh".into()).await?;
        let mut stdout = Vec::new();
        begun.feed(script, &mut stdout).await?;
        let (rc, stderr) = begun.end().await?;
        Ok(RawOutput { rc, stdout, stderr: stderr.into_bytes() })
    }

    /// Copies a file of the host into a writer, and says its size.
    pub async fn get(
        self,
        path: &str,
        writer: &mut (impl AsyncWrite + Unpin + ?Sized),
    ) -> Result<u64, ConnectionError> {
        let mut begun = self.begin(|_| "exec /bin/sh".into()).await?;
        let size = begun.feed(&format!("exec cat < {}\n", quote(path)), writer).await?;
        writer.flush().await.map_err(|error| ConnectionError::unwritable(&error))?;
        match begun.end().await? {
            (0, _) => Ok(size),
            (rc, stderr) => Err(refused(rc, &stderr)),
        }
    }

    /// Puts a file into a folder of its own, and says its path.
    pub async fn put(
        self,
        name: &str,
        executable: bool,
        reader: &mut (impl AsyncRead + Unpin + ?Sized),
    ) -> Result<String, ConnectionError> {
        let marker = random();
        let folder = format!("{FOLDER}{}", suffix());
        let line = |store: &str| store_line(&folder, &marker, store);
        let name = plain_name(name);
        let head = format!("{}\n{name}\n{}\n", self.folder(), if executable { "700" } else { "600" });
        let unread = |error: std::io::Error| ConnectionError::failed(format!("{name} cannot be read: {error}"));
        let whole = self.needs_terminal()?;
        let said = if whole {
            let (mut file, size) = spooled(reader).await.map_err(unread)?;
            let store = format!("head -c {size}");
            self.store(&line(&store), &head, &mut file).await?
        } else {
            self.store(&line("cat"), &head, reader).await?
        };
        let word = said.stdout.split_once(&marker).map(|(_, word)| word.trim());
        match word.and_then(|word| word.strip_prefix('+')) {
            Some(folder) => Ok(format!("{folder}/{name}")),
            None => {
                let why = word.map(|word| word.trim_start_matches('-')).filter(|why| !why.is_empty());
                Err(refused(said.rc, &format!("{} {}", why.unwrap_or_default(), said.stderr.trim())))
            }
        }
    }

    /// Removes a file that was put, with its folder.
    pub async fn remove(self, path: &str) {
        if let Some((folder, _)) = path.rsplit_once('/')
            && folder.rsplit('/').next().is_some_and(|name| name.starts_with(FOLDER))
        {
            // What stays lies where only its user sees it.
            let _ = self.script(&format!("rm -rf {}\nexit\n", quote(folder))).await;
        }
    }

    async fn store(
        self,
        line: &str,
        head: &str,
        reader: &mut (impl AsyncRead + Unpin + ?Sized),
    ) -> Result<Stored, ConnectionError> {
        let Begun { mut pipe, .. } = self.begin(|_| line.to_owned()).await?;
        let mut stdin = pipe.stdin;
        let mut stdout = Vec::new();
        let feed = async move {
            // A host that takes no more says why.
            if stdin.write_all(head.as_bytes()).await.is_err() {
                return Ok(());
            }
            let mut buffer = vec![0; 64 << 10];
            loop {
                let count = reader.read(&mut buffer).await?;
                if count == 0 || stdin.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
            let _ = stdin.shutdown().await;
            Ok::<(), std::io::Error>(())
        };
        let (fed, _) = tokio::join!(feed, pipe.stdout.read_to_end(&mut stdout));
        fed.map_err(|error| ConnectionError::failed(error.to_string()))?;
        let (rc, stderr) = ended(pipe.end.await)?;
        Ok(Stored { rc, stdout: String::from_utf8_lossy(&stdout).into_owned(), stderr })
    }

    /// Where files are put, as the setting says it.
    fn folder(self) -> String {
        let wanted = self.machine.remote_tmp.clone().unwrap_or_default();
        if wanted.contains('\n') { String::new() } else { wanted }
    }

    fn needs_terminal(self) -> Result<bool, ConnectionError> {
        let (Some(wanted), Way::Ssh(masters)) = (self.wanted, &self.machine.way) else { return Ok(false) };
        Ok(masters.needs_terminal() || self.machine.escalation(wanted, "")?.asks_on_terminal())
    }

    /// Starts a command line, which may hold neither a backslash nor `!`, and waits until its shell says so.
    async fn begin(self, line: impl Fn(bool) -> String) -> Result<Begun, ConnectionError> {
        let Self { machine, name, wanted } = self;
        let verbose = &machine.shared.settings.verbose;
        loop {
            let (marker, id) = (random(), random());
            let terminal = self.needs_terminal()?;
            let escalation = wanted.map(|wanted| machine.escalation(wanted, &id)).transpose()?;
            let inner = format!("echo {marker}+; {}", line(terminal));
            let outer = match (wanted, &escalation) {
                (Some(wanted), Some(escalation)) => {
                    escalation.before(wanted)? + &escalation.plain_command(wanted, &id, &inner)
                }
                _ => inner,
            };
            let process = match &machine.way {
                Way::Ssh(masters) if terminal => {
                    let outer = for_login_shell(&on_terminal(&outer))?;
                    masters.exec_on_terminal(&machine.shared, name, &outer, false).await?
                }
                Way::Ssh(masters) => masters.exec(&machine.shared, name, &for_login_shell(&outer)?).await?,
                Way::Local => {
                    verbose.say(3, name, || format!("EXEC {outer}"));
                    let mut child = machine.local_command("/bin/sh");
                    child.arg("-c").arg(outer);
                    local::spawn(child)?
                }
            };
            match (await_marker(process, &marker, escalation, verbose, name).await, &machine.way) {
                (Err(NotMet::Terminal(_)), Way::Ssh(masters)) if !terminal => masters.give_terminal(),
                (met, _) => return Ok(Begun { pipe: met?.pipe, terminal }),
            }
        }
    }
}

/// What a host said of a file that it was given.
struct Stored {
    rc: i32,
    stdout: String,
    stderr: String,
}

impl Begun {
    /// Gives the shell its script, and copies what it says.
    async fn feed(
        &mut self,
        script: &str,
        writer: &mut (impl AsyncWrite + Unpin + ?Sized),
    ) -> Result<u64, ConnectionError> {
        let Self { pipe, terminal } = self;
        let Pipe { stdin, stdout, .. } = pipe;
        let feed = async {
            // A shell that ends before it has read all says so by its status.
            let _ = stdin.write_all(script.as_bytes()).await;
            let _ = stdin.flush().await;
            // The end of it would hang up a terminal.
            if !*terminal {
                let _ = stdin.shutdown().await;
            }
        };
        let ((), copied) = tokio::join!(feed, tokio::io::copy(stdout, writer));
        copied.map_err(|error| ConnectionError::failed(error.to_string()))
    }

    async fn end(self) -> Result<(i32, String), ConnectionError> {
        let Pipe { stdin, stdout, end } = self.pipe;
        drop((stdin, stdout));
        ended(end.await)
    }
}

fn ended(end: super::pipe::Ending) -> Result<(i32, String), ConnectionError> {
    match end.exit {
        Some(Exit::Status(rc)) => Ok((rc, end.stderr)),
        Some(Exit::Lost(words)) => Err(ConnectionError::Unreachable(words)),
        None => Err(ConnectionError::failed("the shell was lost")),
    }
}

fn refused(rc: i32, words: &str) -> ConnectionError {
    let words = words.trim();
    ConnectionError::failed(if words.is_empty() {
        format!("the host's shell ended with status {rc}")
    } else {
        words.into()
    })
}

/// Stores standard input in a folder of its own: the first lines are where, the file's name, and its mode.
///
/// Says `MARKER+FOLDER`, or `MARKER-` and what is wrong.
fn store_line(folder: &str, marker: &str, store: &str) -> String {
    format!(
        "umask 077; IFS= read -r b; IFS= read -r n; IFS= read -r m; case $b in \"~\"|\"~/\"*) b=$HOME${{b#?}};; esac; \
         for d in \"$b\" /var/tmp /tmp; do case $d in /*) ;; *) continue;; esac; mkdir -p \"$d\" 2>/dev/null; \
         d=$d/{folder}; mkdir \"$d\" 2>/dev/null || continue; \
         if {store} > \"$d/$n\" && chmod $m \"$d/$n\"; then echo \"{marker}+$d\"; exit; fi; \
         rm -rf \"$d\"; echo \"{marker}-\"; exit 1; done; echo \"{marker}-no folder takes it\"; exit 1"
    )
}

/// What tells one folder from another: the time and chance, as Ansible names its own.
fn suffix() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("{}.{}-{}-{}", now.as_secs(), now.subsec_micros(), std::process::id(), &random()[..16])
}

/// A name that cannot lead out of a folder, and that no shell trips over.
fn plain_name(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or_default();
    let plain: String = name.chars().map(|c| if c.is_control() { '_' } else { c }).collect();
    if matches!(plain.as_str(), "" | "." | "..") { "file".into() } else { plain }
}

/// A copy of what a reader gives, and its size.
async fn spooled(reader: &mut (impl AsyncRead + Unpin + ?Sized)) -> std::io::Result<(tokio::fs::File, u64)> {
    let mut file = tokio::fs::File::from_std(tempfile::tempfile()?);
    let size = tokio::io::copy(reader, &mut file).await?;
    file.flush().await?;
    let mut file = file.into_std().await;
    file.seek(SeekFrom::Start(0))?;
    Ok((tokio::fs::File::from_std(file), size))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    #[test]
    fn a_shell_stores_what_comes() {
        let home = tempfile::tempdir().unwrap();
        let line = store_line("ansible-tmp-1", "M", "cat");
        // It passes through any login shell.
        assert!(for_login_shell(&line).is_ok() && !line.contains('\''));
        let mut shell = Command::new("/bin/sh")
            .args(["-c", &line])
            .env("HOME", home.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let given = b"~/a b\nit's $(x)\n700\n\0\xff\n";
        shell.stdin.take().unwrap().write_all(given).unwrap();
        let said = String::from_utf8(shell.wait_with_output().unwrap().stdout).unwrap();
        let folder = home.path().join("a b/ansible-tmp-1");
        assert_eq!(said, format!("M+{}\n", folder.display()));
        assert_eq!(std::fs::read(folder.join("it's $(x)")).unwrap(), b"\0\xff\n");
        let mode = |path: &std::path::Path| std::os::unix::fs::MetadataExt::mode(&path.metadata().unwrap()) & 0o777;
        assert_eq!((mode(&folder), mode(&folder.join("it's $(x)"))), (0o700, 0o700));
    }

    #[test]
    fn names_stay_in_their_folder() {
        for (name, want) in [("a.sh", "a.sh"), ("../x", "x"), ("..", "file"), ("", "file"), ("a\nb", "a_b")] {
            assert_eq!(plain_name(name), want);
        }
    }
}
