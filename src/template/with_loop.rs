//! `with_<lookup>`: a lookup plugin whose results are the items of a loop.

use super::{CallArgs, Obj, Scope, Templar};
use crate::diag::Result;
use crate::value::Value;

impl Templar {
    /// The items that a lookup gives for the terms of a `with_…`; one term that is no list is the only one.
    pub fn loop_lookup(&self, lookup: &str, terms: &Value, scope: &dyn Scope) -> Result<Vec<Value>> {
        let terms = match self.render_value(terms, scope)? {
            Some(Value::List(items)) => items.to_vec(),
            Some(one) => vec![one],
            None => Vec::new(),
        };
        self.with_cx(scope, |cx| {
            cx.with_loop = true;
            let args = CallArgs::positional(terms.iter().map(Obj::data));
            let found = cx.lookup(lookup, args).map_err(|raise| cx.complete(raise))?;
            found.iter().map(|item| cx.finished(item, None)).collect()
        })
    }
}
