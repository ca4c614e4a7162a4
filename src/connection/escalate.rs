//! become: the command before the agent's, and the talk with its prompts.
//!
//! Error texts are ansible-core's, which differ with the connection: over ssh `Incorrect sudo password`, `Missing
//! sudo password`; on the controller what it waited for, with all that was said meanwhile.

use super::error::ConnectionError;
use super::methods::{Asks, Method, Parts};
use super::raw::quote;
use super::target::{Become, Secret};
use fancy_regex::Regex;
use std::time::{Duration, Instant};

/// One escalation under way.
#[derive(Debug)]
pub(super) struct Escalation {
    method: &'static Method,
    password: Option<Secret>,
    /// The prompt that the program is told.
    prompt: String,
    asks: Asking,
    patience: Patience,
    answered: Option<usize>,
}

/// How the password is asked for.
#[derive(Debug)]
enum Asking {
    Prompt,
    Line(Regex),
    Words(Vec<String>),
    Never,
}

/// How long an escalation may take.
#[derive(Debug)]
enum Patience {
    /// On the controller: until then.
    Local(Instant),
    /// Over ssh: so many seconds and two more without a word.
    Ssh(u64),
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
    /// An escalation by a task's keywords; `id` makes its prompt and marker its own, `timeout` is ssh's.
    pub fn new(wanted: &Become, id: &str, timeout: Option<u64>) -> Result<Self, ConnectionError> {
        let Some(method) = Method::named(&wanted.method) else {
            let known: Vec<&str> = super::METHODS.iter().map(|method| method.name).collect();
            return Err(ConnectionError::Unsupported(format!(
                "become_method '{}' is not supported by rplay, which has {}",
                wanted.method,
                known.join(", ")
            )));
        };
        let name = if let Asks::Ours(name) = method.asks { name } else { method.name };
        let patience = match timeout {
            Some(timeout) => Patience::Ssh(timeout),
            None => Patience::Local(Instant::now() + Duration::from_secs(wanted.success_timeout)),
        };
        let password = wanted.password.clone().filter(|password| !password.reveal().is_empty());
        let prompt = format!("[{name} via ansible, key={id}] password:");
        Ok(Self { method, password, prompt, asks: asking(method, wanted)?, patience, answered: None })
    }

    /// What stands before the command: the change of the folder, where sudo is to have one.
    pub fn before(&self, wanted: &Become) -> Result<String, ConnectionError> {
        let Some(folder) = wanted.chdir.as_deref().filter(|_| self.method.name == "sudo") else {
            return Ok(String::new());
        };
        if folder.chars().all(|c| c.is_alphanumeric() || "/._+-@".contains(c)) {
            Ok(format!("cd {folder} && "))
        } else {
            Err(ConnectionError::Unsupported(format!("sudo_chdir needs a plainer name than {folder:?}")))
        }
    }

    /// What lets the shell itself say, in its own words, that there is no such program: to `exec` it has others.
    pub fn missing(&self, wanted: &Become) -> String {
        let exe = self.exe(wanted);
        match exe.chars().all(|c| c.is_ascii_alphanumeric() || "/._+-".contains(c)) {
            true => format!("command -v {exe} >/dev/null || {{ {exe}; exit; }}; "),
            false => String::new(),
        }
    }

