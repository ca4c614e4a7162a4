//! What dpkg and apt know of packages: what is installed, what could be, what stands for a virtual name.

use super::get::environment;
use super::names::{Alternative, Asked, Relation};
use crate::host::{Output, glob};
use crate::modules::{Call, command};
use crate::proto::Outcome;
use std::collections::HashMap;
use std::path::Path;

const STATUS: &str = "/var/lib/dpkg/status";

/// What is known of the packages that a task asks for; apt-cache is run only where dpkg cannot answer.
pub(super) struct Known<'a> {
    call: &'a Call<'a>,
    dpkg: Dpkg,
    /// Whether later versions matter too.
    latest: bool,
    names: Vec<String>,
    policies: Option<HashMap<String, Policy>>,
}

/// What dpkg has on the host.
#[derive(Debug, Default)]
struct Dpkg {
    /// By name and architecture, unless only configuration is left: the version, and whether it is wholly installed.
    packages: HashMap<(String, String), (String, bool)>,
    /// What installed packages provide: their name, and the version of what is provided, by its name.
    provided: HashMap<String, Vec<(String, Option<String>)>>,
    /// The architecture of dpkg itself, which a name without one means.
    native: String,
}

/// What apt-cache says of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Policy {
    candidate: Option<String>,
    /// All versions, the latest first; none of a name that only others provide.
    versions: Vec<String>,
}

/// How a package stands to what is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Status {
    /// Installed in whichever version.
    pub installed: bool,
    /// Installed in a version that fits.
    pub fits: bool,
    /// Another version to install that fits; `Some(None)` where apt is to choose.
    pub installable: Option<Option<String>>,
}

impl<'a> Known<'a> {
    pub fn of(call: &'a Call<'a>, asked: &[Asked], latest: bool) -> Result<Self, Outcome> {
        let names: Vec<String> = asked.iter().map(|asked| asked.name.clone()).collect();
        let text = std::fs::read(STATUS).unwrap_or_default();
        let latest = latest || call.args.opt_str("default_release").is_some_and(|release| !release.is_empty());
        let dpkg = Dpkg::read(&String::from_utf8_lossy(&text));
        Ok(Self { call, dpkg, latest, names, policies: None })
    }

    /// The version that is installed as a whole.
    pub fn installed(&self, name: &str) -> Option<&str> {
        self.dpkg.find(name).filter(|(_, whole)| *whole).map(|(version, _)| version.as_str())
    }

    /// The version that is unpacked, configured or not.
    pub fn unpacked(&self, name: &str) -> Option<&str> {
        self.dpkg.find(name).map(|(version, _)| version.as_str())
    }

    /// The architecture that a name without one means.
    pub fn native(&self) -> &str {
        &self.dpkg.native
    }

