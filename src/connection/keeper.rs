//! Ends what a controller leaves behind that was killed: its ssh masters, its temporary folders.
//!
//! An ssh master runs on without its parent, and no process can clean up after its own SIGKILL.
//! So a shell waits for the end of its input, which comes with the controller's own end, however
//! it ends. What was ended properly has been struck from its list before.

use super::local;
use super::settings::Settings;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Mutex, PoisonError};

const SCRIPT: &str = r#"trap '' HUP INT TERM
while read -r sign what; do
  case $sign in
    +) all="$all $what" ;;
    -) rest=; for one in $all; do [ "$one" = "$what" ] || rest="$rest $one"; done; all=$rest ;;
    d) folder=$what ;;
    e) folder2=$what ;;
  esac
done
[ -z "$all" ] || kill $all
for one in "$folder" "$folder2"; do [ -z "$one" ] || rm -rf -- "$one"; done"#;

/// The shell, which is started once there is something to keep.
#[derive(Debug, Default)]
pub(super) struct Keeper(Mutex<Option<Child>>);

impl Keeper {
    /// A process that goes with the controller.
    pub fn process(&self, settings: &Settings, pid: u32) {
        self.say(Some(settings), &format!("+ {pid}"));
    }

    /// The process is gone, its number free for others.
    pub fn gone(&self, pid: u32) {
        self.say(None, &format!("- {pid}"));
    }

    /// The folder for sockets and secrets (`d`), or the one for the agent (`e`).
    pub fn folder(&self, settings: &Settings, sign: char, path: &Path) {
        if let Some(path) = path.to_str().filter(|path| !path.contains('\n')) {
            self.say(Some(settings), &format!("{sign} {path}"));
        }
    }

    /// Without a shell there is no keeper: all else works as well.
    fn say(&self, start: Option<&Settings>, line: &str) {
        let mut child = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let (None, Some(settings)) = (&*child, start) {
            let mut command = local::command(settings, "/bin/sh").into_std();
            command.args(["-c", SCRIPT]).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
            *child = command.current_dir("/").spawn().ok();
        }
        if let Some(stdin) = child.as_mut().and_then(|child| child.stdin.as_mut()) {
            let _ = writeln!(stdin, "{line}");
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.get_mut().unwrap_or_else(PoisonError::into_inner).take() {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}
