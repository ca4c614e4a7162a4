//! The templar: what the rest of rplay calls to render.

use super::args::CallArgs;
use super::cache::{Cache, Mode};
use super::cx::{Cx, Session};
use super::object::Obj;
use super::plugins::{Plugins, Routes};
use super::raise::{Class, Raise};
use super::scope::Scope;
use super::{Overrides, World};
use crate::diag::{Error, Origin, Remark, Remarks, Result};
use crate::value::{Dict, Text, Value, any_marked};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// What is said of a text that looks like a template and is none, since no user wrote it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Untrusted {
    /// Nothing: it is data.
    #[default]
    Ignore,
    /// A warning.
    Warn,
    /// Its use fails.
    Fail,
}

/// Renders templates; keeps what it parsed. One serves a whole run, from any thread.
#[derive(Default)]
pub struct Templar {
    pub(super) plugins: Vec<Arc<dyn Plugins>>,
    pub(super) syntax: Arc<Overrides>,
    pub(super) cache: Cache,
    pub(super) broken_conditionals: bool,
    /// Whether constants of templates are never templates themselves.
    pub(super) plain_constants: bool,
    pub(super) untrusted: Untrusted,
    pub(super) routes: Option<Arc<dyn Routes>>,
    extensions: Vec<String>,
    pub(super) remarks: Remarks,
}

impl Templar {
    /// A templar with the built-in plugins.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a source of plugins, asked before those already there.
    #[must_use]
    pub fn with_plugins(mut self, source: Arc<dyn Plugins>) -> Self {
        self.plugins.insert(0, source);
        self
    }

    /// Says where the full names of plugins lead that are found nowhere.
    #[must_use]
    pub fn with_routes(mut self, routes: Arc<dyn Routes>) -> Self {
        self.routes = Some(routes);
        self
    }

    /// Adds jinja2 extensions by name: `jinja2.ext.do`, `jinja2.ext.loopcontrols`.
    #[must_use]
    pub fn with_extensions(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.extensions.extend(names);
        self
    }

    /// Lets conditionals be of any type, as the setting ALLOW_BROKEN_CONDITIONALS does.
    #[must_use]
    pub fn with_broken_conditionals(mut self, allowed: bool) -> Self {
        self.broken_conditionals = allowed;
        self
    }

    /// Lets constants of conditionals and of lookups' terms be templates, as the setting ALLOW_EMBEDDED_TEMPLATES does;
    /// without it they may.
    #[must_use]
    pub fn with_embedded_templates(mut self, allowed: bool) -> Self {
        self.plain_constants = !allowed;
        self
    }

    /// Says what becomes of texts that look like templates and are data, as `_TEMPLAR_UNTRUSTED_TEMPLATE_BEHAVIOR` does.
    #[must_use]
    pub fn with_untrusted(mut self, untrusted: Untrusted) -> Self {
        self.untrusted = untrusted;
        self
    }

    /// Whether a text is data about which there is nothing to say.
    pub(super) fn is_data(&self, text: &Text) -> bool {
        (!text.is_trusted() && self.untrusted == Untrusted::Ignore) || !self.is_template(text.as_str())
    }

    pub(super) fn has_extension(&self, name: &str) -> bool {
        let short = name.rsplit('.').next().unwrap_or(name);
        self.extensions.iter().any(|e| e.trim() == name || e.trim().rsplit('.').next() == Some(short))
    }

    /// Runs something in a rendering of its own, as filters run.
    pub fn with_cx<T>(&self, scope: &dyn Scope, what: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        let session = Session::new(self, scope);
        what(&mut Cx::new(&session, 0))
    }

    /// Keeps for the user what a rendering says: with its scope where that keeps remarks, else here.
    pub fn remark(&self, scope: &dyn Scope, remark: Remark) {
        scope.remarks().unwrap_or(&self.remarks).add(remark);
    }

    /// Takes what renderings said so far whose scopes keep no remarks.
    pub fn take_remarks(&self) -> Vec<Remark> {
        self.remarks.take()
    }

    /// Whether a text may be a template: it holds delimiters or begins with a `#jinja2:` header.
    pub fn is_template(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        bytes.windows(2).any(|pair| pair[0] == b'{' && matches!(pair[1], b'{' | b'%' | b'#'))
            || text.starts_with("#jinja2:")
    }

