//! Ansible Vault: text encrypted with AES256 under passwords that vault ids name.
//!
//! `envelope` reads and writes the format (1.1, and 1.2 with a vault id), `cipher` encrypts, `source`
//! gets passwords from files, scripts and prompts. Words of errors are ansible-core 2.19's. No secret
//! appears in any Debug output.

mod cipher;
mod envelope;
mod source;

use crate::diag::{Error, Result};
use cipher::Keys;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

pub use source::{Wanted, collect};

/// The vault id of a password that has none.
pub const DEFAULT_ID: &str = "default";

/// What encrypted text begins with.
const HEADER: &[u8] = b"$ANSIBLE_VAULT";

/// Whether data is encrypted: ASCII that begins with the header.
pub fn is_vaulted(data: &[u8]) -> bool {
    data.starts_with(HEADER) && data.is_ascii()
}

/// A password.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(Arc<[u8]>);

impl Secret {
    /// A password of any bytes.
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The passwords of a run by their vault ids, in the order in which they are tried.
#[derive(Clone, Default)]
pub struct Secrets {
    entries: Vec<(String, Secret)>,
    match_ids: bool,
    /// Deriving keys is made slow on purpose; a text is often used many times.
    keys: Arc<Mutex<KeyCache>>,
}

type KeyCache = HashMap<(Secret, Vec<u8>), Arc<Keys>>;

/// How many derived keys are kept.
const KEPT: usize = 4096;

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

/// Decrypted data, and what decrypted it.
#[derive(Clone)]
pub struct Decrypted {
    /// The data.
    pub plain: Vec<u8>,
    /// The vault id whose secret fit.
    pub used_id: String,
    /// That secret.
    pub secret: Secret,
    /// The vault id that the text names, or the default one.
    pub named_id: String,
}

impl Secrets {
    /// No secrets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a password under a vault id, to be tried after those before.
    pub fn push(&mut self, id: impl Into<String>, secret: Secret) {
        self.entries.push((id.into(), secret));
    }

    /// Whether a text is decrypted only with secrets of its own vault id: DEFAULT_VAULT_ID_MATCH.
    pub fn set_match_ids(&mut self, on: bool) {
        self.match_ids = on;
    }

    /// The vault ids in order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().map(|(id, _)| id.as_str())
    }

    /// How many secrets there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Decrypts text of the vault format.
    pub fn decrypt(&self, text: &[u8]) -> Result<Vec<u8>> {
        self.decrypt_with_id(text).map(|d| d.plain)
    }

    /// Decrypts, and tells with what.
    pub fn decrypt_with_id(&self, text: &[u8]) -> Result<Decrypted> {
        if !is_vaulted(text) {
            return Err(Error::user("Input is not vault encrypted data."));
        }
        let envelope = envelope::read(text)?;
        if envelope.cipher != "AES256" {
            let name = envelope::quoted(&envelope.cipher);
            return Err(Error::user(format!("Cipher {name} could not be found.")));
        }
        if self.entries.is_empty() {
            return Err(Error::user("Attempting to decrypt but no vault secrets found."));
        }
        let named_id = envelope.id.clone().unwrap_or_else(|| DEFAULT_ID.to_owned());
        let mut parts = None;
        for (id, secret) in &self.entries {
            if self.match_ids && *id != named_id {
                continue;
            }
            let parts = match &parts {
                Some(parts) => parts,
                None => parts.insert(envelope::parts(&envelope.body)?),
            };
            if let Some(plain) = cipher::decrypt(parts, &self.keys(secret, &parts.salt))? {
                return Ok(Decrypted { plain, used_id: id.clone(), secret: secret.clone(), named_id });
            }
        }
        Err(Error::user("Decryption failed (no vault secrets were found that could decrypt)."))
    }

    fn keys(&self, secret: &Secret, salt: &[u8]) -> Arc<Keys> {
        let key = (secret.clone(), salt.to_vec());
        if let Some(keys) = self.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return keys.clone();
        }
        let keys = Arc::new(Keys::derive(&secret.0, salt));
        let mut cache = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= KEPT {
            cache.clear();
        }
        cache.insert(key, keys.clone());
        keys
    }

    /// The secret that encrypts: the first, or the first of a vault id.
    pub fn for_encrypting(&self, id: Option<&str>) -> Result<Option<(&str, &Secret)>> {
        let mut entries = self.entries.iter().map(|(id, secret)| (id.as_str(), secret));
        let Some(id) = id.filter(|id| !id.is_empty()) else { return Ok(entries.next()) };
        match entries.find(|(known, _)| *known == id) {
            Some(entry) => Ok(Some(entry)),
            None => {
                let known: Vec<String> = self.ids().map(envelope::quoted).collect();
                Err(Error::user(format!(
                    "Did not find a match for --encrypt-vault-id={id} in the known vault-ids [{}]",
                    known.join(", ")
                )))
            }
        }
    }
}

/// Encrypts data; a vault id other than the default one makes it format 1.2. Without a salt a random one is used.
pub fn encrypt(plain: &[u8], secret: &Secret, id: Option<&str>, salt: Option<&[u8]>) -> Result<String> {
    if is_vaulted(plain) {
        return Err(Error::user("input is already encrypted"));
    }
    let salt = match salt {
        Some(salt) => salt.to_vec(),
        None => {
            let mut salt = vec![0; 32];
            getrandom::fill(&mut salt).map_err(|e| Error::user(format!("no random bytes: {e}")))?;
            salt
        }
    };
    let keys = Keys::derive(&secret.0, &salt);
    Ok(envelope::write(&cipher::encrypt(plain, salt, &keys), id))
}

#[cfg(test)]
mod tests;
