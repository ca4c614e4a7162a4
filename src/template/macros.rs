//! Macros and call blocks.

use super::args::CallArgs;
use super::cx::{Cx, Frame};
use super::import::Blocks;
use super::ir::{Expr, Macro, Template};
use super::object::{Obj, Special};
use super::raise::{Raise, Undefined};
use crate::value::str_repr;
use std::rc::Rc;
use std::sync::Arc;

/// A macro with the variables around its definition.
pub(super) struct MacroObj {
    pub(super) def: Arc<Macro>,
    pub(super) frame: Option<Rc<Frame>>,
    /// Whether it cannot see the scope's variables: it was imported without context.
    pub(super) hidden: bool,
    pub(super) template: Option<Arc<Template>>,
    /// The top of the template that it stands in, and its blocks: those that are in the macro see no others.
    pub(super) root: Option<Rc<Frame>>,
    pub(super) blocks: Blocks,
}

impl Special for MacroObj {
    fn type_name(&self) -> &str {
        "Macro"
    }

    fn attr(&self, _: &mut Cx<'_>, name: &str) -> Result<Option<Obj>, Raise> {
        Ok(match name {
            "name" => Some(Obj::from(Arc::clone(&self.def.name))),
            "arguments" => Some(Obj::tuple(self.def.params.iter().cloned().map(Obj::from))),
            "catch_kwargs" => Some(Obj::Bool(self.def.uses_kwargs)),
            "catch_varargs" => Some(Obj::Bool(self.def.uses_varargs)),
            "caller" => Some(Obj::Bool(self.def.uses_caller)),
            _ => None,
        })
    }

    fn callable(&self) -> bool {
        true
    }

    fn takes_undefined(&self) -> bool {
        true
    }

    fn call(&self, cx: &mut Cx<'_>, args: CallArgs) -> Result<Obj, Raise> {
        let frame = Frame::new(self.frame.clone());
        let saved = (
            cx.frame.replace(Rc::clone(&frame)),
            std::mem::replace(&mut cx.hidden, self.hidden),
            std::mem::replace(&mut cx.template, self.template.clone()),
        );
        // Its own template may have got the blocks of a parent since.
        let same = self.root.as_ref().map(Rc::as_ptr) == cx.root.as_ref().map(Rc::as_ptr);
        let context = (!same).then(|| {
            let root = std::mem::replace(&mut cx.root, self.root.clone());
            (root, std::mem::replace(&mut cx.blocks, self.blocks.clone()))
        });
        let strict = std::mem::take(&mut cx.strict);
        let result = self.bind(cx, &frame, args).and_then(|()| cx.capture(&self.def.body));
        cx.strict = strict;
        (cx.frame, cx.hidden, cx.template) = saved;
        if let Some(context) = context {
            (cx.root, cx.blocks) = context;
        }
        result
    }

    fn text(&self) -> String {
        format!("<Macro {}>", str_repr(&self.def.name))
    }
}

impl MacroObj {
    fn bind(&self, cx: &mut Cx<'_>, frame: &Frame, args: CallArgs) -> Result<(), Raise> {
        let def = &self.def;
        let CallArgs { positional, mut named } = args.wrapped();
        let mut given = positional.into_iter();
        let first_default = def.params.len().saturating_sub(def.defaults.len());
        let mut bound: Vec<Option<Obj>> = Vec::with_capacity(def.params.len());
        for param in &def.params {
            // A parameter that was given by its place is not looked for among the names.
            let value = given.next().or_else(|| {
                let at = named.iter().position(|(n, _)| n == param)?;
                Some(named.remove(at).1)
            });
            bound.push(value);
        }
        let caller = named.iter().position(|(n, _)| &**n == "caller").map(|at| named.remove(at).1);
        // Defaults see the parameters before them.
        for (at, (param, value)) in def.params.iter().zip(bound).enumerate() {
            let value = match value {
                Some(value) => value,
                None if &**param == "caller" && caller.is_some() => caller.clone().unwrap_or_default(),
                None => match at.checked_sub(first_default).and_then(|i| def.defaults.get(i)) {
                    Some(default) => cx.eval(default)?,
                    None => {
                        let what = Undefined::hint(format!("parameter {} was not provided", str_repr(param)));
                        Obj::Undefined(Rc::new(what))
                    }
                },
            };
            frame.set(param, value);
        }
        if def.uses_caller && !def.params.iter().any(|p| &**p == "caller") {
            let caller = caller.clone().unwrap_or_else(|| Obj::undefined("No caller defined"));
            frame.set(&Arc::from("caller"), caller);
        }
        let rest: Vec<Obj> = given.collect();
        let fault = |text: String| Err(Raise::type_error(text));
        // What a call block hands over has no name.
        let name = if &*def.name == "caller" { "None".into() } else { str_repr(&def.name) };
        if def.uses_kwargs {
            let kwargs = Obj::dict(named.into_iter().map(|(n, v)| (Obj::from(n), v)));
            frame.set(&Arc::from("kwargs"), kwargs);
        } else if caller.is_some() && !def.uses_caller {
            return fault(format!(
                "macro {name} was invoked with two values for the special caller argument. This is most likely a bug."
            ));
        } else if let Some((extra, _)) = named.first() {
            return fault(format!("macro {name} takes no keyword argument {}", str_repr(extra)));
        }
        if def.uses_varargs {
            frame.set(&Arc::from("varargs"), Obj::tuple(rest));
        } else if !rest.is_empty() {
            return fault(format!("macro {name} takes not more than {} argument(s)", def.params.len()));
        }
        Ok(())
    }
}

impl Cx<'_> {
    /// `{% call … %}`: calls with the body as `caller`.
    pub(super) fn call_block(&mut self, call: &Expr, body: &Arc<Macro>) -> Result<Obj, Raise> {
        let Expr::Call(callee, args) = call else { return Ok(Obj::None) };
        let callee = self.eval(callee)?;
        let mut args = self.arguments(args)?;
        args.named.push((Arc::from("caller"), self.macro_object(body)));
        Ok(self.call(&callee, args).unwrap_or_else(|raise| self.put_off(raise)))
    }
}
