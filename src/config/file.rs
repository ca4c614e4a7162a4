//! Finding and reading ansible.cfg.
//!
//! The first that can be read counts: `ANSIBLE_CONFIG`, `./ansible.cfg` unless the folder is writable
//! by everyone, `~/.ansible.cfg`, `/etc/ansible/ansible.cfg`.

use super::{Ini, Settings, Surroundings};
use crate::diag::{Error, Kind, Result};
use rustix::fs::Access;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Settings and surroundings of a run.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// The values of all settings.
    pub settings: Settings,
    /// Environment, home, working directory, user.
    pub around: Surroundings,
    /// The path of the ansible.cfg that was read.
    pub file: Option<String>,
    /// What to warn of when the run starts.
    pub warnings: Vec<String>,
    /// The texts after `[DEPRECATION WARNING]: ` about settings that are set.
    pub deprecations: Vec<String>,
}

impl Config {
    /// Finds and reads ansible.cfg, and resolves all settings.
    pub fn load(around: Surroundings) -> Result<Self> {
        let mut warnings = Vec::new();
        let file = find(&around, &mut warnings);
        let ini = file.as_deref().map(read).transpose()?;
        let settings = Settings::resolve(&around, file.as_deref().zip(ini.as_ref()))?;
        let deprecations = super::deprecated::texts(&settings);
        Ok(Self { settings, around, file, warnings, deprecations })
    }
}

fn find(around: &Surroundings, warnings: &mut Vec<String>) -> Option<String> {
    let named = around.var("ANSIBLE_CONFIG").map(|value| {
        let path = around.resolve(value, None);
        if Path::new(&path).is_dir() { join(&path, "ansible.cfg") } else { path }
    });
    let mut candidates: Vec<String> = named.iter().cloned().collect();
    let mut skipped = false;
    if let Ok(meta) = std::fs::metadata(&around.cwd) {
        let here = join(&around.cwd, "ansible.cfg");
        if meta.permissions().mode() & 0o002 != 0 {
            skipped = Path::new(&here).exists();
        } else {
            candidates.push(here);
        }
    }
    candidates.push(around.resolve("~/.ansible.cfg", None));
    candidates.push("/etc/ansible/ansible.cfg".into());
    let found = candidates.into_iter().find(|path| rustix::fs::access(path.as_str(), Access::READ_OK).is_ok());
    if skipped && (named.is_none() || named != found) {
        warnings.push(format!(
            "Ansible is being run in a world writable directory ({}), ignoring it as an ansible.cfg source. For more \
             information see https://docs.ansible.com/ansible/devel/reference_appendices/config.html\
             #cfg-in-world-writable-dir",
            around.cwd
        ));
    }
    found
}

fn join(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_end_matches('/'))
}

fn read(path: &str) -> Result<Ini> {
    let refuse = |message: String| Error::new(Kind::Options, message);
    let name = Path::new(path).file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let extension = name.rfind('.').filter(|at| *at > 0).map_or("", |at| &name[at..]);
    match extension {
        ".ini" | ".cfg" => {}
        ".yaml" | ".yml" => return Err(refuse("Unsupported configuration file type: yaml".into())),
        other => return Err(refuse(format!("Unsupported configuration file extension for {path}: {other}"))),
    }
    let bytes = std::fs::read(path).map_err(|e| refuse(format!("Error reading config file ({path}): {e}")))?;
    let text = String::from_utf8(bytes).map_err(|e| {
        refuse(format!("Error reading config file({path}) because the config file was not utf8 encoded: {e}"))
    })?;
    Ini::parse(&text).map_err(|e| refuse(format!("Error reading config file ({path}): {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_named_file_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let cwd = folder.path().to_string_lossy().into_owned();
        std::fs::write(folder.path().join("ansible.cfg"), "[defaults]\nforks = 3\n").unwrap();
        std::fs::write(folder.path().join("other.cfg"), "[defaults]\nforks = 4\n").unwrap();
        let mut around = Surroundings { cwd: cwd.clone(), home: "/nowhere".into(), ..Surroundings::default() };
        assert_eq!(Config::load(around.clone()).unwrap().settings.int("DEFAULT_FORKS"), 3);
        around.env.push(("ANSIBLE_CONFIG".into(), "other.cfg".into()));
        let config = Config::load(around).unwrap();
        assert_eq!(config.settings.int("DEFAULT_FORKS"), 4);
        assert_eq!(config.file, Some(format!("{cwd}/other.cfg")));
    }

    #[test]
    fn a_folder_that_all_may_write_is_skipped() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        std::fs::write(folder.path().join("ansible.cfg"), "[defaults]\nforks = 3\n").unwrap();
        let cwd = folder.path().to_string_lossy().into_owned();
        let config = Config::load(Surroundings { cwd, home: "/nowhere".into(), ..Surroundings::default() }).unwrap();
        assert_eq!(config.settings.int("DEFAULT_FORKS"), 50);
        assert!(config.warnings[0].starts_with("Ansible is being run in a world writable directory ("));
    }
}
