//! `ansible-vault encrypt_string`: strings as YAML that can be pasted into a file of variables.

use super::{Tool, ask_hidden, read_line, refuse, say};
use crate::diag::{Error, Result};
use std::io::{Read, Write};

/// A string, where it came from and its variable.
struct Plain {
    text: String,
    from: &'static str,
    name: Option<String>,
}

/// Encrypts the strings of the command line, of a prompt or of standard input.
pub(super) fn encrypt(tool: &Tool<'_>) -> Result<()> {
    let args = tool.all("args");
    let prompt = tool.flag("prompt");
    let stdin_name = tool.one("stdin_name");
    let stdin = args.iter().any(|a| a == "-") || stdin_name.is_some() || (args.is_empty() && !prompt);
    if prompt && stdin {
        return Err(refuse("The --prompt option is not supported if also reading input from stdin"));
    }
    let with = tool.encrypting()?;
    let mut plains = Vec::new();
    if prompt {
        plains.push(prompted(tool)?);
    }
    if stdin {
        plains.push(Plain { text: from_stdin(tool)?, from: "stdin", name: stdin_name });
    }
    plains.extend(from_args(tool, args.into_iter().filter(|a| a != "-"))?);
    let mut out = String::new();
    for (i, plain) in plains.iter().enumerate() {
        let number = i + 1;
        match &plain.name {
            _ if plains.len() < 2 => {}
            Some(name) => {
                say(&format!(
                    "# The encrypted version of variable (\"{name}\", the string #{number} from {}).",
                    plain.from
                ));
            }
            None => say(&format!("# The encrypted version of the string #{number} from {}.)", plain.from)),
        }
        out.push_str(&block(&with.encrypt(plain.text.as_bytes())?, plain.name.as_deref()));
    }
    super::files::write(tool.output().as_deref().unwrap_or("-"), out.as_bytes(), None, true)?;
    tool.success("Encryption successful");
    Ok(())
}

/// Encrypted text as a YAML block, indented by ten.
fn block(text: &str, name: Option<&str>) -> String {
    let name = name.filter(|n| !n.is_empty()).map(|n| format!("{n}: ")).unwrap_or_default();
    let lines: Vec<String> = text.lines().map(|line| format!("{}{line}\n", " ".repeat(10))).collect();
    format!("{name}!vault |\n{}", lines.concat())
}

fn prompted(tool: &Tool<'_>) -> Result<Plain> {
    let closed = || Error::user("end of input at the prompt");
    let mut stdout = std::io::stdout();
    let _ = stdout.write_all(b"Variable name (enter for no name): ").and_then(|()| stdout.flush());
    let name = Some(read_line().ok_or_else(closed)?).filter(|n| !n.is_empty());
    let text = if tool.flag("show_input") {
        let _ = stdout.write_all(b"String to encrypt:").and_then(|()| stdout.flush());
        read_line()
    } else {
        ask_hidden("String to encrypt (hidden): ")
    };
    let text = text.ok_or_else(closed)?;
    if text.is_empty() {
        return Err(refuse("The plaintext provided from the prompt was empty, not encrypting"));
    }
    Ok(Plain { text, from: "the interactive prompt", name })
}

fn from_stdin(tool: &Tool<'_>) -> Result<String> {
    let on_terminal = tool.config.around.stdout_tty;
    if on_terminal {
        say(
            "Reading plaintext input from stdin. (ctrl-d to end input, twice if your content does not already have a newline)",
        );
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).map_err(|e| Error::user(e.to_string()))?;
    if text.is_empty() {
        return Err(refuse("stdin was empty, not encrypting"));
    }
    if on_terminal && !text.ends_with('\n') {
        let _ = std::io::stdout().write_all(b"\n");
    }
    Ok(text)
}

/// The strings of the command line, the first ones with the names of `--name`.
fn from_args(tool: &Tool<'_>, args: impl Iterator<Item = String>) -> Result<Vec<Plain>> {
    let args: Vec<String> = args.collect();
    let names = tool.all("name");
    if let Some(last) = names.last()
        && args.len() > names.len()
    {
        say("The number of --name options do not match the number of args.");
        say(&format!("The last named variable will be \"{last}\". The rest will not have names."));
    }
    let mut names = names.into_iter();
    args.into_iter()
        .map(|text| {
            if text.is_empty() {
                return Err(refuse("The plaintext provided from the command line args was empty, not encrypting"));
            }
            Ok(Plain { text, from: "the command line args", name: names.next() })
        })
        .collect()
}
