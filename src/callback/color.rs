//! Colours by their names in ansible.cfg, as codes for a terminal.
//!
//! Each line of a coloured text is wrapped on its own, empty ones too, as ansible-core does.

/// What a text is, which decides its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// `color_changed`.
    Changed,
    /// `color_debug`.
    Debug,
    /// `color_deprecate`.
    Deprecate,
    /// `color_diff_add`.
    DiffAdd,
    /// `color_diff_lines`.
    DiffLines,
    /// `color_diff_remove`.
    DiffRemove,
    /// `color_error`.
    Error,
    /// `color_highlight`.
    Highlight,
    /// `color_included`.
    Included,
    /// `color_ok`.
    Ok,
    /// `color_skip`.
    Skip,
    /// `color_unreachable`.
    Unreachable,
    /// `color_verbose`.
    Verbose,
    /// `color_warn`.
    Warn,
}

const ROLES: usize = Role::Warn as usize + 1;

/// The code of each role, in the order of [`Role`].
#[derive(Clone, Debug)]
pub struct Colors([String; ROLES]);

impl Default for Colors {
    /// The colours that ansible-core has without settings.
    fn default() -> Self {
        Self(
            [
                "0;33", "1;30", "0;35", "0;32", "0;36", "0;31", "0;31", "1;37", "0;36", "0;32", "0;36", "1;31", "0;34",
                "1;35",
            ]
            .map(String::from),
        )
    }
}

impl Colors {
    /// Sets a role's colour by its name; false where there is no such colour.
    pub fn set(&mut self, role: Role, name: &str) -> bool {
        let code = code(name);
        let known = code.is_some();
        if let Some(code) = code {
            self.0[role as usize] = code;
        }
        known
    }

    /// A text in a role's colour.
    pub fn paint(&self, text: &str, role: Role) -> String {
        let code = &self.0[role as usize];
        text.split('\n').map(|line| format!("\x1b[{code}m{line}\x1b[0m")).collect::<Vec<_>>().join("\n")
    }
}

/// The names that stand for one code, sorted.
static NAMES: &[(&str, &str)] = &[
    ("black", "0;30"),
    ("blue", "0;34"),
    ("bright blue", "1;34"),
    ("bright cyan", "1;36"),
    ("bright gray", "0;37"),
    ("bright green", "1;32"),
    ("bright magenta", "1;35"),
    ("bright purple", "1;35"),
    ("bright red", "1;31"),
    ("bright yellow", "1;33"),
    ("cyan", "0;36"),
    ("dark gray", "1;30"),
    ("green", "0;32"),
    ("magenta", "0;35"),
    ("normal", "0"),
    ("purple", "0;35"),
    ("red", "0;31"),
    ("white", "1;37"),
    ("yellow", "0;33"),
];

/// The code of a colour's name; also `color123`, `rgb012` and `gray12`.
fn code(name: &str) -> Option<String> {
    if let Ok(i) = NAMES.binary_search_by(|(known, _)| known.cmp(&name)) {
        return Some(NAMES[i].1.to_owned());
    }
    if let Some(n) = name.strip_prefix("color").and_then(leading_number) {
        return Some(format!("38;5;{n}"));
    }
    if let Some(rgb) = name.strip_prefix("rgb").and_then(|digits| digits.get(..3)) {
        let levels: Vec<u32> = rgb.chars().filter_map(|c| c.to_digit(6)).collect();
        if let [red, green, blue] = levels[..] {
            return Some(format!("38;5;{}", 16 + 36 * red + 6 * green + blue));
        }
    }
    name.strip_prefix("gray").and_then(leading_number).map(|n| format!("38;5;{}", 232u64.saturating_add(n)))
}

fn leading_number(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(code("bright red").as_deref(), Some("1;31"));
        assert_eq!(code("color33").as_deref(), Some("38;5;33"));
        assert_eq!(code("rgb123").as_deref(), Some("38;5;67"));
        assert_eq!(code("gray3").as_deref(), Some("38;5;235"));
        assert_eq!(code("pink"), None);
        assert_eq!(code("rgb9é"), None);
    }

    #[test]
    fn each_line_is_wrapped() {
        let mut colors = Colors::default();
        assert_eq!(colors.paint("a\n", Role::Ok), "\x1b[0;32ma\x1b[0m\n\x1b[0;32m\x1b[0m");
        assert!(colors.set(Role::Ok, "blue"));
        assert_eq!(colors.paint("a", Role::Ok), "\x1b[0;34ma\x1b[0m");
    }
}
