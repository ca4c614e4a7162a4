//! `ansible.posix.patch`: applies a patch, or takes it back, with the host's GNU patch.
//!
//! Whether it is applied already is found out by a dry run the other way around.

use super::attributes::absolute;
use super::{Call, ModuleDef, Support, command, edit};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::Output;
use crate::proto::Outcome;
use rustix::fs::{Access, access};
use std::path::Path;

const FALSE: Default = Default::Bool(false);

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "patch",
    doc: "Apply patch files using the GNU patch tool.",
    spec: &Spec {
        required_one_of: &[&["dest", "basedir"]],
        ..Spec::new(&[
            Arg::new("src", Kind::Path).required().aliases(&["patchfile"]),
            Arg::new("dest", Kind::Path).aliases(&["originalfile"]),
            Arg::new("basedir", Kind::Path),
            Arg::new("strip", Kind::Int).default(Default::Int(0)),
            Arg::new("remote_src", Kind::Bool).default(FALSE),
            Arg::new("backup", Kind::Bool).default(FALSE),
            Arg::new("binary", Kind::Bool).default(FALSE),
            Arg::new("ignore_whitespace", Kind::Bool).default(FALSE),
            Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["absent", "present"]),
        ])
    },
    check: Support::Full,
    diff: Support::None,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let call = &*call;
    let given = |name: &str| call.args.opt_str(name).filter(|path| !path.is_empty());
    let src = call.args.str("src");
    let (dest, basedir) = (given("dest"), given("basedir"));
    if access(src, Access::READ_OK).is_err() {
        return Err(Outcome::failed(format!("src {src} doesn't exist or not readable")));
    }
    if let Some(dest) = dest.filter(|dest| access(*dest, Access::WRITE_OK).is_err()) {
        return Err(Outcome::failed(format!("dest {dest} doesn't exist or not writable")));
    }
    if let Some(basedir) = basedir.filter(|path| !Path::new(path).exists()) {
        return Err(Outcome::failed(format!("basedir {basedir} doesn't exist")));
    }
    let folder = basedir.unwrap_or_else(|| edit::dirname(dest.unwrap_or_default()));
    let Some(program) = call.env.find_program("patch") else {
        return Err(Outcome::failed("patch command not found"));
    };
    let src = edit::normal(&absolute(src));
    let strip = call.args.int("strip");
    let reverse = call.args.str("state") == "absent";
    let words = |first: &[&str], dry: bool, reverse: bool, backup: bool| {
        let mut argv = vec![program.to_string_lossy().into_owned()];
        argv.extend(first.iter().map(|word| (*word).to_owned()));
        argv.extend([format!("--strip={strip}"), format!("--directory={folder}"), format!("--input={src}")]);
        let bsd = std::env::consts::OS.ends_with("bsd");
        let options = [
            (dry && bsd, "--check"),
            (dry && !bsd, "--dry-run"),
            (call.args.bool("binary"), "--binary"),
            (call.args.bool("ignore_whitespace"), "--ignore-whitespace"),
        ];
        argv.extend(options.iter().filter(|(wanted, _)| *wanted).map(|(_, word)| (*word).to_owned()));
        argv.extend(dest.map(str::to_owned));
        let options = [(backup, "--backup"), (backup, "--version-control=numbered"), (reverse, "--reverse")];
        argv.extend(options.iter().filter(|(wanted, _)| *wanted).map(|(_, word)| (*word).to_owned()));
        argv
    };
    if execute(call, &words(&["--quiet", "--forward"], true, !reverse, false))?.rc == 0 {
        return Ok(Outcome::changed(false));
    }
    let first = ["--quiet", "--forward", "--batch", "--reject-file=-"];
    let output = execute(call, &words(&first, call.check(), reverse, call.args.bool("backup")))?;
    if output.rc != 0 {
        let err = output.err();
        return Err(Outcome::failed(if err.is_empty() { output.out() } else { err }));
    }
    Ok(Outcome::changed(true))
}

fn execute(call: &Call<'_>, argv: &[String]) -> Result<Output, Outcome> {
    let words: Vec<String> = argv.iter().map(|word| call.env.expand(word)).collect();
    call.command(&words).run().map_err(|error| command::not_started(&words, &error))
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::{checked, has, outcome};
    use std::fs;

    #[test]
    fn applies_once_and_takes_back() {
        if crate::host::Env::default().find_program("patch").is_none() {
            return;
        }
        let dir = tempfile::tempdir().expect("dir");
        let file = dir.path().join("a file");
        fs::write(&file, "one\ntwo\n").expect("write");
        fs::write(dir.path().join("p"), "--- a\n+++ b\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n").expect("write");
        let root = dir.path().display();
        let args = |more: &str| format!(r#"{{"src": "{root}/p", "dest": "{root}/a file"{more}}}"#);
        has(&checked("patch", &args("")), "changed", "True");
        assert_eq!(fs::read_to_string(&file).expect("read"), "one\ntwo\n");
        has(&outcome("patch", &args(r#", "backup": true"#)), "changed", "True");
        assert_eq!(fs::read_to_string(&file).expect("read"), "one\nthree\n");
        assert!(dir.path().join("a file.~1~").exists());
        has(&outcome("patch", &args("")), "changed", "False");
        has(&outcome("patch", &args(r#", "state": "absent""#)), "changed", "True");
        assert_eq!(fs::read_to_string(&file).expect("read"), "one\ntwo\n");
        fs::write(&file, "other\n").expect("write");
        let out = outcome("patch", &args(""));
        has(&out, "failed", "True");
        let msg = out.get("msg").map(crate::value::Value::to_text).unwrap_or_default();
        assert!(msg.contains("1 out of 1 hunk FAILED"), "{msg}");
        let out = outcome("patch", &format!(r#"{{"src": "{root}/p", "basedir": "{root}/no"}}"#));
        has(&out, "msg", &format!("\"basedir {root}/no doesn't exist\""));
        has(&outcome("patch", r#"{"src": "/x"}"#), "msg", "'one of the following is required: dest, basedir'");
    }
}
