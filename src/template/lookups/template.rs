//! The lookup `template`: a file rendered with the variables of the task.

use super::support::{Call, Found, find_file, read_text, sourced, term};
use crate::diag::{Origin, Source};
use crate::template::cache::Mode;
use crate::template::cx::Frame;
use crate::template::filters::support::is_mapping;
use crate::template::templar::finish;
use crate::template::{CallArgs, Cx, Obj, Overrides, Raise};
use std::sync::Arc;

pub(super) fn template(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let syntax = Arc::new(syntax(cx, &call)?);
    syntax.check()?;
    let mut out = Vec::new();
    for name in &call.terms {
        let name = term(cx, name)?;
        let Some(path) = find_file(cx, Some("templates"), &name) else {
            cx.warn(format!("Unable to find '{name}' in expected paths (use -vvvvv to see paths)"));
            return Err(Raise::ansible(format!("the template file {name} could not be found for the lookup")));
        };
        let text = read_text(cx, &path)?;
        let frame = Frame::new(None);
        for (key, value) in extra_variables(cx, &call, &name, &path)? {
            frame.set(&key, value);
        }
        let mut inner = Cx::new(cx.session, cx.scope);
        inner.origin = Some(Origin::new(Arc::new(Source::File(path)), 0, 0));
        inner.from_file = true;
        inner.frame = Some(frame);
        let compiled = syntax.with_header(&text).and_then(|(rest, changed)| {
            let syntax = if rest.len() < text.len() { Arc::new(changed) } else { Arc::clone(&syntax) };
            inner.templar().compile(rest, &syntax, Mode::Included)
        });
        // What is wrong with the file's syntax is its result, as what fails in it is.
        let result = match compiled {
            Ok(template) => inner.deeper(|inner| Ok(inner.run(&template)))?,
            Err(raise) => inner.put_off(raise),
        };
        out.push(match result {
            Obj::Str(result) => sourced(Obj::Str(finish(result, &text, "\n"))),
            other => other,
        });
    }
    Ok(out)
}

/// The delimiters that the options ask for.
fn syntax(cx: &mut Cx<'_>, call: &Call) -> Result<Overrides, Raise> {
    let plain = Overrides::default();
    Ok(Overrides {
        variable_start_string: call.text(cx, "variable_start_string", &plain.variable_start_string)?,
        variable_end_string: call.text(cx, "variable_end_string", &plain.variable_end_string)?,
        comment_start_string: call.text(cx, "comment_start_string", &plain.comment_start_string)?,
        comment_end_string: call.text(cx, "comment_end_string", &plain.comment_end_string)?,
        trim_blocks: call.truth(cx, "trim_blocks", true)?,
        ..plain
    })
}

/// What a template file knows beside the task's variables.
fn extra_variables(cx: &mut Cx<'_>, call: &Call, name: &str, path: &str) -> Result<Vec<(Arc<str>, Obj)>, Raise> {
    let mut out: Vec<(Arc<str>, Obj)> =
        vec![("template_path".into(), name.into()), ("template_fullpath".into(), path.into())];
    if cx.variable("ansible_managed")?.is_none() {
        out.push(("ansible_managed".into(), "Ansible managed".into()));
    }
    if let Some(vars) = call.option("template_vars").cloned().filter(is_mapping) {
        for (key, value) in cx.items(&vars)? {
            out.push((cx.text(&key)?.into(), value));
        }
    }
    Ok(out)
}
