//! temp
use super::*;
use crate::diag::Result;
use crate::value::*;
impl Templar {
    /// x
    pub fn render(&self, _t: &Text, _s: &dyn Scope) -> Result<Value> { todo!() }
    /// x
    pub fn render_value(&self, _t: &Value, _s: &dyn Scope) -> Result<Option<Value>> { todo!() }
    /// x
    pub fn evaluate(&self, _t: &Text, _s: &dyn Scope) -> Result<Value> { todo!() }
    /// x
    pub fn condition(&self, _t: &Value, _s: &dyn Scope) -> Result<bool> { todo!() }
    /// x
    pub fn loop_lookup(&self, _l: &str, _t: &Value, _s: &dyn Scope) -> Result<Vec<Value>> { todo!() }
}
