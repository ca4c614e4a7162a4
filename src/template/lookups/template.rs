//! The lookup `template`: a file rendered with the variables of the task.

use super::support::{Call, Found, find_file, read_text, term};
use crate::diag::{Origin, Source};
use crate::template::{CallArgs, Cx, Raise};
use crate::value::Text;
use std::sync::Arc;

pub(super) fn template(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    for option in
        ["template_vars", "variable_start_string", "variable_end_string", "comment_start_string", "comment_end_string"]
    {
        if call.option(option).is_some() {
            return Err(Raise::unsupported(format!(
                "The option '{option}' of the lookup 'template' is not supported yet."
            )));
        }
    }
    let mut out = Vec::new();
    for name in &call.terms {
        let name = term(cx, name)?;
        let Some(path) = find_file(cx, Some("templates"), &name) else {
            return Err(Raise::ansible(format!("the template file {name} could not be found for the lookup")));
        };
        let text = read_text(cx, &path)?;
        let origin = Origin::new(Arc::new(Source::File(path)), 1, 1);
        out.push(cx.render(&Text::trusted(text, Some(origin)))?);
    }
    Ok(out)
}
