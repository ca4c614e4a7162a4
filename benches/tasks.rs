//! How fast the engine is without connections: two tasks on 1,000 hosts, from files to the report.
#![allow(missing_docs, clippy::unwrap_used, reason = "a bench: macros without docs, and its input is its own")]

use criterion::{Criterion, criterion_group, criterion_main};
use rplay::config::{Config, Surroundings};
use rplay::engine::Run;

const PLAYBOOK: &str = "
- hosts: all
  gather_facts: false
  vars: {greeting: 'hello {{ inventory_hostname }}'}
  tasks:
  - set_fact: {said: '{{ greeting }}, {{ number }}'}
  - debug: {msg: '{{ said }}'}
    when: number >= 0
";

fn thousand_hosts(c: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(path("play.yml"), PLAYBOOK).unwrap();
    let hosts: String = (0..1000).map(|number| format!("host{number} number={number}\n")).collect();
    std::fs::write(path("hosts"), hosts).unwrap();
    let config = Config::load(Surroundings { cwd: path(""), home: path(""), ..Surroundings::default() }).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let mut group = c.benchmark_group("1,000 hosts");
    group.sample_size(10);
    group.bench_function("set_fact and debug", |b| {
        b.iter(|| {
            let run = Run::new(config.clone()).inventory(path("hosts"));
            let report = runtime.block_on(run.play(&[path("play.yml")])).unwrap();
            assert_eq!(report.status, 0);
        });
    });
}

criterion_group!(benches, thousand_hosts);
criterion_main!(benches);
