//! Parsed templates, kept.
//!
//! Two generations bound the memory: when the young one is full it becomes the old one, and what is
//! used of the old one moves back.

use super::Overrides;
use super::Templar;
use super::ir::{Stmt, Template};
use super::lower::Lowerer;
use super::raise::Raise;
use super::repair::{Source, not_an_expression};
use foldhash::HashMap;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

/// How many templates a generation holds.
const MOST: usize = 4096;

/// How a text is read.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Mode {
    /// A template; string literals in `{{ }}` are raw.
    Template,
    /// A template file's: literals have escapes.
    File,
    /// One that was included: the same, but a header is text like any other.
    Included,
    /// A bare expression.
    Expression,
    /// A conditional: an expression whose literals may be templates.
    Conditional,
}

const MODES: usize = 5;

struct Generations<K> {
    young: HashMap<K, Arc<Template>>,
    old: HashMap<K, Arc<Template>>,
}

impl<K> Default for Generations<K> {
    fn default() -> Self {
        Self { young: HashMap::default(), old: HashMap::default() }
    }
}

impl<K: Eq + Hash> Generations<K> {
    fn add(&mut self, key: K, template: Arc<Template>) {
        if self.young.len() >= MOST {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, template);
    }
}

/// A text, how it is read, and its syntax.
type Key = (Arc<str>, Mode, Arc<Overrides>);

/// The templates by text, for the default syntax and for any other.
#[derive(Default)]
pub(super) struct Cache {
    plain: [RwLock<Generations<Arc<str>>>; MODES],
    other: RwLock<Generations<Key>>,
}

impl Templar {
    /// The parsed form of a text.
    pub(super) fn compile(&self, text: &str, syntax: &Arc<Overrides>, mode: Mode) -> Result<Arc<Template>, Raise> {
        if Arc::ptr_eq(syntax, &self.syntax) || **syntax == *self.syntax {
            return self.compile_plain(text, mode);
        }
        let key = (Arc::from(text), mode, Arc::clone(syntax));
        let kept = self.cache.other.read().unwrap_or_else(PoisonError::into_inner).young.get(&key).cloned();
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let template = Arc::new(self.parse(text, syntax, mode)?);
        self.cache.other.write().unwrap_or_else(PoisonError::into_inner).add(key, Arc::clone(&template));
        Ok(template)
    }

    fn compile_plain(&self, text: &str, mode: Mode) -> Result<Arc<Template>, Raise> {
        let lock = &self.cache.plain[mode as usize];
        let old = {
            let kept = lock.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(template) = kept.young.get(text) {
                return Ok(Arc::clone(template));
            }
            kept.old.get(text).cloned()
        };
        let template = match old {
            Some(template) => template,
            None => Arc::new(self.parse(text, &self.syntax, mode)?),
        };
        lock.write().unwrap_or_else(PoisonError::into_inner).add(Arc::from(text), Arc::clone(&template));
        Ok(template)
    }

    fn parse(&self, text: &str, syntax: &Arc<Overrides>, mode: Mode) -> Result<Template, Raise> {
        let is_expression = matches!(mode, Mode::Expression | Mode::Conditional);
        let (text, own) = if is_expression || mode == Mode::Included {
            (text, None)
        } else {
            let (rest, own) = syntax.with_header(text)?;
            (rest, (rest.len() != text.len()).then(|| Arc::new(own)))
        };
        let syntax = own.as_ref().unwrap_or(syntax);
        let source = if is_expression { Source::expression(text, syntax) } else { Source::template(text, syntax) };
        let raw = mode == Mode::Template;
        let extensions = ["jinja2.ext.do", "jinja2.ext.loopcontrols"].map(|name| self.has_extension(name));
        let (mut body, blocks) = source.parse(extensions, |tree| {
            let mut lowerer = Lowerer::new(self, &source, raw);
            lowerer.render_constants = mode == Mode::Conditional;
            match tree {
                minijinja::machinery::ast::Stmt::Template(t) => lowerer.template(&t.children),
                _ => Ok((Vec::new(), Vec::new())),
            }
        })?;
        if is_expression && !matches!(body.as_slice(), [Stmt::Emit(_)]) {
            return Err(not_an_expression());
        }
        body.shrink_to_fit();
        Ok(Template { body, blocks, syntax: Arc::clone(syntax) })
    }
}
