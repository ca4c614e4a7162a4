//! Facts that never become variables of their own: those that say how a host is reached, as whom, and by which
//! interpreter. A host must not be able to say where the next task runs.

/// Names that mean the connection, whatever its plugin, and what rplay itself sets.
const NAMES: &[&str] = &[
    "add_group",
    "add_host",
    "ansible_become",
    "ansible_connection",
    "ansible_connection_user",
    "ansible_docker_extra_args",
    "ansible_facts",
    "ansible_host",
    "ansible_module_compression",
    "ansible_network_os",
    "ansible_password",
    "ansible_pipelining",
    "ansible_playbook_python",
    "ansible_port",
    "ansible_private_key_file",
    "ansible_rsync_path",
    "ansible_scp_extra_args",
    "ansible_sftp_extra_args",
    "ansible_shell_executable",
    "ansible_shell_type",
    "ansible_timeout",
    "ansible_user",
];

/// The connection plugins of ansible-core, whose options are variables that begin so.
const CONNECTIONS: &[&str] = &["local_", "paramiko_ssh_", "psrp_", "ssh_", "winrm_"];

/// Whether a fact of this name is kept from being a variable.
pub fn is_restricted(name: &str) -> bool {
    if NAMES.binary_search(&name).is_ok() {
        return true;
    }
    let Some(rest) = name.strip_prefix("ansible_") else { return false };
    if rest.starts_with("ssh_host_key_") {
        return false;
    }
    // Containers' network devices are named so.
    let bridge = rest.ends_with("_bridge") || rest.ends_with("_gwbridge");
    let of_connection = !bridge && CONNECTIONS.iter().any(|plugin| rest.starts_with(plugin));
    of_connection || rest.starts_with("become_") || (rest.ends_with("_interpreter") && rest != "_interpreter")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_how_a_host_is_reached_is_restricted() {
        assert!(NAMES.is_sorted());
        for name in ["ansible_python_interpreter", "ansible_ssh_common_args", "ansible_become_exe", "ansible_host"] {
            assert!(is_restricted(name), "{name}");
        }
        for name in ["ansible_local", "ansible_ssh_host_key_rsa_public", "ansible_local_bridge", "ansible_python", "x"]
        {
            assert!(!is_restricted(name), "{name}");
        }
    }
}
