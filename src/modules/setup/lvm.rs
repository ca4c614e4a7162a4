//! `lvm`: volume groups, logical and physical volumes, as its own tools list them to root.

use super::Host;
use crate::value::{Dict, Value};

const OPTIONS: [&str; 6] = ["--noheadings", "--nosuffix", "--units", "g", "--separator", ","];

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    if host.env.find_program("vgs").is_none() || !rustix::process::getuid().is_root() {
        return Dict::from([("lvm", "N/A")]);
    }
    let rows = |tool: &str| -> Vec<Vec<String>> {
        let out = host.output(tool, &OPTIONS).unwrap_or_default();
        out.lines().map(|line| line.trim().split(',').map(str::to_owned).collect()).collect()
    };
    // vgs: VG #PV #LV #SN Attr VSize VFree
    let vgs = table(&rows("vgs"), 0, &[("size_g", 5), ("free_g", 6), ("num_lvs", 2), ("num_pvs", 1)]);
    // lvs: LV VG Attr LSize ...
    let lvs = table(&rows("lvs"), 0, &[("size_g", 3), ("vg", 1)]);
    // pvs: PV VG Fmt Attr PSize PFree
    let mut pv_rows = rows("pvs");
    for name in pv_rows.iter_mut().filter_map(|row| row.first_mut()) {
        *name = mapper_name(name);
    }
    let pvs = table(&pv_rows, 0, &[("size_g", 4), ("free_g", 5), ("vg", 1)]);
    Dict::from([("lvm", Dict::from([("lvs", lvs), ("vgs", vgs), ("pvs", pvs)]))])
}

fn table(rows: &[Vec<String>], key: usize, columns: &[(&str, usize)]) -> Dict {
    let cell = |row: &[String], at: usize| row.get(at).cloned().unwrap_or_default();
    rows.iter()
        .filter(|row| row.len() > 1)
        .map(|row| {
            let items = columns.iter().map(|(name, at)| ((*name).into(), cell(row, *at).into()));
            (cell(row, key).into(), Value::from(items.collect::<Dict>()))
        })
        .collect()
}

/// `/dev/dm-0` by its name in /dev/mapper.
fn mapper_name(device: &str) -> String {
    let name = device.strip_prefix("/dev/").filter(|name| name.starts_with("dm-"));
    let mapped = name.and_then(|name| super::read::text(format!("/sys/block/{name}/dm/name")));
    mapped.map_or_else(|| device.to_owned(), |name| format!("/dev/mapper/{name}"))
}
