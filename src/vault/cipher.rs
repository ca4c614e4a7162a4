//! AES256 of Ansible Vault: AES in counter mode, HMAC-SHA256 over the ciphertext, keys by PBKDF2.

use super::envelope::Parts;
use crate::diag::{Error, Result};
use aes::cipher::{KeyIvInit, StreamCipher};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// PBKDF2's rounds: part of the format.
const ROUNDS: u32 = 10_000;
/// AES's block, to which text is padded although counter mode needs none: part of the format.
const BLOCK: usize = 16;

/// What is derived from a password and a salt.
pub(super) struct Keys {
    cipher: [u8; 32],
    hmac: [u8; 32],
    counter: [u8; 16],
}

impl Keys {
    pub fn derive(password: &[u8], salt: &[u8]) -> Self {
        let mut derived = [0; 80];
        pbkdf2::pbkdf2_hmac::<Sha256>(password, salt, ROUNDS, &mut derived);
        let mut keys = Self { cipher: [0; 32], hmac: [0; 32], counter: [0; 16] };
        keys.cipher.copy_from_slice(&derived[..32]);
        keys.hmac.copy_from_slice(&derived[32..64]);
        keys.counter.copy_from_slice(&derived[64..]);
        keys
    }

    fn apply(&self, data: &mut [u8]) {
        ctr::Ctr128BE::<aes::Aes256>::new(&self.cipher.into(), &self.counter.into()).apply_keystream(data);
    }

    fn mac(&self, data: &[u8]) -> Result<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.hmac).map_err(|e| Error::user(e.to_string()))?;
        mac.update(data);
        Ok(mac)
    }
}

/// Encrypts and signs.
pub(super) fn encrypt(plain: &[u8], salt: Vec<u8>, keys: &Keys) -> Parts {
    let pad = BLOCK - plain.len() % BLOCK;
    let mut data = plain.to_vec();
    data.resize(plain.len() + pad, pad as u8);
    keys.apply(&mut data);
    let hmac = keys.mac(&data).map(|m| m.finalize().into_bytes().to_vec()).unwrap_or_default();
    Parts { salt, hmac, data }
}

/// Decrypts; None where the keys are not those of the text. The comparison takes constant time.
pub(super) fn decrypt(parts: &Parts, keys: &Keys) -> Result<Option<Vec<u8>>> {
    if keys.mac(&parts.data)?.verify_slice(&parts.hmac).is_err() {
        return Ok(None);
    }
    let mut plain = parts.data.clone();
    keys.apply(&mut plain);
    let pad = usize::from(plain.last().copied().unwrap_or(0));
    let padded = plain.len().is_multiple_of(BLOCK) && (1..=BLOCK).contains(&pad) && plain.len() >= pad;
    if !padded || plain[plain.len() - pad..].iter().any(|b| usize::from(*b) != pad) {
        return Err(Error::user("Invalid padding bytes."));
    }
    plain.truncate(plain.len() - pad);
    Ok(Some(plain))
}
