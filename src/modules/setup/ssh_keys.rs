//! `ssh_host_key_*_public`: the host's public keys, of the first folder that has any.

use super::{Host, read};
use crate::value::Dict;

/// The facts.
pub fn facts(_: &Host<'_>) -> Dict {
    let mut facts = Dict::new();
    for folder in ["/etc/ssh", "/etc/openssh", "/etc"] {
        for kind in ["dsa", "rsa", "ecdsa", "ed25519"] {
            let name = format!("ssh_host_key_{kind}_public");
            if facts.contains(&name) {
                return facts;
            }
            let text = read::text(format!("{folder}/ssh_host_{kind}_key.pub")).unwrap_or_default();
            let mut words = text.split_whitespace();
            if let (Some(key_type), Some(key)) = (words.next(), words.next()) {
                facts.insert(name.as_str(), key);
                facts.insert(format!("{name}_keytype"), key_type);
            }
        }
    }
    facts
}
