//! `bios_*`, `board_*`, `chassis_*`, `product_*`, `form_factor`, `system_vendor`: what the firmware says.

use super::{Host, read};
use crate::value::Dict;

/// Facts with their file in /sys and dmidecode's keyword.
static SOURCES: &[(&str, &str, &str)] = &[
    ("bios_date", "bios_date", "bios-release-date"),
    ("bios_vendor", "bios_vendor", "bios-vendor"),
    ("bios_version", "bios_version", "bios-version"),
    ("board_asset_tag", "board_asset_tag", "baseboard-asset-tag"),
    ("board_name", "board_name", "baseboard-product-name"),
    ("board_serial", "board_serial", "baseboard-serial-number"),
    ("board_vendor", "board_vendor", "baseboard-manufacturer"),
    ("board_version", "board_version", "baseboard-version"),
    ("chassis_asset_tag", "chassis_asset_tag", "chassis-asset-tag"),
    ("chassis_serial", "chassis_serial", "chassis-serial-number"),
    ("chassis_vendor", "chassis_vendor", "chassis-manufacturer"),
    ("chassis_version", "chassis_version", "chassis-version"),
    ("form_factor", "chassis_type", "chassis-type"),
    ("product_name", "product_name", "system-product-name"),
    ("product_serial", "product_serial", "system-serial-number"),
    ("product_uuid", "product_uuid", "system-uuid"),
    ("product_version", "product_version", "system-version"),
    ("system_vendor", "sys_vendor", "system-manufacturer"),
];

/// The chassis types of the DMI specification (DSP0134), by number.
static FORM_FACTORS: &[&str] = &[
    "Unknown",
    "Other",
    "Unknown",
    "Desktop",
    "Low Profile Desktop",
    "Pizza Box",
    "Mini Tower",
    "Tower",
    "Portable",
    "Laptop",
    "Notebook",
    "Hand Held",
    "Docking Station",
    "All In One",
    "Sub Notebook",
    "Space-saving",
    "Lunch Box",
    "Main Server Chassis",
    "Expansion Chassis",
    "Sub Chassis",
    "Bus Expansion Chassis",
    "Peripheral Chassis",
    "RAID Chassis",
    "Rack Mount Chassis",
    "Sealed-case PC",
    "Multi-system",
    "CompactPCI",
    "AdvancedTCA",
    "Blade",
    "Blade Enclosure",
    "Tablet",
    "Convertible",
    "Detachable",
    "IoT Gateway",
    "Embedded PC",
    "Mini PC",
    "Stick PC",
];

/// A value of the firmware, by its file in /sys.
pub fn value(file: &str) -> Option<String> {
    read::text(format!("/sys/devices/virtual/dmi/id/{file}"))
}

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    let in_sys = read::exists("/sys/devices/virtual/dmi/id/product_name");
    let facts = SOURCES.iter().map(|(fact, file, keyword)| {
        let found = if in_sys { value(file).map(|text| named(fact, text)) } else { decoded(host, keyword) };
        ((*fact).into(), found.unwrap_or_else(|| "NA".into()).into())
    });
    let mut facts: Dict = facts.collect();
    facts.update(&sysinfo());
    facts
}

fn named(fact: &str, text: String) -> String {
    if fact != "form_factor" {
        return text;
    }
    let name = text.parse::<usize>().ok().and_then(|number| FORM_FACTORS.get(number));
    name.map_or_else(|| format!("unknown ({text})"), |name| (*name).to_owned())
}

fn decoded(host: &Host<'_>, keyword: &str) -> Option<String> {
    let out = host.output("dmidecode", &["-s", keyword])?;
    Some(out.lines().filter(|line| !line.starts_with('#')).collect())
}

/// What an IBM Z says instead.
fn sysinfo() -> Dict {
    let lines = read::lines("/proc/sysinfo");
    if lines.is_empty() {
        return Dict::new();
    }
    let find = |name: &str| lines.iter().find_map(|line| line.strip_prefix(name)).map(|rest| rest.trim().to_owned());
    let serial = find("Sequence Code:").map(|text| text.trim_start_matches('0').to_owned());
    [
        ("system_vendor", find("Manufacturer:")),
        ("product_version", None),
        ("product_serial", serial),
        ("product_name", find("Type:")),
        ("product_uuid", None),
    ]
    .into_iter()
    .map(|(key, value)| (key.into(), value.unwrap_or_else(|| "NA".into()).into()))
    .collect()
}
