//! The lines of a file around a position, as ansible-core 2.19 shows them under `Origin:`.

use super::Origin;
use std::fs::File;
use std::io::Read;

/// How much of a file is read for an excerpt; what lies beyond has none.
const LIMIT: u64 = 4 << 20;

/// How many columns of a line are shown.
const WIDTH: usize = 120;

/// Two lines before the position, its line, and a marker below the column.
///
/// None where the source is no readable text file or has no such line.
pub fn excerpt(origin: &Origin) -> Option<String> {
    let mut text = String::new();
    File::open(origin.path()?).ok()?.take(LIMIT).read_to_string(&mut text).ok()?;
    marked(&text, origin.line as usize, origin.column as usize)
}

fn marked(text: &str, line: usize, column: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    if line == 0 || line > lines.len() {
        return None;
    }
    let first = line.saturating_sub(2).max(1);
    let width = line.to_string().len();
    let mut out = String::new();
    for number in first..=line {
        let shown: String = lines[number - 1].chars().take(WIDTH).collect();
        out.push_str(format!("{number:>width$} {shown}").trim_end());
        out.push('\n');
    }
    if column > 0 {
        let indent = " ".repeat(width + column);
        out.push_str(&format!("{indent}^ column {column}\n"));
    }
    out.truncate(out.trim_end().len());
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn shows_two_lines_before_and_the_column() {
        let text = "a\nb\n\n  - name: x\n";
        assert_eq!(marked(text, 4, 3).as_deref(), Some("2 b\n3\n4   - name: x\n    ^ column 3"));
    }

    #[test]
    fn no_such_line_has_no_excerpt() {
        assert_eq!(marked("a\n", 3, 1), None);
        assert_eq!(marked("", 0, 0), None);
    }
}
