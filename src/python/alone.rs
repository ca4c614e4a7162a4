//! A module as one shell script, for hosts where no agent runs: all that it needs goes along, nothing stays there.
//!
//! The script comes through standard input, as with Ansible's pipelining: no argument list shows what is in it.

use crate::host::words::{assignments, quote};
use crate::proto::{FileKind, FileModule};
use crate::value::{JsonStyle, Value, write_json};
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
    /// The zip file of a packed module, or the text of another.
    pub content: &'a [u8],
    /// Its arguments, complete.
    pub args: &'a Value,
    /// The task's environment.
    pub environment: &'a [(String, String)],
}

impl Alone<'_> {
    /// The script; None for a program, which a text cannot hold.
    pub fn script(&self) -> Option<String> {
        let mut script = String::new();
        for (name, value) in self.environment {
            let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if !name.is_empty() && name.chars().all(word) {
                script.push_str(&format!("{name}={}\nexport {name}\n", quote(value)));
            }
        }
        let json = write_json(self.args, JsonStyle::default());
        match self.file.kind {
            FileKind::Packed => {
                let params = format!("{{\"ANSIBLE_MODULE_ARGS\": {json}}}");
                let (pack, params) = (STANDARD.encode(self.content), STANDARD.encode(params));
                let call = format!(
                    "run(\n    '{pack}',\n    '{params}',\n    '{}',\n    {},\n)\n",
                    self.file.import, self.file.nofile
                );
                // The shell stays, since it says by which signal a module ended.
                script.push_str(&format!("{} - <<'{END}'\n{PROGRAM}\n\n{call}{END}\nexit $?\n", self.interpreter));
            }
            FileKind::Binary => return None,
            kind => {
                let text = String::from_utf8_lossy(self.content);
                let args = match kind {
                    FileKind::Whole => None,
                    FileKind::Words => Some(assignments(self.args)),
                    _ => Some(json),
                };
                if text.lines().chain(args.iter().flat_map(|args| args.lines())).any(|line| line == END) {
                    return None;
                }
                script.push_str("umask 077\nd=`mktemp -d` || exit 1\n");
                script.push_str(&format!("cat > \"$d/module\" <<'{END}'\n{}\n{END}\n", text.trim_end_matches('\n')));
                let mut run = format!("{} \"$d/module\"", self.interpreter);
                if let Some(args) = args {
                    script.push_str(&format!("cat > \"$d/args\" <<'{END}'\n{args}\n{END}\n"));
                    run.push_str(" \"$d/args\"");
                }
                script.push_str(&format!("umask 022\n{run} </dev/null\ns=$?\nrm -rf \"$d\"\nexit $s\n"));
            }
        }
        Some(script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Dict;
    use std::io::Write;
    use std::process::{Command, Stdio};

    fn run(kind: FileKind, interpreter: &str, content: &str) -> String {
        let file = FileModule { kind, ..FileModule::default() };
        let args = Value::Dict(Dict::from([("a", Value::from("it's\nü")), ("b", Value::Int(1))]));
        let environment = [("GIVEN".to_owned(), "x 'y'".to_owned()), ("not a name".to_owned(), String::new())];
        let alone =
            Alone { file: &file, interpreter, content: content.as_bytes(), args: &args, environment: &environment };
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
