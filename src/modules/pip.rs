//! `pip`: Python packages, on the system or in a virtual environment.
//!
//! Runs the host's own pip; which Python has it is found as Ansible's interpreter discovery does, unless
//! the inventory names one.

mod version;

use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::{Output, env, locale, mode, words};
use crate::proto::Outcome;
use crate::value::Value;
use std::path::{Path, PathBuf};
use version::Package;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "pip",
    doc: "Manages Python library dependencies.",
    spec: &Spec {
        required_one_of: &[&["name", "requirements"]],
        mutually_exclusive: &[&["name", "requirements"], &["executable", "virtualenv"]],
        ..Spec::new(&[
            Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&[
                "present",
                "absent",
                "latest",
                "forcereinstall",
            ]),
            Arg::new("name", Kind::List).elements(Kind::Str),
            Arg::new("version", Kind::Str),
            Arg::new("requirements", Kind::Str),
            Arg::new("virtualenv", Kind::Path),
            Arg::new("virtualenv_site_packages", Kind::Bool).default(Default::Bool(false)),
            Arg::new("virtualenv_command", Kind::Path).default(Default::Str("virtualenv")),
            Arg::new("virtualenv_python", Kind::Str),
            Arg::new("extra_args", Kind::Str),
            Arg::new("editable", Kind::Bool).default(Default::Bool(false)),
            Arg::new("chdir", Kind::Path),
            Arg::new("executable", Kind::Path),
            Arg::new("umask", Kind::Str),
            Arg::new("break_system_packages", Kind::Bool).default(Default::Bool(false)),
        ])
    },
    check: Support::Full,
    diff: Support::None,
    run,
};

/// Where a run works, and what it has printed so far.
struct Work<'a, 'b> {
    call: &'a mut Call<'b>,
    chdir: PathBuf,
    umask: Option<u32>,
    venv: Option<String>,
    out: String,
    err: String,
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let umask = umask(call)?;
    if call.args.str("state") == "latest" && call.args.has("version") {
        return Err(Outcome::failed("version is incompatible with state=latest"));
    }
    let chdir = call.args.opt_str("chdir").map(str::to_owned);
    let venv = call.args.opt_str("virtualenv").filter(|path| !path.is_empty()).map(|path| match &chdir {
        Some(chdir) => Path::new(chdir).join(path).to_string_lossy().into_owned(),
        None => path.to_owned(),
    });
    // The current folder may be one that the user may not read.
    let chdir = chdir.map_or_else(|| call.env.temp_dir(), PathBuf::from);
    let mut work = Work { call, chdir, umask, venv, out: String::new(), err: String::new() };
    let mut created = false;
    if let Some(venv) = work.venv.clone().filter(|venv| !Path::new(venv).join("bin/activate").exists()) {
        if work.call.check() {
            return Ok(Outcome::changed(true));
        }
        work.make_venv(&venv)?;
        created = true;
    }
    work.install(created)
}

fn umask(call: &Call<'_>) -> Result<Option<u32>, Outcome> {
    let Some(text) = call.args.opt_str("umask").filter(|text| !text.is_empty()) else { return Ok(None) };
    mode::octal(text).map(Some).ok_or_else(|| {
        let text = crate::value::str_repr(text);
        let failed = Outcome::failed("umask must be an octal integer");
        failed.with("details", format!("invalid literal for int() with base 8: {text}"))
    })
}

impl Work<'_, '_> {
    fn command(&self, argv: &[String]) -> Result<Output, Outcome> {
        self.command_with(argv, &[])
    }

    fn command_with(&self, argv: &[String], vars: &[(&str, &str)]) -> Result<Output, Outcome> {
        let argv: Vec<String> = argv.iter().map(|word| self.call.env.expand(word)).collect();
        let mut command = self.call.command(&argv);
        command.umask = self.umask;
        if self.chdir.is_dir() {
            command.cwd = Some(self.chdir.clone());
        }
        if self.call.args.bool("break_system_packages") {
            // A variable and not the option, which pip 23.0 and before do not know.
            command = command.var("PIP_BREAK_SYSTEM_PACKAGES", "1");
        }
        for (name, value) in vars {
            command = command.var(name, *value);
        }
        command.run().map_err(|e| command::not_started(&argv, &e))
    }

    fn fail(&self, cmd: impl Into<Value>, out: &str, err: &str) -> Outcome {
        let mut msg = String::new();
        if !out.is_empty() {
            msg.push_str(&format!("stdout: {out}"));
        }
        if !err.is_empty() {
            msg.push_str(&format!("\n:stderr: {err}"));
        }
        Outcome::failed(msg).with("cmd", cmd)
    }

