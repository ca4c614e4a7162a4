//! `subversion`: a working copy or an export of a Subversion repository, by the host's own svn.

use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Output, locale};
use crate::proto::Outcome;
use crate::value::Value;
use std::path::Path;

const FALSE: Default = Default::Bool(false);
const TRUE: Default = Default::Bool(true);

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "subversion",
    doc: "Deploys a subversion repository.",
    spec: &Spec::new(&[
        Arg::new("dest", Kind::Path),
        Arg::new("repo", Kind::Str).required().aliases(&["name", "repository"]),
        Arg::new("revision", Kind::Str).default(Default::Str("HEAD")).aliases(&["rev", "version"]),
        Arg::new("force", Kind::Bool).default(FALSE),
        Arg::new("username", Kind::Str),
        Arg::new("password", Kind::Str).no_log(),
        Arg::new("executable", Kind::Path),
        Arg::new("export", Kind::Bool).default(FALSE),
        Arg::new("checkout", Kind::Bool).default(TRUE),
        Arg::new("update", Kind::Bool).default(TRUE),
        Arg::new("switch", Kind::Bool).default(TRUE),
        Arg::new("in_place", Kind::Bool).default(FALSE),
        Arg::new("validate_certs", Kind::Bool).default(FALSE),
    ]),
    check: Support::Full,
    diff: Support::None,
    run,
};

/// What a run works with.
struct Svn<'a, 'b> {
    call: &'a Call<'b>,
    program: String,
    dest: &'a str,
    repo: &'a str,
    revision: &'a str,
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let call = &*call;
    let given = |name: &str| call.args.opt_str(name).filter(|text| !text.is_empty());
    let program = match given("executable") {
        Some(path) => path.to_owned(),
        None => call.need_program("svn")?.to_string_lossy().into_owned(),
    };
    let [checkout, update, export] = ["checkout", "update", "export"].map(|name| call.args.bool(name));
    let dest = given("dest");
    if dest.is_none() && (checkout || update || export) {
        return Err(Outcome::failed(
            "the destination directory must be specified unless checkout=no, update=no, and export=no",
        ));
    }
    let (repo, revision) = (call.args.str("repo"), call.args.str("revision"));
    let svn = Svn { call, program, dest: dest.unwrap_or_default(), repo, revision };
    if !export && !update && !checkout {
        let text = svn.lines(&["info", repo])?.join("\n");
        let after = revision_line(&text).unwrap_or("Unable to get remote revision");
        return Ok(Outcome::changed(false).with("after", after));
    }
    if export || !Path::new(svn.dest).exists() {
        return svn.fresh(export, checkout);
    }
    if svn.exec(&["info", svn.dest])?.rc == 0 {
        return if update { svn.update_copy() } else { Ok(Outcome::changed(false)) };
    }
    if !call.args.bool("in_place") {
        let dest = svn.dest;
        return Err(Outcome::failed(format!(
            "ERROR: {dest} folder already exists, but its not a subversion repository."
        )));
    }
    if call.check() {
        // The real one does not look at check mode here, and changes the folder.
        return Ok(Outcome::changed(true));
    }
    svn.lines(&["checkout", "--force", "-r", revision, repo, svn.dest])?;
    if svn.has_local_mods()? && call.args.bool("force") {
        svn.revert()?;
    }
    svn.done(None, true)
}

impl Svn<'_, '_> {
    /// Checks out or exports to where nothing is, or over what is there.
    fn fresh(&self, export: bool, checkout: bool) -> Result<Outcome, Outcome> {
        if self.call.check() {
            return Ok(Outcome::changed(true));
        }
        if !export && !checkout {
            return Ok(Outcome::changed(false));
        }
        if !export {
            self.lines(&["checkout", "-r", self.revision, self.repo, self.dest])?;
            return self.done(None, true);
        }
        let mut args = vec!["export"];
        if self.call.args.bool("force") {
            args.push("--force");
        }
        args.extend(["-r", self.revision, self.repo, self.dest]);
        self.lines(&args)?;
        Ok(Outcome::changed(true))
    }

