//! The filters: one sorted table.

#[cfg(test)]
mod baseline;
mod dates;
pub(super) mod general;
pub(super) mod hashes;
pub(super) mod internal;
mod json;
pub(super) mod lists;
mod mappings;
pub(super) mod markup;
pub(super) mod network;
pub(super) mod numbers;
pub(super) mod paths;
mod pretty;
pub(super) mod regexes;
mod select;
mod sets;
mod strings;
pub(super) mod support;
mod types;
mod urlsplit;
pub(super) mod utils;
mod vaults;
mod yaml;

use super::args::CallArgs;
use super::cx::Cx;
use super::object::Obj;
use super::raise::Raise;

/// A filter: `{{ input | name(args) }}`.
pub struct FilterDef {
    /// The short name; `ansible.builtin.` before it is the same.
    pub name: &'static str,
    /// Computes the result.
    pub run: fn(&mut Cx<'_>, Obj, CallArgs) -> Result<Obj, Raise>,
    /// Whether it takes an undefined input or argument itself (`default`, `mandatory`); for all others
    /// an undefined one is the result at once.
    pub undefined: bool,
}

type Run = fn(&mut Cx<'_>, Obj, CallArgs) -> Result<Obj, Raise>;

const fn filter(name: &'static str, run: Run) -> FilterDef {
    FilterDef { name, run, undefined: false }
}

/// One that reads undefined arguments itself.
const fn lenient(name: &'static str, run: Run) -> FilterDef {
    FilterDef { name, run, undefined: true }
}

/// All filters, sorted by name.
pub static FILTERS: &[FilterDef] = &[
    filter("abs", numbers::abs),
    filter("ansible._protomatter.apply_trust", internal::apply_trust),
    lenient("ansible._protomatter.dump_object", internal::dump_object),
    filter("ansible._protomatter.finalize", internal::finalize),
    filter("ansible._protomatter.origin", internal::origin),
    filter("ansible._protomatter.tag_names", internal::tags),
    lenient("ansible._protomatter.true_type", internal::true_type),
    filter("ansible._protomatter.unmask", internal::unmask),
    filter("ansible.utils.cidr_merge", network::cidr_merge),
    filter("ansible.utils.consolidate", utils::consolidate),
    filter("ansible.utils.fact_diff", utils::fact_diff),
    filter("ansible.utils.from_xml", utils::from_xml),
    filter("ansible.utils.get_path", utils::get_path),
    filter("ansible.utils.hwaddr", network::hwaddr),
    filter("ansible.utils.index_of", utils::index_of),
    filter("ansible.utils.ip4_hex", network::ip4_hex),
    filter("ansible.utils.ipaddr", network::ipaddr),
    filter("ansible.utils.ipcut", network::ipcut),
    filter("ansible.utils.ipmath", network::ipmath),
    filter("ansible.utils.ipsubnet", network::ipsubnet),
    filter("ansible.utils.ipv4", network::ipv4),
    filter("ansible.utils.ipv6", network::ipv6),
    filter("ansible.utils.ipv6form", network::ipv6form),
    filter("ansible.utils.ipwrap", network::ipwrap),
    filter("ansible.utils.keep_keys", utils::keep_keys),
    filter("ansible.utils.macaddr", network::macaddr),
    filter("ansible.utils.network_in_network", network::network_in_network),
    filter("ansible.utils.network_in_usable", network::network_in_usable),
    filter("ansible.utils.next_nth_usable", network::next_nth_usable),
    filter("ansible.utils.nthhost", network::nthhost),
    filter("ansible.utils.param_list_compare", utils::param_list_compare),
    filter("ansible.utils.previous_nth_usable", network::previous_nth_usable),
    filter("ansible.utils.reduce_on_network", network::reduce_on_network),
    filter("ansible.utils.remove_keys", utils::remove_keys),
    filter("ansible.utils.replace_keys", utils::replace_keys),
    filter("ansible.utils.slaac", network::slaac),
    filter("ansible.utils.to_paths", utils::to_paths),
    filter("ansible.utils.to_xml", utils::to_xml),
    filter("ansible.utils.usable_range", network::usable_range),
    filter("attr", select::attr),
    filter("b64decode", hashes::b64decode),
    filter("b64encode", hashes::b64encode),
    filter("basename", paths::basename),
    filter("batch", lists::batch),
    filter("bool", types::bool),
    filter("capitalize", strings::capitalize),
    filter("center", strings::center),
    filter("checksum", hashes::checksum),
    filter("combinations", lists::combinations),
    filter("combine", mappings::combine),
    filter("comment", strings::comment),
    filter("commonpath", paths::commonpath),
    filter("community.general.accumulate", general::accumulate),
    filter("community.general.counter", general::counter),
    filter("community.general.crc32", general::crc32),
    filter("community.general.dict", general::dict),
    filter("community.general.dict_kv", general::dict_kv),
    filter("community.general.from_csv", general::from_csv),
    filter("community.general.from_ini", general::from_ini),
    filter("community.general.groupby_as_dict", general::groupby_as_dict),
    filter("community.general.json_patch", general::json_patch),
    filter("community.general.json_patch_recipe", general::json_patch_recipe),
    filter("community.general.json_query", general::json_query),
    filter("community.general.keep_keys", general::keep_keys),
    filter("community.general.lists_difference", general::lists_difference),
    filter("community.general.lists_intersect", general::lists_intersect),
    filter("community.general.lists_mergeby", general::lists_mergeby),
    filter("community.general.lists_symmetric_difference", general::lists_symmetric_difference),
    filter("community.general.lists_union", general::lists_union),
    filter("community.general.random_mac", general::random_mac),
    filter("community.general.remove_keys", general::remove_keys),
    filter("community.general.replace_keys", general::replace_keys),
    filter("community.general.reveal_ansible_type", general::reveal_ansible_type),
    filter("community.general.to_days", general::to_days),
    filter("community.general.to_hours", general::to_hours),
    filter("community.general.to_ini", general::to_ini),
    filter("community.general.to_milliseconds", general::to_milliseconds),
    filter("community.general.to_minutes", general::to_minutes),
    filter("community.general.to_months", general::to_months),
    filter("community.general.to_nice_yaml", general::to_nice_yaml),
    filter("community.general.to_prettytable", general::to_prettytable),
    filter("community.general.to_seconds", general::to_seconds),
    filter("community.general.to_time_unit", general::to_time_unit),
    filter("community.general.to_weeks", general::to_weeks),
    filter("community.general.to_yaml", general::to_yaml),
    filter("community.general.to_years", general::to_years),
    filter("community.general.unicode_normalize", general::unicode_normalize),
    filter("community.general.version_sort", general::version_sort),
    filter("count", lists::length),
    lenient("d", types::default),
    lenient("default", types::default),
    filter("dict2items", mappings::dict2items),
    filter("dictsort", mappings::dictsort),
    filter("difference", sets::difference),
    filter("dirname", paths::dirname),
    filter("e", markup::escape),
    filter("escape", markup::escape),
    filter("expanduser", paths::expanduser),
    filter("expandvars", paths::expandvars),
    filter("extract", mappings::extract),
    filter("fileglob", paths::fileglob),
    filter("filesizeformat", numbers::filesizeformat),
    filter("first", lists::first),
    filter("flatten", lists::flatten),
    filter("float", numbers::float),
    filter("forceescape", markup::forceescape),
    filter("format", strings::format),
    filter("from_json", json::from_json),
    filter("from_yaml", yaml::from_yaml),
    filter("from_yaml_all", yaml::from_yaml_all),
    filter("groupby", select::groupby),
    filter("hash", hashes::hash),
    filter("human_readable", numbers::human_readable),
    filter("human_to_bytes", numbers::human_to_bytes),
    filter("indent", strings::indent),
    filter("int", numbers::int),
    filter("intersect", sets::intersect),
    filter("items", lists::items),
    filter("items2dict", mappings::items2dict),
    filter("join", lists::join),
    filter("last", lists::last),
    filter("length", lists::length),
    filter("list", lists::list),
    filter("log", numbers::log),
    filter("lower", strings::lower),
    lenient("mandatory", types::mandatory),
    filter("map", select::map),
    filter("max", lists::max),
    filter("md5", hashes::md5),
    filter("min", lists::min),
    filter("normpath", paths::normpath),
    filter("password_hash", hashes::password_hash),
    filter("path_join", paths::path_join),
    filter("permutations", lists::permutations),
    filter("pow", numbers::pow),
    filter("pprint", pretty::pprint),
    filter("product", lists::product),
    filter("quote", strings::quote),
    filter("random", lists::random),
    filter("realpath", paths::realpath),
    filter("regex_escape", regexes::regex_escape),
    filter("regex_findall", regexes::regex_findall),
    filter("regex_replace", regexes::regex_replace),
    filter("regex_search", regexes::regex_search),
    filter("reject", select::reject),
    filter("rejectattr", select::rejectattr),
    filter("rekey_on_member", mappings::rekey_on_member),
    filter("relpath", paths::relpath),
    filter("replace", strings::replace),
    filter("reverse", strings::reverse),
    filter("root", numbers::root),
    filter("round", numbers::round),
    filter("safe", markup::safe),
    filter("select", select::select),
    filter("selectattr", select::selectattr),
    filter("sha1", hashes::checksum),
    filter("shuffle", lists::shuffle),
    filter("slice", lists::slice),
    filter("sort", lists::sort),
    filter("split", strings::split),
    filter("splitext", paths::splitext),
    filter("strftime", dates::strftime),
    filter("string", types::string),
    filter("striptags", markup::striptags),
    filter("subelements", mappings::subelements),
    filter("sum", lists::sum),
    filter("symmetric_difference", sets::symmetric_difference),
    lenient("ternary", types::ternary),
    filter("title", strings::title),
    filter("to_datetime", dates::to_datetime),
    filter("to_json", json::to_json),
    filter("to_nice_json", json::to_nice_json),
    filter("to_nice_yaml", yaml::to_nice_yaml),
    filter("to_uuid", hashes::to_uuid),
    filter("to_yaml", yaml::to_yaml),
    filter("tojson", json::tojson),
    filter("trim", strings::trim),
    filter("truncate", strings::truncate),
    lenient("type_debug", types::type_debug),
    filter("union", sets::union),
    filter("unique", lists::unique),
    lenient("unvault", vaults::unvault),
    filter("upper", strings::upper),
    filter("urldecode", markup::urldecode),
    filter("urlencode", markup::urlencode),
    filter("urlize", markup::urlize),
    filter("urlsplit", urlsplit::urlsplit),
    filter("vault", vaults::vault),
    filter("win_basename", paths::win_basename),
    filter("win_dirname", paths::win_dirname),
    filter("win_splitdrive", paths::win_splitdrive),
    filter("wordcount", strings::wordcount),
    filter("wordwrap", strings::wordwrap),
    filter("xmlattr", markup::xmlattr),
    filter("zip", lists::zip),
    filter("zip_longest", lists::zip_longest),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_unique() {
        assert!(FILTERS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
