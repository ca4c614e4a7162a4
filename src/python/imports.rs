//! What a Python file imports, read without Python.
//!
//! Only `import` and `from … import` statements matter, wherever they stand: as ansible-core's own scan, one inside
//! a block (`try:`, `if`, a function) may lead to nothing, one at the top may not. Strings and comments are passed over.

/// One name that is imported.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Import {
    /// The module's parts; after `from a import b`, `b` is the last of them and may be anything in `a`.
    pub parts: Vec<String>,
    /// How many dots precede it.
    pub level: usize,
    /// Whether it stands inside a block.
    pub optional: bool,
}

/// All imports of a file, in order.
pub fn imports(source: &str) -> Vec<Import> {
    let mut found = Vec::new();
    for line in logical_lines(source) {
        for (at, words) in line.statements.iter().enumerate() {
            let optional = line.indented || line.after_colon.is_some_and(|colon| at >= colon);
            statement(words, optional, &mut found);
        }
    }
    found
}

/// What is assigned to a name at the top of a file, as it is written there.
pub fn assigned<'a>(source: &'a str, name: &str) -> Vec<&'a str> {
    let mut scanner = Scanner { text: source.as_bytes(), at: 0 };
    let mut found = Vec::new();
    while scanner.at < scanner.text.len() {
        let start = scanner.at;
        let Some(line) = scanner.line() else { continue };
        let words = line.statements.first().map(Vec::as_slice).unwrap_or_default();
        let assigns = !line.indented && words.len() > 1 && words[0] == name && words[1] == "=";
        let text = source.get(start..scanner.at).and_then(|line| line.split_once('='));
        found.extend(text.filter(|_| assigns).map(|(_, value)| value.trim()));
    }
    found
}

/// A line with its continuations, as words; each name, number or sign is one.
#[derive(Debug, Default)]
struct Line {
    indented: bool,
    /// The statement from which on all stand in the block of a `:` on this line.
    after_colon: Option<usize>,
    statements: Vec<Vec<String>>,
}

fn logical_lines(source: &str) -> Vec<Line> {
    let mut scanner = Scanner { text: source.as_bytes(), at: 0 };
    let mut lines = Vec::new();
    while scanner.at < scanner.text.len() {
        lines.extend(scanner.line());
    }
    lines
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.text.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The next logical line; None where it holds nothing that could be an import.
    fn line(&mut self) -> Option<Line> {
        let mut line = Line { indented: matches!(self.peek(0), b' ' | b'\t'), ..Line::default() };
        let mut words: Vec<String> = Vec::new();
        let mut depth = 0_usize;
        while self.at < self.text.len() {
            let c = self.peek(0);
            match c {
                b'\n' if depth == 0 => {
                    self.at += 1;
                    break;
                }
                b'#' => {
                    while self.at < self.text.len() && self.peek(0) != b'\n' {
                        self.at += 1;
                    }
                }
                b'\\' if matches!(self.peek(1), b'\n' | b'\r') => self.at += 2,
                b'"' | b'\'' => {
                    self.string();
                    words.push("\"\"".into());
                }
                b';' if depth == 0 => {
                    self.at += 1;
                    line.statements.push(std::mem::take(&mut words));
                }
                b':' if depth == 0 && opens_block(&words) => {
                    self.at += 1;
                    line.statements.push(std::mem::take(&mut words));
                    line.after_colon.get_or_insert(line.statements.len());
                }
                c if c.is_ascii_alphanumeric() || c == b'_' || c >= 0x80 => words.push(self.word()),
                c if c.is_ascii_whitespace() => self.at += 1,
                _ => {
                    match c {
                        b'(' | b'[' | b'{' => depth += 1,
                        b')' | b']' | b'}' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    self.at += 1;
                    words.push(char::from(c).into());
                }
            }
        }
        line.statements.push(words);
        line.statements.iter().any(|words| !words.is_empty()).then_some(line)
    }

    fn word(&mut self) -> String {
        let start = self.at;
        while self.peek(0).is_ascii_alphanumeric() || self.peek(0) == b'_' || self.peek(0) >= 0x80 {
            self.at += 1;
        }
        String::from_utf8_lossy(&self.text[start..self.at]).into_owned()
    }

    /// Passes over a string; a backslash hides a quote even in a raw one.
    fn string(&mut self) {
        let quote = self.peek(0);
        let triple = self.peek(1) == quote && self.peek(2) == quote;
        if triple {
            self.at += 3;
        } else if self.peek(1) == quote {
            self.at += 2;
            return;
        } else {
            self.at += 1;
        }
        while self.at < self.text.len() {
            let c = self.peek(0);
            if c == b'\\' {
                self.at += 2;
            } else if c == quote && (!triple || (self.peek(1) == quote && self.peek(2) == quote)) {
                self.at += if triple { 3 } else { 1 };
                return;
            } else if c == b'\n' && !triple {
                // An unfinished string: Python will say so on the host.
                return;
            } else {
                self.at += 1;
            }
        }
    }
}

/// Whether a colon after these words begins a block rather than an annotation or a slice.
fn opens_block(words: &[String]) -> bool {
    let first = words.first().map(String::as_str).unwrap_or_default();
    matches!(
        first,
        "async" | "class" | "def" | "elif" | "else" | "except" | "finally" | "for" | "if" | "try" | "while" | "with"
    ) && !words.iter().any(|word| word == "lambda")
}

fn statement(words: &[String], optional: bool, found: &mut Vec<Import>) {
    match words.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        Some(("import", rest)) => {
            for name in rest.split(|word| word == ",") {
                let parts = dotted(name);
                if !parts.is_empty() {
                    found.push(Import { parts, level: 0, optional });
                }
            }
        }
        Some(("from", rest)) => {
            let level = rest.iter().take_while(|word| *word == ".").count();
            let Some(at) = rest.iter().position(|word| word == "import") else { return };
            let module = dotted(rest.get(level..at).unwrap_or_default());
            for name in rest[at + 1..].split(|word| word == ",") {
                let name = name.iter().find(|word| !matches!(word.as_str(), "(" | ")"));
                if let Some(name) = name {
                    let parts = module.iter().cloned().chain([name.clone()]).collect();
                    found.push(Import { parts, level, optional });
                }
            }
        }
        _ => {}
    }
}

