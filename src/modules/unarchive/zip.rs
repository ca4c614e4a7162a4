//! Zip archives, by `unzip` and `zipinfo`.
//!
//! There is no `unzip --diff`: each line that zipinfo prints is compared with the file that is there, and
//! what differs is told as rsync itemizes it.

use super::{Job, Refusal, State, execute};
use crate::host::{accounts, glob, mode, time};
use crate::modules::Call;
use crate::proto::Outcome;
use crate::value::str_repr;
use std::collections::HashMap;
use std::fs::{self, File, Metadata};
use std::io::{self, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A zip file that can be read.
pub(super) struct Zip {
    unzip: String,
    zipinfo: String,
    /// Whether `unzip -Zl` stands in for zipinfo.
    own_flag: bool,
    files: Option<Vec<String>>,
    members: Option<Vec<(String, u32)>>,
}

/// A line of zipinfo.
struct Entry<'a> {
    /// `d`, `f` or `L`.
    kind: char,
    bits: u32,
    size: u64,
    time: &'a str,
    path: &'a str,
}

/// Who owns what is there, and who should.
struct Accounts {
    uid: u32,
    name: Option<String>,
    gid: u32,
    group: Option<String>,
    wanted_uid: u32,
    wanted_name: Option<String>,
    wanted_gid: u32,
    wanted_group: Option<String>,
}

impl Zip {
    /// Takes an archive, if unzip can list it.
    pub(super) fn new(call: &Call<'_>, job: &Job, own_flag: bool) -> Result<Self, Refusal> {
        let names = if own_flag { ["unzip", "unzip"] } else { ["unzip", "zipinfo"] };
        let found = names.map(|name| call.env.find_program(name));
        let missing: Vec<&str> = names.iter().zip(&found).filter(|(_, f)| f.is_none()).map(|(name, _)| *name).collect();
        let [Some(unzip), Some(zipinfo)] = found else {
            let reason = format!("Unable to find required '{}' binary in the path.", missing.join("' or '"));
            return Err(Refusal::Reason(reason));
        };
        let [unzip, zipinfo] = [unzip, zipinfo].map(|path| path.to_string_lossy().into_owned());
        let output = execute(call, &[unzip.clone(), "-l".into(), job.src.clone()], false, None)?;
        if output.rc != 0 {
            let reason = format!("Command \"{unzip}\" could not handle archive: {}", output.err());
            return Err(Refusal::Reason(reason));
        }
        if own_flag {
            let output = execute(call, &[zipinfo.clone(), "-Zl".into()], false, None)?;
            if !output.out().to_lowercase().contains("zipinfo") {
                let reason = format!("Command \"unzip -Z\" could not handle archive: {}", output.err());
                return Err(Refusal::Reason(reason));
            }
        }
        Ok(Self { unzip, zipinfo, own_flag, files: None, members: None })
    }

