//! Checking out a version, and looking at its signature.

use super::Git;
use crate::host::Output;
use crate::proto::Outcome;

impl Git<'_, '_> {
    /// The local and remote branches, as git lists them.
    fn branches(&self) -> Result<Vec<String>, Outcome> {
        let output = self.git(&["branch", "--no-color", "-a"], self.dest.as_deref())?;
        let out = output.out();
        if output.rc != 0 {
            let failed = Outcome::failed(format!("Could not determine branch data - received {out}"));
            return Err(failed.with("stdout", out).with("stderr", output.err()));
        }
        Ok(out.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
    }

    /// Whether no branch is checked out.
    pub(super) fn is_detached(&self) -> Result<bool, Outcome> {
        let words = ["no branch", "detached from", "detached at"];
        let detached = |line: &String| line.starts_with("* ") && words.iter().any(|word| line.contains(word));
        Ok(self.branches()?.iter().any(detached))
    }

    fn is_local_branch(&self, name: &str) -> Result<bool, Outcome> {
        Ok(self.branches()?.iter().any(|line| line == name || line.strip_prefix("* ") == Some(name)))
    }

    /// Checks the version out; what was changed in the working copy goes.
    pub(super) fn switch_version(&mut self) -> Result<(), Outcome> {
        let (version, remote) = (self.version.clone(), self.remote.clone());
        let mut shown = version.clone();
        let mut head = "";
        let args: Vec<String> = if version == "HEAD" {
            head = "branch ";
            shown = self.head_branch()?;
            self.checkout(&shown)?;
            vec!["reset".into(), "--hard".into(), format!("{remote}/{shown}"), "--".into()]
        } else if self.is_remote_branch(&remote, &version)? {
            if let Some(depth) = self.shallow()?
                && !self.is_local_branch(&version)?
            {
                self.fetch_branch(depth)?;
            }
            if self.is_local_branch(&version)? {
                self.checkout(&version)?;
                vec!["reset".into(), "--hard".into(), format!("{remote}/{version}")]
            } else {
                let words = ["checkout", "--track", "-b"].map(str::to_owned);
                [words.as_slice(), &[version.clone(), format!("{remote}/{version}")]].concat()
            }
        } else {
            vec!["checkout".into(), "--force".into(), version.clone()]
        };
        let argv = self.argv(&args.iter().map(String::as_str).collect::<Vec<_>>());
        let output = self.run(&argv, self.dest.as_deref())?;
        if output.rc != 0 {
            let failed = Self::failed(format!("Failed to checkout {head}{shown}"), &output);
            return Err(failed.with("cmd", argv.join(" ")));
        }
        if self.call.args.bool("verify_commit") {
            self.verify()?;
        }
        Ok(())
    }

    fn checkout(&self, branch: &str) -> Result<(), Outcome> {
        let output = self.git(&["checkout", "--force", branch], self.dest.as_deref())?;
        if output.rc == 0 {
            return Ok(());
        }
        Err(Self::failed(format!("Failed to checkout branch {branch}"), &output))
    }

    /// A shallow clone has one branch; fetches another one.
    fn fetch_branch(&self, depth: i64) -> Result<(), Outcome> {
        let (version, remote) = (&self.version, &self.remote);
        let depth = format!("--depth={depth}");
        let both = format!("+refs/heads/{version}:refs/heads/{version}");
        let own = format!("+refs/heads/{version}:refs/remotes/{remote}/{version}");
        let output = self.git(&["fetch", &depth, remote, &both, &own], self.dest.as_deref())?;
        if output.rc == 0 {
            return Ok(());
        }
        Err(Self::failed(format!("Failed to fetch branch from remote: {version}"), &output))
    }

    /// Whether the version is a tag that can be signed itself.
    fn is_annotated_tag(&self) -> Result<bool, Outcome> {
        let args = ["for-each-ref", "refs/tags/", "--format", "%(objecttype):%(refname:short)"];
        let output = self.git(&args, self.dest.as_deref())?;
        let out = output.out();
        if output.rc != 0 {
            let failed = Outcome::failed(format!("Could not determine tag data - received {out}"));
            return Err(failed.with("stdout", out).with("stderr", output.err()));
        }
        Ok(out.lines().any(|line| line.trim().split_once(':') == Some(("tag", self.version.as_str()))))
    }

    /// Looks at the signature of the version, and whether its key is one of those that are allowed.
    pub(super) fn verify(&self) -> Result<(), Outcome> {
        let version = self.version.as_str();
        let command = if self.is_annotated_tag()? { "verify-tag" } else { "verify-commit" };
        let allowed = self.call.args.opt_list("gpg_allowlist").unwrap_or_default();
        let mut args = vec![command, version];
        if !allowed.is_empty() {
            args.push("--raw");
        }
        let output = self.git(&args, self.dest.as_deref())?;
        if output.rc != 0 {
            let msg = format!("Failed to verify GPG signature of commit/tag \"{version}\"");
            return Err(Self::failed(msg, &output));
        }
        if allowed.is_empty() {
            return Ok(());
        }
        let key = fingerprint(&output).unwrap_or_else(|| "None".into());
        if allowed.contains(&key) {
            return Ok(());
        }
        let msg = format!("The gpg_allowlist does not include the public key \"{key}\" for this commit");
        Err(Self::failed(msg, &output))
    }
}

/// The fingerprint of the key that has signed.
fn fingerprint(output: &Output) -> Option<String> {
    let err = output.err();
    let line = err.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let fields = line.into_iter().find(|fields| fields.get(1) == Some(&"VALIDSIG"))?;
    fields.get(2).map(|key| (*key).to_owned())
}
