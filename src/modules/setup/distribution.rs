//! `distribution*` and `os_family`: which Linux it is.
//!
//! A first guess comes from os-release; then the files that distributions are known by are tried in
//! ansible-core's order, and the first one that fits corrects the guess.

use super::os_release::Release;
use super::{Host, read};
use crate::value::{Dict, Value};

/// The facts.
pub fn facts(_: &Host<'_>) -> Dict {
    let mut facts = guess(&Release::system());
    for (path, name) in FILES {
        let empty_allowed = matches!(*path, "/etc/vmware-release" | "/etc/arch-release");
        let size = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|meta| meta.len());
        if size.is_none_or(|size| size == 0 && !empty_allowed) {
            continue;
        }
        let found = if empty_allowed {
            Some(Vec::new())
        } else {
            let text = read::text(path).unwrap_or_default();
            let text = text.trim_matches(['\'', '"', '\\']);
            parse(name, text, path, &facts)
        };
        if let Some(found) = found {
            facts.insert("distribution", *name);
            facts.insert("distribution_file_path", *path);
            facts.insert("distribution_file_variety", *name);
            if !empty_allowed {
                facts.insert("distribution_file_parsed", true);
            }
            for (key, value) in found {
                facts.insert(key, value);
            }
            break;
        }
    }
    let name = facts.get("distribution").map(Value::to_text).unwrap_or_default();
    facts.insert("os_family", family(&name));
    facts
}

/// Where distributions are known by, and the name that goes with it.
static FILES: &[(&str, &str)] = &[
    ("/etc/altlinux-release", "Altlinux"),
    ("/etc/oracle-release", "OracleLinux"),
    ("/etc/slackware-version", "Slackware"),
    ("/etc/centos-release", "CentOS"),
    ("/etc/redhat-release", "RedHat"),
    ("/etc/vmware-release", "VMwareESX"),
    ("/etc/openwrt_release", "OpenWrt"),
    ("/etc/os-release", "Amazon"),
    ("/etc/system-release", "Amazon"),
    ("/etc/alpine-release", "Alpine"),
    ("/etc/arch-release", "Archlinux"),
    ("/etc/os-release", "Archlinux"),
    ("/etc/os-release", "SUSE"),
    ("/etc/SuSE-release", "SUSE"),
    ("/etc/os-release", "Debian"),
    ("/etc/lsb-release", "Debian"),
    ("/etc/lsb-release", "Mandriva"),
    ("/etc/sourcemage-release", "SMGL"),
    ("/usr/lib/os-release", "ClearLinux"),
    ("/etc/coreos/update.conf", "Coreos"),
    ("/etc/os-release", "Flatcar"),
    ("/etc/os-release", "NA"),
];

/// The families whose names differ from their distributions'.
static FAMILIES: &[(&str, &[&str])] = &[
    ("Archlinux", &["Antergos", "Manjaro"]),
    ("ClearLinux", &["Clear Linux OS", "Clear Linux Mix"]),
    (
        "Debian",
        &[
            "Ubuntu",
            "Raspbian",
            "Neon",
            "KDE neon",
            "Linux Mint",
            "SteamOS",
            "Devuan",
            "Kali",
            "Cumulus Linux",
            "Pop!_OS",
            "Parrot",
            "Pardus GNU/Linux",
            "Uos",
            "Deepin",
            "OSMC",
            "Linux Mint Debian Edition",
        ],
    ),
    ("Gentoo", &["Funtoo"]),
    ("Mandrake", &["Mandriva"]),
    (
        "RedHat",
        &[
            "RHEL",
            "Fedora",
            "CentOS",
            "Scientific",
            "SLC",
            "Ascendos",
            "CloudLinux",
            "PSBM",
            "OracleLinux",
            "OVS",
            "OEL",
            "Amazon",
            "Amzn",
            "Virtuozzo",
            "XenServer",
            "Alibaba",
            "EulerOS",
            "openEuler",
            "AlmaLinux",
            "Rocky",
            "TencentOS",
            "EuroLinux",
            "Kylin Linux Advanced Server",
            "MIRACLE",
        ],
    ),
    (
        "Suse",
        &[
            "SuSE",
            "SLES",
            "SLED",
            "openSUSE",
            "openSUSE Tumbleweed",
            "SLES_SAP",
            "SUSE_LINUX",
            "openSUSE Leap",
            "ALP-Dolomite",
            "SL-Micro",
            "openSUSE MicroOS",
        ],
    ),
];

