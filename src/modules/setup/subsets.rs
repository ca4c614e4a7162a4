//! The collectors, and which of them `gather_subset` asks for.

use super::{
    Host, caps, cmdline, date_time, distribution, dns, env, hardware, local, lsb, network, other, pkg_mgr, platform,
    python, security, service_mgr, ssh_keys, storage_names, user, virtualization,
};
use crate::value::Dict;
use std::collections::BTreeSet;

/// A collector of facts.
#[derive(Debug)]
pub struct Collector {
    /// Its name, a subset.
    pub name: &'static str,
    /// More names of it, of facts that it gives.
    pub ids: &'static [&'static str],
    /// The collectors that it pulls in.
    pub needs: &'static [&'static str],
    /// Whether it belongs to the least that is gathered unless `!min` is asked for.
    pub min: bool,
    /// Whether it may wait for a program, the network or a disk.
    pub blocks: bool,
    /// What its keys begin with.
    pub prefix: &'static str,
    /// Collects; keys are without the prefix.
    pub collect: fn(&Host<'_>) -> Dict,
}

const fn new(name: &'static str, collect: fn(&Host<'_>) -> Dict) -> Collector {
    Collector { name, ids: &[], needs: &[], min: false, blocks: false, prefix: "ansible_", collect }
}

impl Collector {
    const fn ids(mut self, ids: &'static [&'static str]) -> Self {
        self.ids = ids;
        self
    }

    const fn needs(mut self, needs: &'static [&'static str]) -> Self {
        self.needs = needs;
        self
    }

    const fn min(mut self) -> Self {
        self.min = true;
        self
    }

    const fn blocks(mut self) -> Self {
        self.blocks = true;
        self
    }

    const fn prefix(mut self, prefix: &'static str) -> Self {
        self.prefix = prefix;
        self
    }
}

/// The collectors, sorted by name.
pub static COLLECTORS: &[Collector] = &[
    new("apparmor", security::apparmor).min(),
    new("caps", caps::facts).ids(&["system_capabilities", "system_capabilities_enforced"]).min().blocks(),
    new("chroot", security::chroot).ids(&["is_chroot"]),
    new("cmdline", cmdline::facts).min(),
    new("date_time", date_time::facts).min(),
    new("distribution", distribution::facts)
        .ids(&["distribution_major_version", "distribution_release", "distribution_version", "os_family"])
        .min(),
    new("dns", dns::facts).min(),
    new("env", env::facts).min(),
    new("facter", other::facter).blocks().prefix("facter_"),
    new("fibre_channel_wwn", storage_names::fibre_channel),
    new("fips", security::fips).min(),
    new("hardware", hardware::facts)
        .ids(&["devices", "mounts", "processor", "processor_cores", "processor_count"])
        .needs(&["platform"])
        .blocks(),
    new("iscsi", storage_names::iscsi),
    new("loadavg", hardware::loadavg),
    new("local", local::facts).min().blocks(),
    new("lsb", lsb::facts).min().blocks(),
    new("network", network::facts)
        .ids(&["all_ipv4_addresses", "all_ipv6_addresses", "default_ipv4", "default_ipv6", "interfaces"])
        .needs(&["distribution", "platform"])
        .blocks(),
    new("nvme", storage_names::nvme),
    new("ohai", other::ohai).blocks().prefix("ohai_"),
    new("pkg_mgr", pkg_mgr::facts).needs(&["distribution"]).min(),
    new("platform", platform::facts)
        .ids(&["architecture", "kernel", "kernel_version", "machine", "machine_id", "python_version", "system"])
        .min()
        .blocks(),
    new("python", python::facts).min().blocks(),
    new("selinux", security::selinux).min(),
    new("service_mgr", service_mgr::facts).needs(&["distribution", "platform"]).min(),
    new("ssh_pub_keys", ssh_keys::facts)
        .ids(&[
            "ssh_host_key_dsa_public",
            "ssh_host_key_ecdsa_public",
            "ssh_host_key_ed25519_public",
            "ssh_host_key_rsa_public",
            "ssh_host_pub_keys",
        ])
        .min(),
    new("systemd", service_mgr::systemd).blocks(),
    new("user", user::facts)
        .ids(&[
            "effective_group_ids",
            "effective_user_id",
            "real_user_id",
            "user_dir",
            "user_gecos",
            "user_gid",
            "user_id",
            "user_shell",
            "user_uid",
        ])
        .min(),
    new("virtual", virtualization::facts)
        .ids(&["virtualization_role", "virtualization_tech_guest", "virtualization_tech_host", "virtualization_type"])
        .blocks(),
];

