//! Filters of hashes and encodings: `hash`, `checksum`, `b64encode`, `to_uuid`, `password_hash`.

use super::support::{Got, alone, caused, class_of, decoded, failed, no_attribute, opt_text, said, sig, some};
use crate::diag::Error;
use crate::template::pylib::codec;
use crate::template::pylib::crypt::{self, Refused, Scheme, Settings};
use crate::template::pylib::random::Random;
use crate::template::raise::Class;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};
use crate::value::str_repr;
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use blake2::{Blake2b512, Blake2s256};
use md5::Md5;
use ripemd::Ripemd160;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512, Sha512_224, Sha512_256};
use sha3::{Sha3_224, Sha3_256, Sha3_384, Sha3_512};
use sm3::Sm3;

/// Bytes as hexadecimal digits.
pub(in crate::template) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// The bytes that Ansible hashes: a string's, or those of its `str`.
fn bytes(cx: &mut Cx<'_>, input: &Obj) -> Result<Vec<u8>, Raise> {
    match input {
        Obj::Bytes(bytes) => Ok(bytes.to_vec()),
        other => cx.text(other).map(String::into_bytes),
    }
}

fn hashed(cx: &mut Cx<'_>, input: &Obj, kind: &str) -> Got {
    // Which hash it is shows before what is hashed; those without a length of their own fail at the end.
    if !kind.starts_with("shake") {
        digest(kind, &[])?;
    }
    let data = bytes(cx, input)?;
    digest(kind, &data).map(Obj::from)
}

fn digest(kind: &str, data: &[u8]) -> Result<String, Raise> {
    if matches!(kind.to_lowercase().as_str(), "blake2b" | "blake2s") && kind.chars().any(char::is_uppercase) {
        return Err(failed("hash", format!("unsupported hash type {kind}").trim_end()));
    }
    Ok(match kind.to_lowercase().as_str() {
        "md5" | "ssl3-md5" => hex(&Md5::digest(data)),
        "sha1" | "sha-1" | "ssl3-sha1" => hex(&Sha1::digest(data)),
        "md5-sha1" => hex(&Md5::digest(data)) + &hex(&Sha1::digest(data)),
        "sha224" | "sha-224" | "sha2-224" => hex(&Sha224::digest(data)),
        "sha256" | "sha-256" | "sha2-256" => hex(&Sha256::digest(data)),
        "sha384" | "sha-384" | "sha2-384" => hex(&Sha384::digest(data)),
        "sha512" | "sha-512" | "sha2-512" => hex(&Sha512::digest(data)),
        "sha512_224" | "sha512-224" | "sha-512/224" | "sha2-512/224" => hex(&Sha512_224::digest(data)),
        "sha512_256" | "sha512-256" | "sha-512/256" | "sha2-512/256" => hex(&Sha512_256::digest(data)),
        "sha3_224" | "sha3-224" => hex(&Sha3_224::digest(data)),
        "sha3_256" | "sha3-256" => hex(&Sha3_256::digest(data)),
        "sha3_384" | "sha3-384" => hex(&Sha3_384::digest(data)),
        "sha3_512" | "sha3-512" => hex(&Sha3_512::digest(data)),
        "blake2b" | "blake2b512" | "blake2b-512" => hex(&Blake2b512::digest(data)),
        "blake2s" | "blake2s256" | "blake2s-256" => hex(&Blake2s256::digest(data)),
        "shake_128" | "shake_256" | "shake-128" | "shake-256" | "shake128" | "shake256" => {
            return Err(Raise::type_error("hexdigest() missing required argument 'length' (pos 1)"));
        }
        "sm3" => hex(&Sm3::digest(data)),
        "ripemd160" | "ripemd-160" | "ripemd" | "rmd160" => hex(&Ripemd160::digest(data)),
        _ => return Err(failed("hash", format!("unsupported hash type {kind}").trim_end())),
    })
}

pub(super) fn hash(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [kind] = args.bind(&sig("get_hash", 1, ["hashtype"], 0))?;
    let kind = match &kind {
        None => "sha1".to_owned(),
        Some(Obj::Str(kind)) => kind.as_str().to_owned(),
        Some(_) => return Err(Raise::type_error("name must be a string")),
    };
    hashed(cx, &input, &kind)
}

