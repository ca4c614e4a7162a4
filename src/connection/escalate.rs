//! become: the command before the agent's, and the talk with its prompts.
//!
//! The commands are Ansible's own, so that the same sudoers rules fit. Error texts are
//! ansible-core's: `Incorrect sudo password`, `Missing sudo password`.

use super::error::ConnectionError;
use super::target::{Become, Secret};
use std::time::Duration;

/// One escalation under way.
#[derive(Debug)]
pub(super) struct Escalation {
    method: Method,
    password: Option<Secret>,
    prompt: String,
    timeout: u64,
    answered: Option<usize>,
    /// What su may ask with, in small letters.
    prompts: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    Sudo,
    Su,
}

/// What the output asks for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// Nothing yet.
    Nothing,
    /// The password, with its newline.
    Prompt(String),
    /// A terminal, in these words.
    Terminal(String),
}

impl Escalation {
    /// An escalation by a task's keywords; `id` makes its prompt and marker its own.
    pub fn new(wanted: &Become, id: &str, timeout: u64) -> Result<Self, ConnectionError> {
        let method = match wanted.method.rsplit('.').next().unwrap_or_default() {
            "sudo" => Method::Sudo,
            "su" => Method::Su,
            _ => {
                let text = format!("become_method '{}' is not supported by rplay; sudo and su are", wanted.method);
                return Err(ConnectionError::Unsupported(text));
            }
        };
        let prompt = format!("[sudo via ansible, key={id}] password:");
        let prompts = wanted.prompts.iter().map(|text| text.to_lowercase()).collect();
        Ok(Self { method, password: wanted.password.clone(), prompt, timeout, answered: None, prompts })
    }

    /// What stands before the command: the change of the folder, where sudo is to have one.
    pub fn before(&self, wanted: &Become) -> Result<String, ConnectionError> {
        let Some(folder) = wanted.chdir.as_deref().filter(|_| self.method == Method::Sudo) else {
            return Ok(String::new());
        };
        if folder.chars().all(|c| c.is_alphanumeric() || "/._+-@".contains(c)) {
            Ok(format!("cd {folder} && "))
        } else {
            Err(ConnectionError::Unsupported(format!("sudo_chdir needs a plainer name than {folder:?}")))
        }
    }

    /// The shell command that runs `command`, which holds no quotes, as the other user.
    pub fn command(&self, wanted: &Become, id: &str, command: &str) -> String {
        match self.method {
            Method::Sudo => self.plain_command(wanted, &format!("/bin/sh -c \"echo BECOME-SUCCESS-{id} ; {command}\"")),
            Method::Su => self.su(wanted, &format!("\"{command}\"")),
        }
    }

