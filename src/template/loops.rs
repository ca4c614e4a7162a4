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
    /// The items, each with its place in what is iterated.
    items: RefCell<Vec<(usize, Obj)>>,
    /// How many items there were at first, which `loop.length` stays at.
    length: usize,
    /// Whether this turn has looked at the next item.
    peeked: Cell<bool>,
    index: Cell<usize>,
    depth: usize,
    /// The loop itself and the variables around it, where it is recursive.
    again: Option<(Arc<For>, Option<Rc<Frame>>)>,
    changed: LastChange,
}

impl Loop {
    pub(super) fn new(items: Vec<(usize, Obj)>, depth: usize, again: Option<(Arc<For>, Option<Rc<Frame>>)>) -> Self {
        let length = items.len();
        Self {
            items: items.into(),
            length,
            peeked: Cell::new(false),
            index: Cell::new(0),
            depth,
            again,
            changed: LastChange::default(),
        }
    }

    /// Begins a turn, and gives its item; None behind the last one.
    pub(super) fn turn(&self, index: usize) -> Option<Obj> {
        self.index.set(index);
        self.peeked.set(false);
        self.items.borrow().get(index).map(|(_, item)| item.clone())
    }

    /// Forgets the items that were not read: all but those of this turn and before, and the next one if it was looked
    /// at. Gives the place behind the last one that was.
    pub(super) fn forget_unread(&self) -> usize {
        let mut items = self.items.borrow_mut();
        items.truncate(self.index.get() + 1 + usize::from(self.peeked.get()));
        items.last().map_or(0, |(place, _)| place + 1)
    }

    /// Takes others for them.
    pub(super) fn go_on_with(&self, rest: Vec<(usize, Obj)>) {
        self.items.borrow_mut().extend(rest);
    }

    fn neighbour(&self, at: Option<usize>, hint: &str) -> Obj {
        at.and_then(|at| self.items.borrow().get(at).map(|(_, item)| item.clone()))
            .unwrap_or_else(|| Obj::undefined(hint))
    }
}

impl Drop for Loop {
    /// A loop's items may hold a loop, and so on.
    fn drop(&mut self) {
        let items = self.items.take();
        super::held::with_stack(move || drop(items));
    }
}

impl Special for Loop {
    fn type_name(&self) -> &str {
        "LoopContext"
    }

    fn attr(&self, _: &mut Cx<'_>, name: &str) -> Result<Option<Obj>, Raise> {
        let (at, len) = (self.index.get(), self.length);
        if matches!(name, "last" | "nextitem") {
            self.peeked.set(true);
        }
        Ok(Some(match name {
            "index" => Obj::from(at + 1),
            "index0" => Obj::from(at),
            "revindex" => Obj::from(len.saturating_sub(at)),
            "revindex0" => Obj::from(len.saturating_sub(at + 1)),
            "first" => Obj::Bool(at == 0),
            "last" => Obj::Bool(at + 1 == self.items.borrow().len()),
            "length" => Obj::from(len),
            "depth" => Obj::from(self.depth),
            "depth0" => Obj::from(self.depth.saturating_sub(1)),
            "previtem" => self.neighbour(at.checked_sub(1), "there is no previous item"),
            "nextitem" => self.neighbour(Some(at + 1), "there is no next item"),
            "cycle" => Obj::Special(Rc::new(Cycle { at, of: self.text() })),
            "changed" => Obj::Special(Rc::new(Changed { last: Rc::clone(&self.changed), of: self.text() })),
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
        Some(Ok(self.length))
    }

    fn text(&self) -> String {
        format!("<LoopContext {}/{}>", self.index.get() + 1, self.length)
    }
}

/// `loop.cycle`
struct Cycle {
    at: usize,
    /// The loop as text.
    of: String,
}

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
        Ok(args.positional.get(self.at % args.positional.len()).cloned().unwrap_or_default())
    }

    fn text(&self) -> String {
        format!("<bound method LoopContext.cycle of {}>", self.of)
    }
}

/// `loop.changed`
struct Changed {
    last: LastChange,
    of: String,
}

impl Special for Changed {
    fn type_name(&self) -> &str {
        "method"
    }

    fn callable(&self) -> bool {
        true
    }

    fn call(&self, cx: &mut Cx<'_>, args: CallArgs) -> Result<Obj, Raise> {
        let last = self.last.borrow().clone();
        let same = match last {
            Some(last) => cx.equals(&Obj::tuple(last), &Obj::tuple(args.positional.clone()))?,
            None => false,
        };
        if !same {
            *self.last.borrow_mut() = Some(args.positional);
        }
        Ok(Obj::Bool(!same))
    }

    fn text(&self) -> String {
        format!("<bound method LoopContext.changed of {}>", self.of)
    }
}
