//! `pkg_mgr`: the package manager, by where its program is.

use super::{Host, distribution, read};
use crate::value::Dict;

/// The programs; the last one that is there counts.
static PROGRAMS: &[(&str, &str)] = &[
    ("/usr/bin/rpm-ostree", "atomic_container"),
    ("/usr/bin/yum", "dnf"),
    ("/usr/bin/dnf-3", "dnf"),
    ("/usr/bin/dnf5", "dnf5"),
    ("/usr/bin/apt-get", "apt"),
    ("/usr/bin/zypper", "zypper"),
    ("/usr/sbin/urpmi", "urpmi"),
    ("/usr/bin/pacman", "pacman"),
    ("/bin/opkg", "opkg"),
    ("/usr/pkg/bin/pkgin", "pkgin"),
    ("/opt/local/bin/pkgin", "pkgin"),
    ("/opt/tools/bin/pkgin", "pkgin"),
    ("/opt/local/bin/port", "macports"),
    ("/usr/local/bin/brew", "homebrew"),
    ("/opt/homebrew/bin/brew", "homebrew"),
    ("/sbin/apk", "apk"),
    ("/usr/sbin/pkg", "pkgng"),
    ("/usr/sbin/swlist", "swdepot"),
    ("/usr/bin/emerge", "portage"),
    ("/usr/sbin/pkgadd", "svr4pkg"),
    ("/usr/bin/pkg", "pkg5"),
    ("/usr/bin/xbps-install", "xbps"),
    ("/usr/local/sbin/pkg", "pkgng"),
    ("/usr/bin/swupd", "swupd"),
    ("/usr/sbin/sorcery", "sorcery"),
    ("/usr/bin/installp", "installp"),
];

/// The fact.
pub fn facts(host: &Host<'_>) -> Dict {
    let family = distribution::host_family(host);
    let there = PROGRAMS.iter().filter(|(path, _)| family != "Altlinux" || *path != "/usr/bin/pkg");
    let last = there.filter(|(path, _)| read::exists(path)).map(|(_, name)| *name).next_back().unwrap_or("unknown");
    let name = match family.as_str() {
        "RedHat" => of_red_hat(),
        "Altlinux" if last == "apt" => "apt_rpm",
        "Debian" => of_apt(host),
        _ if last == "apt" => of_apt(host),
        _ => last,
    };
    Dict::from([("pkg_mgr", name)])
}

fn of_red_hat() -> &'static str {
    if read::exists("/run/ostree-booted") {
        return "atomic_container";
    }
    let Some(path) = ["/usr/bin/dnf", "/usr/bin/microdnf"].into_iter().find(|path| read::exists(path)) else {
        return "unknown";
    };
    let five = std::fs::canonicalize(path).is_ok_and(|real| real.as_os_str() == "/usr/bin/dnf5");
    if five { "dnf5" } else { "dnf" }
}

/// apt, unless rpm says that it owns apt-get.
fn of_apt(host: &Host<'_>) -> &'static str {
    let rpm = read::exists("/usr/bin/rpm")
        && host.output("/usr/bin/rpm", &["-q", "--whatprovides", "/usr/bin/apt-get"]).is_some();
    if rpm { "apt_rpm" } else { "apt" }
}
