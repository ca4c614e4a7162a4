//! `virtualization_*`: in what the host runs, and what may run in it.
//!
//! Signs are looked at in ansible-core's order; the first one decides type and role, all of them count
//! among the techniques.

use super::{Host, dmi, read};
use crate::value::{Dict, Value};

/// What was found so far.
#[derive(Default)]
struct Found {
    decided: Option<(String, &'static str)>,
    guests: Vec<String>,
    hosts: Vec<String>,
}

impl Found {
    /// A sign of being a guest of a technique.
    fn guest(&mut self, name: &str) {
        add(&mut self.guests, name);
        self.decide(name, "guest");
    }

    /// A sign of being a host of a technique.
    fn host(&mut self, name: &str) {
        add(&mut self.hosts, name);
        self.decide(name, "host");
    }

    fn decide(&mut self, name: &str, role: &'static str) {
        if self.decided.is_none() {
            self.decided = Some((name.to_owned(), role));
        }
    }
}

fn add(names: &mut Vec<String>, name: &str) {
    if !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    let mut found = Found::default();
    containers(&mut found);
    xen(&mut found);
    firmware(&mut found);
    processes(&mut found);
    modules(&mut found);
    decoded(host, &mut found);
    if read::exists("/dev/kvm") {
        found.host("kvm");
    }
    let (name, role) = found.decided.unwrap_or_else(|| ("NA".into(), "NA"));
    let names = |names: Vec<String>| Value::list(names.into_iter().map(Value::from));
    Dict::from([
        ("virtualization_type", Value::from(name)),
        ("virtualization_role", role.into()),
        ("virtualization_tech_guest", names(found.guests)),
        ("virtualization_tech_host", names(found.hosts)),
    ])
}

fn containers(found: &mut Found) {
    for line in read::lines("/proc/1/cgroup") {
        if in_docker(&line) {
            found.guest("docker");
        }
        if line.contains("/lxc/") || line.contains("/machine.slice/machine-lxc") {
            found.guest("lxc");
        }
        if line.contains("/system.slice/containerd.service") {
            found.guest("containerd");
        }
    }
    let environment = read::text("/proc/1/environ").unwrap_or_default();
    for variable in environment.split('\0') {
        if variable.contains("container=lxc") {
            found.guest("lxc");
        }
        if variable.contains("container=podman") {
            found.guest("podman");
        }
        if variable.strip_prefix("container=").is_some_and(|name| !name.is_empty()) {
            found.guest("container");
        }
    }
    if read::exists("/proc/vz") && !read::exists("/proc/lve") {
        if read::exists("/proc/bc") { found.host("openvz") } else { found.guest("openvz") }
    }
    let systemd = read::text("/run/systemd/container");
    if let Some(name) = &systemd {
        found.guest(name);
    }
    if read::exists("/.dockerenv") || read::exists("/.dockerinit") {
        found.guest("docker");
    }
    let known = ["docker", "lxc", "podman", "openvz", "containerd"];
    if systemd.is_some() || found.guests.iter().any(|name| known.contains(&name.as_str())) {
        add(&mut found.guests, "container");
    }
}

/// `/docker/…` or `/docker-<hexadecimal>.scope`.
fn in_docker(line: &str) -> bool {
    line.match_indices("/docker").any(|(at, name)| {
        let rest = &line[at + name.len()..];
        let scope = rest.strip_prefix('-').and_then(|rest| rest.split_once(".scope")).map(|(id, _)| id);
        rest.starts_with('/')
            || scope.is_some_and(|id| !id.is_empty() && id.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f')))
    })
}

fn xen(found: &mut Found) {
    if !read::exists("/proc/xen") {
        return;
    }
    if read::lines("/proc/xen/capabilities").iter().any(|line| line.contains("control_d")) {
        found.host("xen");
    } else {
        found.decide("xen", "guest");
    }
}

fn firmware(found: &mut Found) {
    let product = dmi::value("product_name").unwrap_or_default();
    let vendor = dmi::value("sys_vendor").unwrap_or_default();
    let bios = dmi::value("bios_vendor").unwrap_or_default();
    let family = dmi::value("product_family").unwrap_or_default();
    if matches!(product.as_str(), "KVM" | "KVM Server" | "Bochs" | "AHV" | "CloudStack KVM Hypervisor") {
        found.guest("kvm");
    }
    match (vendor.as_str(), family.as_str(), product.as_str()) {
        ("oVirt", ..) => found.guest("oVirt"),
        ("Red Hat", "RHV", _) => found.guest("RHV"),
        ("Red Hat", _, "RHEV Hypervisor") => found.guest("RHEV"),
        _ => {}
    }
    if product.starts_with("VMware") {
        found.guest("VMware");
    }
    if matches!(product.as_str(), "OpenStack Compute" | "OpenStack Nova") {
        found.guest("openstack");
    }
    match bios.as_str() {
        "Xen" => found.guest("xen"),
        "innotek GmbH" => found.guest("virtualbox"),
        "Amazon EC2" | "DigitalOcean" | "Hetzner" | "Linode" => found.guest("kvm"),
        _ => {}
    }
    match vendor.as_str() {
        "QEMU" | "Amazon EC2" | "DigitalOcean" | "Google" | "Scaleway" | "Nutanix" => found.guest("kvm"),
        "KubeVirt" => found.guest("KubeVirt"),
        "Microsoft Corporation" => found.guest("VirtualPC"),
        "Parallels Software International Inc." => found.guest("parallels"),
        "OpenStack Foundation" => found.guest("openstack"),
        _ => {}
    }
}

fn processes(found: &mut Found) {
    let status = read::lines("/proc/self/status");
    if let Some(id) = status.iter().find_map(|line| line.strip_prefix("VxID:")).map(str::trim) {
        match id.as_bytes().first() {
            Some(b'0') => found.host("linux_vserver"),
            Some(b'1'..=b'9') => found.guest("linux_vserver"),
            _ => {}
        }
    }
    for line in read::lines("/proc/cpuinfo") {
        let has = |start: &str, text: &str| line.starts_with(start) && line.contains(text);
        if has("model name", "QEMU Virtual CPU") || has("machine", "CHRP IBM pSeries (emulated by qemu)") {
            found.guest("kvm");
        } else if has("vendor_id", "User Mode Linux") || has("model name", "UML") {
            found.guest("uml");
        } else if has("vendor_id", "PowerVM Lx86") {
            found.guest("powervm_lx86");
        } else if has("vendor_id", "IBM/S390") {
            add(&mut found.guests, "PR/SM");
            found.decide("PR/SM", "LPAR");
        }
    }
}

fn modules(found: &mut Found) {
    let lines = read::lines("/proc/modules");
    let loaded = |name: &str| lines.iter().any(|line| line.split(' ').next() == Some(name));
    if loaded("kvm") {
        let manager = std::path::Path::new("/rhev/").is_dir() && has_process(&["vdsm", "vdsmd"]);
        if manager {
            found.decide("RHEV", "host");
        }
        found.host("kvm");
        if manager {
            add(&mut found.hosts, "RHEV");
        }
    }
    if loaded("vboxdrv") {
        found.host("virtualbox");
    }
    if loaded("virtio") {
        add(&mut found.hosts, "kvm");
        found.decide("kvm", "guest");
    }
}

fn has_process(names: &[&str]) -> bool {
    read::names("/proc")
        .iter()
        .filter(|name| name.bytes().all(|b| b.is_ascii_digit()))
        .any(|id| read::text(format!("/proc/{id}/comm")).is_some_and(|name| names.contains(&name.as_str())))
}

/// dmidecode, for kernels without /sys.
fn decoded(host: &Host<'_>, found: &mut Found) {
    let out = match dmi::value("product_name") {
        Some(name) => name,
        None => host.output("dmidecode", &["-s", "system-product-name"]).unwrap_or_default(),
    };
    let name: String = out.lines().filter(|line| !line.starts_with('#')).map(str::trim).collect();
    if name.starts_with("VMware") {
        found.guest("VMware");
    }
    if out.contains("BHYVE") {
        found.guest("bhyve");
    }
}

#[cfg(test)]
mod tests {
    use super::in_docker;

    #[test]
    fn control_groups_of_docker() {
        assert!(in_docker("1:name=systemd:/docker/abc"));
        assert!(in_docker("0::/system.slice/docker-0123abc.scope"));
        assert!(!in_docker("0::/system.slice/docker.service"));
    }
}
