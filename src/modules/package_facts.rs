//! `package_facts`: the packages that are installed, as facts.
//!
//! The managers that there are, are asked one after another, the first that knows any packages or all of them.

use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::proto::Outcome;
use crate::value::{Dict, Value, repr};

mod apt;
mod listed;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "package_facts",
    doc: "Package information as facts.",
    spec: &Spec::new(&[
        Arg::new("manager", Kind::List).elements(Kind::Str).default(Default::List(&["auto"])),
        Arg::new("strategy", Kind::Str).default(Default::Str("first")).choices(&["first", "all"]),
    ]),
    check: Support::Full,
    diff: Support::None,
    run,
};

/// How a manager lists its packages: each with its name and more, or why it cannot.
type List = fn(&Call<'_>, &str) -> Result<Vec<Dict>, String>;

/// A manager of packages.
struct Manager {
    name: &'static str,
    /// The programs of which one shows that the manager is there.
    programs: &'static [&'static str],
    list: List,
    /// Other names for it.
    aliases: &'static [&'static str],
}

/// The managers, sorted by name.
static MANAGERS: [Manager; 7] = [
    Manager { name: "apk", programs: &["apk"], list: listed::apk, aliases: &[] },
    Manager { name: "apt", programs: &["apt", "apt-get", "aptitude"], list: apt::list, aliases: &[] },
    Manager { name: "pacman", programs: &["pacman"], list: listed::pacman, aliases: &[] },
    Manager { name: "pkg", programs: &["pkg"], list: listed::pkg, aliases: &["pkg5", "pkgng"] },
    Manager { name: "pkg_info", programs: &["pkg_info"], list: listed::pkg_info, aliases: &["openbsd_pkg"] },
    Manager { name: "portage", programs: &["qlist"], list: listed::portage, aliases: &[] },
    Manager { name: "rpm", programs: &["rpm"], list: listed::rpm, aliases: &["dnf", "dnf5", "yum", "zypper"] },
];

/// The managers with aliases, in the order in which their aliases are tried.
const ALIASED: [&str; 3] = ["rpm", "pkg", "pkg_info"];

fn find(name: &str) -> Option<&'static Manager> {
    MANAGERS.iter().find(|manager| manager.name == name || manager.aliases.contains(&name))
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let asked = call.args.opt_list("manager").unwrap_or_default();
    let names = names(&asked)?;
    let first = call.args.str("strategy") == "first";
    let mut packages = Dict::new();
    let mut seen: Vec<&str> = Vec::new();
    let mut found = 0;
    for manager in names.iter().filter_map(|name| find(name)) {
        if first && found > 0 {
            break;
        }
        if seen.contains(&manager.name) {
            continue;
        }
        seen.push(manager.name);
        let Some(program) = manager.programs.iter().find_map(|program| call.env.find_program(program)) else {
            if asked.iter().any(|name| name == manager.name)
                && let Err(missing) = call.need_program(manager.programs[0])
            {
                let why = missing.get("msg").map(Value::to_text).unwrap_or_default();
                let name = manager.name;
                call.warn(format!("Requested package manager {name} was not usable by this module: {why}"));
            }
            continue;
        };
        let list = (manager.list)(call, &program.to_string_lossy()).unwrap_or_else(|why| {
            call.warn(format!("Failed to retrieve packages with {}: {why}", manager.name));
            Vec::new()
        });
        if list.is_empty() {
            call.warn(format!("Found \"{}\" but no associated packages", manager.name));
            continue;
        }
        found += 1;
        add(&mut packages, list, manager.name);
    }
    if found == 0 {
        let names = repr(&Value::list(names.iter().map(|name| name.as_str().into())));
        return Err(Outcome::failed(format!(
            "Could not detect a supported package manager from the following list: {names}, or the required Python \
             library is not installed. Check warnings for details."
        )));
    }
    Ok(Outcome::default().with("ansible_facts", Dict::from([("packages", packages)])))
}

/// The names to go through: those that were given, then for `auto` all of them.
fn names(asked: &[String]) -> Result<Vec<String>, Outcome> {
    let mut names: Vec<String> = asked.iter().map(|name| name.to_lowercase()).collect();
    if let Some(auto) = names.iter().position(|name| name == "auto") {
        names.extend(MANAGERS.iter().map(|manager| manager.name.to_owned()));
        let aliases = ALIASED.iter().filter_map(|name| find(name)).flat_map(|manager| manager.aliases);
        names.extend(aliases.map(|alias| (*alias).to_owned()));
        names.remove(auto);
    }
    let mut unknown: Vec<&str> = Vec::new();
    for name in names.iter().filter(|name| find(name).is_none()) {
        if !unknown.contains(&name.as_str()) {
            unknown.push(name);
        }
    }
    match (unknown.is_empty(), asked.iter().any(|name| name == "auto")) {
        (true, _) => Ok(names),
        (false, true) => {
            Err(Outcome::failed("Could not auto detect a usable package manager, check warnings for details."))
        }
        (false, false) => {
            Err(Outcome::failed(format!("Unsupported package managers requested: {}", unknown.join(", "))))
        }
    }
}

/// Adds packages: a list under each name, since several versions may be installed.
fn add(packages: &mut Dict, list: Vec<Dict>, source: &str) {
    for mut package in list {
        package.insert("source", source);
        let name = package.get("name").cloned().unwrap_or_default();
        let mut all = packages.get_value(&name).and_then(Value::as_list).map(<[_]>::to_vec).unwrap_or_default();
        all.push(package.into());
        packages.insert(name, Value::list(all));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{has, outcome};

    #[test]
    fn unknown_managers() {
        let out = outcome("package_facts", r#"{"manager": ["brew", "APT"]}"#);
        has(&out, "msg", "'Unsupported package managers requested: brew'");
        let out = outcome("package_facts", r#"{"manager": ["brew", "auto"]}"#);
        has(&out, "msg", "'Could not auto detect a usable package manager, check warnings for details.'");
    }

    #[test]
    fn the_order_of_names() {
        let names = names(&["yum".into(), "auto".into()]).expect("known").join(" ");
        let want = "yum apk apt pacman pkg pkg_info portage rpm dnf dnf5 yum zypper pkg5 pkgng openbsd_pkg";
        assert_eq!(names, want);
    }

    #[test]
    fn versions_of_one_name() {
        let mut packages = Dict::new();
        let package = |version: &str| Dict::from([("name", "a"), ("version", version)]);
        add(&mut packages, vec![package("1"), package("2")], "rpm");
        let want =
            "{'a': [{'name': 'a', 'version': '1', 'source': 'rpm'}, {'name': 'a', 'version': '2', 'source': 'rpm'}]}";
        assert_eq!(repr(&packages.into()), want);
    }
}
