//! `ansible.posix.mount`: lines of fstab, and what is mounted.

mod fstab;
mod mounted;

use super::attributes::absolute;
use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, RequiredIf, Secrets, Spec};
use crate::host::errors;
use crate::proto::Outcome;
use crate::value::{Dict, Value};
use fstab::Fstab;
use mounted::{Mounts, is_mount};
use std::fs;
use std::path::{Path, PathBuf};

const FALSE: Default = Default::Bool(false);

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "mount",
    doc: "Control active and configured mount points.",
    spec: &Spec {
        required_if: &[
            RequiredIf { arg: "state", value: Default::Str("mounted"), needs: &["src", "fstype"], any: false },
            RequiredIf { arg: "state", value: Default::Str("present"), needs: &["src", "fstype"], any: false },
            RequiredIf { arg: "state", value: Default::Str("ephemeral"), needs: &["src", "fstype"], any: false },
        ],
        ..Spec::new(&[
            Arg::new("boot", Kind::Bool).default(Default::Bool(true)),
            Arg::new("dump", Kind::Str).default(Default::Str("0")),
            Arg::new("fstab", Kind::Str),
            Arg::new("fstype", Kind::Str),
            Arg::new("path", Kind::Path).required().aliases(&["name"]),
            Arg::new("opts", Kind::Str),
            Arg::new("opts_no_log", Kind::Bool).default(FALSE),
            Arg::new("passno", Kind::Str).default(Default::Str("0")),
            Arg::new("src", Kind::Path),
            Arg::new("backup", Kind::Bool).default(FALSE),
            Arg::new("state", Kind::Str).required().choices(&[
                "absent",
                "absent_from_fstab",
                "mounted",
                "present",
                "unmounted",
                "remounted",
                "ephemeral",
            ]),
        ])
    },
    check: Support::Full,
    diff: Support::None,
    run,
};

/// What is to be mounted where.
#[derive(Debug, Default)]
struct Wanted {
    name: String,
    src: Option<String>,
    fstype: Option<String>,
    opts: String,
    dump: String,
    passno: String,
    boot: bool,
    fstab: String,
}

/// The result of a tool: what it said where it failed.
type Told = Result<(), String>;

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let mut secrets = Secrets::default();
    if call.args.bool("opts_no_log") {
        secrets.add(&call.args.value("opts").clone());
    }
    let result = mount(call);
    call.args.0 = secrets.mask_dict(&call.args.0);
    let hide = |outcome: Outcome| Outcome { result: secrets.mask_dict(&outcome.result) };
    result.map(hide).map_err(hide)
}

fn mount(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let mounts = Mounts::read();
    if mounts.is_none() {
        call.warn("Cannot open file /proc/self/mountinfo. Bind mounts might be misinterpreted.");
    }
    let mut wanted = wanted(call);
    let has_noauto = wanted.opts.split(',').any(|option| option == "noauto");
    if wanted.boot && has_noauto {
        call.warn("Ignore the 'boot' due to 'opts' contains 'noauto'.");
    } else if !wanted.boot {
        wanted.opts.push_str(",noauto");
    }
    if call.args.str("state") != "ephemeral" {
        make_fstab(call, &wanted.fstab)?;
    }
    if matches!(call.args.str("state"), "mounted" | "present" | "ephemeral") {
        // Given as null they are not missed before.
        for (name, given) in [("src", &wanted.src), ("fstype", &wanted.fstype)] {
            if given.is_none() {
                return Err(Outcome::crashed(crate::value::str_repr(name)));
            }
        }
    }
    let job = Job { call, wanted: &wanted, mounts: mounts.unwrap_or_default() };
    let (changed, backup) = job.run()?;
    let mut outcome = Outcome::changed(changed);
    let texts = [("name", &wanted.name), ("opts", &wanted.opts), ("dump", &wanted.dump), ("passno", &wanted.passno)];
    for (key, text) in texts.into_iter().chain([("fstab", &wanted.fstab)]) {
        outcome.set(key, text.as_str());
    }
    for (key, text) in [("src", &wanted.src), ("fstype", &wanted.fstype)] {
        if let Some(text) = text {
            outcome.set(key, text.as_str());
        }
    }
    outcome.set("boot", if wanted.boot { "yes" } else { "no" });
    outcome.set("backup_file", backup);
    outcome.set("deprecations", deprecations());
    Ok(outcome)
}

