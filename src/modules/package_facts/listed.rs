//! Managers whose programs list packages: apk, pacman, pkg, pkg_info, qlist, rpm.

use crate::host::{Output, locale};
use crate::modules::Call;
use crate::value::{Dict, Value};
use std::ffi::OsStr;

type Packages = Result<Vec<Dict>, String>;

fn execute<S: AsRef<OsStr>>(call: &Call<'_>, argv: &[S], locale: Option<&str>) -> Result<Output, String> {
    let command = call.command(argv);
    let command = locale.into_iter().fold(command, |command, locale| command.var("LC_ALL", locale));
    command.run().map_err(|error| crate::host::os_error(&error, argv[0].as_ref()))
}

/// What a command prints; `quiet` means that it may print no errors.
fn lines(call: &Call<'_>, argv: &[&str], locale: Option<&str>, quiet: bool) -> Result<String, String> {
    let output = execute(call, argv, locale)?;
    if output.rc == 0 && (!quiet || output.stderr.is_empty()) {
        return Ok(output.out());
    }
    Err(format!("Unable to list packages rc={} : {}", output.rc, output.err()))
}

/// Alpine's: `name-version-release`.
pub(super) fn apk(call: &Call<'_>, program: &str) -> Packages {
    Ok(lines(call, &[program, "info", "-v"], None, false)?.lines().map(apk_package).collect())
}

fn apk_package(line: &str) -> Dict {
    let parts: Vec<&str> = line.rsplitn(3, '-').collect();
    match parts[..] {
        [release, version, name] => Dict::from([("name", name), ("version", version), ("release", release)]),
        _ => Dict::from([("name", line), ("version", ""), ("release", "")]),
    }
}

/// Arch's: paragraphs of `Name : value`, which may go over several lines.
pub(super) fn pacman(call: &Call<'_>, program: &str) -> Packages {
    let out = lines(call, &[program, "-Qi"], Some(locale::parsable(&call.env)), true)?;
    let paragraphs = out.split("\n\n").collect::<Vec<_>>();
    // What follows the last empty line is no package.
    paragraphs[..paragraphs.len() - 1].iter().map(|text| pacman_package(text)).collect()
}

fn pacman_package(text: &str) -> Result<Dict, String> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        match pacman_field(line) {
            Some((name, value)) => {
                fields.retain(|(other, _)| *other != name);
                fields.push((name, value.to_owned()));
            }
            None => {
                let (_, value) = fields.last_mut().ok_or("None")?;
                *value = format!("{value}  {}", line.trim_start());
            }
        }
    }
    let get = |name: &str| {
        let found = fields.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str());
        found.ok_or_else(|| format!("'{name}'"))
    };
    let provides = match get("Provides")? {
        "None" => Value::Null,
        names => Value::list(names.split("  ").map(|name| name.split('=').next().unwrap_or("").into())),
    };
    let mut package =
        Dict::from([("name", get("Name")?), ("version", get("Version")?), ("arch", get("Architecture")?)]);
    package.insert("provides", provides);
    Ok(package)
}

/// `Some Name  : value`; the name begins the line, and is words alone.
fn pacman_field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(" : ")?;
    let name = name.trim_end_matches(' ');
    let word = |c: char| c.is_alphanumeric() || c == '_';
    (name.ends_with(word) && name.chars().all(|c| c == ' ' || word(c))).then_some((name, value))
}

/// FreeBSD's.
pub(super) fn pkg(call: &Call<'_>, program: &str) -> Packages {
    let format = "%n\t%v\t%R\t%t\t%a\t%q\t%o\t%p\t%V";
    lines(call, &[program, "query", format], None, true)?.lines().map(pkg_package).collect()
}

fn pkg_package(line: &str) -> Result<Dict, String> {
    const NAMES: [&str; 9] =
        ["name", "version", "origin", "installed", "automatic", "arch", "category", "prefix", "vital"];
    let mut package: Dict = NAMES.into_iter().zip(line.split('\t')).map(|(key, v)| (key.into(), v.into())).collect();
    let text = |package: &Dict, key: &str| package.get(key).map(Value::to_text);
    if let Some(arch) = text(&package, "arch")
        && let Some(part) = arch.split(':').nth(2)
    {
        package.insert("arch", part);
    }
    for key in ["automatic", "vital"] {
        if let Some(word) = text(&package, key) {
            let wrong = || format!("invalid literal for int() with base 10: '{word}'");
            package.insert(key, word.trim().parse::<i64>().map_err(|_| wrong())? != 0);
        }
    }
    if let Some(category) = text(&package, "category") {
        package.insert("category", category.split('/').next().unwrap_or(""));
    }
    if let Some(version) = text(&package, "version") {
        let (version, epoch) = match version.split_once(',') {
            Some((version, epoch)) => (version, Value::from(epoch)),
            None => (version.as_str(), 0.into()),
        };
        let (version, revision) = version.split_once('_').unwrap_or((version, "0"));
        package.insert("version", version);
        package.insert("port_epoch", epoch);
        package.insert("revision", revision);
    }
    match package.contains("name") {
        true => Ok(package),
        false => Err("'name'".into()),
    }
}

