//! Cookies that one request gathers and sends along its redirects, by the rules of Python's `CookieJar`.

use super::headers::Headers;
use super::url::Url;
use crate::host::time;

/// A cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Cookie {
    name: String,
    value: String,
    /// Begins with a dot where it is meant for subdomains too.
    domain: String,
    path: String,
    secure: bool,
}

/// The cookies of one request.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar(Vec<Cookie>);

/// A host as cookies see it: a name without dots is local.
fn host_of(url: &Url) -> String {
    let host = url.hostname().unwrap_or_default();
    if host.contains('.') || host.contains(':') { host } else { format!("{host}.local") }
}

fn matches(host: &str, domain: &str) -> bool {
    match domain.strip_prefix('.') {
        Some(bare) => host == bare || host.ends_with(domain),
        None => host == domain,
    }
}

impl Jar {
    /// Takes what an answer sets.
    pub(super) fn take(&mut self, url: &Url, headers: &Headers) {
        for line in headers.all("set-cookie") {
            if let Some((cookie, expired)) = read(line, url) {
                let same =
                    |old: &Cookie| (&old.domain, &old.path, &old.name) == (&cookie.domain, &cookie.path, &cookie.name);
                match self.0.iter().position(same) {
                    Some(at) if expired => drop(self.0.remove(at)),
                    Some(at) => self.0[at] = cookie,
                    None if expired => {}
                    None => self.0.push(cookie),
                }
            }
        }
    }

    /// What is sent to a URL; the longest paths first.
    pub(super) fn header(&self, url: &Url) -> Option<String> {
        let (host, path) = (host_of(url), if url.path.is_empty() { "/" } else { &url.path });
        let fits = |cookie: &&Cookie| {
            matches(&host, &cookie.domain)
                && path_matches(path, &cookie.path)
                && (!cookie.secure || url.scheme == "https")
        };
        let mut found: Vec<&Cookie> = self.0.iter().filter(fits).collect();
        found.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        let pairs: Vec<String> = found.iter().map(|cookie| format!("{}={}", cookie.name, cookie.value)).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Names and values, grouped by domain and path as Python's jar holds them.
    pub(super) fn pairs(&self) -> Vec<(String, String)> {
        let mut places: Vec<(&str, &str)> = Vec::new();
        for cookie in &self.0 {
            if !places.contains(&(&cookie.domain, &cookie.path)) {
                places.push((&cookie.domain, &cookie.path));
            }
        }
        let mut out = Vec::new();
        for (domain, path) in places {
            let here = self.0.iter().filter(|cookie| cookie.domain == domain && cookie.path == path);
            out.extend(here.map(|cookie| (cookie.name.clone(), cookie.value.clone())));
        }
        out
    }
}

fn path_matches(path: &str, cookie: &str) -> bool {
    path == cookie || (path.starts_with(cookie) && (cookie.ends_with('/') || path[cookie.len()..].starts_with('/')))
}

/// A cookie and whether it is to go; None where its server may not set it.
fn read(line: &str, url: &Url) -> Option<(Cookie, bool)> {
    let mut parts = line.split(';').map(str::trim);
    let (name, value) = match parts.next()?.split_once('=') {
        Some((name, value)) => (name.trim().to_owned(), value.trim().to_owned()),
        None => return None,
    };
    let host = host_of(url);
    let folder = url.path.rfind('/').map_or("/", |at| &url.path[..at.max(1)]);
    let mut cookie = Cookie { name, value, domain: host.clone(), path: folder.to_owned(), secure: false };
    let mut expired = false;
    let (mut expires, mut age) = (None, None);
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        let value = value.trim().trim_matches('"');
        match key.trim().to_ascii_lowercase().as_str() {
            "domain" if !value.is_empty() => {
                let bare = value.trim_start_matches('.').to_ascii_lowercase();
                // One for a whole top-level domain is refused.
                if !bare.contains('.') && bare != "local" {
                    return None;
                }
                cookie.domain = format!(".{bare}");
                if !matches(&host, &cookie.domain) {
                    return None;
                }
            }
            "path" if value.starts_with('/') => cookie.path = value.to_owned(),
            "secure" => cookie.secure = true,
            "expires" => expires = date(value),
            "max-age" => age = value.parse::<i64>().ok(),
            _ => {}
        }
    }
    match (age, expires) {
        (Some(age), _) => expired |= age <= 0,
        (None, Some(at)) => expired |= at <= time::now_float() as i64,
        (None, None) => {}
    }
    Some((cookie, expired))
}

/// Seconds since 1970 of `Wed, 21 Oct 2015 07:28:00 GMT`, also with hyphens in the date.
pub(super) fn date(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let text = text.split_once(',').map_or(text, |(_, rest)| rest).replace('-', " ");
    let mut words = text.split_whitespace();
    let day: i64 = words.next()?.parse().ok()?;
    let month = words.next()?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|name| month.starts_with(name))? as i64 + 1;
    let year: i64 = words.next()?.parse().ok()?;
    let year = match year {
        0..70 => year + 2000,
        70..100 => year + 1900,
        year => year,
    };
    let clock: Vec<i64> = words.next().unwrap_or("0:0:0").split(':').filter_map(|part| part.parse().ok()).collect();
    let [hour, minute, second] = [0, 1, 2].map(|at| clock.get(at).copied().unwrap_or(0));
    Some(time::days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_and_sent() {
        let url = Url::parse("http://localhost:8080/a/b").expect("url");
        let mut headers = Headers::default();
        for line in [
            "k=v; Path=/",
            "deep=1",
            "s=1; Secure; Path=/",
            "other=1; Domain=example.com",
            "gone=1; Max-Age=0",
            "old=1; expires=Wed, 21-Oct-2015 07:28:00 GMT",
            "k=w; Path=/",
        ] {
            headers.push("Set-Cookie", line);
        }
        let mut jar = Jar::default();
        jar.take(&url, &headers);
        assert_eq!(jar.header(&url).as_deref(), Some("deep=1; k=w"));
        let elsewhere = Url::parse("http://localhost/c").expect("url");
        assert_eq!(jar.header(&elsewhere).as_deref(), Some("k=w"));
        assert_eq!(jar.pairs().len(), 3);
        assert_eq!(date("Wed, 21 Oct 2015 07:28:00 GMT"), Some(1_445_412_480));
    }
}