    fn exe<'a>(&self, wanted: &'a Become) -> &'a str {
        wanted.exe.as_deref().filter(|exe| !exe.is_empty()).unwrap_or(self.method.exe)
    }

    /// The shell command that runs `command`, which holds no quotes, as the other user.
    pub fn command(&self, wanted: &Become, id: &str, command: &str) -> String {
        let plain = format!("\"echo BECOME-SUCCESS-{id} ; {command}\"");
        self.line(wanted, &plain, &format!("/bin/sh -c {plain}"), &format!("\"{command}\""))
    }

    /// The shell command that says the marker and runs another one, whatever is in it, as the other user.
    pub fn plain_command(&self, wanted: &Become, id: &str, command: &str) -> String {
        let plain = quote(&format!("echo BECOME-SUCCESS-{id} ; {command}"));
        let shell = format!("/bin/sh -c {plain}");
        self.line(wanted, &plain, &shell, &quote(&shell))
    }

    fn line(&self, wanted: &Become, plain: &str, shell: &str, word: &str) -> String {
        let given = wanted.flags.as_deref().unwrap_or(self.method.flags);
        let (mut flags, mut prompt) = (given.to_owned(), String::new());
        if self.password.is_some() && matches!(self.asks, Asking::Prompt) {
            flags = if self.method.name == "sudo" { without_n(given) } else { given.replace("-n", "") };
            prompt = format!("-p \"{}\"", self.prompt);
        }
        let exe = self.exe(wanted);
        let password = self.password.is_some();
        (self.method.line)(&Parts { wanted, exe, flags: &flags, password, prompt: &prompt, plain, shell, word })
    }

    /// A text without the password, which a terminal may have echoed.
    pub fn mask(&self, text: &str) -> String {
        match &self.password {
            Some(password) => text.replace(password.reveal(), "********"),
            None => text.to_owned(),
        }
    }

    /// Whether the password is asked for on the terminal alone, whatever standard input is.
    pub fn asks_on_terminal(&self) -> bool {
        self.password.is_some() && matches!(self.asks, Asking::Line(_))
    }

    /// How long the other side may still be silent before the escalation has failed.
    pub fn patience(&self) -> Duration {
        match self.patience {
            Patience::Local(until) => until.saturating_duration_since(Instant::now()),
            Patience::Ssh(seconds) => Duration::from_secs(seconds + 2),
        }
    }

    /// That the other side was silent for too long.
    pub fn timed_out(&self, stdout: &str, stderr: &str) -> ConnectionError {
        ConnectionError::Unreachable(match self.patience {
            Patience::Local(_) => self.waited("Timed out", stdout, stderr),
            Patience::Ssh(seconds) => {
                let text = format!("Timeout ({}s) waiting for privilege escalation prompt: {stdout}", seconds + 2);
                text.trim_end().to_owned()
            }
        })
    }

    /// That the other side ended without success; over ssh, its own status and words say so.
    pub fn ended(&self, stdout: &str, stderr: &str) -> Option<ConnectionError> {
        let local = matches!(self.patience, Patience::Local(_));
        local.then(|| ConnectionError::Failed(self.waited("Premature end of stream", stdout, stderr)))
    }

    fn waited(&self, what: &str, stdout: &str, stderr: &str) -> String {
        let asks = self.password.is_some() && !matches!(self.asks, Asking::Never) && self.answered.is_none();
        let or_prompt = if asks { " or become password prompt" } else { "" };
        let mut text = format!("{what} waiting for become success{or_prompt}.");
        for (name, said) in [("Output", stdout), ("Error", stderr)] {
            if !said.is_empty() {
                text.push_str(&format!("\n>>> Standard {name}\n{said}"));
            }
        }
        text.trim_end().to_owned()
    }

    /// Looks for a prompt that is to be answered, and for failures.
    pub fn look(&mut self, stdout: &str, stderr: &str) -> Result<Seen, ConnectionError> {
        let Self { method, .. } = self;
        let name = method.name;
        let says = |words: &[&str]| words.iter().any(|word| stderr.contains(word) || stdout.contains(word));
        let ssh = matches!(self.patience, Patience::Ssh(_));
        if ssh && says(method.incorrect) {
            return Err(ConnectionError::failed(format!("Incorrect {name} password")));
        }
        if ssh && says(TERMINAL) {
            return Ok(Seen::Terminal(stderr.trim().to_owned()));
        }
        if ssh && says(method.missing) {
            return Err(ConnectionError::failed(format!("Missing {name} password")));
        }
        let Some(password) = &self.password else { return Ok(Seen::Nothing) };
        let prompts = self.prompts(stdout) + self.prompts(stderr);
        match self.answered {
            None if prompts > 0 => {
                let answer = format!("{}\n", password.reveal());
                self.answered = Some(prompts);
                Ok(Seen::Prompt(answer))
            }
            Some(before) if prompts > before => Err(ConnectionError::failed(if ssh {
                format!("Incorrect {name} password")
            } else {
                self.waited("Duplicate become password prompt encountered", stdout, stderr)
            })),
            _ => Ok(Seen::Nothing),
        }
    }

    /// How often a text asks for the password.
    fn prompts(&self, text: &str) -> usize {
        self.asked(text).len()
    }

    /// Where the prompts of a text end.
    fn asked(&self, text: &str) -> Vec<usize> {
        match &self.asks {
            Asking::Prompt => {
                let begins = |at: usize| text[..at].rsplit('\n').next().is_none_or(|before| before.trim().is_empty());
                let found = text.match_indices(&self.prompt).filter(|(at, _)| begins(*at));
                found.map(|(at, prompt)| at + prompt.len()).collect()
            }
            Asking::Line(regex) => regex.find_iter(text).flatten().map(|found| found.end()).collect(),
            Asking::Words(words) => {
                let ends = text.match_indices([':', '：']).map(|(at, colon)| (at, at + colon.len()));
                let asks = |at: usize| {
                    let line = text[..at].rsplit('\n').next().unwrap_or_default().trim_end().to_lowercase();
                    words.iter().any(|word| line.ends_with(word))
                };
                ends.filter(|(at, _)| asks(*at)).map(|(_, end)| end).collect()
            }
            Asking::Never => Vec::new(),
        }
    }

    /// What was said beside the prompt that was answered, without the password.
    pub fn beside_prompt(&self, text: &str) -> String {
        let end = self.answered.and_then(|_| self.asked(text).first().copied()).unwrap_or_default();
        let rest = if end == 0 { text } else { text[end..].trim_start() };
        self.mask(rest)
    }
}

