//! `service_mgr` and `systemd`: what starts services.

use super::{Host, distribution, read};
use crate::value::{Dict, Value};

/// The fact; the first process's name decides where it says anything.
pub fn facts(host: &Host<'_>) -> Dict {
    let first = read::text("/proc/1/comm").or_else(|| {
        let target = std::fs::read_link("/sbin/init").ok()?;
        Some(target.to_string_lossy().into_owned())
    });
    let first = first.as_deref().map(|name| name.rsplit('/').next().unwrap_or(name).trim());
    let name = match first.filter(|name| *name != "init" && !name.ends_with("sh")) {
        Some("procd") => "openwrt_init".to_owned(),
        Some("runit-init") => "runit".to_owned(),
        Some("svscan") => "svc".to_owned(),
        Some("openrc-init") => "openrc".to_owned(),
        Some(name) => name.to_owned(),
        None => by_traces(host).to_owned(),
    };
    Dict::from([("service_mgr", name)])
}

fn by_traces(host: &Host<'_>) -> &'static str {
    let distribution = distribution::facts(host).get("distribution").map(Value::to_text);
    match distribution.as_deref() {
        Some("OpenWrt") => "openwrt_init",
        Some("SMGL") => "simpleinit_msb",
        _ if is_systemd(host) => "systemd",
        _ if host.env.find_program("initctl").is_some() && read::exists("/etc/init/") => "upstart",
        _ if read::exists("/sbin/openrc") => "openrc",
        _ if has_systemctl(host) && read::link_name("/sbin/init").as_deref() == Some("systemd") => "systemd",
        _ if read::exists("/etc/init.d/") => "sysvinit",
        _ if read::exists("/etc/dinit.d/") => "dinit",
        _ => "service",
    }
}

fn has_systemctl(host: &Host<'_>) -> bool {
    host.env.find_program("systemctl").is_some()
}

/// Whether systemd runs, by the traces that it leaves.
pub fn is_systemd(host: &Host<'_>) -> bool {
    let traces = ["/run/systemd/system/", "/dev/.run/systemd/", "/dev/.systemd/"];
    has_systemctl(host) && traces.into_iter().any(read::exists)
}

/// The version and features of a running systemd.
pub fn systemd(host: &Host<'_>) -> Dict {
    if !is_systemd(host) {
        return Dict::new();
    }
    let out = host.output("systemctl", &["--version"]).unwrap_or_default();
    let version = out.split(' ').nth(1).and_then(|text| text.parse::<i64>().ok());
    match (version, out.lines().nth(1)) {
        (Some(version), Some(features)) => {
            let facts = Dict::from([("features", Value::from(features)), ("version", version.into())]);
            Dict::from([("systemd", facts)])
        }
        _ => Dict::new(),
    }
}
