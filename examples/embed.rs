//! Deploys with the library: own progress from typed events, an action and a filter of its own.
//!
//! `cargo run --example embed` plays playbooks/embedded.yml on two hosts that are this machine.

use rplay::actions::{Acted, ActionCall, ActionDef, BoxFuture, Run as Runs};
use rplay::config::{Config, Surroundings};
use rplay::engine::Run;
use rplay::event::{Event, Status};
use rplay::proto::Outcome;
use rplay::template::{FilterFn, Obj, Plugins, Raise, Templar};
use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

/// A module of this program's own: `announce: text=…`. It runs here, for each host.
static ANNOUNCE: ActionDef = ActionDef {
    name: "announce",
    fqcn: "example.embed.announce",
    doc: "Says how long a text is.",
    raw_args: &[],
    connects: false,
    run: Runs::Host(announce),
};

fn announce<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, rplay::diag::Result<Acted>> {
    Box::pin(async move {
        call.only(&["text"])?;
        let text = call.text("text").unwrap_or_default();
        let length = i64::try_from(text.chars().count()).unwrap_or(i64::MAX);
        Ok(Outcome::changed(false).with("msg", text).with("length", length).into())
    })
}

/// A filter of this program's own: `{{ text | shout }}`.
struct Shout;

impl Plugins for Shout {
    fn filter(&self, name: &str) -> Option<Arc<FilterFn>> {
        let shout = |_: &mut rplay::template::Cx<'_>, input: Obj, _| -> Result<Obj, Raise> {
            match input {
                Obj::Str(text) => Ok(Obj::str(text.as_str().to_uppercase() + "!")),
                _ => Err(Raise::type_error("shout takes a string")),
            }
        };
        (name == "shout").then(|| Arc::new(shout) as Arc<FilterFn>)
    }
}

/// One line a result; what does not concern this program is left out.
fn progress(event: &Event) {
    let line = match event {
        Event::TaskStart { task } => format!("{} …", task.name),
        Event::Result(done) => {
            let how = match done.status {
                Status::Ok => "as it was",
                Status::Changed => "changed",
                Status::Skipped => "left out",
                Status::Failed { .. } => "failed",
                Status::Unreachable { .. } => "not reached",
            };
            format!("  {}: {how}", done.host)
        }
        Event::Warning(text) => format!("warning: {text}"),
        _ => return,
    };
    // Where nobody reads the progress, the deployment goes on.
    let _ = writeln!(io::stdout(), "{line}");
}

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let root = env!("CARGO_MANIFEST_DIR");
    let report = Run::new(Config::load(Surroundings::of_process())?)
        .inventory("blue,green,")
        .extra_vars(format!("out={root}/target/examples/embedded greeting=hello ansible_connection=local"))
        .action(&ANNOUNCE)
        .templar(Templar::new().with_plugins(Arc::new(Shout)))
        .listener(progress)
        .play(&[format!("{root}/playbooks/embedded.yml")])
        .await?;
    for (host, stats) in &report.stats.hosts {
        writeln!(io::stdout(), "{host}: {} tasks, {} changes", stats.ok, stats.changed)?;
    }
    Ok(ExitCode::from(report.status))
}
