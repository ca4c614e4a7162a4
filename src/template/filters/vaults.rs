//! Filters of Ansible Vault: `vault` and `unvault`.

use super::internal::Encrypted;
use super::support::{Got, caused, class_of, given, opt_text, said, sig, some};
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};
use crate::value::Text;
use crate::vault::{Secret, Secrets, encrypt, is_vaulted};
use std::rc::Rc;

/// The vault id where none is given.
const ID: &str = "filter_default";

/// The vault id; `vaultid` is its old name.
fn id(cx: &mut Cx<'_>, vault_id: &Option<Obj>, old: &Option<Obj>) -> Result<String, Raise> {
    let id = opt_text(cx, vault_id)?.unwrap_or_else(|| ID.into());
    let old = opt_text(cx, old)?;
    if old.is_some() {
        cx.deprecate("Use of undocumented `vaultid`.", "2.20", "Use `vault_id` instead.");
    }
    match old {
        Some(old) if id == ID => Ok(old),
        Some(_) => {
            cx.warn("Ignoring vaultid as vault_id is already set.");
            Ok(id)
        }
        None => Ok(id),
    }
}

pub(super) fn vault(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let params = ["secret", "salt", "vault_id", "wrap_object", "vaultid"];
    let [secret, salt, vault_id, wrap, old] = args.bind(&sig("do_vault", 1, params, 1))?;
    let secret = given(secret);
    let Some(password) = said(&secret) else {
        let class = class_of(&secret);
        return Err(Raise::type_error(format!("Secret passed is required to be a string, instead we got {class}.")));
    };
    let Some(data) = said(&input) else {
        let class = class_of(&input);
        return Err(Raise::type_error(format!("Can only vault strings, instead we got {class}.")));
    };
    let id = id(cx, &vault_id, &old)?;
    let wrap = wrap.truth(cx, false)?;
    let salt = opt_text(cx, &some(salt))?;
    let secret = Secret::new(password.as_bytes());
    match encrypt(data.as_bytes(), &secret, Some(&id), salt.as_deref().map(str::as_bytes)) {
        Ok(text) if wrap => Ok(Obj::Special(Rc::new(Encrypted(Text::data(text))))),
        Ok(text) => Ok(text.into()),
        Err(error) => Err(caused(error.line(), "Unable to encrypt.")),
    }
}

pub(super) fn unvault(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [secret, vault_id, old] = args.bind(&sig("do_unvault", 1, ["secret", "vault_id", "vaultid"], 1))?;
    // An inline vaulted value stands for its encrypted text, whether or not it could be decrypted.
    let input = match cx.cipher(&input) {
        Some(cipher) => Obj::from(cipher),
        None => input,
    };
    for arg in [Some(&input), secret.as_ref()].into_iter().flatten() {
        if arg.is_marker() {
            return Ok(arg.clone());
        }
    }
    let secret = given(secret);
    let Some(password) = said(&secret) else {
        let class = class_of(&secret);
        return Err(Raise::type_error(format!("Secret passed is required to be as string, instead we got {class}.")));
    };
    let Some(text) = input.as_str() else {
        let class = class_of(&input);
        return Err(Raise::type_error(format!("Vault should be in the form of a string, instead we got {class}.")));
    };
    let id = id(cx, &vault_id, &old)?;
    if !is_vaulted(text.as_bytes()) {
        return Ok(text.into());
    }
    let mut secrets = Secrets::new();
    secrets.push(id, Secret::new(password.as_bytes()));
    match secrets.decrypt(text.as_bytes()) {
        Ok(plain) => Ok(String::from_utf8_lossy(&plain).into_owned().into()),
        Err(error) => Err(caused(error.line(), "Unable to decrypt.")),
    }
}
