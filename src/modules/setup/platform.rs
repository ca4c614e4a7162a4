//! `system`, `kernel`, `architecture` and the names of the host.

use super::{Host, python, read};
use crate::value::Dict;
use rustix::system::uname;

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    let uname = uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let (machine, node) = (text(uname.machine()), text(uname.nodename()));
    let fqdn = fqdn(host, &node);
    let bits = usize::BITS.to_string();
    let mut facts = Dict::from([
        ("system", text(uname.sysname())),
        ("kernel", text(uname.release())),
        ("kernel_version", text(uname.version())),
        ("machine", machine.clone()),
        ("hostname", node.split('.').next().unwrap_or_default().to_owned()),
        ("nodename", node),
        ("domain", fqdn.split_once('.').map(|(_, domain)| domain.to_owned()).unwrap_or_default()),
        ("fqdn", fqdn),
        ("userspace_bits", bits.clone()),
    ]);
    let small = matches!(machine.as_str(), "i386" | "i486" | "i586" | "i686" | "i86pc");
    if machine == "x86_64" || small {
        facts.insert("userspace_architecture", if bits == "64" { "x86_64" } else { "i386" });
    }
    facts.insert("architecture", if small { "i386" } else { machine.as_str() });
    if let Some(version) = python::version(host) {
        facts.insert("python_version", version);
    }
    let id = read::text("/var/lib/dbus/machine-id").or_else(|| read::text("/etc/machine-id"));
    if let Some(id) = id.as_deref().and_then(|text| text.lines().next()) {
        facts.insert("machine_id", id);
    }
    facts
}

/// What Python's `socket.getfqdn` says: the first name with a dot that the host's address goes by.
pub fn fqdn(host: &Host<'_>, node: &str) -> String {
    let hosts = read::lines("/etc/hosts");
    let entries: Vec<Vec<&str>> =
        hosts.iter().map(|line| line.split('#').next().unwrap_or_default().split_whitespace().collect()).collect();
    let address = entries.iter().find(|words| words.iter().skip(1).any(|name| *name == node)).and_then(|w| w.first());
    let names: Vec<String> = match address {
        Some(address) => {
            let entry = entries.iter().find(|words| words.first() == Some(address));
            entry.into_iter().flatten().skip(1).map(|name| (*name).to_owned()).collect()
        }
        None => names_by_service(host, node),
    };
    match names.iter().find(|name| name.contains('.')).or_else(|| names.first()) {
        Some(name) => name.clone(),
        None => node.to_owned(),
    }
}

/// The names that the host's name services give; a static program can only ask getent.
fn names_by_service(host: &Host<'_>, node: &str) -> Vec<String> {
    let find = |name: &str| {
        let out = host.output("getent", &["hosts", name])?;
        let mut words = out.lines().next()?.split_whitespace().map(str::to_owned);
        Some((words.next()?, words.collect::<Vec<_>>()))
    };
    find(node).map(|(address, names)| find(&address).map_or(names, |(_, names)| names)).unwrap_or_default()
}
