//! Modules written in Python, or in anything else that is a file: what they are, what goes along, what came of them.
//!
//! An installed ansible-core is used as files alone. Knows neither tasks nor connections: it is given a module's path,
//! its arguments and what a host printed.

mod imports;
mod kind;
mod locate;
mod pack;
mod result;
mod zip;

pub use kind::{JSON_ARGS, Looked, look};
pub use locate::Places;
pub use pack::{Pack, Packer};
pub use result::{Printed, read};
