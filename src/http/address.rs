//! The addresses of a host: a literal, /etc/hosts, else what `getent` says.
//!
//! Never getaddrinfo(3), which loads libraries that a static program cannot.

use crate::host::{Command, Env};
use std::net::IpAddr;

/// The addresses of a name, in the order in which they are tried.
pub fn resolve(env: &Env, host: &str) -> Vec<IpAddr> {
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = literal.parse() {
        return vec![ip];
    }
    let known = addresses(&std::fs::read_to_string("/etc/hosts").unwrap_or_default(), Some(host));
    if !known.is_empty() || host.is_empty() || host.starts_with('-') {
        return known;
    }
    let Some(program) = env.find_program("getent") else { return Vec::new() };
    let argv = [program.as_os_str(), "ahosts".as_ref(), host.as_ref()];
    Command::new(env, argv).run().map_or_else(|_| Vec::new(), |output| addresses(&output.out(), None))
}

/// The first words of lines, of those with a name where one is given.
fn addresses(text: &str, name: Option<&str>) -> Vec<IpAddr> {
    let mut all = Vec::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap_or("").split_whitespace();
        let Some(ip) = words.next().and_then(|word| word.parse().ok()) else { continue };
        let wanted = name.is_none_or(|name| words.any(|word| word.eq_ignore_ascii_case(name)));
        if wanted && !all.contains(&ip) {
            all.push(ip);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn hosts() {
        let text = "127.0.0.1 localhost # x\n::1 LOCALHOST ip6\n10.0.0.1 other\n";
        assert_eq!(addresses(text, Some("localhost")).len(), 2);
        assert_eq!(addresses("1.2.3.4 STREAM a\n1.2.3.4 DGRAM\n", None).len(), 1);
    }
}
