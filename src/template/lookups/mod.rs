//! The lookups: one sorted table.

mod commands;
mod config;
mod csvfile;
mod dependent;
mod files;
mod first_found;
mod general;
pub(super) mod ini;
mod loops;
mod password;
mod sequence;
mod support;
mod template;
mod url;
mod vars;

use super::args::CallArgs;
use super::cx::Cx;
use super::filters::utils;
use super::object::Obj;
use super::raise::Raise;

/// A lookup: `lookup('name', terms…, option=…)`, `query(…)` and `with_name:`.
pub struct LookupDef {
    /// The short name; `ansible.builtin.` before it is the same.
    pub name: &'static str,
    /// Finds the results. The positional arguments are the terms; `wantlist` and `errors` are not among
    /// the keyword ones.
    pub run: fn(&mut Cx<'_>, CallArgs) -> Result<Vec<Obj>, Raise>,
    /// Whether it takes undefined terms itself (`first_found`, `varnames`).
    pub undefined: bool,
}

type Run = fn(&mut Cx<'_>, CallArgs) -> Result<Vec<Obj>, Raise>;

const fn lookup(name: &'static str, run: Run) -> LookupDef {
    LookupDef { name, run, undefined: false }
}

/// One that reads undefined terms itself.
const fn lenient(name: &'static str, run: Run) -> LookupDef {
    LookupDef { name, run, undefined: true }
}

/// All lookups, sorted by name.
pub static LOOKUPS: &[LookupDef] = &[
    lookup("ansible.utils.get_path", utils::at_path),
    lookup("ansible.utils.index_of", utils::indices),
    lookup("ansible.utils.to_paths", utils::flat),
    lookup("community.general.binary_file", files::binary_file),
    lookup("community.general.cartesian", general::cartesian),
    lookup("community.general.dependent", dependent::dependent),
    lookup("community.general.filetree", general::filetree),
    lookup("community.general.flattened", loops::flattened),
    lookup("community.general.merge_variables", general::merge_variables),
    lookup("community.general.random_string", general::random_string),
    lookup("config", config::config),
    lookup("csvfile", csvfile::csvfile),
    lookup("dict", loops::dict),
    lenient("env", vars::env),
    lookup("file", files::file),
    lookup("fileglob", files::fileglob),
    lenient("first_found", first_found::first_found),
    lookup("indexed_items", loops::indexed_items),
    lookup("ini", ini::ini),
    lookup("inventory_hostnames", vars::inventory_hostnames),
    lookup("items", loops::items),
    lookup("lines", commands::lines),
    lookup("list", loops::list),
    lookup("nested", loops::nested),
    lookup("password", password::password),
    lookup("pipe", commands::pipe),
    lookup("random_choice", loops::random_choice),
    lookup("sequence", sequence::sequence),
    lookup("subelements", loops::subelements),
    lookup("template", template::template),
    lookup("together", loops::together),
    lookup("unvault", files::unvault),
    lookup("url", url::url),
    lookup("varnames", vars::varnames),
    lookup("vars", vars::vars),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_and_unique() {
        assert!(LOOKUPS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
