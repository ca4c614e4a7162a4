//! How fast YAML and inventories are read: a big playbook, and 10,000 hosts as INI and as YAML.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench: macros without docs, and its input is its own")]

use criterion::{Criterion, criterion_group, criterion_main};
use rplay::config::{Config, Surroundings};
use rplay::diag::Source;
use rplay::inventory::Reader;
use rplay::vault::Secrets;
use rplay::yaml::{self, Options};
use std::fmt::Write;
use std::hint::black_box;
use std::sync::Arc;

const HOSTS: usize = 10_000;

fn playbook(c: &mut Criterion) {
    let mut text = String::from("- hosts: all\n  tasks:\n");
    for number in 0..1000 {
        let task =
            "file: {path: \"{{ root }}/x\", state: directory, mode: '0755'}\n    when: a is defined and b | bool";
        write!(text, "  - name: task {number}\n    {task}\n    loop:\n      - one\n      - two\n    tags: [a, b]\n")
            .unwrap();
    }
    let source = Arc::new(Source::File("bench.yml".into()));
    c.bench_function("yaml: a playbook of 1,000 tasks", |b| {
        b.iter(|| yaml::load(black_box(&text), &source, Options::trusted()).unwrap());
    });
}

fn inventory(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut ini = String::from("[web]\n");
    let mut yaml = String::from("web:\n  hosts:\n");
    for number in 0..HOSTS {
        writeln!(ini, "host{number} ansible_host=10.0.0.1 ansible_port=22 number={number}").unwrap();
        writeln!(yaml, "    host{number}: {{ansible_host: 10.0.0.1, ansible_port: 22, number: {number}}}").unwrap();
    }
    let config = Config::load(Surroundings { cwd: "/".into(), home: "/".into(), ..Surroundings::default() }).unwrap();
    let mut group = c.benchmark_group("inventory of 10,000 hosts");
    group.sample_size(10);
    for (name, text) in [("hosts.ini", ini), ("hosts.yml", yaml)] {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let reader = Reader::new(&config, Secrets::default(), vec![path.to_string_lossy().into_owned()]);
        group.bench_function(name, |b| b.iter(|| reader.read(&mut Vec::new()).unwrap()));
    }
}

criterion_group!(benches, playbook, inventory);
criterion_main!(benches);