    /// Brings a working copy to the revision.
    fn update_copy(&self) -> Result<Outcome, Outcome> {
        let force = self.call.args.bool("force");
        let modified = || Outcome::failed("ERROR: modified files exist in the repository.");
        if self.call.check() {
            if self.has_local_mods()? && !force {
                return Err(modified());
            }
            return self.needs_update();
        }
        let before = self.revision()?;
        let local_mods = self.has_local_mods()?;
        let mut changed = false;
        // Before a revert, which must be of the right repository.
        if self.call.args.bool("switch") {
            changed = changes(&self.lines(&["switch", "--revision", self.revision, self.repo, self.dest])?);
        }
        if local_mods {
            if !force {
                return Err(modified());
            }
            changed |= self.revert()?;
        }
        changed |= changes(&self.lines(&["update", "-r", self.revision, self.dest])?);
        self.done(Some(before), changed || local_mods)
    }

    fn done(&self, before: Option<Value>, changed: bool) -> Result<Outcome, Outcome> {
        let after = self.revision()?;
        Ok(Outcome::changed(changed).with("before", before.unwrap_or_default()).with("after", after))
    }

    /// Runs svn; the password goes through its standard input.
    fn exec(&self, args: &[&str]) -> Result<Output, Outcome> {
        let (argv, stdin) = self.argv(args)?;
        self.run(&argv, stdin)
    }

    /// Runs svn, which must succeed, and gives what it printed.
    fn lines(&self, args: &[&str]) -> Result<Vec<String>, Outcome> {
        let (argv, stdin) = self.argv(args)?;
        let output = self.run(&argv, stdin)?;
        if output.rc != 0 {
            return Err(command::refused(&argv, &output));
        }
        Ok(output.out().lines().map(str::to_owned).collect())
    }

    fn argv(&self, args: &[&str]) -> Result<(Vec<String>, Option<Vec<u8>>), Outcome> {
        let given = |name: &str| self.call.args.opt_str(name).filter(|text| !text.is_empty());
        let mut argv = vec![self.program.as_str(), "--non-interactive", "--no-auth-cache"];
        if !self.call.args.bool("validate_certs") {
            argv.push("--trust-server-cert");
        }
        argv.extend(given("username").into_iter().flat_map(|user| ["--username", user]));
        let mut stdin = None;
        if let Some(password) = given("password") {
            if !self.reads_password()? {
                return Err(Outcome::failed(
                    "svn 1.10.0 or later is required for a password: older ones take it on their command line alone, \
                     where every user of the host can read it",
                ));
            }
            argv.push("--password-from-stdin");
            stdin = Some(format!("{password}\n").into_bytes());
        }
        argv.extend(args);
        Ok((argv.into_iter().map(str::to_owned).collect(), stdin))
    }

    fn run(&self, argv: &[String], stdin: Option<Vec<u8>>) -> Result<Output, Outcome> {
        let words: Vec<String> = argv.iter().map(|word| self.call.env.expand(word)).collect();
        let locale = locale::parsable(&self.call.env);
        let command = self.call.command(&words).stdin(stdin).var("LANG", locale).var("LC_MESSAGES", locale);
        command.run().map_err(|error| command::not_started(&words, &error))
    }

    /// Whether svn takes a password from its standard input.
    fn reads_password(&self) -> Result<bool, Outcome> {
        let argv = [self.program.clone(), "--version".to_owned(), "--quiet".to_owned()];
        let output = self.run(&argv, None)?;
        if output.rc != 0 {
            return Err(command::refused(&argv, &output));
        }
        let out = output.out();
        let numbers: Vec<u32> = out.trim().split('.').map_while(|part| part.parse().ok()).collect();
        Ok(numbers >= vec![1, 10])
    }

    /// The revision and the address of the working copy, as svn words them.
    fn revision(&self) -> Result<Value, Outcome> {
        let text = self.lines(&["info", self.dest])?.join("\n");
        let url = text.lines().find(|line| line.starts_with("URL:") || line.starts_with("URL :"));
        let revision = revision_line(&text).unwrap_or("Unable to get revision");
        Ok(Value::list([revision.into(), url.unwrap_or("Unable to get URL").into()]))
    }

    /// Whether files that svn knows were changed.
    fn has_local_mods(&self) -> Result<bool, Outcome> {
        let lines = self.lines(&["status", "--quiet", "--ignore-externals", self.dest])?;
        Ok(lines.iter().any(|line| !line.is_empty() && !line.starts_with(['?', 'X'])))
    }

    fn revert(&self) -> Result<bool, Outcome> {
        let lines = self.lines(&["revert", "-R", self.dest])?;
        Ok(lines.iter().any(|line| !line.starts_with("Reverted ")))
    }

