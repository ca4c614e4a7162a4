//! Filters of Ansible Vault: `vault` and `unvault`.

use super::support::Got;
use crate::template::{CallArgs, Cx, Obj, Raise};

pub(super) fn vault(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let _ = (cx, input, args);
    Err(Raise::unsupported("The filter 'vault' is not supported yet."))
}

pub(super) fn unvault(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let _ = (cx, input, args);
    Err(Raise::unsupported("The filter 'unvault' is not supported yet."))
}
