//! Submodules: whether they are behind, and bringing them to where they should be.

use super::Git;
use crate::host::words;
use crate::proto::Outcome;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

impl Git<'_, '_> {
    fn folder(&self) -> &Path {
        Path::new(self.dest.as_deref().unwrap_or_default())
    }

    /// Fetches for all submodules; says whether one is new or is not where it should be.
    pub(super) fn fetch_submodules(&self) -> Result<bool, Outcome> {
        let Ok(text) = fs::read(self.folder().join(".gitmodules")) else { return Ok(false) };
        let text = String::from_utf8_lossy(&text);
        let paths = text.lines().map(str::trim).filter(|line| line.starts_with("path"));
        let mut paths = paths.filter_map(|line| line.split_once('=')).map(|(_, path)| path.trim());
        if paths.any(|path| !self.folder().join(path).join(".git").exists()) {
            return Ok(true);
        }
        let before = self.submodule_versions("HEAD")?;
        self.must(&["submodule", "foreach", &self.program, "fetch"], self.dest.as_deref())?;
        if self.call.args.bool("track_submodules") {
            // The real one knows no other branch either.
            return Ok(before != self.submodule_versions(&format!("{}/master", self.remote))?);
        }
        let output = self.must(&["submodule", "status"], self.dest.as_deref())?;
        Ok(output.out().lines().any(|line| !line.starts_with(' ')))
    }

    /// The commit of each submodule.
    fn submodule_versions(&self, version: &str) -> Result<BTreeMap<String, String>, Outcome> {
        let args = ["submodule", "foreach", &self.program, "rev-parse", version];
        let output = self.git(&args, self.dest.as_deref())?;
        if output.rc != 0 {
            return Err(Self::failed("Unable to determine hashes of submodules", &output));
        }
        let mut found = BTreeMap::new();
        let mut name = None;
        for line in output.out().lines() {
            if let Some(entered) = line.strip_prefix("Entering '") {
                name = Some(entered.strip_suffix('\'').unwrap_or(entered).to_owned());
                continue;
            }
            let line = line.trim();
            match name.take() {
                Some(name) if line.len() == 40 => drop(found.insert(name, line.to_owned())),
                _ => return Err(Outcome::failed(format!("Unable to parse submodule hash line: {line}"))),
            }
        }
        match name {
            Some(name) => Err(Outcome::failed(format!("Unable to find hash for submodule: {name}"))),
            None => Ok(found),
        }
    }

    /// Brings all submodules to where they should be.
    pub(super) fn update_submodules(&self) -> Result<(), Outcome> {
        let to_remote = self.call.args.bool("track_submodules") && self.knows_remote()?;
        if !self.folder().join(".gitmodules").exists() {
            return Ok(());
        }
        self.must(&["submodule", "sync"], self.dest.as_deref())?;
        let mut args = vec!["submodule", "update", "--init", "--recursive"];
        if to_remote {
            args.push("--remote");
        }
        if self.force {
            args.push("--force");
        }
        let output = self.git(&args, self.dest.as_deref())?;
        if output.rc == 0 {
            return Ok(());
        }
        Err(Outcome::failed(format!("Failed to init/update submodules: {}{}", output.out(), output.err())))
    }

    /// Whether `git submodule update` has an option `--remote`, as its usage tells.
    fn knows_remote(&self) -> Result<bool, Outcome> {
        let output = self.git(&["submodule", "update", "--help"], self.dest.as_deref())?;
        let err = output.err();
        let Some(line) = err.lines().rfind(|line| line.contains("git submodule [--quiet] update ")) else {
            return Ok(false);
        };
        let line = line.replace(['[', ']'], "").replace('|', " ");
        Ok(words::split(&line).unwrap_or_default().iter().any(|word| word == "--remote"))
    }
}
