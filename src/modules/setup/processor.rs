//! `processor*` and `flags`: /proc/cpuinfo, counted as ansible-core counts it.

use super::read;
use crate::value::{Dict, Value};

/// What is counted on the way through the file.
#[derive(Default)]
struct Seen {
    processors: Vec<Value>,
    flags: Option<Vec<Value>>,
    named: i64,
    vendor_ids: i64,
    model_names: i64,
    numbers: i64,
    socket: String,
    core: String,
    /// Sockets with their cores, in order of appearance.
    sockets: Vec<(String, i64)>,
    /// Cores with their threads.
    cores: Vec<(String, i64)>,
    zp: i64,
    zmt: i64,
}

/// The facts.
pub fn facts() -> Dict {
    let Ok(text) = std::fs::read_to_string("/proc/cpuinfo") else { return Dict::new() };
    let xen = read::exists("/proc/xen") || read::text("/sys/hypervisor/type").as_deref() == Some("xen");
    let machine = rustix::system::uname().machine().to_string_lossy().into_owned();
    let mut facts = parse(&text, &machine, xen);
    if let Some(count) = allowed() {
        facts.insert("processor_nproc", count);
    }
    facts
}

fn parse(text: &str, machine: &str, xen: bool) -> Dict {
    let mut seen = Seen::default();
    for line in text.trim().lines() {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        seen.line(key.trim(), value.trim());
    }
    let paravirtual = xen && seen.flags.as_ref().is_some_and(|flags| !flags.contains(&Value::str("vme")));
    let mut count = seen.named;
    if seen.vendor_ids > 0 && seen.vendor_ids == seen.model_names {
        count = seen.vendor_ids;
    }
    if ["armv", "aarch", "ppc"].iter().any(|start| machine.starts_with(start)) {
        count = seen.numbers;
    }
    let [sockets, cores, threads, vcpus, nproc] = if machine == "s390x" {
        [1, rounded(seen.zp, seen.zmt), seen.zmt, seen.zp, seen.zp]
    } else if paravirtual {
        [count, count, 1, count, count]
    } else {
        let sockets = if seen.sockets.is_empty() { count } else { len(&seen.sockets) };
        let cores = seen.sockets.first().map_or(1, |(_, cores)| *cores).max(1);
        let threads = rounded(seen.cores.first().map_or(1, |(_, threads)| *threads), cores);
        [sockets, cores, threads, threads * sockets * cores, seen.numbers]
    };
    let mut facts = Dict::from([
        ("processor", Value::from(seen.processors)),
        ("processor_count", sockets.into()),
        ("processor_cores", cores.into()),
        ("processor_threads_per_core", threads.into()),
        ("processor_vcpus", vcpus.into()),
        ("processor_nproc", nproc.into()),
    ]);
    if let Some(flags) = seen.flags {
        facts.insert("flags", flags);
    }
    facts
}

fn len<T>(items: &[T]) -> i64 {
    i64::try_from(items.len()).unwrap_or(i64::MAX)
}

/// Python's `round(a / b)`: halves to even.
fn rounded(a: i64, b: i64) -> i64 {
    if b == 0 { 0 } else { (a as f64 / b as f64).round_ties_even() as i64 }
}

impl Seen {
    fn line(&mut self, key: &str, value: &str) {
        let number = value.parse::<i64>().unwrap_or(0);
        match key {
            "flags" => self.flags = Some(value.split_whitespace().map(Value::from).collect()),
            "model name" | "Processor" | "vendor_id" | "cpu" | "Vendor" | "processor" => {
                self.processors.push(value.into());
                self.named += 1;
                self.vendor_ids += i64::from(key == "vendor_id");
                self.model_names += i64::from(key == "model name");
                self.numbers += i64::from(key == "processor");
            }
            "physical id" => {
                self.socket = value.to_owned();
                if !self.sockets.iter().any(|(id, _)| id == value) {
                    self.sockets.push((value.to_owned(), 1));
                }
            }
            "core id" => {
                self.core = value.to_owned();
                // ansible-core looks among the sockets here: a core of a socket's number is not counted anew.
                if !self.sockets.iter().any(|(id, _)| id == value) {
                    set(&mut self.cores, value, 1);
                }
            }
            "cpu cores" => set(&mut self.sockets, &self.socket, number),
            "siblings" => set(&mut self.cores, &self.core, number),
            "# processors" => self.zp = number,
            "max thread id" => self.zmt = number + 1,
            "ncpus active" => self.named = number,
            _ => {}
        }
    }
}

fn set(items: &mut Vec<(String, i64)>, key: &str, value: i64) {
    match items.iter_mut().find(|(known, _)| known == key) {
        Some(item) => item.1 = value,
        None => items.push((key.to_owned(), value)),
    }
}

/// How many processors this process may run on.
fn allowed() -> Option<i64> {
    let status = read::lines("/proc/self/status");
    let mask = status.iter().find_map(|line| line.strip_prefix("Cpus_allowed:"))?;
    let bits: u32 = mask.chars().filter_map(|c| c.to_digit(16)).map(u32::count_ones).sum();
    Some(i64::from(bits))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::value::Value;

    #[track_caller]
    fn check(text: &str, machine: &str, want: [i64; 5]) {
        let facts = parse(text, machine, false);
        let names = ["count", "cores", "threads_per_core", "vcpus", "nproc"];
        let got = names.map(|name| facts.get(&format!("processor_{name}")).and_then(Value::as_int).unwrap());
        assert_eq!(got, want);
    }

    #[test]
    fn counts() {
        let cpu = |n: u32, core: u32| {
            format!(
                "processor\t: {n}\nvendor_id\t: X\nmodel name\t: Y\nphysical id\t: 0\nsiblings\t: 4\ncore id\t\t: {core}\ncpu \
                 cores\t: 2\n\n"
            )
        };
        check(&[cpu(0, 0), cpu(1, 0), cpu(2, 1), cpu(3, 1)].concat(), "x86_64", [1, 2, 2, 4, 4]);
        check("processor\t: 0\n\nprocessor\t: 1\n", "aarch64", [2, 1, 1, 2, 2]);
    }
}
