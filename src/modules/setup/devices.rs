//! `devices` and `device_links`: the block devices in /sys/block with their partitions.

use super::{Host, read};
use crate::value::{Dict, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;

/// For each kind of link, the names of each device.
type Links = Vec<(&'static str, BTreeMap<String, BTreeSet<String>>)>;

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    if !read::exists("/sys/block") {
        return Dict::from([("devices", Dict::new())]);
    }
    let links = all_links();
    let wwns = wwns();
    let mut facts = Dict::from([("device_links", links_value(&links))]);
    let mut devices = Dict::new();
    for block in read::names("/sys/block") {
        let folder = format!("/sys/block/{block}");
        let mut device = device(host, &folder, &block, &links);
        if let Some(wwn) = wwns.get(&block) {
            device.insert("wwn", wwn.as_str());
        }
        devices.insert(block, device);
    }
    facts.insert("devices", devices);
    facts
}

fn all_links() -> Links {
    let by = |kind: &str| {
        let folder = format!("/dev/disk/by-{kind}");
        let mut links: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for name in read::names(&folder) {
            if let Some(target) = read::link_name(format!("{folder}/{name}")) {
                links.entry(target).or_default().insert(name);
            }
        }
        links
    };
    vec![("ids", by("id")), ("uuids", by("uuid")), ("labels", by("label")), ("masters", masters())]
}

/// The devices that are built of each device.
fn masters() -> BTreeMap<String, BTreeSet<String>> {
    let mut masters: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for block in read::names("/sys/block") {
        for slave in read::names(format!("/sys/block/{block}/slaves")) {
            masters.entry(slave).or_default().insert(block.clone());
        }
    }
    masters
}

fn names_value(names: &BTreeSet<String>) -> Value {
    Value::list(names.iter().map(|name| Value::from(name.as_str())))
}

fn links_value(links: &Links) -> Dict {
    let value = |links: &BTreeMap<String, BTreeSet<String>>| -> Dict {
        links.iter().map(|(device, names)| (device.as_str().into(), names_value(names))).collect()
    };
    links.iter().map(|(kind, links)| ((*kind).into(), value(links).into())).collect()
}

fn links_of(links: &Links, device: &str) -> Dict {
    let none = BTreeSet::new();
    links.iter().map(|(kind, links)| ((*kind).into(), names_value(links.get(device).unwrap_or(&none)))).collect()
}

fn wwns() -> BTreeMap<String, String> {
    let folder = "/dev/disk/by-id";
    let names = read::names(folder).into_iter();
    names
        .filter_map(|name| Some((read::link_name(format!("{folder}/{name}"))?, name.strip_prefix("wwn-")?.to_owned())))
        .collect()
}

fn device(host: &Host<'_>, folder: &str, block: &str, links: &Links) -> Dict {
    let get = |file: &str| read::text(format!("{folder}/{file}"));
    // ansible-core takes a device for a real one only where /sys/block holds folders instead of links.
    let is_folder = fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir());
    let real = is_folder && read::names(folder).iter().any(|name| name.contains("device"));
    let discard = if get("queue/discard_max_hw_bytes").as_deref() == Some("0") {
        Some("0".to_owned())
    } else {
        get("queue/discard_granularity")
    };
    let scheduler = get("queue/scheduler").and_then(|text| {
        let (_, rest) = text.split_once('[')?;
        Some(rest.rsplit_once(']')?.0.to_owned())
    });
    let (size, sectors, sector) = size(folder);
    let mut device = Dict::from([
        ("virtual", Value::from(i64::from(!real))),
        ("links", links_of(links, block).into()),
        ("vendor", get("device/vendor").into()),
        ("model", get("device/model").into()),
        ("sas_address", get("device/sas_address").into()),
        ("sas_device_handle", get("device/sas_device_handle").into()),
        ("removable", get("removable").into()),
        ("support_discard", discard.into()),
        ("partitions", partitions(folder, block, links).into()),
        ("rotational", get("queue/rotational").into()),
        ("scheduler_mode", scheduler.unwrap_or_default().into()),
        ("sectorsize", sector),
        ("sectors", sectors.into()),
        ("size", size.into()),
        ("host", pci_host(host, folder).into()),
        ("holders", holders(folder)),
    ]);
    if let Some(serial) = serial(host, block).or_else(|| get("device/serial")) {
        device.insert("serial", serial);
    }
    device
}

