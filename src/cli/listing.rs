//! `--list-hosts`, `--list-tasks`, `--list-tags`, `--syntax-check`: what would run.

use crate::callback::Screen;
use crate::diag::Result;
use crate::engine::{PlayListing, Run};
use crate::event::Event;
use crate::value::{Value, repr};

/// What is asked for beside the names of the playbooks.
#[derive(Clone, Copy, Debug)]
pub(super) struct What {
    pub hosts: bool,
    pub tasks: bool,
    pub tags: bool,
}

/// Shows what the playbooks would do.
pub(super) fn show(run: Run, playbooks: &[String], what: What, screen: &Screen) -> Result<u8> {
    let mut lacking: Vec<String> = Vec::new();
    for (playbook, plays) in playbooks.iter().zip(run.inspect(playbooks)?) {
        screen.show(&format!("\nplaybook: {playbook}"), None);
        for (index, play) in plays.iter().enumerate() {
            lacking.extend(play.lacking.iter().filter(|name| !lacking.contains(name)).cloned().collect::<Vec<_>>());
            if what.hosts || what.tasks || what.tags {
                show_play(index, play, what, screen);
            }
        }
    }
    if !lacking.is_empty() {
        let text = format!("rplay cannot run these modules yet; their tasks would fail: {}", lacking.join(", "));
        screen.common(&Event::Warning(text));
    }
    Ok(0)
}

fn show_play(index: usize, play: &PlayListing, what: What, screen: &Screen) {
    let mut text = format!(
        "\n  play #{} ({}): {}\tTAGS: [{}]",
        index + 1,
        play.patterns.join(","),
        play.name,
        play.tags.join(",")
    );
    let warn = || play.warnings.iter().for_each(|text| screen.warning(text));
    if what.hosts {
        warn();
        let patterns = Value::list(play.patterns.iter().map(|p| Value::str(p.as_str())));
        text.push_str(&format!("\n    pattern: {}\n    hosts ({}):", repr(&patterns), play.hosts.len()));
        for host in &play.hosts {
            text.push_str(&format!("\n      {host}"));
        }
    }
    screen.show(&text, None);
    if !what.tasks && !what.tags {
        return;
    }
    warn();
    let mut text = String::new();
    let mut all: Vec<&str> = play.tags.iter().map(String::as_str).collect();
    if what.tasks {
        text.push_str("    tasks:\n");
    }
    for (name, tags) in &play.tasks {
        all.extend(tags.iter().map(String::as_str));
        if what.tasks {
            text.push_str(&format!("      {name}\tTAGS: [{}]\n", tags.join(", ")));
        }
    }
    if what.tags {
        all.sort_unstable();
        all.dedup();
        text.push_str(&format!("      TASK TAGS: [{}]\n", all.join(", ")));
    }
    screen.show(&text, None);
}
