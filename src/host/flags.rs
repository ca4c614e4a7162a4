//! Extended attributes of files in ext filesystems and their kin, by `lsattr` and `chattr`.

use super::{Command, Env};
use std::path::Path;

/// The letters that have a name.
const NAMES: &[(char, &str)] = &[
    ('A', "noatime"),
    ('a', "append"),
    ('c', "compressed"),
    ('C', "nocow"),
    ('d', "nodump"),
    ('D', "dirsync"),
    ('e', "extents"),
    ('E', "encrypted"),
    ('h', "blocksize"),
    ('i', "immutable"),
    ('I', "indexed"),
    ('j', "journalled"),
    ('N', "inline"),
    ('s', "zero"),
    ('S', "synchronous"),
    ('t', "notail"),
    ('T', "blockroot"),
    ('u', "undelete"),
    ('X', "compressedraw"),
    ('Z', "compresseddirty"),
];

/// What `lsattr` says of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// The letters that are set.
    pub letters: String,
    /// The file's version number.
    pub version: String,
}

impl Flags {
    /// The names of the letters.
    pub fn names(&self) -> Vec<&'static str> {
        self.letters.chars().filter_map(|c| NAMES.iter().find(|(letter, _)| *letter == c).map(|(_, n)| *n)).collect()
    }
}

/// Reads them; None where there is no `lsattr` or the filesystem has none.
pub fn read(env: &Env, path: &Path) -> Option<Flags> {
    let program = env.find_program("lsattr")?;
    let output = Command::new(env, [program.as_os_str(), "-vd".as_ref(), path.as_os_str()]).run().ok()?;
    if output.rc != 0 {
        return None;
    }
    let out = output.out();
    let mut words = out.split_whitespace();
    let version = words.next()?.to_owned();
    Some(Flags { letters: words.next()?.replace('-', ""), version })
}

/// The letters alone, which some filesystems have that have no versions.
pub fn letters(env: &Env, path: &Path) -> Option<String> {
    let program = env.find_program("lsattr")?;
    let output = Command::new(env, [program.as_os_str(), "-d".as_ref(), path.as_os_str()]).run().ok()?;
    let out = output.out();
    out.split_whitespace().next().filter(|_| output.rc == 0).map(|letters| letters.replace('-', ""))
}

/// Sets them by `chattr`; the error is Ansible's `details`.
pub fn set(env: &Env, path: &Path, change: &str) -> Result<(), String> {
    let program = env.find_program("chattr").ok_or("Failed to find required executable \"chattr\"")?;
    let output = Command::new(env, [program.as_os_str(), change.as_ref(), path.as_os_str()]).run();
    let output = output.map_err(|e| super::errors::plain(&e))?;
    if output.rc != 0 || !output.stderr.is_empty() {
        return Err(format!("Error while setting attributes: {}{}", output.out(), output.err()));
    }
    Ok(())
}