    /// The Python that modules run with.
    fn python(&self) -> Option<String> {
        if let Some(python) = &self.call.context.python {
            return Some(python.clone());
        }
        let versions = ["3.13", "3.12", "3.11", "3.10", "3.9", "3.8"].map(|version| format!("python{version}"));
        let names = versions.into_iter().chain(["/usr/bin/python3".into(), "python3".into()]);
        names
            .filter_map(|name| self.call.env.find_program(&name))
            .map(|path| path.to_string_lossy().into_owned())
            .next()
    }

    fn make_venv(&mut self, venv: &str) -> Result<(), Outcome> {
        let line = self.call.args.str("virtualenv_command").to_owned();
        let mut cmd = words::split(&line).map_err(Outcome::crashed)?;
        let Some(program) = cmd.first_mut() else { return Err(Outcome::crashed("list index out of range")) };
        let is_venv = program == "pyvenv" || names_venv(&line);
        if !program.contains('/') {
            *program = self.call.need_program(program)?.to_string_lossy().into_owned();
        }
        if self.call.args.bool("virtualenv_site_packages") {
            cmd.push("--system-site-packages".into());
        } else {
            let help = format!("{} --help", cmd[0]);
            let output = self.command(&words::split(&help).map_err(Outcome::crashed)?)?;
            if output.rc != 0 {
                let text = output.out() + &output.err();
                return Err(Outcome::failed(format!("Could not get output from {help}: {text}")));
            }
            if output.out().split_whitespace().any(|word| word == "--no-site-packages") {
                cmd.push("--no-site-packages".into());
            }
        }
        let python = self.call.args.opt_str("virtualenv_python").filter(|text| !text.is_empty()).map(str::to_owned);
        match python {
            Some(_) if is_venv => {
                return Err(Outcome::failed(
                    "virtualenv_python should not be used when using the venv module or pyvenv as virtualenv_command",
                ));
            }
            None if is_venv => {}
            python => cmd.push(format!("-p{}", python.or_else(|| self.python()).unwrap_or_else(|| "python3".into()))),
        }
        cmd.push(venv.to_owned());
        let output = self.command(&cmd)?;
        self.out += &output.out();
        self.err += &output.err();
        if output.rc != 0 {
            return Err(self.fail(texts(&cmd), &self.out, &self.err));
        }
        Ok(())
    }

    /// The words that run pip.
    fn pip(&self) -> Result<Vec<String>, Outcome> {
        let executable = self.call.args.opt_str("executable");
        if let Some(path) = executable.filter(|path| path.starts_with('/')) {
            return Ok(vec![path.to_owned()]);
        }
        let name = executable.unwrap_or("pip3");
        if let Some(venv) = &self.venv {
            let found = [name, "pip"].into_iter().map(|name| Path::new(venv).join("bin").join(name));
            let found = found.into_iter().find(|path| env::executable(path));
            return found.map(|path| vec![path.to_string_lossy().into_owned()]).ok_or_else(|| {
                Outcome::failed(format!(
                    "Unable to find pip in the virtualenv, {venv}, under any of these names: {name}, pip. Make sure \
                     pip is present in the virtualenv."
                ))
            });
        }
        if let (None, Some(python)) = (executable, self.python()) {
            let code = "import importlib.util as u, sys; sys.exit(u.find_spec('pip') is None)";
            let output = self.call.command([python.as_str(), "-c", code]).run();
            if output.is_ok_and(|output| output.rc == 0) {
                return Ok(vec![python, "-m".into(), "pip".into()]);
            }
        }
        let found = self.call.env.find_program(name);
        found
            .map(|path| vec![path.to_string_lossy().into_owned()])
            .ok_or_else(|| Outcome::failed(format!("Unable to find any of {name} to use.  pip needs to be installed.")))
    }

    /// What is installed: the command, and what it printed.
    fn installed(&self, pip: &[String]) -> Result<(String, Output), Outcome> {
        let mut cmd = [pip, &["list".into(), "--format=freeze".into()]].concat();
        let locale = locale::parsable(&self.call.env);
        let mut output = self.command_with(&cmd, &[("LANG", locale), ("LC_ALL", locale), ("LC_MESSAGES", locale)])?;
        if output.rc != 0 {
            cmd = [pip, &["freeze".into()]].concat();
            output = self.command(&cmd)?;
            if output.rc != 0 {
                return Err(self.fail(texts(&cmd), &output.out(), &output.err()));
            }
        }
        Ok((cmd.join(" "), output))
    }

