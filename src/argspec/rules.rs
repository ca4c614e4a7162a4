//! The rules among arguments: which exclude or require one another.
//!
//! They look at what was given and at defaults that are not null; a null that was given counts as
//! given, except for `required_by`.

use super::SpecOf;
use crate::value::Dict;

/// The text where arguments that exclude each other were given.
pub(super) fn mutually_exclusive(spec: &SpecOf<'_>, params: &Dict) -> Option<String> {
    let broken: Vec<String> = spec
        .mutually_exclusive
        .iter()
        .filter(|set| set.iter().filter(|name| params.contains(name)).count() > 1)
        .map(|set| set.join("|"))
        .collect();
    (!broken.is_empty()).then(|| format!("parameters are mutually exclusive: {}", broken.join(", ")))
}

/// The text where required arguments are missing.
pub(super) fn required(spec: &SpecOf<'_>, params: &Dict) -> Option<String> {
    let mut missing: Vec<&str> =
        spec.all().filter(|arg| arg.required && !params.contains(arg.name)).map(|arg| arg.name).collect();
    missing.sort_unstable();
    (!missing.is_empty()).then(|| format!("missing required arguments: {}", missing.join(", ")))
}

/// The text where only some of a set were given.
pub(super) fn required_together(spec: &SpecOf<'_>, params: &Dict) -> Option<String> {
    let broken = spec.required_together.iter().find(|set| {
        let given = set.iter().filter(|name| params.contains(name)).count();
        given > 0 && given < set.len()
    })?;
    Some(format!("parameters are required together: {}", broken.join(", ")))
}

/// The text where none of a set was given.
pub(super) fn required_one_of(spec: &SpecOf<'_>, params: &Dict) -> Option<String> {
    let broken = spec.required_one_of.iter().find(|set| !set.iter().any(|name| params.contains(name)))?;
    Some(format!("one of the following is required: {}", broken.join(", ")))
}

/// The text where an argument's value demands others that are missing.
pub(super) fn required_if(spec: &SpecOf<'_>, params: &Dict) -> Option<String> {
    for rule in spec.required_if {
        let wanted = rule.value.value();
        if params.get(rule.arg) != Some(&wanted) {
            continue;
        }
        let missing: Vec<&str> = rule.needs.iter().copied().filter(|name| !params.contains(name)).collect();
        let enough = if rule.any { missing.len() < rule.needs.len() } else { missing.is_empty() };
        if !enough && !missing.is_empty() {
            return Some(format!(
                "{} is {} but {} of the following are missing: {}",
                rule.arg,
                wanted.to_text(),
                if rule.any { "any" } else { "all" },
                missing.join(", ")
            ));
        }
    }
    None
}

/// The text where an argument's presence demands others that are missing.
pub(super) fn required_by(spec: &SpecOf<'_>, params: &Dict) -> Option<String> {
    let given = |name: &str| params.get(name).is_some_and(|value| !value.is_null());
    for (arg, needs) in spec.required_by {
        let missing: Vec<&str> = needs.iter().copied().filter(|name| !given(name)).collect();
        if given(arg) && !missing.is_empty() {
            return Some(format!("missing parameter(s) required by '{arg}': {}", missing.join(", ")));
        }
    }
    None
}
