//! The filters of `community.general` that playbooks use.

mod durations;
mod ini;
mod json_query;
mod keys;
mod kinds;
mod lists;
mod patch;
mod plain;
mod table;

pub(super) use durations::{
    to_days, to_hours, to_milliseconds, to_minutes, to_months, to_seconds, to_time_unit, to_weeks, to_years,
};
pub(super) use ini::{from_ini, to_ini};
pub(super) use json_query::json_query;
pub(super) use keys::{keep_keys, remove_keys, replace_keys};
pub(in crate::template) use kinds::ansible_type;
pub(super) use kinds::{reveal_ansible_type, to_nice_yaml, to_yaml, unicode_normalize};
pub(super) use lists::{lists_difference, lists_intersect, lists_mergeby, lists_symmetric_difference, lists_union};
pub(super) use patch::{json_patch, json_patch_recipe};
pub(super) use plain::{
    accumulate, counter, crc32, dict, dict_kv, from_csv, groupby_as_dict, random_mac, version_sort,
};
pub(super) use table::to_prettytable;

use super::support::class_of;
use crate::template::{Cx, Obj, Raise};

/// `<value> is <class>`, as these filters show what they refuse.
fn shown(cx: &mut Cx<'_>, obj: &Obj) -> Result<String, Raise> {
    Ok(format!("{} is {}", cx.text(obj)?, class_of(obj)))
}
