//! The lookup `community.general.dependent`: nested loops, of which the inner ones may be made of the outer ones' items.

use super::support::{Call, Found};
use crate::diag::Error;
use crate::template::cache::Mode;
use crate::template::cx::Frame;
use crate::template::filters::support::{class_of, is_mapping, is_sequence, told_apart};
use crate::template::{CallArgs, Cx, Obj, Raise};
use std::rc::Rc;
use std::sync::Arc;

pub(super) fn dependent(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let mut levels: Vec<(Obj, Obj)> = Vec::new();
    for (place, term) in call.terms.iter().enumerate() {
        if !is_mapping(term) {
            return Err(Raise::ansible(format!("Parameter {place} must be a dictionary, got {}", class_of(term))));
        }
        let items = cx.items(term)?;
        let [(name, values)] = items.as_slice() else {
            let count = items.len();
            let text = format!("Parameter {place} must be a one-element dictionary, got {count} elements");
            return Err(Raise::ansible(text));
        };
        let values = values.clone().defined()?;
        let shown = cx.repr(name)?;
        if levels.iter().any(|(known, _)| known == name) {
            return Err(Raise::ansible(format!("The variable {shown} appears more than once")));
        }
        if values.as_str().is_none() && !is_sequence(&values) && !is_mapping(&values) {
            return Err(Raise::ansible(format!(
                "Parameter {shown} (index {place}) must have a value of type string, dictionary or list, got type {}",
                class_of(&values)
            )));
        }
        levels.push((name.clone(), values));
    }
    let mut out = Vec::new();
    if !levels.is_empty() {
        descend(cx, &levels, &mut indexmap::IndexMap::new(), &mut out)?;
    }
    Ok(out)
}

type Current = indexmap::IndexMap<Obj, Obj>;

fn as_dict(current: &Current) -> Obj {
    Obj::dict(current.iter().map(|(name, value)| (name.clone(), value.clone())))
}

/// Goes through the items of the first level that is left; what was chosen below before stays visible, as in the real one.
fn descend(cx: &mut Cx<'_>, levels: &[(Obj, Obj)], current: &mut Current, out: &mut Vec<Obj>) -> Result<(), Raise> {
    let Some(((name, values), rest)) = levels.split_first() else {
        crate::template::bounds::list_fits(out.len())?;
        out.push(as_dict(current));
        return Ok(());
    };
    let values = if let Obj::Str(text) = values { evaluated(cx, text, name, current)? } else { values.clone() };
    let items = if is_mapping(&values) {
        let items = cx.items(&values)?;
        let sorted = cx.sort(items, |(key, _)| key.clone())?;
        sorted.into_iter().map(|(key, value)| Obj::dict([("key".into(), key), ("value".into(), value)])).collect()
    } else if is_sequence(&values) || values.as_str().is_some() {
        cx.iter(&values)?
    } else {
        let (name, item) = (cx.repr(name)?, cx.repr(&as_dict(current))?);
        return Err(Raise::ansible(format!(
            "Did not obtain dictionary or list while evaluating {name} with item == {item}, but {}",
            class_of(&values)
        )));
    };
    for item in items {
        cx.steps(1)?;
        current.insert(name.clone(), item);
        cx.deeper(|cx| descend(cx, rest, current, out))?;
    }
    Ok(())
}

/// An expression's value, with what was chosen so far as `item`.
///
/// One that is not the user's own text, unlike with ansible-core, runs no lookup.
fn evaluated(cx: &mut Cx<'_>, text: &crate::value::Text, name: &Obj, current: &Current) -> Result<Obj, Raise> {
    let item = as_dict(current);
    let frame = Frame::new(None);
    frame.set(&Arc::from("item"), item.clone());
    if !text.is_trusted() {
        let what = "An untrusted expression of the lookup 'community.general.dependent' cannot run a lookup.";
        frame.forbid_lookups(&Rc::new(Error::unsupported(what)));
    }
    let syntax = Arc::clone(&cx.templar().syntax);
    let mut inner = Cx::new(cx.session, cx.scope);
    inner.expression = true;
    inner.frame = Some(frame);
    let compiled = inner.templar().compile(text.as_str(), &syntax, Mode::Expression);
    let result = compiled.and_then(|template| inner.deeper(|inner| inner.run(&template).defined()));
    result.map(Obj::lazy).map_err(|raise| {
        let error = inner.complete(raise);
        if error.kind == crate::diag::Kind::Unsupported {
            return error.into();
        }
        match (cx.repr(name), cx.repr(&item)) {
            (Ok(name), Ok(item)) => {
                told_apart(format!("Caught \"{}\" while evaluating {name} with item == {item}", error.line()))
            }
            (Err(raise), _) | (_, Err(raise)) => raise,
        }
    })
}
