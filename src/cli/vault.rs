//! `ansible-vault`: encrypts, decrypts, shows, edits and rekeys files and strings.
//!
//! Options, messages and exit statuses are ansible-core 2.19's: 5 for options that do not fit
//! together, 2 for a command line that cannot be read.

mod files;
mod options;
mod strings;

use crate::config::{Config, Surroundings};
use crate::diag::{Error, Kind, Result};
use crate::vault::{self, Secret, Secrets, Wanted};
use clap::ArgMatches;
use std::io::{BufRead, Write};

/// Runs the tool; the arguments are those after the program's name. Gives the exit status.
pub fn run(args: &[String]) -> u8 {
    let matches = match options::command()
        .try_get_matches_from(std::iter::once("ansible-vault".to_owned()).chain(args.iter().cloned()))
    {
        Ok(matches) => matches,
        Err(error) => {
            // Help goes to standard output, errors to standard error; a closed stream is no reason to fail.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    let config = match Config::load(Surroundings::of_process()) {
        Ok(config) => config,
        Err(error) => return failed(&error, false),
    };
    if matches.get_flag("version") {
        let _ = writeln!(std::io::stdout(), "{}", super::version::text("ansible-vault", &config));
        return 0;
    }
    let Some((action, options)) = matches.subcommand() else {
        say("ansible-vault: error: the following arguments are required: action");
        return 2;
    };
    for warning in &config.warnings {
        warn(warning, colored(&config));
    }
    match Tool::new(&config, options).run(action) {
        Ok(()) => 0,
        Err(error) => failed(&error, colored(&config)),
    }
}

/// Shows an error; gives the exit status.
fn failed(error: &Error, color: bool) -> u8 {
    say(&painted(&format!("[ERROR]: {}", error.to_string().trim_end()), RED, color));
    super::exit_status(error)
}

/// Whether messages are colored, by ansible-core's settings and the terminal.
fn colored(config: &Config) -> bool {
    let (settings, around) = (&config.settings, &config.around);
    let can = around.stdout_tty && around.var("TERM").is_none_or(|term| term != "dumb");
    settings.flag("ANSIBLE_FORCE_COLOR") || (can && !settings.flag("ANSIBLE_NOCOLOR"))
}

const RED: &str = "0;31";
const BRIGHT_PURPLE: &str = "1;35";

fn painted(text: &str, code: &str, color: bool) -> String {
    if !color {
        return text.to_owned();
    }
    let lines: Vec<String> = text.split('\n').map(|line| format!("\u{1b}[{code}m{line}\u{1b}[0m")).collect();
    lines.join("\n")
}

/// Writes a line to standard error.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn warn(text: &str, color: bool) {
    say(&painted(&format!("[WARNING]: {text}"), BRIGHT_PURPLE, color));
}

fn refuse(text: impl Into<String>) -> Error {
    Error::new(Kind::Options, text)
}

/// The secret that encrypts, under its vault id.
struct Encrypting {
    id: String,
    secret: Secret,
    salt: Option<Vec<u8>>,
}

impl Encrypting {
    fn encrypt(&self, plain: &[u8]) -> Result<String> {
        vault::encrypt(plain, &self.secret, Some(&self.id), self.salt.as_deref())
    }
}

struct Tool<'a> {
    config: &'a Config,
    options: &'a ArgMatches,
}

impl<'a> Tool<'a> {
    fn new(config: &'a Config, options: &'a ArgMatches) -> Self {
        Self { config, options }
    }

    /// The values of an option, where the action has it.
    fn all(&self, name: &str) -> Vec<String> {
        let values = self.options.try_get_many::<String>(name).ok().flatten();
        values.map(|v| v.cloned().collect()).unwrap_or_default()
    }

    fn one(&self, name: &str) -> Option<String> {
        self.options.try_get_one::<String>(name).ok().flatten().cloned()
    }

    fn flag(&self, name: &str) -> bool {
        self.options.try_get_one::<bool>(name).ok().flatten().copied().unwrap_or(false)
    }

    fn path(&self, path: &str) -> String {
        self.config.around.resolve(path, None)
    }

    /// `--output`, absolute unless it is `-`.
    fn output(&self) -> Option<String> {
        self.one("output_file").map(|path| if path == "-" { path } else { self.path(&path) })
    }

