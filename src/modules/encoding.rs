//! Encodings of a file's text, by Python's names for the common ones.
//!
//! Bytes that are not UTF-8 (or ASCII) stand as private characters while the text is edited, as Python's
//! `surrogateescape` does with surrogates, and become the same bytes again.

/// How text is written as bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    Utf16 {
        big: bool,
        mark: bool,
    },
    /// One of the many others.
    Other(&'static encoding_rs::Encoding),
}

/// The character that stands for byte 0.
const ESCAPE: u32 = 0x10_FF00;

impl Encoding {
    pub(super) fn of(name: &str) -> Result<Self, String> {
        Ok(match name.to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
            "utf-8" | "utf8" | "u8" | "cp65001" => Self::Utf8,
            "ascii" | "us-ascii" | "646" => Self::Ascii,
            "latin-1" | "latin1" | "latin" | "iso-8859-1" | "iso8859-1" | "8859" | "l1" | "cp819" => Self::Latin1,
            "utf-16" | "utf16" | "u16" => Self::Utf16 { big: false, mark: true },
            "utf-16-le" | "utf-16le" => Self::Utf16 { big: false, mark: false },
            "utf-16-be" | "utf-16be" => Self::Utf16 { big: true, mark: false },
            other => Self::Other(legacy(other).ok_or_else(|| format!("unknown encoding: {name}"))?),
        })
    }

    /// Whether a line's end is more than one byte.
    pub(super) fn is_wide(self) -> bool {
        matches!(self, Self::Utf16 { .. })
    }

    /// The text, and whether bytes in it stand as private characters.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<(String, bool), String> {
        match self {
            Self::Utf8 => Ok(match std::str::from_utf8(bytes) {
                Ok(text) => (text.to_owned(), false),
                Err(_) => (escaped(bytes), true),
            }),
            Self::Ascii => {
                let shown = |byte: &u8| if byte.is_ascii() { char::from(*byte) } else { escape(*byte) };
                Ok((bytes.iter().map(shown).collect(), !bytes.is_ascii()))
            }
            Self::Latin1 => Ok((bytes.iter().map(|byte| char::from(*byte)).collect(), false)),
            Self::Other(encoding) => match encoding.decode_without_bom_handling_and_without_replacement(bytes) {
                Some(text) => Ok((text.into_owned(), false)),
                None => Err(format!("the file is not the {} that was asked for", encoding.name().to_lowercase())),
            },
            Self::Utf16 { big, mark } => {
                let (big, bytes) = match bytes {
                    [0xFF, 0xFE, rest @ ..] if mark => (false, rest),
                    [0xFE, 0xFF, rest @ ..] if mark => (true, rest),
                    all => (big, all),
                };
                let units = bytes.chunks(2).map(|pair| match pair {
                    [a, b] => Some(if big { u16::from_be_bytes([*a, *b]) } else { u16::from_le_bytes([*a, *b]) }),
                    _ => None,
                });
                let units: Option<Vec<u16>> = units.collect();
                let text = units.and_then(|units| String::from_utf16(&units).ok());
                text.map(|text| (text, false)).ok_or_else(|| "the file is not the utf-16 that was asked for".into())
            }
        }
    }

    pub(super) fn encode(self, text: &str, escaped: bool) -> Result<Vec<u8>, String> {
        let narrow = |limit: u32, name: &str| {
            let mut out = Vec::with_capacity(text.len());
            for c in text.chars() {
                match u8::try_from(u32::from(c)) {
                    Ok(byte) if u32::from(c) < limit => out.push(byte),
                    _ => match raw(c).filter(|_| escaped) {
                        Some(byte) => out.push(byte),
                        None => return Err(format!("'{name}' codec can't encode character '{}'", c.escape_unicode())),
                    },
                }
            }
            Ok(out)
        };
        match self {
            Self::Utf8 if !escaped => Ok(text.as_bytes().to_vec()),
            Self::Utf8 => {
                let mut out = Vec::with_capacity(text.len());
                for c in text.chars() {
                    match raw(c) {
                        Some(byte) => out.push(byte),
                        None => out.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
                    }
                }
                Ok(out)
            }
            Self::Ascii => narrow(128, "ascii"),
            Self::Latin1 => narrow(256, "latin-1"),
            Self::Other(encoding) => match encoding.encode(text) {
                (bytes, _, false) => Ok(bytes.into_owned()),
                (.., true) => Err(format!("'{}' codec can't encode the text", encoding.name().to_lowercase())),
            },
            Self::Utf16 { big, mark } => {
                let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
                Ok(units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect())
            }
        }
    }
}