/// What ansible-core says of every result of this module: it gives its warnings in an old way.
fn deprecations() -> Value {
    let mut deprecator = Dict::from([("resolved_name", "ansible.builtin")]);
    deprecator.insert("type", Value::Null);
    let mut text = Dict::from([
        ("msg", "Passing `warnings` to `exit_json` or `fail_json` is deprecated."),
        ("version", "2.23"),
        ("collection_name", "ansible.builtin"),
    ]);
    text.insert("deprecator", deprecator);
    Value::list([text.into()])
}

fn wanted(call: &Call<'_>) -> Wanted {
    let text = |name: &str, default: &str| call.args.opt_str(name).unwrap_or(default).to_owned();
    Wanted {
        name: text("path", ""),
        src: call.args.opt_str("src").map(str::to_owned),
        fstype: call.args.opt_str("fstype").map(str::to_owned),
        opts: text("opts", "defaults"),
        dump: text("dump", "0"),
        passno: text("passno", "0"),
        boot: call.args.bool("boot"),
        fstab: text("fstab", "/etc/fstab"),
    }
}

fn make_fstab(call: &Call<'_>, path: &str) -> Result<(), Outcome> {
    if Path::new(path).exists() || call.check() {
        return Ok(());
    }
    let folder = super::edit::dirname(path);
    if !folder.is_empty() && !Path::new(folder).exists() {
        fs::create_dir_all(folder).map_err(|e| Outcome::crashed(errors::os_error(&e, folder)))?;
    }
    fs::OpenOptions::new().append(true).create(true).open(path).map(drop).map_err(|e| {
        Outcome::failed(match e.kind() {
            std::io::ErrorKind::PermissionDenied => format!("Failed to open {path} due to permission issue"),
            _ => format!("Failed to open {path} due to {}", errors::os_error(&e, path)),
        })
    })
}

struct Job<'a> {
    call: &'a Call<'a>,
    wanted: &'a Wanted,
    mounts: Mounts,
}

