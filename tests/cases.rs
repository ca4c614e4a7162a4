//! Whole runs beside the real ansible-playbook: output, exit status, and what they leave behind.
//!
//! Each case is a folder, see `support/case.rs`, recorded with the real one by `scripts/record-cases`.
//! `RPLAY_UNDER_TEST=theirs` runs them against the ansible-playbook on PATH instead of rplay,
//! `RPLAY_UNDER_TEST=record` writes down what that does.
#![allow(clippy::disallowed_methods, reason = "the tests are told by the environment what to test")]

use crate::support::case::{Case, Outcome, PARTS};
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// A test for each case, and their names.
macro_rules! cases {
    ($($area:ident: $($name:ident)*;)*) => {
        const LISTED: &[(&str, &str)] = &[$($((stringify!($area), stringify!($name)),)*)*];
        $(mod $area {
            $(#[test]
            fn $name() {
                super::check(stringify!($area), stringify!($name));
            })*
        })*
    };
}

cases! {
    callbacks: check_markers color default_options json json_results minimal oneline;
    engine: added_hosts additions arguments arguments_as_variable background become_methods becoming blocks
        check_and_diff condition_origin conditions connection_keywords debugger debugger_once delegated_vars
        delegation delegation_addresses delegation_empty delegation_undefined facts failures_lifted
        failures_stop failures_untold free free_refusals gathering handlers handlers_forced hash_merge
        host_pinned hosts_back includes_rescued local_folder loop_control loops meta meta_conditions
        meta_refresh module_defaults no_log no_log_failures once registered rejected remarks results retries
        run_once serial step tags text_arguments throttle titles warnings whole_numbers;
    errors: container_arguments full_names includes keyword_undefined keyword_values loop_lookups named_self
        named_tasks options playbook playbook_values task unreachable usage variables_unreadable yaml;
    http: faults forms get_url lookup_url places redirects secrets uri;
    inventory: constructed group_vars implicit_localhost ini listing patterns reserved_names script several
        toml yaml;
    modules: accounts acl apt apt_key apt_sources archive assemble command command_not_utf8 copy
        copy_failures cron expect failures file git ini_file iptables lines packages patch pause pip reboot
        services shutdown small ssh_files stat subversion synchronize system_files system_names systemd
        sysvinit template unarchive variables wait_for_connection;
    python: broken collections deprecated_values finding kept_files kinds leaks new_style open_files
        playbooks profiles routing;
    roles: argument_specs end_role handlers imports includes metadata public whole;
    templates: collections embedded escapes playbook untrusted;
    vars: deprecated_settings environment_and_play_hosts extra hostvars_and_play_vars lazy magic play_files
        play_hosts precedence prompts reserved_names vars_files;
    vault: plain several_ids;
}

#[test]
fn every_folder_is_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let names = |path: &Path| {
        let entries = fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name());
        entries.map(|name| name.to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    let mut found: Vec<_> = names(&root).into_iter().map(|area| (names(&root.join(&area)), area)).collect();
    found.sort_by(|a, b| a.1.cmp(&b.1));
    for (names, area) in found {
        for name in names {
            assert!(LISTED.contains(&(&area, &name)), "tests/cases/{area}/{name} is not listed in tests/cases.rs");
        }
    }
}

/// Runs a case as the environment says.
#[track_caller]
fn check(area: &str, name: &str) {
    let case = Case::new(area, name);
    if let Some(lacking) = case.lacks() {
        eprintln!("{area}/{name} needs {lacking}: it proves nothing here");
        return;
    }
    match env::var("RPLAY_UNDER_TEST").unwrap_or_default().as_str() {
        "record" => record(&case, &case.run(&theirs())),
        "theirs" => {
            let differences = differences(&case, &case.run(&theirs()));
            assert!(differences.is_empty(), "{area}/{name}, the real one:\n{differences}");
        }
        _ => {
            let differences = differences(&case, &case.run(Path::new(env!("CARGO_BIN_EXE_rplay"))));
            match case.read("unsupported") {
                Some(reason) => assert!(!differences.is_empty(), "{area}/{name} passes, though marked: {reason}"),
                None => assert!(differences.is_empty(), "{area}/{name}:\n{differences}"),
            }
        }
    }
}

/// The real ansible-playbook.
fn theirs() -> PathBuf {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join("ansible-playbook")).find(|path| path.exists());
    found.expect("there is no ansible-playbook on PATH")
}

fn record(case: &Case, [first, second]: &[Outcome; 2]) {
    for (index, part) in PARTS.iter().enumerate() {
        case.write(&format!("expected.{part}"), Some(&first[index]));
        let second = Some(second[index].as_str()).filter(|second| *second != first[index]);
        case.write(&format!("expected2.{part}"), second);
    }
}

/// What differs from what is expected, line by line; empty where nothing does.
fn differences(case: &Case, [first, second]: &[Outcome; 2]) -> String {
    let mut text = String::new();
    for (index, part) in PARTS.iter().enumerate() {
        let expected = case.read(&format!("expected.{part}")).expect("the case is recorded");
        let expected2 = case.read(&format!("expected2.{part}")).unwrap_or_else(|| expected.clone());
        let firstly = line_diff(&expected, &first[index]);
        let then = line_diff(&expected2, &second[index]);
        if !firstly.is_empty() {
            text.push_str(&format!("--- {part} of the first time\n{firstly}"));
        }
        if !then.is_empty() && then != firstly {
            text.push_str(&format!("--- {part} of the second time\n{then}"));
        }
    }
    text
}

/// The lines that differ, with two before and after: `-` is expected, `+` is what came.
fn line_diff(expected: &str, got: &str) -> String {
    let (old, new): (Vec<_>, Vec<_>) = (expected.split('\n').collect(), got.split('\n').collect());
    // The length of the longest common part of what follows in both.
    let mut common = vec![vec![0u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            let apart = common[i + 1][j].max(common[i][j + 1]);
            common[i][j] = if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { apart };
        }
    }
    let (mut i, mut j, mut lines) = (0, 0, vec![]);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(("  ", old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && common[i + 1][j] >= common[i][j + 1] {
            lines.push(("- ", old[i]));
            i += 1;
        } else {
            lines.push(("+ ", new[j]));
            j += 1;
        }
    }
    let near = |at: usize| lines[at.saturating_sub(2)..lines.len().min(at + 3)].iter().any(|(sign, _)| *sign != "  ");
    let shown = (0..lines.len()).filter(|at| near(*at)).map(|at| format!("{}{}\n", lines[at].0, lines[at].1));
    shown.collect()
}