    /// Renders a text, where it is trusted and a template; otherwise gives it as it is.
    ///
    /// `omit` is an error: "A template was resolved to an Omit scalar."
    pub fn render(&self, text: &Text, scope: &dyn Scope) -> Result<Value> {
        if self.is_data(text) {
            return Ok(Value::Str(text.clone()));
        }
        let session = Session::new(self, scope);
        let mut cx = Cx::new(&session, 0);
        match cx.rendered(text)? {
            Some(value) => Ok(value),
            None => Err(Error::user("A template was resolved to an Omit scalar.").at(text.origin())),
        }
    }

    /// Renders all templates in a value; None where the whole of it is `omit`.
    ///
    /// Omitted items drop out of lists and dictionaries.
    pub fn render_value(&self, value: &Value, scope: &dyn Scope) -> Result<Option<Value>> {
        let session = Session::new(self, scope);
        Cx::new(&session, 0).rendered_value(value)
    }

    /// Renders a text for people, as a task's name: whatever is wrong in it stands there in words, with a warning.
    pub fn render_shown(&self, text: &Text, scope: &dyn Scope) -> String {
        if !text.is_trusted() || !self.is_template(text.as_str()) {
            return text.as_str().to_owned();
        }
        let session = Session::new(self, scope).replacing();
        let mut cx = Cx::new(&session, 0);
        let obj = cx.render_in(text, 0);
        cx.origin = text.origin().cloned();
        let mut shown = String::new();
        if !matches!(obj, Obj::None)
            && let Err(raise) = cx.write_final(&mut shown, &obj)
        {
            shown = cx.complete(raise).line();
        }
        let replaced = session.replaced.as_ref().map(RefCell::take).unwrap_or_default();
        let numbered: Vec<(usize, Error)> = (1..).zip(replaced).collect();
        for errors in numbered.chunk_by(|(_, one), (_, next)| one.origin == next.origin) {
            let plural = if errors.len() > 1 { "s" } else { "" };
            let mut words = format!("Encountered {} template error{plural}.", errors.len());
            for (number, error) in errors {
                words.push_str(&format!("\nerror {number} - {}", error.line()));
            }
            let origin = errors.first().and_then(|(_, error)| error.origin.as_ref());
            self.remark(scope, Remark::warning(Error::user(words).at(origin)));
        }
        shown
    }

    /// Evaluates a bare expression, such as `loop_control`'s or `until`'s.
    pub fn evaluate(&self, expression: &Text, scope: &dyn Scope) -> Result<Value> {
        self.evaluate_as(expression, scope, Mode::Expression)
    }

    /// The same; None where it gives `omit`.
    pub fn evaluate_or_omit(&self, expression: &Text, scope: &dyn Scope) -> Result<Option<Value>> {
        self.evaluated(expression, scope, Mode::Expression)
    }

    pub(super) fn evaluate_as(&self, expression: &Text, scope: &dyn Scope, mode: Mode) -> Result<Value> {
        let omitted = || Error::user("A template was resolved to an Omit scalar.").at(expression.origin());
        self.evaluated(expression, scope, mode)?.ok_or_else(omitted)
    }

    fn evaluated(&self, expression: &Text, scope: &dyn Scope, mode: Mode) -> Result<Option<Value>> {
        let origin = expression.origin();
        if !expression.is_trusted() {
            return Err(untrusted(expression));
        }
        let session = Session::new(self, scope);
        let mut cx = Cx::new(&session, 0);
        cx.origin = origin.cloned();
        cx.expression = true;
        let obj = match self.compile(expression.as_str(), &self.syntax, mode) {
            Ok(template) => cx.run(&template),
            Err(raise) => return Err(self.not_an_expression(&cx, raise, expression.as_str())),
        };
        if matches!(obj, Obj::Omit) {
            return Ok(None);
        }
        cx.finished(&obj, origin).map(Some)
    }