impl Job<'_> {
    /// Whether something changed, and the name of fstab's backup.
    fn run(&self) -> Result<(bool, String), Outcome> {
        let name = &self.wanted.name;
        match self.call.args.str("state") {
            "absent_from_fstab" => Ok((self.unset()?, String::new())),
            "absent" => {
                let changed = self.unset()?;
                if changed && !self.call.check() {
                    if self.is_mounted() {
                        self.unmounted()?;
                    }
                    if Path::new(name).exists() {
                        fs::remove_dir(name).map_err(|e| {
                            Outcome::failed(format!("Error rmdir {name}: {}", errors::os_error(&e, name)))
                        })?;
                    }
                }
                Ok((changed, String::new()))
            }
            "unmounted" => {
                let changed = self.is_mounted();
                if changed && !self.call.check() {
                    self.unmounted()?;
                }
                Ok((changed, String::new()))
            }
            "present" => self.set().map(|(changed, backup, _)| (changed, backup)),
            "remounted" => {
                if !self.call.check() {
                    let told = self.remount()?;
                    told.map_err(|msg| Outcome::failed(format!("Error remounting {name}: {msg}")))?;
                }
                Ok((true, String::new()))
            }
            state => self.mounted(state == "ephemeral"),
        }
    }

    fn is_mounted(&self) -> bool {
        is_mount(&self.wanted.name) || self.mounts.source(&self.wanted.name).is_some()
    }

    fn unmounted(&self) -> Result<(), Outcome> {
        let name = &self.wanted.name;
        self.umount()?.map_err(|msg| Outcome::failed(format!("Error unmounting {name}: {msg}")))
    }

    fn unset(&self) -> Result<bool, Outcome> {
        let mut fstab = Fstab::read(&self.wanted.fstab)?;
        let changed = fstab.remove(self.wanted);
        if changed && !self.call.check() {
            fstab.write(self.call)?;
        }
        Ok(changed)
    }

    /// Whether fstab changed, its backup, and what it was before.
    fn set(&self) -> Result<(bool, String, Fstab), Outcome> {
        let before = Fstab::read(&self.wanted.fstab)?;
        let mut fstab = before.clone();
        let changed = fstab.set(self.wanted);
        let backup = if changed && !self.call.check() { fstab.write(self.call)? } else { String::new() };
        Ok((changed, backup, before))
    }

    fn mounted(&self, ephemeral: bool) -> Result<(bool, String), Outcome> {
        let (name, check) = (&self.wanted.name, self.call.check());
        let made = if check { Vec::new() } else { make_folders(name)? };
        let (mut changed, backup, before) = match ephemeral {
            true => (false, String::new(), None),
            false => self.set().map(|(changed, backup, before)| (changed, backup, Some(before)))?,
        };
        let mut told = Ok(());
        let is_bound = self.mounts.source(name).is_some_and(|src| Some(src) == self.wanted.src.as_deref());
        if !is_mount(name) && !is_bound {
            changed = true;
            if !check {
                told = self.mount()?;
            }
        } else if ephemeral {
            if !self.is_same_source()? {
                return Err(Outcome::failed(
                    "Ephemeral mount point is already mounted with a different source than the specified one. Failing \
                     in order to prevent an unwanted unmount or override operation. Try replacing this command with a \
                     \"state: unmounted\" followed by a \"state: ephemeral\", or use a different destination path.",
                ));
            }
            changed = true;
            if !check {
                told = self.remount()?;
            }
        } else if changed && !check {
            told = self.remount()?;
        }
        if let Err(msg) = told {
            // A line that cannot be mounted may keep the host from starting.
            if let Some(before) = before {
                drop(before.write(self.call));
            }
            for folder in made.iter().rev() {
                drop(fs::remove_dir(folder));
            }
            return Err(Outcome::failed(format!("Error mounting {name}: {msg}")));
        }
        Ok((changed, backup))
    }

    fn is_same_source(&self) -> Result<bool, Outcome> {
        let (name, src) = (self.wanted.name.as_str(), self.wanted.src.as_deref().unwrap_or(""));
        if !self.is_mounted() {
            return Ok(false);
        }
        if self.mounts.source(name) == Some(src) {
            return Ok(true);
        }
        let argv = vec![self.program("mount")?, "-v".to_owned()];
        let output = self.call.command(&argv).run().map_err(|e| command::not_started(&argv, &e))?;
        let out = output.out();
        if out.is_empty() {
            let line = argv.join(" ");
            return Err(Outcome::failed(format!("Unable to retrieve mount info with command '{line}'")));
        }
        Ok(out.trim().lines().any(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            fields.first() == Some(&src) && fields.get(2) == Some(&name)
        }))
    }

    fn program(&self, name: &str) -> Result<String, Outcome> {
        Ok(self.call.need_program(name)?.to_string_lossy().into_owned())
    }

    fn tell(&self, argv: &[String]) -> Result<Told, Outcome> {
        let output = self.call.command(argv).run().map_err(|e| command::not_started(argv, &e))?;
        Ok(if output.rc == 0 { Ok(()) } else { Err(output.out() + &output.err()) })
    }

    fn umount(&self) -> Result<Told, Outcome> {
        self.tell(&[self.program("umount")?, self.wanted.name.clone()])
    }

    fn mount(&self) -> Result<Told, Outcome> {
        let mut argv = vec![self.program("mount")?];
        self.place(&mut argv);
        self.tell(&argv)
    }

    /// What is mounted where: as fstab says, or all of it.
    fn place(&self, argv: &mut Vec<String>) {
        let wanted = self.wanted;
        if self.call.args.str("state") == "ephemeral" {
            argv.extend(["-t".to_owned(), wanted.fstype.clone().unwrap_or_default()]);
            if wanted.opts != "defaults" {
                argv.extend(["-o".to_owned(), wanted.opts.clone()]);
            }
            argv.extend(wanted.src.clone());
        } else if !wanted.fstab.is_empty() && wanted.fstab != "/etc/fstab" {
            argv.extend(["-T".to_owned(), wanted.fstab.clone()]);
        }
        argv.push(wanted.name.clone());
    }

    fn remount(&self) -> Result<Told, Outcome> {
        let own_options = self.call.args.str("state") == "remounted" && self.wanted.opts != "defaults";
        let options = if own_options { format!("remount,{}", self.wanted.opts) } else { "remount".to_owned() };
        let mut argv = vec![self.program("mount")?, "-o".to_owned(), options];
        self.place(&mut argv);
        if self.tell(&argv)?.is_ok() {
            return Ok(Ok(()));
        }
        if own_options {
            return Err(Outcome::failed(
                "Options were specified with remounted, but the remount command failed. Failing in order to prevent an \
                 unexpected mount result. Try replacing this command with a \"state: unmounted\" followed by a \
                 \"state: mounted\" using the full desired mount options instead.",
            ));
        }
        match self.umount()? {
            Ok(()) => self.mount(),
            failed => Ok(failed),
        }
    }
}

