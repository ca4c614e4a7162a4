//! What git asks a remote: its branches, tags and commits; cloning and fetching.

use super::Git;
use crate::modules::attributes::real_path;
use crate::modules::edit;
use crate::proto::Outcome;
use crate::value::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

impl Git<'_, '_> {
    /// Whether a remote or an address has a branch of a name.
    pub(super) fn is_remote_branch(&self, remote: &str, version: &str) -> Result<bool, Outcome> {
        self.has_ref(remote, "-h", &format!("refs/heads/{version}"), version)
    }

    /// Whether a remote or an address has a tag of a name.
    fn is_remote_tag(&self, remote: &str, version: &str) -> Result<bool, Outcome> {
        self.has_ref(remote, "-t", &format!("refs/tags/{version}"), version)
    }

    fn has_ref(&self, remote: &str, kind: &str, name: &str, version: &str) -> Result<bool, Outcome> {
        let output = self.must(&["ls-remote", remote, kind, name], self.dest.as_deref())?;
        Ok(output.out().contains(version))
    }

    /// The commit that the version is on a remote or at an address; a hash is itself, since no remote tells.
    pub(super) fn remote_head(&self, remote: &str) -> Result<String, Outcome> {
        let version = self.version.as_str();
        let cloning = remote == self.call.args.str("repo") || remote == self.repo;
        let cwd = self.dest.as_deref().filter(|_| !cloning);
        let mut tag = false;
        let (kind, name) = if version == "HEAD" {
            ("-h", if cloning { "HEAD".to_owned() } else { format!("refs/heads/{}", self.head_branch()?) })
        } else if self.is_remote_branch(remote, version)? {
            ("-h", format!("refs/heads/{version}"))
        } else if self.is_remote_tag(remote, version)? {
            tag = true;
            ("-t", format!("refs/tags/{version}*"))
        } else {
            return Ok(version.to_owned());
        };
        let output = self.must(&["ls-remote", remote, kind, &name], cwd)?;
        let out = output.out();
        if out.is_empty() {
            return Err(Self::failed(format!("Could not determine remote revision for {version}"), &output));
        }
        let mut line = out.as_str();
        if tag {
            // An annotated tag is a thing of its own, which points to the commit.
            let commit = out.lines().find(|line| line.ends_with(&format!("{version}^{{}}")));
            line = commit.or_else(|| out.lines().rfind(|line| line.ends_with(version))).unwrap_or(line);
        }
        Ok(line.split_whitespace().next().unwrap_or_default().to_owned())
    }

    /// The address that a remote's name stands for.
    pub(super) fn remote_url(&self) -> Result<Option<String>, Outcome> {
        let output = self.git(&["ls-remote", "--get-url", &self.remote], self.dest.as_deref())?;
        Ok((output.rc == 0).then(|| output.out().trim_end_matches('\n').to_owned()))
    }

    /// Whether an address is that of the repository, or a path to the same place.
    pub(super) fn is_repo(&self, url: &str) -> bool {
        let place = |path: &str| real_path(&self.call.env.expand(path));
        url == self.repo || place(url) == place(&self.repo)
    }

    /// Gives the remote its address; says whether that was another one.
    pub(super) fn set_remote_url(&self) -> Result<bool, Outcome> {
        let url = self.remote_url()?;
        if url.as_deref().is_some_and(|url| self.is_repo(url)) {
            return Ok(false);
        }
        let output = self.git(&["remote", "set-url", &self.remote, &self.repo], self.dest.as_deref())?;
        if output.rc != 0 {
            let (repo, remote, out, err) = (&self.repo, &self.remote, output.out(), output.err());
            return Err(Outcome::failed(format!("Failed to set a new url {repo} for {remote}: {out} {err}")));
        }
        // Gits before 1.7.5 cannot say what it was.
        Ok(url.is_some())
    }

    /// Makes the repository.
    pub(super) fn clone_it(&mut self, separate: Option<&str>) -> Result<(), Outcome> {
        let dest = self.dest.clone().unwrap_or_default();
        let parent = edit::dirname(&dest).to_owned();
        self.make_folders(Path::new(&parent));
        let repo = self.repo.clone();
        let depth = self.shallow()?.map(|depth| depth.to_string());
        let mut args = self.clone_args(depth.as_deref())?;
        let mut move_after = None;
        if let Some(separate) = separate {
            if self.is_surely_older(&[1, 7, 5])? {
                move_after = Some(separate);
            } else {
                args.push(format!("--separate-git-dir={separate}"));
            }
        }
        args.extend([repo.clone(), dest.clone()]);
        self.must(&args.iter().map(String::as_str).collect::<Vec<_>>(), Some(&parent))?;
        if let Some(separate) = move_after {
            self.relocate(&Path::new(&dest).join(".git"), Path::new(separate))?;
        }
        if self.bare && self.remote != "origin" {
            self.must(&["remote", "add", &self.remote, &repo], Some(&dest))?;
        }
        if let Some(refspec) = &self.refspec {
            let mut args = vec!["fetch"];
            if let Some(depth) = &depth {
                args.extend(["--depth", depth]);
            }
            args.extend([self.remote.as_str(), refspec]);
            self.must(&args, Some(&dest))?;
        }
        if self.call.args.bool("verify_commit") { self.verify() } else { Ok(()) }
    }