    /// The items of the list that an expression gives, templates among them left as they are; None for what is
    /// no list.
    pub fn listed(&self, expression: &Text, scope: &dyn Scope) -> Result<Option<Vec<Value>>> {
        if !expression.is_trusted() {
            return Ok(None);
        }
        let session = Session::new(self, scope);
        let mut cx = Cx::new(&session, 0);
        cx.origin = expression.origin().cloned();
        cx.expression = true;
        let obj = match self.compile(expression.as_str(), &self.syntax, Mode::Expression) {
            Ok(template) => cx.run(&template),
            Err(raise) => return Err(self.not_an_expression(&cx, raise, expression.as_str())),
        };
        let Obj::List(items) = &obj else { return Ok(None) };
        let items = items.borrow().clone();
        let mut values = Vec::with_capacity(items.len());
        for item in &items {
            values.push(match item {
                Obj::Pending(pending) if pending.scope == 0 => pending.value.clone(),
                other => cx.finished(other, None)?,
            });
        }
        Ok(Some(values))
    }

    fn not_an_expression(&self, cx: &Cx<'_>, raise: Raise, text: &str) -> Error {
        let mut error = cx.complete(raise.clone());
        if raise.is(Class::Syntax) && self.is_template(text) {
            error.message.push_str(" Template delimiters are not supported in expressions.");
        }
        error
    }

    /// The items of a `with_name:` loop: the lookup's results for the terms.
    pub fn loop_lookup(&self, name: &str, terms: &Value, scope: &dyn Scope) -> Result<Vec<Value>> {
        let session = Session::new(self, scope);
        let mut cx = Cx::new(&session, 0);
        cx.with_loop = true;
        cx.expression = true;
        let items = cx.loop_items(name, terms);
        items.map_err(|raise| nowhere(cx.complete(raise)))
    }

    /// Renders the contents of a file for the template module or lookup.
    ///
    /// `origin` is the file itself: included templates are sought beside it.
    pub fn render_file(
        &self,
        source: &str,
        origin: Option<&Origin>,
        overrides: &Overrides,
        scope: &dyn Scope,
    ) -> Result<Value> {
        self.render_text(source, origin, overrides, true, scope)
    }

    /// The same, with the choice of raw string literals in `{{ }}`.
    pub fn render_text(
        &self,
        source: &str,
        origin: Option<&Origin>,
        overrides: &Overrides,
        escapes: bool,
        scope: &dyn Scope,
    ) -> Result<Value> {
        let session = Session::new(self, scope);
        let mut cx = Cx::new(&session, 0);
        cx.origin = origin.cloned();
        cx.from_file = true;
        let mode = if escapes { Mode::File } else { Mode::Template };
        let syntax = Arc::new(overrides.clone());
        let obj = match overrides.check().and_then(|()| self.compile(source, &syntax, mode)) {
            Ok(template) => cx.run(&template),
            Err(raise) => return Err(cx.complete(raise)),
        };
        let value = cx.finished(&obj, None)?;
        Ok(match &value {
            Value::Str(text) => Value::Str(finish(text.clone(), source, &overrides.newline_sequence)),
            _ => value,
        })
    }
}

/// Decrypts inline vaulted text, which is data and never a template.
pub(super) fn decrypt(text: &Text, world: &World) -> Result<Text> {
    let undecryptable = |cause: Error| cause.context("Attempt to use undecryptable variable.").at(text.origin());
    let plain = world.vault.decrypt(text.as_str().as_bytes()).map_err(undecryptable)?;
    match String::from_utf8(plain) {
        Ok(plain) => Ok(Text::decrypted(plain, text)),
        Err(error) => Err(undecryptable(Error::user(error.to_string()))),
    }
}

