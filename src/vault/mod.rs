//! Ansible Vault: encrypt and decrypt.

/// The secrets that decrypt, by vault id.
#[derive(Clone, Debug, Default)]
pub struct Secrets {}
