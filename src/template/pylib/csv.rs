//! Python's `csv.reader`: its `excel` dialect, with the options that change how rows are read.

/// How rows are read.
#[derive(Clone, Copy, Debug)]
pub struct Dialect {
    /// What stands between fields.
    pub delimiter: char,
    /// Whether blanks after a delimiter are none of the field.
    pub skips_blanks: bool,
    /// Whether what does not fit the format is an error.
    pub strict: bool,
}

impl Dialect {
    /// The usual way, with another delimiter.
    pub fn new(delimiter: char) -> Self {
        Self { delimiter, skips_blanks: false, strict: false }
    }
}

/// More characters than this have no place in a field.
const MOST: usize = 131_072;

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between rows.
    Row,
    /// Where a field begins.
    Start,
    Field,
    Quoted,
    /// After a quote in a quoted field: its end, or the first half of a quote.
    Quote,
    /// After the end of a row, where only the rest of a line's end may be.
    Ended,
}

/// The rows of lines, each with its end; empty ones are left out. An error in Python's words ends them.
pub fn rows<'t>(
    lines: impl IntoIterator<Item = &'t str>,
    dialect: Dialect,
) -> impl Iterator<Item = Result<Vec<String>, String>> {
    let mut lines = lines.into_iter();
    std::iter::from_fn(move || {
        let mut row = Row { fields: Vec::new(), field: String::new(), length: 0, state: State::Row, dialect };
        loop {
            let Some(line) = lines.next() else {
                return match row.state {
                    State::Row => None,
                    _ if dialect.strict => Some(Err("unexpected end of data".into())),
                    _ => {
                        row.save();
                        Some(Ok(row.fields))
                    }
                };
            };
            let read = line.chars().map(Some).chain([None]).try_for_each(|c| row.read(c));
            if read.is_err() || row.state == State::Row && !row.fields.is_empty() {
                return Some(read.map(|()| row.fields));
            }
        }
    })
}

struct Row {
    fields: Vec<String>,
    field: String,
    length: usize,
    state: State,
    dialect: Dialect,
}

impl Row {
    fn save(&mut self) {
        self.fields.push(std::mem::take(&mut self.field));
        self.length = 0;
    }

    fn add(&mut self, c: char) -> Result<State, String> {
        if self.length == MOST {
            return Err(format!("field larger than field limit ({MOST})"));
        }
        self.field.push(c);
        self.length += 1;
        Ok(State::Field)
    }

    /// Takes a character, or the end of a line.
    fn read(&mut self, c: Option<char>) -> Result<(), String> {
        self.state = match (self.state, c) {
            (State::Row | State::Ended, None) => State::Row,
            (State::Row, Some('\r' | '\n')) => State::Ended,
            (State::Start | State::Field | State::Quote, None) => {
                self.save();
                State::Row
            }
            (State::Start | State::Field | State::Quote, Some('\r' | '\n')) => {
                self.save();
                State::Ended
            }
            (State::Row | State::Start | State::Field | State::Quote, Some(c)) if c == self.dialect.delimiter => {
                self.save();
                State::Start
            }
            (State::Row | State::Start, Some('"')) => State::Quoted,
            (State::Row | State::Start, Some(' ')) if self.dialect.skips_blanks => State::Start,
            (State::Row | State::Start | State::Field, Some(c)) => self.add(c)?,
            (State::Quoted, None) => State::Quoted,
            (State::Quoted, Some('"')) => State::Quote,
            (State::Quoted, Some(c)) => self.add(c).map(|_| State::Quoted)?,
            (State::Quote, Some('"')) => self.add('"').map(|_| State::Quoted)?,
            (State::Quote, Some(_)) if self.dialect.strict => {
                return Err(format!("'{}' expected after '\"'", self.dialect.delimiter));
            }
            (State::Quote, Some(c)) => self.add(c)?,
            (State::Ended, Some('\r' | '\n')) => State::Ended,
            (State::Ended, Some(_)) => {
                let words = "new-line character seen in unquoted field - do you need to open the file in \
                             universal-newline mode?";
                return Err(words.into());
            }
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, dialect: Dialect) -> Result<Vec<Vec<String>>, String> {
        rows(text.split_inclusive('\n'), dialect).collect()
    }

    #[test]
    fn like_pythons_csv() {
        let usual = |text: &str| read(text, Dialect::new(',')).expect("rows");
        assert_eq!(usual("a,\"b,\"\"c\"\nx\r\n\r\n,\n"), [vec!["a", "b,\"c"], vec!["x"], vec!["", ""]]);
        assert_eq!(usual("\"a\nb\",c"), [["a\nb", "c"]]);
        assert_eq!(usual("\"a\"b\"c\",d\n\"q\n\nr\"s,u"), [["ab\"c\"", "d"], ["q\n\nrs", "u"]]);
        assert_eq!(usual("\"a"), [["a"]]);
        assert_eq!(read("a\"b\t\"\"", Dialect::new('\t')), Ok(vec![vec!["a\"b".to_owned(), String::new()]]));
        let skipping = Dialect { skips_blanks: true, ..Dialect::new(',') };
        assert_eq!(read("a,  \"b\", c,  ", skipping), Ok(vec![["a", "b", "c", ""].map(str::to_owned).to_vec()]));
    }

    #[test]
    fn complains_like_pythons_csv() {
        let strict = Dialect { strict: true, ..Dialect::new(';') };
        assert_eq!(read("\"a\"b", strict), Err("';' expected after '\"'".into()));
        assert_eq!(read("\"a", strict), Err("unexpected end of data".into()));
        assert!(read("a\rb", Dialect::new(',')).is_err());
        assert!(read(&"x".repeat(MOST + 1), Dialect::new(',')).is_err());
    }
}