pub(super) fn checksum(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "secure_hash_s")?;
    hashed(cx, &input, "sha1")
}

pub(super) fn md5(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "md5s")?;
    hashed(cx, &input, "md5")
}

fn decode(bytes: &[u8], encoding: &str) -> Result<String, Raise> {
    match codec::decode(bytes, encoding) {
        // Python keeps such bytes as surrogates, which no Rust string can hold.
        Err(raise) if raise.is(Class::Unicode) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        other => other,
    }
}

pub(super) fn b64encode(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [encoding, urlsafe] = args.bind(&sig("b64encode", 1, ["encoding", "urlsafe"], 0))?;
    let encoding = opt_text(cx, &encoding)?.unwrap_or_else(|| "utf-8".into());
    let urlsafe = urlsafe.truth(cx, false)?;
    let data = match &input {
        Obj::Bytes(bytes) => bytes.to_vec(),
        other => codec::encode(&cx.text(other)?, &encoding)?,
    };
    let engine =
        if urlsafe { base64::engine::general_purpose::URL_SAFE } else { base64::engine::general_purpose::STANDARD };
    Ok(engine.encode(data).into())
}

pub(super) fn b64decode(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [encoding, urlsafe] = args.bind(&sig("b64decode", 1, ["encoding", "urlsafe"], 0))?;
    let encoding = opt_text(cx, &encoding)?.unwrap_or_else(|| "utf-8".into());
    let urlsafe = urlsafe.truth(cx, false)?;
    let text = bytes(cx, &input)?;
    let bytes = base64_bytes(&text, urlsafe).map_err(Raise::value_error)?;
    decode(&bytes, &encoding).map(Obj::from)
}

/// `base64.b64decode`, which passes over characters that are none of its own.
fn base64_bytes(text: &[u8], urlsafe: bool) -> Result<Vec<u8>, String> {
    let extra: &[u8] = if urlsafe { b"-_" } else { b"+/" };
    let mut data = Vec::new();
    let mut padding = 0;
    for &byte in text {
        if byte == b'=' {
            padding += 1;
            // What follows complete padding is not read.
            if data.len() % 4 >= 2 && data.len() % 4 + padding >= 4 {
                break;
            }
        } else if byte.is_ascii_alphanumeric() || extra.contains(&byte) || (urlsafe && b"+/".contains(&byte)) {
            data.push(match byte {
                b'+' if urlsafe => b'-',
                b'/' if urlsafe => b'_',
                other => other,
            });
            padding = 0;
        }
    }
    match data.len() % 4 {
        0 => {}
        1 => {
            return Err(format!(
                "Invalid base64-encoded string: number of data characters ({}) cannot be 1 more than a multiple of 4",
                data.len()
            ));
        }
        rest if rest + padding < 4 => return Err("Incorrect padding".into()),
        _ => {}
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(if urlsafe { &URL_SAFE } else { &STANDARD }, config);
    engine.decode(data).map_err(|e| e.to_string())
}

pub(super) fn to_uuid(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [namespace] = args.bind(&sig("to_uuid", 1, ["namespace"], 0))?;
    let namespace = namespace.unwrap_or_else(|| "361E6D51-FAEC-444A-9079-341386DA8E2E".into());
    let wrong = |why: String| Err(Raise::ansible(why));
    let namespace = match &namespace {
        Obj::Str(text) => text.as_str(),
        Obj::None => return wrong("one of the hex, bytes, bytes_le, fields, or int arguments must be given".into()),
        Obj::Undefined(u) => return Err(u.used()),
        Obj::Bytes(_) => return wrong("a bytes-like object is required, not 'str'".into()),
        other => {
            let (shown, why) = (cx.text(other)?, no_attribute(other, "replace").text());
            return wrong(format!("Invalid value '{shown}' for 'namespace': {why}"));
        }
    };
    let Some(bytes) = uuid_bytes(namespace) else {
        return wrong(format!("Invalid value '{namespace}' for 'namespace': badly formed hexadecimal UUID string"));
    };
    Ok(uuid5(&bytes, &decoded(cx, &input)?).into())
}

fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let digits = text.replace("urn:", "").replace("uuid:", "").replace(['{', '}', '-'], "");
    if digits.len() != 32 {
        return None;
    }
    u128::from_str_radix(&digits, 16).ok().map(u128::to_be_bytes)
}

