//! Text encodings by Python's names, for filters and lookups that have an option `encoding`.
//!
//! UTF-8, UTF-16, UTF-32, ASCII and Latin-1 are ours; others are those of the Encoding Standard, under the
//! names that Python gives them.

use crate::template::Raise;
use crate::template::raise::Class;
use encoding_rs::Encoding;

enum Codec {
    Utf8,
    /// UTF-8 with a mark before it.
    Utf8Sig,
    /// 16 or 32 bits a unit; little-endian first where the order is not named.
    Wide {
        bits: usize,
        big: Option<bool>,
    },
    /// One byte a character below the limit, under the name that errors show.
    Narrow(u32, &'static str),
    Other(&'static Encoding),
}

/// Python raises LookupError for a codec that it does not know.
fn find(name: &str) -> Result<Codec, Raise> {
    let plain = name.trim().to_lowercase().replace(['_', ' '], "-");
    Ok(match plain.as_str() {
        "utf-8" | "utf8" | "u8" | "utf" | "cp65001" => Codec::Utf8,
        "utf-8-sig" => Codec::Utf8Sig,
        "ascii" | "us-ascii" | "646" => Codec::Narrow(128, "ascii"),
        "latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819" => {
            Codec::Narrow(256, "latin-1")
        }
        "utf-16" | "utf16" | "u16" => Codec::Wide { bits: 16, big: None },
        "utf-16-le" | "utf-16le" => Codec::Wide { bits: 16, big: Some(false) },
        "utf-16-be" | "utf-16be" => Codec::Wide { bits: 16, big: Some(true) },
        "utf-32" | "utf32" | "u32" => Codec::Wide { bits: 32, big: None },
        "utf-32-le" | "utf-32le" => Codec::Wide { bits: 32, big: Some(false) },
        "utf-32-be" | "utf-32be" => Codec::Wide { bits: 32, big: Some(true) },
        other => match standard(other) {
            Some(encoding) => Codec::Other(encoding),
            None => return Err(Raise::python(Class::Key, format!("unknown encoding: {name}"))),
        },
    })
}

/// An encoding of the Encoding Standard by Python's name for it.
fn standard(name: &str) -> Option<&'static Encoding> {
    let label = match name {
        "mac-roman" | "macroman" => "macintosh".to_owned(),
        "euc-jp" | "shift-jis" | "big5" | "gbk" | "gb18030" | "euc-kr" | "koi8-r" | "koi8-u" | "iso2022-jp" => {
            name.replace("iso2022", "iso-2022")
        }
        "sjis" | "eucjp" | "gb2312" | "euckr" => name.to_owned(),
        other => match other.strip_prefix("cp").or_else(|| other.strip_prefix("windows-")) {
            Some(page @ ("1250" | "1251" | "1252" | "1253" | "1254" | "1255" | "1256" | "1257" | "1258" | "874")) => {
                format!("windows-{page}")
            }
            Some("866") => "ibm866".to_owned(),
            Some(_) => return None,
            None => match other.strip_prefix("iso8859-").or_else(|| other.strip_prefix("iso-8859-")) {
                // The standard reads Latin-5 and Thai as Windows does, with more characters.
                Some("9" | "11") | None => return None,
                Some(part) => format!("iso-8859-{part}"),
            },
        },
    };
    Encoding::for_label_no_replacement(label.as_bytes())
}

/// The bytes of a text.
pub fn encode(text: &str, encoding: &str) -> Result<Vec<u8>, Raise> {
    let with_mark = |mark: &[u8], rest: Vec<u8>| mark.iter().copied().chain(rest).collect();
    Ok(match find(encoding)? {
        Codec::Utf8 => text.as_bytes().to_vec(),
        Codec::Utf8Sig => with_mark(b"\xef\xbb\xbf", text.as_bytes().to_vec()),
        Codec::Wide { bits: 16, big: Some(true) } => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        Codec::Wide { bits: 16, big } => {
            let units = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
            if big.is_none() { with_mark(b"\xff\xfe", units) } else { units }
        }
        Codec::Wide { big: Some(true), .. } => text.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect(),
        Codec::Wide { big, .. } => {
            let units = text.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
            if big.is_none() { with_mark(b"\xff\xfe\0\0", units) } else { units }
        }
        Codec::Narrow(limit, shown) => {
            let byte = |(at, c): (usize, char)| match u8::try_from(c).ok().filter(|b| u32::from(*b) < limit) {
                Some(byte) => Ok(byte),
                None => {
                    let run = text.chars().skip(at).take_while(|c| u32::from(*c) >= limit).count();
                    Err(match run {
                        2.. => Raise::python(
                            Class::Unicode,
                            format!(
                                "'{shown}' codec can't encode characters in position {at}-{}: ordinal not in range({limit})",
                                at + run - 1
                            ),
                        ),
                        _ => unencodable(shown, c, at, &format!("ordinal not in range({limit})")),
                    })
                }
            };
            text.chars().enumerate().map(byte).collect::<Result<_, _>>()?
        }
        Codec::Other(codec) => {
            let (bytes, _, lossy) = codec.encode(text);
            if lossy {
                // Which character it was, found one at a time.
                let bad = text.chars().enumerate().find(|(_, c)| codec.encode(&c.to_string()).2);
                let (at, c) = bad.unwrap_or((0, '\u{fffd}'));
                return Err(unencodable("charmap", c, at, "character maps to <undefined>"));
            }
            bytes.into_owned()
        }
    })
}

fn unencodable(codec: &str, c: char, at: usize, why: &str) -> Raise {
    let shown = match u32::from(c) {
        code @ 0..=0xff => format!("'\\x{code:02x}'"),
        code @ 0x100..=0xffff => format!("'\\u{code:04x}'"),
        code => format!("'\\U{code:08x}'"),
    };
    Raise::python(Class::Unicode, format!("'{codec}' codec can't encode character {shown} in position {at}: {why}"))
}

fn undecodable(codec: &str, byte: u8, at: usize, why: &str) -> Raise {
    let text = format!("'{codec}' codec can't decode byte 0x{byte:02x} in position {at}: {why}");
    Raise::python(Class::Unicode, text)
}

/// What makes bytes no UTF-8, in Python's words.
pub fn not_utf8(error: &std::str::Utf8Error, bytes: &[u8]) -> Raise {
    let at = error.valid_up_to();
    let byte = bytes.get(at).copied().unwrap_or(0);
    match error.error_len() {
        None if bytes.len() - at > 1 => {
            let text = format!(
                "'utf-8' codec can't decode bytes in position {at}-{}: unexpected end of data",
                bytes.len() - 1
            );
            Raise::python(Class::Unicode, text)
        }
        None => undecodable("utf-8", byte, at, "unexpected end of data"),
        // A byte that cannot begin a character, or one that lacks what must follow it.
        Some(_) if matches!(byte, 0xc2..=0xf4) => undecodable("utf-8", byte, at, "invalid continuation byte"),
        Some(_) => undecodable("utf-8", byte, at, "invalid start byte"),
    }
}

/// The text of bytes; an error where they are none in that encoding.
pub fn decode(bytes: &[u8], encoding: &str) -> Result<String, Raise> {
    let utf8 = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).map_err(|e| not_utf8(&e, bytes));
    match find(encoding)? {
        Codec::Utf8 => utf8(bytes),
        Codec::Utf8Sig => utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)),
        Codec::Narrow(limit, shown) => match bytes.iter().position(|b| u32::from(*b) >= limit) {
            Some(at) => Err(undecodable(shown, bytes[at], at, &format!("ordinal not in range({limit})"))),
            None => Ok(bytes.iter().map(|b| char::from(*b)).collect()),
        },
        Codec::Wide { bits, big } => wide(bytes, bits / 8, big),
        Codec::Other(codec) => match codec.decode_without_bom_handling_and_without_replacement(bytes) {
            Some(text) => Ok(text.into_owned()),
            None => {
                let bad = (0..bytes.len())
                    .find(|at| codec.decode_without_bom_handling_and_without_replacement(&bytes[..=*at]).is_none());
                let at = bad.unwrap_or(0);
                Err(undecodable("charmap", bytes.get(at).copied().unwrap_or(0), at, "character maps to <undefined>"))
            }
        },
    }
}

