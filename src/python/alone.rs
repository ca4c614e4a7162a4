//! A module as one shell script, for hosts where no agent runs: all that it needs goes along, nothing stays there.
//!
//! The script comes through standard input, as with Ansible's pipelining: no argument list shows what is in it.

use crate::host::words::{assignments, quote};
use crate::proto::{FileKind, FileModule};
use crate::value::{Dict, JsonStyle, Value, write_json};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// What the interpreter runs of a packed module.
const PROGRAM: &str = include_str!("alone.py");

/// What ends a text within the script; nothing that is in one.
const END: &str = "RPLAY-END-OF-TEXT";

/// A module to be put into a script.
#[derive(Debug)]
pub struct Alone<'a> {
    /// How it is run.
    pub file: &'a FileModule,
    /// The interpreter's command line.
    pub interpreter: &'a str,
    /// Where its code is.
    pub code: Code<'a>,
    /// Its arguments, complete.
    pub args: &'a Value,
    /// The task's environment.
    pub environment: &'a [(String, String)],
    /// Set where it is to run in the background.
    pub job: Option<Job<'a>>,
}

/// A module's code.
#[derive(Clone, Copy, Debug)]
pub enum Code<'a> {
    /// The zip file of a packed module, or the text of another.
    Bytes(&'a [u8]),
    /// The path of a program that was put on the host before.
    Put(&'a str),
}

/// How a module runs in the background: ansible-core's own wrapper starts it and keeps its state.
#[derive(Debug)]
pub struct Job<'a> {
    /// The zip file of the wrapper.
    pub wrapper: &'a [u8],
    /// The name by which it is imported.
    pub import: &'a str,
    /// The command line of the wrapper's interpreter.
    pub interpreter: &'a str,
    /// How the job's id begins.
    pub id: &'a str,
    /// Seconds that it may take; 0 is no limit.
    pub limit: u64,
}

impl Alone<'_> {
    /// The script; None where a text cannot hold the module.
    pub fn script(&self) -> Option<String> {
        let mut script = String::new();
        for (name, value) in self.environment {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if !name.is_empty() && name.chars().all(word) {
                script.push_str(&format!("{name}={}\nexport {name}\n", quote(value)));
            }
        }
        if let (FileKind::Packed, None, Code::Bytes(pack)) = (self.file.kind, &self.job, self.code) {
            // The shell stays, since it says by which signal a module ended.
            let program = program(pack, self.args, self.file);
            script.push_str(&format!("{} - <<'{END}'\n{program}{END}\nexit $?\n", self.interpreter));
            return Some(script);
        }
        // The wrapper removes a folder only by such a name.
        script.push_str("umask 077\nd=`mktemp -d \"${TMPDIR:-/tmp}/ansible-tmp-XXXXXXXXXX\"` || exit 1\n");
        let path = match self.code {
            Code::Put(path) => quote(path),
            Code::Bytes(bytes) => {
                script.push_str(&heredoc("$d/module", &self.text(bytes))?);
                script.push_str("chmod 700 \"$d/module\"\n");
                "\"$d/module\"".into()
            }
        };
        let args = match self.file.kind {
            FileKind::Packed | FileKind::Whole => None,
            FileKind::Words => Some(assignments(self.args)),
            _ => Some(write_json(self.args, JsonStyle::default())),
        };
        if let Some(args) = &args {
            script.push_str(&heredoc("$d/args", args)?);
        }
        let given = if args.is_some() { "\"$d/args\"" } else { "" };
        script.push_str("umask 022\n");
        match &self.job {
            Some(job) => {
                let program = program(
                    job.wrapper,
                    &Value::Dict(Dict::new()),
                    &FileModule { import: job.import.into(), ..FileModule::default() },
                );
                let given = if args.is_some() { given } else { "_" };
                // What the wrapper writes down is read by itself: quotes and all.
                let line = format!("{} - {} {} {path} {given}", job.interpreter, quote(job.id), job.limit);
                script.push_str(&format!("{line} <<'{END}'\n{program}{END}\nexit $?\n"));
            }
            None => {
                let run = format!("{} {path} {given}", self.interpreter);
                script.push_str(&format!("{} </dev/null\ns=$?\nrm -rf \"$d\"\nexit $s\n", run.trim()));
            }
        }
        Some(script)
    }

    /// The module as a file of its own.
    fn text(&self, code: &[u8]) -> String {
        match self.file.kind {
            FileKind::Packed => {
                let program = program(code, self.args, self.file);
                format!("#!{}\n{program}", self.interpreter)
            }
            _ => String::from_utf8_lossy(code).into_owned(),
        }
    }
}

/// The program that runs a packed module with its arguments.
fn program(pack: &[u8], args: &Value, file: &FileModule) -> String {
    let params = format!("{{\"ANSIBLE_MODULE_ARGS\": {}}}", write_json(args, JsonStyle::default()));
    let (pack, params, extensions) =
        (STANDARD.encode(pack), STANDARD.encode(params), STANDARD.encode(file.extensions()));
    let (import, profile, nofile) = (&file.import, file.profile(), file.nofile);
    format!(
        "{PROGRAM}\n\nrun(\n    '{pack}',\n    '{params}',\n    '{import}',\n    '{profile}',\n    '{extensions}',\n    \
         {nofile},\n)\n"
    )
}

/// The lines that write a text into a file; None where the text cannot stand in them.
fn heredoc(path: &str, text: &str) -> Option<String> {
    if text.lines().any(|line| line == END) {
        return None;
    }
    Some(format!("cat > \"{path}\" <<'{END}'\n{}\n{END}\n", text.trim_end_matches('\n')))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::process::{Command, Stdio};

    fn run(kind: FileKind, interpreter: &str, content: &str) -> String {
        let file = FileModule { kind, ..FileModule::default() };
        let args = Value::Dict(Dict::from([("a", Value::from("it's\nü")), ("b", Value::Int(1))]));
        let environment = [("GIVEN".to_owned(), "x 'y'".to_owned()), ("not a name".to_owned(), String::new())];
        let alone = Alone {
            file: &file,
            interpreter,
            code: Code::Bytes(content.as_bytes()),
            args: &args,
            environment: &environment,
            job: None,
        };
        let mut shell = Command::new("/bin/sh").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        shell.stdin.take().unwrap().write_all(alone.script().unwrap().as_bytes()).unwrap();
        String::from_utf8(shell.wait_with_output().unwrap().stdout).unwrap()
    }

    #[test]
    fn a_shell_runs_it() {
        let text = "#!/bin/sh\necho \"$GIVEN $#\"; [ -z \"$1\" ] || cat \"$1\"\n";
        assert_eq!(run(FileKind::Whole, "/bin/sh", text), "x 'y' 0\n");
        assert_eq!(run(FileKind::Json, "/bin/sh", text), "x 'y' 1\n{\"a\": \"it's\\n\\u00fc\", \"b\": 1}\n");
        assert_eq!(run(FileKind::Words, "/bin/sh", text), "x 'y' 1\na='it'\"'\"'s\nü' b=1 \n");
    }
}
