//! The network subset: interfaces, their addresses, the default routes' ones.
//!
//! A host without the program `ip` has none of these facts with ansible-core, which roles' conditions see; so it is here,
//! though the kernel would tell us.

use super::{Host, netlink, read};
use crate::value::{Dict, Value};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An address in the Internet whose route is the default one: Google's name servers, as ansible-core asks for.
const FAR_V4: Ipv4Addr = Ipv4Addr::new(8, 8, 8, 8);
const FAR_V6: Ipv6Addr = Ipv6Addr::new(0x2404, 0x6800, 0x400a, 0x800, 0, 0, 0, 0x1012);

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    if host.env.find_program("ip").is_none() {
        return Dict::new();
    }
    let names: Vec<String> = read::names("/sys/class/net")
        .into_iter()
        .filter(|name| std::path::Path::new("/sys/class/net").join(name).is_dir())
        .collect();
    let mut found = Found::new(&names);
    let addresses = netlink::addresses();
    for name in &names {
        let index = number(name, "ifindex");
        let own = addresses.iter().filter(|address| Some(i64::from(address.index)) == index);
        found.interface(name, own.cloned().collect());
    }
    for (name, extra) in ethtool(host, &names) {
        if let Some((_, info)) = found.interfaces.iter_mut().find(|(known, _)| *known == name) {
            info.update(&extra);
        }
    }
    found.facts()
}

/// A file of an interface.
fn file(name: &str, file: &str) -> Option<String> {
    read::text(format!("/sys/class/net/{name}/{file}"))
}

fn number(name: &str, path: &str) -> Option<i64> {
    file(name, path)?.parse().ok()
}

/// What is gathered interface by interface.
struct Found {
    interfaces: Vec<(String, Dict)>,
    v4: Vec<Value>,
    v6: Vec<Value>,
    default_v4: Dict,
    default_v6: Dict,
}

impl Found {
    fn new(names: &[String]) -> Self {
        Self {
            interfaces: Vec::new(),
            v4: Vec::new(),
            v6: Vec::new(),
            default_v4: default_route(FAR_V4.into(), names),
            default_v6: default_route(FAR_V6.into(), names),
        }
    }

    fn interface(&mut self, name: &str, mut addresses: Vec<netlink::Address>) {
        // ansible-core lists the primary addresses first.
        addresses.sort_by_key(|address| address.secondary);
        let mut info = link(name);
        let mut aliases: Vec<(String, Dict)> = Vec::new();
        for address in &addresses {
            match address.ip {
                IpAddr::V4(ip) => self.add_v4(name, ip, address, &mut info, &mut aliases),
                IpAddr::V6(ip) => self.add_v6(name, ip, address, &mut info),
            }
        }
        self.interfaces.push((name.to_owned(), info));
        self.interfaces.extend(aliases);
    }

    fn add_v4(
        &mut self,
        name: &str,
        ip: Ipv4Addr,
        address: &netlink::Address,
        info: &mut Dict,
        aliases: &mut Vec<(String, Dict)>,
    ) {
        let bits = u32::from(address.prefix.min(32));
        let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
        let broadcast = address.broadcast.map(|ip| ip.to_string()).unwrap_or_default();
        let entry = Dict::from([
            ("address", ip.to_string()),
            ("broadcast", broadcast.clone()),
            ("netmask", Ipv4Addr::from(mask).to_string()),
            ("network", Ipv4Addr::from(u32::from(ip) & mask).to_string()),
            ("prefix", bits.to_string()),
        ]);
        let label = address.label.as_deref().unwrap_or(name);
        let alias = (label != name).then(|| {
            if !aliases.iter().any(|(known, _)| known == label) {
                aliases.push((label.to_owned(), Dict::new()));
            }
            aliases.iter_mut().find(|(known, _)| known == label)
        });
        if let Some(Some((_, alias))) = alias {
            if address.secondary || alias.contains("ipv4") {
                push(alias, "ipv4_secondaries", entry.clone().into());
            } else {
                alias.insert("ipv4", entry.clone());
            }
            if address.secondary {
                push(info, "ipv4_secondaries", entry.clone().into());
            }
        } else if address.secondary || info.contains("ipv4") {
            push(info, "ipv4_secondaries", entry.clone().into());
        } else {
            info.insert("ipv4", entry.clone());
        }
        if is_address(&self.default_v4, &ip.to_string()) {
            for key in ["broadcast", "netmask", "network", "prefix"] {
                self.default_v4.insert(key, entry.get(key).cloned().unwrap_or_default());
            }
            add_link(&mut self.default_v4, name, info);
            self.default_v4.insert("alias", label);
        }
        if ip.octets()[0] != 127 {
            self.v4.push(ip.to_string().into());
        }
    }