    pub(super) fn name(&self) -> &'static str {
        if self.own_flag { "ZipZArchive" } else { "ZipArchive" }
    }

    /// The members' names and checksums, in the order of the archive.
    fn members(&mut self, job: &Job) -> Result<&[(String, u32)], Outcome> {
        if self.members.is_none() {
            let read = read_members(&job.src);
            self.members =
                Some(read.map_err(|e| Outcome::crashed(format!("Unable to list files in the archive: {e}")))?);
        }
        Ok(self.members.as_deref().unwrap_or_default())
    }

    /// The names in the archive that are wanted.
    pub(super) fn files(&mut self, job: &Job) -> Result<&[String], Outcome> {
        if self.files.is_none() {
            let names = self.members(job)?.iter().map(|(name, _)| name);
            let wanted: Vec<String> = if job.include.is_empty() {
                names.filter(|name| !job.exclude.iter().any(|p| glob::matches(p, name))).cloned().collect()
            } else {
                let times = |name: &&String| job.include.iter().filter(|p| glob::matches(p, name)).count();
                names.flat_map(|name| std::iter::repeat_n(name.clone(), times(&name))).collect()
            };
            self.files = Some(wanted);
        }
        Ok(self.files.as_deref().unwrap_or_default())
    }

    /// Compares the archive with the tree.
    pub(super) fn state(&mut self, call: &Call<'_>, job: &mut Job) -> Result<State, Outcome> {
        let mut cmd = vec![self.zipinfo.clone()];
        if self.own_flag {
            cmd.push("-Zl".to_owned());
        }
        cmd.extend(["-T".to_owned(), "-s".to_owned(), job.src.clone()]);
        if !job.exclude.is_empty() {
            cmd.push("-x".to_owned());
            cmd.extend(job.exclude.iter().cloned());
        }
        cmd.extend(job.include.iter().cloned());
        let output = execute(call, &cmd, false, None)?;
        let accounts = Accounts::new(job);
        let mut state = State { unarchived: output.rc == 0, diff: String::new() };
        let umask = mode::umask();
        let mut sums: Option<HashMap<String, u32>> = None;
        for line in output.out().lines() {
            let Some(entry) = entry(line, umask).map_err(Outcome::crashed)? else { continue };
            if job.exclude.iter().any(|path| path == entry.path) {
                continue;
            }
            let path = Path::new(&job.dest).join(entry.path);
            let Ok(meta) = fs::symlink_metadata(&path) else {
                state.differs(&format!(">{}++++++.??", entry.kind), entry.path);
                continue;
            };
            let same_type = match entry.kind {
                'd' => meta.is_dir(),
                'f' => meta.is_file(),
                _ => meta.is_symlink(),
            };
            if !same_type {
                state.differs(&format!("c{}++++++.??", entry.kind), entry.path);
                continue;
            }
            let mut item: Vec<char> = format!(".{}.......??", entry.kind).chars().collect();
            if meta.is_file() {
                if !compare_time(call, job, &entry, &meta, &mut item) {
                    continue;
                }
                if entry.size != meta.len() {
                    set(&mut item, 3, 's');
                }
                if sums.is_none() {
                    sums = Some(self.members(job)?.iter().cloned().collect());
                }
                let sum = sums.as_ref().and_then(|sums| sums.get(entry.path).copied());
                let sum = sum.ok_or_else(|| Outcome::crashed(str_repr(entry.path)))?;
                let size = call.args.int("io_buffer_size");
                let crc =
                    crc32(&path, size).map_err(|e| Outcome::crashed(crate::host::errors::os_error_bytes(&e, &path)))?;
                if crc != sum {
                    set(&mut item, 2, 'c');
                }
            }
            if entry.kind != 'L' && wanted_bits(job, &entry, &meta)? != meta.mode() & mode::BITS {
                set(&mut item, 5, 'p');
            }
            accounts.compare(&entry, &meta, &mut item)?;
            if item.iter().skip(2).take(6).any(|c| *c != '.') {
                state.differs(&item.into_iter().collect::<String>(), entry.path);
            }
        }
        Ok(state)
    }

    /// The command that unpacks.
    pub(super) fn extract(&self, job: &Job) -> Vec<String> {
        let mut cmd = vec![self.unzip.clone(), "-o".to_owned()];
        cmd.extend(job.opts.iter().cloned());
        cmd.push(job.src.clone());
        if !job.exclude.is_empty() {
            cmd.push("-x".to_owned());
            cmd.extend(job.exclude.iter().cloned());
        }
        cmd.extend(job.include.iter().cloned());
        cmd.extend(["-d".to_owned(), job.dest.clone()]);
        cmd
    }
}

impl State {
    fn differs(&mut self, item: &str, path: &str) {
        self.unarchived = false;
        self.diff.push_str(&format!("{item} {path}\n"));
    }
}

fn set(item: &mut [char], at: usize, letter: char) {
    if let Some(place) = item.get_mut(at) {
        *place = letter;
    }
}

fn read_members(src: &str) -> Result<Vec<(String, u32)>, String> {
    let file = File::open(src).map_err(|e| e.to_string())?;
    let mut archive = ::zip::ZipArchive::new(BufReader::new(file)).map_err(|e| e.to_string())?;
    let mut members = Vec::with_capacity(archive.len());
    for number in 0..archive.len() {
        let member = archive.by_index_raw(number).map_err(|e| e.to_string())?;
        let name = member.name().map_err(|e| e.to_string())?.into_owned();
        members.push((name, member.crc32()));
    }
    Ok(members)
}

