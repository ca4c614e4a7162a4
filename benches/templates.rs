//! How fast templates are rendered: cached text, a long file, lazy variables, a large dictionary.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench: macros without docs, and its input is its own")]

use criterion::{Criterion, criterion_group, criterion_main};
use rplay::template::{Overrides, Templar, Vars};
use rplay::value::{Dict, Text, Value};
use std::hint::black_box;

fn trusted(text: &str) -> Text {
    Text::trusted(text, None)
}

fn vars() -> Vars {
    let mut vars = Vars::default();
    vars.vars.insert("a", "one");
    vars.vars.insert("b", Value::Dict(Dict::from([("stdout", "two")])));
    vars.vars.insert("v0", "the end");
    for number in 1..=50 {
        vars.vars.insert(format!("v{number}"), Value::Str(trusted(&format!("{{{{ v{} }}}}", number - 1))));
    }
    for name in ["big", "other"] {
        let keys = (0..10_000).map(|number| (format!("{name}{number}"), number));
        let dict: Dict = keys.fold(Dict::default(), |mut dict, (key, number)| {
            dict.insert(key, i64::from(number));
            dict
        });
        vars.vars.insert(name, Value::Dict(dict));
    }
    vars
}

fn templates(c: &mut Criterion) {
    let (templar, scope) = (Templar::new(), vars());
    let texts = [
        ("a path, cached", "{{ a }}/{{ b.stdout }}"),
        ("fifty lazy variables", "{{ v50 }}"),
        ("combine over 10,000 keys", "{{ big | combine(other) }}"),
    ];
    for (name, text) in texts {
        let text = trusted(text);
        c.bench_function(name, |b| b.iter(|| templar.render(black_box(&text), &scope).unwrap()));
    }
    let file = "listen {{ a }}:{{ b.stdout | upper }} # {% if a == 'one' %}yes{% else %}no{% endif %}\n".repeat(5000);
    let mut group = c.benchmark_group("a file of 5,000 lines");
    group.sample_size(20);
    group.bench_function("cached", |b| {
        b.iter(|| templar.render_file(black_box(&file), None, &Overrides::default(), &scope).unwrap());
    });
    group.bench_function("at first", |b| {
        b.iter(|| Templar::new().render_file(black_box(&file), None, &Overrides::default(), &scope).unwrap());
    });
}

criterion_group!(benches, templates);
criterion_main!(benches);
