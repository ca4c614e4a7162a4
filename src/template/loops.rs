//! The `loop` of a `{% for %}`.

use super::args::CallArgs;
use super::cx::{Cx, Frame};
use super::ir::For;
use super::object::{Obj, Special};
use super::raise::Raise;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

/// What `loop.changed` was asked with last.
type LastChange = Rc<RefCell<Option<Vec<Obj>>>>;

/// A running loop.
pub(super) struct Loop {
    items: Vec<Obj>,
    index: Cell<usize>,
    depth: usize,
    /// The loop itself and the variables around it, where it is recursive.
    again: Option<(Arc<For>, Option<Rc<Frame>>)>,
    changed: LastChange,
}

impl Loop {
    pub(super) fn new(items: Vec<Obj>, depth: usize, again: Option<(Arc<For>, Option<Rc<Frame>>)>) -> Self {
        Self { items, index: Cell::new(0), depth, again, changed: LastChange::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    pub(super) fn turn(&self, index: usize) {
        self.index.set(index);
    }

    pub(super) fn item(&self, index: usize) -> Obj {
        self.items.get(index).cloned().unwrap_or_default()
    }

    fn neighbour(&self, at: Option<usize>, hint: &str) -> Obj {
        at.and_then(|at| self.items.get(at)).cloned().unwrap_or_else(|| Obj::undefined(hint))
    }
}

impl Drop for Loop {
    /// A loop's items may hold a loop, and so on.
    fn drop(&mut self) {
        let items = std::mem::take(&mut self.items);
        super::held::with_stack(move || drop(items));
    }
}

impl Special for Loop {
    fn type_name(&self) -> &str {
        "LoopContext"
    }

    fn attr(&self, _: &mut Cx<'_>, name: &str) -> Result<Option<Obj>, Raise> {
        let (at, len) = (self.index.get(), self.items.len());
        Ok(Some(match name {
            "index" => Obj::from(at + 1),
            "index0" => Obj::from(at),
            "revindex" => Obj::from(len.saturating_sub(at)),
            "revindex0" => Obj::from(len.saturating_sub(at + 1)),
            "first" => Obj::Bool(at == 0),
            "last" => Obj::Bool(at + 1 == len),
            "length" => Obj::from(len),
            "depth" => Obj::from(self.depth),
            "depth0" => Obj::from(self.depth.saturating_sub(1)),
            "previtem" => self.neighbour(at.checked_sub(1), "there is no previous item"),
            "nextitem" => self.neighbour(Some(at + 1), "there is no next item"),
            "cycle" => Obj::Special(Rc::new(Cycle(at))),
            "changed" => Obj::Special(Rc::new(Changed(Rc::clone(&self.changed)))),
            _ => return Ok(None),
        }))
    }

    fn callable(&self) -> bool {
        true
    }

    /// `loop(children)` of a recursive loop.
    fn call(&self, cx: &mut Cx<'_>, args: CallArgs) -> Result<Obj, Raise> {
        let Some((again, frame)) = &self.again else {
            return Err(Raise::type_error("The loop must have the 'recursive' marker to be called recursively."));
        };
        let iter = args.positional.into_iter().next().unwrap_or_default();
        let outer = std::mem::replace(&mut cx.frame, frame.clone());
        let mut out = Vec::new();
        let strict = std::mem::replace(&mut cx.strict, true);
        let result = cx.for_loop(again, &iter, self.depth + 1, &mut out);
        (cx.frame, cx.strict) = (outer, strict);
        result?;
        Ok(cx.concat(out))
    }

    fn len(&self, _: &mut Cx<'_>) -> Option<Result<usize, Raise>> {
        Some(Ok(self.items.len()))
    }

    fn text(&self) -> String {
        format!("<LoopContext {}/{}>", self.index.get() + 1, self.items.len())
    }
}

/// `loop.cycle`
struct Cycle(usize);

impl Special for Cycle {
    fn type_name(&self) -> &str {
        "method"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, _: &mut Cx<'_>, args: CallArgs) -> Result<Obj, Raise> {
        if args.positional.is_empty() {
            return Err(Raise::type_error("no items for cycling given"));
        }
        Ok(args.positional.get(self.0 % args.positional.len()).cloned().unwrap_or_default())
    }
}

/// `loop.changed`
struct Changed(LastChange);

impl Special for Changed {
    fn type_name(&self) -> &str {
        "method"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, cx: &mut Cx<'_>, args: CallArgs) -> Result<Obj, Raise> {
        let last = self.0.borrow().clone();
        let same = match last {
            Some(last) => cx.equals(&Obj::tuple(last), &Obj::tuple(args.positional.clone()))?,
            None => false,
        };
        if !same {
            *self.0.borrow_mut() = Some(args.positional);
        }
        Ok(Obj::Bool(!same))
    }
}
