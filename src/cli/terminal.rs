//! Questions to the person at the terminal.

use super::keys;
use crate::event::{Answer, Keys, Pressed, Prompt, Terminal};
use std::io::{BufRead, Write};

/// The terminal that the process runs on.
pub(super) struct Tty;

impl Terminal for Tty {
    fn ask(&self, prompt: &Prompt) -> Answer {
        let line = if prompt.secret {
            rpassword::prompt_password(&prompt.text).ok()
        } else {
            let mut out = std::io::stdout().lock();
            let shown = out.write_all(prompt.text.as_bytes()).and_then(|()| out.flush());
            shown.ok().and_then(|()| read_line())
        };
        line.map_or(Answer::Closed, Answer::Line)
    }

    fn has_keys(&self) -> bool {
        keys::available()
    }

    fn keys(&self, keys: &Keys) -> Pressed {
        keys::read(keys)
    }
}

fn read_line() -> Option<String> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Asks for a password.
pub(super) fn password(text: &str) -> Option<String> {
    match Tty.ask(&Prompt { text: text.to_owned(), secret: true, timeout: None }) {
        Answer::Line(line) => Some(line),
        Answer::TimedOut | Answer::Closed => None,
    }
}
