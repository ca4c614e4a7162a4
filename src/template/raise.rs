//! What a template can raise: an undefined that was used, or an exception of Python's or Ansible's.

use crate::diag::{Error, Kind, Origin};
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

/// An exception on its way up.
///
/// What a filter, test, lookup or method raises becomes the (put-off) result of that call: it is an
/// error only where the result is used, as in ansible-core.
#[derive(Clone, Debug)]
pub enum Raise {
    /// An undefined was used.
    Undefined(Rc<Undefined>),
    /// A Python exception, which its surroundings give a context: "Error rendering template: …".
    Python(Class, Box<str>),
    /// A put-off error whose value was used.
    Failed(Rc<Error>),
    /// An error of another layer, which its surroundings give a context like a Python exception's.
    Error(Box<Error>),
}

/// The class of a Python exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Class {
    Attribute,
    Index,
    Key,
    /// jinja2's TemplateNotFound.
    NotFound,
    Os,
    Overflow,
    Recursion,
    Runtime,
    /// jinja2's own errors at run time, such as FilterArgumentError.
    Template,
    /// jinja2's TemplateSyntaxError and TemplateAssertionError.
    Syntax,
    Type,
    Unicode,
    Value,
    ZeroDivision,
    /// AnsibleError and its like (AnsibleFilterError): raised by a plugin, and wrapped like the others.
    Ansible,
}

impl Raise {
    /// TypeError.
    pub fn type_error(text: impl Into<String>) -> Self {
        Self::python(Class::Type, text)
    }

    /// ValueError.
    pub fn value_error(text: impl Into<String>) -> Self {
        Self::python(Class::Value, text)
    }

    /// An AnsibleError or AnsibleFilterError of a plugin.
    pub fn ansible(text: impl Into<String>) -> Self {
        let text = text.into();
        Self::python(Class::Ansible, text.trim_end())
    }

    /// Any Python exception.
    pub fn python(class: Class, text: impl Into<String>) -> Self {
        Self::Python(class, text.into().into_boxed_str())
    }

    /// Something that ansible-core has and rplay lacks.
    pub fn unsupported(text: impl Into<String>) -> Self {
        Self::Failed(Rc::new(Error::unsupported(text)))
    }

    /// The text alone.
    pub fn text(&self) -> String {
        match self {
            Self::Undefined(u) => u.to_string(),
            Self::Python(_, text) => text.to_string(),
            Self::Failed(error) => error.line(),
            Self::Error(error) => error.line(),
        }
    }

    /// Whether it tells of something that rplay lacks.
    pub fn is_refusal(&self) -> bool {
        match self {
            Self::Failed(error) => error.kind == Kind::Unsupported,
            Self::Error(error) => error.kind == Kind::Unsupported,
            _ => false,
        }
    }

    /// Whether it is a Python exception of a class.
    pub fn is(&self, class: Class) -> bool {
        matches!(self, Self::Python(c, _) if *c == class)
    }
}

impl From<Error> for Raise {
    fn from(error: Error) -> Self {
        Self::Error(Box::new(error))
    }
}

/// Something that does not exist, and why.
#[derive(Clone, Debug)]
pub struct Undefined {
    /// What is missing.
    pub what: Missing,
    /// The template that asked.
    pub origin: Option<Origin>,
}

/// What an [`Undefined`] stands for.
#[derive(Clone, Debug)]
pub enum Missing {
    /// A variable: "'x' is undefined".
    Name(Arc<str>),
    /// An attribute or item: "object of type 'dict' has no attribute 'x'".
    Attribute {
        /// The type of the object that lacks it.
        of: String,
        /// The attribute, as Python's repr.
        name: String,
    },
    /// A text of its own.
    Hint(String),
    /// `x if false` without else: jinja2's own undefined, which is empty rather than an error.
    Else(u32),
}

impl Undefined {
    /// A variable that does not exist.
    pub fn name(name: Arc<str>) -> Self {
        Self { what: Missing::Name(name), origin: None }
    }

    /// One with a text of its own.
    pub fn hint(text: impl Into<String>) -> Self {
        Self { what: Missing::Hint(text.into()), origin: None }
    }

    /// The error of computing with the undefined of an `if` without `else`: jinja2's own, which is an exception like others.
    pub(super) fn used(&self) -> Raise {
        Raise::python(Class::Runtime, self.to_string())
    }

    /// The error of using it.
    pub fn error(&self) -> Error {
        Error::new(Kind::Undefined, self.to_string()).at(self.origin.as_ref())
    }
}

impl fmt::Display for Undefined {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.what {
            Missing::Name(name) => write!(f, "'{name}' is undefined"),
            Missing::Attribute { of, name } => write!(f, "object of type '{of}' has no attribute {name}"),
            Missing::Hint(text) => f.write_str(text),
            Missing::Else(line) => {
                write!(f, "the inline if-expression on line {line} evaluated to false and no else section was defined.")
            }
        }
    }
}
