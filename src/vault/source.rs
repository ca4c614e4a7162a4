//! Where vault passwords come from: prompts, files, scripts, and `-client` scripts that are told the vault id.
//!
//! Mirrors ansible-core's order: `--vault-id` (after those of the settings), then password files, then
//! the prompt. A source that fails is warned of; it is an error only where no other gave a secret.

use super::{DEFAULT_ID, Secret, Secrets, is_vaulted};
use crate::diag::{Error, Result};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// Which secrets a command asks for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// `label@source` in order; a source is a path or `prompt`.
    pub ids: &'a [String],
    /// Password files, without labels.
    pub files: &'a [String],
    /// Whether the password is asked for.
    pub ask: bool,
    /// Whether it is asked for where there is no other source, as `ansible-vault` does.
    pub ask_if_none: bool,
    /// Whether the password is a new one, asked for twice.
    pub new: bool,
}

/// Asks for a line that is not shown; None at the end of input.
type Ask<'a> = dyn FnMut(&str) -> Option<String> + 'a;

/// Gets all secrets. `resolve` makes a path absolute, `warn` is given warnings.
pub fn collect(
    wanted: Wanted<'_>,
    resolve: &dyn Fn(&str) -> String,
    ask: &mut Ask<'_>,
    warn: &mut dyn FnMut(String),
) -> Result<Secrets> {
    let mut slugs: Vec<String> = wanted.ids.to_vec();
    slugs.extend(wanted.files.iter().map(|file| format!("{DEFAULT_ID}@{file}")));
    if wanted.ask || (slugs.is_empty() && wanted.ask_if_none) {
        slugs.push(format!("{DEFAULT_ID}@prompt_ask_vault_pass"));
    }
    let mut secrets = Secrets::new();
    let mut failure = None;
    for slug in &slugs {
        let (label, source) = match slug.split_once('@') {
            Some((label, source)) => (Some(label), source),
            None => (None, slug.as_str()),
        };
        let shown = label.unwrap_or("None");
        let id = label.filter(|l| !l.is_empty()).unwrap_or(DEFAULT_ID);
        if matches!(source, "prompt" | "prompt_ask_vault_pass") {
            let secret = prompt(source == "prompt", id, wanted.new, ask).inspect_err(|error| {
                warn(format!("Error in vault password prompt ({shown}): {}", error.line()));
            })?;
            secrets.push(id, secret);
            continue;
        }
        match from_file(&resolve(source), label, &secrets) {
            Ok(secret) => secrets.push(id, secret),
            Err((stage, error)) => {
                warn(format!("Error {stage} ({shown}): {}", error.line()));
                failure = Some(error);
            }
        }
    }
    match failure {
        Some(error) if secrets.is_empty() => Err(error),
        _ => Ok(secrets),
    }
}

/// Asks once, or twice for a new password. AWX and others wait for exactly these texts.
fn prompt(named: bool, id: &str, new: bool, ask: &mut Ask<'_>) -> Result<Secret> {
    let texts = match (named, new) {
        (true, true) => vec![format!("New vault password ({id}): "), format!("Confirm new vault password ({id}): ")],
        (true, false) => vec![format!("Vault password ({id}): ")],
        (false, true) => vec!["New Vault password: ".to_owned(), "Confirm New Vault password: ".to_owned()],
        (false, false) => vec!["Vault password: ".to_owned()],
    };
    let mut first: Option<String> = None;
    for text in &texts {
        let answer = ask(text).ok_or_else(|| Error::user(format!("EOFError (ctrl-d) on prompt for ({id})")))?;
        if answer.is_empty() {
            return Err(Error::user("Invalid vault password was provided"));
        }
        let answer = answer.trim().to_owned();
        if first.as_ref().is_some_and(|f| *f != answer) {
            return Err(Error::user("Passwords do not match"));
        }
        first.get_or_insert(answer);
    }
    Ok(Secret::new(first.unwrap_or_default().into_bytes()))
}

/// The words of ansible-core's warning for the step that failed.
const FINDING: &str = "getting vault password file";
const LOADING: &str = "in vault password file loading";

