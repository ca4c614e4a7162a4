//! apt-get's command lines, and aptitude's for upgrades.

use super::known::{Known, execute};
use super::plan;
use crate::host::{Output, locale, words};
use crate::modules::Call;
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What apt-get is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Install,
    BuildDep,
    AutoRemove,
    AutoClean,
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::BuildDep => "build-dep",
            Self::AutoRemove => "autoremove",
            Self::AutoClean => "autoclean",
        }
    }
}

/// The programs, and what every command line has.
pub(super) struct Get<'a, 'b> {
    call: &'a Call<'b>,
    apt_get: String,
    aptitude: Option<String>,
    /// Options for dpkg and for its lock.
    options: String,
    /// What a file needs is installed as if the task had asked for no more than that.
    plainly: bool,
}

impl<'a, 'b> Get<'a, 'b> {
    pub fn new(call: &'a Call<'b>) -> Result<Self, Outcome> {
        let apt_get = call.need_program("apt-get")?.to_string_lossy().into_owned();
        let aptitude = call.env.find_program("aptitude").map(|path| path.to_string_lossy().into_owned());
        let options = options(call, call.args.str("dpkg_options"));
        Ok(Self { call, apt_get, aptitude, options, plainly: false })
    }

    /// The same for the packages that a file needs.
    pub fn plainly(self) -> Self {
        Self { plainly: true, ..self }
    }

    /// An option's words where an argument is true, else nothing: the line keeps its place all the same.
    fn option(&self, arg: &str, words: &'static str) -> &'static str {
        let passed = !self.plainly || !matches!(arg, "force" | "only_upgrade" | "autoremove");
        if passed && self.call.args.bool(arg) { words } else { "" }
    }

    fn simulate(&self) -> &'static str {
        if self.call.check() { "--simulate" } else { "" }
    }

    /// Installs what is named, quoted by this; nothing named is nothing to do.
    pub fn install(&self, verb: Verb, packages: &[String]) -> Result<Outcome, Outcome> {
        if packages.is_empty() {
            return Ok(Outcome::changed(false));
        }
        let args = &self.call.args;
        let fixed = if args.str("state") == "fixed" { "--fix-broken" } else { "" };
        let mut parts = vec![
            self.apt_get.as_str(),
            "-y",
            &self.options,
            self.option("only_upgrade", "--only-upgrade"),
            fixed,
            self.option("force", "--force-yes"),
        ];
        if verb == Verb::Install {
            parts.push(self.option("autoremove", "--auto-remove"));
        }
        let packages = quoted(packages);
        parts.extend([
            self.option("fail_on_autoremove", "--no-remove"),
            self.simulate(),
            verb.word(),
            packages.as_str(),
        ]);
        let line = parts.join(" ") + &self.release() + self.recommends() + &self.allowances();
        let output = self.run_quietly(&line)?;
        if output.rc != 0 {
            return Err(failed(format!("'{line}' failed: {}", output.err()), &output).with("stderr", output.err()));
        }
        let changed = verb != Verb::BuildDep || !output.out().contains(NOTHING);
        Ok(self.done(&output, changed))
    }

    fn release(&self) -> String {
        let release = self.call.args.opt_str("default_release").filter(|release| !release.is_empty());
        release.map(|release| format!(" -t '{release}'")).unwrap_or_default()
    }

