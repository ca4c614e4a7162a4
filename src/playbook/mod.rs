//! Play, block, task, role and handler as data; one table of keywords.
//!
//! Typed once, when loaded; all text is still unrendered. Nothing here reads a file or renders
//! a template. Errors are ansible-core's, in its words and with its places.

mod block;
mod common;
mod frame;
mod play;
mod role;
mod kv;
mod split;
mod task;

pub use block::{Block, Entry};
pub use common::Common;
pub use frame::{Frame, FrameKind};
pub use kv::{decode_escapes, parse_kv};
pub use play::{Play, VarsPrompt};
pub use role::{Role, RoleData, RoleFiles, RoleUse};
pub use split::{join_args, split_args, unquote};
pub use task::{Include, IncludeRole, Loop, LoopControl, Task};