    fn add_v6(&mut self, name: &str, ip: Ipv6Addr, address: &netlink::Address, info: &mut Dict) {
        let scope = match address.scope {
            0 => "global",
            200 => "site",
            253 => "link",
            254 => "host",
            _ => "unknown",
        };
        let prefix = address.prefix.to_string();
        let entry = Dict::from([("address", ip.to_string()), ("prefix", prefix.clone()), ("scope", scope.to_owned())]);
        push(info, "ipv6", entry.into());
        if is_address(&self.default_v6, &ip.to_string()) {
            self.default_v6.insert("prefix", prefix);
            self.default_v6.insert("scope", scope);
            add_link(&mut self.default_v6, name, info);
        }
        if ip != Ipv6Addr::LOCALHOST {
            self.v6.push(ip.to_string().into());
        }
    }

    fn facts(self) -> Dict {
        let mut facts = Dict::new();
        let mut names: Vec<Value> = Vec::new();
        for (name, info) in self.interfaces {
            // A colon is awkward in a template.
            let name = name.replace(':', "_");
            names.push(name.as_str().into());
            facts.insert(name, info);
        }
        facts.insert("interfaces", names);
        facts.insert("default_ipv4", self.default_v4);
        facts.insert("default_ipv6", self.default_v6);
        facts.insert("all_ipv4_addresses", self.v4);
        facts.insert("all_ipv6_addresses", self.v6);
        facts.insert("locally_reachable_ips", Dict::from([("ipv4", local(false)), ("ipv6", local(true))]));
        facts
    }
}

fn push(dict: &mut Dict, key: &str, item: Value) {
    let mut items = dict.get(key).and_then(Value::as_list).map(<[_]>::to_vec).unwrap_or_default();
    items.push(item);
    dict.insert(key, items);
}

fn is_address(default: &Dict, ip: &str) -> bool {
    default.get("address").and_then(Value::as_str) == Some(ip)
}

fn add_link(default: &mut Dict, name: &str, info: &Dict) {
    default.insert("macaddress", file(name, "address").unwrap_or_default());
    default.insert("mtu", info.get("mtu").cloned().unwrap_or_default());
    default.insert("type", info.get("type").cloned().unwrap_or_else(|| "unknown".into()));
}

fn default_route(far: IpAddr, names: &[String]) -> Dict {
    let mut facts = Dict::new();
    let Some(route) = netlink::route_to(far) else { return facts };
    if let Some(gateway) = route.gateway {
        facts.insert("gateway", gateway.to_string());
    }
    let index = route.index.map(i64::from);
    if let Some(name) = names.iter().find(|name| index.is_some() && number(name, "ifindex") == index) {
        facts.insert("interface", name.as_str());
    }
    if let Some(source) = route.source {
        facts.insert("address", source.to_string());
    }
    facts
}

/// The addresses and networks that the host itself answers for.
fn local(v6: bool) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    for route in netlink::local_routes(v6) {
        let Some(ip) = route.to else { continue };
        let whole = if ip.is_ipv4() { 32 } else { 128 };
        let text = if route.prefix == whole { ip.to_string() } else { format!("{ip}/{}", route.prefix) };
        if !found.contains(&Value::from(text.as_str())) {
            found.push(text.into());
        }
    }
    found
}

