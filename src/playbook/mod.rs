//! Play, block, task, role and handler as data; one table of keywords.
//!
//! Typed once, when loaded; all text is still unrendered. Nothing here reads a file or renders
//! a template. Errors are ansible-core's, in its words and with its places.

mod action;
mod block;
mod common;
mod frame;
mod keywords;
mod kv;
mod notes;
mod play;
mod read;
mod read_play;
mod read_task;
mod role;
mod split;
mod task;

pub use action::{
    ActionForm, is_builtin, may_be_all_template, may_be_template, read_action, strip_builtin, takes_text,
};
pub use block::{Block, Entry};
pub use common::Common;
pub use frame::{Frame, FrameKind};
pub use keywords::{
    KEYWORDS, Keyword, Place, Support, Takes, check_key, check_keys, check_texts, class_name, find as find_keyword,
};
pub use kv::{decode_escapes, parse_kv};
pub use notes::{Note, Notes};
pub use play::{Play, VarsPrompt};
pub use read::{
    IncludeKind, Surroundings, as_list, check_variable_name, include_kind, is_variable_name, read_collections,
    read_common, read_vars, texts,
};
pub use read_play::{PlayHead, check_play, read_play_head};
pub use read_task::{ReadTask, TaskPlace, read_task};
pub use role::{Role, RoleData, RoleFiles, RoleUse};
pub use split::{join_args, split_args, unquote};
pub use task::{Include, IncludeRole, Loop, LoopControl, Task};