    fn packages(&self, names: &[String]) -> Result<Vec<Package>, Outcome> {
        let mut packages: Vec<Package> = join_names(names).iter().map(|name| Package::new(name, None)).collect();
        let Some(version) = self.call.args.opt_str("version") else { return Ok(packages) };
        if packages.len() > 1 {
            return Err(Outcome::failed(
                "'version' argument is ambiguous when installing multiple package distributions. Please specify \
                 version restrictions next to each package in 'name' argument.",
            ));
        }
        if let Some(package) = packages.first_mut() {
            if package.has_specifier() {
                return Err(Outcome::failed(
                    "The 'version' argument conflicts with any version specifier provided along with a package name. \
                     Please keep the version specifier, but remove the 'version' argument.",
                ));
            }
            *package = Package::new(&package.text, Some(version));
        }
        Ok(packages)
    }

    fn install(mut self, created: bool) -> Result<Outcome, Outcome> {
        let pip = self.pip()?;
        let state = self.call.args.str("state").to_owned();
        let names = self.call.args.opt_list("name").unwrap_or_default();
        let requirements = self.call.args.opt_str("requirements").filter(|path| !path.is_empty()).map(str::to_owned);
        let packages = if names.is_empty() { Vec::new() } else { self.packages(&names)? };
        let extra = self.extra_args();
        let action: &[&str] = match state.as_str() {
            "absent" => &["uninstall", "-y"],
            "latest" => &["install", "-U"],
            "forcereinstall" => &["install", "-U", "--force-reinstall"],
            _ => &["install"],
        };
        let mut cmd = pip.clone();
        cmd.extend(action.iter().map(|word| (*word).to_owned()));
        cmd.extend(words::split(&extra).map_err(Outcome::crashed)?);
        if !names.is_empty() {
            cmd.extend(packages.iter().map(|package| package.text.clone()));
        } else if let Some(path) = &requirements {
            cmd.extend(["-r".to_owned(), path.clone()]);
        } else {
            self.call.warn("No valid name or requirements file found.");
            return Ok(Outcome::changed(false));
        }
        if self.call.check() {
            let sure = !extra.is_empty() || requirements.is_some() || state == "latest" || names.is_empty();
            return if sure { Ok(Outcome::changed(true)) } else { self.compare(&pip, &names, &packages, &state) };
        }
        let is_vcs = |name: &String| ["svn+", "git+", "hg+", "bzr+"].iter().any(|scheme| name.starts_with(scheme));
        let before = if requirements.is_some() || names.iter().any(is_vcs) {
            Some(self.installed(&pip)?.1.stdout)
        } else {
            None
        };
        let output = self.run_pip(&cmd)?;
        let (out, err) = (output.out(), output.err());
        self.out += &out;
        self.err += &err;
        let missing = state == "absent" && output.rc == 1 && (out + &err).contains("not installed");
        if output.rc != 0 && !missing {
            return Err(self.fail(texts(&cmd), &self.out, &self.err));
        }
        let out = output.out();
        let changed = match before {
            _ if state == "absent" => out.contains("Successfully uninstalled"),
            None => out.contains("Successfully installed"),
            Some(before) => before != self.installed(&pip)?.1.stdout,
        };
        let args = &self.call.args;
        let mut outcome = Outcome::changed(changed || created).with("cmd", texts(&cmd));
        for key in ["name", "version", "state", "requirements"] {
            outcome.set(key, args.value(key).clone());
        }
        outcome.set("virtualenv", self.venv.clone());
        Ok(outcome.with("stdout", self.out).with("stderr", self.err))
    }

    /// Runs pip with the virtual environment's programs first in PATH: building may need one of them.
    fn run_pip(&self, cmd: &[String]) -> Result<Output, Outcome> {
        let Some(venv) = &self.venv else { return self.command(cmd) };
        let path = self.call.env.get("PATH").unwrap_or_default();
        let path = if path.is_empty() { format!("{venv}/bin") } else { format!("{venv}/bin:{path}") };
        self.command_with(cmd, &[("PATH", &path)])
    }

    fn extra_args(&self) -> String {
        let given = self.call.args.str("extra_args");
        let has = given.split(' ').any(|word| word == "-e");
        match (self.call.args.bool("editable"), given) {
            (true, "") => "-e".to_owned(),
            (true, given) if !has => format!("{given} -e"),
            (_, given) => given.to_owned(),
        }
    }

    /// Check mode: compares what is wanted with what is installed.
    fn compare(
        mut self,
        pip: &[String],
        names: &[String],
        packages: &[Package],
        state: &str,
    ) -> Result<Outcome, Outcome> {
        let (cmd, output) = self.installed(pip)?;
        self.out += &output.out();
        self.err += &output.err();
        let mut lines: Vec<String> = self.out.lines().map(str::to_owned).collect();
        if cmd.ends_with(" freeze") {
            for package in ["setuptools", "pip"].into_iter().filter(|package| names.iter().any(|name| name == package))
            {
                if let Some(line) = self.special(package)? {
                    self.out += &format!("{line}\n");
                    lines.push(line);
                }
            }
        }
        let present = |package: &Package| {
            lines
                .iter()
                .filter_map(|line| line.split_once("=="))
                .any(|(name, version)| version::canonical(name) == package.name && package.is_satisfied_by(version))
        };
        let changed = packages.iter().any(|package| match state {
            "present" => !present(package),
            "absent" => present(package),
            _ => false,
        });
        Ok(Outcome::changed(changed).with("cmd", cmd).with("stdout", self.out).with("stderr", self.err))
    }