/// What /sys says of an interface.
fn link(name: &str) -> Dict {
    let folder = format!("/sys/class/net/{name}");
    let there = |path: &str| read::exists(format!("{folder}/{path}"));
    let mut info = Dict::from([("device", name)]);
    let mut set = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            info.insert(key, value);
        }
    };
    let mac = file(name, "address").filter(|mac| mac != "00:00:00:00:00:00");
    set("macaddress", mac.map(Value::from));
    set("mtu", number(name, "mtu").map(Value::from));
    set("active", file(name, "operstate").map(|state| (state != "down").into()));
    let module = std::fs::canonicalize(format!("{folder}/device/driver/module")).ok();
    set("module", module.and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned().into())));
    set("type", file(name, "type").map(|number| kind(&number).into()));
    if there("bridge") {
        set("type", Some("bridge".into()));
        set("interfaces", Some(Value::list(read::names(format!("{folder}/brif")).into_iter().map(Value::from))));
        set("id", file(name, "bridge/bridge_id").map(Value::from));
        set("stp", file(name, "bridge/stp_state").map(|state| (state == "1").into()));
    }
    if there("bonding") {
        bonding(name, &mut set);
    }
    set("perm_macaddress", file(name, "bonding_slave/perm_hwaddr").map(Value::from));
    set("pciid", read::link_name(format!("{folder}/device")).map(Value::from));
    set("speed", number(name, "speed").map(Value::from));
    let flags = file(name, "flags").and_then(|text| u32::from_str_radix(text.trim_start_matches("0x"), 16).ok());
    set("promisc", flags.map(|flags| (flags & 0x100 != 0).into()));
    info
}

fn bonding(name: &str, set: &mut impl FnMut(&str, Option<Value>)) {
    let first = |path: &str| {
        let text = file(name, &format!("bonding/{path}"))?;
        text.split_whitespace().next().map(Value::from)
    };
    let slaves = file(name, "bonding/slaves").unwrap_or_default();
    set("type", Some("bonding".into()));
    set("slaves", Some(Value::list(slaves.split_whitespace().map(Value::from))));
    set("mode", first("mode"));
    set("miimon", first("miimon"));
    set("lacp_rate", first("lacp_rate"));
    if let Some(primary) = file(name, "bonding/primary") {
        set("primary", Some(primary.into()));
        set("all_slaves_active", file(name, "bonding/all_slaves_active").map(|text| (text == "1").into()));
    }
}

/// The kinds of hardware (ARPHRD_*) that have a name.
fn kind(number: &str) -> &'static str {
    match number {
        "1" => "ether",
        "32" => "infiniband",
        "512" => "ppp",
        "772" => "loopback",
        "65534" => "tunnel",
        _ => "unknown",
    }
}

/// What ethtool says of each interface, where it is installed.
fn ethtool(host: &Host<'_>, names: &[String]) -> Vec<(String, Dict)> {
    if host.env.find_program("ethtool").is_none() {
        return Vec::new();
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            names.iter().map(|name| (name.clone(), scope.spawn(move || ethtool_of(host, name)))).collect();
        threads.into_iter().map(|(name, thread)| (name, thread.join().unwrap_or_default())).collect()
    })
}

fn ethtool_of(host: &Host<'_>, name: &str) -> Dict {
    let mut facts = Dict::new();
    if let Some(out) = host.output("ethtool", &["-k", name]) {
        let lines = out.trim().lines().filter(|line| !line.ends_with(':'));
        let features = lines.filter_map(|line| line.split_once(": "));
        let features: Dict = features.map(|(k, v)| (k.trim().replace('-', "_").into(), v.trim().into())).collect();
        facts.insert("features", features);
    }
    if let Some(out) = host.output("ethtool", &["-T", name]) {
        let after = |start: &str| Value::list(out.split(start).skip(1).map(|rest| word(rest).to_lowercase().into()));
        facts.insert("timestamping", after("SOF_TIMESTAMPING_"));
        facts.insert("hw_timestamp_filters", after("HWTSTAMP_FILTER_"));
        let clock = out.split_once("PTP Hardware Clock: ").and_then(|(_, rest)| word(rest).parse::<i64>().ok());
        if let Some(clock) = clock {
            facts.insert("phc_index", clock);
        }
    }
    facts
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}