    fn recommends(&self) -> &'static str {
        match self.call.args.opt_bool("install_recommends") {
            Some(false) => " -o APT::Install-Recommends=no",
            Some(true) => " -o APT::Install-Recommends=yes",
            None => "",
        }
    }

    fn allowances(&self) -> String {
        let options = [
            ("allow_unauthenticated", " --allow-unauthenticated"),
            ("allow_downgrade", " --allow-downgrades"),
            ("allow_change_held_packages", " --allow-change-held-packages"),
        ];
        options.into_iter().map(|(arg, words)| self.option(arg, words)).collect()
    }

    /// Notes that the packages were asked for, lest `autoremove` takes them; those that are noted so are passed over.
    pub fn mark_manual(&self, known: &Known<'_>, names: &[&str]) -> Result<(), Outcome> {
        let states = fs::read_to_string("/var/lib/apt/extended_states").unwrap_or_default();
        let noted = |name: &&str| known.installed(name).is_some() && !name.contains(':') && !is_auto(&states, name);
        if names.iter().all(noted) {
            return Ok(());
        }
        let Some(program) = self.call.env.find_program("apt-mark") else { return Ok(()) };
        let line = format!("{} manual {}", program.to_string_lossy(), names.join(" "));
        let output = self.execute(&line)?;
        if output.rc != 0 {
            let text = format!("'{line}' failed: {}", output.err());
            return Err(failed(text, &output).with("stderr", output.err()));
        }
        Ok(())
    }

    pub fn remove(&self, packages: &[String]) -> Result<Outcome, Outcome> {
        let packages = quoted(packages);
        let parts = [
            self.apt_get.as_str(),
            "-q -y",
            &self.options,
            self.option("purge", "--purge"),
            self.option("force", "--force-yes"),
            self.option("autoremove", "--auto-remove"),
            self.simulate(),
            self.option("allow_change_held_packages", "--allow-change-held-packages"),
            "remove",
            &packages,
        ];
        let output = self.run_quietly(&parts.join(" "))?;
        if output.rc != 0 {
            let text = format!("'apt-get remove {packages}' failed: {}", output.err());
            return Err(failed(text, &output).with("stderr", output.err()));
        }
        Ok(self.done(&output, true))
    }

    /// `autoremove` and `autoclean`.
    pub fn cleanup(&self, verb: Verb) -> Result<Outcome, Outcome> {
        let parts = [
            self.apt_get.as_str(),
            "-y",
            &self.options,
            self.option("purge", "--purge"),
            self.option("force", "--force-yes"),
            verb.word(),
            self.simulate(),
        ];
        let output = self.run_quietly(&parts.join(" "))?;
        if output.rc != 0 {
            let text = format!("'apt-get {}' failed: {}", verb.word(), output.err());
            return Err(failed(text, &output).with("stderr", output.err()));
        }
        let tells = if verb == Verb::AutoRemove { "The following packages will be REMOVED" } else { "Del " };
        Ok(self.done(&output, output.out().contains(tells)))
    }

    /// `apt-get clean`, check mode or not: ansible-core does not look.
    pub fn clean(&self) -> Result<Outcome, Outcome> {
        let output = self.execute("apt-get clean")?;
        let err = output.err();
        if output.rc != 0 {
            return Err(failed("apt-get clean failed".to_owned(), &output));
        }
        if !err.is_empty() {
            return Err(failed(format!("apt-get clean failed: {err}"), &output));
        }
        Ok(self.done(&output, true).with("msg", output.out()))
    }

    /// Upgrades everything.
    pub fn upgrade(&self, mode: &str) -> Result<Outcome, Outcome> {
        let args = &self.call.args;
        let aptitude = self.aptitude.as_ref().filter(|_| !args.bool("force_apt_get") && mode != "dist");
        let auto = self.option("autoremove", "--auto-remove");
        let command = match (mode, aptitude) {
            ("dist", _) | ("full", None) => format!("dist-upgrade {auto}"),
            ("full", Some(_)) => "full-upgrade".to_owned(),
            (_, Some(_)) => "safe-upgrade".to_owned(),
            (_, None) => format!("upgrade --with-new-pkgs {auto}"),
        };
        let mut warnings = Vec::new();
        let mut only_apt_get = |arg: &str, words: &'static str| match aptitude {
            Some(_) if args.bool(arg) => {
                warnings.push(format!("APTITUDE does not support '{words}', ignoring the '{arg}' parameter."));
                ""
            }
            _ => self.option(arg, words),
        };
        let no_remove = only_apt_get("fail_on_autoremove", "--no-remove");
        let downgrades = only_apt_get("allow_downgrade", "--allow-downgrades");
        let program = aptitude.unwrap_or(&self.apt_get);
        let force = if aptitude.is_some() { "--assume-yes --allow-untrusted" } else { "--force-yes" };
        let parts = [
            program.as_str(),
            "-y",
            &self.options,
            self.option("force", force),
            no_remove,
            self.option("allow_unauthenticated", "--allow-unauthenticated"),
            downgrades,
            self.simulate(),
            &command,
        ];
        let output = self.run_quietly(&(parts.join(" ") + &self.release()))?;
        let out = output.out();
        if output.rc != 0 {
            return Err(failed(format!("'{program} {command}' failed: {}", output.err()), &output));
        }
        let nothing = if aptitude.is_some() { NOTHING_BY_APTITUDE } else { NOTHING };
        let mut outcome = match out.contains(nothing) {
            true => Outcome::changed(false).with("stdout", out.as_str()).with("stderr", output.err()),
            false => self.done(&output, true),
        };
        outcome.set("msg", out);
        warnings.into_iter().for_each(|text| outcome.warn(text));
        Ok(outcome)
    }

    /// The result of a run that went well.
    fn done(&self, output: &Output, changed: bool) -> Outcome {
        let diff = if self.call.context.diff { plan(&output.out()) } else { Dict::default() };
        let outcome = Outcome::changed(changed).with("stdout", output.out()).with("stderr", output.err());
        outcome.with("diff", Value::Dict(diff))
    }

    /// Runs a line while services are kept from starting as `policy_rc_d` says.
    pub fn run_quietly(&self, line: &str) -> Result<Output, Outcome> {
        let policy = PolicyRcD::set(self.call)?;
        let output = self.execute(line);
        policy.restore()?;
        output
    }

    fn execute(&self, line: &str) -> Result<Output, Outcome> {
        let argv = words::split(line).map_err(Outcome::crashed)?;
        execute(self.call, &argv)
    }
}

