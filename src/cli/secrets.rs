//! Vault secrets and the passwords of connections, from options, settings, files and prompts.

use super::playbook::all;
use super::terminal;
use crate::callback::Screen;
use crate::config::Config;
use crate::diag::{Error, Result};
use crate::event::Event;
use crate::vault::{self, Secrets};
use clap::ArgMatches;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

/// The vault secrets that a tool's options and settings name.
pub(super) fn gather(matches: &ArgMatches, config: &Config, screen: &Screen) -> Result<Secrets> {
    let settings = &config.settings;
    let mut ids: Vec<String> = settings.list("DEFAULT_VAULT_IDENTITY_LIST").into_iter().map(str::to_owned).collect();
    ids.extend(all(matches, "vault_ids"));
    let mut files = all(matches, "vault_password_files");
    files.extend(settings.text("DEFAULT_VAULT_PASSWORD_FILE").map(str::to_owned));
    let ask = matches.get_flag("ask_vault_pass") || settings.flag("DEFAULT_ASK_VAULT_PASS");
    let wanted = vault::Wanted { ids: &ids, files: &files, ask, ..vault::Wanted::default() };
    let resolve = |path: &str| config.around.resolve(path, None);
    let mut warn = |text: String| {
        screen.common(&Event::Warning(text));
    };
    let mut secrets = vault::collect(wanted, &resolve, &mut |text| terminal::password(text), &mut warn)?;
    secrets.set_match_ids(settings.flag("DEFAULT_VAULT_ID_MATCH"));
    Ok(secrets)
}

/// A password from a file: its content, or what it prints where it can be executed.
pub(super) fn password_file(path: &str) -> Result<String> {
    let meta = std::fs::metadata(path).map_err(|_| Error::user(format!("The password file {path} was not found")))?;
    let bytes = if meta.permissions().mode() & 0o111 != 0 {
        let output = Command::new(path).stdin(Stdio::inherit()).stderr(Stdio::inherit()).output();
        let output = output.map_err(|error| Error::user(format!("Problem running password script {path} ({error}). If this is not a script, remove the executable bit from the file.")))?;
        if !output.status.success() {
            let code = output.status.code().unwrap_or(-1);
            return Err(Error::user(format!("The password script {path} returned an error (rc={code})")));
        }
        output.stdout
    } else {
        std::fs::read(path).map_err(|error| Error::user(format!("Could not read password file {path}: {error}")))?
    };
    let text = String::from_utf8_lossy(&bytes).trim_end_matches(['\r', '\n']).to_owned();
    if text.is_empty() {
        return Err(Error::user(format!("Empty password was provided from file ({path})")));
    }
    Ok(text)
}
