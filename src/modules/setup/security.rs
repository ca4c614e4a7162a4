//! `selinux`, `apparmor`, `fips` and `is_chroot`.

use super::{Host, read};
use crate::host::chroot::is_chroot;
use crate::value::{Dict, Value};

/// AppArmor's state.
pub fn apparmor(_: &Host<'_>) -> Dict {
    let enabled = read::exists("/sys/kernel/security/apparmor");
    let status = if enabled { "enabled" } else { "disabled" };
    Dict::from([("apparmor", Dict::from([("status", status)]))])
}

/// Whether the kernel is in FIPS mode.
pub fn fips(_: &Host<'_>) -> Dict {
    Dict::from([("fips", read::text("/proc/sys/crypto/fips_enabled").as_deref() == Some("1"))])
}

/// SELinux's state, from its own file system and its configuration: no library is needed.
pub fn selinux(_: &Host<'_>) -> Dict {
    let mut facts = Dict::from([("selinux_python_present", true)]);
    let Some(root) = ["/sys/fs/selinux", "/selinux"].into_iter().find(|root| read::exists(format!("{root}/enforce")))
    else {
        facts.insert("selinux", Dict::from([("status", "disabled")]));
        return facts;
    };
    let config = read::lines("/etc/selinux/config");
    let setting = |name: &str| config.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).map(str::trim);
    let mode = match read::text(format!("{root}/enforce")).as_deref() {
        Some("1") => "enforcing",
        Some("0") => "permissive",
        _ => "unknown",
    };
    let version = read::text(format!("{root}/policyvers")).and_then(|text| text.parse::<i64>().ok());
    let selinux = Dict::from([
        ("status", Value::from("enabled")),
        ("policyvers", version.map_or_else(|| "unknown".into(), Value::from)),
        ("config_mode", setting("SELINUX").unwrap_or("unknown").to_lowercase().into()),
        ("mode", mode.into()),
        ("type", setting("SELINUXTYPE").unwrap_or("unknown").into()),
    ]);
    facts.insert("selinux", selinux);
    facts
}

/// Whether the root is another one than that of the first process.
pub fn chroot(host: &Host<'_>) -> Dict {
    Dict::from([("is_chroot", is_chroot(host.env))])
}
