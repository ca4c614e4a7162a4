//! `pause`: waits for a time, or for a person.
//!
//! Without a person at a terminal a time is waited for, and nothing else.

use super::{Acted, ActionCall, ActionDef, BoxFuture, Run};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::diag::{self, Error, Remark, Result};
use crate::event::{Keys, Pressed};
use crate::host::{Env, time};
use crate::proto::Outcome;
use crate::value::{Value, float_repr, str_repr};
use std::time::{Duration, Instant, SystemTime};

/// `ansible.builtin.pause`.
pub static ACTION: ActionDef = ActionDef {
    name: "pause",
    fqcn: "ansible.builtin.pause",
    doc: "Pause playbook execution.",
    raw_args: &[],
    connects: false,
    run: Run::Once(run),
};

static SPEC: Spec = Spec {
    mutually_exclusive: &[&["minutes", "seconds"]],
    ..Spec::new(&[
        Arg::new("echo", Kind::Bool).default(Default::Bool(true)),
        Arg::new("minutes", Kind::Raw),
        Arg::new("seconds", Kind::Raw),
        Arg::new("prompt", Kind::Str),
    ])
};

/// What says how to go on before the time is over.
const CONTROLS: &str = "(ctrl+C then 'C' = continue early, ctrl+C then 'A' = abort)\r";

fn run<'a>(call: &'a ActionCall<'a>) -> BoxFuture<'a, Result<Acted>> {
    Box::pin(async move { pause(call).await.map(Acted::from) })
}

async fn pause(call: &ActionCall<'_>) -> Result<Outcome> {
    let args = call.check(&SPEC)?;
    let echo = args.bool("echo");
    let hidden = if echo { "" } else { " (output is hidden)" };
    let own = args.opt_str("prompt").filter(|text| !text.is_empty());
    let minutes = whole("minutes", args.value("minutes"))?;
    let seconds = whole("seconds", args.value("seconds"))?.or(minutes.map(|m| m.saturating_mul(60)));
    let seconds = seconds.map(|seconds| u64::try_from(seconds).unwrap_or(0).max(1));
    let text = own.unwrap_or("Press enter to continue, Ctrl+C to interrupt");
    let mut prompt = format!("[{}]\n{text}{hidden}:", call.title.trim());
    let environment = Env::new(&call.scope.world().environment);
    let now = || time::local_text(&environment, SystemTime::now());
    let (begun, start) = (Instant::now(), now());
    if let Some(seconds) = seconds {
        call.person.show(&format!("Pausing for {seconds} seconds{hidden}"));
        match own {
            Some(_) => call.person.show(CONTROLS),
            None => prompt = CONTROLS.to_owned(),
        }
    }
    let input = answer(call, &prompt, seconds, echo).await?;
    let passed = begun.elapsed();
    let (unit, shown) = if minutes.is_some() { ("minutes", 60.0) } else { ("seconds", 1.0) };
    let rounded = (passed.as_secs_f64() / shown * 100.0).round() / 100.0;
    Ok(Outcome::changed(false)
        .with("rc", 0)
        .with("stderr", "")
        .with("stdout", format!("Paused for {} {unit}", float_repr(rounded)))
        .with("start", start)
        .with("stop", now())
        .with("delta", i64::try_from(passed.as_secs()).unwrap_or(i64::MAX))
        .with("echo", echo)
        .with("user_input", input))
}

/// What was typed; nothing where a time is waited for.
async fn answer(call: &ActionCall<'_>, prompt: &str, seconds: Option<u64>, echo: bool) -> Result<String> {
    if !call.person.has_keys() {
        match seconds {
            Some(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            None => {
                let text = "Not waiting for response to prompt as stdin is not interactive";
                call.remark(Remark::warning(Error::user(text)));
            }
        }
        return Ok(String::new());
    }
    let echo = echo && seconds.is_none();
    call.person.show(prompt);
    // While the time runs, no key but the interrupting one ends it.
    let complete = seconds.map(|_| Vec::new());
    let pressed = call.person.keys(Keys { echo, seconds, complete, ..Keys::default() }).await?;
    let typed = match pressed {
        Pressed::Typed(_) if seconds.is_some() => Vec::new(),
        Pressed::Typed(typed) => typed,
        Pressed::Interrupted => {
            call.person.show("Press 'C' to continue the play or 'A' to abort \r");
            let keys = Keys { echo, complete: Some(b"c".to_vec()), interrupt: Some(b"a".to_vec()), ..Keys::default() };
            match call.person.keys(keys).await? {
                Pressed::Typed(typed) => typed,
                Pressed::Interrupted => return Err(Error::user("user requested abort!")),
            }
        }
    };
    Ok(String::from_utf8_lossy(&typed).into_owned())
}

/// A number as Python's `int` makes one: of a fraction its whole part, of text only digits.
fn whole(name: &str, value: &Value) -> Result<Option<i64>> {
    let number = match value {
        Value::Null => return Ok(None),
        Value::Int(number) => Some(*number),
        Value::Bool(flag) => Some(i64::from(*flag)),
        Value::Float(number) => Some(number.trunc() as i64),
        Value::Str(text) => text.as_str().trim().parse().ok(),
        _ => None,
    };
    number.map(Some).ok_or_else(|| {
        let why = match value {
            Value::Str(text) => format!("invalid literal for int() with base 10: {}", str_repr(text.as_str())),
            other => format!(
                "int() argument must be a string, a bytes-like object or a real number, not '{}'",
                other.type_name()
            ),
        };
        let class = value.type_name();
        let text = format!("argument '{name}' is of type {class} and we were unable to convert to int: {why}");
        Error::new(diag::Kind::Arguments, text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_python_reads_them() {
        let read = |value: Value| whole("seconds", &value).map_err(|error| error.message);
        assert_eq!(read(Value::Null), Ok(None));
        assert_eq!(read(Value::Float(2.9)), Ok(Some(2)));
        assert_eq!(read(Value::str(" 7 ")), Ok(Some(7)));
        let text = "argument 'seconds' is of type str and we were unable to convert to int: \
                    invalid literal for int() with base 10: '2.5'";
        assert_eq!(read(Value::str("2.5")), Err(text.into()));
    }
}