impl Cx<'_> {
    /// Renders a trusted text in a scope, as its own rendering; errors are put off.
    ///
    /// A text that is none of the user's stays as it is, after what the setting wants said of it.
    pub(super) fn render_in(&mut self, text: &Text, scope: usize) -> Obj {
        if !text.is_trusted() {
            return self.left(text);
        }
        let key = (scope, text.as_str().as_ptr());
        let mut cx = Cx::new(self.session, scope);
        cx.origin = text.origin().cloned();
        if self.session.rendering.borrow().contains(&key) {
            return cx.put_off(Raise::python(Class::Recursion, "maximum recursion depth exceeded"));
        }
        self.session.rendering.borrow_mut().push(key);
        let result = cx.deeper(|cx| {
            let template = cx.templar().compile(text.as_str(), &cx.templar().syntax, Mode::Template)?;
            Ok(cx.run(&template))
        });
        self.session.rendering.borrow_mut().pop();
        match result {
            Ok(Obj::Str(result)) => {
                let result = finish(result, text.as_str(), "\n");
                let placed = result.origin().is_some() || result.is_trusted() || text.origin().is_none();
                Obj::Str(if placed { result } else { result.place(text.origin()) })
            }
            Ok(other) => other.lazy(),
            Err(raise) => cx.put_off(raise),
        }
    }

    /// An untrusted text as it is.
    fn left(&mut self, text: &Text) -> Obj {
        match self.templar().untrusted {
            Untrusted::Ignore => {}
            Untrusted::Warn => self.remark(Remark::warning(untrusted(text))),
            Untrusted::Fail => return self.put_off(Raise::Failed(Rc::new(untrusted(text)))),
        }
        Obj::Str(text.clone())
    }

    /// Renders a trusted text to the end; None for `omit`.
    fn rendered(&mut self, text: &Text) -> Result<Option<Value>> {
        let obj = self.render_in(text, self.scope);
        if matches!(obj, Obj::Omit) {
            return Ok(None);
        }
        self.origin = text.origin().cloned();
        self.finished(&obj, text.origin()).map(Some)
    }

    /// The result as a value, or the error that using it means.
    pub(super) fn finished(&mut self, obj: &Obj, origin: Option<&Origin>) -> Result<Value> {
        let value = self.value(obj);
        if any_marked()
            && let Ok(value) = &value
        {
            self.all_used(value);
        }
        match value {
            Ok(Value::Str(text)) if text.origin().is_none() && origin.is_some() && !text.is_trusted() => {
                Ok(Value::Str(text.place(origin)))
            }
            Ok(value) => Ok(value),
            Err(raise) => Err(self.complete(raise)),
        }
    }

    fn loop_items(&mut self, name: &str, terms: &Value) -> Result<Vec<Value>, Raise> {
        let terms = match terms {
            Value::Str(text) => self.lift(&Value::Str(text.with_text(text.as_str().trim())), self.scope)?,
            other => self.lift(other, self.scope)?,
        };
        let terms = match terms {
            Obj::List(_) => self.iter_lenient(&terms)?,
            one => vec![one],
        };
        let mut items = Vec::new();
        for item in self.run_lookup(name, CallArgs::positional(terms))? {
            if !matches!(item, Obj::Omit) {
                items.push(self.value(&item)?);
            }
        }
        Ok(items)
    }

    fn rendered_value(&mut self, value: &Value) -> Result<Option<Value>> {
        Ok(Some(match value {
            Value::Str(text) if !self.templar().is_data(text) => return self.rendered(text),
            Value::Vault(_) => {
                let obj = self.lift(value, self.scope).map_err(|raise| self.complete(raise))?;
                self.finished(&obj, None)?
            }
            Value::List(items) => {
                let mut out = Vec::with_capacity(items.len());
                for item in items.iter() {
                    out.extend(self.rendered_value(item)?);
                }
                Value::from(out)
            }
            Value::Dict(dict) => {
                let mut out = Dict::new();
                for (key, item) in dict {
                    if let Some(item) = self.rendered_value(item)? {
                        out.insert(key.clone(), item);
                    }
                }
                Value::Dict(out)
            }
            other => other.clone(),
        }))
    }
}

/// What fails in a loop's lookup and has no place is shown as the real one shows it, which makes a call of its own.
fn nowhere(error: Error) -> Error {
    match error.place() {
        Some(_) => error,
        None => error.at(Some(&Origin::described("<unknown>"))).help("invoke_lookup()"),
    }
}

/// The error that using a text as a template is which no user wrote.
fn untrusted(text: &Text) -> Error {
    let help = "Templates and expressions must be defined by trusted sources such as playbooks or roles, not untrusted \
                sources such as module results.";
    // Where no place is known, the text itself stands for it.
    let unknown = || Origin::described(format!("<unknown>\n\n{}", text.as_str()));
    let origin = text.origin().cloned().unwrap_or_else(unknown);
    Error::user("Encountered untrusted template or expression.").help(help).at(Some(&origin))
}

/// Puts back the newlines that the template ended with.
pub(super) fn finish(result: Text, template: &str, newline: &str) -> Text {
    let trailing = |text: &str| text.len() - text.trim_end_matches('\n').len();
    let (want, have) = (trailing(template), trailing(result.as_str()));
    if want > have { result.with_text(format!("{}{}", result.as_str(), newline.repeat(want - have))) } else { result }
}
