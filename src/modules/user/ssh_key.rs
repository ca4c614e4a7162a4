//! An account's ssh key: `ssh-keygen` makes it, once.
//!
//! The passphrase is typed at ssh-keygen's prompt on a pseudo-terminal, never put into its command line.

use super::{Done, execute, tool};
use crate::host::accounts::User;
use crate::host::pty::{Echo, Heard, Session};
use crate::host::{errors, locale};
use crate::modules::{Call, command};
use crate::proto::Outcome;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long ssh-keygen may take to ask for the passphrase and to make the key.
const PATIENCE: Duration = Duration::from_secs(900);

/// Makes the key where there is none, and tells of it.
pub(super) fn ensure(call: &mut Call<'_>, user: &User, outcome: &mut Outcome) -> Result<(), Outcome> {
    let done = match path(call, user) {
        Ok(path) => generate(call, user, &path)?,
        Err(problem) => Done::failed(problem),
    };
    if done.or_fail(&user.name)?.rc == Some(0) {
        outcome.set("changed", true);
    }
    let path = path(call, user).map_err(Outcome::crashed)?;
    outcome.set("ssh_fingerprint", fingerprint(call, &path)?);
    outcome.set("ssh_public_key", fs::read_to_string(public(&path)).ok().map(|text| text.trim().to_owned()));
    outcome.set("ssh_key_file", path);
    Ok(())
}

/// The path of the private key: as given, or in the account's home.
fn path(call: &Call<'_>, user: &User) -> Result<String, String> {
    let own = format!(".ssh/id_{}", call.args.str("ssh_key_type"));
    let file = call.args.opt_str("ssh_key_file").unwrap_or(&own);
    if file.starts_with('/') {
        return Ok(file.to_owned());
    }
    if !call.check() && !Path::new(&user.home).exists() {
        return Err(format!("User {} home directory does not exist", user.name));
    }
    Ok(Path::new(&user.home).join(file).to_string_lossy().into_owned())
}

fn public(path: &str) -> String {
    format!("{path}.pub")
}

fn generate(call: &mut Call<'_>, user: &User, path: &str) -> Result<Done, Outcome> {
    let folder = crate::modules::edit::dirname(path);
    if !Path::new(folder).exists() {
        if call.check() {
            return Ok(Done { rc: Some(0), ..Done::default() });
        }
        let made = DirBuilder::new().mode(0o700).create(folder);
        if let Err(error) = made.and_then(|()| chown(folder, Some(user.uid), Some(user.gid))) {
            return Ok(Done::failed(format!("Failed to create {folder}: {}", errors::os_error(&error, folder))));
        }
    }
    let force = call.args.bool("force");
    let public = public(path);
    let mut overwrite = None;
    for (file, what) in [(path, "private"), (public.as_str(), "public")] {
        if !Path::new(file).exists() {
            continue;
        }
        if !force {
            call.warn(format!(
                "Found existing ssh key {what} file \"{file}\", no force, so skipping ssh-keygen generation"
            ));
            return Ok(Done::default());
        }
        call.warn(format!("Overwriting existing ssh key {what} file \"{file}\""));
        if what == "private" {
            overwrite = Some("y".to_owned());
        } else if !call.check() {
            fs::remove_file(file).map_err(|e| Outcome::crashed(errors::os_error(&e, file)))?;
        }
    }
    let mut argv = tool(call, "ssh-keygen")?;
    argv.extend(["-t".into(), call.args.str("ssh_key_type").to_owned()]);
    if call.args.int("ssh_key_bits") > 0 {
        argv.extend(["-b".into(), call.args.int("ssh_key_bits").to_string()]);
    }
    argv.extend(["-C".into(), call.args.str("ssh_key_comment").to_owned(), "-f".into(), path.to_owned()]);
    if call.check() {
        return Ok(Done { rc: Some(0), ..Done::default() });
    }
    let mut done = Done::default();
    match call.args.opt_str("ssh_key_passphrase") {
        Some(passphrase) => done = typed(call, &argv, passphrase)?,
        None => {
            argv.extend(["-N".into(), String::new()]);
            done.feed(call, argv, overwrite)?;
        }
    }
    if done.rc == Some(0) {
        for file in [path, &public] {
            chown(file, Some(user.uid), Some(user.gid)).map_err(|e| Outcome::crashed(errors::os_error(&e, file)))?;
        }
    }
    Ok(done)
}

/// Runs ssh-keygen on a terminal and types the passphrase, twice.
fn typed(call: &Call<'_>, argv: &[String], passphrase: &str) -> Result<Done, Outcome> {
    let vars = [("LC_ALL".to_owned(), locale::parsable(&call.env).to_owned())];
    let session = Session::spawn(&call.env, argv, None, &vars, Echo::Off);
    let mut session = session.map_err(|e| command::not_started(argv, &e))?;
    let failed = |error: &io::Error| Done::failed(errors::plain(error));
    let started = Instant::now();
    let mut heard = Vec::new();
    let mut prompts = ["Enter passphrase", "Enter same passphrase again"].into_iter().peekable();
    loop {
        if call.is_cancelled() {
            return Err(Outcome::failed("The task was ended before its command had finished."));
        }
        if started.elapsed() > PATIENCE {
            return Ok(Done::failed("Timeout after 900 while reading passphrase for SSH key"));
        }
        match session.read(Duration::from_millis(100)) {
            Ok(Heard::Bytes(bytes)) => heard.extend(bytes),
            Ok(Heard::Nothing) => continue,
            Ok(Heard::End) => break,
            Err(error) => return Ok(failed(&error)),
        }
        let text = String::from_utf8_lossy(&heard);
        if text.contains("Overwrite (y/n)?") {
            return Ok(Done { out: "Key already exists".into(), ..Done::default() });
        }
        if prompts.next_if(|prompt| text.contains(*prompt)).is_some()
            && let Err(error) = session.write(format!("{passphrase}\r").as_bytes())
        {
            return Ok(failed(&error));
        }
    }
    let text = String::from_utf8_lossy(&heard).into_owned();
    match session.wait(Duration::from_secs(5)).and_then(|rc| rc.map_or_else(|| session.hang_up(), Ok)) {
        Ok(rc) => Ok(Done { rc: Some(rc), err: text, ..Done::default() }),
        Err(error) => Ok(failed(&error)),
    }
}

/// The key's fingerprint; what ssh-keygen complains of where it has none.
fn fingerprint(call: &Call<'_>, path: &str) -> Result<String, Outcome> {
    if !Path::new(path).exists() {
        return Ok(String::new());
    }
    let mut argv = tool(call, "ssh-keygen")?;
    argv.extend(["-l".into(), "-f".into(), path.to_owned()]);
    let output = execute(call, &argv, None)?;
    let text = if output.rc == 0 { output.out() } else { output.err() };
    Ok(text.trim().to_owned())
}
