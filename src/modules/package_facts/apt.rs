//! Debian's packages: dpkg's own list, and apt's word for where each comes from.

use crate::host::Output;
use crate::modules::Call;
use crate::modules::apt::messages;
use crate::value::Dict;
use std::collections::HashMap;

/// What dpkg knows of its packages.
const STATUS: &str = "/var/lib/dpkg/status";

/// How many packages apt is asked about at once.
const AT_ONCE: usize = 4000;

/// The packages that are installed, if only in part.
pub(super) fn list(call: &Call<'_>, _: &str) -> Result<Vec<Dict>, String> {
    let text = std::fs::read(STATUS).map_err(|error| crate::host::os_error(&error, STATUS))?;
    let native = execute(call, &["dpkg", "--print-architecture"])?.out();
    let mut packages = installed(&String::from_utf8_lossy(&text), native.trim());
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    let origins = origins(call, &packages)?;
    Ok(packages.iter().map(|package| package.dict(origins.get(&package.name).map_or("", String::as_str))).collect())
}

/// A package in dpkg's list.
#[derive(Debug, Default, PartialEq)]
struct Package {
    /// With its architecture where that is a foreign one: `libc6:i386`.
    name: String,
    version: String,
    arch: String,
    section: String,
}

impl Package {
    fn dict(&self, origin: &str) -> Dict {
        Dict::from([
            ("name", self.name.as_str()),
            ("version", &self.version),
            ("arch", &self.arch),
            ("category", &self.section),
            ("origin", origin),
        ])
    }
}

fn installed(text: &str, native: &str) -> Vec<Package> {
    let paragraphs = text.split("\n\n");
    let packages = paragraphs.filter_map(|paragraph| {
        let mut package = Package::default();
        let mut state = "";
        for line in paragraph.lines() {
            let Some((key, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match key {
                "Package" => package.name = value.to_owned(),
                "Version" => package.version = value.to_owned(),
                "Architecture" => package.arch = value.to_owned(),
                "Section" => package.section = value.to_owned(),
                "Status" => state = value.split_whitespace().nth(2).unwrap_or(""),
                _ => {}
            }
        }
        if package.arch != native && package.arch != "all" {
            package.name = format!("{}:{}", package.name, package.arch);
        }
        let is_there = !package.version.is_empty() && !["", "not-installed", "config-files"].contains(&state);
        is_there.then_some(package)
    });
    packages.collect()
}

fn execute(call: &Call<'_>, argv: &[&str]) -> Result<Output, String> {
    let output = call.command(argv).var("LC_ALL", "C").run().map_err(|error| crate::host::os_error(&error, argv[0]))?;
    if output.rc == 0 { Ok(output) } else { Err(messages(&output.err())) }
}

/// The origin of each package by its name, as the repository that it comes from calls itself.
fn origins(call: &Call<'_>, packages: &[Package]) -> Result<HashMap<String, String>, String> {
    if call.env.find_program("apt-cache").is_none() {
        return Ok(HashMap::new());
    }
    let sources = sources(&execute(call, &["apt-cache", "policy"])?.out());
    let mut all = HashMap::new();
    for some in packages.chunks(AT_ONCE) {
        let mut argv = vec!["apt-cache", "policy"];
        argv.extend(some.iter().map(|package| package.name.as_str()));
        let out = execute(call, &argv)?.out();
        for (name, source) in first_sources(&out) {
            if let Some(origin) = sources.get(source) {
                all.insert(name.to_owned(), origin.clone());
            }
        }
    }
    Ok(all)
}

/// The origins of the sources that `apt-cache policy` lists.
fn sources(text: &str) -> HashMap<String, String> {
    let mut all = HashMap::new();
    let mut source = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        if let Some(release) = trimmed.strip_prefix("release ") {
            if let (Some(source), Some(origin)) = (source.take(), origin(release)) {
                all.insert(source, origin.to_owned());
            }
        } else if let Some((priority, name)) = trimmed.split_once(' ')
            && priority.parse::<i32>().is_ok()
        {
            source = Some(name.trim_start().to_owned());
        }
    }
    all
}

/// The value of `o=` among such fields, which a comma ends that begins the next field.
fn origin(release: &str) -> Option<&str> {
    let (_, rest) = format_start(release)?;
    let is_next = |(at, _): &(usize, &str)| {
        let next = rest.as_bytes().get(at + 1..at + 3);
        next.is_some_and(|next| next[0].is_ascii_lowercase() && next[1] == b'=')
    };
    let end = rest.match_indices(',').find(is_next).map_or(rest.len(), |(at, _)| at);
    Some(&rest[..end])
}

fn format_start(release: &str) -> Option<(&str, &str)> {
    match release.strip_prefix("o=") {
        Some(rest) => Some(("", rest)),
        None => release.split_once(",o="),
    }
}

/// The first source of each package's installed version.
fn first_sources(text: &str) -> Vec<(&str, &str)> {
    let mut all = Vec::new();
    let mut name = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if !line.starts_with(' ') {
            name = line.strip_suffix(':');
        } else if line.trim_start().starts_with("*** ")
            && let Some(name) = name
            && let Some((_, source)) = lines.next().and_then(|line| line.trim_start().split_once(' '))
        {
            all.push((name, source.trim_start()));
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_dpkg_lists() {
        let text = "Package: a\nStatus: install ok installed\nSection: libs\nArchitecture: amd64\nVersion: 1:2-3\n\
                    Description: x\n Package: no\n\nPackage: b\nStatus: deinstall ok config-files\nVersion: 1\n\n\
                    Package: c\nStatus: install ok unpacked\nArchitecture: i386\nVersion: 4\n\n\
                    Package: d\nStatus: install ok installed\nArchitecture: all\nVersion: 5\n";
        let names: Vec<String> = installed(text, "amd64").into_iter().map(|package| package.name).collect();
        assert_eq!(names, ["a", "c:i386", "d"]);
        assert_eq!(installed(text, "amd64")[0].section, "libs");
    }

    #[test]
    fn what_apt_tells() {
        let text = "Package files:\n 100 /var/lib/dpkg/status\n     release a=now\n \
                    500 http://x.example/debian s/main amd64 Packages\n     release v=12,o=A, Inc.,a=stable,l=L\n     \
                    origin x.example\n -10 http://y s/main all Packages\n     release o=Y\nPinned packages:\n";
        let sources = sources(text);
        assert_eq!(sources.get("http://x.example/debian s/main amd64 Packages").map(String::as_str), Some("A, Inc."));
        assert_eq!(sources.get("http://y s/main all Packages").map(String::as_str), Some("Y"));
        let text = "a:\n  Installed: 1\n  Candidate: 2\n  Version table:\n     2 500\n        500 http://y z Packages\n \
                    *** 1 500\n        500 http://x y Packages\n        100 /var/lib/dpkg/status\nb:i386:\n  \
                    Version table:\n *** 3 100\n        100 /var/lib/dpkg/status\n";
        assert_eq!(first_sources(text), [("a", "http://x y Packages"), ("b:i386", "/var/lib/dpkg/status")]);
    }
}
