//! Other templates: include, import, extends and blocks.

use super::args::CallArgs;
use super::cx::{Cx, Frame};
use super::ir::{Block, Expr, Template};
use super::object::{Obj, Special, place};
use super::raise::{Class, Raise};
use crate::value::str_repr;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;

type Result<T> = std::result::Result<T, Raise>;

/// No template file is larger.
const MOST_BYTES: u64 = 64 << 20;

/// An imported template.
struct Module {
    name: String,
    output: Vec<Obj>,
    frame: Rc<Frame>,
}

impl Special for Module {
    fn type_name(&self) -> &str {
        "TemplateModule"
    }

    fn attr(&self, _: &mut Cx<'_>, name: &str) -> Result<Option<Obj>> {
        if name.starts_with('_') {
            return Ok(None);
        }
        Ok(self.frame.vars.borrow().iter().find(|(n, _)| &**n == name).map(|(_, value)| value.clone()))
    }

    fn text(&self) -> String {
        format!("<TemplateModule {}>", str_repr(&self.name))
    }
}

/// The output with None gone and imported templates replaced by theirs.
pub(super) fn flatten(nodes: Vec<Obj>, out: &mut Vec<Obj>) {
    for node in nodes {
        match node {
            Obj::None => {}
            Obj::Special(special) => {
                let any: &dyn std::any::Any = &*special;
                match any.downcast_ref::<Module>() {
                    Some(module) => flatten(module.output.clone(), out),
                    None => out.push(Obj::Special(special)),
                }
            }
            other => out.push(other),
        }
    }
}

/// A block and how many overrides of it were passed: what `super()` and `self.name()` call.
struct BlockCall {
    name: Arc<str>,
    depth: usize,
    blocks: Blocks,
    root: Option<Rc<Frame>>,
}

/// The blocks of a template and its parents: each name with its overrides, the child's first.
pub(super) type Blocks = Vec<(Arc<str>, Vec<Arc<Block>>)>;

impl BlockCall {
    /// The block that it calls.
    fn block(&self) -> Option<&Arc<Block>> {
        self.blocks.iter().find(|(name, _)| *name == self.name).and_then(|(_, list)| list.get(self.depth))
    }

    /// It as an object, or what stands for it where there is no such block.
    fn object(self) -> Obj {
        if self.block().is_some() { Obj::Special(Rc::new(self)) } else { self.lacking() }
    }

    /// What stands for a block that there is not.
    fn lacking(&self) -> Obj {
        Obj::undefined(format!("there is no parent block called {}.", str_repr(&self.name)))
    }
}

impl Special for BlockCall {
    fn type_name(&self) -> &str {
        "BlockReference"
    }

    fn text(&self) -> String {
        format!("<jinja2.runtime.BlockReference object at {}>", place(self))
    }

    fn attr(&self, _: &mut Cx<'_>, name: &str) -> Result<Option<Obj>> {
        let next = Self {
            name: Arc::clone(&self.name),
            depth: self.depth + 1,
            blocks: self.blocks.clone(),
            root: self.root.clone(),
        };
        Ok((name == "super").then(|| next.object()))
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, cx: &mut Cx<'_>, _: CallArgs) -> Result<Obj> {
        let Some(block) = self.block().cloned() else { return self.lacking().defined() };
        let saved = (std::mem::replace(&mut cx.blocks, self.blocks.clone()), cx.parent.take());
        let mut out = Vec::new();
        let strict = std::mem::replace(&mut cx.strict, true);
        let result = cx.run_block(&block, self.depth, self.root.clone(), &mut out);
        cx.strict = strict;
        (cx.blocks, cx.parent) = saved;
        // What failed comes after what it showed before, where something undefined may be.
        if let Err(raise) = result {
            out.push(cx.put_off(raise));
        }
        Ok(cx.concat(out))
    }
}

/// `self`: the blocks by name.
struct SelfBlocks {
    blocks: Blocks,
    root: Option<Rc<Frame>>,
}

impl Special for SelfBlocks {
    fn type_name(&self) -> &str {
        "TemplateReference"
    }

    fn shown(&self) -> Option<Obj> {
        Some(Obj::None)
    }

    /// Python goes through what has items by numbers, of which it lacks the first one.
    fn iter(&self, _: &mut Cx<'_>) -> Option<Result<Obj>> {
        Some(Err(Raise::python(Class::Key, "0")))
    }

