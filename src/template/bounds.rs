//! Bounds of what one rendering may use: a template that wants more is a mistake or an attack.
//!
//! Python has none of these; it would go on until the memory or the patience is gone.

use super::cx::Cx;
use super::raise::{Class, Raise};

/// No text that an operator, method or filter makes is longer.
pub(super) const MOST_BYTES: usize = 1 << 28;

/// No list that an operator or filter makes is longer.
pub(super) const MOST_ITEMS: usize = 5_000_000;

/// How many turns of loops, calls and containers within containers one rendering takes.
const MOST_STEPS: u64 = 20_000_000;

/// Refuses a text of so many bytes.
pub(super) fn text_fits(bytes: usize) -> Result<(), Raise> {
    match bytes <= MOST_BYTES {
        true => Ok(()),
        false => Err(Raise::python(Class::Overflow, "the text is too long for a template")),
    }
}

/// Refuses a list of so many items.
pub(super) fn list_fits(items: usize) -> Result<(), Raise> {
    match items <= MOST_ITEMS {
        true => Ok(()),
        false => Err(Raise::python(Class::Overflow, "the list is too long for a template")),
    }
}

/// A text with parts replaced, as `str.replace` does.
pub(super) fn replaced(text: &str, old: &str, new: &str, count: i64) -> Result<String, Raise> {
    let most = usize::try_from(count).unwrap_or(usize::MAX);
    if new.len() > old.len() {
        let found = if old.is_empty() { text.chars().count() + 1 } else { text.matches(old).count() };
        text_fits(text.len().saturating_add(found.min(most).saturating_mul(new.len() - old.len())))?;
    }
    Ok(match usize::try_from(count) {
        Ok(count) => text.replacen(old, new, count),
        Err(_) => text.replace(old, new),
    })
}

impl Cx<'_> {
    /// Counts a step of the rendering.
    pub(super) fn step(&self) -> Result<(), Raise> {
        let steps = self.session.steps.get() + 1;
        self.session.steps.set(steps);
        match steps <= MOST_STEPS {
            true => Ok(()),
            false => Err(Raise::python(Class::Runtime, "the template takes too many steps")),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::template::{Templar, Vars};
    use crate::value::Text;

    #[test]
    fn what_has_no_end_is_an_error() {
        let (templar, scope) = (Templar::new(), Vars::default());
        for source in [
            "{{ 'a' * 10**12 }}",
            "{{ [1] * 10**12 }}",
            "{{ range(10**12) | list }}",
            "{{ 2 ** 100000000 }}",
            "{{ 'a' | center(10**12) }}",
            "{{ 'a'.zfill(10**12) }}",
            "{{ [1] | batch(10**12, 1) }}",
            "{{ [1] | slice(10**12) }}",
            "{{ range(30) | permutations }}",
            "{{ range(100) | product(repeat=9) }}",
            "{{ lookup('sequence', 'start=1 end=1000000000000') }}",
            "{{ ('a' * 1000000) | replace('a', 'b' * 1000000) }}",
            "{{ ('a' * 1000000) | regex_replace('a', 'b' * 1000000) }}",
            "{{ (['a' * 1000000] * 1000) | join }}",
            "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
            "{% set ns = namespace(l=[]) %}{% for i in range(2000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
        ] {
            assert!(templar.render(&Text::trusted(source, None), &scope).is_err(), "{source}");
        }
    }
}
