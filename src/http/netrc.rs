//! `~/.netrc`: users and passwords by host, as Python's `netrc` reads them.

use crate::host::Env;
use std::os::unix::fs::MetadataExt;

/// The user and password for a host; an unreadable file has none. The error is the parser's text.
pub(super) fn login(env: &Env, host: &str) -> Result<Option<(String, String)>, String> {
    let named = env.get("NETRC").filter(|path| !path.is_empty());
    let Some(path) = named.clone().or_else(|| env.home("").map(|home| format!("{home}/.netrc"))) else {
        return Ok(None);
    };
    let Ok(text) = std::fs::read_to_string(&path) else { return Ok(None) };
    let entries = parse(&text).map_err(|(why, line)| format!("{why} ({path}, line {line})"))?;
    if named.is_none() && entries.iter().any(|entry| entry.user != "anonymous" && !entry.password.is_empty()) {
        private(&path)?;
    }
    let found = entries.iter().rfind(|entry| entry.host.as_deref() == Some(host));
    let found = found.or_else(|| entries.iter().rfind(|entry| entry.host.is_none()));
    let known = found.filter(|entry| !entry.user.is_empty() && !entry.password.is_empty());
    Ok(known.map(|entry| (entry.user.clone(), entry.password.clone())))
}

/// Refuses a file that others own or may read.
fn private(path: &str) -> Result<(), String> {
    let Ok(meta) = std::fs::metadata(path) else { return Ok(()) };
    let own = rustix::process::getuid().as_raw();
    if meta.uid() != own {
        return Err(format!("~/.netrc file owner (uid {}) does not match current user (uid {own})", meta.uid()));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(
            "~/.netrc access too permissive: access permissions must restrict access to only the owner".to_owned()
        );
    }
    Ok(())
}

#[derive(Debug, Default)]
struct Entry {
    /// None for `default`.
    host: Option<String>,
    user: String,
    password: String,
}

/// The entries, or what is wrong and in which line.
fn parse(text: &str) -> Result<Vec<Entry>, (String, usize)> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut lines = text.lines().enumerate();
    let mut pending: Option<&str> = None;
    while let Some((at, line)) = lines.next() {
        let mut words = words(line).into_iter();
        while let Some(word) = words.next() {
            match (pending.take(), word.as_str()) {
                (Some("machine"), host) => entries.push(Entry { host: Some(host.to_owned()), ..Entry::default() }),
                (Some("login"), user) => set(&mut entries, |entry| entry.user = user.to_owned()),
                (Some("password"), secret) => set(&mut entries, |entry| entry.password = secret.to_owned()),
                (Some(_), _) => {}
                (None, "default") => entries.push(Entry::default()),
                (None, "machine") => pending = Some("machine"),
                (None, "login" | "user") => pending = Some("login"),
                (None, "password") => pending = Some("password"),
                (None, "account") => pending = Some("account"),
                (None, "macdef") => {
                    // A macro goes on until an empty line.
                    lines.by_ref().find(|(_, line)| line.trim().is_empty());
                    words.by_ref().for_each(drop);
                }
                (None, comment) if comment.starts_with('#') => words.by_ref().for_each(drop),
                (None, _) if entries.is_empty() => return Err((format!("bad toplevel token '{word}'"), at + 1)),
                (None, _) => return Err((format!("bad follower token '{word}'"), at + 1)),
            }
        }
    }
    Ok(entries)
}

fn set(entries: &mut [Entry], change: impl FnOnce(&mut Entry)) {
    if let Some(entry) = entries.last_mut() {
        change(entry);
    }
}

/// Words between white space; quoted ones may hold some.
fn words(line: &str) -> Vec<String> {
    let (mut out, mut chars) = (Vec::new(), line.chars().peekable());
    while let Some(c) = chars.next() {
        if c.is_whitespace() {
            continue;
        }
        let mut word = String::new();
        let quoted = c == '"';
        let mut next = if quoted { chars.next() } else { Some(c) };
        while let Some(c) = next {
            match c {
                '"' if quoted => break,
                c if !quoted && c.is_whitespace() => break,
                '\\' => word.extend(chars.next()),
                c => word.push(c),
            }
            next = chars.next();
        }
        out.push(word);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries() {
        let text = "# a comment\nmachine a login u password p\nmacdef init\n x\n\ndefault login d\n password \"q r\"\n";
        let all = parse(text).expect("parses");
        let shown: Vec<_> = all.iter().map(|e| (e.host.as_deref(), e.user.as_str(), e.password.as_str())).collect();
        assert_eq!(shown, [(Some("a"), "u", "p"), (None, "d", "q r")]);
        assert_eq!(parse("what\n").expect_err("fails"), ("bad toplevel token 'what'".into(), 1));
    }
}
