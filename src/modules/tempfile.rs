//! `tempfile`: a new file or folder of a random name, for its user alone.

use super::{Call, ModuleDef, Support, attributes, edit};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{errors, replace::random_name};
use crate::proto::Outcome;
use crate::value::str_repr;
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "tempfile",
    doc: "Creates temporary files and directories.",
    spec: &Spec::new(&[
        Arg::new("state", Kind::Str).default(Default::Str("file")).choices(&["file", "directory"]),
        Arg::new("path", Kind::Path),
        Arg::new("prefix", Kind::Str).default(Default::Str("ansible.")),
        Arg::new("suffix", Kind::Str).default(Default::Str("")),
    ]),
    check: Support::None,
    diff: Support::None,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    for name in ["prefix", "suffix"] {
        let text = call.args.str(name);
        if text != edit::basename(text) {
            let shown = str_repr(text);
            return Err(Outcome::failed(format!("{name} must be a valid file name component, got {shown}")));
        }
    }
    let folder = match call.args.opt_str("path") {
        Some(path) => PathBuf::from(attributes::absolute(path)),
        None => call.env.temp_dir(),
    };
    let path = make(call, &folder).map_err(|(error, path)| Outcome::failed(errors::os_error(&error, path)))?;
    Ok(Outcome::changed(true).with("path", path.to_string_lossy().into_owned()))
}

fn make(call: &Call<'_>, folder: &Path) -> Result<PathBuf, (io::Error, PathBuf)> {
    let folders = call.args.str("state") == "directory";
    let (prefix, suffix) = (call.args.str("prefix"), call.args.str("suffix"));
    for _ in 0..100 {
        let random = random_name().map_err(|error| (error, folder.to_owned()))?;
        let path = folder.join(format!("{prefix}{random}{suffix}"));
        let made = if folders {
            DirBuilder::new().mode(0o700).create(&path)
        } else {
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path).map(drop)
        };
        match made {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err((error, path)),
        }
    }
    Err((ErrorKind::AlreadyExists.into(), folder.to_owned()))
}

#[cfg(test)]
mod tests {
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn files_and_folders() {
        let dir = tempfile::tempdir().expect("dir");
        for (state, mode) in [("file", "'0600'"), ("directory", "'0700'")] {
            let json = format!(r#"{{"path": "{}", "state": "{state}", "suffix": ".x"}}"#, dir.path().display());
            let out = outcome("tempfile", &json);
            has(&out, "mode", mode);
            let path = out.get("path").map(crate::value::Value::to_text).unwrap_or_default();
            assert!(path.ends_with(".x") && path.contains("/ansible."), "{path}");
            has(&checked("tempfile", &json), "skipped", "True");
        }
        has(
            &outcome("tempfile", r#"{"prefix": "a/b"}"#),
            "msg",
            "\"prefix must be a valid file name component, got 'a/b'\"",
        );
    }
}
