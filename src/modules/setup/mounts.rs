//! `mounts`: the file systems on devices and of servers, with their sizes.
//!
//! A file system that does not answer costs `gather_timeout`, and says so in its entry; the others are
//! asked beside it.

use super::{Host, read};
use crate::value::{Dict, Value};
use std::collections::HashSet;
use std::sync::mpsc;
use std::time::Instant;

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    let bound = bound();
    let mut mounts: Vec<(String, Dict)> = Vec::new();
    let table = read::text("/etc/mtab").or_else(|| read::text("/proc/mounts")).unwrap_or_default();
    for line in table.lines() {
        let Some((path, info)) = entry(line, &bound) else { continue };
        // A later mount hides an earlier one.
        match mounts.iter_mut().find(|(known, _)| *known == path) {
            Some(known) => known.1 = info,
            None => mounts.push((path, info)),
        }
    }
    let pending: Vec<_> = mounts.into_iter().map(|(path, info)| (asked(path.clone()), path, info)).collect();
    let end = Instant::now() + host.timeout;
    let mounts = pending.into_iter().map(|(answer, path, mut info)| {
        match answer.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(size) => {
                info.update(&size);
                let device = info.get("device").map(Value::to_text).unwrap_or_default();
                info.insert("uuid", uuid(&device).unwrap_or_else(|| "N/A".into()));
            }
            Err(_) => {
                host.warn(format!("Timeout exceeded when getting mount info for {path}"));
                info.insert("note", "Could not get extra information due to timeout");
            }
        }
        Value::from(info)
    });
    Dict::from([("mounts", Value::list(mounts))])
}

/// A line of the table, where it is a device's or a server's.
fn entry(line: &str, bound: &HashSet<String>) -> Option<(String, Dict)> {
    let words: Vec<String> = line.split_whitespace().map(unescaped).collect();
    let [device, path, kind, options, rest @ ..] = words.as_slice() else { return None };
    if !(device.starts_with(['/', '\\']) || device.contains(":/")) || kind == "none" {
        return None;
    }
    let number = |i: usize| rest.get(i).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let mut options = options.clone();
    if bound.contains(path) {
        options.push_str(",bind");
    }
    let info = Dict::from([
        ("mount", Value::from(path.as_str())),
        ("device", device.as_str().into()),
        ("fstype", kind.as_str().into()),
        ("options", options.into()),
        ("dump", number(0).into()),
        ("passno", number(1).into()),
    ]);
    Some((path.clone(), info))
}

/// `\040` is a space.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let code = after.get(..3).and_then(|digits| u32::from_str_radix(digits, 8).ok()).and_then(char::from_u32);
        match code {
            Some(c) => {
                out.push(c);
                rest = &after[3..];
            }
            None => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out + rest
}

/// The mounts of a part of a file system.
fn bound() -> HashSet<String> {
    let lines = read::lines("/proc/self/mountinfo");
    let words = lines.iter().map(|line| line.split(' ').collect::<Vec<_>>());
    words
        .filter(|words| words.get(3).is_some_and(|root| *root != "/"))
        .filter_map(|w| Some(unescaped(w.get(4)?)))
        .collect()
}

/// Asks for a size on a thread of its own, which is left behind where the file system never answers.
fn asked(path: String) -> mpsc::Receiver<Dict> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || drop(sender.send(size(&path))));
    receiver
}

fn size(path: &str) -> Dict {
    let Ok(stat) = rustix::fs::statvfs(path) else { return Dict::new() };
    Dict::from([
        ("size_total", stat.f_frsize.saturating_mul(stat.f_blocks)),
        ("size_available", stat.f_frsize.saturating_mul(stat.f_bavail)),
        ("block_size", stat.f_bsize),
        ("block_total", stat.f_blocks),
        ("block_available", stat.f_bavail),
        ("block_used", stat.f_blocks.saturating_sub(stat.f_bavail)),
        ("inode_total", stat.f_files),
        ("inode_available", stat.f_favail),
        ("inode_used", stat.f_files.saturating_sub(stat.f_favail)),
    ])
}

/// The file system's UUID, as udev knows it.
fn uuid(device: &str) -> Option<String> {
    let real = std::fs::canonicalize(device).ok()?;
    let folder = "/dev/disk/by-uuid";
    let by_link = read::names(folder)
        .into_iter()
        .find(|name| std::fs::canonicalize(format!("{folder}/{name}")).is_ok_and(|target| target == real));
    by_link.or_else(|| {
        let number = std::os::unix::fs::MetadataExt::rdev(&std::fs::metadata(&real).ok()?);
        let (major, minor) = (rustix::fs::major(number), rustix::fs::minor(number));
        let lines = read::lines(format!("/run/udev/data/b{major}:{minor}"));
        lines.iter().find_map(|line| line.strip_prefix("E:ID_FS_UUID=")).map(str::to_owned)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::repr;

    #[test]
    fn lines() {
        let bound = ["/a b".to_owned()].into();
        let (path, info) = entry("/dev/sda1 /a\\040b ext4 rw 1 2", &bound).unwrap();
        assert_eq!(path, "/a b");
        let want =
            "{'mount': '/a b', 'device': '/dev/sda1', 'fstype': 'ext4', 'options': 'rw,bind', 'dump': 1, 'passno': 2}";
        assert_eq!(repr(&info.into()), want);
        assert!(entry("proc /proc proc rw 0 0", &bound).is_none());
        assert!(entry("srv:/x /x nfs rw 0 0", &bound).is_some());
        assert_eq!(unescaped("a\\b"), "a\\b");
    }
}
