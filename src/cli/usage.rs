//! Errors of the command line, in argparse's words: `NAME: error: …` on standard error, status 2.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, Command};

/// What is said of a command line that cannot be read.
pub(super) fn text(command: &Command, name: &str, error: &Error, args: &[String]) -> String {
    of(name, &problem(command, error, args))
}

/// The same for a problem that is known.
pub(super) fn of(name: &str, problem: &str) -> String {
    format!("usage: {name} [-h] [options] playbook [playbook ...]\n{name}: error: {problem}\n")
}

fn problem(command: &Command, error: &Error, args: &[String]) -> String {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.first().cloned().unwrap_or_default(),
        _ => String::new(),
    };
    let given = context(ContextKind::InvalidArg);
    let names = |text: &str| option(command, text).map_or_else(|| text.to_owned(), strings);
    let required = || "the following arguments are required: playbook".to_owned();
    match error.kind() {
        ErrorKind::MissingRequiredArgument => required(),
        ErrorKind::InvalidValue => format!("argument {}: expected one argument", names(&given)),
        // The type's name there is an internal one, which shows.
        ErrorKind::ValueValidation => {
            format!("argument {}: invalid tag_value value: '{}'", names(&given), context(ContextKind::InvalidValue))
        }
        ErrorKind::TooManyValues => {
            let value = context(ContextKind::InvalidValue);
            format!("argument {}: ignored explicit argument '{value}'", names(&given))
        }
        ErrorKind::ArgumentConflict => {
            let prior = context(ContextKind::PriorArg);
            let (first, second) = in_order(command, &prior, &given, args);
            format!("argument {}: not allowed with argument {}", names(second), names(first))
        }
        ErrorKind::UnknownArgument => {
            let like = prefixed(command, &given);
            if like.len() > 1 {
                return format!("ambiguous option: {given} could match {}", like.join(", "));
            }
            // argparse misses what is required before it looks at what is too much.
            if args.iter().all(|arg| arg.starts_with('-')) {
                return required();
            }
            format!("unrecognized arguments: {given}")
        }
        _ => error.to_string().trim_start_matches("error: ").lines().next().unwrap_or_default().to_owned(),
    }
}

/// Two options that exclude each other, as they stand in the arguments.
fn in_order<'a>(command: &Command, one: &'a str, other: &'a str, args: &[String]) -> (&'a str, &'a str) {
    let place = |text: &str| {
        let names: Vec<String> = option(command, text).map(all).unwrap_or_default();
        args.iter().position(|arg| names.iter().any(|name| arg == name || arg.starts_with(&format!("{name}="))))
    };
    if place(one) <= place(other) { (one, other) } else { (other, one) }
}

/// The option that clap shows as `--forks <FORKS>`.
fn option<'a>(command: &'a Command, shown: &str) -> Option<&'a Arg> {
    let word = shown.split([' ', '=']).next().unwrap_or_default();
    command.get_arguments().find(|arg| all(arg).iter().any(|name| name == word))
}

fn all(arg: &Arg) -> Vec<String> {
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let aliases = arg.get_all_aliases().unwrap_or_default().into_iter().map(|alias| format!("--{alias}"));
    short.into_iter().chain(long).chain(aliases).collect()
}

fn strings(arg: &Arg) -> String {
    all(arg).join("/")
}

/// The long options that a shortened one may mean.
fn prefixed(command: &Command, given: &str) -> Vec<String> {
    if !given.starts_with("--") {
        return Vec::new();
    }
    command.get_arguments().flat_map(all).filter(|name| name.starts_with(given)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::options;
    use super::*;

    #[track_caller]
    fn says(args: &str, expected: &str) {
        let args: Vec<String> = args.split_whitespace().map(str::to_owned).collect();
        let mut command = options::command("ansible-playbook");
        let words = std::iter::once("ansible-playbook".to_owned()).chain(args.iter().cloned());
        let error = command.try_get_matches_from_mut(words).expect_err("the command line is wrong");
        let text = text(&command, "ansible-playbook", &error, &args);
        assert_eq!(text.lines().last(), Some(format!("ansible-playbook: error: {expected}").as_str()));
    }

    #[test]
    fn errors_are_worded_as_argparse_words_them() {
        says("", "the following arguments are required: playbook");
        says("-Q", "the following arguments are required: playbook");
        says("--bogus a.yml", "unrecognized arguments: --bogus");
        says("a.yml -e", "argument -e/--extra-vars: expected one argument");
        says("a.yml --forks", "argument -f/--forks: expected one argument");
        says("a.yml -f x", "argument -f/--forks: invalid tag_value value: 'x'");
        says("a.yml --check=1", "argument -C/--check: ignored explicit argument '1'");
        let conflict = "argument --connection-password-file/--conn-pass-file: not allowed with argument -k/--ask-pass";
        says("a.yml -k --connection-password-file x", conflict);
    }
}