    /// Check mode: whether the repository has a later revision.
    fn needs_update(&self) -> Result<Outcome, Outcome> {
        let current = self.lines(&["info", self.dest])?.join("\n");
        let head = self.lines(&["info", "-r", self.revision, self.dest])?.join("\n");
        let [current, head] = [&current, &head].map(|text| revision_line(text).unwrap_or("Unable to get revision"));
        let number = |line: &str| line.split_once(':').and_then(|(_, number)| number.trim().parse::<u64>().ok());
        let (Some(one), Some(two)) = (number(current), number(head)) else {
            return Err(Outcome::crashed("list index out of range"));
        };
        Ok(Outcome::changed(one < two).with("before", current).with("after", head))
    }
}

/// The line that says the revision, in any language: `Revision: 5`.
fn revision_line(text: &str) -> Option<&str> {
    text.lines().find(|line| {
        let Some((name, number)) = line.split_once(':') else { return false };
        let name = name.strip_suffix(char::is_whitespace).unwrap_or(name);
        let is_word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
        let digits = number.trim_start();
        is_word && digits.len() < number.len() && !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
    })
}

/// Whether svn tells that a file was changed.
fn changes(lines: &[String]) -> bool {
    let tells = |line: &String| {
        let mut chars = line.chars();
        chars.next().is_some_and(|c| "ABDUCGE".contains(c)) && chars.next().is_some_and(char::is_whitespace)
    };
    lines.iter().any(tells)
}

#[cfg(test)]
mod tests {
    use super::revision_line;
    use crate::modules::testing::{checked, has, outcome};
    use std::path::Path;
    use std::process::Command;

    fn sh(folder: &Path, script: &str) {
        let output = Command::new("sh").args(["-ec", script]).current_dir(folder).output().expect("sh");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    #[test]
    fn revisions_in_any_language() {
        assert_eq!(revision_line("URL: x\nRévision : 12\n"), Some("Révision : 12"));
        assert_eq!(revision_line("版本: 1"), Some("版本: 1"));
        assert_eq!(revision_line("Last Changed Rev: 3\nURL: 4x"), None);
    }

    #[test]
    fn checks_out_updates_and_exports() {
        let env = crate::host::Env::default();
        if env.find_program("svn").is_none() || env.find_program("svnadmin").is_none() {
            return;
        }
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path();
        sh(path, "svnadmin create up; mkdir in; echo 1 > in/f; svn import -q -m one in file://$PWD/up/trunk");
        let root = path.display();
        let args = |more: &str| format!(r#"{{"repo": "file://{root}/up/trunk", "dest": "{root}/down"{more}}}"#);
        has(&checked("subversion", &args("")), "changed", "True");
        let out = outcome("subversion", &args(""));
        has(&out, "changed", "True");
        has(&out, "before", "None");
        has(&out, "after", &format!("['Revision: 1', 'URL: file://{root}/up/trunk']"));
        has(&outcome("subversion", &args("")), "changed", "False");
        sh(path, "svn co -q file://$PWD/up/trunk other; echo 2 > other/f; svn ci -q -m two other");
        let dry = checked("subversion", &args(""));
        has(&dry, "before", "'Revision: 1'");
        has(&dry, "after", "'Revision: 2'");
        has(&outcome("subversion", &args("")), "changed", "True");
        std::fs::write(path.join("down/f"), "mine").expect("write");
        let msg = "'ERROR: modified files exist in the repository.'";
        has(&outcome("subversion", &args("")), "msg", msg);
        has(&outcome("subversion", &args(r#", "force": true"#)), "changed", "True");
        assert_eq!(std::fs::read_to_string(path.join("down/f")).expect("read"), "2\n");
        let out = outcome("subversion", &args(r#", "export": true, "revision": "1""#).replace("/down", "/out"));
        has(&out, "changed", "True");
        assert_eq!(std::fs::read_to_string(path.join("out/f")).expect("read"), "1\n");
        let info = args(r#", "checkout": false, "update": false"#);
        has(&outcome("subversion", &info), "after", "'Revision: 2'");
        let bad = args("").replace("/down", "/in");
        let msg = format!("'ERROR: {root}/in folder already exists, but its not a subversion repository.'");
        has(&outcome("subversion", &bad), "msg", &msg);
        has(&outcome("subversion", &bad.replace('}', r#", "in_place": true, "force": true}"#)), "changed", "True");
    }
}
