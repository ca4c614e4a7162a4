//! Lines of fstab: those of one mount point are changed, all others stay as they are.

use super::Wanted;
use crate::host::{Replace, errors};
use crate::modules::Call;
use crate::modules::attributes::real_path;
use crate::modules::edit;
use crate::proto::Outcome;
use std::fs;
use std::io;
use std::path::Path;

/// The file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fstab {
    path: String,
    lines: Vec<String>,
}

/// A field as fstab has it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\134").replace(' ', "\\040").replace('&', "\\046")
}

impl Fstab {
    /// One that is not there is empty: in check mode it may not be there yet.
    pub(super) fn read(path: &str) -> Result<Self, Outcome> {
        let text = match fs::read(path) {
            Ok(bytes) => String::from_utf8(bytes)
                .map_err(|_| Outcome::failed(format!("{path} is not UTF-8; rplay edits no other.")))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Outcome::crashed(errors::os_error(&error, path))),
        };
        Ok(Self { path: path.to_owned(), lines: text.split_inclusive('\n').map(str::to_owned).collect() })
    }

    /// Writes it; gives the name of the backup, empty where none was asked for.
    pub(super) fn write(&self, call: &Call<'_>) -> Result<String, Outcome> {
        let path = real_path(&self.path);
        let backup = edit::backup(call, &self.path)?.unwrap_or_default();
        let replace = Replace { unsafe_writes: true, ..Replace::new(Path::new(&path)) };
        replace.bytes(self.lines.concat().as_bytes())?;
        Ok(backup)
    }

    /// Whether fields are those of the mount point; swap has none, so its source tells.
    fn is_it(wanted: &Wanted, src: &str, name: &str, fstype: &str) -> bool {
        let other_swap = name == "none" && fstype == "swap" && wanted.src.as_deref().is_some_and(|own| own != src);
        name == escaped(&wanted.name) && !other_swap
    }

    /// Sets the line of the mount point; says whether something changed.
    pub(super) fn set(&mut self, wanted: &Wanted) -> bool {
        let text = |text: &Option<String>| escaped(text.as_deref().unwrap_or(""));
        let [src, fstype] = [text(&wanted.src), text(&wanted.fstype)];
        let (opts, dump, passno) = (escaped(&wanted.opts), escaped(&wanted.dump), escaped(&wanted.passno));
        let new = format!("{src} {} {fstype} {opts} {dump} {passno}\n", escaped(&wanted.name));
        let (mut there, mut changed) = (false, false);
        for line in &mut self.lines {
            if !line.ends_with('\n') {
                line.push('\n');
            }
            if line.trim().is_empty() || line.trim().starts_with('#') {
                continue;
            }
            let fields: Vec<&str> = line.split('#').next().unwrap_or("").split_whitespace().collect();
            let (4..=6, [own_src, name, own_fstype, own_opts, rest @ ..]) = (fields.len(), fields.as_slice()) else {
                continue;
            };
            if !Self::is_it(wanted, own_src, name, own_fstype) {
                continue;
            }
            there = true;
            // A number that was left out is not the same as a zero that is written.
            changed |= [*own_src, *own_fstype, *own_opts] != [src.as_str(), &fstype, &opts]
                || rest != [dump.as_str(), passno.as_str()];
            if changed {
                line.clone_from(&new);
            }
        }
        if !there {
            self.lines.push(new);
            changed = true;
        }
        changed
    }

    /// Removes the lines of the mount point; says whether there were some.
    pub(super) fn remove(&mut self, wanted: &Wanted) -> bool {
        let before = self.lines.len();
        self.lines.retain(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let [src, name, fstype, _, _, _] = fields.as_slice() else { return true };
            line.trim().starts_with('#') || !Self::is_it(wanted, src, name, fstype)
        });
        self.lines.len() != before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(src: &str, name: &str, fstype: &str) -> Wanted {
        Wanted {
            name: name.into(),
            src: Some(src.into()),
            fstype: Some(fstype.into()),
            opts: "defaults".into(),
            dump: "0".into(),
            passno: "0".into(),
            ..Wanted::default()
        }
    }

    #[track_caller]
    fn check(text: &str, wanted: &Wanted, set: Option<&str>, removed: Option<&str>) {
        let fstab = Fstab { path: String::new(), lines: text.split_inclusive('\n').map(str::to_owned).collect() };
        let mut one = fstab.clone();
        assert_eq!(one.set(wanted), set.is_some(), "{text}");
        assert_eq!(one.lines.concat(), set.unwrap_or(text));
        let mut two = fstab.clone();
        assert_eq!(two.remove(wanted), removed.is_some(), "{text}");
        assert_eq!(two.lines.concat(), removed.unwrap_or(text));
    }

    #[test]
    fn lines() {
        let x = wanted("/dev/x", "/x", "ext4");
        let new = "/dev/x /x ext4 defaults 0 0\n";
        check("# c\n\nUUID=1 / ext4 rw 0 1", &x, Some(&format!("# c\n\nUUID=1 / ext4 rw 0 1\n{new}")), None);
        check("/dev/x  /x ext4 defaults 0 0\n", &x, None, Some(""));
        check("/dev/x /x ext4 defaults\n", &x, Some(new), None);
        check("/dev/y /x ext4 defaults 0 0\n", &x, Some(new), Some(""));
        let swap = wanted("/dev/s", "none", "swap");
        let other = "/dev/t none swap defaults 0 0\n";
        check(other, &swap, Some(&format!("{other}/dev/s none swap defaults 0 0\n")), None);
    }
}