/// `uuid.uuid5`.
fn uuid5(namespace: &[u8; 16], name: &str) -> String {
    let digest = Sha1::new().chain_update(namespace).chain_update(name.as_bytes()).finalize();
    let mut bytes: Vec<u8> = digest.iter().copied().take(16).collect();
    if let Some(byte) = bytes.get_mut(6) {
        *byte = *byte & 0x0f | 0x50;
    }
    if let Some(byte) = bytes.get_mut(8) {
        *byte = *byte & 0x3f | 0x80;
    }
    let digits = hex(&bytes);
    let parts: Vec<String> = [0..8, 8..12, 12..16, 16..20, 20..32]
        .into_iter()
        .map(|range| digits.get(range).unwrap_or("").to_owned())
        .collect();
    parts.join("-")
}

pub(super) fn password_hash(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let params = ["hashtype", "salt", "salt_size", "rounds", "ident"];
    let [kind, salt, salt_size, rounds, ident] = args.bind(&sig("get_encrypted_password", 1, params, 0))?;
    let kind = match &kind {
        None => "sha512".into(),
        Some(kind) => cx.text(kind)?,
    };
    let Some(scheme) = Scheme::named(&kind) else {
        let text = format!("{kind} is not in the list of supported passlib algorithms: md5, blowfish, sha256, sha512");
        return Err(Raise::ansible(text.trim_start()));
    };
    let rounds = match &rounds {
        None | Some(Obj::None) => None,
        Some(Obj::Str(text)) => {
            let wrong =
                || Raise::value_error(format!("invalid literal for int() with base 10: {}", str_repr(text.as_str())));
            Some(text.as_str().trim().parse::<i64>().map_err(|_| wrong())?)
        }
        Some(_) => Some(rounds.int(0)?),
    };
    let salt_size = match some(salt_size) {
        None => None,
        Some(size) => Some(size.as_int().ok_or_else(|| Raise::type_error("salt_size must be an integer"))?),
    };
    let settings = Settings {
        salt: opt_text(cx, &salt)?,
        salt_size,
        rounds,
        ident: opt_text(cx, &ident)?.filter(|i| !i.is_empty()),
    };
    let Some(password) = said(&input) else {
        // What is wrong with the rest shows first.
        hashed_password(scheme, "", &scheme.quick(settings))?;
        let class = class_of(&input);
        let kind = if input.is_none() { "None" } else { class.trim_start_matches("<class '").trim_end_matches("'>") };
        return Err(Raise::type_error(format!("secret must be unicode or bytes, not {kind}")));
    };
    hashed_password(scheme, password, &settings)
}

/// The hash of a password, or what is wrong in Ansible's words.
pub(in crate::template) fn hashed_password(scheme: Scheme, password: &str, settings: &Settings) -> Got {
    match scheme.hash(password, settings, random_salt) {
        Ok(hash) => Ok(hash.into()),
        Err(Refused::Value(text)) => Err(caused(text, "Could not hash the secret.")),
        Err(Refused::Argument(text)) => Err(Raise::type_error(text)),
    }
}

/// The hash of a password by a scheme's name, for answers to prompts.
pub(crate) fn hash_password(
    scheme: &str,
    password: &str,
    salt: Option<String>,
    salt_size: Option<i64>,
) -> Result<String, Error> {
    let unknown = || Error::user(format!("passlib does not support '{scheme}' algorithm"));
    let scheme = Scheme::named(scheme).ok_or_else(unknown)?;
    let settings = Settings { salt, salt_size, ..Settings::default() };
    scheme.hash(password, &settings, random_salt).map_err(|refused| match refused {
        Refused::Value(text) => Error::user(text).context("Could not hash the secret."),
        Refused::Argument(text) => Error::user(text),
    })
}

/// A random salt of a length.
pub(in crate::template) fn random_salt(length: usize) -> Result<String, String> {
    let mut random = Random::system()?;
    let alphabet = crypt::salt_alphabet();
    let pick = |_| char::from(alphabet[(random.below(64) as usize) % 64]);
    Ok((0..length).map(pick).collect())
}