/// The parts of a dotted name, up to `as`.
fn dotted(words: &[String]) -> Vec<String> {
    words.iter().take_while(|word| *word != "as").filter(|word| *word != ".").cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(source: &str, want: &[&str]) {
        let shown: Vec<String> = imports(source)
            .iter()
            .map(|i| format!("{}{}{}", ".".repeat(i.level), i.parts.join("."), if i.optional { "?" } else { "" }))
            .collect();
        assert_eq!(shown, want, "{source}");
    }

    #[test]
    fn statements() {
        check("import a.b as c, d", &["a.b", "d"]);
        check("from a.b import c as d, e", &["a.b.c", "a.b.e"]);
        check("from a import (\n  b,  # why\n  c,\n)\n", &["a.b", "a.c"]);
        check("from a import b, \\\n    c", &["a.b", "a.c"]);
        check("from . import x\nfrom ..y import z\nfrom ...q.r import *", &[".x", "..y.z", "...q.r.*"]);
    }

    #[test]
    fn blocks_make_them_optional() {
        check("try:\n    import a\nexcept ImportError:\n    import b\nimport c", &["a?", "b?", "c"]);
        check("try: import a\nexcept X: from b import c; import d\n", &["a?", "b.c?", "d?"]);
        check("x = 1; import a", &["a"]);
        check("def f(x: int, y={1: 2}) -> int: import a", &["a?"]);
        check("x: int = 1; import a", &["a"]);
    }

    #[test]
    fn strings_and_comments_hold_none() {
        check("'''\nimport a\n'''\nimport b # import c\nx = 'import d'\n\"\\\" import e\"", &["b"]);
        check("r'\\''; x = 'import a'\nimport b", &["b"]);
        check("DOC = r\"\"\"\nfrom x import y \\\"\"\"\n\"\"\"\nfrom a import b", &["a.b"]);
        check("x = [\n 'a',\n]\nimport b", &["b"]);
        check("important = 1\nfromage = 2", &[]);
        check("é = 'ü'\nimport a", &["a"]);
    }

    #[test]
    fn nothing_makes_it_panic() {
        for text in ["'", "\"\"\"", "from", "from .", "import", "from a import", "(", "\\", "f'{x", ":", "import ,"] {
            imports(text);
        }
    }
}
