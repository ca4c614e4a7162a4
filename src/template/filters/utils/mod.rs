//! The filters of `ansible.utils` for structured data; those for addresses are in `network`.

mod consolidate;
mod difference;
mod index_of;
mod keys;
pub(in crate::template) mod options;
mod paths;
mod xml;

pub(super) use consolidate::consolidate;
pub(super) use difference::{fact_diff, param_list_compare};
pub(in crate::template) use index_of::found as indices;
pub(super) use index_of::index_of;
pub(super) use keys::{keep_keys, remove_keys, replace_keys};
pub(in crate::template) use paths::{at_path, flat};
pub(super) use paths::{get_path, to_paths};
pub(super) use xml::{from_xml, to_xml};

use crate::template::{Cx, Raise};

/// A complaint in the words of these plugins.
fn refused(plugin: &str, why: impl std::fmt::Display) -> Raise {
    Raise::ansible(format!("Error when using plugin '{plugin}': {why}"))
}

/// Says what ansible-core says of those lookups that ask for jinja2's environment.
fn asks_environment(cx: &Cx<'_>) {
    let help = "Consider using `copy_with_new_env` or passing `overrides` to `template`.";
    cx.deprecate("Direct access to the `environment` attribute is deprecated.", "2.23", help);
}
