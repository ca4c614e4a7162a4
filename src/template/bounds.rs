//! Bounds of what one rendering may use: a template that wants more is a mistake or an attack.
//!
//! Python has none of these; it would go on until the memory or the patience is gone.

use super::cx::Cx;
use super::object::Obj;
use super::raise::{Class, Raise};
use crate::value::Value;

/// No text that an operator, method or filter makes is longer.
pub(super) const MOST_BYTES: usize = 1 << 27;

/// No list that an operator or filter makes is longer.
pub(super) const MOST_ITEMS: usize = 5_000_000;

/// How many statements, turns of loops, calls and containers within containers one rendering takes.
const MOST_STEPS: u64 = 10_000_000;

/// How much one rendering makes in all, whether it keeps it or not: bytes of texts, a word for each item.
const MOST_MADE: usize = 1 << 32;

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

/// Refuses a value that is too long to be written.
pub(super) fn value_fits(value: &Value) -> Result<(), Raise> {
    fn add(value: &Value, sum: &mut usize) -> Result<(), Raise> {
        match value {
            Value::Str(text) | Value::Vault(text) => *sum += text.as_str().len(),
            Value::Bytes(bytes) => *sum += bytes.len(),
            Value::List(items) => items.iter().try_for_each(|item| add(item, sum))?,
            Value::Dict(dict) => dict.iter().try_for_each(|(key, item)| add(key, sum).and_then(|()| add(item, sum)))?,
            Value::BigInt(big) => *sum += super::text::big_text(big)?.len(),
            _ => {}
        }
        *sum += 2;
        text_fits(*sum)
    }
    add(value, &mut 0)
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
        self.steps(1)
    }

    /// Counts what an operator, call or filter made.
    pub(super) fn made(&self, obj: &Obj) -> Result<(), Raise> {
        let size = match obj {
            Obj::Str(text) => text.as_str().len(),
            Obj::Bytes(bytes) => bytes.len(),
            Obj::List(items) => items.try_borrow().map_or(0, |items| items.len()) * size_of::<usize>(),
            Obj::Tuple(items) => items.len() * size_of::<usize>(),
            _ => return Ok(()),
        };
        let made = self.session.made.get().saturating_add(size);
        self.session.made.set(made);
        match made <= MOST_MADE {
            true => Ok(()),
            false => Err(Raise::python(Class::Runtime, "the template makes too much")),
        }
    }

    /// Whether there are no steps left.
    pub(super) fn exhausted(&self) -> bool {
        self.session.steps.get() > MOST_STEPS
    }

    /// Counts many steps.
    pub(super) fn steps(&self, count: usize) -> Result<(), Raise> {
        let steps = self.session.steps.get().saturating_add(count as u64);
        self.session.steps.set(steps);
        match self.exhausted() {
            false => Ok(()),
            true => Err(Raise::python(Class::Runtime, "the template takes too many steps")),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::template::{Templar, Vars};
    use crate::value::{Text, Value, repr};

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
            "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
            "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
            "{{ '%1000000000000d' % 1 }}",
            "{{ '%.1000000000d' % 1 }}",
            "{{ '{:1000000000000}'.format(1) }}",
            "{% set x = '\\t'.expandtabs(10**12) %}{{ x }}",
            "{% set x = '\\t'.expandtabs(10**9) %}{{ x }}",
            "{{ 'a' | indent(10**12) }}",
            "{{ 'a' | comment(prefix_count=10**12) }}",
            "{{ {} | to_json(indent=10**12) }}",
            "{{ lookup('community.general.random_string', length=10**12) }}",
            "{{ 2 ** (10 ** 10) }}",
            "{% set ns = namespace(n=3) %}{% for i in range(100) %}{% set ns.n = ns.n * ns.n %}{% endfor %}",
            "{% set ns = namespace(s='a') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
            "{% set l = [] %}{% for i in range(1000) %}{% set _ = l.append('a' * 10**8) %}{% endfor %}",
            "{{ range(10**12) | zip(range(10**12)) }}",
            "{{ range(10**6) | product(range(10**6)) }}",
            "{{ ('a ' * 10**5) | wordwrap(1, wrapstring='x' * 10**5) }}",
            "{{ (['a' * 10**7] * 100) | to_json }}",
            "{{ (['a' * 10**7] * 100) | to_yaml }}",
            "{{ {} | json_query('(' * 10000) }}",
            "{% for i in range(10**12) %}{% endfor %}",
            "{% set l = [1] %}{% for x in l %}{% set _ = l.extend([x, x, x]) %}{% endfor %}",
            "{% set ns = namespace(l=[]) %}{% for i in range(40) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l | to_yaml }}",
            "{% set ns = namespace(l=[]) %}{% for i in range(2000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
        ] {
            assert!(templar.render(&Text::trusted(source, None), &scope).is_err(), "{source}");
        }
    }

    #[test]
    fn sources_that_nest_too_deeply_are_errors() {
        let (templar, scope) = (Templar::new(), Vars::default());
        for (before, within, after) in [
            ("(", "1", ")"),
            ("[", "1", "]"),
            ("{1:", "1", "}"),
            ("-", "1", ""),
            ("not ", "1", ""),
            ("1+", "1", ""),
            ("1**", "1", ""),
            ("1 if 1 else ", "1", ""),
            ("", "a", ".b"),
            ("", "a", "[0]"),
            ("", "a", "()"),
            ("", "a", "|d"),
            ("1~", "1", ""),
            ("1 and ", "1", ""),
            ("a|d(", "1", ")"),
        ] {
            for times in [300, 30_000] {
                let source = format!("{{{{ {}{within}{} }}}}", before.repeat(times), after.repeat(times));
                let told = templar.render(&Text::trusted(source, None), &scope).unwrap_err().line();
                assert!(told.contains("maximum recursion depth exceeded"), "{before}: {told}");
            }
        }
        for (open, close) in [
            ("{% if 1 %}", "{% endif %}"),
            ("{% for x in [1] %}", "{% endfor %}"),
            ("{% set x %}", "{% endset %}"),
            ("{% filter upper %}", "{% endfilter %}"),
            ("{% with %}", "{% endwith %}"),
            ("{% macro m() %}", "{% endmacro %}"),
            ("{% if 0 %}{% elif 1 %}", ""),
            ("{% block b %}", "{% endblock %}"),
        ] {
            for times in [300, 30_000] {
                let source = format!("{}x{}", open.repeat(times), close.repeat(times));
                assert!(templar.render(&Text::trusted(source, None), &scope).is_err(), "{open}");
            }
        }
    }

    #[test]
    fn what_python_bears_is_borne() {
        let (templar, scope) = (Templar::new(), Vars::default());
        let branches = format!("{{% if 0 %}}{}{{% endif %}}", "{% elif 0 %}x".repeat(900) + "{% elif 1 %}y");
        for (source, want) in [
            ("{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = [ns.l] %}{% endfor %}x", "x"),
            ("{% set ns = namespace(l=0) %}{% for i in range(100000) %}{% set ns.l = (ns.l,) %}{% endfor %}x", "x"),
            ("{% set ns = namespace(l=0) %}{% for i in range(100000) %}{% set ns.l = {1: ns.l} %}{% endfor %}x", "x"),
            (
                "{% set n = namespace(l=0) %}{% for i in range(100000) %}{% set n.l = namespace(l=n.l) %}{% endfor %}x",
                "x",
            ),
            ("{% set n = namespace(l=[]) %}{% for i in range(100000) %}{% set n.l = [n.l.pop] %}{% endfor %}x", "x"),
            ("{{ range(10**12)[::-1] | first }}", "999999999999"),
            (&format!("{{{{ {}1 }}}}", "1 + ".repeat(199)), "200"),
            (&format!("{{{{ {}1{} }}}}", "(".repeat(60), ")".repeat(60)), "1"),
            (&branches, "y"),
        ] {
            let told = templar.render(&Text::trusted(source, None), &scope);
            let shown = |value: Value| value.as_str().map_or_else(|| repr(&value), str::to_owned);
            assert_eq!(told.map(shown).map_err(|e| e.line()), Ok(want.to_owned()), "{source}");
        }
    }

    #[test]
    fn variables_that_need_each_other_are_errors() {
        let (templar, mut scope) = (Templar::new(), Vars::default());
        for (name, text) in [("a", "{{ b }}"), ("b", "{{ a }}"), ("c", "{{ [c] }}")] {
            scope.vars.insert(name, Value::Str(Text::trusted(text, None)));
        }
        for number in 1..1000 {
            let text = Text::trusted(format!("{{{{ v{} }}}}", number - 1), None);
            scope.vars.insert(format!("v{number}"), Value::Str(text));
        }
        for source in ["{{ a }}", "{{ c }}", "{{ v999 }}"] {
            let told = templar.render(&Text::trusted(source, None), &scope).unwrap_err().line();
            assert!(told.contains("maximum recursion depth exceeded"), "{source}: {told}");
        }
    }
}
