//! `unarchive` where it cannot finish: the error says why, and the next run makes good what was left.

use crate::support::mount::Mount;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A folder with an archive of two files, and a playbook that unpacks it.
struct Place {
    folder: tempfile::TempDir,
    content: [Vec<u8>; 2],
}

impl Place {
    /// None where this machine has no tar.
    fn new() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::create_dir(path.join("out")).unwrap();
        // Nothing that a compressor makes small.
        let mut state = 1u32;
        let mut noise = |length: usize| -> Vec<u8> {
            let next = |_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                state.to_be_bytes()[0]
            };
            (0..length).map(next).collect()
        };
        let content = [noise(10_000), noise(1_500_000)];
        for (name, bytes) in ["a", "b"].iter().zip(&content) {
            fs::write(path.join(name), bytes).unwrap();
        }
        let packed = Command::new("tar").args(["-czf", "x.tgz", "a", "b"]).current_dir(path).status();
        let playbook = "- hosts: localhost\n  gather_facts: false\n  tasks:\n    - unarchive: src=x.tgz dest={{ playbook_dir }}/out\n";
        fs::write(path.join("play.yml"), playbook).unwrap();
        packed.is_ok_and(|status| status.success()).then_some(Self { folder, content })
    }

    fn out(&self) -> PathBuf {
        self.folder.path().join("out")
    }

    /// Runs the playbook; gives its status and all that it printed.
    fn run(&self, path: &str) -> (Option<i32>, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rplay"));
        command.arg("play.yml").current_dir(self.folder.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", format!("{path}/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"));
        command.env("HOME", self.folder.path()).env("RPLAY_AGENT", env!("CARGO_BIN_EXE_rplay-agent"));
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        (output.status.code(), text)
    }

    #[track_caller]
    fn is_whole(&self) {
        for (name, bytes) in ["a", "b"].iter().zip(&self.content) {
            assert!(fs::read(self.out().join(name)).unwrap() == *bytes, "{name} is not whole");
        }
    }

    /// The next run repairs, and the one after it finds nothing to do.
    #[track_caller]
    fn is_repaired(&self, path: &str) {
        let (status, text) = self.run(path);
        assert_eq!(status, Some(0), "{text}");
        assert!(text.contains("changed=1"), "{text}");
        self.is_whole();
        let (status, text) = self.run(path);
        assert!(status == Some(0) && text.contains("changed=0"), "{text}");
    }
}

#[test]
fn a_full_disk_is_told_and_room_repairs_it() {
    let Some(place) = Place::new() else { return };
    let Some(mount) = Mount::new(&place.out(), "600k") else { return };
    let (status, text) = place.run("");
    assert_eq!(status, Some(2), "{text}");
    // Tar has one word for a write that fails, and another for one that is cut short.
    let words = ["No space left on device", "Wrote only "];
    assert!(text.contains("failed to unpack ") && words.iter().any(|word| text.contains(word)), "{text}");
    mount.resize("8m");
    place.is_repaired("");
}

#[test]
fn an_agent_that_dies_is_told_and_the_next_one_repairs() {
    let Some(place) = Place::new() else { return };
    let bin = place.folder.path().join("bin");
    fs::create_dir(&bin).unwrap();
    // A tar that unpacks one file and half of another, and then ends the agent that has started it.
    let script = format!(
        "#!/bin/sh\nPATH=/usr/bin:/bin\ncase \"$*\" in *--extract*) if mkdir {0}/once 2>/dev/null; then\n\
         tar xzf {0}/x.tgz -C {0}/out a; head -c 700000 {0}/b > {0}/out/b; kill -9 $PPID; exit 1; fi;; esac\n\
         exec tar \"$@\"\n",
        place.folder.path().display()
    );
    fs::write(bin.join("tar"), script).unwrap();
    fs::set_permissions(bin.join("tar"), fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:", bin.display());
    let (status, text) = place.run(&path);
    assert_eq!(status, Some(2), "{text}");
    assert!(text.contains("\"module_stderr\": \"the agent was ended by signal 9\""), "{text}");
    assert_eq!(fs::metadata(place.out().join("b")).unwrap().len(), 700_000);
    place.is_repaired(&path);
}
