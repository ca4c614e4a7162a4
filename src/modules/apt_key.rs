//! `apt_key`: the keys that apt trusts, by the program `apt-key`.

use super::{Call, ModuleDef, Support, web};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Output, locale};
use crate::http::url;
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "apt_key",
    doc: "Add or remove an apt key.",
    spec: &Spec {
        mutually_exclusive: &[&["data", "file", "keyserver", "url"]],
        ..Spec::new(&[
            Arg::new("id", Kind::Str),
            Arg::new("url", Kind::Str),
            Arg::new("data", Kind::Str),
            Arg::new("file", Kind::Path),
            Arg::new("keyring", Kind::Path),
            Arg::new("validate_certs", Kind::Bool).default(Default::Bool(true)),
            Arg::new("keyserver", Kind::Str),
            Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["absent", "present"]),
        ])
    },
    check: Support::Full,
    diff: Support::None,
    run,
};

/// How often a key server is asked.
const TRIES: usize = 5;

const ARMOR: &str = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

struct Job<'a, 'b> {
    call: &'a Call<'b>,
    apt_key: String,
    gpg: String,
    locale: &'static str,
}

/// A key's number, in the lengths that its uses want.
struct Id {
    /// The last 8 digits.
    short: String,
    /// The last 16.
    fingerprint: String,
    /// All of it.
    whole: String,
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let call = &*call;
    let need = |program: &str| call.need_program(program).map(|path| path.to_string_lossy().into_owned());
    let job = Job { call, apt_key: need("apt-key")?, gpg: need("gpg")?, locale: locale::parsable(&call.env) };
    job.run()
}

impl Job<'_, '_> {
    fn given(&self, name: &str) -> Option<&str> {
        self.call.args.opt_str(name).filter(|text| !text.is_empty())
    }

    fn run(&self) -> Result<Outcome, Outcome> {
        let mut result = Outcome::changed(false);
        let mut data = self.call.args.opt_str("data").map(|text| text.as_bytes().to_vec());
        let mut id = self.given("id").map(str::to_owned);
        if id.is_none() {
            if self.given("keyserver").is_some() {
                return Err(Outcome::failed("Missing key_id, required with keyserver."));
            }
            if let Some(address) = self.given("url") {
                data = Some(self.download(address)?);
            }
            id = match (self.given("file"), data.as_deref().filter(|data| !data.is_empty())) {
                (Some(file), _) => self.id_in(file, None)?,
                (None, Some(data)) => self.id_in("-", Some(data))?,
                // As it was given, if only as nothing.
                (None, None) => self.call.args.opt_str("id").map(str::to_owned),
            };
        }
        result.set("id", web::or_null(id.clone()));
        let Some(id) = id.as_deref().and_then(Id::parse) else { return Err(with(&result, "Invalid key_id")) };
        result.set("short_id", id.short.as_str());
        result.set("fp", id.fingerprint.as_str());
        result.set("key_id", id.whole.as_str());
        let short = id.whole.len() == 8;
        let before = self.keys(short)?;
        result.set("before", list(&before));
        if self.given("state") == Some("absent") {
            self.remove(&mut result, &id, &before)?;
        } else if !before.contains(if short { &id.short } else { &id.fingerprint }) {
            result.set("changed", true);
            if !self.call.check() {
                self.add(&result, &id, data)?;
                let after = self.keys(short)?;
                result.set("after", list(&after));
                if !after.contains(if short { &id.short } else { &id.fingerprint }) {
                    return Err(with(&result, &no_error("failed to add the key")));
                }
            }
        }
        Ok(result)
    }

    fn remove(&self, result: &mut Outcome, id: &Id, before: &[String]) -> Result<(), Outcome> {
        if !before.contains(&id.fingerprint) {
            return Ok(());
        }
        result.set("changed", true);
        if self.call.check() {
            return Ok(());
        }
        // Old versions know short numbers alone.
        let line = format!("{} del {}", self.program(), id.short);
        let output = self.execute(&line, false)?;
        if output.rc != 0 {
            let failed = Outcome::failed(format!("Unable to remove a key with id {}", id.short));
            return Err(told(failed, &line, &output).with("key_id", id.short.as_str()));
        }
        let after = self.keys(id.whole.len() == 8)?;
        let is_there = after.contains(&id.fingerprint);
        result.set("after", list(&after));
        if is_there { Err(with(result, &no_error("the key was not removed"))) } else { Ok(()) }
    }

