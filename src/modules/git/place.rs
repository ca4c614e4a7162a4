//! Where a repository is: its git folder, its branch, and moving that folder elsewhere.

use super::Git;
use crate::host::errors;
use crate::proto::Outcome;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

impl Git<'_, '_> {
    /// The git folder, moved first where `separate_git_dir` names another one.
    pub(super) fn place(&mut self, separate: Option<&str>) -> Result<PathBuf, Outcome> {
        let place = self.git_folder()?;
        let Some(separate) = separate.map(PathBuf::from).filter(|path| *path != place && place.exists()) else {
            return Ok(place);
        };
        self.out.set("changed", true);
        if self.call.check() {
            return Ok(place);
        }
        self.relocate(&place, &separate)?;
        Ok(separate)
    }

    /// The git folder of the destination; a file `.git` says where it is.
    fn git_folder(&self) -> Result<PathBuf, Outcome> {
        let dest = Path::new(self.dest.as_deref().unwrap_or_default());
        let place = if self.bare { dest.to_owned() } else { dest.join(".git") };
        if !place.is_file() {
            return Ok(place);
        }
        let invalid = |details: String| {
            let msg =
                "Current repo does not have a valid reference to a separate Git dir or it refers to the invalid path";
            Outcome::failed(msg).with("details", details.as_str()).caused_by(details)
        };
        let text = fs::read_to_string(&place).map_err(|e| invalid(errors::os_error(&e, &place)))?;
        let (before, folder) = text
            .trim_end()
            .split_once("gitdir: ")
            .ok_or_else(|| invalid("not enough values to unpack (expected 2, got 1)".into()))?;
        if !before.is_empty() {
            return Err(invalid(".git file has invalid git dir reference format".into()));
        }
        let folder = dest.join(folder);
        if !folder.is_dir() {
            return Err(invalid(format!("{} is not a directory", folder.display())));
        }
        Ok(folder)
    }

    /// Moves the git folder, and leaves a file in its place that says where it is.
    pub(super) fn relocate(&mut self, from: &Path, to: &Path) -> Result<(), Outcome> {
        if to.exists() {
            return Err(Outcome::failed(format!("Separate-git-dir path {} already exists.", to.display())));
        }
        let failed = |why: String| Outcome::crashed(format!("Unable to move git dir.: {why}"));
        self.rename(from, to).map_err(failed)?;
        let dot_git = Path::new(self.dest.as_deref().unwrap_or_default()).join(".git");
        if let Err(error) = fs::write(&dot_git, format!("gitdir: {}", to.display())) {
            let why = errors::os_error(&error, &dot_git);
            // Without that file the working copy would be none.
            self.rename(to, from).map_err(failed)?;
            return Err(failed(why));
        }
        self.out.set("git_dir_before", from.to_string_lossy().as_ref());
        self.out.set("git_dir_now", to.to_string_lossy().as_ref());
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), String> {
        match fs::rename(from, to) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                let words = ["mv".as_ref(), "--".as_ref(), from.as_os_str(), to.as_os_str()];
                let output = self.call.command(words).run().map_err(|e| errors::plain(&e))?;
                if output.rc == 0 { Ok(()) } else { Err(output.err().trim_end().to_owned()) }
            }
            other => other.map_err(|e| errors::os_error_two(&e, from, to)),
        }
    }

    /// The branch that is checked out, or where none is, the one that the remote's HEAD names.
    ///
    /// Where neither can be told it is the real one's word for that, `None`, which no repository has.
    pub(super) fn head_branch(&self) -> Result<String, Outcome> {
        let place = self.git_folder()?;
        let mut head = place.join("HEAD");
        if self.is_detached()? {
            head = place.join("refs/remotes").join(&self.remote).join("HEAD");
        }
        if !head.exists() {
            return Ok("None".into());
        }
        let mut line = String::new();
        let read = fs::File::open(&head).and_then(|file| BufReader::new(file).read_line(&mut line));
        read.map_err(|_| Outcome::failed(format!("Unable to read {}", head.display())))?;
        Ok(branch_of(&line, &self.remote).unwrap_or_else(|| "None".into()))
    }
}

/// The branch that a line such as `ref: refs/heads/main` names.
fn branch_of(line: &str, remote: &str) -> Option<String> {
    if line.is_empty() {
        return None;
    }
    let line = line.replacen(&format!("refs/remotes/{remote}"), "", 1);
    let name = line.rsplit(' ').next().unwrap_or_default();
    name.splitn(3, '/').last().map(|branch| branch.trim_end_matches('\n').to_owned())
}

#[cfg(test)]
mod tests {
    use super::branch_of;

    #[test]
    fn branches_of_heads() {
        for (line, branch) in [
            ("ref: refs/heads/main\n", "main"),
            ("ref: refs/heads/a/b\n", "a/b"),
            ("ref: refs/remotes/origin/main\n", "main"),
            ("0123abcd\n", "0123abcd"),
        ] {
            assert_eq!(branch_of(line, "origin").as_deref(), Some(branch));
        }
        assert_eq!(branch_of("", "origin"), None);
    }
}
