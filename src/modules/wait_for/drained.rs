//! Counts the connections of a port, from the kernel's tables.

use super::Call;
use crate::http;
use crate::proto::Outcome;
use std::net::IpAddr;

/// The kernel's number of a state.
pub(super) fn state_id(name: &str) -> Option<&'static str> {
    Some(match name {
        "ESTABLISHED" => "01",
        "SYN_SENT" => "02",
        "SYN_RECV" => "03",
        "FIN_WAIT1" => "04",
        "FIN_WAIT2" => "05",
        "TIME_WAIT" => "06",
        _ => return None,
    })
}

/// Which connections count.
pub(super) struct Watch {
    port: String,
    own: Vec<String>,
    excluded: Vec<String>,
    states: Vec<&'static str>,
}

const ANY_4: &str = "00000000";
const ANY_6: &str = "00000000000000000000000000000000";
const MAPPED: &str = "0000000000000000FFFF0000";
const MAPPED_ANY: &str = "0000000000000000FFFF000000000000";

impl Watch {
    pub(super) fn of(call: &Call<'_>) -> Result<Self, Outcome> {
        let Some(port) = call.args.opt_int("port") else {
            return Err(Outcome::crashed(
                "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'",
            ));
        };
        let hex = |host: &str| {
            let found = http::resolve(&call.env, host);
            if found.is_empty() {
                return Err(Outcome::crashed("[Errno -2] Name or service not known"));
            }
            Ok(found.into_iter().flat_map(kernel_hex).collect::<Vec<_>>())
        };
        let mut excluded = Vec::new();
        for host in call.args.opt_list("exclude_hosts").unwrap_or_default() {
            excluded.extend(hex(&host)?);
        }
        let states = call.args.opt_list("active_connection_states").unwrap_or_default();
        Ok(Self {
            port: format!("{port:04X}"),
            own: hex(call.args.str("host"))?,
            excluded,
            states: states.iter().filter_map(|name| state_id(name)).collect(),
        })
    }

    pub(super) fn count(&self) -> usize {
        let read = |path| std::fs::read_to_string(path).unwrap_or_default();
        let tables = [(read("/proc/net/tcp"), ANY_4), (read("/proc/net/tcp6"), ANY_6)];
        tables.iter().map(|(text, any)| text.lines().filter(|line| self.counts(line, any)).count()).sum()
    }

    fn counts(&self, line: &str, any: &str) -> bool {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, local, remote, state, ..] = fields.as_slice() else { return false };
        let (Some((ip, port)), Some((remote, _))) = (local.split_once(':'), remote.split_once(':')) else {
            return false;
        };
        let has = |wanted: &str| self.own.iter().any(|own| own == wanted);
        self.states.contains(state)
            && port == self.port
            && !self.excluded.iter().any(|excluded| excluded == remote)
            && (has(ip) || has(any) || (ip.starts_with(MAPPED) && has(MAPPED_ANY)))
    }
}

/// An address as the kernel's tables have it, with the mapped form of a short one: words of four bytes in
/// the processor's order.
fn kernel_hex(ip: IpAddr) -> Vec<String> {
    let words = |bytes: &[u8]| -> String {
        let word = |chunk: &[u8]| match chunk {
            [a, b, c, d] => format!("{:08X}", u32::from_ne_bytes([*a, *b, *c, *d])),
            _ => String::new(),
        };
        bytes.chunks(4).map(word).collect()
    };
    match ip {
        IpAddr::V4(ip) => vec![words(&ip.octets()), words(&ip.to_ipv6_mapped().octets())],
        IpAddr::V6(ip) => vec![words(&ip.octets())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_table() {
        let watch = Watch {
            port: "0016".into(),
            own: kernel_hex("127.0.0.1".parse().expect("ip")),
            excluded: kernel_hex("10.0.0.1".parse().expect("ip")),
            states: vec!["01"],
        };
        assert_eq!(watch.own, ["0100007F", "0000000000000000FFFF00000100007F"]);
        assert!(watch.counts("0: 0100007F:0016 0200007F:1234 01 x", ANY_4));
        assert!(!watch.counts("0: 0100007F:0016 0100000A:1234 01 x", ANY_4));
        assert!(!watch.counts("0: 0100007F:0016 0200007F:1234 0A x", ANY_4));
        assert!(!watch.counts("sl local_address rem_address st", ANY_4));
        assert!(watch.counts("0: 0000000000000000FFFF00000100007F:0016 00:1 01", ANY_6));
    }
}
