//! Filters of YAML: `to_yaml`, `to_nice_yaml`, `from_yaml`, `from_yaml_all`.

use super::support::{Got, alone};
use crate::template::{CallArgs, Cx, Obj, Raise};

fn missing(name: &str) -> Raise {
    Raise::unsupported(format!("The filter '{name}' is not supported yet."))
}

pub(super) fn to_yaml(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let _ = (cx, input, args);
    Err(missing("to_yaml"))
}

pub(super) fn to_nice_yaml(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    let _ = (cx, input, args);
    Err(missing("to_nice_yaml"))
}

pub(super) fn from_yaml(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "from_yaml")?;
    let _ = (cx, input);
    Err(missing("from_yaml"))
}

pub(super) fn from_yaml_all(cx: &mut Cx<'_>, input: Obj, args: CallArgs) -> Got {
    alone(args, "from_yaml_all")?;
    let _ = (cx, input);
    Err(missing("from_yaml_all"))
}