/// The size in words, in sectors, and a sector's size.
fn size(folder: &str) -> (String, u64, Value) {
    let sector = read::text(format!("{folder}/queue/logical_block_size"))
        .or_else(|| read::text(format!("{folder}/queue/hw_sector_size")));
    let bytes = sector.as_deref().and_then(|text| text.parse::<u64>().ok()).filter(|n| *n > 0).unwrap_or(512);
    let size = read::text(format!("{folder}/size")).and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
    let sectors = size.saturating_mul(512) / bytes;
    let value = sector.map_or(Value::Int(512), Value::from);
    (human(sectors as f64 * bytes as f64), sectors, value)
}

/// `12.00 GB`.
fn human(size: f64) -> String {
    let units = ["YB", "ZB", "EB", "PB", "TB", "GB", "MB", "KB"];
    for (i, unit) in units.iter().enumerate() {
        let limit = 1024f64.powi(8 - i as i32);
        if size >= limit {
            return format!("{:.2} {unit}", size / limit);
        }
    }
    format!("{size:.2} Bytes")
}

fn partitions(folder: &str, block: &str, links: &Links) -> Dict {
    let mut partitions = Dict::new();
    for name in read::names(folder) {
        let number = name.strip_prefix(block).map(|rest| rest.strip_prefix('p').unwrap_or(rest));
        if number.is_none_or(|n| n.is_empty() || !n.bytes().all(|b| b.is_ascii_digit())) {
            continue;
        }
        let sub = format!("{folder}/{name}");
        let (size, sectors, sector) = size(&sub);
        let uuid = links.iter().find(|(kind, _)| *kind == "uuids").and_then(|(_, uuids)| uuids.get(&name)?.first());
        let partition = Dict::from([
            ("links", Value::from(links_of(links, &name))),
            ("start", read::text(format!("{sub}/start")).map_or(Value::Int(0), Value::from)),
            ("sectorsize", sector),
            ("sectors", sectors.into()),
            ("size", size.into()),
            ("uuid", uuid.map(String::as_str).map_or(Value::Null, Value::from)),
            ("holders", holders(&sub)),
        ]);
        partitions.insert(name, partition);
    }
    partitions
}

/// The device mapper's devices on top.
fn holders(folder: &str) -> Value {
    let names = read::names(format!("{folder}/holders")).into_iter().filter(|name| name.starts_with("dm-"));
    Value::list(names.map(|name| read::text(format!("{folder}/holders/{name}/dm/name")).unwrap_or(name).into()))
}

fn serial(host: &Host<'_>, block: &str) -> Option<String> {
    let out = host.output("sg_inq", &[&format!("/dev/{block}")])?;
    let (_, rest) = out.split_once("erial number:")?;
    let word: String = rest.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    Some(word).filter(|word| !word.is_empty())
}

/// What lspci calls the controller that a disk hangs on.
fn pci_host(host: &Host<'_>, folder: &str) -> String {
    let path = fs::read_link(folder).unwrap_or_default().to_string_lossy().into_owned();
    let is_address =
        |part: &&str| part.len() == 12 && part.matches(':').count() == 2 && part.as_bytes().get(10) == Some(&b'.');
    let Some(address) = path.split('/').rfind(is_address) else { return String::new() };
    let out = host.output("lspci", &["-D", "-s", address]).unwrap_or_default();
    out.lines().find_map(|line| line.strip_prefix(address)).map(|rest| rest.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::human;

    #[test]
    fn sizes() {
        assert_eq!(human(0.0), "0.00 Bytes");
        assert_eq!(human(1536.0), "1.50 KB");
        assert_eq!(human(274_877_906_944.0), "256.00 GB");
    }
}
