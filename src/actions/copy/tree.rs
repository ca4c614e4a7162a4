//! A folder of the controller's onto the host, in few round trips.
//!
//! The host says first which files differ; then the small ones go in batches, in their order, with the
//! content only of those that differ. A large file goes alone, streamed.

use super::{Content, SMALL, attributes, describe, file_name, finished, limit_diff, read, remote_args};
use crate::actions::ActionCall;
use crate::diag::{Error, Result};
use crate::modules::deliver;
use crate::modules::many::Step;
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use std::path::{Path, PathBuf};

/// How much content a batch carries, and how many files: a batch is in memory on both sides.
const MOST_BYTES: u64 = 1 << 20;
const MOST_STEPS: usize = 500;
/// How many files the host is asked about at once.
const MOST_ASKED: usize = 5000;

/// Copies a folder. `dest` ends with a slash, so that the host makes the folders between.
pub(super) async fn put(call: &ActionCall<'_>, dest: &str, source: &str, found: &Path) -> Result<Outcome> {
    let inside = source.ends_with('/');
    let tree = Tree::walk(found, inside, call.flag("local_follow", true))
        .map_err(|error| Error::action(format!("{}: {error}", found.display())))?;
    let mut sums = Sums::default();
    let mut args = remote_args(call);
    if !tree.folders.is_empty() {
        args.insert("follow", false);
    }
    for part in tree.files.chunks(MOST_ASKED) {
        if let Some(failed) = put_files(call, dest, &args, part, &mut sums).await? {
            return Ok(finished(failed));
        }
    }
    let mut batch = Batch::default();
    for args in folders(call, &tree, dest).chain(links(call, &tree, dest)) {
        batch.add(Step { module: "file", args, content: None });
        if batch.is_full()
            && let Some(failed) = batch.send(call, &mut sums).await?
        {
            return Ok(failed);
        }
    }
    if let Some(failed) = batch.send(call, &mut sums).await? {
        return Ok(failed);
    }
    let shown = if inside { format!("{}/", found.display()) } else { found.display().to_string() };
    Ok(match sums.last {
        // The result of a folder with a single file is that of whatever came last.
        Some(last) if tree.files.len() == 1 => match last.get("path").cloned() {
            Some(path) if last.get("dest").is_none() => last.with("dest", path),
            _ => last,
        },
        _ => Outcome::default().with("dest", dest).with("src", shown).with("changed", sums.changed),
    })
}

/// Puts files, the small ones in batches; the outcome of the first that failed.
async fn put_files(
    call: &ActionCall<'_>,
    dest: &str,
    args: &Dict,
    part: &[(PathBuf, String)],
    sums: &mut Sums,
) -> Result<Option<Outcome>> {
    let files: Vec<_> = part.iter().map(|(path, name)| Ok((read(call, path)?, path, name))).collect::<Result<_>>()?;
    let checksums: Vec<String> = files.iter().map(|(file, ..)| file.checksum()).collect::<Result<_>>()?;
    let differing = differing(call, dest, &files, &checksums).await?;
    let mut batch = Batch::default();
    for (at, (file, path, name)) in files.into_iter().enumerate() {
        let mut args = args.clone();
        let label = Value::str(path.to_string_lossy().as_ref());
        let alone = file.size() > SMALL && differing[at];
        if (alone || batch.is_full())
            && let Some(failed) = batch.send(call, sums).await?
        {
            return Ok(Some(failed));
        }
        if alone {
            if let Some(failed) = sums.add(super::put(call, args, dest, name, label, file).await?) {
                return Ok(Some(failed));
            }
            continue;
        }
        args.insert("dest", dest);
        describe(&mut args, name, label, &file, &checksums[at])?;
        limit_diff(call, &mut args);
        let content = if differing[at] { Some(file.bytes()?) } else { None };
        batch.add(Step { module: deliver::NAME, args, content });
    }
    batch.send(call, sums).await
}

/// Which files the host does not have yet.
async fn differing(
    call: &ActionCall<'_>,
    dest: &str,
    files: &[(Content, &PathBuf, &String)],
    checksums: &[String],
) -> Result<Vec<bool>> {
    let pairs =
        files.iter().zip(checksums).map(|((_, _, name), sum)| Value::list([name.as_str().into(), sum.as_str().into()]));
    let args = Dict::from([("dest", Value::str(dest)), ("files", Value::list(pairs))]);
    let outcome = call.module(deliver::DIFFERING, args, None).await?;
    let mut differing = vec![false; files.len()];
    for place in outcome.get("differing").and_then(Value::as_list).unwrap_or_default() {
        if let Some(differs) = place.as_int().and_then(|place| differing.get_mut(usize::try_from(place).ok()?)) {
            *differs = true;
        }
    }
    Ok(differing)
}

/// What came of the files so far.
#[derive(Default)]
struct Sums {
    changed: bool,
    last: Option<Outcome>,
}

impl Sums {
    /// Counts an outcome in; gives it back where it failed.
    fn add(&mut self, outcome: Outcome) -> Option<Outcome> {
        if outcome.is_failed() {
            return Some(outcome);
        }
        self.changed |= outcome.is_changed();
        if outcome.get("_ansible_kept").is_none() {
            self.last = Some(outcome);
        }
        None
    }
}

/// Steps that travel together.
#[derive(Default)]
struct Batch {
    steps: Vec<Step>,
    bytes: u64,
}