    /// The versions of a name on the host with the packages that have it: its own, and what provides it.
    pub fn present<'n>(&'n self, name: &'n str) -> Vec<(&'n str, Option<&'n str>)> {
        let own = self.unpacked(name).map(|version| (name, Some(version)));
        let others = self.dpkg.provided.get(name).into_iter().flatten();
        own.into_iter().chain(others.map(|(name, version)| (name.as_str(), version.as_deref()))).collect()
    }

    /// The version that apt would install; an empty text of a name that others provide.
    pub fn candidate(&mut self, name: &str) -> Result<Option<String>, Outcome> {
        match self.policy(name)? {
            Some(policy) if policy.versions.is_empty() => {
                let providers = self.providers(name)?;
                Ok(Some(String::new()).filter(|_| !providers.is_empty()))
            }
            Some(policy) => Ok(policy.candidate),
            None => Ok(None),
        }
    }

    /// Whether it is installed in a version that fits.
    pub fn fits(&self, asked: &Asked) -> Result<bool, Outcome> {
        self.installed(&asked.name).map_or(Ok(false), |version| self.is_version(asked, version))
    }

    /// How a package stands that is to be installed; an error where apt knows no such name.
    pub fn status(&mut self, asked: &Asked) -> Result<Status, Outcome> {
        let installed = self.installed(&asked.name).map(str::to_owned);
        if installed.is_some() && asked.relation.is_none() && !self.latest {
            return Ok(Status { installed: true, fits: true, installable: None });
        }
        let policy = self.policy(&asked.name)?;
        let Some(policy) = policy.filter(|policy| !policy.versions.is_empty()) else {
            return self.status_of_virtual(asked);
        };
        let best = match (asked.relation, &asked.version) {
            // To ask for a version outweighs every other pin.
            (Some(Relation::Equal), Some(version)) => {
                policy.versions.into_iter().find(|one| glob::matches(version, one))
            }
            _ => policy.candidate,
        };
        let Some(installed) = installed else {
            return Ok(Status { installable: best.map(Some), ..Status::default() });
        };
        let better = match best.filter(|best| *best != installed) {
            Some(best) if self.is_version(asked, &best)? => Some(Some(best)),
            _ => None,
        };
        Ok(Status { installed: true, fits: self.is_version(asked, &installed)?, installable: better })
    }

    /// A name that others provide: what is installed for it is asked of where there is but one.
    fn status_of_virtual(&mut self, asked: &Asked) -> Result<Status, Outcome> {
        let providers = match self.policy(&asked.name)? {
            Some(_) => self.providers(&asked.name)?,
            None => Vec::new(),
        };
        match providers.as_slice() {
            [] => Err(Outcome::failed(format!("No package matching '{}' is available", asked.name))),
            [one] if self.installed(one).is_some() => self.status(&Asked { name: one.clone(), ..asked.clone() }),
            _ => Ok(Status { installable: Some(None), ..Status::default() }),
        }
    }

    /// The packages whose candidate provides a name.
    fn providers(&mut self, name: &str) -> Result<Vec<String>, Outcome> {
        let out = cache(self.call, &["showpkg", name])?.out();
        let lines = out.lines().skip_while(|line| *line != "Reverse Provides: ").skip(1);
        let pairs: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(' '))
            .map(|(name, rest)| (name.to_owned(), rest.split(' ').next().unwrap_or_default().to_owned()))
            .collect();
        let names: Vec<&str> = pairs.iter().map(|(name, _)| name.as_str()).collect();
        let policies = policies(self.call, &names)?;
        let mut providers = Vec::new();
        for (name, version) in pairs {
            let candidate = policies.get(&name).and_then(|policy| policy.candidate.as_ref());
            if candidate == Some(&version) && !providers.contains(&name) {
                providers.push(name);
            }
        }
        Ok(providers)
    }

    /// Whether apt has versions of a package.
    pub fn is_package(&mut self, name: &str) -> Result<bool, Outcome> {
        Ok(self.policy(name)?.is_some_and(|policy| !policy.versions.is_empty()))
    }

    /// Whether it has files on the host, if only its configuration.
    pub fn has_files(&self, name: &str) -> bool {
        let (bare, arch) = name.split_once(':').unwrap_or((name, self.native()));
        let lists = [format!("{bare}.list"), format!("{bare}:{arch}.list")];
        lists.iter().any(|list| {
            let meta = Path::new("/var/lib/dpkg/info").join(list).metadata();
            meta.is_ok_and(|meta| meta.len() > 0)
        })
    }

    fn policy(&mut self, name: &str) -> Result<Option<Policy>, Outcome> {
        let policies = match &self.policies {
            Some(policies) if self.names.iter().any(|known| known == name) => policies,
            _ => {
                let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
                if !names.contains(&name) {
                    names.push(name);
                }
                let found = policies(self.call, &names)?;
                self.names = names.into_iter().map(str::to_owned).collect();
                self.policies.insert(found)
            }
        };
        let bare = name.strip_suffix(self.dpkg.native.as_str()).and_then(|name| name.strip_suffix(':')).unwrap_or(name);
        Ok(policies.get(bare).cloned())
    }

    fn is_version(&self, asked: &Asked, version: &str) -> Result<bool, Outcome> {
        let wanted = asked.version.as_deref().unwrap_or_default();
        Ok(match asked.relation {
            None => true,
            Some(Relation::Equal) => glob::matches(wanted, version),
            Some(Relation::AtLeast) => compare(self.call, version, ">=", wanted)?,
        })
    }
}

