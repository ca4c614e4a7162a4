//! The lines of a file around a position, as ansible-core 2.19 shows them under `Origin:`.

use super::Origin;
use std::fs::File;
use std::io::{ErrorKind, Read};

/// How much of a file is read for an excerpt; what lies beyond has none.
const LIMIT: u64 = 4 << 20;

/// How many columns a line may take, its number included.
const WIDTH: usize = 120;

/// What ends a line that was cut.
const CUT: &str = "...";

/// Two lines before the position, its line, and a marker below the column.
///
/// Where the lines cannot be shown, a note says why; None where the position has no line or is no file's.
pub fn excerpt(origin: &Origin) -> Option<String> {
    let path = origin.path()?;
    if origin.line == 0 {
        return None;
    }
    Some(
        read(path)
            .and_then(|text| marked(&text, origin.line as usize, origin.column as usize))
            .unwrap_or_else(|reason| format!("(source not shown: {reason})")),
    )
}

/// The text of a file, or in Python's words why there is none.
fn read(path: &str) -> Result<String, &'static str> {
    let mut bytes = Vec::new();
    let file = File::open(path);
    file.and_then(|file| file.take(LIMIT).read_to_end(&mut bytes)).map_err(|error| match error.kind() {
        ErrorKind::NotFound => "FileNotFoundError",
        ErrorKind::PermissionDenied => "PermissionError",
        ErrorKind::IsADirectory => "IsADirectoryError",
        ErrorKind::NotADirectory => "NotADirectoryError",
        _ => "OSError",
    })?;
    String::from_utf8(bytes).map_err(|_| "UnicodeDecodeError")
}

fn marked(text: &str, line: usize, column: usize) -> Result<String, &'static str> {
    if text.starts_with("$ANSIBLE_VAULT;") {
        return Err("content encrypted");
    }
    let lines: Vec<&str> = text.lines().take(line).collect();
    if lines.len() < line {
        return Err("file truncated");
    }
    let first = line.saturating_sub(2).max(1);
    let label = line.to_string().len();
    let width = WIDTH - label - 1;
    let mut usable = width;
    let mut shown = Vec::new();
    let mut last = 0;
    for (number, text) in (1..).zip(&lines).skip(first - 1) {
        let text = cut(&text.replace('\t', " "), width);
        last = text.chars().count();
        if last == width && text.ends_with(CUT) {
            usable = width - CUT.len();
        }
        let space = if text.is_empty() { "" } else { " " };
        shown.push(format!("{number:>label$}{space}{text}"));
    }
    if column == 0 {
        shown.push(format!("{} {}", " ".repeat(label), "^".repeat(last)));
    } else if column <= usable {
        shown.push(format!("{} {}", " ".repeat(label), marker(column, width)));
    }
    Ok(shown.join("\n"))
}

/// A line that fits a width.
fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_owned();
    }
    line.chars().take(width - CUT.len()).chain(CUT.chars()).collect()
}

/// `^ column 3` below that column; far to the right, with the words before it.
fn marker(column: usize, width: usize) -> String {
    let words = format!("column {column}");
    let before = column - 1;
    if before + 2 + words.len() > width {
        format!("{}{words} ^", " ".repeat(before - words.len() - 1))
    } else {
        format!("{}^ {words}", " ".repeat(before))
    }
}

#[cfg(test)]
mod tests {
    use super::marked;

    #[test]
    fn shows_two_lines_before_and_the_column() {
        let text = "a\nb\n\n  - name: x\n";
        assert_eq!(marked(text, 4, 3).as_deref(), Ok("2 b\n3\n4   - name: x\n    ^ column 3"));
    }

    #[test]
    fn says_why_a_line_is_not_shown() {
        assert_eq!(marked("a\n", 3, 1), Err("file truncated"));
        assert_eq!(marked("$ANSIBLE_VAULT;1.1;AES256\n", 1, 1), Err("content encrypted"));
        assert_eq!(super::read("/no/such"), Err("FileNotFoundError"));
    }

    #[test]
    fn without_a_column_the_line_is_underlined() {
        assert_eq!(marked("a\n  b\n", 2, 0).as_deref(), Ok("1 a\n2   b\n  ^^^"));
    }

    #[test]
    fn far_columns_have_their_words_before() {
        let line = "x".repeat(130);
        let want = format!("1 {}...\n  {}column 110 ^", "x".repeat(115), " ".repeat(98));
        assert_eq!(marked(&line, 1, 110).as_deref(), Ok(want.as_str()));
    }
}
