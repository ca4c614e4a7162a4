//! `user_*` and the ids of the process.

use super::Host;
use crate::host::accounts;
use crate::value::{Dict, Value};
use rustix::process::{getegid, geteuid, getgid, getuid};

/// The facts; the name is that of the login's variables first, as Python's getpass has it.
pub fn facts(host: &Host<'_>) -> Dict {
    let uid = getuid().as_raw();
    let named = ["LOGNAME", "USER", "LNAME", "USERNAME"].iter().find_map(|name| host.env.get(name));
    let named = named.filter(|name| !name.is_empty());
    let by_id = || accounts::user_by_id(uid);
    let user = named.as_deref().and_then(accounts::user_by_name).or_else(by_id);
    let id = named.or_else(|| user.as_ref().map(|user| user.name.clone()));
    let mut facts = Dict::new();
    if let Some(id) = id {
        facts.insert("user_id", id);
    }
    if let Some(user) = user {
        facts.insert("user_uid", user.uid);
        facts.insert("user_gid", user.gid);
        facts.insert("user_gecos", user.gecos);
        facts.insert("user_dir", user.home);
        facts.insert("user_shell", user.shell);
    }
    facts.insert("real_user_id", uid);
    facts.insert("effective_user_id", geteuid().as_raw());
    facts.insert("real_group_id", getgid().as_raw());
    facts.insert("effective_group_id", Value::from(getegid().as_raw()));
    facts
}
