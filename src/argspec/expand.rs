//! `~` and `$VAR` in paths, as Python's `expanduser(expandvars(path))`.

use super::check::Host;

/// Expands variables, then a leading `~` or `~user`; what is unknown stays as it is.
pub fn expand_path(path: &str, host: Host<'_>) -> String {
    let path = variables(path, host);
    let Some(rest) = path.strip_prefix('~') else { return path };
    let (user, tail) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match (host.home)(user) {
        Some(home) => {
            let home = home.trim_end_matches('/');
            if home.is_empty() && tail.is_empty() { "/".to_owned() } else { format!("{home}{tail}") }
        }
        None => path,
    }
}

fn variables(text: &str, host: Host<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (name, length) = match rest[1..].strip_prefix('{') {
            Some(inner) => match inner.find('}') {
                Some(end) => (&inner[..end], end + 3),
                None => ("", 1),
            },
            None => {
                let end = rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len() - 1);
                (&rest[1..=end], end + 1)
            }
        };
        match (host.env)(name).filter(|_| !name.is_empty()) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}