    fn run(&self, action: &str) -> Result<()> {
        if let Some(id) = self.all("vault_ids").iter().find(|id| id.contains(';')) {
            let why = "The character ';' is not allowed in vault ids";
            return Err(refuse(format!("'{id}' is not a valid vault id. {why}")));
        }
        if self.one("output_file").is_some() && self.all("args").len() > 1 {
            return Err(refuse("At most one input file may be used with the --output option"));
        }
        match action {
            "encrypt" => self.encrypt(),
            "encrypt_string" => strings::encrypt(self),
            "decrypt" => self.decrypt(),
            "view" => self.view(),
            "rekey" => self.rekey(),
            "edit" => self.edit(),
            _ => self.create(),
        }
    }

    fn secrets(&self, ids: &[String], files: Vec<String>, new: bool) -> Result<Secrets> {
        let settings = &self.config.settings;
        let mut files = files;
        files.extend(settings.text("DEFAULT_VAULT_PASSWORD_FILE").map(str::to_owned));
        let ask = self.flag("ask_vault_pass") || settings.flag("DEFAULT_ASK_VAULT_PASS");
        let wanted = Wanted { ids, files: &files, ask, ask_if_none: true, new };
        let mut warn = |text: String| warn(&text, colored(self.config));
        let mut secrets = vault::collect(wanted, &|path| self.path(path), &mut ask_hidden, &mut warn)?;
        secrets.set_match_ids(settings.text("DEFAULT_VAULT_ID_MATCH").is_some_and(|t| !t.is_empty()));
        Ok(secrets)
    }

    fn default_ids(&self) -> Vec<String> {
        self.config.settings.list("DEFAULT_VAULT_IDENTITY_LIST").into_iter().map(str::to_owned).collect()
    }

    fn ids(&self) -> Vec<String> {
        let mut ids = self.default_ids();
        ids.extend(self.all("vault_ids"));
        ids
    }

    /// The secrets that decrypt.
    fn known(&self) -> Result<Secrets> {
        let secrets = self.secrets(&self.ids(), self.all("vault_password_files"), false)?;
        if secrets.is_empty() {
            return Err(refuse("A vault password is required to use Ansible's Vault"));
        }
        Ok(secrets)
    }

    fn encrypt_id(&self) -> Option<String> {
        let given = self.one("encrypt_vault_id").filter(|id| !id.is_empty());
        given.or_else(|| self.config.settings.text("DEFAULT_VAULT_ENCRYPT_IDENTITY").map(str::to_owned))
    }

    fn encrypting_with(&self, secrets: &Secrets, missing: &str) -> Result<Encrypting> {
        let salt = self.config.settings.text("VAULT_ENCRYPT_SALT").filter(|s| !s.is_empty());
        match secrets.for_encrypting(self.encrypt_id().as_deref())? {
            Some((id, secret)) => {
                Ok(Encrypting { id: id.to_owned(), secret: secret.clone(), salt: salt.map(|s| s.as_bytes().to_vec()) })
            }
            None => Err(refuse(missing)),
        }
    }

    /// The secret for `encrypt`, `encrypt_string` and `create`.
    fn encrypting(&self) -> Result<Encrypting> {
        let secrets = self.secrets(&self.ids(), self.all("vault_password_files"), true)?;
        if secrets.len() > 1 && self.encrypt_id().is_none() {
            let ids: Vec<&str> = secrets.ids().collect();
            return Err(refuse(format!(
                "The vault-ids {} are available to encrypt. Specify the vault-id to encrypt with --encrypt-vault-id",
                ids.join(",")
            )));
        }
        self.encrypting_with(&secrets, "A vault password is required to use Ansible's Vault")
    }

    /// The files named, with links followed; standard input where none is.
    fn inputs(&self, kind: &str) -> Vec<String> {
        let named = self.all("args");
        if named.is_empty() {
            if self.config.around.stdin_tty {
                say(&format!("Reading {kind} input from stdin"));
            }
            return vec!["-".to_owned()];
        }
        named.iter().map(|name| self.real(name)).collect()
    }

    fn real(&self, name: &str) -> String {
        if name == "-" { name.to_owned() } else { files::real(&files::joined(&self.config.around.cwd, name)) }
    }

    fn success(&self, text: &str) {
        if self.config.around.stdout_tty {
            say(text);
        }
    }

    fn encrypt(&self) -> Result<()> {
        let with = self.encrypting()?;
        for file in self.inputs("plaintext") {
            let plain = files::read(&file, &file)?;
            let text = with.encrypt(&plain)?;
            files::write(self.output().as_deref().unwrap_or(&file), text.as_bytes(), None, true)?;
        }
        self.success("Encryption successful");
        Ok(())
    }