fn valid() -> BTreeSet<&'static str> {
    COLLECTORS.iter().flat_map(|c| std::iter::once(c.name).chain(c.ids.iter().copied())).collect()
}

fn find(name: &str) -> Option<&'static Collector> {
    COLLECTORS.iter().find(|c| c.name == name || c.ids.contains(&name))
}

/// The collectors that a list of subsets asks for; the least is always part of it unless `!min` is.
pub fn select(asked: &[String]) -> Result<Vec<&'static Collector>, String> {
    let valid = valid();
    let min: BTreeSet<&str> = COLLECTORS.iter().filter(|c| c.min).map(|c| c.name).collect();
    let mut wanted: BTreeSet<&str> = min.clone();
    let mut without: BTreeSet<&str> = BTreeSet::new();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for subset in asked {
        match subset.as_str() {
            "min" => wanted.extend(&min),
            "all" => wanted.extend(&valid),
            "!min" => without.extend(&min),
            "!all" => without.extend(valid.difference(&min)),
            other => match other.strip_prefix('!') {
                Some(name) => {
                    let ids = COLLECTORS.iter().find(|c| c.name == name).map_or(&[][..], |c| c.ids);
                    without.extend(ids);
                    without.insert(name);
                }
                None => {
                    named.insert(valid.get(other).copied().ok_or_else(|| bad_subset(other, &valid))?);
                    wanted.insert(other);
                }
            },
        }
    }
    wanted.retain(|name| named.contains(name) || !without.contains(name));
    let mut names: BTreeSet<&str> = wanted.iter().filter_map(|name| find(name)).map(|c| c.name).collect();
    // No collector that is needed needs another one.
    names.extend(names.clone().into_iter().filter_map(find).flat_map(|c| c.needs.iter().copied()));
    Ok(COLLECTORS.iter().filter(|c| names.contains(c.name)).collect())
}

fn bad_subset(name: &str, valid: &BTreeSet<&str>) -> String {
    let valid: Vec<&str> = valid.iter().copied().collect();
    format!("Bad subset '{name}' given to Ansible. gather_subset options allowed: all, {}", valid.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(asked: &[&str], has: &[&str], lacks: &[&str]) {
        let asked: Vec<String> = asked.iter().map(|s| (*s).to_owned()).collect();
        let names: Vec<&str> = select(&asked).unwrap().iter().map(|c| c.name).collect();
        assert!(has.iter().all(|name| names.contains(name)), "{names:?}");
        assert!(!lacks.iter().any(|name| names.contains(name)), "{names:?}");
    }

    #[test]
    fn the_table_is_sorted_and_unique() {
        assert!(COLLECTORS.is_sorted_by(|a, b| a.name < b.name));
    }

    #[test]
    fn subsets() {
        check(&["all"], &["hardware", "env", "network"], &[]);
        check(&["!all"], &["env", "distribution"], &["hardware", "network", "loadavg"]);
        check(&["!all", "!min"], &[], &["env", "hardware"]);
        check(&["!all", "!min", "service_mgr"], &["service_mgr", "platform", "distribution"], &["env"]);
        check(&["network"], &["network", "env"], &["hardware"]);
        check(&["!hardware"], &["env"], &["hardware", "network"]);
        check(&["all", "!hardware"], &["env", "network"], &["hardware"]);
        check(&["mounts"], &["hardware"], &[]);
    }

    #[test]
    fn an_unknown_subset_lists_the_known() {
        let error = select(&["nope".to_owned()]).unwrap_err();
        assert!(error.starts_with("Bad subset 'nope' given to Ansible. gather_subset options allowed: all, all_ipv4_"));
    }
}
