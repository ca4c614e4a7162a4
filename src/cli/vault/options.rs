//! The options of `ansible-vault` 2.19.

use clap::{Arg, ArgAction, Command};

/// The command line, as `--help` lists it.
pub(super) fn command() -> Command {
    Command::new("ansible-vault")
        .about("encryption/decryption utility for Ansible data files")
        .arg(verbose())
        .arg(
            Arg::new("version")
                .long("version")
                .action(ArgAction::SetTrue)
                .help("show program's version number, config file location and exit"),
        )
        .arg_required_else_help(true)
        .infer_long_args(true)
        .subcommand(
            action("create", "Create new vault encrypted file").arg(encrypt_id()).arg(
                Arg::new("skip_tty_check")
                    .long("skip-tty-check")
                    .action(ArgAction::SetTrue)
                    .help("allows editor to be opened when no tty attached"),
            ),
        )
        .subcommand(action("decrypt", "Decrypt vault encrypted file or string").arg(output()))
        .subcommand(action("edit", "Edit vault encrypted file").arg(encrypt_id()))
        .subcommand(action("view", "View vault encrypted file"))
        .subcommand(action("encrypt", "Encrypt YAML file").arg(output()).arg(encrypt_id()))
        .subcommand(encrypt_string())
        .subcommand(
            action("rekey", "Re-key a vault encrypted file")
                .arg(encrypt_id())
                .arg(
                    value("new_vault_password_file", "new-vault-password-file", "new vault password file for rekey")
                        .conflicts_with("new_vault_id"),
                )
                .arg(value("new_vault_id", "new-vault-id", "the new vault identity to use for rekey")),
        )
}

fn encrypt_string() -> Command {
    action("encrypt_string", "Encrypt a string")
        .arg(output())
        .arg(encrypt_id())
        .arg(
            Arg::new("prompt")
                .short('p')
                .long("prompt")
                .action(ArgAction::SetTrue)
                .help("Prompt for the string to encrypt"),
        )
        .arg(
            Arg::new("show_input")
                .long("show-input")
                .action(ArgAction::SetTrue)
                .help("Do not hide input when prompted for the string to encrypt"),
        )
        .arg(value("name", "name", "Specify the variable name").short('n').action(ArgAction::Append))
        .arg(value("stdin_name", "stdin-name", "Specify the variable name for stdin"))
        .mut_arg("args", |arg| arg.value_name("string_to_encrypt").help("String to encrypt"))
}

fn value(id: &'static str, long: &'static str, help: &'static str) -> Arg {
    Arg::new(id).long(long).help(help).allow_hyphen_values(true)
}

fn output() -> Arg {
    value("output_file", "output", "output file name for encrypt or decrypt; use - for stdout")
}

fn encrypt_id() -> Arg {
    value(
        "encrypt_vault_id",
        "encrypt-vault-id",
        "the vault id used to encrypt (required if more than one vault-id is provided)",
    )
}

fn verbose() -> Arg {
    Arg::new("verbosity").short('v').long("verbose").action(ArgAction::Count).help("print more debug messages")
}

fn action(name: &'static str, about: &'static str) -> Command {
    Command::new(name)
        .about(about)
        .infer_long_args(true)
        .arg(verbose())
        .arg(value("vault_ids", "vault-id", "the vault identity to use").action(ArgAction::Append))
        .arg(
            Arg::new("ask_vault_pass")
                .short('J')
                .long("ask-vault-password")
                .alias("ask-vault-pass")
                .action(ArgAction::SetTrue)
                .conflicts_with("vault_password_files")
                .help("ask for vault password"),
        )
        .arg(
            value("vault_password_files", "vault-password-file", "vault password file")
                .alias("vault-pass-file")
                .action(ArgAction::Append),
        )
        .arg(Arg::new("args").value_name("file_name").num_args(0..).help("Filename"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_sound() {
        super::command().debug_assert();
    }
}
