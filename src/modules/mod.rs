//! Native modules, one file each: arguments in, an outcome out.
//!
//! A module asks nothing of the controller while it runs. It plans (reads) and then applies
//! (writes): check and diff mode stop after the plan. Results have the keys, error texts and
//! defaults of the ansible-core module of the same name.

use crate::argspec::{Args, Spec};
use crate::host::Env;
use crate::proto::{Context, Outcome};

pub mod acl;
#[cfg(test)]
mod against;
pub mod alternatives;
pub mod apt;
pub mod apt_key;
pub mod apt_repository;
pub mod archive;
pub mod assemble;
pub mod async_status;
pub mod attributes;
pub mod authorized_key;
pub mod blockinfile;
pub mod command;
pub mod copy;
pub mod cron;
pub mod deb822_repository;
pub mod debconf;
pub mod deliver;
#[cfg(test)]
mod documented;
pub mod dpkg_selections;
mod edit;
mod encoding;
pub mod expect;
pub mod file;
pub mod find;
pub mod get_url;
pub mod getent;
pub mod git;
pub mod group;
pub mod hostname;
pub mod ini_file;
mod init;
pub mod iptables;
pub mod known_hosts;
pub mod lineinfile;
pub mod many;
pub mod mount;
mod neutral;
pub mod package_facts;
pub mod patch;
pub mod ping;
pub mod pip;
pub mod programs;
pub mod replace;
pub mod run;
pub mod selinux;
pub mod service;
pub mod service_facts;
pub mod setup;
pub mod shell;
pub mod slurp;
pub mod stat;
pub mod subversion;
pub mod synchronize;
pub mod sysctl;
pub mod systemd;
pub mod sysvinit;
pub mod tempfile;
#[cfg(test)]
pub mod testing;
pub mod timezone;
pub mod unarchive;
pub mod uri;
pub mod user;
pub mod wait_for;
pub mod web;

pub use run::{internal, run, run_def};

/// A module: its arguments as data, and the function that runs it on the host.
#[derive(Debug)]
pub struct ModuleDef {
    /// The name without collection: `command`.
    pub name: &'static str,
    /// What it is, in one sentence.
    pub doc: &'static str,
    /// Its arguments.
    pub spec: &'static Spec,
    /// How far it follows check mode.
    pub check: Support,
    /// How far it follows diff mode.
    pub diff: Support,
    /// Runs it. An error is a failed result too, built where a `?` is handier.
    pub run: fn(&mut Call<'_>) -> Result<Outcome, Outcome>,
}

/// How far a module follows a mode, as the attributes in Ansible's documentation say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// Fully.
    Full,
    /// In part.
    Partial,
    /// Not at all: in check mode the task is skipped.
    None,
}

/// One run of a module.
#[derive(Debug)]
pub struct Call<'a> {
    /// The name that messages show.
    pub name: &'a str,
    /// The arguments, coerced and complete with defaults; a module that fills in more sets it here,
    /// since `invocation` shows them as they are at the end.
    pub args: Args,
    /// The environment of the task.
    pub env: Env,
    /// What to warn of.
    pub warnings: Vec<String>,
    /// The surroundings of the task.
    pub context: &'a Context,
    /// File content that came with the request.
    pub blob: Option<Blob>,
    /// Set when the task is to end; long loops look at it.
    pub cancelled: &'a std::sync::atomic::AtomicBool,
}

/// Content for a module, such as the file that `copy` writes.
#[derive(Debug)]
pub enum Blob {
    /// Small content, sent along.
    Inline(Vec<u8>),
    /// Large content, put into a temporary file on the host before; removed after the run.
    Staged(std::path::PathBuf),
}

/// The modules, sorted by name.
pub static MODULES: &[&ModuleDef] = &[
    &acl::DEF,
    &alternatives::DEF,
    &apt::DEF,
    &apt_key::DEF,
    &apt_repository::DEF,
    &archive::DEF,
    &assemble::DEF,
    &async_status::DEF,
    &authorized_key::DEF,
    &blockinfile::DEF,
    &command::DEF,
    &copy::DEF,
    &cron::DEF,
    &deb822_repository::DEF,
    &debconf::DEF,
    &dpkg_selections::DEF,
    &expect::DEF,
    &file::DEF,
    &find::DEF,
    &get_url::DEF,
    &getent::DEF,
    &git::DEF,
    &group::DEF,
    &hostname::DEF,
    &ini_file::DEF,
    &iptables::DEF,
    &known_hosts::DEF,
    &lineinfile::DEF,
    &mount::DEF,
    &package_facts::DEF,
    &patch::DEF,
    &ping::DEF,
    &pip::DEF,
    &replace::DEF,
    &service::DEF,
    &service_facts::DEF,
    &setup::DEF,
    &shell::DEF,
    &slurp::DEF,
    &stat::DEF,
    &subversion::DEF,
    &synchronize::DEF,
    &sysctl::DEF,
    &systemd::DEF,
    &systemd::SERVICE,
    &sysvinit::DEF,
    &tempfile::DEF,
    &timezone::DEF,
    &unarchive::DEF,
    &uri::DEF,
    &user::DEF,
    &wait_for::DEF,
];

/// The module of a name without collection.
pub fn find(name: &str) -> Option<&'static ModuleDef> {
    MODULES.binary_search_by(|m| m.name.cmp(name)).ok().map(|i| MODULES[i])
}

#[cfg(test)]
mod tests {
    use super::MODULES;

    #[test]
    fn the_table_is_sorted_and_unique() {
        assert!(MODULES.is_sorted_by(|a, b| a.name < b.name));
    }
}
