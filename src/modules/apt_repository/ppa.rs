//! `ppa:owner/name`: an archive of Launchpad's, and the key that signs it.

use crate::host::{Output, Replace, locale, os_error};
use crate::modules::edit::basename;
use crate::modules::{Call, command, web};
use crate::proto::Outcome;
use crate::value::{Value, parse_json};
use std::path::{Path, PathBuf};

/// Where apt's keys are, the best place for a new one first.
const FOLDERS: [&str; 3] = ["/etc/apt/keyrings", "/etc/apt/trusted.gpg.d", "/usr/share/keyrings"];

const KEYSERVER: &str = "hkp://keyserver.ubuntu.com:80";

/// What a short name stands for.
pub(super) struct Ppa {
    owner: String,
    name: String,
    pub codename: String,
    /// The line for the list.
    pub line: String,
}

impl Ppa {
    pub(super) fn of(call: &Call<'_>, text: &str) -> Result<Self, Outcome> {
        let path = text.split(':').nth(1).unwrap_or("");
        let mut parts = path.split('/');
        let owner = parts.next().unwrap_or("").to_owned();
        let name = parts.next().unwrap_or("ppa").to_owned();
        let given = call.args.opt_str("codename").filter(|name| !name.is_empty());
        let codename = given.map_or_else(codename, str::to_owned);
        let line = format!("deb https://ppa.launchpadcontent.net/{owner}/{name}/ubuntu {codename} main");
        Ok(Self { owner, name, codename, line })
    }

    /// Lets apt trust the archive's key, where it does not yet.
    pub(super) fn trust(&self, call: &Call<'_>) -> Result<(), Outcome> {
        let key = self.fingerprint(call)?;
        let apt_key = call.env.find_program("apt-key").map(|path| path.to_string_lossy().into_owned());
        match apt_key {
            Some(apt_key) => by_apt_key(call, &apt_key, &key),
            None => self.by_gpg(call, &key),
        }
    }

    fn fingerprint(&self, call: &Call<'_>) -> Result<String, Outcome> {
        let address = format!("https://api.launchpad.net/1.0/~{}/+archive/{}", self.owner, self.name);
        let mut request = web::request(call, &address);
        request.headers.push(("Accept".into(), "application/json".into()));
        let (info, response) = web::fetched(call, &request)?;
        let failed = |why: &str| Outcome::failed(format!("failed to fetch PPA information, error was: {why}"));
        let Some(mut response) = response.filter(|_| info.status == Some(200)) else { return Err(failed(&info.msg)) };
        let mut body = Vec::new();
        response.save(&mut body).map_err(|error| failed(&error.text))?;
        let answer = parse_json(&String::from_utf8_lossy(&body)).map_err(Outcome::crashed)?;
        let key = answer.get("signing_key_fingerprint").and_then(Value::as_str);
        key.map(str::to_owned).ok_or_else(|| Outcome::crashed("'signing_key_fingerprint'"))
    }

    fn by_gpg(&self, call: &Call<'_>, key: &str) -> Result<(), Outcome> {
        let gpg = call.need_program("gpg")?.to_string_lossy().into_owned();
        if gpg_has(call, &gpg, key)? || call.check() {
            return Ok(());
        }
        let Some(folder) = FOLDERS.into_iter().find(|folder| Path::new(folder).exists()) else {
            return Err(Outcome::failed(format!(
                "Unable to find any existing apt gpgp repo directories, tried the following: {}",
                FOLDERS.join(", ")
            )));
        };
        let argv = [gpg.as_str(), "--no-tty", "--keyserver", KEYSERVER, "--export", key].map(str::to_owned);
        let output = must(call, &argv, false)?;
        if output.stdout.is_empty() {
            return Err(Outcome::failed("Unable to get required signing key")
                .with("rc", output.rc)
                .with("stderr", output.err())
                .with("command", Value::list(argv.iter().map(|word| word.as_str().into()))));
        }
        let stem = basename(&self.line).replace(' ', "-");
        let path = format!("{folder}/{stem}-{}-{}.gpg", self.owner, self.name);
        Replace::new(Path::new(&path)).bytes(&output.stdout).map_err(|why| {
            Outcome::failed("Unable to add required signing key.")
                .with("rc", output.rc)
                .with("stderr", output.err())
                .with("error", why.to_string())
        })
    }
}

fn by_apt_key(call: &Call<'_>, apt_key: &str, key: &str) -> Result<(), Outcome> {
    let exported = must(call, &[apt_key, "export", key].map(str::to_owned), true)?;
    if !exported.err().contains("nothing exported") || call.check() {
        return Ok(());
    }
    let argv = [apt_key, "adv", "--recv-keys", "--no-tty", "--keyserver", KEYSERVER, key].map(str::to_owned);
    must(call, &argv, true).map(drop)
}

/// Whether one of apt's files has the key.
fn gpg_has(call: &Call<'_>, gpg: &str, key: &str) -> Result<bool, Outcome> {
    let mut files = vec![PathBuf::from("/etc/apt/trusted.gpg")];
    for folder in FOLDERS.into_iter().filter(|folder| Path::new(folder).exists()) {
        let entries = std::fs::read_dir(folder).map_err(|error| Outcome::crashed(os_error(&error, folder)))?;
        let names = entries.flatten().filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
        files.extend(names.map(|entry| entry.path()));
    }
    for file in files.iter().filter(|file| file.exists()) {
        let argv = [gpg.to_owned(), "--list-packets".to_owned(), file.to_string_lossy().into_owned()];
        let output = call.command(&argv).run().map_err(|error| command::not_started(&argv, &error))?;
        if output.out().contains(key) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn must(call: &Call<'_>, argv: &[String], parsable: bool) -> Result<Output, Outcome> {
    let mut run = call.command(argv);
    if parsable {
        let locale = locale::parsable(&call.env);
        for name in ["LANG", "LC_ALL", "LC_MESSAGES", "LC_CTYPE", "LANGUAGE"] {
            run = run.var(name, locale);
        }
    }
    let output = run.run().map_err(|error| command::not_started(argv, &error))?;
    if output.rc == 0 { Ok(output) } else { Err(command::refused(argv, &output)) }
}

/// The distribution's name of its version; Debian's next one has none.
fn codename() -> String {
    let text = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VERSION_CODENAME="));
    line.map(|name| name.trim_matches(['"', '\'']).to_owned()).filter(|name| !name.is_empty()).unwrap_or("sid".into())
}
