//! Filters of hashes and encodings: `hash`, `checksum`, `b64encode`, `to_uuid`, `password_hash`.

use super::support::{Got, alone, caused, opt_text, sig, some};
use crate::template::pylib::crypt::{self, Kind};
use crate::template::pylib::random::Random;
use crate::template::raise::Class;
use crate::template::{Arg, CallArgs, Cx, Obj, Raise};
use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

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
    let data = bytes(cx, input)?;
    Ok(match kind {
        "md5" => hex(&Md5::digest(&data)),
        "sha1" => hex(&Sha1::digest(&data)),
        "sha224" => hex(&Sha224::digest(&data)),
        "sha256" => hex(&Sha256::digest(&data)),
        "sha384" => hex(&Sha384::digest(&data)),
        "sha512" => hex(&Sha512::digest(&data)),
        "sha3_224" | "sha3_256" | "sha3_384" | "sha3_512" | "blake2b" | "blake2s" | "shake_128" | "shake_256" => {
            return Err(Raise::unsupported(format!("The hash '{kind}' is not supported yet.")));
        }
        other => return Err(Raise::ansible(format!("unsupported hash type {other}"))),
    }
    .into())
}

pub(super) fn hash(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [kind] = args.bind(&sig("get_hash", 1, ["hashtype"], 0))?;
    let kind = opt_text(cx, &kind)?.unwrap_or_else(|| "sha1".into());
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

/// The text in an encoding.
fn encode(text: &str, encoding: &str) -> Result<Vec<u8>, Raise> {
    let units = || text.encode_utf16();
    Ok(match encoding.to_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" => text.as_bytes().to_vec(),
        "utf-16-le" | "utf-16le" => units().flat_map(u16::to_le_bytes).collect(),
        "utf-16-be" | "utf-16be" => units().flat_map(u16::to_be_bytes).collect(),
        "utf-16" => [0xff, 0xfe].into_iter().chain(units().flat_map(u16::to_le_bytes)).collect(),
        name @ ("latin-1" | "latin1" | "iso-8859-1" | "ascii" | "us-ascii") => {
            let (limit, shown) = if name.contains("ascii") { (128, "ascii") } else { (256, "latin-1") };
            let mut out = Vec::new();
            for (i, c) in text.chars().enumerate() {
                match u8::try_from(c).ok().filter(|b| u32::from(*b) < limit) {
                    Some(byte) => out.push(byte),
                    None => {
                        let shown_char = crate::value::str_repr(&format!("{c}"));
                        return Err(Raise::python(
                            Class::Unicode,
                            format!(
                                "'{shown}' codec can't encode character {shown_char} in position {i}: ordinal not in range({limit})"
                            ),
                        ));
                    }
                }
            }
            out
        }
        _ => return Err(unknown_encoding(encoding)),
    })
}

/// Python raises LookupError for a codec it does not know; rplay knows fewer.
fn unknown_encoding(encoding: &str) -> Raise {
    Raise::unsupported(format!("The encoding '{encoding}' is not supported."))
}

fn decode(bytes: &[u8], encoding: &str) -> Result<String, Raise> {
    let units = |from: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units: Vec<u16> = bytes.chunks_exact(2).map(|c| from([c[0], c[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    Ok(match encoding.to_lowercase().replace('_', "-").as_str() {
        "utf-8" | "utf8" | "ascii" | "us-ascii" => String::from_utf8_lossy(bytes).into_owned(),
        "utf-16-le" | "utf-16le" => units(u16::from_le_bytes, bytes),
        "utf-16-be" | "utf-16be" => units(u16::from_be_bytes, bytes),
        "utf-16" => match bytes {
            [0xff, 0xfe, rest @ ..] => units(u16::from_le_bytes, rest),
            [0xfe, 0xff, rest @ ..] => units(u16::from_be_bytes, rest),
            rest => units(u16::from_le_bytes, rest),
        },
        "latin-1" | "latin1" | "iso-8859-1" => bytes.iter().map(|b| char::from(*b)).collect(),
        _ => return Err(unknown_encoding(encoding)),
    })
}

pub(super) fn b64encode(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let [encoding, urlsafe] = args.bind(&sig("b64encode", 1, ["encoding", "urlsafe"], 0))?;
    let encoding = opt_text(cx, &encoding)?.unwrap_or_else(|| "utf-8".into());
    let urlsafe = urlsafe.truth(cx, false)?;
    let data = match &input {
        Obj::Bytes(bytes) => bytes.to_vec(),
        other => encode(&cx.text(other)?, &encoding)?,
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
    let text = cx.text(&input)?;
    let namespace = opt_text(cx, &namespace)?.unwrap_or_else(|| "361E6D51-FAEC-444A-9079-341386DA8E2E".into());
    let Some(bytes) = uuid_bytes(&namespace) else {
        return Err(Raise::ansible(format!(
            "Invalid value '{namespace}' for 'namespace': badly formed hexadecimal UUID string"
        )));
    };
    Ok(uuid5(&bytes, &text).into())
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
    let [kind, salt, salt_size, rounds, _ident] = args.bind(&sig("get_encrypted_password", 1, params, 0))?;
    let kind = opt_text(cx, &kind)?.unwrap_or_else(|| "sha512".into());
    let (kind, usual_rounds) = match kind.as_str() {
        "sha512" | "sha512_crypt" => (Kind::Sha512, 656_000),
        "sha256" | "sha256_crypt" => (Kind::Sha256, 535_000),
        "md5" | "md5_crypt" | "blowfish" | "bcrypt" => {
            return Err(Raise::unsupported(format!("The password hash '{kind}' is not supported yet.")));
        }
        other => {
            return Err(Raise::ansible(format!(
                "{other} is not in the list of supported passlib algorithms: md5, blowfish, sha256, sha512"
            )));
        }
    };
    let Some(password) = input.as_str() else {
        return Err(Raise::type_error(format!("secret must be unicode or bytes, not {}", input.type_name())));
    };
    let salt = match opt_text(cx, &salt)?.filter(|s| !s.is_empty()) {
        Some(salt) => salt,
        None => random_salt(usize::try_from(some(salt_size).int(16)?).unwrap_or(16).clamp(1, 16))?,
    };
    if salt.bytes().any(|b| !crypt::salt_alphabet().contains(&b)) {
        let name = if kind == Kind::Sha512 { "sha512_crypt" } else { "sha256_crypt" };
        return Err(caused(format!("invalid characters in {name} salt"), "Could not hash the secret."));
    }
    let rounds = some(rounds).int(usual_rounds)?;
    if rounds < 1000 {
        let name = if kind == Kind::Sha512 { "sha512_crypt" } else { "sha256_crypt" };
        let cause = format!("{name}: min_desired_rounds ({rounds}) is too low, must be at least 1000");
        return Err(caused(cause, "Could not hash the secret."));
    }
    let rounds = u32::try_from(rounds).unwrap_or(u32::MAX);
    Ok(crypt::sha_crypt(kind, password, &salt, rounds).into())
}

fn random_salt(length: usize) -> Result<String, Raise> {
    let mut random = Random::system().map_err(|e| Raise::python(Class::Os, e))?;
    let alphabet = crypt::salt_alphabet();
    let pick = |_| char::from(alphabet[(random.below(64) as usize) % 64]);
    Ok((0..length).map(pick).collect())
}