/// The fields of a line that tells of a member; headers and footers are None.
fn entry(line: &str, umask: u32) -> Result<Option<Entry<'_>>, String> {
    let mut fields = [""; 8];
    let mut rest = line.trim_start();
    for (number, field) in fields.iter_mut().enumerate() {
        if rest.is_empty() {
            return Ok(None);
        }
        let end = if number == 7 { rest.len() } else { rest.find(char::is_whitespace).unwrap_or(rest.len()) };
        *field = &rest[..end];
        rest = rest[end..].trim_start();
    }
    let [perms, _, _, size, _, _, time, path] = fields;
    if !matches!(perms.len(), 7 | 8 | 10) || time.len() != 15 {
        return Ok(None);
    }
    let (kind, perms) = perms.split_at(1);
    if !"dl-?".contains(kind) || !perms.chars().all(|c| "rwxstah-".contains(c)) {
        return Ok(None);
    }
    let Ok(size) = size.parse() else {
        return Err(format!("invalid literal for int() with base 10: {}", str_repr(size)));
    };
    let letter = match kind {
        _ if path.ends_with('/') => 'd',
        "l" => 'L',
        "d" => 'd',
        _ => 'f',
    };
    // FAT's letters say no more than whether it can be executed; the umask does the rest.
    let (perms, mask) = match perms.len() {
        6 if path.ends_with('/') || perms == "rwx---" => ("rwxrwxrwx", umask),
        7 if perms == "rwxa---" => ("rwxrwxrwx", umask),
        6 | 7 => ("rw-rw-rw-", umask),
        _ if std::env::consts::OS.contains("bsd") => (perms, umask),
        _ => (perms, 0),
    };
    let fits = |(at, c): (usize, char)| ["r-", "w-", "SsTtx-"][at % 3].contains(c);
    if !perms.chars().enumerate().all(fits) {
        return Err(format!("ZIP info perm format incorrect, {perms}"));
    }
    let mask = if kind == "?" { 0 } else { mask };
    let bits = perms.chars().fold(0, |bits, c| bits << 1 | u32::from("rwxst".contains(c)));
    Ok(Some(Entry { kind: letter, bits: bits & !mask, size, time, path }))
}

/// Compares the times; false where `keep_newer` keeps what is there.
fn compare_time(call: &Call<'_>, job: &mut Job, entry: &Entry<'_>, meta: &Metadata, item: &mut [char]) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "Python compares floats too")]
    let (stamp, there) = (stamp(call, entry.time) as f64, meta.mtime() as f64 + meta.mtime_nsec() as f64 / 1e9);
    if job.keep_newer && stamp < there {
        job.exclude.push(entry.path.to_owned());
        return false;
    }
    if stamp > there || (!job.keep_newer && stamp < there) {
        set(item, 4, 't');
    }
    true
}

/// The moment of a time such as `20240102.030405`, on the host's clock without summer time.
fn stamp(call: &Call<'_>, text: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        text.get(range).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
    };
    let dot = text.get(8..9) == Some(".");
    let fields = [0..4, 4..6, 6..8, 9..11, 11..13, 13..15].map(number);
    let local = match fields {
        [Some(year), Some(month), Some(day), Some(hour), Some(minute), Some(second)] if dot && year >= 1980 => {
            if year > 2107 {
                time::days(2107, 12, 31) * 86_400 + 86_399
            } else {
                time::days(year, month, 1) * 86_400 + (day - 1) * 86_400 + hour * 3600 + minute * 60 + second
            }
        }
        _ => time::days(1980, 1, 1) * 86_400,
    };
    time::standard_to_utc(&call.env, local)
}

/// The mode that the task asks for, else the archive's.
fn wanted_bits(job: &Job, entry: &Entry<'_>, meta: &Metadata) -> Result<u32, Outcome> {
    if !job.file.mode.truthy() {
        return Ok(entry.bits);
    }
    if let Some(bits) = job.file.plain_mode() {
        return Ok(bits);
    }
    let text = job.file.mode.to_text();
    mode::symbolic(&text, meta.mode(), meta.is_dir(), mode::umask())
        .map_err(|why| Outcome::failed(why).with("path", entry.path))
}