/// What is said where there must be a terminal.
const TERMINAL: &[&str] =
    &["you must have a tty to run sudo", "must be run from a terminal", "a terminal is required", "a tty is required"];

/// What a method asks with; the task may know it better.
fn asking(method: &Method, wanted: &Become) -> Result<Asking, ConnectionError> {
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let given = |words: &[&str]| if wanted.prompts.is_empty() { own(words) } else { wanted.prompts.clone() };
    Ok(match method.asks {
        Asks::Ours(_) => Asking::Prompt,
        Asks::Line(lines) => {
            let regex = format!("(?m)^\\s*(?:{})", given(lines).join("|"));
            let regex = Regex::new(&regex);
            Asking::Line(regex.map_err(|e| ConnectionError::failed(format!("the prompts of {}: {e}", method.name)))?)
        }
        Asks::Word(words) => Asking::Words(given(words).iter().map(|word| word.to_lowercase()).collect()),
        Asks::Never => Asking::Never,
    })
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

    fn escalation(method: &str, password: Option<&str>, timeout: Option<u64>) -> (Become, Escalation) {
        let password = password.map(Secret::new);
        let wanted = Become { method: method.into(), password, ..Become::default() };
        let escalation = Escalation::new(&wanted, "abc", timeout).unwrap();
        (wanted, escalation)
    }

    fn sudo(password: Option<&str>) -> (Become, Escalation) {
        escalation("sudo", password, Some(10))
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
        let command = escalation.plain_command(&wanted, "abc", "echo \"it's\"");
        let quoted = r#"'echo BECOME-SUCCESS-abc ; echo "it'"'"'s"'"#;
        assert_eq!(command, format!("sudo -H -S {prompt} -u root /bin/sh -c {quoted}"));
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
    fn on_the_controller_all_that_was_said_is_told() {
        let (_, mut escalation) = escalation("sudo", Some("pw"), None);
        let asked = "[sudo via ansible, key=abc] password:";
        let text = "Timed out waiting for become success or become password prompt.\n>>> Standard Output\nx";
        assert_eq!(escalation.timed_out("x\n", ""), ConnectionError::unreachable(text));
        assert_eq!(escalation.look("", asked), Ok(Seen::Prompt("pw\n".into())));
        let again = format!("{asked}Sorry, try again.\n{asked}");
        let text = format!(
            "Duplicate become password prompt encountered waiting for become success.\n>>> Standard Error\n{again}"
        );
        assert_eq!(escalation.look("", &again), Err(ConnectionError::failed(text)));
        let text = "Premature end of stream waiting for become success.\n>>> Standard Error\nno";
        assert_eq!(escalation.ended("", "no\n"), Some(ConnectionError::failed(text)));
    }

    #[test]
    fn failures_have_ansibles_words() {
        let (_, mut escalation) = sudo(None);
        let seen = escalation.look("", "sudo: a password is required\n");
        assert_eq!(seen, Err(ConnectionError::failed("Missing sudo password")));
        let runas = Become { method: "runas".into(), ..Become::default() };
        assert!(matches!(Escalation::new(&runas, "x", None), Err(ConnectionError::Unsupported(_))));
    }

    #[test]
    fn a_prompt_is_no_part_of_what_was_said() {
        let (_, mut escalation) = sudo(Some("pw"));
        let asked = "lecture\n[sudo via ansible, key=abc] password:";
        assert_eq!(escalation.beside_prompt(asked), asked);
        escalation.look("", asked).unwrap();
        assert_eq!(escalation.beside_prompt(&format!("{asked}\nb pw\n")), "b ********\n");
    }

    #[track_caller]
    fn asks(method: &str, prompts: &[&str], text: &str, want: bool) {
        let prompts = prompts.iter().map(|prompt| (*prompt).to_owned()).collect();
        let wanted = Become { method: method.into(), password: Some(Secret::new("pw")), prompts, ..Become::default() };
        let mut escalation = Escalation::new(&wanted, "abc", Some(1)).unwrap();
        let want = if want { Seen::Prompt("pw\n".into()) } else { Seen::Nothing };
        assert_eq!(escalation.look("", text), Ok(want), "{method} {text}");
    }

    #[test]
    fn prompts() {
        asks("su", &[], "Password: ", true);
        asks("su", &[], "noise\nMot de passe : ", true);
        asks("su", &[], "密码：", true);
        asks("su", &[], "Name: ", false);
        asks("su", &["Geheimnis"], "Password: ", false);
        asks("su", &["Geheimnis"], "geheimnis:", true);
        asks("doas", &[], "\rdoas (me@host) password: ", true);
        asks("doas", &[], "my doas (", false);
        asks("ksu", &[], "Kerberos password for me@EXAMPLE.COM: ", true);
        asks("pmrun", &[], "Enter UPM user password:", true);
        asks("pfexec", &[], "Password:", false);
    }
}