/// The family of a distribution; its own name where it has none.
pub fn family(name: &str) -> String {
    let family = FAMILIES.iter().find(|(_, names)| names.contains(&name));
    family.map_or(name, |(family, _)| family).to_owned()
}

/// The family of this host.
pub fn host_family(host: &Host<'_>) -> String {
    facts(host).get("os_family").map(Value::to_text).unwrap_or_default()
}

type Found = Vec<(&'static str, String)>;

fn guess(release: &Release) -> Dict {
    let id = release.id();
    let mut name = id.clone();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    let name = match name.as_str() {
        "Amzn" => "Amazon",
        "Rhel" => "Redhat",
        "" => "OtherLinux",
        other => other,
    };
    let version = match version(release, &id) {
        text if text.is_empty() => "NA".to_owned(),
        text => text,
    };
    let major = version.split('.').next().filter(|part| !part.is_empty()).unwrap_or("NA").to_owned();
    let codename = release.get("VERSION_CODENAME").or_else(|| release.get("UBUNTU_CODENAME")).map(str::to_owned);
    let codename = codename.or_else(|| in_version(release)).unwrap_or_else(|| "NA".into());
    Dict::from([
        ("distribution", name.to_owned()),
        ("distribution_version", version),
        ("distribution_release", codename),
        ("distribution_major_version", major),
    ])
}

/// The name in `VERSION="8.6 (Ootpa)"` or `VERSION="14.04, Trusty Tahr"`.
fn in_version(release: &Release) -> Option<String> {
    let text = release.get("VERSION")?;
    let name = match text.split_once('(') {
        Some((_, rest)) => rest.split(')').next()?,
        None => text.split_once(',')?.1,
    };
    Some(name.trim().to_owned()).filter(|name| !name.is_empty())
}

fn version(release: &Release, id: &str) -> String {
    let version = release.get("VERSION_ID").unwrap_or_default().to_owned();
    let longest = |other: Option<String>| match other {
        Some(other) if version.is_empty() || dots(&other) > dots(&version) => other,
        _ => version.clone(),
    };
    match id {
        "debian" => longest(read::text("/etc/debian_version")),
        "centos" => {
            let words = read::text("/etc/centos-release").unwrap_or_default();
            let number = words.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
            let best = longest(number.map(str::to_owned));
            best.split('.').take(2).collect::<Vec<_>>().join(".")
        }
        _ => version,
    }
}

fn dots(text: &str) -> usize {
    text.matches('.').count()
}

/// What a file says, where it is that distribution's.
fn parse(name: &str, text: &str, path: &str, facts: &Dict) -> Option<Found> {
    match name {
        "Altlinux" => Some(by_word(text, "ALT", "Altlinux")),
        "OracleLinux" => Some(by_word(text, "Oracle Linux", "OracleLinux")),
        "RedHat" => Some(by_word(text, "Red Hat", "RedHat")),
        "SMGL" => Some(by_word(text, "Source Mage GNU/Linux", "SMGL")),
        "Archlinux" => text.contains("Arch Linux").then(Vec::new),
        "Alpine" => Some(vec![("distribution_version", text.to_owned())]),
        "Slackware" => slackware(text),
        "CentOS" => centos(text),
        "OpenWrt" | "Mandriva" => text.contains(name).then(|| lsb(&Release::parse(text))),
        "Amazon" => text.contains("Amazon").then(|| amazon(text, path)),
        "SUSE" => text.to_lowercase().contains("suse").then(|| suse(text, path)),
        "Debian" => debian(text, path),
        "ClearLinux" => clear(&Release::parse(text)),
        "Coreos" => None,
        "Flatcar" => (Release::system().id() == "flatcar").then(|| versions(Release::parse(text).get("VERSION"))),
        _ => Some(unknown(text, facts)),
    }
}

fn by_word(text: &str, search: &'static str, name: &str) -> Found {
    if text.contains(search) {
        return vec![("distribution", name.to_owned()), ("distribution_file_search_string", search.to_owned())];
    }
    vec![("distribution", text.split_whitespace().next().unwrap_or_default().to_owned())]
}

fn slackware(text: &str) -> Option<Found> {
    let version = text.contains("Slackware").then(|| text.split_whitespace().find(|word| word.contains('.')))?;
    Some(version.map(|v| ("distribution_version", v.to_owned())).into_iter().collect())
}

fn centos(text: &str) -> Option<Found> {
    if text.contains("CentOS Stream") {
        return Some(vec![("distribution_release", "Stream".into())]);
    }
    text.contains("TencentOS Server").then(|| vec![("distribution", "TencentOS".into())])
}

fn lsb(release: &Release) -> Found {
    [("distribution_version", "DISTRIB_RELEASE"), ("distribution_release", "DISTRIB_CODENAME")]
        .into_iter()
        .filter_map(|(fact, key)| Some((fact, release.get(key)?.to_owned())))
        .collect()
}

fn amazon(text: &str, path: &str) -> Found {
    if path != "/etc/os-release" {
        let number = text.split_whitespace().find(|word| word.bytes().all(|b| b.is_ascii_digit()));
        return vec![("distribution_version", number.unwrap_or("NA").to_owned())];
    }
    let release = Release::parse(text);
    let Some(version) = release.get("VERSION_ID") else { return Vec::new() };
    let (major, minor) = version.split_once('.').unwrap_or((version, "NA"));
    vec![
        ("distribution_version", version.to_owned()),
        ("distribution_major_version", major.to_owned()),
        ("distribution_minor_version", minor.to_owned()),
    ]
}

fn suse(text: &str, path: &str) -> Found {
    let release = Release::parse(text);
    let mut found = Found::new();
    if path == "/etc/os-release" {
        found.extend(release.get("NAME").map(|name| ("distribution", name.to_owned())));
        if let Some(id) = release.get("VERSION_ID").filter(|id| id.starts_with(|c: char| c.is_ascii_digit())) {
            let (major, minor) = id.split_once('.').unwrap_or((id, ""));
            let enterprise = !text.to_lowercase().contains("open") && text.to_lowercase().contains("enterprise");
            let minor = if enterprise && minor.is_empty() { "0" } else { minor };
            found.push(("distribution_version", id.to_owned()));
            found.push(("distribution_major_version", major.to_owned()));
            found.push(("distribution_release", minor.to_owned()));
        }
    }
    match release.get("VARIANT_ID") {
        Some("server-sap" | "sles-sap") => found.push(("distribution", "SLES_SAP".into())),
        Some("transactional") => found.push(("distribution", "SL-Micro".into())),
        Some(_) => {}
        None => match read::link_name("/etc/products.d/baseproduct").as_deref() {
            Some("SLES_SAP.prod") => found.push(("distribution", "SLES_SAP".into())),
            Some("SL-Micro.prod") => found.push(("distribution", "SL-Micro".into())),
            _ => {}
        },
    }
    found
}

fn debian(text: &str, path: &str) -> Option<Found> {
    let release = Release::parse(text);
    let in_pretty = || {
        let (_, rest) = release.get("PRETTY_NAME")?.split_once('(')?;
        Some(("distribution_release", rest.split(')').next()?.to_owned()))
    };
    let named = |name: &str| vec![("distribution", name.to_owned())];
    let codename = || release.get("VERSION_CODENAME").map(|code| ("distribution_release", code.to_owned()));
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let mut found;
    if has(&["Debian", "Raspbian"]) {
        found = named("Debian");
        found.extend(in_pretty());
        let numbers = read::text("/etc/debian_version").unwrap_or_default();
        let minor = numbers.split_once('.').map(|(_, minor)| minor.chars().take_while(char::is_ascii_digit).collect());
        found.extend(minor.filter(|minor: &String| !minor.is_empty()).map(|m| ("distribution_minor_version", m)));
    } else if has(&["Ubuntu"]) {
        found = named("Ubuntu");
    } else if has(&["SteamOS"]) {
        found = named("SteamOS");
    } else if has(&["Kali", "Parrot"]) && matches!(path, "/etc/lsb-release" | "/etc/os-release") {
        found = named(if has(&["Kali"]) { "Kali" } else { "Parrot" });
        found.extend(release.get("DISTRIB_RELEASE").map(|r| ("distribution_release", r.to_owned())));
    } else if has(&["Devuan"]) {
        found = named("Devuan");
        found.extend(in_pretty());
        found.extend(versions(release.get("VERSION_ID")));
    } else if has(&["Cumulus"]) {
        found = named("Cumulus Linux");
        found.extend(versions(release.get("VERSION_ID")));
        found.extend(release.get("VERSION").map(|version| ("distribution_release", version.to_owned())));
    } else if has(&["Mint"]) {
        found = named("Linux Mint");
        found.extend(versions(release.get("VERSION_ID")));
    } else if has(&["UOS", "Uos", "uos"]) {
        found = named("Uos");
        found.extend(codename());
        found.extend(versions(release.get("VERSION_ID")));
    } else if has(&["Deepin", "deepin"]) {
        found = named("Deepin");
        found.extend(codename());
        found.extend(versions(release.get("VERSION_ID")));
    } else if has(&["LMDE"]) {
        found = named("Linux Mint Debian Edition");
    } else {
        return None;
    }
    Some(found)
}

/// A version with its major part.
fn versions(version: Option<&str>) -> Found {
    let Some(version) = version else { return Vec::new() };
    let major = version.split('.').next().unwrap_or(version);
    vec![("distribution_version", version.to_owned()), ("distribution_major_version", major.to_owned())]
}

fn clear(release: &Release) -> Option<Found> {
    let name = release.get("NAME").filter(|name| name.contains("Clear Linux"))?;
    let mut found = vec![("distribution", name.to_owned())];
    if let Some(version) = release.get("VERSION_ID") {
        found.push(("distribution_major_version", version.to_owned()));
        found.push(("distribution_version", version.to_owned()));
    }
    found.extend(release.get("ID").map(|id| ("distribution_release", id.to_owned())));
    Some(found)
}

fn unknown(text: &str, facts: &Dict) -> Found {
    let release = Release::parse(text);
    let mut found = Found::new();
    found.extend(release.get("NAME").map(|name| ("distribution", name.to_owned())));
    if facts.get("distribution_version").and_then(Value::as_str) == Some("NA") {
        found.extend(release.get("VERSION").map(|version| ("distribution_version", version.to_owned())));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_guess(text: &str, name: &str, version: &str, codename: &str) {
        let facts = guess(&Release::parse(text));
        let got = |key: &str| facts.get(key).map(Value::to_text).unwrap_or_default();
        assert_eq!(got("distribution"), name);
        assert_eq!(got("distribution_version"), version);
        assert_eq!(got("distribution_release"), codename);
    }

    #[test]
    fn first_guesses() {
        check_guess("ID=\"rhel\"\nVERSION=\"8.6 (Ootpa)\"\nVERSION_ID=\"8.6\"", "Redhat", "8.6", "Ootpa");
        check_guess("ID=ubuntu\nVERSION_ID=\"22.04\"\nVERSION_CODENAME=jammy", "Ubuntu", "22.04", "jammy");
        check_guess("ID=alpine\nVERSION_ID=3.18.4", "Alpine", "3.18.4", "NA");
        check_guess("", "OtherLinux", "NA", "NA");
    }

    #[track_caller]
    fn check(name: &str, text: &str, want: Option<&[(&str, &str)]>) {
        let got = parse(name, text, "/etc/os-release", &Dict::new());
        let got = got.map(|found| found.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Vec<_>>());
        let want = want.map(|want| want.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect::<Vec<_>>());
        assert_eq!(got, want);
    }

    #[test]
    fn files() {
        check("RedHat", "Rocky Linux release 9.3 (Blue Onyx)", Some(&[("distribution", "Rocky")]));
        check("CentOS", "CentOS Linux release 7.9.2009 (Core)", None);
        check("CentOS", "CentOS Stream release 9", Some(&[("distribution_release", "Stream")]));
        check("Debian", "NAME=\"Ubuntu\"", Some(&[("distribution", "Ubuntu")]));
        check("Alpine", "3.18.4", Some(&[("distribution_version", "3.18.4")]));
        check(
            "Amazon",
            "NAME=\"Amazon Linux\"\nVERSION_ID=\"2023\"",
            Some(&[
                ("distribution_version", "2023"),
                ("distribution_major_version", "2023"),
                ("distribution_minor_version", "NA"),
            ]),
        );
    }

    #[test]
    fn families() {
        assert_eq!(family("Rocky"), "RedHat");
        assert_eq!(family("Ubuntu"), "Debian");
        assert_eq!(family("Alpine"), "Alpine");
    }
}
