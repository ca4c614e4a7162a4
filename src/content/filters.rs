//! The file of modules that are not to be used: the setting `plugin_filters_cfg`.
//!
//! As with ansible-core, a name is refused as a task writes it in short; a full name is found all the same.

use crate::diag::{Error, Result};
use crate::value::Value;
use std::collections::HashSet;

/// The file where the setting names none.
const USUAL: &str = "/etc/ansible/plugin_filters.yml";

/// The short names of modules that are not to be used.
pub type Rejected = HashSet<String>;

/// Reads the file that the setting names, or the usual one; what is wrong with it goes to `warn`.
///
/// An error where it rejects `stat`, which ansible-core cannot do without.
pub fn rejected(named: Option<&str>, warn: &mut dyn FnMut(String)) -> Result<Rejected> {
    let path = named.filter(|path| !path.is_empty()).unwrap_or(USUAL);
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(_) if path == USUAL => return Ok(Rejected::new()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            warn(format!("The plugin filter file, {path} does not exist. Skipping."));
            return Ok(Rejected::new());
        }
        Err(error) => return Err(Error::user(format!("The plugin filter file, {path}, cannot be read: {error}"))),
    };
    let names = match listed(path, &text) {
        Ok(names) => names,
        Err(why) => {
            warn(why);
            return Ok(Rejected::new());
        }
    };
    if names.contains("stat") {
        return Err(Error::user(format!(
            "The stat module was specified in the module reject list file, {path}, but Ansible will not function \
             without the stat module.  Please remove stat from the reject list."
        )));
    }
    Ok(names)
}

/// The names in the file's text, or why there are none.
fn listed(path: &str, text: &str) -> Result<Rejected, String> {
    let data = crate::yaml::from_yaml(text, false).map_err(|error| {
        format!(
            "The plugin filter file, {path} was not parsable. Skipping: {}",
            error.to_string().trim_end().replace("<unicode string>", path)
        )
    })?;
    let Some(version) = data.get("filter_version") else {
        return Err(format!("The plugin filter file, {path} was invalid. Skipping."));
    };
    if version.to_text().trim() != "1.0" {
        let what = "was a version not recognized by this version of Ansible";
        return Err(format!("The plugin filter file, {path} {what}. Skipping."));
    }
    match data.get("module_rejectlist") {
        Some(Value::List(names)) => Ok(names.iter().map(Value::to_text).collect()),
        _ => {
            Err(format!("Unable to parse the plugin filter file {path} as module_rejectlist is not a list. Skipping."))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn read(text: &str) -> (Result<Rejected>, Vec<String>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut warnings = Vec::new();
        let path = file.path().to_string_lossy().into_owned();
        let names = rejected(Some(&path), &mut |text| warnings.push(text.replace(&path, "FILE")));
        (names, warnings)
    }

    #[test]
    fn files() {
        let (names, warnings) = read("filter_version: 1.0\nmodule_rejectlist: [copy, pause]\n");
        assert_eq!((names.unwrap().len(), warnings.len()), (2, 0));
        for (text, words) in [
            ("filter_version: 2\n", "FILE was a version not recognized by this version of Ansible. Skipping."),
            ("module_rejectlist: [a]\n", "FILE was invalid. Skipping."),
            ("filter_version: 1.0\nmodule_rejectlist:\n", "FILE as module_rejectlist is not a list. Skipping."),
            ("filter_version: [1.0\n", "FILE was not parsable. Skipping: "),
        ] {
            let (names, warnings) = read(text);
            assert!(names.unwrap().is_empty() && warnings.len() == 1 && warnings[0].contains(words), "{warnings:?}");
        }
        assert!(read("filter_version: '1.0'\nmodule_rejectlist: [stat]\n").0.is_err());
        let mut said = Vec::new();
        assert!(rejected(Some("/nope/x.yml"), &mut |text| said.push(text)).unwrap().is_empty());
        assert_eq!(said, ["The plugin filter file, /nope/x.yml does not exist. Skipping."]);
    }
}
