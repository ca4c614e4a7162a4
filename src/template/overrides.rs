//! The syntax of a template: its delimiters and how it treats whitespace.

use super::raise::{Class, Raise};
use minijinja::syntax::SyntaxConfig;

/// The settings that a `#jinja2:` header, the template module and the template lookup may change.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub struct Overrides {
    pub block_start_string: String,
    pub block_end_string: String,
    pub variable_start_string: String,
    pub variable_end_string: String,
    pub comment_start_string: String,
    pub comment_end_string: String,
    pub line_statement_prefix: Option<String>,
    pub line_comment_prefix: Option<String>,
    pub trim_blocks: bool,
    pub lstrip_blocks: bool,
    pub newline_sequence: String,
    pub keep_trailing_newline: bool,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            block_start_string: "{%".into(),
            block_end_string: "%}".into(),
            variable_start_string: "{{".into(),
            variable_end_string: "}}".into(),
            comment_start_string: "{#".into(),
            comment_end_string: "#}".into(),
            line_statement_prefix: None,
            line_comment_prefix: None,
            trim_blocks: true,
            lstrip_blocks: false,
            newline_sequence: "\n".into(),
            keep_trailing_newline: false,
        }
    }
}

const HEADER: &str = "#jinja2:";

impl Overrides {
    /// Whether a text may be a template in this syntax.
    pub fn is_template(&self, text: &str) -> bool {
        text.starts_with(HEADER)
            || [&self.variable_start_string, &self.block_start_string, &self.comment_start_string]
                .iter()
                .any(|start| text.contains(start.as_str()))
    }

    /// Whether a text begins and ends with delimiters.
    pub fn is_all_template(&self, text: &str) -> bool {
        text.starts_with(HEADER)
            || [&self.variable_start_string, &self.block_start_string, &self.comment_start_string]
                .iter()
                .any(|start| text.starts_with(start.as_str()))
                && [&self.variable_end_string, &self.block_end_string, &self.comment_end_string]
                    .iter()
                    .any(|end| text.ends_with(end.as_str()))
    }

    /// Reads and strips a `#jinja2: key: value, …` header.
    pub fn with_header<'t>(&self, text: &'t str) -> Result<(&'t str, Self), Raise> {
        let mut syntax = self.clone();
        let Some(rest) = text.strip_prefix(HEADER) else { return Ok((text, syntax)) };
        let Some((line, template)) = rest.split_once('\n') else {
            return Err(syntax_error(format!("Missing newline after '{HEADER}' override.")));
        };
        for pair in line.split(',') {
            if pair.trim().is_empty() {
                return Err(syntax_error(format!("Empty '{HEADER}' override pair not allowed.")));
            }
            let Some((key, value)) = pair.split_once(':') else {
                let pair = crate::value::str_repr(pair);
                return Err(syntax_error(format!(
                    "Missing key-value separator `:` in '{HEADER}' override pair {pair}."
                )));
            };
            syntax.set(key.trim(), Literal::parse(value.trim())?)?;
        }
        syntax.check()?;
        Ok((template, syntax))
    }

    fn set(&mut self, key: &str, value: Literal) -> Result<(), Raise> {
        let text = match key {
            "block_start_string" => &mut self.block_start_string,
            "block_end_string" => &mut self.block_end_string,
            "variable_start_string" => &mut self.variable_start_string,
            "variable_end_string" => &mut self.variable_end_string,
            "comment_start_string" => &mut self.comment_start_string,
            "comment_end_string" => &mut self.comment_end_string,
            "newline_sequence" => &mut self.newline_sequence,
            "trim_blocks" => return value.boolean(key).map(|b| self.trim_blocks = b),
            "lstrip_blocks" => return value.boolean(key).map(|b| self.lstrip_blocks = b),
            "keep_trailing_newline" => return value.boolean(key).map(|b| self.keep_trailing_newline = b),
            "line_statement_prefix" => return value.optional(key).map(|s| self.line_statement_prefix = s),
            "line_comment_prefix" => return value.optional(key).map(|s| self.line_comment_prefix = s),
            _ => return Err(syntax_error(format!("Invalid '{HEADER}' override key '{key}'."))),
        };
        *text = value.optional(key)?.ok_or_else(|| wrong_type(key, "str", "NoneType"))?;
        Ok(())
    }

    /// Fails for values that no template can be parsed with.
    pub fn check(&self) -> Result<(), Raise> {
        let (block, variable, comment) =
            (&self.block_start_string, &self.variable_start_string, &self.comment_start_string);
        if block == variable || variable == comment || comment == block {
            return Err(syntax_error("Block, variable and comment start strings must be different."));
        }
        if !matches!(self.newline_sequence.as_str(), "\n" | "\r\n" | "\r") {
            return Err(syntax_error("newline_sequence must be one of '\\n', '\\r\\n', or '\\r'"));
        }
        Ok(())
    }

    /// The same for minijinja's parser.
    pub(super) fn parser(&self) -> Result<SyntaxConfig, Raise> {
        let mut builder = SyntaxConfig::builder();
        builder
            .block_delimiters(self.block_start_string.clone(), self.block_end_string.clone())
            .variable_delimiters(self.variable_start_string.clone(), self.variable_end_string.clone())
            .comment_delimiters(self.comment_start_string.clone(), self.comment_end_string.clone())
            .line_statement_prefix(self.line_statement_prefix.clone().unwrap_or_default())
            .line_comment_prefix(self.line_comment_prefix.clone().unwrap_or_default())
            .trim_blocks(self.trim_blocks)
            .lstrip_blocks(self.lstrip_blocks)
            // The last line end is gone already where it is not kept.
            .keep_trailing_newline(true);
        builder.build().map_err(|e| syntax_error(e.to_string()))
    }
}

fn syntax_error(text: impl Into<String>) -> Raise {
    Raise::python(Class::Syntax, text)
}

fn wrong_type(key: &str, wanted: &str, got: &str) -> Raise {
    syntax_error(format!("{key} must be {wanted} instead of {got}"))
}

/// A Python literal of a header.
enum Literal {
    Bool(bool),
    None,
    Str(String),
    Other(&'static str),
}

impl Literal {
    fn parse(text: &str) -> Result<Self, Raise> {
        Ok(match text {
            "True" => Self::Bool(true),
            "False" => Self::Bool(false),
            "None" => Self::None,
            _ if text.parse::<i64>().is_ok() => Self::Other("int"),
            _ => {
                let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
                let inner = quote
                    .and_then(|q| text.strip_prefix(q)?.strip_suffix(q))
                    .ok_or_else(|| syntax_error(format!("malformed node or string: {text}")))?;
                Self::Str(super::strings::unescape(inner).map_err(syntax_error)?)
            }
        })
    }

    fn boolean(self, key: &str) -> Result<bool, Raise> {
        match self {
            Self::Bool(b) => Ok(b),
            other => Err(wrong_type(key, "bool", other.type_name())),
        }
    }

    fn optional(self, key: &str) -> Result<Option<String>, Raise> {
        match self {
            Self::Str(s) => Ok(Some(s)),
            Self::None => Ok(None),
            other => Err(wrong_type(key, "str", other.type_name())),
        }
    }

    fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::None => "NoneType",
            Self::Str(_) => "str",
            Self::Other(name) => name,
        }
    }
}
