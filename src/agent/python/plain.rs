//! Modules that get their arguments in a file, or have them in their text: programs like any other.

use super::{Printed, warm};
use crate::host::{Command, Env, words};
use crate::modules::Blob;
use crate::proto::{FileKind, FileModule};
use crate::value::{JsonStyle, Value, write_json};
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// How often a program is started that another task's fork still holds open for writing.
const BUSY: u32 = 20;

/// Runs one in a folder of its own.
pub(super) fn run(
    folder: &Path,
    file: &FileModule,
    blob: &Blob,
    args: &Value,
    env: &Env,
    cancelled: &AtomicBool,
) -> io::Result<Printed> {
    let name = Path::new(&file.file).file_name().unwrap_or("module".as_ref());
    let program = folder.join(format!("AnsiballZ_{}", name.to_string_lossy()));
    put(&program, 0o700, blob)?;
    let args = match file.kind {
        FileKind::Packed | FileKind::Whole => None,
        FileKind::Words => Some(words::assignments(args)),
        FileKind::Json | FileKind::Binary => Some(write_json(args, JsonStyle::default())),
    };
    let mut argv: Vec<PathBuf> = file.interpreter.iter().map(|word| env.expand(word).into()).collect();
    argv.push(program);
    if let Some(text) = args {
        let path = folder.join("args");
        put(&path, 0o600, &Blob::Inline(text.into_bytes()))?;
        argv.push(path);
    }
    let mut command = Command::new(env, &argv);
    command.cancelled = Some(cancelled);
    let mut tries = 0;
    loop {
        return match command.run() {
            Ok(output) => {
                let rc = output.rc;
                let mut printed = Printed { rc, stdout: output.stdout, stderr: output.stderr };
                if rc < 0 {
                    printed.ended_by(-rc, false);
                }
                Ok(printed)
            }
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && tries < BUSY => {
                tries += 1;
                std::thread::sleep(Duration::from_millis(10));
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => match file.interpreter.as_slice() {
                [] => warm::not_started(&command.program().to_string_lossy(), &error),
                words => warm::not_started(&words.join(" "), &error),
            },
        };
    }
}

fn put(path: &Path, mode: u32, blob: &Blob) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    match blob {
        Blob::Inline(bytes) => file.write_all(bytes),
        Blob::Staged(staged) => io::copy(&mut File::open(staged)?, &mut file).map(drop),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Dict;

    fn sh(kind: FileKind, text: &str, args: Dict) -> Printed {
        let dir = tempfile::tempdir().unwrap();
        let interpreter = if kind == FileKind::Binary { Vec::new() } else { vec!["/bin/sh".to_owned()] };
        let file = FileModule { kind, file: "mine".into(), interpreter, ..FileModule::default() };
        let blob = Blob::Inline(text.as_bytes().to_vec());
        run(dir.path(), &file, &blob, &args.into(), &Env::default(), &AtomicBool::new(false)).unwrap()
    }

    #[test]
    fn arguments_come_as_each_kind_wants_them() {
        let args = || Dict::from([("a", Value::from("x y")), ("b", Value::Int(1)), ("c", Value::Bool(true))]);
        let out = |kind, text| String::from_utf8(sh(kind, text, args()).stdout).unwrap();
        assert_eq!(out(FileKind::Words, "cat $1"), "a='x y' b=1 c=True ");
        assert_eq!(out(FileKind::Json, "cat $1"), r#"{"a": "x y", "b": 1, "c": true}"#);
        assert_eq!(out(FileKind::Binary, "#!/bin/sh\ncat $1"), r#"{"a": "x y", "b": 1, "c": true}"#);
        assert_eq!(out(FileKind::Whole, "echo $#"), "0\n");
    }

    #[test]
    fn what_cannot_be_started_is_told_as_the_shell_tells_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = FileModule {
            kind: FileKind::Json,
            file: "mine".into(),
            interpreter: vec!["/nope/python".into()],
            ..FileModule::default()
        };
        let blob = Blob::Inline(Vec::new());
        let flag = AtomicBool::new(false);
        let printed = run(dir.path(), &file, &blob, &Value::Dict(Dict::new()), &Env::default(), &flag).unwrap();
        assert_eq!((printed.rc, printed.stderr.as_slice()), (127, &b"/bin/sh: 1: /nope/python: not found\n"[..]));
        assert_eq!(sh(FileKind::Whole, "kill -9 $$", Dict::new()).rc, 137);
    }
}
