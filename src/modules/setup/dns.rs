//! `dns`: /etc/resolv.conf.

use super::{Host, read};
use crate::value::{Dict, Value};

/// The facts.
pub fn facts(_: &Host<'_>) -> Dict {
    let lines = read::lines("/etc/resolv.conf");
    Dict::from([("dns", parse(lines.iter().map(String::as_str)))])
}

fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Dict {
    let mut dns = Dict::new();
    for line in lines.filter(|line| !line.starts_with(['#', ';'])) {
        let mut words = line.split_whitespace();
        let Some(word) = words.next() else { continue };
        let list = |words: std::str::SplitWhitespace<'_>| words.map(Value::from).collect::<Vec<_>>();
        match word {
            "nameserver" => {
                let mut all = dns.get("nameservers").and_then(Value::as_list).map(<[_]>::to_vec).unwrap_or_default();
                all.extend(list(words));
                dns.insert("nameservers", all);
            }
            "domain" => {
                if let Some(name) = words.next() {
                    dns.insert("domain", name);
                }
            }
            "search" | "sortlist" => {
                dns.insert(word, list(words));
            }
            "options" => {
                let options = words.map(|option| match option.split_once(':') {
                    Some((name, value)) if !value.is_empty() => (name.into(), value.into()),
                    Some((name, _)) => (name.into(), true.into()),
                    None => (option.into(), true.into()),
                });
                dns.insert("options", options.collect::<Dict>());
            }
            _ => {}
        }
    }
    dns
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::value::{Value, repr};

    #[test]
    fn resolv_conf() {
        let text = "# c\nnameserver 1.1.1.1\nnameserver ::1\nsearch a b\noptions ndots:5 rotate\n";
        let want =
            "{'nameservers': ['1.1.1.1', '::1'], 'search': ['a', 'b'], 'options': {'ndots': '5', 'rotate': True}}";
        assert_eq!(repr(&Value::from(parse(text.lines()))), want);
    }
}