    /// The arguments of `git clone` but for where from and where to.
    fn clone_args(&mut self, depth: Option<&str>) -> Result<Vec<String>, Outcome> {
        let (repo, version) = (self.repo.clone(), self.version.clone());
        let mut args: Vec<String> = vec!["clone".into()];
        if self.bare {
            args.push("--bare".into());
        } else {
            args.extend(["--origin".into(), self.remote.clone()]);
        }
        let fetchable = self.is_remote_branch(&repo, &version)? || self.is_remote_tag(&repo, &version)?;
        if let Some(depth) = depth {
            if version == "HEAD" || self.refspec.is_some() {
                args.extend(["--depth", depth].map(str::to_owned));
            } else if fetchable {
                args.extend(["--depth", depth, "--branch", &version].map(str::to_owned));
            } else {
                self.call.warn(
                    "Ignoring depth argument. Shallow clones are only available for HEAD, branches, tags or in \
                     combination with refspec.",
                );
            }
        }
        if let Some(reference) = self.call.args.opt_str("reference").filter(|path| !path.is_empty()) {
            args.extend(["--reference", reference].map(str::to_owned));
        }
        if self.call.args.bool("single_branch") {
            if self.is_surely_older(&[1, 7, 10])? {
                let text = format!("git version '{}' is too old to use 'single-branch'. Ignoring.", self.shown());
                self.call.warn(text);
            } else {
                args.push("--single-branch".into());
                if fetchable {
                    args.extend(["--branch".into(), version]);
                }
            }
        }
        Ok(args)
    }

    /// Whether git is older than a version; it must be known here.
    fn is_surely_older(&self, version: &[u32]) -> Result<bool, Outcome> {
        let unknown = || Outcome::failed(format!("Cannot find git executable at {}", self.program));
        self.is_older(version).ok_or_else(unknown)
    }

    /// The folders above the working copy, with the task's umask; what cannot be made git will tell of.
    fn make_folders(&self, folder: &Path) {
        if folder.as_os_str().is_empty() || folder.exists() {
            return;
        }
        if let Some(above) = folder.parent() {
            self.make_folders(above);
        }
        let made = fs::create_dir(folder).is_ok();
        if let Some(mask) = self.umask.filter(|_| made) {
            drop(fs::set_permissions(folder, Permissions::from_mode(0o777 & !mask)));
        }
    }

    /// The depth, which old gits cannot keep to.
    pub(super) fn shallow(&mut self) -> Result<Option<i64>, Outcome> {
        if self.depth.is_some() && self.is_older(&[1, 9, 1]) == Some(true) {
            self.call
                .warn("git version is too old to fully support the depth argument. Falling back to full checkouts.");
            self.depth = None;
        }
        Ok(self.depth)
    }

    fn shown(&self) -> String {
        let numbers = self.known.iter().flatten().map(u32::to_string);
        numbers.collect::<Vec<_>>().join(".")
    }

    /// Fetches what the version needs from the remote.
    pub(super) fn fetch(&mut self, version: &str, refspec: Option<&str>, force: bool) -> Result<(), Outcome> {
        self.set_remote_url()?;
        let refspec = refspec.filter(|refspec| !refspec.is_empty());
        let depth = self.shallow()?;
        let remote = self.remote.clone();
        let mut args: Vec<String> = vec!["fetch".into()];
        let mut refspecs: Vec<String> = Vec::new();
        if let Some(depth) = depth {
            refspecs = self.least_refspecs(version, refspec)?;
            // Neither branch nor tag, so a hash, which only the whole history is sure to hold.
            if !refspecs.is_empty() {
                args.extend(["--depth".into(), depth.to_string()]);
            }
        }
        let mut before = None;
        if depth.is_none() || refspecs.is_empty() {
            if self.bare {
                refspecs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"].map(str::to_owned).to_vec();
            } else if self.is_older(&[1, 9]) == Some(false) {
                args.push("--tags".into());
            } else {
                // There `--tags` does not update tags, and fetches nothing else.
                before = Some([args.clone(), vec![remote.clone()]].concat());
                refspecs = vec!["+refs/tags/*:refs/tags/*".into()];
            }
            refspecs.extend(refspec.map(str::to_owned));
        }
        if force {
            args.push("--force".into());
        }
        args.push(remote);
        args.extend(refspecs);
        for args in before.into_iter().chain([args]) {
            let argv = self.argv(&args.iter().map(String::as_str).collect::<Vec<_>>());
            let output = self.run(&argv, self.dest.as_deref())?;
            if output.rc != 0 {
                let msg = format!("Failed to download remote objects and refs: {} {}", output.out(), output.err());
                let cmd = Value::list(argv.iter().map(|word| word.as_str().into()));
                return Err(Outcome::failed(msg).with("cmd", cmd));
            }
        }
        Ok(())
    }

    /// The fewest refs that a shallow fetch of a version needs; none for a hash.
    fn least_refspecs(&self, version: &str, refspec: Option<&str>) -> Result<Vec<String>, Outcome> {
        let head = self.head_branch()?;
        if let Some(refspec) = refspec {
            return Ok(vec![refspec.to_owned()]);
        }
        if version == "HEAD" {
            return Ok(vec![head]);
        }
        if self.is_remote_branch(&self.repo, version)? {
            let both = format!("+refs/heads/{version}:refs/heads/{version}");
            let own = format!("+refs/heads/{version}:refs/remotes/{}/{version}", self.remote);
            return Ok(if head == version { vec![own] } else { vec![both, own] });
        }
        if self.is_remote_tag(&self.repo, version)? {
            return Ok(vec![format!("+refs/tags/{version}:refs/tags/{version}")]);
        }
        Ok(Vec::new())
    }
}
