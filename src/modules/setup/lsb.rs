//! `lsb`: what lsb_release says.
//!
//! On Debian and its kin that is what os-release and lsb-release hold, so they are read instead: the
//! program there is a script. Elsewhere it is run.

use super::os_release::Release;
use super::{Host, read};
use crate::value::{Dict, Value};

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    let mut lsb = Vec::new();
    if host.env.find_program("lsb_release").is_some() {
        let release = Release::system();
        let own = matches!(release.id().as_str(), "debian" | "ubuntu");
        lsb = if own { of_debian(&release) } else { of_program(host) };
    }
    if lsb.is_empty() {
        lsb = of_file(&Release::read("/etc/lsb-release"));
    }
    if let Some((_, release)) = lsb.iter().find(|(key, _)| *key == "release") {
        let major = release.split('.').next().unwrap_or_default().to_owned();
        lsb.push(("major_release", major));
    }
    let lsb: Dict = lsb.into_iter().map(|(k, v)| (k.into(), Value::from(v.trim_matches(['\'', '"', '\\'])))).collect();
    Dict::from([("lsb", lsb)])
}

fn of_file(release: &Release) -> Vec<(&'static str, String)> {
    [
        ("id", "DISTRIB_ID"),
        ("release", "DISTRIB_RELEASE"),
        ("description", "DISTRIB_DESCRIPTION"),
        ("codename", "DISTRIB_CODENAME"),
    ]
    .into_iter()
    .filter_map(|(fact, key)| Some((fact, release.get(key)?.to_owned())))
    .collect()
}

fn of_debian(release: &Release) -> Vec<(&'static str, String)> {
    let file = of_file(&Release::read("/etc/lsb-release"));
    if file.len() == 4 {
        return file;
    }
    let number = || {
        let text = read::text("/etc/debian_version").unwrap_or_default();
        text.split('.').next().map(str::to_owned).filter(|text| text.bytes().all(|b| b.is_ascii_digit()))
    };
    let release_of = release.get("VERSION_ID").map(str::to_owned).or_else(number).unwrap_or_else(|| "n/a".into());
    let name = if release.id() == "ubuntu" { "Ubuntu" } else { "Debian" };
    vec![
        ("id", name.into()),
        ("description", release.get("PRETTY_NAME").unwrap_or(name).to_owned()),
        ("release", release_of),
        ("codename", release.get("VERSION_CODENAME").unwrap_or("n/a").to_owned()),
    ]
}

fn of_program(host: &Host<'_>) -> Vec<(&'static str, String)> {
    let out = host.output("lsb_release", &["-a"]).unwrap_or_default();
    let names = [
        ("LSB Version", "release"),
        ("Distributor ID", "id"),
        ("Description", "description"),
        ("Release", "release"),
        ("Codename", "codename"),
    ];
    let mut found: Vec<(&'static str, String)> = Vec::new();
    for (name, value) in out.lines().filter_map(|line| line.split_once(':')) {
        if let Some((_, fact)) = names.iter().find(|(known, _)| *known == name) {
            found.retain(|(key, _)| key != fact);
            found.push((fact, value.trim().to_owned()));
        }
    }
    found
}
