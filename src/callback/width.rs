//! How many columns of a terminal a text takes.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The columns of a text; characters that are not printed count nothing.
pub fn width(text: &str) -> usize {
    if text.chars().any(char::is_control) {
        return text.chars().filter_map(UnicodeWidthChar::width).sum();
    }
    text.width()
}

#[cfg(test)]
mod tests {
    use super::width;

    #[test]
    fn wide_and_combining() {
        assert_eq!(width("TASK [漢字]"), 11);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("a\tb"), 2);
    }
}