impl Dpkg {
    /// Out of dpkg's status file.
    fn read(status: &str) -> Self {
        let mut dpkg = Self::default();
        for stanza in status.split("\n\n") {
            let field = |name: &str| stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            let state = field("Status").and_then(|status| status.split(' ').next_back()).unwrap_or_default();
            let there = !matches!(state, "" | "not-installed" | "config-files" | "half-installed");
            let (Some(name), Some(version), true) = (field("Package"), field("Version"), there) else { continue };
            let arch = field("Architecture").unwrap_or_default();
            if name == "dpkg" {
                arch.clone_into(&mut dpkg.native);
            }
            for provided in Alternative::all(field("Provides").unwrap_or_default()).into_iter().flatten() {
                let one = (name.to_owned(), provided.version.map(|(_, version)| version));
                dpkg.provided.entry(provided.name).or_default().push(one);
            }
            dpkg.packages.insert((name.to_owned(), arch.to_owned()), (version.to_owned(), state == "installed"));
        }
        dpkg
    }

    fn find(&self, name: &str) -> Option<&(String, bool)> {
        let (name, arch) = name.split_once(':').unwrap_or((name, &self.native));
        let of = |arch: &str| self.packages.get(&(name.to_owned(), arch.to_owned()));
        of(arch).or_else(|| of("all").filter(|_| arch == self.native))
    }
}

/// Compares versions by one of dpkg's operators: `<<`, `<=`, `=`, `>=`, `>>`.
pub(super) fn compare(call: &Call<'_>, one: &str, operator: &str, other: &str) -> Result<bool, Outcome> {
    let argv = ["dpkg", "--compare-versions", one, operator, other].map(str::to_owned);
    Ok(execute(call, &argv)?.rc == 0)
}

/// The names of all packages, sorted.
pub(super) fn names(call: &Call<'_>) -> Result<Vec<String>, Outcome> {
    let mut names: Vec<String> = cache(call, &["pkgnames"])?.out().lines().map(str::to_owned).collect();
    names.sort_unstable();
    Ok(names)
}

fn policies(call: &Call<'_>, names: &[&str]) -> Result<HashMap<String, Policy>, Outcome> {
    let names: Vec<&str> = names.iter().filter(|name| !name.is_empty()).copied().collect();
    if names.is_empty() {
        return Ok(HashMap::new());
    }
    let words: Vec<&str> = ["policy", "--"].into_iter().chain(names).collect();
    Ok(parsed(&cache(call, &words)?.out()))
}

/// The policies as `apt-cache policy` prints them.
fn parsed(out: &str) -> HashMap<String, Policy> {
    let mut policies = HashMap::new();
    let mut current = String::new();
    for line in out.lines() {
        if let Some(name) = line.strip_suffix(':').filter(|name| !name.starts_with(' ')) {
            current = name.to_owned();
            policies.insert(current.clone(), Policy::default());
            continue;
        }
        let Some(policy) = policies.get_mut(&current) else { continue };
        if let Some(version) = line.strip_prefix("  Candidate: ") {
            policy.candidate = Some(version.to_owned()).filter(|version| version != "(none)");
        } else if let Some(version) = line.strip_prefix(" *** ").or_else(|| line.strip_prefix("     "))
            && !version.starts_with(' ')
        {
            policy.versions.extend(version.split(' ').next().map(str::to_owned));
        }
    }
    policies
}

/// Runs apt-cache, which must succeed; lists that are broken are fetched anew.
fn cache(call: &Call<'_>, words: &[&str]) -> Result<Output, Outcome> {
    let mut argv = vec!["apt-cache".to_owned()];
    if let Some(release) = call.args.opt_str("default_release").filter(|release| !release.is_empty()) {
        argv.extend(["-o".to_owned(), format!("APT::Default-Release={release}")]);
    }
    argv.extend(words.iter().map(|word| (*word).to_owned()));
    let output = execute(call, &argv)?;
    if output.rc == 0 {
        return Ok(output);
    }
    let err = output.err();
    if err.contains("is invalid for APT::Default-Release") {
        return Err(Outcome::crashed(messages(&err)));
    }
    if !err.contains("/var/lib/apt/lists/") {
        return Err(Outcome::failed(messages(&err)));
    }
    let update = ["apt-get", "update", "-q"].map(str::to_owned);
    let mut updated = execute(call, &update)?;
    if updated.rc != 0 {
        updated = execute(call, &update)?;
    }
    if updated.rc != 0 {
        let text = updated.out() + &updated.err();
        let text = format!("Updating the cache to correct corrupt package lists failed:\n{}\n{text}", messages(&err));
        return Err(Outcome::failed(text).with("rc", updated.rc));
    }
    let output = execute(call, &argv)?;
    if output.rc == 0 { Ok(output) } else { Err(Outcome::failed(messages(&output.err()))) }
}

