//! `urllib.parse`: splitting, joining, quoting and masking of URLs.

/// What `urlsplit` gives.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Url {
    /// `https`
    pub scheme: String,
    /// `user:password@host:80`
    pub netloc: String,
    /// `/path`
    pub path: String,
    /// What follows `?`.
    pub query: String,
    /// What follows `#`.
    pub fragment: String,
}

impl Url {
    /// Splits a URL.
    pub fn parse(url: &str) -> Result<Self, String> {
        let cleaned: String =
            url.trim_start_matches(|c: char| c <= ' ').chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect();
        let mut rest = cleaned.as_str();
        let mut out = Self::default();
        if let Some(at) = rest.find(':') {
            let scheme = &rest[..at];
            let good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
            if good {
                out.scheme = scheme.to_ascii_lowercase();
                rest = &rest[at + 1..];
            }
        }
        if let Some(after) = rest.strip_prefix("//") {
            let end = after.find(['/', '?', '#']).unwrap_or(after.len());
            out.netloc = after[..end].to_owned();
            if out.netloc.contains('[') != out.netloc.contains(']') {
                return Err("Invalid IPv6 URL".into());
            }
            rest = &after[end..];
        }
        if let Some((before, fragment)) = rest.split_once('#') {
            out.fragment = fragment.to_owned();
            rest = before;
        }
        if let Some((before, query)) = rest.split_once('?') {
            out.query = query.to_owned();
            rest = before;
        }
        out.path = rest.to_owned();
        Ok(out)
    }

    /// The user and password.
    pub fn credentials(&self) -> (Option<&str>, Option<&str>) {
        match self.netloc.rsplit_once('@') {
            None => (None, None),
            Some((info, _)) => match info.split_once(':') {
                Some((user, password)) => (Some(user), Some(password)),
                None => (Some(info), None),
            },
        }
    }

    fn host_and_port(&self) -> (&str, Option<&str>) {
        let host = self.netloc.rsplit_once('@').map_or(&*self.netloc, |(_, host)| host);
        match host.split_once('[') {
            Some((_, rest)) => {
                let (host, after) = rest.split_once(']').unwrap_or((rest, ""));
                (host, after.split_once(':').map(|(_, port)| port))
            }
            None => match host.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (host, None),
            },
        }
    }

    /// The host in lower case.
    pub fn hostname(&self) -> Option<String> {
        let host = self.host_and_port().0;
        (!host.is_empty()).then(|| host.to_lowercase())
    }

    /// The port.
    pub fn port(&self) -> Result<Option<u32>, String> {
        let Some(text) = self.host_and_port().1.filter(|p| !p.is_empty()) else {
            return Ok(None);
        };
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("Port could not be cast to integer value as {}", crate::value::str_repr(text)));
        }
        match text.parse::<u32>() {
            Ok(port) if port <= 65535 => Ok(Some(port)),
            _ => Err("Port out of range 0-65535".into()),
        }
    }
}

impl std::fmt::Display for Url {
    /// `urlunsplit`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if !self.netloc.is_empty() || self.scheme == "file" || self.path.starts_with("//") {
            let slash = if self.path.is_empty() || self.path.starts_with('/') { "" } else { "/" };
            write!(f, "//{}{slash}", self.netloc)?;
        }
        f.write_str(&self.path)?;
        if !self.query.is_empty() {
            write!(f, "?{}", self.query)?;
        }
        if !self.fragment.is_empty() {
            write!(f, "#{}", self.fragment)?;
        }
        Ok(())
    }
}

/// `urljoin`: a reference as it is meant where it was found.
pub fn join(base: &str, reference: &str) -> String {
    if base.is_empty() || reference.is_empty() {
        return if base.is_empty() { reference } else { base }.to_owned();
    }
    let (Ok(base), Ok(mut url)) = (Url::parse(base), Url::parse(reference)) else { return reference.to_owned() };
    if !url.scheme.is_empty() && url.scheme != base.scheme {
        return reference.to_owned();
    }
    url.scheme.clone_from(&base.scheme);
    if !url.netloc.is_empty() {
        return url.to_string();
    }
    url.netloc.clone_from(&base.netloc);
    if url.path.is_empty() {
        url.path.clone_from(&base.path);
        if url.query.is_empty() {
            url.query.clone_from(&base.query);
        }
        return url.to_string();
    }
    if !url.path.starts_with('/') {
        let folder = base.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        url.path = format!("{folder}/{}", url.path);
    }
    url.path = without_dots(&url.path);
    url.to_string()
}