    /// apt-key with the keyring.
    fn program(&self) -> String {
        match self.given("keyring") {
            Some(keyring) => format!("{} --keyring {keyring}", self.apt_key),
            None => self.apt_key.clone(),
        }
    }

    fn execute(&self, line: &str, parsable: bool) -> Result<Output, Outcome> {
        let vars = ["LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE"].map(|name| (name, self.locale));
        self.call.run_line(line, if parsable { &vars } else { &[] })
    }

    /// The keys that apt trusts.
    fn keys(&self, short: bool) -> Result<Vec<String>, Outcome> {
        let program = match self.call.args.opt_str("keyring") {
            Some(keyring) => format!("{} --keyring {keyring}", self.apt_key),
            None => self.apt_key.clone(),
        };
        let line = format!("{program} adv --list-public-keys --keyid-format=long");
        let output = self.execute(&line, false)?;
        if output.rc != 0 {
            return Err(told(Outcome::failed("Unable to list public keys"), &line, &output));
        }
        let keys = keys_in(&output.out());
        Ok(if short { keys.iter().map(|key| last(key, 8)).collect() } else { keys })
    }

    /// The number of the first key in a file, or in data.
    fn id_in(&self, file: &str, data: Option<&[u8]>) -> Result<Option<String>, Outcome> {
        let argv = [self.gpg.clone(), "--with-colons".to_owned(), self.call.env.expand(file)];
        let mut stdin = data.map(<[u8]>::to_vec);
        if let Some(bytes) = &mut stdin
            && String::from_utf8_lossy(bytes).contains(ARMOR)
        {
            bytes.push(b'\n');
        }
        let mut command = self.call.command(&argv).stdin(stdin);
        for name in ["LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE"] {
            command = command.var(name, self.locale);
        }
        let output = command.run().map_err(|error| super::command::not_started(&argv, &error))?;
        if output.rc == 0 {
            return Ok(keys_in(&output.out()).into_iter().next());
        }
        let what = if data.is_some() { "inline data" } else { file };
        let failed = Outcome::failed(format!("Unable to extract key from '{what}'"));
        Err(failed.with("stdout", output.out()).with("stderr", output.err()))
    }

    fn download(&self, address: &str) -> Result<Vec<u8>, Outcome> {
        let shown = url::mask(address);
        let (info, response) = web::fetched(self.call, &web::request(self.call, address))?;
        let Some(mut response) = response.filter(|_| info.status == Some(200)) else {
            return Err(Outcome::failed(format!("Failed to download key at {shown}: {}", info.msg)));
        };
        let mut data = Vec::new();
        let saved = response.save(&mut data);
        saved.map_err(|_| Outcome::failed(format!("Error getting key id from url: {shown}")))?;
        Ok(data)
    }

    fn add(&self, result: &Outcome, id: &Id, data: Option<Vec<u8>>) -> Result<(), Outcome> {
        if let Some(file) = self.given("file") {
            let line = format!("{} add {file}", self.program());
            let output = self.execute(&line, false)?;
            let failed = || Outcome::failed(format!("Unable to add a key from file {file}")).with("keyfile", file);
            return if output.rc == 0 { Ok(()) } else { Err(told(failed(), &line, &output)) };
        }
        if let Some(server) = self.given("keyserver") {
            return self.receive(server, &id.whole);
        }
        let data = match (data.filter(|data| !data.is_empty()), self.given("url")) {
            (Some(data), _) => data,
            (None, Some(address)) => self.download(address)?,
            (None, None) => return Err(with(result, "No key to add ... how did i get here?!?!")),
        };
        let line = format!("{} add -", self.program());
        let argv = self.call.words(&line)?;
        let output = self.call.command(&argv).stdin(Some(data)).run();
        let output = output.map_err(|error| super::command::not_started(&argv, &error))?;
        match output.rc {
            0 => Ok(()),
            _ => Err(told(Outcome::failed("Unable to add a key from binary data"), &line, &output)),
        }
    }

