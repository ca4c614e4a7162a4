//! The order of a result's keys, which whoever prints a registered result whole sees: as the items of a later loop, say.
//!
//! Most results come out in the order of Ansible's own. These are put right at the end, where the modules make them
//! otherwise.

use crate::proto::Outcome;
use crate::value::Dict;

/// What the results of a module begin with, of the keys that are there.
const LEADING: &[(&str, &[&str])] = &[
    ("archive", &["archived", "dest", "dest_state", "changed"]),
    ("assemble", &["src", "dest", "checksum", "md5sum", "changed"]),
    ("copy", &["dest", "src", "md5sum", "checksum", "changed"]),
    ("cron", &["jobs", "envs", "changed"]),
    ("file", &["path", "dest", "src", "changed"]),
    ("find", &["files", "changed"]),
    ("get_url", &["msg", "status_code", "changed"]),
    ("group", &["name", "state", "changed"]),
    ("replace", &["rc", "msg", "changed"]),
    ("user", &["name", "state", "force", "remove", "system", "create_home", "append", "move_home", "changed"]),
    ("wait_for", &["state", "port", "search_regex", "match_groups", "match_groupdict", "path"]),
];

/// Puts a module's result in order; failures stay as they are.
pub(super) fn put(module: &str, outcome: &mut Outcome) {
    if let Ok(at) = LEADING.binary_search_by(|(name, _)| (*name).cmp(module))
        && !outcome.is_failed()
    {
        lead(outcome, LEADING[at].1);
    }
}

/// Puts these keys before the others.
pub(super) fn lead(outcome: &mut Outcome, keys: &[&str]) {
    let mut rest = std::mem::take(&mut outcome.result);
    let first: Dict = keys.iter().filter_map(|key| Some(((*key).into(), rest.remove(key)?))).collect();
    outcome.result = first;
    outcome.result.update(&rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_sorted_and_of_modules() {
        assert!(LEADING.is_sorted_by(|a, b| a.0 < b.0));
        for (name, _) in LEADING {
            assert!(super::super::MODULES.iter().any(|def| def.name == *name), "{name}");
        }
    }

    #[test]
    fn leads() {
        let mut outcome = Outcome::changed(true).with("size", 1).with("path", "/x");
        put("file", &mut outcome);
        let keys: Vec<_> = outcome.result.keys().map(crate::value::Value::to_text).collect();
        assert_eq!(keys, ["path", "changed", "size"]);
    }
}