/// An encoding by Python's names, which are mostly the web's too; in small letters, with hyphens.
fn legacy(name: &str) -> Option<&'static encoding_rs::Encoding> {
    let label = match name {
        "936" | "cp936" | "ms936" => "gbk",
        "euccn" | "euc-cn" | "eucgb2312-cn" | "gb2312-80" => "gb2312",
        "gb18030-2000" => "gb18030",
        "big5-tw" | "cp950" | "950" | "ms950" => "big5",
        "s-jis" | "shiftjis" | "cp932" | "932" | "ms932" | "mskanji" | "ms-kanji" => "shift_jis",
        "eucjp" | "ujis" | "u-jis" => "euc-jp",
        "iso2022-jp" => "iso-2022-jp",
        "euckr" | "cp949" | "949" | "ms949" | "uhc" => "euc-kr",
        "mac-roman" | "macroman" => "macintosh",
        "mac-cyrillic" | "maccyrillic" => "x-mac-cyrillic",
        "tis620" | "tis-620-0" => "tis-620",
        other => other,
    };
    let dashed = encoding_rs::Encoding::for_label(label.as_bytes());
    let found = dashed.or_else(|| encoding_rs::Encoding::for_label(label.replace('-', "_").as_bytes()))?;
    // What the web refuses, and what it has for its own ends, Python does not know.
    (found != encoding_rs::REPLACEMENT && found != encoding_rs::X_USER_DEFINED).then_some(found)
}

fn escape(byte: u8) -> char {
    char::from_u32(ESCAPE + u32::from(byte)).unwrap_or(char::REPLACEMENT_CHARACTER)
}

fn raw(c: char) -> Option<u8> {
    u32::from(c).checked_sub(ESCAPE).and_then(|byte| u8::try_from(byte).ok()).filter(|byte| !byte.is_ascii())
}

fn escaped(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(chunk.invalid().iter().map(|byte| escape(*byte)));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Encoding;

    #[test]
    fn by_pythons_names() {
        for (name, bytes, text) in [
            ("gbk", &b"\xc4\xe3\xba\xc3"[..], "你好"),
            ("CP936", b"\xc4\xe3", "你"),
            ("shift_jis", b"\x82\xb1", "こ"),
            ("sjis", b"\x82\xb1", "こ"),
            ("euc_jp", b"\xa4\xb3", "こ"),
            ("cp1251", b"\xcf", "П"),
            ("windows-1251", b"\xcf", "П"),
            ("koi8_r", b"\xf0", "П"),
            ("iso8859-2", b"\xa1", "Ą"),
            ("latin2", b"\xa1", "Ą"),
            ("big5", b"\xa7\x41", "你"),
        ] {
            let encoding = Encoding::of(name).unwrap_or_else(|e| panic!("{e}"));
            assert_eq!(encoding.decode(bytes), Ok((text.to_owned(), false)), "{name}");
            assert_eq!(encoding.encode(text, false).as_deref(), Ok(bytes), "{name}");
        }
        assert_eq!(Encoding::of("nope"), Err("unknown encoding: nope".to_owned()));
        assert!(Encoding::of("gbk").and_then(|gbk| gbk.decode(b"\xc4")).is_err());
    }
}