/// Runs a program of apt's in a locale whose messages can be read.
pub(super) fn execute(call: &Call<'_>, argv: &[String]) -> Result<Output, Outcome> {
    let mut command = call.command(argv);
    for (name, value) in environment(call) {
        command = command.var(name, value);
    }
    command.run().map_err(|error| command::not_started(argv, &error))
}

/// The errors and warnings that apt printed, as libapt words them: `W:one, E:two`.
pub fn messages(err: &str) -> String {
    let mut messages: Vec<String> = Vec::new();
    for line in err.lines() {
        let kind = ["E", "W", "N"].into_iter().find(|kind| line.starts_with(&format!("{kind}: ")));
        if line.is_empty() {
            continue;
        }
        match (kind, messages.last_mut()) {
            (Some(kind), _) => messages.push(format!("{}:{}", if kind == "E" { "E" } else { "W" }, &line[3..])),
            (None, Some(last)) => last.push_str(&format!("\n{line}")),
            (None, None) => messages.push(line.to_owned()),
        }
    }
    messages.join(", ")
}

#[cfg(test)]
mod tests {
    use super::{Dpkg, messages, parsed};

    #[test]
    fn policies_as_apt_cache_prints_them() {
        let out = "bash:\n  Installed: 5.2.15-2+b13\n  Candidate: 5.2.15-2+b13\n  Version table:\n \
                   *** 5.2.15-2+b13 500\n        500 http://deb.debian.org/debian bookworm/main amd64 Packages\n        \
                   100 /var/lib/dpkg/status\nnginx:\n  Installed: (none)\n  Candidate: 1.22.1-9+deb12u11\n  Version \
                   table:\n     1.22.1-9+deb12u11 500\n        500 http://security bookworm/main amd64 Packages\n     \
                   1.22.1-9+deb12u9 500\n        500 http://deb bookworm/main amd64 Packages\nawk:\n  Installed: \
                   (none)\n  Candidate: (none)\n  Version table:\n";
        let policies = parsed(out);
        assert_eq!(policies["bash"].versions, ["5.2.15-2+b13"]);
        assert_eq!(policies["nginx"].candidate.as_deref(), Some("1.22.1-9+deb12u11"));
        assert_eq!(policies["nginx"].versions, ["1.22.1-9+deb12u11", "1.22.1-9+deb12u9"]);
        assert_eq!(policies["awk"], super::Policy::default());
    }

    #[test]
    fn what_dpkg_has_installed() {
        let status = "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.21\nDescription: x\n \
                      Version: 9\n\nPackage: gone\nStatus: deinstall ok config-files\nArchitecture: all\nVersion: \
                      1\n\nPackage: libc6\nStatus: install ok installed\nArchitecture: i386\nVersion: 2.36\n\nPackage: half\nStatus: \
                      install ok half-configured\nArchitecture: all\nVersion: 1\nProvides: mta, mta (= 3)\n";
        let dpkg = Dpkg::read(status);
        assert_eq!(dpkg.native, "amd64");
        let version = |name: &str| dpkg.find(name).map(|(version, whole)| (version.as_str(), *whole));
        assert_eq!(version("dpkg"), Some(("1.21", true)));
        assert_eq!(version("gone"), None);
        assert_eq!(version("libc6:i386"), Some(("2.36", true)));
        assert_eq!(version("libc6"), None);
        assert_eq!(version("half"), Some(("1", false)));
        assert_eq!(dpkg.provided["mta"], [("half".to_owned(), None), ("half".to_owned(), Some("3".to_owned()))]);
    }

    #[test]
    fn errors_in_one_line() {
        let err = "N: Ignoring file 'x'\nW: Failed to fetch http://a\n  404 Not Found\nE: The list of sources could not be read.\n";
        let words = "W:Ignoring file 'x', W:Failed to fetch http://a\n  404 Not Found, E:The list of sources could not be read.";
        assert_eq!(messages(err), words);
    }
}