/// OpenBSD's: `name-version`, then a description.
pub(super) fn pkg_info(call: &Call<'_>, program: &str) -> Packages {
    lines(call, &[program, "-a"], None, true)?.lines().map(pkg_info_package).collect()
}

fn pkg_info_package(line: &str) -> Result<Dict, String> {
    let word = line.split_whitespace().next().ok_or("list index out of range")?;
    Ok(match word.rsplit_once('-') {
        Some((name, version)) => Dict::from([("name", name), ("version", version)]),
        None => Dict::from([("name", line), ("version", "")]),
    })
}

/// Gentoo's.
pub(super) fn portage(call: &Call<'_>, _: &str) -> Packages {
    const NAMES: [&str; 7] = ["category", "name", "version", "ebuild_revision", "slots", "prefixes", "sufixes"];
    let out = lines(call, &["/bin/sh", "-c", "qlist -Iv | xargs -n 1024 qatom"], None, false)?;
    let packages = out.lines().map(|line| {
        let words = NAMES.into_iter().zip(line.split_whitespace());
        let package: Dict = words.map(|(key, word)| (key.into(), word.into())).collect();
        if package.contains("name") { Ok(package) } else { Err("'name'".into()) }
    });
    packages.collect()
}

/// Red Hat's and SUSE's, in the order of their installation.
pub(super) fn rpm(call: &Call<'_>, program: &str) -> Packages {
    let format = r"%{NAME}\t%{VERSION}\t%{RELEASE}\t%{EPOCH}\t%{ARCH}\n";
    let out = lines(call, &[program, "-qa", "--queryformat", format], None, false)?;
    Ok(out.lines().map(rpm_package).collect())
}

fn rpm_package(line: &str) -> Dict {
    const NAMES: [&str; 5] = ["name", "version", "release", "epoch", "arch"];
    // What a package lacks, facts have as Python's word for nothing.
    let words = line.split('\t').map(|word| if word == "(none)" { "None" } else { word });
    NAMES.into_iter().zip(words).map(|(key, word)| (Value::from(key), Value::from(word))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::repr;

    #[test]
    fn one_package_of_each() {
        for (dict, want) in [
            (apk_package("musl-utils-1.2.4-r2"), "{'name': 'musl-utils', 'version': '1.2.4', 'release': 'r2'}"),
            (apk_package("odd"), "{'name': 'odd', 'version': '', 'release': ''}"),
            (
                rpm_package("bash\t5.1\t6.el9\t(none)\tx86_64"),
                "{'name': 'bash', 'version': '5.1', 'release': '6.el9', 'epoch': 'None', 'arch': 'x86_64'}",
            ),
            (
                pacman_package("Name            : a\nVersion : 1-1\nArchitecture : any\nProvides : x=1  y\n  z=2")
                    .expect("a"),
                "{'name': 'a', 'version': '1-1', 'arch': 'any', 'provides': ['x', 'y', 'z']}",
            ),
            (pkg_info_package("a-b-1.2p3 some words").expect("a"), "{'name': 'a-b', 'version': '1.2p3'}"),
            (
                pkg_package("a\t1.2_3,4\tr\t1\t0\tFreeBSD:13:amd64\tx11/a\t/usr/local\t1").expect("a"),
                "{'name': 'a', 'version': '1.2', 'origin': 'r', 'installed': '1', 'automatic': False, \
                 'arch': 'amd64', 'category': 'x11', 'prefix': '/usr/local', 'vital': True, 'port_epoch': '4', \
                 'revision': '3'}",
            ),
        ] {
            assert_eq!(repr(&dict.into()), want);
        }
        assert_eq!(pacman_package("Name : a").expect_err("no"), "'Provides'");
        assert_eq!(pacman_field("Name:x"), None);
    }
}
