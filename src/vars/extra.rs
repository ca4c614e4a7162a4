//! Extra variables: `-e key=value`, `-e '{"json": …}'`, `-e @file`.

use crate::diag::{Error, Origin, Result, Source};
use crate::playbook::parse_kv;
use crate::value::{Dict, Text, Value};
use crate::yaml;
use std::sync::Arc;

/// Reads the text of one `-e`.
///
/// `read` reads a file of variables, of which `resolve` makes the path absolute.
pub fn parse_extra_vars(
    text: &str,
    resolve: impl Fn(&str) -> String,
    read: impl Fn(&str) -> Result<Value>,
) -> Result<Dict> {
    let wrong = || {
        Error::new(
            crate::diag::Kind::Options,
            format!("Invalid extra vars data supplied. '{text}' could not be made into a dictionary"),
        )
    };
    if let Some(path) = text.strip_prefix('@') {
        return match read(&resolve(path))? {
            Value::Dict(dict) => Ok(dict),
            _ => Err(wrong()),
        };
    }
    match text.chars().next() {
        None => Ok(Dict::new()),
        Some('/' | '.') => {
            Err(Error::new(crate::diag::Kind::Options, format!("Please prepend extra_vars filename '{text}' with '@'")))
        }
        Some('{' | '[') => {
            let source = Arc::new(Source::Described("<CLI option '-e'>".to_owned()));
            match yaml::load_value(text, &source, true)? {
                Value::Dict(dict) => Ok(dict),
                _ => Err(wrong()),
            }
        }
        Some(_) => parse_kv(&Text::trusted(text, Some(Origin::described("<CLI option '-e'>"))), false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Dict> {
        parse_extra_vars(text, str::to_owned, |path| Ok(Dict::from([("file", path)]).into()))
    }

    #[test]
    fn the_three_forms() {
        assert_eq!(parse("a=1 b='x y'"), Ok(Dict::from([("a", "1"), ("b", "x y")])));
        assert_eq!(parse(r#"{"a": 1}"#), Ok(Dict::from([("a", 1)])));
        assert_eq!(parse("@f.yml"), Ok(Dict::from([("file", "f.yml")])));
        assert!(parse("./f.yml").is_err());
        assert!(parse("[1]").is_err());
    }
}
