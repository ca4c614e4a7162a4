//! Which system a host is, for the actions that take it down: `reboot` and `shutdown` choose their commands by it.

use super::ActionCall;
use crate::diag::{Error, Result};
use crate::proto::Outcome;
use crate::value::{Dict, Value};

/// The status of a command that ran by a plain exec; 1 where it has none.
pub(super) fn status(said: &Outcome) -> i64 {
    said.get("rc").and_then(Value::as_int).unwrap_or(1)
}

/// What a result has under a key, without the space around it.
pub(super) fn part(said: &Outcome, key: &str) -> String {
    said.get(key).map(Value::to_text).unwrap_or_default().trim().to_owned()
}

/// What the commands depend on.
pub(super) struct System {
    /// Names to look for in the tables of the actions, the first that is there counts.
    names: Vec<String>,
}

impl System {
    /// Asks the host.
    pub async fn of(call: &ActionCall<'_>) -> Result<Self> {
        let asked = call.module("setup", Dict::from([("gather_subset", "min")]), None).await?;
        if asked.is_failed() {
            let (out, err) = (part(&asked, "module_stdout"), part(&asked, "module_stderr"));
            return Err(Error::user(format!("Failed to determine system distribution. {out}, {err}")));
        }
        let fact = |name: &str| {
            let value = asked.get("ansible_facts").and_then(|facts| facts.get(name)).map(Value::to_text);
            let missing = || format!("Failed to get distribution information. Missing \"{name}\" in output.");
            value.ok_or_else(|| Error::user(missing()))
        };
        let name = fact("ansible_distribution")?.to_lowercase();
        let version = fact("ansible_distribution_version")?;
        let family = fact("ansible_os_family")?.to_lowercase();
        let major = version.split('.').next().unwrap_or_default();
        Ok(Self { names: vec![format!("{name}{major}"), name, family] })
    }

    /// The value for this system, or the one for all others.
    pub fn choose<'a>(&self, table: &[(&str, &'a str)], default: &'a str) -> &'a str {
        let of = |name: &String| table.iter().find(|(system, _)| system == name).map(|(_, value)| *value);
        self.names.iter().find_map(of).unwrap_or(default)
    }
}

/// The path of a program that is in one of these folders of the host.
pub(super) async fn found(call: &ActionCall<'_>, program: &str, paths: &Value) -> Result<Option<String>> {
    let patterns = Value::list([program.into()]);
    let args = Dict::from([("paths", paths.clone()), ("patterns", patterns), ("file_type", "any".into())]);
    let found = call.module("find", args, None).await?;
    let first = found.get("files").and_then(Value::as_list).and_then(<[Value]>::first);
    Ok(first.and_then(|file| file.get("path")).map(Value::to_text))
}
