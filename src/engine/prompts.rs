//! `vars_prompt`: variables that a person is asked for.

use super::shared::Shared;
use crate::argspec::boolean;
use crate::diag::{Error, Result};
use crate::event::{Answer, Prompt};
use crate::playbook::{Play, VarsPrompt};
use crate::value::{Dict, Text, Value};
use crate::vars::HostScope;

/// Asks for the variables of a play; those given as extra variables are not asked for.
pub(super) fn ask(shared: &Shared, play: &Play, scope: &HostScope) -> Result<Dict> {
    let mut answers = Dict::new();
    for prompt in &play.vars_prompt {
        let name = prompt.name.to_text();
        if shared.store.extra.contains(&name) {
            continue;
        }
        let answer = answer(shared, prompt, &name, scope)?;
        let is_unsafe = flag(shared, prompt.unsafe_.as_ref(), scope, false)?;
        let text = if is_unsafe { Text::data(answer) } else { Text::trusted(answer, None) };
        answers.insert(name, Value::Str(text));
    }
    Ok(answers)
}

/// What the variables are where nobody is asked, since nothing is played: their defaults.
pub(super) fn defaults(play: &Play) -> Dict {
    play.vars_prompt.iter().map(|prompt| (prompt.name.clone(), prompt.default.clone().unwrap_or_default())).collect()
}

/// The answer as the variable has it: its hash, where the prompt asks for that.
fn answer(shared: &Shared, prompt: &VarsPrompt, name: &str, scope: &HostScope) -> Result<String> {
    let answer = asked(shared, prompt, name, scope)?;
    let Some(scheme) = prompt.encrypt.as_ref().filter(|scheme| scheme.truthy()) else { return Ok(answer) };
    let text = |value: &Option<Value>| value.as_ref().filter(|v| v.truthy()).map(Value::to_text);
    let size = prompt.salt_size.as_ref().and_then(|size| size.to_text().trim().parse().ok());
    crate::template::hash_password(&scheme.to_text(), &answer, text(&prompt.salt), size)
}

fn asked(shared: &Shared, prompt: &VarsPrompt, name: &str, scope: &HostScope) -> Result<String> {
    let text = |value: &Option<Value>| {
        let rendered = value.as_ref().map(|v| shared.templar.render_value(v, scope)).transpose()?.flatten();
        Ok::<_, Error>(rendered.filter(|v| !v.is_null()).map(|v| v.to_text()))
    };
    let default = text(&prompt.default)?;
    let question = text(&prompt.prompt)?.unwrap_or_else(|| name.to_owned());
    let secret = flag(shared, prompt.private.as_ref(), scope, true)?;
    let shown = match &default {
        Some(default) if !secret => format!("{question} [{default}]: "),
        _ => format!("{question}: "),
    };
    let Some(terminal) = &shared.terminal else {
        shared.warn("Not prompting as we are not in interactive mode");
        // Python's None, as text.
        return Ok(default.unwrap_or_else(|| "None".to_owned()));
    };
    let confirm = flag(shared, prompt.confirm.as_ref(), scope, false)?;
    loop {
        let ask = |text: String| match terminal.ask(&Prompt { text, secret, timeout: None }) {
            Answer::Line(line) => Some(line),
            Answer::TimedOut | Answer::Closed => None,
        };
        let Some(line) = ask(shown.clone()) else { return Ok(default.unwrap_or_default()) };
        if confirm && ask(format!("confirm {question}: ")).as_deref() != Some(&line) {
            shared.warn("***** VALUES ENTERED DO NOT MATCH ****");
            continue;
        }
        return Ok(if line.is_empty() { default.unwrap_or_default() } else { line });
    }
}

fn flag(shared: &Shared, value: Option<&Value>, scope: &HostScope, default: bool) -> Result<bool> {
    let rendered = value.map(|v| shared.templar.render_value(v, scope)).transpose()?.flatten();
    Ok(rendered.and_then(|v| boolean(&v)).unwrap_or(default))
}
