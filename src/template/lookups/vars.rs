//! Lookups of variables and hosts: `env`, `vars`, `varnames`, `inventory_hostnames`; `url` is refused.

use super::support::{Call, Found, parsed, sourced, term};
use crate::diag::{Origin, Source};
use crate::re::{Flags, Pattern};
use crate::template::globals::NO_VALUE;
use crate::template::held::Lazy;
use crate::template::{CallArgs, Cx, Obj, Raise};
use crate::value::{Text, str_repr};
use std::sync::Arc;

pub(super) fn env(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let mut out = Vec::new();
    for name in &call.terms {
        let name = name.clone().defined()?;
        if !matches!(name, Obj::Str(_) | Obj::Undefined(_)) {
            return Err(crate::template::filters::support::no_attribute(&name, "split"));
        }
        let name = parsed(cx, &name)?;
        let Some(name) = name.split_whitespace().next().map(str::to_owned) else {
            return Err(Raise::python(crate::template::raise::Class::Index, "list index out of range"));
        };
        let value = cx.with_world(|w| w.environment.iter().find(|(n, _)| *n == name).map(|(_, v)| v.clone()));
        out.push(match (value, call.option("default")) {
            (Some(value), _) => {
                let source = Source::Described(format!("<environment variable {}>", str_repr(&name)));
                Obj::Str(Text::placed(value, Some(Origin::new(Arc::new(source), 0, 0))))
            }
            // What `undef()` gives without words of its own gets these.
            (None, Some(Obj::Undefined(u))) if u.to_string() == NO_VALUE => {
                Obj::undefined(format!("The environment variable {} is not set.", str_repr(&name)))
            }
            (None, Some(default)) => default.clone(),
            (None, None) => sourced("".into()),
        });
    }
    Ok(out)
}

/// Variables, not what a template has set.
pub(super) fn vars(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let call = Call::new(args);
    let mut out = Vec::new();
    for term in &call.terms {
        let Some(name) = term.as_str() else {
            let kind = term.native_name();
            return Err(Raise::type_error(format!("Variable name must be 'str' not '{kind}'.")));
        };
        out.push(match (cx.scope_variable(name)?, call.option("default")) {
            // It is rendered once more, and so another container.
            (Some(Obj::List(list)), _) => Obj::list(list.borrow().iter().cloned()).made_lazy(Lazy::Again),
            (Some(Obj::Dict(dict)), _) => {
                let items = dict.borrow().iter().map(|(key, item)| (key.clone(), item.clone())).collect::<Vec<_>>();
                Obj::dict(items).made_lazy(Lazy::Again)
            }
            (Some(value), _) => value,
            (None, None | Some(Obj::None)) => {
                Obj::undefined(format!("No variable named {} was found.", cx.repr(term)?))
            }
            (None, Some(Obj::Range(_))) => return Err(Raise::type_error("<class 'range'> is not taggable")),
            (None, Some(default)) => default.clone(),
        });
    }
    Ok(out)
}

pub(super) fn varnames(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let names = cx.variable_names();
    let mut out = Vec::new();
    for term in &args.positional {
        let Some(text) = term.as_str() else {
            let (shown, class) = (cx.text(term)?, crate::template::filters::support::class_of(term));
            return Err(Raise::ansible(format!(
                "Invalid setting identifier, \"{shown}\" is not a string, it is a {class}"
            )));
        };
        let pattern = Pattern::new(text, Flags::default())
            .map_err(|e| Raise::ansible(format!("Unable to use \"{text}\" as a search parameter: {e}")))?;
        for name in &names {
            if pattern.search(name, 0)?.is_some() {
                out.push(Obj::from(name.clone()));
            }
        }
    }
    Ok(out)
}

/// The hosts of patterns; none where a pattern is wrong.
pub(super) fn inventory_hostnames(cx: &mut Cx<'_>, args: CallArgs) -> Found {
    let mut patterns = Vec::new();
    for item in &args.positional {
        patterns.push(term(cx, item)?);
    }
    let Ok((hosts, warnings)) = cx.with_scope(|scope| scope.hosts(&patterns)) else { return Ok(Vec::new()) };
    for warning in warnings {
        cx.warn(warning);
    }
    Ok(hosts.into_iter().map(Obj::from).collect())
}