    /// Gets a key from a server.
    fn receive(&self, server: &str, id: &str) -> Result<(), Outcome> {
        let mut line = format!("{} adv --no-tty --keyserver {server}", self.program());
        let proxies = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];
        let proxy = proxies.into_iter().filter_map(|name| self.call.env.get(name)).find(|proxy| !proxy.is_empty());
        if let Some(proxy) = proxy {
            line.push_str(&format!(" --keyserver-options http-proxy={proxy}"));
        }
        line.push_str(&format!(" --recv {id}"));
        let mut output = Output::default();
        for _ in 0..TRIES {
            output = self.execute(&line, true)?;
            if output.rc == 0 {
                return Ok(());
            }
        }
        let vars = ["LANG", "LC_ALL", "LC_MESSAGES", "LANGUAGE"].map(|name| (name, self.locale));
        let failed = |msg: String| {
            let failed = Outcome::failed(msg).with("cmd", line.as_str());
            failed.with("forced_environment", Dict::from(vars))
        };
        if output.rc == 2 && output.out().contains("not found on keyserver") {
            return Err(failed(format!("Key {id} not found on keyserver {server}")));
        }
        let failed = failed(format!("Error fetching key {id} from keyserver: {server}"));
        Err(told(failed, &line, &output))
    }
}

impl Id {
    /// From hexadecimal digits: 8, 16 or more of them.
    fn parse(text: &str) -> Option<Self> {
        let whole = text.to_uppercase();
        let whole = whole.strip_prefix("0X").unwrap_or(&whole).to_owned();
        let is_number = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_hexdigit());
        let fits = matches!(whole.len(), 8 | 16..);
        (is_number && fits).then(|| Self { short: last(&whole, 8), fingerprint: last(&whole, 16), whole })
    }
}

fn last(text: &str, count: usize) -> String {
    let skipped = text.chars().count().saturating_sub(count);
    text.chars().skip(skipped).collect()
}

/// The numbers of the keys that apt-key or gpg lists, without those that have expired.
fn keys_in(text: &str) -> Vec<String> {
    let lines = text.split('\n').filter(|line| line.starts_with("pub") || line.starts_with("sub"));
    let keys = lines.filter(|line| !line.contains("expired")).filter_map(|line| {
        let code = line.split_whitespace().nth(1).and_then(|code| code.split_once('/'));
        match code.filter(|(_, key)| !key.contains('/')) {
            Some((_, key)) => Some(key),
            None => line.split(':').nth(4),
        }
    });
    keys.map(str::to_owned).collect()
}

fn list(keys: &[String]) -> Value {
    Value::list(keys.iter().map(|key| key.as_str().into()))
}

/// The result so far, as a failure.
fn with(result: &Outcome, msg: &str) -> Outcome {
    result.clone().with("failed", true).with("msg", msg)
}

fn told(failed: Outcome, line: &str, output: &Output) -> Outcome {
    let failed = failed.with("cmd", line).with("rc", output.rc);
    failed.with("stdout", output.out()).with("stderr", output.err())
}

fn no_error(what: &str) -> String {
    format!("apt-key did not return an error, but {what} (check that the id is correct and *not* a subkey)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_keys() {
        let text = "pub   rsa4096/73C38DEA0 2018 [SC]\n      AB\nsub   rsa2048/11 2018 [E] [expired: 2020]\n\
                    pub:-:4096:1:648ACFD622F3D138:142::::\nsub\nuid x";
        assert_eq!(keys_in(text), ["73C38DEA0", "648ACFD622F3D138"]);
        let id = Id::parse("0x0123456789abcdef01").expect("a number");
        assert_eq!((id.short.as_str(), id.fingerprint.as_str()), ("ABCDEF01", "23456789ABCDEF01"));
        for text in ["123", "0123456789", "xyzxyzxy", ""] {
            assert!(Id::parse(text).is_none(), "{text}");
        }
    }
}
