//! The text form of vaulted data: a header line, then hexadecimal digits in lines of 80.
//!
//! The digits are the hexadecimal form of three lines, which are themselves hexadecimal: salt, HMAC,
//! ciphertext.

use super::DEFAULT_ID;
use crate::diag::{Error, Result};
use std::fmt::Write;

/// A header's words and the digits after it.
pub(super) struct Envelope {
    pub cipher: String,
    pub id: Option<String>,
    pub body: Vec<u8>,
}

/// What the digits hold.
pub(super) struct Parts {
    pub salt: Vec<u8>,
    pub hmac: Vec<u8>,
    pub data: Vec<u8>,
}

/// Python's `repr` of a plain string.
pub(super) fn quoted(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    format!("{quote}{}{quote}", text.replace('\\', "\\\\"))
}

/// Splits text into header and digits.
pub(super) fn read(text: &[u8]) -> Result<Envelope> {
    let text = std::str::from_utf8(text).unwrap_or("");
    let mut lines = text.split(['\n', '\r']);
    let mut words = lines.next().unwrap_or("").trim().split(';').map(str::trim);
    let (_, version, cipher, id) = (words.next(), words.next(), words.next(), words.next());
    let (Some(_), Some(cipher)) = (version, cipher) else {
        return Err(Error::user("list index out of range").context("Vault envelope format error."));
    };
    Ok(Envelope { cipher: cipher.to_owned(), id: id.map(str::to_owned), body: lines.collect::<String>().into_bytes() })
}

/// Takes the three parts out of the digits.
pub(super) fn parts(body: &[u8]) -> Result<Parts> {
    let inner = unhex(body)?;
    let mut lines = inner.splitn(3, |b| *b == b'\n');
    let mut count = 0;
    let mut next = || {
        count += 1;
        lines.next().ok_or_else(|| {
            Error::user(format!("not enough values to unpack (expected 3, got {})", count - 1))
                .context("Vault vaulttext format error.")
        })
    };
    let (salt, hmac, data) = (next()?, next()?, next()?);
    Ok(Parts { salt: unhex(salt)?, data: unhex(data)?, hmac: unhex(hmac)? })
}

fn unhex(digits: &[u8]) -> Result<Vec<u8>> {
    let fail = |cause: &str| Error::user(cause).context("Vault format unhexlify error.");
    if digits.len() % 2 == 1 {
        return Err(fail("Odd-length string"));
    }
    let value = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let byte = |pair: &[u8]| match pair {
        [high, low] => Some(value(*high)? << 4 | value(*low)?),
        _ => None,
    };
    digits.chunks(2).map(byte).collect::<Option<Vec<u8>>>().ok_or_else(|| fail("Non-hexadecimal digit found"))
}

fn hex(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2);
    for b in bytes {
        // Writing to a String cannot fail.
        let _ = write!(out, "{b:02x}");
    }
    out
}

/// The text form of encrypted data.
pub(super) fn write(parts: &Parts, id: Option<&str>) -> String {
    let inner = [hex(&parts.salt), hex(&parts.hmac), hex(&parts.data)].join("\n");
    let digits = hex(inner.as_bytes());
    let mut out = match id.filter(|id| !id.is_empty() && *id != DEFAULT_ID) {
        Some(id) => format!("$ANSIBLE_VAULT;1.2;AES256;{id}\n"),
        None => "$ANSIBLE_VAULT;1.1;AES256\n".to_owned(),
    };
    let mut rest = digits.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(80));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out
}
