//! `adduser` and its kin, as Alpine and Buildroot have them.

use super::useradd::bounds;
use super::{Done, group, known, memberships, set_hash, tool, wanted_groups};
use crate::modules::Call;
use crate::proto::Outcome;

pub(super) fn create(call: &Call<'_>) -> Result<Done, Outcome> {
    let name = call.args.str("name");
    let mut argv = tool(call, "adduser")?;
    argv.push("-D".into());
    let uid = call.args.opt_int("uid").map(|uid| uid.to_string());
    if let Some(name) = call.args.opt_str("group") {
        group(name)?;
    }
    for (option, value) in [
        ("-u", uid.as_deref()),
        ("-G", call.args.opt_str("group")),
        ("-g", call.args.opt_str("comment")),
        ("-h", call.args.opt_str("home")),
        ("-s", call.args.opt_str("shell")),
    ] {
        argv.extend(value.into_iter().flat_map(|value| [option.to_owned(), value.to_owned()]));
    }
    if !call.args.bool("create_home") {
        argv.push("-H".into());
    }
    if let Some(skeleton) = call.args.opt_str("skeleton") {
        argv.extend(["-k".into(), skeleton.to_owned()]);
    }
    if let Some(umask) = call.args.opt_str("umask") {
        argv.extend(["-K".into(), format!("UMASK={umask}")]);
    }
    if call.args.bool("system") {
        argv.push("-S".into());
    }
    bounds(call, &mut argv);
    argv.push(name.to_owned());
    let mut done = one(call, argv, name)?;
    if let Some(hash) = call.args.opt_str("password") {
        done = hashed(call, hash, name)?;
    }
    for (wanted, _) in wanted_groups(call)? {
        let argv = [tool(call, "adduser")?, vec![name.to_owned(), wanted]].concat();
        done = one(call, argv, name)?;
    }
    Ok(done)
}

pub(super) fn remove(call: &Call<'_>) -> Result<Done, Outcome> {
    let mut argv = tool(call, "deluser")?;
    argv.push(call.args.str("name").to_owned());
    if call.args.bool("remove") {
        argv.push("--remove-home".into());
    }
    let mut done = Done::default();
    done.then(call, argv)?;
    Ok(done)
}

pub(super) fn modify(call: &Call<'_>) -> Result<Done, Outcome> {
    let name = call.args.str("name");
    let user = known(call)?;
    let (adduser, delgroup) = (tool(call, "adduser")?, tool(call, "delgroup")?);
    let mut done = Done::default();
    let groups = wanted_groups(call)?.into_iter().filter(|(_, group)| group.gid != user.gid);
    let wanted: Vec<String> = groups.map(|(name, _)| name).collect();
    if super::joined_groups(call).is_some_and(|text| !text.is_empty()) {
        let current = memberships(name).into_iter().filter(|group| group.gid != user.gid);
        let current: Vec<String> = current.map(|group| group.name).collect();
        for group in wanted.iter().filter(|group| !current.contains(group)) {
            done = one(call, [adduser.clone(), vec![name.to_owned(), group.clone()]].concat(), name)?;
        }
        for group in current.iter().filter(|group| !wanted.contains(group) && !call.args.bool("append")) {
            done = one(call, [delgroup.clone(), vec![name.to_owned(), group.clone()]].concat(), name)?;
        }
    }
    let hash = call.args.opt_str("password").filter(|_| call.args.str("update_password") == "always");
    if let Some(hash) = hash.filter(|hash| user.password != *hash) {
        done = hashed(call, hash, name)?;
    }
    Ok(done)
}

/// Runs one tool, whose failure ends the task.
fn one(call: &Call<'_>, argv: Vec<String>, name: &str) -> Result<Done, Outcome> {
    let mut done = Done::default();
    done.then(call, argv)?;
    done.or_fail(name)
}

fn hashed(call: &Call<'_>, hash: &str, name: &str) -> Result<Done, Outcome> {
    if hash.contains('\n') {
        return Err(Outcome::failed("A password's hash cannot hold a line break.").with("name", name));
    }
    let mut done = Done::default();
    set_hash(call, &mut done, hash)?;
    done.or_fail(name)
}