/// A path without `.` and `..`, none of which leads above the root.
fn without_dots(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let parts: Vec<&str> = path.split('/').collect();
    let last = parts.len().saturating_sub(1);
    for (at, part) in parts.iter().enumerate() {
        match *part {
            "." => {}
            ".." => {
                if out.len() > 1 {
                    out.pop();
                }
            }
            part => out.push(part),
        }
        if at == last && matches!(*part, "." | "..") {
            out.push("");
        }
    }
    out.join("/")
}

/// A URL whose user and password, where it has any, are stars.
pub fn mask(url: &str) -> String {
    let Ok(parsed) = Url::parse(url) else { return url.to_owned() };
    let secret = match parsed.credentials() {
        (Some(_), Some(password)) if !password.is_empty() => true,
        (Some(user), None) if !user.is_empty() => false,
        _ => return url.to_owned(),
    };
    let host = parsed.netloc.rsplit_once('@').map_or("", |(_, host)| host);
    let stars = if secret { "****:****" } else { "****" };
    Url { netloc: format!("{stars}@{host}"), ..parsed }.to_string()
}

/// `unquote`.
pub fn unquote(text: &str) -> String {
    unquote_plus(&text.replace('+', "%2B"))
}

/// The name that a download of this path gets; empty where the path ends with a slash.
pub fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or("")
}

/// `quote`: everything but letters, digits, `_.-~` and the safe characters as `%XX`.
pub fn quote(text: &str, safe: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"_.-~".contains(&byte) || safe.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// `unquote_plus`.
pub fn unquote_plus(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while let Some(&byte) = bytes.get(i) {
        let hex = text.get(i + 1..i + 3).filter(|_| byte == b'%').and_then(|h| u8::from_str_radix(h, 16).ok());
        match hex {
            Some(value) => {
                out.push(value);
                i += 3;
                continue;
            }
            None if byte == b'+' => out.push(b' '),
            None => out.push(byte),
        }
        i += 1;
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits() {
        let url = Url::parse("http://user:pw@www.Acme.com:9000/dir/index.html?query=term#frag").unwrap();
        assert_eq!((url.scheme.as_str(), url.path.as_str()), ("http", "/dir/index.html"));
        assert_eq!(url.credentials(), (Some("user"), Some("pw")));
        assert_eq!(url.hostname().as_deref(), Some("www.acme.com"));
        assert_eq!(url.port(), Ok(Some(9000)));
        assert_eq!((url.query.as_str(), url.fragment.as_str()), ("query=term", "frag"));
        assert_eq!(quote("a b/é", "/"), "a%20b/%C3%A9");
        assert_eq!(unquote("a+b%20c"), "a+b c");
        assert_eq!(unquote_plus("a+b%20c%zz"), "a b c%zz");
    }

    #[test]
    fn joins_as_python_does() {
        for (reference, joined) in [
            ("g", "http://a/b/c/g"),
            ("./g", "http://a/b/c/g"),
            ("g/", "http://a/b/c/g/"),
            ("/g", "http://a/g"),
            ("//g", "http://g"),
            ("?y", "http://a/b/c/d?y"),
            ("g?y#s", "http://a/b/c/g?y#s"),
            ("..", "http://a/b/"),
            ("../../../g", "http://a/g"),
            ("https://x/y", "https://x/y"),
            ("", "http://a/b/c/d?q"),
        ] {
            assert_eq!(join("http://a/b/c/d?q", reference), joined, "{reference}");
        }
    }

    #[test]
    fn masks_credentials() {
        for (url, masked) in [
            ("http://a/b?c", "http://a/b?c"),
            ("http://u:p@a:1/b", "http://****:****@a:1/b"),
            ("http://u@a/b", "http://****@a/b"),
            ("http://u:@a/b", "http://u:@a/b"),
        ] {
            assert_eq!(mask(url), masked);
        }
    }
}