    fn item(&self, _: &mut Cx<'_>, key: &Obj) -> Result<Option<Obj>> {
        let name = key.as_str().unwrap_or_default();
        let found = self.blocks.iter().find(|(n, _)| **n == *name);
        Ok(found.map(|(name, _)| {
            Obj::Special(Rc::new(BlockCall {
                name: Arc::clone(name),
                depth: 0,
                blocks: self.blocks.clone(),
                root: self.root.clone(),
            }))
        }))
    }
}

impl Cx<'_> {
    pub(super) fn self_blocks(&self) -> Obj {
        Obj::Special(Rc::new(SelfBlocks { blocks: self.blocks.clone(), root: self.root.clone() }))
    }

    /// Adds a template's blocks behind those of its children.
    pub(super) fn add_blocks(&mut self, template: &Template) {
        for (name, block) in &template.blocks {
            match self.blocks.iter_mut().find(|(n, _)| n == name) {
                Some((_, list)) => list.push(Arc::clone(block)),
                None => self.blocks.push((Arc::clone(name), vec![Arc::clone(block)])),
            }
        }
    }

    /// `{% block %}` where it stands: shows the last override.
    pub(super) fn show_block(&mut self, block: &Arc<Block>, out: &mut Vec<Obj>) -> Result<()> {
        let list = self.blocks.iter().find(|(n, _)| *n == block.name).map(|(_, list)| list.clone());
        let first = list.and_then(|list| list.first().cloned()).unwrap_or_else(|| Arc::clone(block));
        if first.required {
            return Err(Raise::python(Class::Template, format!("Required block {} not found", str_repr(&block.name))));
        }
        let frame = if block.scoped { self.frame.clone() } else { self.root.clone() };
        self.run_block(&first, 0, frame, out)
    }

    fn run_block(&mut self, block: &Block, depth: usize, frame: Option<Rc<Frame>>, out: &mut Vec<Obj>) -> Result<()> {
        let above = BlockCall {
            name: Arc::clone(&block.name),
            depth: depth + 1,
            blocks: self.blocks.clone(),
            root: self.root.clone(),
        };
        let (outer, parent) = (self.frame.take(), self.parent.take());
        self.frame = frame;
        let result = self.deeper(|cx| {
            cx.scoped(|cx| {
                if block.uses_super {
                    cx.set(&Arc::from("super"), above.object());
                }
                cx.enter(&block.body, None)?;
                cx.exec(&block.body, out)
            })
        });
        (self.frame, self.parent) = (outer, parent);
        result.map(|_| ())
    }

    pub(super) fn extends(&mut self, name: &Expr) -> Result<()> {
        let name = self.eval(name)?.defined()?;
        if self.parent.is_some() {
            return Err(Raise::python(Class::Template, "extended multiple times"));
        }
        let depth = self.blocks.iter().map(|(_, list)| list.len()).max().unwrap_or(0);
        if depth > super::cx::DEPTH {
            return Err(Raise::python(Class::Recursion, "maximum recursion depth exceeded"));
        }
        let parent = self.load(&name)?;
        // Its blocks are there from here on, for `self.name()`.
        self.add_blocks(&parent);
        self.parent = Some(parent);
        Ok(())
    }

    pub(super) fn include(
        &mut self,
        name: &Expr,
        ignore_missing: bool,
        with_context: bool,
        out: &mut Vec<Obj>,
    ) -> Result<()> {
        let name = self.eval(name)?.defined()?;
        let template = match self.load(&name) {
            Err(raise) if ignore_missing && raise.is(Class::NotFound) => return Ok(()),
            other => other?,
        };
        if with_context {
            self.enter_included(&template.body)?;
            return self.elsewhere(true, |cx| cx.deeper(|cx| cx.run_into(&template, out)));
        }
        // Without context it is run as a whole before any of it is shown.
        let mut own = Vec::new();
        self.elsewhere(false, |cx| cx.deeper(|cx| cx.run_into(&template, &mut own)))?;
        out.extend(own);
        Ok(())
    }

    /// Runs another template with or without the variables of this one.
    fn elsewhere<T>(&mut self, with_context: bool, what: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let parent = self.parent.take();
        let result = if with_context {
            what(self)
        } else {
            let saved = (self.frame.take(), std::mem::replace(&mut self.hidden, true));
            let result = what(self);
            (self.frame, self.hidden) = saved;
            result
        };
        self.parent = parent;
        result
    }

    pub(super) fn import(&mut self, name: &Expr, with_context: bool) -> Result<Obj> {
        let name = self.eval(name)?.defined()?;
        let template = self.load(&name)?;
        let name = self.text(&name)?;
        self.elsewhere(with_context, |cx| {
            let outer = cx.frame.take();
            // What is set after the import is nothing that the imported template sees.
            let frame = Frame::new(outer.as_ref().map(|outer| outer.snapshot()));
            cx.frame = Some(Rc::clone(&frame));
            let saved = (cx.root.replace(Rc::clone(&frame)), std::mem::take(&mut cx.blocks), cx.template.take());
            cx.template = Some(Arc::clone(&template));
            cx.add_blocks(&template);
            let mut output = Vec::new();
            let result = cx.deeper(|cx| cx.exec(&template.body, &mut output));
            (cx.root, cx.blocks, cx.template) = saved;
            cx.frame = outer;
            result?;
            Ok(Obj::Special(Rc::new(Module { name, output, frame }) as Rc<dyn Special>))
        })
    }

    pub(super) fn import_names(
        &mut self,
        name: &Expr,
        names: &[(Arc<str>, Arc<str>)],
        with_context: bool,
        line: u32,
    ) -> Result<()> {
        let module = self.import(name, with_context)?;
        let Obj::Special(module) = module else { return Ok(()) };
        for (name, alias) in names {
            let value = match module.attr(self, name)? {
                Some(value) => value,
                None => Obj::undefined(format!(
                    "the template {} (imported on line {line}) does not export the requested name {}",
                    module.text().trim_start_matches("<TemplateModule ").trim_end_matches('>'),
                    str_repr(name)
                )),
            };
            self.set(alias, value);
        }
        Ok(())
    }

    /// The template of a name, or the first of a list of names that exists.
    fn load(&mut self, name: &Obj) -> Result<Arc<Template>> {
        if let Obj::Str(name) = name {
            return self.load_file(name.as_str());
        }
        let mut tried = Vec::new();
        for candidate in self.iter(name)? {
            let candidate = self.text(&candidate)?;
            match self.load_file(&candidate) {
                Err(raise) if raise.is(Class::NotFound) => tried.push(candidate),
                other => return other,
            }
        }
        let text = if tried.is_empty() {
            "Tried to select from an empty list of templates.".to_owned()
        } else {
            format!("none of the templates given were found: {}", tried.join(", "))
        };
        Err(Raise::python(Class::NotFound, text))
    }

    fn load_file(&mut self, name: &str) -> Result<Arc<Template>> {
        let parts: Vec<&str> = name.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        let mut folders: Vec<String> = Vec::new();
        let here = self.origin.as_ref().and_then(|o| o.path()).map(Path::new).and_then(Path::parent);
        if let Some(here) = here.filter(|_| self.from_file) {
            folders.push(here.to_string_lossy().into_owned());
        }
        for path in self.search_paths() {
            folders.push(format!("{path}/templates"));
            folders.push(path);
        }
        if parts.contains(&"..") {
            return Err(Raise::python(Class::NotFound, name));
        }
        {
            for folder in &folders {
                let path = Path::new(folder).join(parts.join("/"));
                let Ok(meta) = std::fs::metadata(&path) else { continue };
                if !meta.is_file() {
                    continue;
                }
                if meta.len() > MOST_BYTES {
                    return Err(Raise::value_error(format!("the template {} is too large", path.display())));
                }
                let source = std::fs::read_to_string(&path).map_err(|e| Raise::python(Class::Os, e.to_string()))?;
                let syntax = self.template.as_ref().map(|t| Arc::clone(&t.syntax)).unwrap_or_default();
                return self.templar().compile(&source, &syntax, super::cache::Mode::Included);
            }
        }
        folders.dedup();
        let shown: Vec<String> = folders.iter().map(|f| str_repr(f)).collect();
        let plural = if shown.len() == 1 { "" } else { "s" };
        Err(Raise::python(
            Class::NotFound,
            format!("{} not found in search path{plural}: {}", str_repr(name), shown.join(", ")),
        ))
    }
}