impl Accounts {
    fn new(job: &Job) -> Self {
        let uid = rustix::process::getuid().as_raw();
        let gid = rustix::process::getgid().as_raw();
        let name = accounts::user_by_id(uid).map(|user| user.name);
        let group = accounts::group_by_id(gid).map(|group| group.name);
        let (mut wanted_uid, mut wanted_name) = (uid, name.clone());
        if let Some(owner) = job.file.owner.as_deref().filter(|owner| !owner.is_empty()) {
            let by_number = || owner.trim().parse().ok().and_then(accounts::user_by_id);
            if let Some(user) = accounts::user_by_name(owner).or_else(by_number) {
                (wanted_uid, wanted_name) = (user.uid, Some(user.name));
            }
        }
        let (mut wanted_gid, mut wanted_group) = (gid, group.clone());
        if let Some(wanted) = job.file.group.as_deref().filter(|group| !group.is_empty()) {
            let by_number = || wanted.trim().parse().ok().and_then(accounts::group_by_id);
            if let Some(group) = accounts::group_by_name(wanted).or_else(by_number) {
                (wanted_gid, wanted_group) = (group.gid, Some(group.name));
            }
        }
        Self { uid, name, gid, group, wanted_uid, wanted_name, wanted_gid, wanted_group }
    }

    fn compare(&self, entry: &Entry<'_>, meta: &Metadata, item: &mut [char]) -> Result<(), Outcome> {
        let shown = |name: &Option<String>, id: u32| name.clone().unwrap_or_else(|| id.to_string());
        let me = shown(&self.name, self.uid);
        if self.uid != 0 && (self.wanted_name != self.name || self.wanted_uid != self.uid) {
            let wanted = shown(&self.wanted_name, self.wanted_uid);
            let path = entry.path;
            return Err(Outcome::crashed(format!("Cannot change ownership of {path} to {wanted}, as user {me}")));
        }
        match accounts::user_by_id(meta.uid()) {
            Some(user) if Some(&user.name) != self.wanted_name.as_ref() => set(item, 6, 'o'),
            None if meta.uid() != 0 && meta.uid() != self.wanted_uid => set(item, 6, 'o'),
            _ => {}
        }
        let other = self.wanted_group != self.group || self.wanted_gid != self.gid;
        if self.uid != 0 && other && !groups().contains(&self.wanted_gid) {
            let wanted = shown(&self.wanted_group, self.wanted_gid);
            let path = entry.path;
            return Err(Outcome::crashed(format!("Cannot change group ownership of {path} to {wanted}, as user {me}")));
        }
        match accounts::group_by_id(meta.gid()) {
            Some(group) if Some(&group.name) != self.wanted_group.as_ref() => set(item, 6, 'g'),
            None if meta.gid() != 0 && meta.gid() != self.wanted_gid => set(item, 6, 'g'),
            _ => {}
        }
        Ok(())
    }
}

/// The groups that the running user is in.
fn groups() -> Vec<u32> {
    rustix::process::getgroups().unwrap_or_default().into_iter().map(rustix::process::Gid::as_raw).collect()
}

/// The CRC-32 of a file, read in pieces of a size.
fn crc32(path: &Path, size: i64) -> io::Result<u32> {
    let mut file = File::open(path)?;
    let mut hasher = crc32fast::Hasher::new();
    // More at once than this gains nothing and takes memory.
    let mut buffer = vec![0; usize::try_from(size).unwrap_or(64 << 10).min(16 << 20)];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finalize()),
            Ok(n) => hasher.update(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::entry;

    #[test]
    fn lines_of_zipinfo() {
        let line = "-rw-r-----  3.0 unx        5 tx stor 20240102.030405 a file";
        let found = entry(line, 0o022).expect("read").expect("a member");
        assert_eq!((found.kind, found.bits, found.size, found.path), ('f', 0o640, 5, "a file"));
        let line = "-rw----     2.0 fat        5 b- defN 20240102.030405 b";
        assert_eq!(entry(line, 0o022).expect("read").expect("a member").bits, 0o644);
        let line = "drwx---     1.0 fat        0 b- stor 20240102.030405 d/";
        let found = entry(line, 0o077).expect("read").expect("a member");
        assert_eq!((found.kind, found.bits), ('d', 0o700));
        for other in ["Archive:  x.zip", "Zip file size: 176 bytes, number of entries: 1", "1 file, 5 bytes"] {
            assert!(entry(other, 0).expect("read").is_none());
        }
        let odd = "-wwwwwwwww  3.0 unx        5 tx stor 20240102.030405 a";
        assert_eq!(entry(odd, 0).err().as_deref(), Some("ZIP info perm format incorrect, wwwwwwwww"));
    }
}
