//! Gives ssh its password: never in an argument, nor in the environment.
//!
//! ssh runs a script in our private folder, which prints a file that only we can read; the file
//! goes as soon as the login is over. To the question about an unknown host key it says no.

use crate::connection::error::ConnectionError;
use crate::connection::machine::{Shared, random};
use crate::connection::private::write;
use crate::connection::target::Secret;
use std::path::PathBuf;
use tokio::process::Command;

const SCRIPT: &str = "#!/bin/sh
case \"$1\" in
*\"The authenticity of host \"* | *\"differs from the key for the IP address\"*) echo no ;;
*) exec cat \"$RPLAY_ASKPASS\" ;;
esac
";

/// A password that waits to be asked for.
#[derive(Debug)]
pub(super) struct Askpass {
    secret: PathBuf,
}

impl Askpass {
    /// Makes a command ask us for a password.
    pub fn prepare(shared: &Shared, password: &Secret, command: &mut Command) -> Result<Self, ConnectionError> {
        let folder = shared.folders.private(&shared.settings)?;
        let trouble = |error: std::io::Error| ConnectionError::failed(format!("{}: {error}", folder.display()));
        let secret = folder.join(format!("secret-{}", random()));
        write(&secret, 0o600, format!("{}\n", password.reveal()).as_bytes()).map_err(trouble)?;
        let askpass = Self { secret };
        let script = folder.join("askpass");
        match write(&script, 0o700, SCRIPT.as_bytes()) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(trouble(error)),
            _ => {}
        }
        command.env("SSH_ASKPASS", &script).env("SSH_ASKPASS_REQUIRE", "force").env("RPLAY_ASKPASS", &askpass.secret);
        // OpenSSH before 8.4 asks a script only where there is a display.
        command.env("DISPLAY", "-");
        Ok(askpass)
    }
}

impl Drop for Askpass {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.secret);
    }
}
