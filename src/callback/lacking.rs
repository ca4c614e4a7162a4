//! Callbacks that rplay does not have: those that Ansible has, those that it has no more, and names of
//! nothing.

/// Why there is no callback of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lacking {
    /// Ansible has it, rplay has not; its full name.
    Here(String),
    /// Ansible had it; what it says of that.
    Removed(String),
    /// There is none of that name.
    Unknown,
}

/// Those of collections that a short name leads to, or that have a place of their own, sorted.
static ELSEWHERE: &[(&str, &str)] = &[
    ("aws_resource_actions", "amazon.aws"),
    ("cgroup_memory_recap", "community.general"),
    ("cgroup_perf_recap", "ansible.posix"),
    ("context_demo", "community.general"),
    ("counter_enabled", "community.general"),
    ("default_without_diff", "community.general"),
    ("dense", "community.general"),
    ("diy", "community.general"),
    ("elastic", "community.general"),
    ("foreman", "theforeman.foreman"),
    ("grafana_annotations", "community.grafana"),
    ("jabber", "community.general"),
    ("log_plays", "community.general"),
    ("loganalytics", "community.general"),
    ("logdna", "community.general"),
    ("logentries", "community.general"),
    ("logstash", "community.general"),
    ("mail", "community.general"),
    ("nrdp", "community.general"),
    ("opentelemetry", "community.general"),
    ("osx_say", "community.general"),
    ("print_task", "community.general"),
    ("say", "community.general"),
    ("selective", "community.general"),
    ("slack", "community.general"),
    ("splunk", "community.general"),
    ("sumologic", "community.general"),
    ("syslog_json", "community.general"),
    ("tasks_only", "community.general"),
    ("timestamp", "community.general"),
    ("unixy", "community.general"),
];

/// Those that went with a version of their collection, and the advice that was left behind, sorted.
static REMOVED: &[(&str, &str, &str)] = &[
    (
        "actionable",
        "2.0.0",
        "Use the 'default' callback plugin with 'display_skipped_hosts = no' and 'display_ok_hosts = no' options.",
    ),
    ("full_skip", "2.0.0", "Use the 'default' callback plugin with 'display_skipped_hosts = no' option."),
    (
        "hipchat",
        "10.0.0",
        "The hipchat service has been discontinued and the self-hosted variant has been End of Life since 2020.",
    ),
    ("stderr", "2.0.0", "Use the 'default' callback plugin with 'display_failed_stderr = yes' option."),
];

/// Why there is no callback of a name, with or without its collection.
pub fn lacking(name: &str) -> Lacking {
    let short = name.strip_prefix("community.general.").or_else(|| name.strip_prefix("ansible.builtin."));
    let short = short.or_else(|| name.strip_prefix("ansible.legacy.")).unwrap_or(name);
    if let Some((gone, version, advice)) = REMOVED.iter().find(|(gone, ..)| *gone == short) {
        return Lacking::Removed(format!(
            "The 'community.general.{gone}' callback plugin has been removed. {advice} This feature was removed from \
             collection 'community.general' version {version}."
        ));
    }
    let full = |(name, collection): &(&str, &str)| format!("{collection}.{name}");
    match ELSEWHERE.iter().find(|known| known.0 == short || full(known) == name) {
        Some(known) => Lacking::Here(full(known)),
        None => Lacking::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_sorted() {
        assert!(ELSEWHERE.is_sorted_by(|a, b| a.0 < b.0));
        assert!(REMOVED.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn says_why() {
        let removed = "The 'community.general.stderr' callback plugin has been removed. Use the 'default' callback \
                       plugin with 'display_failed_stderr = yes' option. This feature was removed from collection \
                       'community.general' version 2.0.0.";
        assert_eq!(lacking("stderr"), Lacking::Removed(removed.into()));
        assert_eq!(lacking("community.general.stderr"), Lacking::Removed(removed.into()));
        assert_eq!(lacking("mail"), Lacking::Here("community.general.mail".into()));
        assert_eq!(lacking("amazon.aws.aws_resource_actions"), lacking("aws_resource_actions"));
        assert_eq!(lacking("community.general.nosuch"), Lacking::Unknown);
    }
}