fn from_file(path: &str, label: Option<&str>, known: &Secrets) -> Result<Secret, (&'static str, Error)> {
    let finding = |text: String| (FINDING, Error::user(text));
    let Ok(meta) = std::fs::metadata(path) else {
        return Err(finding(format!("The vault password file {path} was not found")));
    };
    if meta.is_dir() {
        return Err(finding(format!("The vault password file provided '{path}' can not be a directory")));
    }
    let loaded = if meta.permissions().mode() & 0o111 == 0 {
        plain_file(path, known)
    } else if is_client(path) {
        client_script(path, label)
    } else {
        script(path)
    };
    loaded.map(Secret::new).map_err(|error| (LOADING, error))
}

/// Whether a script is told the vault id: its name, less its extension, ends in `-client`.
fn is_client(path: &str) -> bool {
    let path = Path::new(path);
    path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with("-client"))
}

fn plain_file(path: &str, known: &Secrets) -> Result<Vec<u8>> {
    let data = std::fs::read(path)
        .map_err(|e| Error::user(e.to_string()).context(format!("Could not read vault password file '{path}'.")))?;
    let mut data = data.trim_ascii().to_vec();
    if is_vaulted(&data) {
        data = known.decrypt(&data)?;
    }
    not_empty(&data, || format!("Invalid vault password was provided from file ({path})"))
}

fn not_empty(data: &[u8], message: impl Fn() -> String) -> Result<Vec<u8>> {
    let is_end = |b: &u8| matches!(b, b'\r' | b'\n');
    let start = data.iter().position(|b| !is_end(b)).unwrap_or(data.len());
    let end = data.iter().rposition(|b| !is_end(b)).map_or(start, |i| i + 1);
    match &data[start..end] {
        [] => Err(Error::user(message())),
        secret => Ok(secret.to_vec()),
    }
}

fn script(path: &str) -> Result<Vec<u8>> {
    // Its errors go to the user's terminal, so that it may ask something there.
    let output = Command::new(path).stdout(Stdio::piped()).stderr(Stdio::inherit()).stdin(Stdio::inherit()).output();
    let output = output.map_err(|e| not_run("script", path, &e))?;
    if !output.status.success() {
        let status = status(output.status);
        return Err(Error::user(format!("Vault password script {path} returned non-zero ({status}): None")));
    }
    not_empty(&output.stdout, || format!("Invalid vault password was provided from script ({path})"))
}

fn client_script(path: &str, label: Option<&str>) -> Result<Vec<u8>> {
    let mut command = Command::new(path);
    if let Some(label) = label.filter(|l| !l.is_empty()) {
        command.args(["--vault-id", label]);
    }
    let output = command.stdin(Stdio::inherit()).output().map_err(|e| not_run("client script", path, &e))?;
    let label = label.unwrap_or("None");
    let said = bytes_repr(&output.stderr);
    match status(output.status) {
        0 => not_empty(&output.stdout, || format!("Invalid vault password was provided from script ({path})")),
        2 => Err(Error::user(format!(
            "Vault password client script {path} did not find a secret for vault-id={label}: {said}"
        ))),
        status => Err(Error::user(format!(
            "Vault password client script {path} returned non-zero ({status}) when getting secret for \
             vault-id={label}: {said}"
        ))),
    }
}

/// The exit status as Python gives it: negative for a signal.
fn status(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt;
    status.code().unwrap_or_else(|| -status.signal().unwrap_or(0))
}

fn not_run(what: &str, path: &str, error: &std::io::Error) -> Error {
    let words = error.to_string();
    let words = words.split(" (os error").next().unwrap_or_default();
    let number = error.raw_os_error().unwrap_or(0);
    Error::user(format!(
        "Problem running vault password {what} {path} ([Errno {number}] {words}: '{path}'). \
         If this is not a script, remove the executable bit from the file."
    ))
}

/// Python's `repr` of bytes.
fn bytes_repr(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut out = format!("b{quote}");
    for &b in bytes {
        match b {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b if char::from(b) == quote => out.extend(['\\', quote]),
            b' '..=b'~' => out.push(char::from(b)),
            b => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out.push(quote);
    out
}
