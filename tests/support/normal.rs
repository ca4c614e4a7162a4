//! Takes out of a text what two runs of one tool cannot have in common: places, times, inodes, the user.

use regex::{Captures, Regex};
use std::fs;

/// What stands for what, as a pattern and its replacement.
const PATTERNS: &[(&str, &str)] = &[
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", "TIME"),
    (r"\b\d+:\d\d:\d\d\.\d{6}", "DELTA"),
    (r"\bj\d+\.\d+", "JOB"),
    (r#""child_pid": \d+"#, "\"child_pid\": N"),
    (r"Paused for (\d+)\.\d+", "Paused for ${1}.N"),
    (r#"("(?:atime|mtime|ctime|birthtime|access_time|modification_time)": )[\d.]+"#, "${1}TIME"),
    (r#"("(?:inode|dev|version|blocks|block_size|device_type)": )(?:"?\d+"?|null)"#, "${1}N"),
    (r#""attr_flags": "\w*""#, "\"attr_flags\": \"\""),
    (r#""attributes": \[[^\]]*\]"#, "\"attributes\": []"),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", "TIME"),
    (r#""id": "[0-9a-f-]{36}""#, "\"id\": \"ID\""),
    // A module's own temporary file.
    (r"[\w/]*/\.ansible/tmp/(?:ansible-tmp-[\d.]+-\d+-\d+/)?tmp\w{8}\b", "TMP/tmpN"),
    // The real one asks passwd where its home is, not HOME.
    (r"[\w/]*/\.ansible/tmp/ansible-tmp-[\d.]+-\d+-\d+", "TMP/ansible-tmp-N"),
    // Where an agent puts what comes from the controller.
    (r"/(?:var/tmp|tmp|dev/shm)/rplay-[0-9a-f]{16}/\d+", "TMP/ansible-tmp-N"),
    (r"ansible-local-\w+/[.\w]+", "ansible-local-N"),
    (r#""elapsed": \d+"#, "\"elapsed\": N"),
    (r"/usr/bin/python3\.\d+", "/usr/bin/python3"),
    // A folder's size is its file system's business.
    (r#"("size": )\d+(,\s*(?:"src": "[^"]*",\s*)?"state": "directory")"#, "${1}N${2}"),
    (r#"(?s)("isdir": true,[^{}]*?"size": )\d+"#, "${1}N"),
    (r"at main\.c\(\d+\) \[(\w+)=[\d.]+\]", "at main.c(N) [${1}=N]"),
];

/// Replaces all that differs from run to run and from machine to machine.
pub struct Normal {
    place: String,
    /// A test server's, with their names.
    ports: Vec<(String, String)>,
    patterns: Vec<(Regex, &'static str)>,
    /// `--list-hosts` has them in the order of a Python set.
    hosts: Regex,
    owners: Regex,
    own: [String; 4],
}

impl Normal {
    /// For runs in a place, and with a server's ports.
    pub fn new(place: &str, ports: &[u16]) -> Self {
        let named = |(number, port): (usize, &u16)| (format!(":{port}"), format!(":PORT{number}"));
        let ports = ports.iter().enumerate().map(named).collect();
        let patterns = PATTERNS.iter().map(|(pattern, with)| (Regex::new(pattern).unwrap(), *with)).collect();
        let owners = Regex::new(r#""(owner|group|pw_name|gr_name|uid|gid)": ("?)([\w-]+)("?)"#).unwrap();
        let hosts = Regex::new(r"(?m)(^    hosts \(\d+\):\n)((?:^      \S+\n)+)").unwrap();
        let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
        let own = [uid.to_string(), name("/etc/passwd", uid), gid.to_string(), name("/etc/group", gid)];
        Self { place: place.into(), ports, patterns, hosts, owners, own }
    }

    /// The text without it.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.replace(&self.place, "DIR");
        for (port, name) in &self.ports {
            text = text.replace(port, name);
        }
        for (pattern, with) in &self.patterns {
            text = pattern.replace_all(&text, *with).into_owned();
        }
        let text = self.hosts.replace_all(&text, |found: &Captures<'_>| {
            let mut hosts: Vec<_> = found[2].lines().collect();
            hosts.sort_unstable();
            format!("{}{}\n", &found[1], hosts.join("\n"))
        });
        self.owners.replace_all(&text, |found: &Captures<'_>| self.owner(found)).into_owned()
    }

    fn owner(&self, found: &Captures<'_>) -> String {
        let [uid, user, gid, group] = &self.own;
        let (own, with) = match &found[1] {
            "owner" | "pw_name" => (user, "USER"),
            "group" | "gr_name" => (group, "GROUP"),
            "uid" => (uid, "UID"),
            _ => (gid, "GID"),
        };
        let value = if &found[3] == own { with } else { &found[3] };
        format!("\"{}\": {}{value}{}", &found[1], &found[2], &found[4])
    }
}

/// The name of an id in a file such as `/etc/passwd`, else the id.
pub fn name(file: &str, id: u32) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let id = id.to_string();
    let line = text.lines().find(|line| line.split(':').nth(2) == Some(&id));
    line.and_then(|line| line.split(':').next()).unwrap_or(&id).to_owned()
}
