//! Which tasks `--tags` and `--skip-tags` select.
//!
//! Follows "Tags" in Ansible's documentation: `always`, `never`, `tagged`, `untagged`, `all`.

/// Whether a task with these tags is selected.
pub(super) fn selected(tags: &[String], only: &[String], skip: &[String]) -> bool {
    let has = |list: &[String], tag: &str| list.iter().any(|t| t == tag);
    let common = |list: &[String]| tags.iter().any(|tag| has(list, tag));
    let tagged = tags.iter().any(|t| t != "never" || tags.len() > 1);
    let all = only.is_empty() || has(only, "all");

    let run = (has(tags, "always"))
        || (all && !has(tags, "never"))
        || common(only)
        || (has(only, "tagged") && !tags.is_empty() && !has(tags, "never"))
        || (has(only, "untagged") && tags.is_empty())
        || (has(only, "all") && !has(tags, "never"));
    if !run || skip.is_empty() {
        return run;
    }
    let skipped = if has(skip, "all") {
        !has(tags, "always") || has(skip, "always")
    } else {
        common(skip)
            || (has(skip, "tagged") && tagged && !tags.is_empty())
            || (has(skip, "untagged") && tags.is_empty())
    };
    !skipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(tags: &[&str], only: &[&str], skip: &[&str], want: bool) {
        let own = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect::<Vec<_>>();
        assert_eq!(selected(&own(tags), &own(only), &own(skip)), want, "{tags:?} {only:?} {skip:?}");
    }

    #[test]
    fn selection() {
        check(&[], &[], &[], true);
        check(&["a"], &[], &[], true);
        check(&["never"], &[], &[], false);
        check(&["never", "a"], &["a"], &[], true);
        check(&["a"], &["b"], &[], false);
        check(&["always"], &["b"], &[], true);
        check(&["always"], &["b"], &["always"], false);
        check(&[], &["tagged"], &[], false);
        check(&["a"], &["tagged"], &[], true);
        check(&["a"], &["untagged"], &[], false);
        check(&["a"], &[], &["a"], false);
        check(&["a"], &[], &["tagged"], false);
        check(&[], &[], &["untagged"], false);
        check(&["always"], &[], &["all"], true);
        check(&["never"], &["all"], &[], false);
    }
}
