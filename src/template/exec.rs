//! Statements, and how the output of a template becomes its result.
//!
//! The output is a list of objects. None vanishes; one object is the result itself; several are
//! finalised (a tuple becomes a list) and joined.

use super::bounds::{list_fits, text_fits};
use super::cx::{Cx, Frame};
use super::ir::{Expr, For, Macro, Stmt, Target, Template};
use super::loops::Loop;
use super::macros::MacroObj;
use super::object::Obj;
use super::raise::{Class, Raise};
use crate::diag::Error;
use crate::value::Text;
use std::rc::Rc;
use std::sync::Arc;

type Result<T> = std::result::Result<T, Raise>;

/// The size of a list or dictionary that a loop's body may change.
fn size_of_source(source: &Obj) -> usize {
    match source {
        Obj::List(list) => list.borrow().len(),
        Obj::Dict(dict) => dict.borrow().len(),
        _ => 0,
    }
}

/// How a body ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

impl Cx<'_> {
    /// A whole template: its result, which may be undefined or a put-off error.
    pub(super) fn run(&mut self, template: &Arc<Template>) -> Obj {
        // One lone output needs no frame.
        if let [Stmt::Emit(expr)] = template.body.as_slice() {
            return match self.eval(expr) {
                Ok(Obj::Special(special)) => self.concat(vec![Obj::Special(special)]),
                Ok(value) => value,
                Err(raise) => self.broken_off(Vec::new(), raise),
            };
        }
        let mut out = Vec::with_capacity(template.body.len());
        match self.run_into(template, &mut out) {
            Ok(()) => self.concat(out),
            Err(raise) => self.broken_off(out, raise),
        }
    }

    /// The result of a template that an exception has ended, after these outputs.
    fn broken_off(&mut self, mut out: Vec<Obj>, raise: Raise) -> Obj {
        // jinja2 joins outputs as they come, once there are two: it ends at the first that failed, long before a loop
        // without end has used up all steps.
        if self.exhausted()
            && out.len() > 1
            && let Some(failed) = out.iter().position(Obj::is_marker)
        {
            return out.swap_remove(failed);
        }
        out.push(self.put_off(raise));
        if self.session.replaced.is_some() {
            let truncated = Error::user("template potentially truncated").at(self.origin.as_ref());
            out.push(Obj::Failed(Rc::new(truncated)));
        }
        self.concat(out)
    }

    /// A whole template with those it extends.
    pub(super) fn run_into(&mut self, template: &Arc<Template>, out: &mut Vec<Obj>) -> Result<()> {
        let simple =
            template.blocks.is_empty() && template.body.iter().all(|s| matches!(s, Stmt::Text(_) | Stmt::Emit(_)));
        if simple {
            // It has no blocks, whatever those of what includes it are.
            let blocks = std::mem::take(&mut self.blocks);
            let result = self.exec(&template.body, out);
            self.blocks = blocks;
            return result.map(|_| ());
        }
        let root = Frame::new(self.frame.take());
        let saved = (
            std::mem::take(&mut self.blocks),
            self.root.replace(Rc::clone(&root)),
            self.parent.take(),
            self.template.replace(Arc::clone(template)),
        );
        let outer = root.parent.clone();
        self.frame = Some(root);
        let result = self.run_chain(template, out);
        (self.blocks, self.root, self.parent, self.template) = saved;
        self.frame = outer;
        result
    }

    fn run_chain(&mut self, template: &Arc<Template>, out: &mut Vec<Obj>) -> Result<()> {
        let mut current = Arc::clone(template);
        self.add_blocks(&current);
        loop {
            self.exec(&current.body, out)?;
            match self.parent.take() {
                Some(parent) => {
                    current = parent;
                    self.template = Some(Arc::clone(&current));
                }
                None => return Ok(()),
            }
        }
    }

    pub(super) fn exec(&mut self, body: &[Stmt], out: &mut Vec<Obj>) -> Result<Flow> {
        list_fits(out.len())?;
        self.steps(body.len())?;
        for stmt in body {
            let flow = self.stmt(stmt, out)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn stmt(&mut self, stmt: &Stmt, out: &mut Vec<Obj>) -> Result<Flow> {
        match stmt {
            // Outputs beside the blocks of a child template are not shown, and not even looked at; what it includes
            // and calls is.
            Stmt::Text(_) | Stmt::Emit(_) | Stmt::Print(_) if self.parent.is_some() => {}
            // Its blocks are those of its parent, unless they stand in a loop or the like.
            Stmt::Block(_) if self.parent.is_some() && self.at_root() => {}
            Stmt::Text(text) => out.push(Obj::Str(Text::data(Arc::clone(text)))),
            Stmt::Emit(expr) => {
                let value = self.eval(expr)?;
                out.push(value);
            }
            Stmt::If(test, then, otherwise) => return self.branches(test, then, otherwise, out),
            Stmt::For(f) => {
                let iter = self.eval(&f.iter)?;
                if f.recursive {
                    // A function to jinja2, which runs whole before what it gives is one output.
                    let mut inner = Vec::new();
                    self.for_loop(f, &iter, 1, &mut inner)?;
                    let joined = self.concat(inner);
                    out.push(joined);
                } else {
                    self.for_loop(f, &iter, 1, out)?;
                }
            }
            Stmt::Set(target, value) => {
                self.namespaces(target)?;
                let value = self.eval(value)?;
                self.assign(target, value)?;
            }
            Stmt::With(bindings, body) => return self.with(bindings, body, out),
            Stmt::Scoped(body) => return self.inner(body, out),
            Stmt::Do(expr) => {
                let value = self.eval(expr)?;
                if let Obj::Failed(_) = value {
                    value.defined()?;
                }
            }
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
            Stmt::Print(exprs) => {
                for expr in exprs {
                    let value = self.eval(expr)?;
                    out.push(value);
                }
            }
            other => self.rarer(other, out)?,
        }
        Ok(Flow::Next)
    }

    /// `if` and its `elif`s, each of which stands alone in the `else` of the one before.
    fn branches(&mut self, test: &Expr, then: &[Stmt], otherwise: &[Stmt], out: &mut Vec<Obj>) -> Result<Flow> {
        let (mut test, mut then, mut otherwise) = (test, then, otherwise);
        loop {
            let verdict = self.eval(test)?;
            if self.truthy(&verdict)? {
                return self.exec(then, out);
            }
            let [Stmt::If(next, body, rest)] = otherwise else { return self.exec(otherwise, out) };
            (test, then, otherwise) = (next, body, rest);
        }
    }

    fn rarer(&mut self, stmt: &Stmt, out: &mut Vec<Obj>) -> Result<()> {
        match stmt {
            Stmt::SetBlock(target, filter, body) => {
                let mut value = self.capture(body)?;
                if let Some(Expr::Filter(filter)) = filter {
                    value = self.apply_filter(filter, Some(&value))?;
                }
                self.assign_block(target, value)
            }
            Stmt::FilterBlock(filter, body) => {
                let value = self.collected(body)?;
                if let Expr::Filter(filter) = filter {
                    let value = self.apply_filter(filter, Some(&value))?;
                    out.push(value);
                }
                Ok(())
            }
            Stmt::Macro(def) => {
                let object = self.macro_object(def);
                self.set(&def.name, object);
                Ok(())
            }
            Stmt::CallBlock(call, def) => {
                let value = self.call_block(call, def)?;
                out.push(value);
                Ok(())
            }
            Stmt::Block(block) => self.show_block(block, out),
            Stmt::Extends(name) => self.extends(name),
            Stmt::Include { name, ignore_missing, with_context } => {
                self.include(name, *ignore_missing, *with_context, out)
            }
            Stmt::Import { name, target, with_context } => {
                let module = self.import(name, *with_context)?;
                self.set(target, module);
                Ok(())
            }
            Stmt::FromImport { name, names, with_context, line } => {
                self.import_names(name, names, *with_context, *line)
            }
            _ => Ok(()),
        }
    }

    /// Runs something with variables of its own.
    pub(super) fn scoped<T>(&mut self, what: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let outer = self.frame.take();
        self.frame = Some(Frame::new(outer.clone()));
        let result = what(self);
        self.frame = outer;
        result
    }

    /// A body with variables of its own.
    fn inner(&mut self, body: &[Stmt], out: &mut Vec<Obj>) -> Result<Flow> {
        self.scoped(|cx| {
            cx.enter(body, None)?;
            cx.exec(body, out)
        })
    }

    fn with(&mut self, bindings: &[(Target, Expr)], body: &[Stmt], out: &mut Vec<Obj>) -> Result<Flow> {
        // The values see the outer variables, not each other.
        let mut values = Vec::with_capacity(bindings.len());
        for (_, value) in bindings {
            values.push(self.eval(value)?);
        }
        self.scoped(|cx| {
            for ((target, _), value) in bindings.iter().zip(values) {
                cx.assign(target, value)?;
            }
            cx.enter(body, None)?;
            cx.exec(body, out)
        })
    }

    /// The output of a body as one object.
    ///
    /// All of it runs before it is joined, so what is raised counts before what an output has put off.
    fn collected(&mut self, body: &[Stmt]) -> Result<Obj> {
        let mut out = Vec::new();
        self.inner(body, &mut out)?;
        Ok(self.concat(out))
    }

    /// The same of a body whose outputs count in a child template as well.
    pub(super) fn capture(&mut self, body: &[Stmt]) -> Result<Obj> {
        let parent = self.parent.take();
        let result = self.collected(body);
        self.parent = parent;
        result
    }

    /// Whether what runs stands at the top of its template, or in an `if` there.
    fn at_root(&self) -> bool {
        matches!((&self.frame, &self.root), (Some(frame), Some(root)) if Rc::ptr_eq(frame, root))
    }

    /// Sets a variable of the template.
    pub(super) fn set(&mut self, name: &Arc<str>, value: Obj) {
        if self.frame.is_none() {
            self.frame = Some(Frame::new(None));
        }
        if let Some(frame) = &self.frame {
            frame.set(name, value);
        }
    }

    /// Fails where an attribute is to be set on what is no namespace, which is looked at before the value.
    fn namespaces(&mut self, target: &Target) -> Result<()> {
        match target {
            Target::Name(_) => Ok(()),
            Target::Attr(object, _) => match self.variable(object)? {
                Some(holder) if holder.is_namespace() => Ok(()),
                _ => Err(Raise::python(Class::Template, "cannot assign attribute on non-namespace object")),
            },
            Target::List(targets) => targets.iter().try_for_each(|target| self.namespaces(target)),
        }
    }

    /// Sets what a set block gives: as an item of whatever has items, since jinja2 looks for namespaces in `set` alone.
    fn assign_block(&mut self, target: &Target, value: Obj) -> Result<()> {
        let Target::Attr(object, name) = target else { return self.assign(target, value) };
        let kind = match self.variable(object)? {
            Some(Obj::Special(special)) if special.set_attr(name, value.clone()) => return Ok(()),
            Some(Obj::Dict(dict)) => {
                dict.borrow_mut().insert(Obj::from(&**name), value);
                return Ok(());
            }
            Some(Obj::List(_)) => return Err(Raise::type_error("list indices must be integers or slices, not str")),
            Some(other) => other.defined()?.full_name(),
            None => "_MissingType".into(),
        };
        Err(Raise::type_error(format!("'{kind}' object does not support item assignment")))
    }

    pub(super) fn assign(&mut self, target: &Target, value: Obj) -> Result<()> {
        match target {
            Target::Name(name) => self.set(name, value),
            Target::Attr(object, name) => {
                let holder = self.variable(object)?.unwrap_or_else(|| self.undefined_name(object));
                let done = match &holder {
                    Obj::Special(special) => special.set_attr(name, value),
                    _ => false,
                };
                if !done {
                    return Err(Raise::python(Class::Template, "cannot assign attribute on non-namespace object"));
                }
            }
            Target::List(targets) => {
                let items = self.iter_lenient(&value).map_err(|raise| match raise {
                    Raise::Python(..) => {
                        Raise::type_error(format!("cannot unpack non-iterable {} object", value.type_name()))
                    }
                    other => other,
                })?;
                if items.len() < targets.len() {
                    return Err(Raise::value_error(format!(
                        "not enough values to unpack (expected {}, got {})",
                        targets.len(),
                        items.len()
                    )));
                }
                if items.len() > targets.len() {
                    return Err(Raise::value_error(format!("too many values to unpack (expected {})", targets.len())));
                }
                for (target, item) in targets.iter().zip(items) {
                    self.assign(target, item)?;
                }
            }
        }
        Ok(())
    }

    /// Runs a loop; `depth` counts recursive ones.
    pub(super) fn for_loop(&mut self, f: &Arc<For>, iter: &Obj, depth: usize, out: &mut Vec<Obj>) -> Result<()> {
        let items = self.iter_lenient(iter)?;
        let outer = self.frame.clone();
        let items = self.kept(f, items, 0)?;
        if items.is_empty() {
            return self.inner(&f.otherwise, out).map(|_| ());
        }
        self.enter(&f.body, Some(&f.target))?;
        let state = Rc::new(Loop::new(items, depth, f.recursive.then(|| (Arc::clone(f), outer.clone()))));
        let result = self.turns(f, &state, iter, out);
        self.frame = outer;
        result
    }

    /// The items from a place on that the loop's `if` is true for, each with its place.
    fn kept(&mut self, f: &For, items: Vec<Obj>, from: usize) -> Result<Vec<(usize, Obj)>> {
        let items: Vec<(usize, Obj)> = items.into_iter().enumerate().skip(from).collect();
        let Some(test) = &f.test else { return Ok(items) };
        let mut kept = Vec::with_capacity(items.len());
        for (place, item) in items {
            let keep = self.scoped(|cx| {
                cx.assign(&f.target, item.clone())?;
                let verdict = cx.eval(test)?;
                cx.truthy(&verdict)
            })?;
            if keep {
                kept.push((place, item));
            }
        }
        Ok(kept)
    }

    fn turns(&mut self, f: &Arc<For>, state: &Rc<Loop>, source: &Obj, out: &mut Vec<Obj>) -> Result<()> {
        let name: Arc<str> = Arc::from("loop");
        let outer = self.frame.clone();
        let mut frame = Frame::new(outer.clone());
        let mut size = size_of_source(source);
        let mut index = 0;
        while let Some(item) = state.turn(index) {
            // A macro may have captured the last turn's variables.
            if Rc::strong_count(&frame) > 2 {
                frame = Frame::new(outer.clone());
            }
            frame.vars.borrow_mut().clear();
            self.step()?;
            if f.uses_loop {
                frame.set(&name, Obj::Special(state.clone()));
            }
            self.frame = Some(Rc::clone(&frame));
            self.assign(&f.target, item)?;
            if self.exec(&f.body, out)? == Flow::Break {
                break;
            }
            let now = size_of_source(source);
            if now != size {
                size = now;
                self.frame.clone_from(&outer);
                self.go_on(f, state, source)?;
            }
            index += 1;
        }
        Ok(())
    }

    /// Goes on with what a loop's body has made of its list, as Python does, which allows no change of a dictionary.
    fn go_on(&mut self, f: &For, state: &Loop, source: &Obj) -> Result<()> {
        if matches!(source, Obj::Dict(_)) {
            return Err(Raise::python(Class::Runtime, "dictionary changed size during iteration"));
        }
        // The place in the list counts, whatever is there now.
        let items = self.iter_lenient(source)?;
        // To look at many again is less work than as many turns.
        self.steps(items.len() / 4)?;
        let rest = self.kept(f, items, state.forget_unread())?;
        state.go_on_with(rest);
        Ok(())
    }

    pub(super) fn macro_object(&self, def: &Arc<Macro>) -> Obj {
        self.session.captured.borrow_mut().extend(self.frame.clone());
        Obj::Special(Rc::new(MacroObj {
            def: Arc::clone(def),
            frame: self.frame.clone(),
            hidden: self.hidden,
            template: self.template.clone(),
            root: self.root.clone(),
            blocks: self.blocks.clone(),
        }))
    }

    /// The result of an output.
    pub(super) fn concat(&mut self, nodes: Vec<Obj>) -> Obj {
        let simple = nodes.len() > 1 && nodes.iter().all(|node| !matches!(node, Obj::None | Obj::Special(_)));
        let mut flat = nodes;
        if !simple {
            let nodes = std::mem::take(&mut flat);
            super::import::flatten(nodes, &mut flat);
        }
        if flat.len() == 1 {
            return flat.pop().unwrap_or_default().lazy();
        }
        if flat.is_empty() {
            return Obj::None;
        }
        let known = flat.iter().map(|node| node.as_str().map_or(8, str::len)).sum::<usize>();
        let mut out = String::with_capacity(known.min(1 << 20));
        let mut failed = None;
        for node in &flat {
            if let Err(raise) = self.write_final(&mut out, node).and_then(|()| text_fits(out.len())) {
                // The texts of methods and namespaces are made last, when all else is known to be defined.
                if !matches!(node, Obj::Special(_)) {
                    return self.put_off(raise);
                }
                failed = failed.or(Some(raise));
            }
        }
        if let Some(raise) = failed {
            return self.put_off(raise);
        }
        let made = Obj::from(out);
        match self.made(&made) {
            Ok(()) => made,
            Err(raise) => self.put_off(raise),
        }
    }
}
