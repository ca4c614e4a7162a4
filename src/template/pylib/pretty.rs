//! How Python's `pprint` breaks a long text into lines.

use super::text::{is_space, whole_lines};
use crate::value::str_repr;

/// How many characters a line has at most.
const WIDTH: usize = 80;

/// Where an object is written.
#[derive(Clone, Copy)]
pub struct Place {
    /// How many characters are before it in each line.
    pub indent: usize,
    /// How many characters come right behind it.
    pub behind: usize,
    /// Whether nothing is around it.
    pub top: bool,
}

impl Place {
    /// Whether what an object is in one line fits there.
    pub fn fits(&self, whole: &str) -> bool {
        length(whole) <= WIDTH.saturating_sub(self.indent + self.behind)
    }
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Begins a line.
pub fn break_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

/// A text as several of which each is a line of it, or a part of a line that ends between words.
pub fn write_text(text: &str, place: Place, out: &mut String) {
    // What is around all of it takes one more on either side.
    let around = usize::from(place.top);
    let (indent, behind) = (place.indent + around, place.behind + around);
    let room = WIDTH.saturating_sub(indent);
    let lines = whole_lines(text);
    let mut pieces: Vec<String> = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        let last_line = i + 1 == lines.len();
        let fits =
            |piece: &str, last: bool| length(&str_repr(piece)) <= if last { room.saturating_sub(behind) } else { room };
        if fits(line, last_line) {
            pieces.push(str_repr(line));
            continue;
        }
        let words = words(line);
        let mut piece = String::new();
        for (j, word) in words.iter().enumerate() {
            let longer = format!("{piece}{word}");
            if fits(&longer, last_line && j + 1 == words.len()) {
                piece = longer;
                continue;
            }
            if !piece.is_empty() {
                pieces.push(str_repr(&piece));
            }
            piece = (*word).to_owned();
        }
        if !piece.is_empty() {
            pieces.push(str_repr(&piece));
        }
    }
    if let [_] = pieces.as_slice() {
        out.push_str(&str_repr(text));
        return;
    }
    out.push_str(if place.top { "(" } else { "" });
    for (i, piece) in pieces.iter().enumerate() {
        if i > 0 {
            break_line(out, indent);
        }
        out.push_str(piece);
    }
    out.push_str(if place.top { ")" } else { "" });
}

/// The words of a line, each with the blanks behind it; blanks at its start are one of their own.
fn words(line: &str) -> Vec<&str> {
    let mut starts = Vec::new();
    let mut blank = true;
    for (at, c) in line.char_indices() {
        if at == 0 || blank && !is_space(c) {
            starts.push(at);
        }
        blank = is_space(c);
    }
    let ends = starts.iter().skip(1).copied().chain([line.len()]);
    starts.iter().zip(ends).filter_map(|(start, end)| line.get(*start..end)).collect()
}
