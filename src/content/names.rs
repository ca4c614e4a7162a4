//! The names of modules, redirects and lookups that ansible-core 2.19 and the `ansible` 12.3
//! package have, as data.
//!
//! The text files are written by `tests/baselines/content_names.py` and sorted by bytes:
//! `modules.txt` has a line a collection, `redirects.txt` a line a name, whose target ends with a
//! dot where the last part stays the same.

/// Modules and actions, a line a collection: `ansible.posix acl at …`.
static MODULES: &str = include_str!("modules.txt");

/// Redirects, sorted by the name from: `synchronize ansible.posix.`.
static REDIRECTS: &str = include_str!("redirects.txt");

/// Lookups, a line each; those of ansible.builtin without their collection.
static LOOKUPS: &str = include_str!("lookups.txt");

/// The action groups of ansible.builtin for `module_defaults`, by full name, a line each: the group, then its
/// actions, and the groups that it extends with `+` before them.
static GROUPS: &str = include_str!("groups.txt");

/// The actions of an action group of ansible.builtin, and with `+` before them the groups that it extends.
pub fn group(name: &str) -> Option<impl Iterator<Item = &'static str>> {
    let line = find_line(GROUPS, name)?;
    Some(line.split(' ').skip(1))
}

/// Whether a collection of the `ansible` package, or ansible.builtin, has a module or action.
pub fn has_module(collection: &str, name: &str) -> bool {
    modules(collection).is_some_and(|mut names| names.any(|known| known == name))
}

/// The names of a collection's modules and actions.
pub fn modules(collection: &str) -> Option<impl Iterator<Item = &'static str>> {
    let line = find_line(MODULES, collection)?;
    Some(line.split(' ').skip(1))
}

/// What a name, short or full, has become.
pub fn redirect(name: &str) -> Option<String> {
    let (from, target) = find_line(REDIRECTS, name)?.split_once(' ')?;
    match target.strip_suffix('.') {
        Some(collection) => Some(format!("{collection}.{}", from.rsplit('.').next().unwrap_or(from))),
        None => Some(target.to_owned()),
    }
}

/// Whether there is a lookup of a name, so that `with_<name>` is a loop.
pub fn has_lookup(name: &str) -> bool {
    let name = name.strip_prefix("ansible.builtin.").or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name);
    find_line(LOOKUPS, name).is_some()
}

/// The line whose first word is a key, by bisection.
fn find_line(text: &'static str, key: &str) -> Option<&'static str> {
    let (mut low, mut high) = (0, text.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let start = text.as_bytes()[..middle].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1).max(low);
        let end = text.as_bytes()[start..].iter().position(|&b| b == b'\n').map_or(text.len(), |at| start + at);
        let line = text.get(start..end)?;
        let word = line.split(' ').next().unwrap_or(line);
        match word.cmp(key) {
            std::cmp::Ordering::Equal => return Some(line),
            std::cmp::Ordering::Less => low = end + 1,
            std::cmp::Ordering::Greater => high = start,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn sorted(text: &str) {
        let words: Vec<&str> = text.lines().map(|line| line.split(' ').next().unwrap()).collect();
        for pair in words.windows(2) {
            assert!(pair[0] < pair[1], "{pair:?}");
        }
    }

    #[test]
    fn tables_are_sorted() {
        sorted(MODULES);
        sorted(REDIRECTS);
        sorted(LOOKUPS);
        sorted(GROUPS);
    }

    #[test]
    fn every_line_is_found() {
        for text in [MODULES, REDIRECTS, LOOKUPS, GROUPS] {
            for line in text.lines() {
                assert_eq!(find_line(text, line.split(' ').next().unwrap()), Some(line));
            }
            assert_eq!(find_line(text, ""), None);
            assert_eq!(find_line(text, "~"), None);
            assert_eq!(find_line(text, "nope"), None);
        }
    }

    #[test]
    fn redirects_name_their_target() {
        assert_eq!(redirect("synchronize").as_deref(), Some("ansible.posix.synchronize"));
        assert_eq!(redirect("yum").as_deref(), Some("ansible.builtin.dnf"));
        assert_eq!(redirect("copy"), None);
        assert!(has_module("ansible.builtin", "copy"));
        assert!(has_module("community.general", "ini_file"));
        assert!(!has_module("ansible.builtin", "ini_file"));
        assert!(has_lookup("items") && has_lookup("first_found") && !has_lookup("foo"));
    }
}