/// What apt-get prints where nothing is to be done.
const NOTHING: &str = "\n0 upgraded, 0 newly installed, 0 to remove";
const NOTHING_BY_APTITUDE: &str = "\n0 packages upgraded, 0 newly installed, 0 to remove";

/// `dpkg_options` as apt-get takes them, and how long to wait for dpkg's lock.
pub(super) fn options(call: &Call<'_>, dpkg: &str) -> String {
    let options: Vec<String> = dpkg.split(',').map(|option| format!("-o \"Dpkg::Options::=--{option}\"")).collect();
    format!("{} -o DPkg::Lock::Timeout={}", options.join(" "), call.args.int("lock_timeout"))
}

/// Variables for apt's programs: no questions, and messages that can be read.
pub(super) fn environment(call: &Call<'_>) -> [(&'static str, &'static str); 7] {
    let locale = locale::parsable(&call.env);
    [
        ("DEBIAN_FRONTEND", "noninteractive"),
        ("DEBIAN_PRIORITY", "critical"),
        ("LANG", locale),
        ("LC_ALL", locale),
        ("LC_MESSAGES", locale),
        ("LC_CTYPE", locale),
        ("LANGUAGE", locale),
    ]
}

fn quoted(packages: &[String]) -> String {
    packages.iter().map(|package| format!("'{package}'")).collect::<Vec<_>>().join(" ")
}

fn failed(msg: String, output: &Output) -> Outcome {
    Outcome::failed(msg).with("stdout", output.out()).with("rc", output.rc)
}

/// Whether a package was installed for others only.
fn is_auto(states: &str, name: &str) -> bool {
    states.split("\n\n").any(|stanza| {
        let has = |line: &str| stanza.lines().any(|one| one == line);
        has(&format!("Package: {name}")) && has("Auto-Installed: 1")
    })
}

const POLICY: &str = "/usr/sbin/policy-rc.d";

/// The script that says whether packages may start services, replaced for a while.
struct PolicyRcD {
    replaced: bool,
    /// Where the host's own was put.
    own: Option<PathBuf>,
}

impl PolicyRcD {
    fn set(call: &Call<'_>) -> Result<Self, Outcome> {
        let Some(status) = call.args.opt_int("policy_rc_d") else { return Ok(Self { replaced: false, own: None }) };
        let own = match Path::new(POLICY).exists() {
            true => {
                let backup = PathBuf::from(format!("{POLICY}.rplay-{}", std::process::id()));
                let refused = |_| Outcome::failed(format!("Fail to move {POLICY} to {}", backup.display()));
                fs::rename(POLICY, &backup).map_err(refused)?;
                Some(backup)
            }
            false => None,
        };
        let policy = Self { replaced: true, own };
        let written = fs::write(POLICY, format!("#!/bin/sh\nexit {status}\n"))
            .and_then(|()| fs::set_permissions(POLICY, fs::Permissions::from_mode(0o775)));
        if written.is_err() {
            policy.restore()?;
            return Err(Outcome::failed(format!("Failed to create or chmod {POLICY}")));
        }
        Ok(policy)
    }

    fn restore(mut self) -> Result<(), Outcome> {
        self.put_back()
    }

    fn put_back(&mut self) -> Result<(), Outcome> {
        if !std::mem::take(&mut self.replaced) {
            return Ok(());
        }
        match &self.own {
            Some(own) => fs::rename(own, POLICY)
                .map_err(|_| Outcome::failed(format!("Fail to move back {} to {POLICY}", own.display()))),
            None => fs::remove_file(POLICY)
                .map_err(|_| Outcome::failed(format!("Fail to remove {POLICY} (after package manipulation)"))),
        }
    }
}

impl Drop for PolicyRcD {
    fn drop(&mut self) {
        // Where a run was cut short; otherwise it is back already.
        let _ = self.put_back();
    }
}
