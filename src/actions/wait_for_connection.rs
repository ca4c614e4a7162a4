//! `wait_for_connection`: logs in again and again until a host answers `ping`.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::diag::{Error, Result};
use crate::proto::Outcome;
use crate::value::{Dict, Value, str_repr};
use std::time::{Duration, Instant};

/// `ansible.builtin.wait_for_connection`.
pub static ACTION: ActionDef = ActionDef {
    name: "wait_for_connection",
    fqcn: "ansible.builtin.wait_for_connection",
    doc: "Waits until remote system is reachable/usable.",
    raw_args: &[],
    connects: true,
    run: Run::Host(run),
};

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { wait(call).await.map(Acted::from) })
}

async fn wait(call: &ActionCall<'_>) -> Result<Outcome> {
    let limit = seconds(call, "connect_timeout", 5)?;
    let delay = seconds(call, "delay", 0)?;
    let sleep = seconds(call, "sleep", 1)?;
    let timeout = seconds(call, "timeout", 600)?;
    if call.context.check {
        return Ok(Outcome::default().with("skipped", true));
    }
    call.only(&["connect_timeout", "delay", "sleep", "timeout"])?;
    let begun = Instant::now();
    tokio::time::sleep(Duration::from_secs(delay)).await;
    call.remote.connect_timeout(Some(limit));
    let deadline = Instant::now() + Duration::from_secs(timeout);
    let mut last = String::new();
    let mut reached = false;
    while Instant::now() < deadline {
        call.person.verbose(3, "wait_for_connection: attempting ping module test");
        match ping(call).await {
            Ok(()) => {
                reached = true;
                break;
            }
            Err(error) => last = error.line(),
        }
        tokio::time::sleep(Duration::from_secs(sleep)).await;
    }
    call.remote.connect_timeout(None);
    let mut outcome = Outcome::default();
    if !reached {
        outcome = outcome.with("failed", true).with("msg", format!("timed out waiting for ping module test: {last}"));
    }
    Ok(outcome.with("elapsed", i64::try_from(begun.elapsed().as_secs()).unwrap_or(i64::MAX)))
}

/// A new login and a `ping`.
async fn ping(call: &ActionCall<'_>) -> Result<()> {
    call.remote.reset().await?;
    let outcome = call.module("ping", Dict::new(), None).await?;
    match outcome.get("ping").and_then(Value::as_str) {
        Some("pong") => Ok(()),
        _ => Err(Error::user("ping test failed")),
    }
}

/// An argument in whole seconds, as Python's `int` reads it; nothing below zero.
pub(super) fn seconds(call: &ActionCall<'_>, name: &str, default: u64) -> Result<u64> {
    let number = match call.args.get(name) {
        None => return Ok(default),
        Some(Value::Int(number)) => Some(*number),
        Some(Value::Bool(flag)) => Some(i64::from(*flag)),
        Some(Value::Float(number)) => Some(number.trunc() as i64),
        Some(value) => value.to_text().trim().parse().ok(),
    };
    let given = call.args.get(name).map(Value::to_text).unwrap_or_default();
    let text = || format!("invalid literal for int() with base 10: {}", str_repr(&given));
    number.map(|number| u64::try_from(number).unwrap_or(0)).ok_or_else(|| Error::user(text()))
}