/// Text of units of two or four bytes.
fn wide(bytes: &[u8], size: usize, big: Option<bool>) -> Result<String, Raise> {
    let little_mark: &[u8] = if size == 2 { b"\xff\xfe" } else { b"\xff\xfe\0\0" };
    let big_mark: &[u8] = if size == 2 { b"\xfe\xff" } else { b"\0\0\xfe\xff" };
    let (bytes, big) = match big {
        Some(big) => (bytes, big),
        None => match (bytes.strip_prefix(little_mark), bytes.strip_prefix(big_mark)) {
            (Some(rest), _) => (rest, false),
            (_, Some(rest)) => (rest, true),
            _ => (bytes, false),
        },
    };
    let name = format!("utf-{}-{}", size * 8, if big { "be" } else { "le" });
    if bytes.len() % size != 0 {
        let at = bytes.len() / size * size;
        return Err(undecodable(&name, bytes.get(at).copied().unwrap_or(0), at, "truncated data"));
    }
    let units = bytes.chunks_exact(size).map(|chunk| {
        let fold = |unit: u32, byte: &u8| unit << 8 | u32::from(*byte);
        if big { chunk.iter().fold(0, fold) } else { chunk.iter().rev().fold(0, fold) }
    });
    let illegal = || undecodable(&name, 0, 0, "illegal encoding");
    if size == 4 {
        return units.map(|unit| char::from_u32(unit).ok_or_else(illegal)).collect();
    }
    let units: Vec<u16> = units.map(|unit| unit as u16).collect();
    String::from_utf16(&units).map_err(|_| illegal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn both(text: &str, encoding: &str, bytes: &[u8]) {
        assert_eq!(encode(text, encoding).unwrap(), bytes);
        assert_eq!(decode(bytes, encoding).unwrap(), text);
    }

    #[test]
    fn there_and_back() {
        both("é", "latin-1", b"\xe9");
        both("é", "ISO8859_1", b"\xe9");
        both("€", "cp1252", b"\x80");
        both("€", "iso8859-15", b"\xa4");
        both("a", "utf-16", b"\xff\xfea\0");
        both("a", "utf_32_be", b"\0\0\0a");
        both("a", "utf-8-sig", b"\xef\xbb\xbfa");
        both("Я", "koi8_r", b"\xf1");
    }

    #[test]
    fn errors_are_pythons() {
        let text = |r: Result<String, Raise>| r.unwrap_err().text();
        assert_eq!(
            text(decode(b"a\xff", "utf-8")),
            "'utf-8' codec can't decode byte 0xff in position 1: invalid start byte"
        );
        assert_eq!(
            text(decode(b"\xe9a", "utf-8")),
            "'utf-8' codec can't decode byte 0xe9 in position 0: invalid continuation byte"
        );
        assert_eq!(
            text(decode(b"\xc3", "utf-8")),
            "'utf-8' codec can't decode byte 0xc3 in position 0: unexpected end of data"
        );
        assert_eq!(text(decode(b"x", "nope")), "unknown encoding: nope");
        assert_eq!(
            encode("é", "ascii").unwrap_err().text(),
            "'ascii' codec can't encode character '\\xe9' in position 0: ordinal not in range(128)"
        );
    }
}
