//! Proxies from the environment: `http_proxy`, `https_proxy`, `no_proxy`, as urllib reads them.

use super::auth;
use super::url::{Url, unquote};
use crate::host::Env;

/// A proxy for a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Proxy {
    /// `http` or `https`: how the proxy itself is spoken to.
    pub scheme: String,
    /// `host:port`.
    pub authority: String,
    /// `Proxy-Authorization`, where the proxy's URL has user and password.
    pub authorization: Option<String>,
}

/// A variable in small letters, else in capitals.
fn variable(env: &Env, name: &str) -> Option<String> {
    let small = env.get(name);
    // A CGI program's HTTP_PROXY may be a header of its client.
    let forged = name == "http_proxy" && env.get("REQUEST_METHOD").is_some();
    small.or_else(|| if forged { None } else { env.get(&name.to_uppercase()) }).filter(|value| !value.is_empty())
}

/// The proxy for a URL of a scheme and host (with port).
pub(super) fn of(env: &Env, scheme: &str, authority: &str) -> Option<Proxy> {
    let text = variable(env, &format!("{scheme}_proxy"))?;
    if bypassed(&variable(env, "no_proxy").unwrap_or_default(), authority) {
        return None;
    }
    let url = Url::parse(&if text.contains("://") { text } else { format!("{scheme}://{text}") }).ok()?;
    let authority_of = url.netloc.rsplit_once('@').map_or(url.netloc.as_str(), |(_, host)| host);
    let authorization = match url.credentials() {
        (Some(user), Some(password)) if !user.is_empty() && !password.is_empty() => {
            Some(auth::basic(&unquote(user), &unquote(password)))
        }
        _ => None,
    };
    Some(Proxy { scheme: url.scheme.clone(), authority: unquote(authority_of), authorization })
}

/// Whether `no_proxy` names a host, or a domain that it is in.
fn bypassed(list: &str, authority: &str) -> bool {
    if list.trim() == "*" {
        return true;
    }
    let authority = authority.to_lowercase();
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => &authority,
    };
    list.split(',').map(|name| name.trim().trim_start_matches('.').to_lowercase()).any(|name| {
        let domain = format!(".{name}");
        !name.is_empty()
            && (host == name || authority == name || host.ends_with(&domain) || authority.ends_with(&domain))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_in_the_environment() {
        let env = Env::default().with("http_proxy", "http://u:p%40@proxy:3128/").with("no_proxy", ".corp, 10.0.0.1:80");
        let proxy = of(&env, "http", "example.com").expect("a proxy");
        assert_eq!((proxy.scheme.as_str(), proxy.authority.as_str()), ("http", "proxy:3128"));
        assert_eq!(proxy.authorization, Some(auth::basic("u", "p@")));
        for host in ["corp", "a.corp:8080", "10.0.0.1:80"] {
            assert_eq!(of(&env, "http", host), None, "{host}");
        }
        assert!(of(&env, "http", "10.0.0.1:81").is_some());
        assert_eq!(
            of(&Env::default().with("HTTPS_PROXY", "h:1"), "https", "x").map(|p| p.scheme),
            Some("https".into())
        );
        assert_eq!(of(&env.with("no_proxy", "*"), "http", "x"), None);
    }
}
