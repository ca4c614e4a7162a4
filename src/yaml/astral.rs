//! Characters beyond U+FFFF, which libyaml escapes (`"\U0001F389"`) and libyaml-safer does not.
//!
//! Before the emitter sees a text, each becomes a character that is escaped, then four of the private
//! use area that tell which it was: as wide as the escape, so that lines fold at the same place.

/// Is escaped as [`ESCAPED`].
const MARK: char = '\u{fffe}';
const ESCAPED: &str = "\\uFFFE";
const DIGITS: u32 = 0xe000;

/// Puts stand-ins in place of the characters.
pub(super) fn hide(text: String) -> String {
    if text.is_ascii() || text.chars().all(|c| c <= '\u{ffff}') {
        return text;
    }
    let mut out = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c <= '\u{ffff}' {
            out.push(c);
            continue;
        }
        out.push(MARK);
        for shift in [18, 12, 6, 0] {
            out.extend(char::from_u32(DIGITS + (c as u32 >> shift & 63)));
        }
    }
    out
}

/// Writes the escapes in place of the stand-ins.
pub(super) fn reveal(text: String) -> String {
    if !text.contains(ESCAPED) {
        return text;
    }
    let mut parts = text.split(ESCAPED);
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let mut code = 0;
        let mut chars = part.chars();
        let digits = chars.by_ref().take(4).filter(|c| (DIGITS..DIGITS + 64).contains(&(*c as u32)));
        let count = digits.inspect(|c| code = code << 6 | (*c as u32 - DIGITS)).count();
        if count == 4 {
            out.push_str(&format!("\\U{code:08X}"));
            out.push_str(chars.as_str());
        } else {
            out.push_str(ESCAPED);
            out.push_str(part);
        }
    }
    out
}