    /// The shell command that runs a whole other one as the other user.
    pub fn plain_command(&self, wanted: &Become, command: &str) -> String {
        match self.method {
            Method::Sudo => {
                let flags = wanted.flags.as_deref().unwrap_or("-H -S -n");
                let (flags, prompt) = match &self.password {
                    Some(_) => (without_n(flags), format!("-p \"{}\"", self.prompt)),
                    None => (flags.to_owned(), String::new()),
                };
                let user = if wanted.user.is_empty() { String::new() } else { format!("-u {}", wanted.user) };
                format!("{} {flags} {prompt} {user} {command}", executable(wanted, "sudo"))
            }
            Method::Su => self.su(wanted, &format!("'{}'", command.replace('\'', r#"'"'"'"#))),
        }
    }

    fn su(&self, wanted: &Become, quoted: &str) -> String {
        let flags = wanted.flags.as_deref().unwrap_or_default();
        format!("{} {flags} {} -c {quoted}", executable(wanted, "su"), wanted.user)
    }

    /// A text without the password, which a terminal may have echoed.
    pub fn mask(&self, text: &str) -> String {
        match &self.password {
            Some(password) if !password.reveal().is_empty() => text.replace(password.reveal(), "********"),
            _ => text.to_owned(),
        }
    }

    /// How long the other side may be silent before the escalation has failed.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.timeout + 2)
    }

    /// Looks for a prompt that is to be answered, and for failures.
    pub fn look(&mut self, stdout: &str, stderr: &str) -> Result<Seen, ConnectionError> {
        let (name, incorrect, missing): (_, &[&str], &[&str]) = match self.method {
            Method::Sudo => (
                "sudo",
                &["Sorry, try again."],
                &["Sorry, a password is required to run sudo", "sudo: a password is required"],
            ),
            Method::Su => ("su", &["Authentication failure"], &[]),
        };
        let says = |words: &[&str]| words.iter().any(|word| stderr.contains(word) || stdout.contains(word));
        if says(incorrect) {
            return Err(ConnectionError::failed(format!("Incorrect {name} password")));
        }
        if says(&["you must have a tty to run sudo", "must be run from a terminal", "a terminal is required"]) {
            return Ok(Seen::Terminal(stderr.trim().to_owned()));
        }
        if says(missing) {
            return Err(ConnectionError::failed(format!("Missing {name} password")));
        }
        let Some(password) = &self.password else { return Ok(Seen::Nothing) };
        let prompts = self.prompts(stdout) + self.prompts(stderr);
        match self.answered {
            None if prompts > 0 => {
                self.answered = Some(prompts);
                Ok(Seen::Prompt(format!("{}\n", password.reveal())))
            }
            Some(before) if prompts > before => Err(ConnectionError::failed(format!("Incorrect {name} password"))),
            _ => Ok(Seen::Nothing),
        }
    }

    /// How often a text asks for the password. su asks in the host's language, at the end of its words.
    fn prompts(&self, text: &str) -> usize {
        match self.method {
            Method::Sudo => text.lines().filter(|line| line.trim().starts_with(&self.prompt)).count(),
            Method::Su => {
                let Some(asked) = text.trim_end().strip_suffix([':', '：']) else { return 0 };
                let asked = asked.trim_end().to_lowercase();
                usize::from(self.prompts.is_empty() || self.prompts.iter().any(|prompt| asked.ends_with(prompt)))
            }
        }
    }
}

fn executable<'a>(wanted: &'a Become, own: &'a str) -> &'a str {
    wanted.exe.as_deref().filter(|exe| !exe.is_empty()).unwrap_or(own)
}

/// Flags of sudo without `-n`, which forbids to ask for the password that is given.
fn without_n(flags: &str) -> String {
    let kept = flags.split_whitespace().filter(|flag| !matches!(*flag, "-n" | "--non-interactive"));
    let shortened = kept.map(|flag| match flag.strip_prefix('-') {
        Some(letters) if !letters.starts_with('-') && letters.chars().all(char::is_alphanumeric) => {
            format!("-{}", letters.replacen('n', "", 1))
        }
        _ => flag.to_owned(),
    });
    shortened.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sudo(password: Option<&str>) -> (Become, Escalation) {
        let wanted = Become { password: password.map(Secret::new), ..Become::default() };
        let escalation = Escalation::new(&wanted, "abc", 10).unwrap();
        (wanted, escalation)
    }

    #[test]
    fn the_command_is_ansibles() {
        let (wanted, escalation) = sudo(None);
        let command = escalation.command(&wanted, "abc", "x");
        assert_eq!(command, r#"sudo -H -S -n  -u root /bin/sh -c "echo BECOME-SUCCESS-abc ; x""#);
        let (wanted, escalation) = sudo(Some("pw"));
        let command = escalation.command(&wanted, "abc", "x");
        let prompt = r#"-p "[sudo via ansible, key=abc] password:""#;
        assert_eq!(command, format!(r#"sudo -H -S {prompt} -u root /bin/sh -c "echo BECOME-SUCCESS-abc ; x""#));
    }

    #[test]
    fn a_password_follows_its_prompt_once() {
        let (_, mut escalation) = sudo(Some("pw"));
        assert_eq!(escalation.look("", "lecture"), Ok(Seen::Nothing));
        let asked = "[sudo via ansible, key=abc] password:";
        assert_eq!(escalation.look("", asked), Ok(Seen::Prompt("pw\n".into())));
        assert_eq!(escalation.look("", asked), Ok(Seen::Nothing));
        let again = format!("{asked}Sorry, try again.\n{asked}");
        assert_eq!(escalation.look("", &again), Err(ConnectionError::failed("Incorrect sudo password")));
    }

    #[test]
    fn failures_have_ansibles_words() {
        let (_, mut escalation) = sudo(None);
        let seen = escalation.look("", "sudo: a password is required\n");
        assert_eq!(seen, Err(ConnectionError::failed("Missing sudo password")));
        let doas = Become { method: "doas".into(), ..Become::default() };
        assert!(matches!(Escalation::new(&doas, "x", 1), Err(ConnectionError::Unsupported(_))));
    }
}
