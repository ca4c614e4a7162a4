//! The home of an account: made from the skeleton, and given to the account.

use crate::host::accounts::User;
use crate::host::{errors, replace};
use crate::modules::Call;
use crate::proto::Outcome;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, lchown, symlink};
use std::path::Path;

/// Where the mode of new homes is said.
const LOGIN_DEFS: &str = "/etc/login.defs";

/// Makes a home as `useradd -m` would; one that is there stays.
pub(super) fn create(call: &Call<'_>, path: &str) -> Result<(), Outcome> {
    let home = Path::new(path);
    if home.exists() {
        return Ok(());
    }
    let skeleton = call.args.opt_str("skeleton").unwrap_or("/etc/skel");
    let failed = |error: &io::Error| Outcome::failed(errors::os_error(error, path));
    if skeleton != "/dev/null" && Path::new(skeleton).exists() {
        fs::create_dir_all(home).and_then(|()| copy_tree(Path::new(skeleton), home)).map_err(|e| failed(&e))?;
    } else {
        fs::create_dir_all(home).map_err(|e| failed(&e))?;
    }
    if let Ok(text) = fs::read_to_string(LOGIN_DEFS) {
        fs::set_permissions(home, Permissions::from_mode(mode(&text))).map_err(|e| failed(&e))?;
    }
    Ok(())
}

/// The mode of new homes: HOME_MODE, else what UMASK leaves.
fn mode(defs: &str) -> u32 {
    let value = |line: &str, key: &str| -> Option<u32> {
        let rest = line.strip_prefix(key)?;
        let digits = rest.trim_start();
        (digits.len() < rest.len()).then(|| u32::from_str_radix(digits, 8).ok()).flatten()
    };
    if let Some(mode) = defs.lines().find_map(|line| value(line, "HOME_MODE")) {
        return mode & 0o7777;
    }
    defs.lines().filter_map(|line| value(line, "UMASK")).next_back().map_or(0o755, |umask| 0o777 & !umask)
}

/// Copies what a folder holds, with modes and times; links stay links.
fn copy_tree(from: &Path, to: &Path) -> io::Result<()> {
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type()?;
        if kind.is_symlink() {
            symlink(fs::read_link(&source)?, &target)?;
        } else if kind.is_dir() {
            fs::create_dir(&target)?;
            copy_tree(&source, &target)?;
        } else if kind.is_file() {
            fs::copy(&source, &target)?;
            replace::copy_times(&source.metadata()?, &target)?;
        } else {
            return Err(io::Error::other(format!("`{}` is a special file", source.display())));
        }
    }
    let meta = from.metadata()?;
    fs::set_permissions(to, Permissions::from_mode(meta.permissions().mode() & 0o7777))?;
    replace::copy_times(&meta, to)
}

/// Gives a home and all within to an account. Links stay as they are: what they point to is not the home's.
pub(super) fn own(user: &User, path: &str) -> Result<(), Outcome> {
    own_tree(user, Path::new(path)).map_err(|(error, path)| Outcome::failed(errors::os_error(&error, path)))
}

fn own_tree(user: &User, path: &Path) -> Result<(), (io::Error, std::path::PathBuf)> {
    let at = |error: io::Error| (error, path.to_owned());
    lchown(path, Some(user.uid), Some(user.gid)).map_err(at)?;
    let Ok(entries) = fs::read_dir(path) else { return Ok(()) };
    for entry in entries.flatten() {
        let (path, kind) = (entry.path(), entry.file_type().map_err(at)?);
        if kind.is_dir() {
            own_tree(user, &path)?;
        } else if !kind.is_symlink() {
            lchown(&path, Some(user.uid), Some(user.gid)).map_err(|error| (error, path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_of_homes() {
        assert_eq!(mode(""), 0o755);
        assert_eq!(mode("#UMASK 077\nUMASK\t\t022\nUMASK 027\n"), 0o750);
        assert_eq!(mode("UMASK 022\nHOME_MODE\t0700\n"), 0o700);
        assert_eq!(mode("HOME_MODEX 0700\n"), 0o755);
    }

    #[test]
    fn skeletons_are_copied() {
        let dir = tempfile::tempdir().expect("dir");
        let (from, to) = (dir.path().join("skel"), dir.path().join("home"));
        fs::create_dir_all(from.join("sub")).expect("mkdir");
        fs::write(from.join("sub/f"), "x").expect("write");
        symlink("sub/f", from.join("l")).expect("link");
        fs::create_dir(&to).expect("mkdir");
        copy_tree(&from, &to).expect("copied");
        assert_eq!(fs::read_to_string(to.join("sub/f")).expect("read"), "x");
        assert_eq!(fs::read_link(to.join("l")).expect("link"), Path::new("sub/f"));
    }
}