    /// The version of a package that `pip freeze` does not list.
    fn special(&self, package: &str) -> Result<Option<String>, Outcome> {
        let python = match (&self.venv, self.call.args.opt_str("executable")) {
            (Some(venv), _) => Some(format!("{venv}/bin/python")),
            (None, Some(executable)) => Some(executable.to_owned()),
            (None, None) => self.python(),
        };
        let Some(python) = python else { return Ok(None) };
        let code = format!("from importlib.metadata import version; print(version(\"{package}\"))");
        let output = self.command(&[python, "-c".into(), code])?;
        Ok((output.rc == 0).then(|| format!("{package}=={}", output.out().trim())))
    }
}

fn texts(words: &[String]) -> Value {
    Value::list(words.iter().map(|word| word.as_str().into()))
}

/// Whether a command line runs Python's venv module: `python3 -m venv`.
fn names_venv(line: &str) -> bool {
    let words = words::split(line).unwrap_or_default();
    words.windows(2).any(|pair| pair[0] == "-m" && pair[1] == "venv") || words.iter().any(|word| word == "-mvenv")
}

/// Puts together again what commas within one requirement had split: `a>1`, `<2`, `b[x`, `y]`.
fn join_names(names: &[String]) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut in_brackets = false;
    for part in names.iter().flat_map(|name| name.split(',')) {
        let continues = part.trim_start().starts_with(['<', '>', '=', '!', '~']) || in_brackets;
        match out.last_mut() {
            Some(last) if continues => {
                last.push(',');
                last.push_str(part);
            }
            _ => out.push(part.to_owned()),
        }
        in_brackets = (in_brackets || part.contains('[')) && !part.contains(']');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modules::testing::{checked, has, outcome};

    #[test]
    fn names_are_put_together() {
        let names = |list: &[&str]| join_names(&list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        assert_eq!(names(&["django>1.11.1", "<1.11.3", "ipaddress"]), ["django>1.11.1,<1.11.3", "ipaddress"]);
        assert_eq!(names(&["a[x,y]>1,b"]), ["a[x,y]>1", "b"]);
    }

    #[test]
    fn refusals() {
        has(&outcome("pip", "{}"), "msg", "'one of the following is required: name, requirements'");
        let out = outcome("pip", r#"{"name": "x", "state": "latest", "version": "1"}"#);
        has(&out, "msg", "'version is incompatible with state=latest'");
        let out = outcome("pip", r#"{"name": "x", "umask": "9"}"#);
        has(&out, "details", r#""invalid literal for int() with base 8: '9'""#);
        let out = outcome("pip", r#"{"name": ["a", "b"], "version": "1", "executable": "/bin/false"}"#);
        assert!(out.get("msg").is_some_and(|msg| msg.to_text().starts_with("'version' argument is ambiguous")));
    }

    #[test]
    fn runs_the_given_pip() {
        let dir = tempfile::tempdir().expect("dir");
        let pip = dir.path().join("pip");
        std::fs::write(&pip, "#!/bin/sh\n[ $1 = list ] && echo a==1.0 && exit\necho Successfully ${1}ed\n")
            .expect("write");
        std::fs::set_permissions(&pip, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("chmod");
        let pip = pip.display();
        let out =
            outcome("pip", &format!(r#"{{"name": ["a>=1", "<2"], "executable": "{pip}", "extra_args": "-q x"}}"#));
        has(&out, "changed", "True");
        has(&out, "cmd", &format!("['{pip}', 'install', '-q', 'x', 'a<2,>=1']"));
        has(&out, "name", "['a>=1', '<2']");
        has(&out, "virtualenv", "None");
        let out = checked("pip", &format!(r#"{{"name": "a>=1", "executable": "{pip}"}}"#));
        has(&out, "changed", "False");
        has(&out, "cmd", &format!("'{pip} list --format=freeze'"));
        let out = checked("pip", &format!(r#"{{"name": "a>=2", "executable": "{pip}"}}"#));
        has(&out, "changed", "True");
        let out = outcome("pip", r#"{"name": "a", "executable": "/bin/false"}"#);
        has(&out, "msg", "''");
        has(&out, "cmd", "['/bin/false', 'install', 'a']");
    }
}
