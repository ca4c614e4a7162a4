//! A text whose last line has no line break.
//!
//! libyaml-safer 0.3 panics where such a line belongs to a block scalar, or ends in a backslash
//! inside of double quotes. So the text gets a line break there, and what that changes is undone: the
//! scalar's end, and the errors about the end of the text.

use super::compose::to_mark;
use super::error::{Mark, YamlError};
use libyaml_safer::{Event, EventData, ScalarStyle};

/// The last line of a text that was given a line break.
pub(super) struct Tail<'a> {
    line: &'a str,
    /// The end of the text as it was.
    end: Mark,
}

impl<'a> Tail<'a> {
    /// The last line, where it lacks a break and the scanner may fail at it.
    pub fn needed(text: &'a str) -> Option<Self> {
        let is_break = |c| matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
        if text.is_empty() || text.ends_with(is_break) || !(text.ends_with('\\') || text.contains(['|', '>'])) {
            return None;
        }
        let line = text.rsplit(is_break).next().unwrap_or(text);
        let breaks = text.chars().filter(|c| is_break(*c)).count() - text.matches("\r\n").count();
        let column = line.trim_start_matches('\u{feff}').chars().count();
        Some(Self { line, end: Mark { line: breaks as u32, column: column as u32 } })
    }

    /// An error about the end as it would be without the added line break; `opening` begins its context.
    pub fn mend_error(&self, mut error: YamlError, opening: Option<u8>) -> YamlError {
        if error.problem != "found unexpected end of stream" {
            return error;
        }
        error.mark = Some(self.end);
        let slashes = self.line.len() - self.line.trim_end_matches('\\').len();
        if opening == Some(b'"') && slashes % 2 == 1 {
            error.problem = "found unknown escape character".into();
            error.mark = Some(Mark { column: self.end.column.saturating_sub(1), ..self.end });
            if let Some((context, _)) = &mut error.context {
                *context = "while parsing a quoted scalar".into();
            }
        }
        error
    }

    /// Takes the added line break out of a block scalar that reaches the end.
    pub fn mend(&self, mut event: Event) -> Event {
        if let EventData::Scalar { value, style: ScalarStyle::Literal | ScalarStyle::Folded, .. } = &mut event.data
            && to_mark(event.end_mark).line > self.end.line
            && to_mark(event.start_mark).line < self.end.line
            && self.ends(value)
        {
            value.pop();
        }
        event
    }

    /// Whether the last line break of a scalar's text is the added one.
    fn ends(&self, value: &str) -> bool {
        let Some(before) = value.strip_suffix('\n') else { return false };
        if !self.line.trim_matches([' ', '\t']).is_empty() {
            return true;
        }
        // The last line is blank: it counts where breaks are kept (`|+`), or is itself content.
        let last = before.rsplit('\n').next().unwrap_or("");
        let is_content = !last.is_empty() && last.trim_matches(' ').is_empty() && self.line.len() > last.len();
        before.is_empty() || before.ends_with('\n') || is_content
    }
}
