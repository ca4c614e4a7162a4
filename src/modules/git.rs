//! `git`: a working copy or bare repository is at a version, by the host's own git.
//!
//! A run that was cut off is repaired by the next one, as far as git itself repairs: nothing is kept
//! between runs but what is in the repository.

mod archive;
mod place;
mod remote;
mod ssh;
mod submodules;
mod switch;

use super::attributes::{absolute, real_path};
use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Output, mode};
use crate::proto::Outcome;
use crate::value::{Dict, Value, str_repr};
use std::path::{Path, PathBuf};

const FALSE: Default = Default::Bool(false);
const TRUE: Default = Default::Bool(true);

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "git",
    doc: "Deploy software (or files) from git checkouts.",
    spec: &Spec {
        mutually_exclusive: &[&["separate_git_dir", "bare"], &["accept_hostkey", "accept_newhostkey"]],
        required_by: &[("archive_prefix", &["archive"])],
        ..Spec::new(&[
            Arg::new("dest", Kind::Path),
            Arg::new("repo", Kind::Str).required().aliases(&["name"]),
            Arg::new("version", Kind::Str).default(Default::Str("HEAD")),
            Arg::new("remote", Kind::Str).default(Default::Str("origin")),
            Arg::new("refspec", Kind::Str),
            Arg::new("reference", Kind::Str),
            Arg::new("force", Kind::Bool).default(FALSE),
            Arg::new("depth", Kind::Int),
            Arg::new("clone", Kind::Bool).default(TRUE),
            Arg::new("update", Kind::Bool).default(TRUE),
            Arg::new("verify_commit", Kind::Bool).default(FALSE),
            Arg::new("gpg_allowlist", Kind::List)
                .elements(Kind::Str)
                .default(Default::List(&[]))
                .aliases(&["gpg_whitelist"])
                .deprecated_aliases(&[("gpg_whitelist", "2.21", "ansible.builtin")]),
            Arg::new("accept_hostkey", Kind::Bool).default(FALSE),
            Arg::new("accept_newhostkey", Kind::Bool).default(FALSE),
            Arg::new("key_file", Kind::Path),
            Arg::new("ssh_opts", Kind::Str),
            Arg::new("executable", Kind::Path),
            Arg::new("bare", Kind::Bool).default(FALSE),
            Arg::new("recursive", Kind::Bool).default(TRUE),
            Arg::new("single_branch", Kind::Bool).default(FALSE),
            Arg::new("track_submodules", Kind::Bool).default(FALSE),
            Arg::new("umask", Kind::Raw),
            Arg::new("archive", Kind::Path),
            Arg::new("archive_prefix", Kind::Str),
            Arg::new("separate_git_dir", Kind::Path),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

/// What a run works with.
struct Git<'a, 'b> {
    call: &'a mut Call<'b>,
    /// The program.
    program: String,
    /// Its version; None where it would not say.
    known: Option<Vec<u32>>,
    /// Variables of its environment.
    vars: Vec<(&'static str, String)>,
    umask: Option<u32>,
    /// Where the repository comes from; a path has `file://` before it, which `--depth` needs.
    repo: String,
    /// The absolute path of the working copy.
    dest: Option<String>,
    version: String,
    remote: String,
    refspec: Option<String>,
    depth: Option<i64>,
    bare: bool,
    force: bool,
    /// The result as it grows.
    out: Outcome,
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let text = |name: &str| call.args.opt_str(name).filter(|text| !text.is_empty()).map(str::to_owned);
    let program = match text("executable") {
        Some(path) => path,
        None => call.need_program("git")?.to_string_lossy().into_owned(),
    };
    let (dest, refspec, separate) = (text("dest"), text("refspec"), text("separate_git_dir"));
    let options = ssh::options(call)?;
    let umask = umask(call)?;
    let repo = call.args.str("repo");
    let expanded = call.env.expand_home(repo);
    let repo = if expanded.starts_with('/') { format!("file://{expanded}") } else { repo.to_owned() };
    let locale = crate::host::locale::parsable(&call.env);
    let vars = ["LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANGUAGE"].map(|name| (name, locale.to_owned()));
    let mut git = Git {
        program,
        known: None,
        vars: vars.to_vec(),
        umask,
        repo,
        dest: None,
        version: call.args.str("version").to_owned(),
        remote: call.args.str("remote").to_owned(),
        refspec,
        depth: call.args.opt_int("depth").filter(|depth| *depth != 0),
        bare: call.args.bool("bare"),
        force: call.args.bool("force"),
        out: Outcome::changed(false),
        call,
    };
    let separate = separate.map(|path| real_path(&path));
    let config = match dest {
        None if git.call.args.bool("clone") => {
            return Err(Outcome::failed("the destination directory must be specified unless clone=no"));
        }
        None => None,
        Some(dest) => {
            git.dest = Some(super::edit::normal(&absolute(&dest)));
            Some(git.place(separate.as_deref())?.join("config"))
        }
    };
    git.known = git.ask_version()?;
    let wrapper = ssh::prepare(&mut git, options.as_deref())?;
    let result = git.work(config.as_deref(), separate.as_deref());
    drop(wrapper);
    result
}

/// The umask of the task.
fn umask(call: &Call<'_>) -> Result<Option<u32>, Outcome> {
    match call.args.value("umask") {
        Value::Null => Ok(None),
        Value::Str(text) => mode::octal(text.as_str()).map(Some).ok_or_else(|| {
            let details = format!("invalid literal for int() with base 8: {}", str_repr(text.as_str()));
            Outcome::failed("umask must be an octal integer").with("details", details)
        }),
        _ => Err(Outcome::failed("umask must be defined as a quoted octal integer")),
    }
}

/// How a repository that is there has been dealt with.
enum Done {
    /// It is all.
    All,
    /// It is to be switched to the version: had it local changes, and did its remote's address change?
    Fetched { local_mods: bool, url_changed: bool },
}

impl Git<'_, '_> {
    fn work(&mut self, config: Option<&Path>, separate: Option<&str>) -> Result<Outcome, Outcome> {
        self.out.set("before", Value::Null);
        let cloning = self.call.args.bool("clone");
        let (mut local_mods, mut url_changed) = (false, false);
        if config.is_none_or(|config| !config.exists()) {
            if self.call.check() || !cloning {
                let head = self.remote_head(&self.repo.clone())?;
                self.out.set("changed", true);
                self.out.set("after", head.as_str());
                self.add_diff(None, &head)?;
                return Ok(self.out.clone());
            }
            self.clone_it(separate)?;
        } else if !self.call.args.bool("update") {
            let head = self.head()?;
            self.out.set("before", head.as_str());
            self.out.set("after", head);
            return self.archived();
        } else {
            match self.update()? {
                Done::All => return Ok(self.out.clone()),
                Done::Fetched { local_mods: mods, url_changed: changed } => (local_mods, url_changed) = (mods, changed),
            }
        }
        if !self.bare {
            self.switch_version()?;
        }
        let mut submodules = false;
        if self.call.args.bool("recursive") && !self.bare {
            submodules = self.fetch_submodules()?;
            if submodules {
                self.out.set("submodules_changed", true);
                self.update_submodules()?;
            }
        }
        let after = self.head()?;
        self.out.set("after", after.as_str());
        let before = self.out.get("before").and_then(Value::as_str).map(str::to_owned);
        if before.as_deref() != Some(after.as_str()) || local_mods || submodules || url_changed {
            self.out.set("changed", true);
            self.add_diff(before.as_deref(), &after)?;
        }
        self.archived()
    }

    /// Brings what is new to a repository that is there.
    fn update(&mut self) -> Result<Done, Outcome> {
        let local_mods = self.has_local_mods()?;
        let before = self.head()?;
        self.out.set("before", before.as_str());
        if local_mods {
            let dest = self.dest.clone().unwrap_or_default();
            if !self.force {
                let msg = format!("Local modifications exist in the destination: {dest} (force=no).");
                return Err(self.out.clone().with("failed", true).with("msg", msg));
            }
            // Check mode leaves them, but does not mind them either.
            if !self.call.check() {
                self.must(&["reset", "--hard", "HEAD"], self.dest.as_deref())?;
                self.out.set("changed", true);
                self.out.set("msg", format!("Local modifications exist in the destination: {dest}"));
            }
        }
        if !self.call.check() {
            let url_changed = self.set_remote_url()?;
            self.out.set("remote_url_changed", url_changed);
            let version = self.version.clone();
            self.fetch(&version, self.refspec.clone().as_deref(), self.force)?;
            return Ok(Done::Fetched { local_mods, url_changed });
        }
        let url = self.remote_url()?;
        let url_changed = url.as_deref().map(|url| !url.is_empty() && !self.is_repo(url));
        self.out.set("remote_url_changed", url_changed.map_or(Value::Null, Value::from));
        let head = self.remote_head(&self.remote.clone())?;
        self.out.set("changed", before != head || url_changed == Some(true));
        self.out.set("after", head.as_str());
        self.add_diff(Some(&before), &head)?;
        Ok(Done::All)
    }

    /// Adds the difference between two commits, where differences are asked for.
    fn add_diff(&mut self, before: Option<&str>, after: &str) -> Result<(), Outcome> {
        if !self.call.context.diff {
            return Ok(());
        }
        let prepared = match before {
            None => format!(">> Newly checked out {after}"),
            Some(before) if before == after => return Ok(()),
            Some(before) => {
                // Both commits must be there before they can be compared.
                self.fetch(after, Some(""), false)?;
                let output = self.git(&["diff", before, after], self.dest.as_deref())?;
                match (output.rc, output.out(), output.err()) {
                    (0, out, _) if !out.is_empty() => out,
                    (0, ..) => format!(">> No visual differences between {before} and {after}"),
                    (_, _, err) if !err.is_empty() => {
                        format!(">> Failed to get proper diff between {before} and {after}:\n>> {err}")
                    }
                    _ => format!(">> Failed to get proper diff between {before} and {after}"),
                }
            }
        };
        self.out.set("diff", Dict::from([("prepared", prepared)]));
        Ok(())
    }

    /// The result, once the archive is made that the task may ask for.
    fn archived(&mut self) -> Result<Outcome, Outcome> {
        if let Some(archive) = self.call.args.opt_str("archive").filter(|path| !path.is_empty()).map(str::to_owned) {
            if self.call.check() {
                self.out.set("changed", true);
            } else {
                let changed = self.make_archive(&archive)?;
                self.out.set("changed", changed);
            }
        }
        Ok(self.out.clone())
    }

    /// Runs git, in a folder where that exists.
    fn git(&self, args: &[&str], cwd: Option<&str>) -> Result<Output, Outcome> {
        self.run(&self.argv(args), cwd)
    }

    /// Runs git; a status other than 0 is the module's failure.
    fn must(&self, args: &[&str], cwd: Option<&str>) -> Result<Output, Outcome> {
        let argv = self.argv(args);
        let output = self.run(&argv, cwd)?;
        if output.rc == 0 { Ok(output) } else { Err(command::refused(&argv, &output)) }
    }

    fn argv(&self, args: &[&str]) -> Vec<String> {
        std::iter::once(self.program.as_str()).chain(args.iter().copied()).map(str::to_owned).collect()
    }

    fn run(&self, argv: &[String], cwd: Option<&str>) -> Result<Output, Outcome> {
        let words: Vec<String> = argv.iter().map(|word| self.call.env.expand(word)).collect();
        let mut command = self.call.command(&words).cwd(cwd.map(PathBuf::from).filter(|path| path.is_dir()));
        command.umask = self.umask;
        for (name, value) in &self.vars {
            command = command.var(name, value.as_str());
        }
        command.run().map_err(|error| command::not_started(&words, &error))
    }

    /// The version of git itself.
    fn ask_version(&self) -> Result<Option<Vec<u32>>, Outcome> {
        let output = self.git(&["--version"], None)?;
        let out = output.out();
        let text = out.lines().find_map(|line| line.split_once("git version ")).filter(|_| output.rc == 0);
        let numbers = |text: &str| text.split('.').map_while(|part| part.trim().parse().ok()).collect();
        Ok(text.map(|(_, text)| numbers(text)))
    }

    /// Whether git is older than a version; None where it did not say.
    fn is_older(&self, version: &[u32]) -> Option<bool> {
        self.known.as_deref().map(|known| known < version)
    }

    /// The commit that is checked out.
    fn head(&self) -> Result<String, Outcome> {
        let output = self.git(&["rev-parse", "HEAD"], self.dest.as_deref())?;
        Ok(output.out().trim_end_matches('\n').to_owned())
    }

    fn has_local_mods(&self) -> Result<bool, Outcome> {
        if self.bare {
            return Ok(false);
        }
        let output = self.git(&["status", "--porcelain"], self.dest.as_deref())?;
        Ok(output.out().lines().any(|line| !line.starts_with("??")))
    }

    /// A failure with what a command printed.
    fn failed(msg: impl Into<String>, output: &Output) -> Outcome {
        Outcome::failed(msg).with("stdout", output.out()).with("stderr", output.err()).with("rc", output.rc)
    }
}

#[cfg(test)]
mod tests;