impl Batch {
    fn add(&mut self, step: Step) {
        self.bytes += step.content.as_ref().map_or(0, |content| content.len() as u64);
        self.steps.push(step);
    }

    fn is_full(&self) -> bool {
        self.bytes >= MOST_BYTES || self.steps.len() >= MOST_STEPS
    }

    /// Runs what there is; the outcome of the first that failed.
    async fn send(&mut self, call: &ActionCall<'_>, sums: &mut Sums) -> Result<Option<Outcome>> {
        self.bytes = 0;
        let steps = std::mem::take(&mut self.steps);
        if steps.is_empty() {
            return Ok(None);
        }
        let outcomes = call.remote.run_many(steps, call.context.clone()).await?;
        Ok(outcomes.into_iter().find_map(|outcome| sums.add(outcome)))
    }
}

/// The arguments of `file` for each folder.
fn folders(call: &ActionCall<'_>, tree: &Tree, dest: &str) -> impl Iterator<Item = Dict> {
    let mut common = attributes(call);
    common.insert("state", "directory");
    common.insert("mode", call.args.get("directory_mode").cloned().unwrap_or_default());
    common.insert("recurse", false);
    tree.folders.iter().map(move |relative| {
        let mut asked = common.clone();
        asked.insert("path", format!("{dest}{relative}"));
        asked
    })
}

/// The arguments of `file` for each link that is copied as a link.
fn links(call: &ActionCall<'_>, tree: &Tree, dest: &str) -> impl Iterator<Item = Dict> {
    let mut common = attributes(call);
    common.insert("state", "link");
    common.insert("force", true);
    if !tree.folders.is_empty() {
        common.insert("follow", false);
    }
    if common.get("mode").and_then(Value::as_str) == Some("preserve") {
        common.remove("mode");
    }
    tree.links.iter().map(move |(target, relative)| {
        let mut asked = common.clone();
        asked.insert("path", format!("{dest}{relative}"));
        asked.insert("src", target.as_str());
        asked
    })
}

/// What a folder of the controller's holds, by paths relative to where it is copied.
#[derive(Debug, Default)]
struct Tree {
    files: Vec<(PathBuf, String)>,
    folders: Vec<String>,
    links: Vec<(String, String)>,
}

impl Tree {
    /// Walks a folder, its own name before all paths unless only what is inside is copied.
    ///
    /// Without `follow` every link is copied as a link; with it, only one that leads nowhere, or back into a
    /// folder that it is in.
    fn walk(top: &Path, inside: bool, follow: bool) -> std::io::Result<Self> {
        let mut tree = Self::default();
        let prefix = if inside { String::new() } else { file_name(top) };
        if top.is_symlink() && !follow && !inside {
            tree.links.push((target(top)?, prefix));
            return Ok(tree);
        }
        tree.folder(top, &prefix, follow, &mut vec![top.canonicalize()?])?;
        Ok(tree)
    }

    fn folder(&mut self, folder: &Path, prefix: &str, follow: bool, open: &mut Vec<PathBuf>) -> std::io::Result<()> {
        let mut entries: Vec<_> = std::fs::read_dir(folder)?.collect::<std::io::Result<_>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        let mut folders = Vec::new();
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            let relative = if prefix.is_empty() { name } else { format!("{prefix}/{name}") };
            if !entry.file_type()?.is_symlink() {
                match path.is_dir() {
                    true => folders.push((path, relative)),
                    false => self.files.push((path, relative)),
                }
                continue;
            }
            match path.canonicalize() {
                Ok(real) if follow && real.is_file() => self.files.push((real, relative)),
                Ok(real) if follow && real.is_dir() && !open.contains(&real) => folders.push((real, relative)),
                _ => self.links.push((target(&path)?, relative)),
            }
        }
        for (path, relative) in folders {
            open.push(path.canonicalize()?);
            self.folders.push(relative.clone());
            self.folder(&path, &relative, follow, open)?;
            open.pop();
        }
        Ok(())
    }
}

fn target(link: &Path) -> std::io::Result<String> {
    Ok(std::fs::read_link(link)?.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn names(tree: &Tree) -> [Vec<&str>; 3] {
        let files = tree.files.iter().map(|(_, name)| name.as_str()).collect();
        let links = tree.links.iter().map(|(_, name)| name.as_str()).collect();
        [files, tree.folders.iter().map(String::as_str).collect(), links]
    }

    #[test]
    fn links_are_followed_as_far_as_they_lead_somewhere() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().join("top");
        std::fs::create_dir_all(top.join("d/empty")).unwrap();
        std::fs::write(top.join("d/file"), "x").unwrap();
        symlink("d/file", top.join("to_file")).unwrap();
        symlink("d", top.join("to_folder")).unwrap();
        symlink("nowhere", top.join("broken")).unwrap();
        symlink("..", top.join("d/back")).unwrap();
        let followed = Tree::walk(&top, true, true).unwrap();
        assert_eq!(
            names(&followed),
            [
                vec!["to_file", "d/file", "to_folder/file"],
                vec!["d", "d/empty", "to_folder", "to_folder/empty"],
                vec!["broken", "d/back", "to_folder/back"],
            ]
        );
        let kept = Tree::walk(&top, false, false).unwrap();
        assert_eq!(
            names(&kept),
            [
                vec!["top/d/file"],
                vec!["top/d", "top/d/empty"],
                vec!["top/broken", "top/to_file", "top/to_folder", "top/d/back"],
            ]
        );
    }
}
