//! `apt`: packages of Debian and its kin, by the host's own apt-get, apt-cache and dpkg.
//!
//! Where ansible-core asks libapt through python3-apt, which it installs where it lacks, this reads dpkg's own status
//! and asks apt-cache: most tasks find everything installed, and for those no program is run at all.

mod deb;
mod get;
mod known;
mod names;
mod update;

use super::{Call, ModuleDef, Support};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use get::{Get, Verb};
use known::Known;
pub(super) use known::messages;
use names::{Asked, Relation};
pub(super) use update::{Trouble, attempt};

const FALSE: Default = Default::Bool(false);

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "apt",
    doc: "Manages apt-packages.",
    spec: &Spec {
        mutually_exclusive: &[&["deb", "package", "upgrade"]],
        required_one_of: &[&["autoremove", "deb", "package", "update_cache", "upgrade"]],
        ..Spec::new(&[
            Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&[
                "absent",
                "build-dep",
                "fixed",
                "latest",
                "present",
            ]),
            Arg::new("update_cache", Kind::Bool).aliases(&["update-cache"]),
            Arg::new("update_cache_retries", Kind::Int).default(Default::Int(5)),
            Arg::new("update_cache_retry_max_delay", Kind::Int).default(Default::Int(12)),
            Arg::new("cache_valid_time", Kind::Int).default(Default::Int(0)),
            Arg::new("purge", Kind::Bool).default(FALSE),
            Arg::new("package", Kind::List).elements(Kind::Str).aliases(&["pkg", "name"]),
            Arg::new("deb", Kind::Path),
            Arg::new("default_release", Kind::Str).aliases(&["default-release"]),
            Arg::new("install_recommends", Kind::Bool).aliases(&["install-recommends"]),
            Arg::new("force", Kind::Bool).default(FALSE),
            Arg::new("upgrade", Kind::Str).default(Default::Str("no")).choices(&["dist", "full", "no", "safe", "yes"]),
            Arg::new("dpkg_options", Kind::Str).default(Default::Str("force-confdef,force-confold")),
            Arg::new("autoremove", Kind::Bool).default(FALSE),
            Arg::new("autoclean", Kind::Bool).default(FALSE),
            Arg::new("fail_on_autoremove", Kind::Bool).default(FALSE),
            Arg::new("policy_rc_d", Kind::Int),
            Arg::new("only_upgrade", Kind::Bool).default(FALSE),
            Arg::new("force_apt_get", Kind::Bool).default(FALSE),
            Arg::new("clean", Kind::Bool).default(FALSE),
            Arg::new("allow_unauthenticated", Kind::Bool).default(FALSE).aliases(&["allow-unauthenticated"]),
            Arg::new("allow_downgrade", Kind::Bool).default(FALSE).aliases(&[
                "allow-downgrade",
                "allow_downgrades",
                "allow-downgrades",
            ]),
            Arg::new("allow_change_held_packages", Kind::Bool).default(FALSE),
            Arg::new("lock_timeout", Kind::Int).default(Default::Int(60)),
            Arg::new("auto_install_module_deps", Kind::Bool).default(Default::Bool(true)),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let deb = call.args.opt_str("deb").is_some_and(|files| !files.is_empty());
    let listed = call.args.opt_list("package").unwrap_or_default();
    // ansible-core says "no upgrade" by None, and shows it so.
    let upgrade = call.args.opt_str("upgrade").filter(|mode| *mode != "no").map(str::to_owned);
    let alone = listed.is_empty() && upgrade.is_none() && !deb;
    if call.args.bool("clean") {
        let cleaned = Get::new(call)?.clean()?;
        if alone {
            return Ok(cleaned);
        }
    }
    if upgrade.is_none() {
        call.args.set("upgrade", Value::default());
    }
    let cache = update::refresh(call)?;
    if cache.wanted && alone {
        return Ok(cache.told(Outcome::changed(cache.updated)));
    }
    let get = Get::new(call)?;
    if let Some(mode) = upgrade {
        return get.upgrade(&mode);
    }
    if deb {
        return deb::install(call);
    }
    let packages: Vec<String> = listed.iter().filter(|name| *name != "*").map(|name| name.trim().to_owned()).collect();
    if call.args.str("state") == "latest" && packages.len() < listed.len() {
        if !packages.is_empty() {
            return Err(Outcome::failed("unable to install additional packages when upgrading all installed packages"));
        }
        return get.upgrade("yes");
    }
    if let Some(bad) = packages.iter().find(|package| package.matches('=').count() > 1) {
        return Err(Outcome::failed(format!("invalid package spec: {bad}")));
    }
    if packages.is_empty() {
        for (asked, verb) in [("autoclean", Verb::AutoClean), ("autoremove", Verb::AutoRemove)] {
            if call.args.bool(asked) {
                return get.cleanup(verb);
            }
        }
    }
    match call.args.str("state") {
        "absent" => remove(call, &get, &packages),
        _ => install(call, &get, &packages).map(|outcome| cache.told(outcome)).map_err(|failed| match failed {
            Failed::Before(outcome) => outcome,
            Failed::After(outcome) => cache.told(outcome),
        }),
    }
}

/// A failure, with or without what ansible-core tells of the cache.
enum Failed {
    Before(Outcome),
    After(Outcome),
}

impl Failed {
    fn into_outcome(self) -> Outcome {
        match self {
            Self::Before(outcome) | Self::After(outcome) => outcome,
        }
    }
}

impl From<Outcome> for Failed {
    fn from(outcome: Outcome) -> Self {
        Self::Before(outcome)
    }
}

/// Installs or upgrades packages.
fn install(call: &Call<'_>, get: &Get<'_, '_>, packages: &[String]) -> Result<Outcome, Failed> {
    let outcome = match call.args.str("state") {
        "build-dep" => {
            let words: Vec<String> = names::expanded(call, packages)?;
            return get.install(Verb::BuildDep, &words).map_err(Failed::After);
        }
        state => {
            let asked = Asked::all(&names::expanded(call, packages)?);
            let mut known = Known::of(call, &asked, state == "latest")?;
            let words = to_install(call, &mut known, &asked)?;
            let outcome = get.install(Verb::Install, &words);
            if !call.check() {
                let names: Vec<&str> = asked.iter().map(|asked| asked.name.as_str()).collect();
                get.mark_manual(&known, &names)?;
            }
            outcome
        }
    };
    outcome.map_err(Failed::After)
}

/// What apt-get is asked for: nothing for what is there already.
fn to_install(call: &Call<'_>, known: &mut Known<'_>, asked: &[Asked]) -> Result<Vec<String>, Failed> {
    let (upgrade, only_upgrade) = (call.args.str("state") == "latest", call.args.bool("only_upgrade"));
    let mut words = Vec::new();
    for asked in asked {
        let status = known.status(asked)?;
        if only_upgrade && !status.installed {
            continue;
        }
        let Some(best) = status.installable else {
            if !status.fits {
                let text = format!("no available installation candidate for {}", asked.text);
                return Err(Failed::After(Outcome::failed(text)));
            }
            continue;
        };
        let exactly = asked.version.as_deref();
        if upgrade || !status.fits || !status.installed {
            words.push(match best.as_deref().or(exactly) {
                Some(version) => format!("{}={version}", asked.name),
                None => asked.name.clone(),
            });
        } else if asked.relation == Some(Relation::Equal) {
            // There is a later version that the pattern matches; ansible-core passes the pattern on.
            words.push(format!("{}={}", asked.name, exactly.unwrap_or_default()));
        }
    }
    Ok(words)
}

/// Removes packages.
fn remove(call: &Call<'_>, get: &Get<'_, '_>, packages: &[String]) -> Result<Outcome, Outcome> {
    let asked = Asked::all(&names::expanded(call, packages)?);
    let mut known = Known::of(call, &asked, false)?;
    let purge = call.args.bool("purge");
    let mut words = Vec::new();
    for asked in &asked {
        if known.fits(asked)? || (purge && known.has_files(&asked.name) && known.is_package(&asked.name)?) {
            words.push(asked.text.clone());
        }
    }
    if words.is_empty() { Ok(Outcome::changed(false)) } else { get.remove(&words) }
}

/// What apt-get would do, out of what it prints: from where its plan begins to where it counts.
fn plan(out: &str) -> Dict {
    let lines: Vec<&str> = out.lines().collect();
    let begins = ["Resolving dependencies...", "Reading state information..."];
    let start = begins.iter().find_map(|mark| lines.iter().position(|line| line == mark)).map_or(0, |at| at + 1);
    let counts = |line: &&str| {
        let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < line.len() && (rest.starts_with(" upgraded") || rest.starts_with(" packages upgraded"))
    };
    let end = lines.iter().position(counts).map_or(lines.len(), |at| at + 1);
    Dict::from([("prepared", lines.get(start..end).unwrap_or_default().join("\n"))])
}

#[cfg(test)]
mod tests {
    use super::plan;

    #[test]
    fn the_plan_out_of_what_is_printed() {
        let out = "Reading package lists...\nReading state information...\nThe following NEW packages will be \
                   installed:\n  tree\n0 upgraded, 1 newly installed, 0 to remove and 14 not upgraded.\nInst tree\n";
        let expected = "The following NEW packages will be installed:\n  tree\n0 upgraded, 1 newly installed, 0 to \
                        remove and 14 not upgraded.";
        assert_eq!(plan(out).get("prepared").map(|text| text.to_text()).as_deref(), Some(expected));
        assert_eq!(plan("a\nb").get("prepared").map(|text| text.to_text()).as_deref(), Some("a\nb"));
    }
}
