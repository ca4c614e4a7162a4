//! The hardware subset: memory, processors, firmware, disks, mounts, LVM; and the load.

use super::{Host, devices, dmi, lvm, mounts, processor, read};
use crate::value::{Dict, Value};
use std::collections::HashMap;

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    std::thread::scope(|scope| {
        // These run programs or ask file systems.
        let devices = scope.spawn(|| devices::facts(host));
        let lvm = scope.spawn(|| lvm::facts(host));
        let mounts = scope.spawn(|| mounts::facts(host));
        let mut facts = processor::facts();
        facts.update(&memory());
        facts.update(&dmi::facts(host));
        facts.update(&uptime());
        for thread in [devices, lvm, mounts] {
            facts.update(&thread.join().unwrap_or_default());
        }
        facts
    })
}

fn memory() -> Dict {
    let lines = read::lines("/proc/meminfo");
    if lines.is_empty() {
        return Dict::new();
    }
    let sizes: HashMap<&str, i64> = lines
        .iter()
        .filter_map(|line| {
            let (name, rest) = line.split_once(':')?;
            Some((name, rest.split_whitespace().next()?.parse::<i64>().ok()? / 1024))
        })
        .collect();
    let get = |name: &str| sizes.get(name).copied();
    let less = |a: Option<i64>, b: Option<i64>| Some(a? - b?);
    let (total, free) = (get("MemTotal"), get("MemFree"));
    let (swap, swap_free) = (get("SwapTotal"), get("SwapFree"));
    let without_cache = get("Cached").zip(free).zip(get("Buffers")).map(|((a, b), c)| a + b + c);
    let mut facts = Dict::new();
    for (key, value) in
        [("memtotal_mb", total), ("memfree_mb", free), ("swaptotal_mb", swap), ("swapfree_mb", swap_free)]
    {
        if let Some(value) = value {
            facts.insert(key, value);
        }
    }
    let real = Dict::from([("total", total), ("used", less(total, free)), ("free", free)]);
    let nocache = Dict::from([("free", without_cache), ("used", less(total, without_cache))]);
    let swap = Dict::from([
        ("total", swap),
        ("free", swap_free),
        ("used", less(swap, swap_free)),
        ("cached", get("SwapCached")),
    ]);
    facts.insert("memory_mb", Dict::from([("real", real), ("nocache", nocache), ("swap", swap)]));
    facts
}

fn uptime() -> Dict {
    let text = read::text("/proc/uptime").unwrap_or_default();
    match text.split(['.', ' ']).next().and_then(|text| text.parse::<i64>().ok()) {
        Some(seconds) => Dict::from([("uptime_seconds", seconds)]),
        None => Dict::new(),
    }
}

/// The load averages; the kernel's own fractions, which have more digits than /proc/loadavg.
pub fn loadavg(_: &Host<'_>) -> Dict {
    let loads = rustix::system::sysinfo().loads.map(|load| load as f64 / 65_536.0);
    let facts = Dict::from([("1m", Value::from(loads[0])), ("5m", loads[1].into()), ("15m", loads[2].into())]);
    Dict::from([("loadavg", facts)])
}