    fn decrypt(&self) -> Result<()> {
        let secrets = self.known()?;
        for file in self.inputs("ciphertext") {
            let plain = decrypt_named(&secrets, &files::read(&file, &file)?, &file)?.plain;
            files::write(self.output().as_deref().unwrap_or(&file), &plain, None, false)?;
        }
        self.success("Decryption successful");
        Ok(())
    }

    fn view(&self) -> Result<()> {
        let secrets = self.known()?;
        for name in self.all("args") {
            let path = if name == "-" { name.clone() } else { files::joined(&self.config.around.cwd, &name) };
            let mut plain = decrypt_named(&secrets, &files::read(&path, &path)?, &name)?.plain;
            if plain.last() != Some(&b'\n') {
                plain.push(b'\n');
            }
            let pager = self.config.settings.text("PAGER").filter(|_| self.config.around.stdout_tty);
            files::show(&plain, pager)?;
        }
        Ok(())
    }

    fn rekey(&self) -> Result<()> {
        let secrets = self.known()?;
        let mut ids = if self.encrypt_id().is_some() { self.default_ids() } else { Vec::new() };
        ids.extend(self.one("new_vault_id"));
        let new_files = self.one("new_vault_password_file").into_iter().collect();
        let new = self.secrets(&ids, new_files, true)?;
        let with = self.encrypting_with(&new, "A new vault password is required to use Ansible's Vault rekey")?;
        for name in self.all("args") {
            let file = self.real(&name);
            let plain = decrypt_named(&secrets, &files::read(&file, &file)?, &file)?.plain;
            files::write(&file, with.encrypt(&plain)?.as_bytes(), files::owner(&file), false)?;
        }
        say("Rekey successful");
        Ok(())
    }

    fn edit(&self) -> Result<()> {
        let secrets = self.known()?;
        for name in self.all("args") {
            let file = self.real(&name);
            let old = decrypt_named(&secrets, &files::read(&file, &file)?, &file)?;
            let with = Encrypting { id: old.named_id, secret: old.secret, salt: None };
            self.edited(&file, Some(&old.plain), &with)?;
        }
        Ok(())
    }

    fn create(&self) -> Result<()> {
        let with = self.encrypting()?;
        let names = self.all("args");
        let [name] = names.as_slice() else {
            return Err(refuse("ansible-vault create can take only one filename argument"));
        };
        if !self.config.around.stdout_tty && !self.flag("skip_tty_check") {
            return Err(refuse("not a tty, editor cannot be opened"));
        }
        let file = files::joined(&self.config.around.cwd, name);
        if let Some((folder, _)) = name.rsplit_once('/').filter(|(folder, _)| !folder.is_empty()) {
            let path = files::joined(&self.config.around.cwd, folder);
            if !std::path::Path::new(&path).exists() {
                warn(&format!("{folder} does not exist, creating..."), colored(self.config));
                std::fs::create_dir_all(&path).map_err(|e| Error::user(files::words(&e, &path)))?;
            }
        }
        if std::path::Path::new(&file).is_file() {
            return Err(Error::user(format!("{name} exists, please use 'edit' instead")));
        }
        self.edited(&file, None, &with)
    }

    /// Opens the editor and encrypts what was saved, unless nothing changed.
    fn edited(&self, file: &str, old: Option<&[u8]>, with: &Encrypting) -> Result<()> {
        let settings = &self.config.settings;
        let folder = settings.text("DEFAULT_LOCAL_TMP").unwrap_or("/tmp");
        let new = files::edit(settings.text("EDITOR").unwrap_or("vi"), folder, file, old)?;
        if old == Some(new.as_slice()) {
            return Ok(());
        }
        files::write(file, with.encrypt(&new)?.as_bytes(), files::owner(file), false)
    }
}

fn decrypt_named(secrets: &Secrets, text: &[u8], name: &str) -> Result<vault::Decrypted> {
    secrets.decrypt_with_id(text).map_err(|e| Error::user(format!("{} for {name}", e.line())))
}

/// Asks for a password at the terminal, or reads it from standard input where there is none.
fn ask_hidden(text: &str) -> Option<String> {
    if let Ok(line) = rpassword::prompt_password(text) {
        return Some(line);
    }
    let _ = write!(std::io::stderr(), "{text}");
    read_line()
}

fn read_line() -> Option<String> {
    let mut line = String::new();
    let read = std::io::stdin().lock().read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}