/// Makes the folders that are missing; gives those that it made.
fn make_folders(path: &str) -> Result<Vec<PathBuf>, Outcome> {
    let target = PathBuf::from(absolute(path));
    let missing: Vec<PathBuf> = target.ancestors().take_while(|path| !path.exists()).map(Path::to_owned).collect();
    let mut made = Vec::new();
    for folder in missing.into_iter().rev() {
        match fs::create_dir(&folder) {
            Ok(()) => made.push(folder),
            // Somebody else was as fast.
            Err(_) if folder.is_dir() => {}
            Err(e) => {
                let why = errors::os_error_bytes(&e, &folder);
                return Err(Outcome::failed(format!("Error making dir {path}: {why}")));
            }
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{checked, has, outcome};
    use crate::value::repr;

    #[test]
    fn lines_of_fstab() {
        let dir = tempfile::tempdir().expect("dir");
        let path = dir.path().join("sub/fstab");
        let text = || fs::read_to_string(&path).unwrap_or_else(|_| "(none)".into());
        let args = |rest: &str| {
            format!(
                r#"{{"fstab": "{}", "path": "/mnt/a b", "src": "/dev/x", "fstype": "ext4", {rest}}}"#,
                path.display()
            )
        };
        has(&checked("mount", &args(r#""state": "present""#)), "changed", "True");
        assert_eq!(text(), "(none)");
        let out = outcome("mount", &args(r#""state": "present""#));
        has(&out, "changed", "True");
        has(&out, "boot", "'yes'");
        has(&out, "opts", "'defaults'");
        assert_eq!(text(), "/dev/x /mnt/a\\040b ext4 defaults 0 0\n");
        has(&outcome("mount", &args(r#""state": "present""#)), "changed", "False");
        let out = outcome("mount", &args(r#""state": "present", "boot": false, "opts": "ro,x", "opts_no_log": true"#));
        has(&out, "opts", "'********,noauto'");
        let given = out.get("invocation").and_then(|given| given.get("module_args")).and_then(Value::as_dict);
        assert_eq!(
            given.and_then(|args: &Dict| args.get("opts")).map(repr),
            Some("'VALUE_SPECIFIED_IN_NO_LOG_PARAMETER'".into())
        );
        assert_eq!(text(), "/dev/x /mnt/a\\040b ext4 ro,x,noauto 0 0\n");
        has(&outcome("mount", &args(r#""state": "absent_from_fstab""#)), "changed", "True");
        assert_eq!(text(), "");
        has(&outcome("mount", &args(r#""state": "unmounted""#)), "changed", "False");
    }
}
