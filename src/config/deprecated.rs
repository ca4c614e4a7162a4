//! Settings that ansible-core will drop, and what it says where one is set.

use super::Settings;

/// A setting that will be gone: name, why, the version that drops it, what to use instead.
pub(super) type Deprecated = (&'static str, &'static str, &'static str, &'static str);

const UNUSED: &str = "This option is no longer used in the Ansible Core code base.";
const NOTHING_ELSE: &str = "There is no alternative at the moment. A different mechanism would have to be implemented in \
                            the current code base.";

/// Sorted by name.
pub(super) static DEPRECATED: &[Deprecated] = &[
    (
        "DEFAULT_ALLOW_UNSAFE_LOOKUPS",
        UNUSED,
        "2.23",
        "Lookup plugins are responsible for tagging strings containing templates to allow evaluation as a template.",
    ),
    (
        "DEFAULT_JINJA2_EXTENSIONS",
        "Jinja2 extensions have been deprecated",
        "2.23",
        "Ansible-supported Jinja plugins (tests, filters, lookups).",
    ),
    ("DEFAULT_JINJA2_NATIVE", UNUSED, "2.23", "Jinja2 native mode is now the default and only option."),
    (
        "DEFAULT_LIBVIRT_LXC_NOSECLABEL",
        "This option was moved to the plugin itself",
        "2.22",
        "Use the option from the plugin itself.",
    ),
    (
        "DEFAULT_MANAGED_STR",
        "The `ansible_managed` variable can be set just like any other variable, or a different variable can be used.",
        "2.23",
        "Set the `ansible_managed` variable, or use any custom variable in templates.",
    ),
    ("DEFAULT_NULL_REPRESENTATION", UNUSED, "2.23", NOTHING_ELSE),
    ("DEFAULT_UNDEFINED_VAR_BEHAVIOR", UNUSED, "2.23", NOTHING_ELSE),
    (
        "STRING_TYPE_FILTERS",
        "This option has no effect.",
        "2.23",
        "None; native types returned from filters are always preserved.",
    ),
];

/// The texts after `[DEPRECATION WARNING]: ` for the settings that are set.
pub(super) fn texts(settings: &Settings) -> Vec<String> {
    let set = DEPRECATED.iter().filter(|row| settings.is_set(row.0));
    set.map(|(name, why, version, instead)| {
        format!(
            "{name} option. Reason: {why}\nAlternatives: {instead} This feature will be removed from ansible-core version \
             {version}."
        )
    })
    .collect()
}
