//! The source of a template on its way through minijinja's parser.
//!
//! What that parser refuses, [`grammar`](super::grammar) reads again as jinja2 does: it finds jinja2's
//! words for the mistake, or edits that make minijinja understand what jinja2 accepts (`{{ 1, 2 }}`).

use super::Overrides;
use super::grammar::{self, Edit};
use super::raise::{Class, Raise};
use minijinja::ErrorKind;
use minijinja::machinery::{Span, ast, parse};
use minijinja::syntax::SyntaxConfig;
use std::borrow::Cow;
use std::cell::RefCell;

/// A template's source and the edits made to it.
pub(super) struct Source<'s> {
    /// As jinja2 sees it: with `\n` for every line end, less the last one.
    text: Cow<'s, str>,
    pub(super) syntax: &'s Overrides,
    /// What the parser was given instead, where it had to be.
    repaired: RefCell<Option<(String, Vec<Edit>)>>,
    /// Whether lowering saw what only jinja2's own grammar can tell to be right.
    doubtful: std::cell::Cell<bool>,
    /// How much of the text stands before the user's own: an expression is parsed inside `{{ }}`.
    before: usize,
}

/// `\n` for `\r\n` and `\r`.
fn plain_newlines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")) } else { Cow::Borrowed(text) }
}

impl<'s> Source<'s> {
    pub(super) fn template(text: &'s str, syntax: &'s Overrides) -> Self {
        let mut text = plain_newlines(text);
        if !syntax.keep_trailing_newline && text.ends_with('\n') {
            text = match text {
                Cow::Borrowed(t) => Cow::Borrowed(&t[..t.len() - 1]),
                Cow::Owned(t) => Cow::Owned(t[..t.len() - 1].to_owned()),
            };
        }
        Self { text, syntax, repaired: RefCell::new(None), doubtful: false.into(), before: 0 }
    }

    /// An expression: the one output of a template.
    pub(super) fn expression(text: &str, syntax: &'s Overrides) -> Self {
        let text = Cow::Owned(format!("{{{{ {} }}}}", plain_newlines(text)));
        Self { text, syntax, repaired: RefCell::new(None), doubtful: false.into(), before: 3 }
    }

    /// Parses it and hands the tree on.
    ///
    /// `extensions` says whether the tags `do`, and `break` and `continue`, exist.
    pub(super) fn parse<T>(
        &self,
        extensions: [bool; 2],
        then: impl Fn(&ast::Stmt<'_>) -> Result<T, Raise>,
    ) -> Result<T, Raise> {
        let config = self.syntax.parser()?;
        match super::depth::check(&self.text, config.clone())? {
            ..20 => self.parsed(config, extensions, then),
            _ => super::held::with_more_stack(|| self.parsed(config, extensions, then)),
        }
    }

    fn parsed<T>(
        &self,
        config: SyntaxConfig,
        extensions: [bool; 2],
        then: impl Fn(&ast::Stmt<'_>) -> Result<T, Raise>,
    ) -> Result<T, Raise> {
        let spaced = grammar::plain_spaces(&self.text, &config);
        if let Some(text) = &spaced {
            *self.repaired.borrow_mut() = Some((text.clone(), Vec::new()));
        }
        let source = spaced.as_deref().unwrap_or(&self.text);
        match parse(source, "", config.clone()) {
            Err(refusal) if refusal.kind() == ErrorKind::BadEscape => {
                let text = super::escapes::masked(source, &config);
                self.handed_on(parse(&text, "", config.clone()), &text, config, extensions, then)
            }
            first => self.handed_on(first, source, config, extensions, then),
        }
    }

    /// Hands a tree on, or reads again what has none.
    fn handed_on<T>(
        &self,
        first: Result<ast::Stmt<'_>, minijinja::Error>,
        source: &str,
        config: SyntaxConfig,
        extensions: [bool; 2],
        then: impl Fn(&ast::Stmt<'_>) -> Result<T, Raise>,
    ) -> Result<T, Raise> {
        let refusal = match first {
            Ok(tree) => {
                let result = then(&tree);
                let mistaken = result.as_ref().err().is_some_and(|raise| raise.is(Class::Syntax));
                if !mistaken && !self.doubtful.get() {
                    return result;
                }
                // A mistake that only lowering saw may be another one in jinja2's words, or none.
                let edits = grammar::check(source, self.syntax, config.clone(), self.before, extensions)?;
                if !mistaken || edits.is_empty() {
                    return result;
                }
                return self.read_again(source, edits, config, then).unwrap_or(result);
            }
            Err(refusal) => refusal,
        };
        let said = refusal.detail().unwrap_or("unknown").to_owned();
        if said.contains("recursion limits") {
            return Err(Raise::python(Class::Recursion, "maximum recursion depth exceeded"));
        }
        let edits = grammar::check(source, self.syntax, config.clone(), self.before, extensions)?;
        if said.ends_with("defined twice") {
            return Err(Raise::python(Class::Syntax, said));
        }
        if edits.is_empty() {
            return Err(Raise::unsupported(format!("This template cannot be parsed yet: {said}")));
        }
        let lacking = || Err(Raise::unsupported(format!("This template cannot be parsed yet: {said}")));
        self.read_again(source, edits, config, then).unwrap_or_else(lacking)
    }

    /// Hands on the tree of the source with edits; None where that has none either.
    fn read_again<T>(
        &self,
        source: &str,
        edits: Vec<Edit>,
        config: SyntaxConfig,
        then: impl Fn(&ast::Stmt<'_>) -> Result<T, Raise>,
    ) -> Option<Result<T, Raise>> {
        let text = grammar::apply(source, &edits);
        let tree = parse(&text, "", config).ok()?;
        *self.repaired.borrow_mut() = Some((text.clone(), edits));
        Some(then(&tree))
    }

    /// Has jinja2's grammar read it as well.
    pub(super) fn doubt(&self) {
        self.doubtful.set(true);
    }

    /// The source of a span, as it was parsed.
    pub(super) fn slice(&self, span: Span) -> String {
        let range = span.start_offset as usize..span.end_offset as usize;
        match &*self.repaired.borrow() {
            Some((text, _)) => text.get(range).unwrap_or_default().to_owned(),
            None => self.text.get(range).unwrap_or_default().to_owned(),
        }
    }

    /// The source of a constant, as the user wrote it.
    pub(super) fn original(&self, span: Span) -> &str {
        let (start, end) = (span.start_offset as usize, span.end_offset as usize);
        let (start, end) = match &*self.repaired.borrow() {
            Some((_, edits)) => (grammar::unmap(edits, start), grammar::unmap(edits, end)),
            None => (start, end),
        };
        self.text.get(start..end).unwrap_or_default()
    }

    /// The line of a span.
    pub(super) fn line(&self, span: Span) -> u32 {
        let before = self.text.get(..span.start_offset as usize).unwrap_or_default();
        u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
    }

    /// A text with the line ends that the syntax asks for.
    pub(super) fn newlines<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.syntax.newline_sequence == "\n" || !text.contains('\n') {
            Cow::Borrowed(text)
        } else {
            Cow::Owned(text.replace('\n', &self.syntax.newline_sequence))
        }
    }
}

/// The error of a template that is no single expression.
pub(super) fn not_an_expression() -> Raise {
    Raise::python(Class::Syntax, "chunk after expression")
}
