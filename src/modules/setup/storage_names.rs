//! `fibre_channel_wwn`, `iscsi_iqn` and `hostnqn`: by which names storage networks know the host.

use super::{Host, read};
use crate::value::{Dict, Value};

/// The port names of fibre channel adapters.
pub fn fibre_channel(_: &Host<'_>) -> Dict {
    let ports = read::names("/sys/class/fc_host").into_iter();
    let lines = ports.flat_map(|port| read::lines(format!("/sys/class/fc_host/{port}/port_name")));
    let names = lines.map(|line| Value::from(line.trim_end().get(2..).unwrap_or_default()));
    Dict::from([("fibre_channel_wwn", Value::list(names))])
}

/// The iSCSI initiator's name.
pub fn iscsi(_: &Host<'_>) -> Dict {
    let lines = read::lines("/etc/iscsi/initiatorname.iscsi");
    let name = lines.iter().find_map(|line| line.strip_prefix("InitiatorName=")).unwrap_or_default();
    Dict::from([("iscsi_iqn", name)])
}

/// The NVMe host's name.
pub fn nvme(_: &Host<'_>) -> Dict {
    let lines = read::lines("/etc/nvme/hostnqn");
    let name = lines.iter().find(|line| line.starts_with("nqn.")).map_or("", String::as_str);
    Dict::from([("hostnqn", name)])
}
