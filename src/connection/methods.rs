//! The ways to become another user, one table of data: what the command is, what it asks, what its failures say.
//!
//! The commands are those of Ansible's become plugins, so that the same rules of sudo and its like fit.

use super::target::Become;

/// A way to become another user.
#[derive(Debug)]
pub struct Method {
    /// Its name, without its collection.
    pub name: &'static str,
    /// The collection of its plugin; empty where it is ansible-core's own.
    pub collection: &'static str,
    /// What its settings and variables are named after: `ansible_NAME_flags`.
    pub named: &'static str,
    /// The program.
    pub exe: &'static str,
    /// The program's flags.
    pub flags: &'static str,
    /// What is said of a wrong password.
    pub(super) incorrect: &'static [&'static str],
    /// What is said where a password is wanted and there is none.
    pub(super) missing: &'static [&'static str],
    /// How it asks for the password.
    pub(super) asks: Asks,
    /// The command line.
    pub(super) line: fn(&Parts<'_>) -> String,
}

/// How a program asks for a password.
#[derive(Clone, Copy, Debug)]
pub(super) enum Asks {
    /// By a prompt that it is told, with this name in it.
    Ours(&'static str),
    /// By one of these regular expressions at the beginning of a line.
    Line(&'static [&'static str]),
    /// By one of these words, in small letters, and a colon.
    Word(&'static [&'static str]),
    /// Not at all.
    Never,
}

/// What command lines are made of.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub wanted: &'a Become,
    pub exe: &'a str,
    pub flags: &'a str,
    /// Whether there is a password.
    pub password: bool,
    /// The prompt that the program is told, where there is one: `-p "…"`.
    pub prompt: &'a str,
    /// The commands, one word for a shell.
    pub plain: &'a str,
    /// The shell with them.
    pub shell: &'a str,
    /// The same, one word for a shell.
    pub word: &'a str,
}

impl Parts<'_> {
    fn user(&self) -> String {
        let user = &self.wanted.user;
        if user.is_empty() { String::new() } else { format!("-u {user}") }
    }

    /// The shell with the commands, or the commands alone.
    fn wrapped(&self) -> &str {
        if self.wanted.other_form { self.shell } else { self.plain }
    }
}

/// The word for a password in the languages of su.
const PASSWORD: &[&str] = &[
    "password",
    "passwort",
    "passord",
    "lösenord",
    "adgangskode",
    "wachtwoord",
    "salasana",
    "parool",
    "parola",
    "mot de passe",
    "contraseña",
    "contrasenya",
    "pasahitza",
    "senha",
    "hasło",
    "heslo",
    "jelszó",
    "sandi",
    "mật khẩu",
    "пароль",
    "парола",
    "лозинка",
    "ססמה",
    "गुप्तशब्द",
    "शब्दकूट",
    "సంకేతపదము",
    "හස්පදය",
    "암호",
    "パスワード",
    "密码",
    "密碼",
    "口令",
];

const SUDO: Method = Method {
    name: "sudo",
    collection: "",
    named: "sudo",
    exe: "sudo",
    flags: "-H -S -n",
    incorrect: &["Sorry, try again."],
    missing: &["Sorry, a password is required to run sudo", "sudo: a password is required"],
    asks: Asks::Ours("sudo"),
    line: |p| format!("{} {} {} {} {}", p.exe, p.flags, p.prompt, p.user(), p.shell),
};

/// What the methods of a collection have where they say nothing else.
const OTHER: Method =
    Method { collection: "community.general", flags: "", incorrect: &[], missing: &[], asks: Asks::Never, ..SUDO };

/// Every method, sorted by name.
pub static METHODS: &[Method] = &[
    Method {
        name: "doas",
        named: "doas",
        exe: "doas",
        incorrect: &["Permission denied"],
        missing: &["Authorization required"],
        asks: Asks::Line(&[r"doas \(", "Password:"]),
        line: |p| {
            let never = if p.password || p.flags.contains("-n") { "" } else { " -n" };
            format!("{} {}{never} {} {}", p.exe, p.flags, p.user(), p.shell)
        },
        ..OTHER
    },
    Method {
        name: "dzdo",
        named: "dzdo",
        exe: "dzdo",
        flags: "-H -S -n",
        incorrect: &["Sorry, try again."],
        asks: Asks::Ours("dzdo"),
        line: |p| format!("{} {} {} {} {}", p.exe, p.flags, p.prompt, p.user(), p.shell),
        ..OTHER
    },
    Method {
        name: "ksu",
        named: "ksu",
        exe: "ksu",
        incorrect: &["Password incorrect"],
        missing: &["No password given"],
        asks: Asks::Line(&["Kerberos password for .*@.*:"]),
        line: |p| format!("{} {} {} -e {} ", p.exe, p.wanted.user, p.flags, p.shell),
        ..OTHER
    },
    Method {
        name: "pbrun",
        named: "pbrun",
        exe: "pbrun",
        asks: Asks::Line(&["Password:"]),
        line: |p| format!("{} {} {} {}", p.exe, p.flags, p.user(), p.wrapped()),
        ..OTHER
    },
    Method {
        name: "pfexec",
        named: "pfexec",
        exe: "pfexec",
        flags: "-H -S -n",
        line: |p| format!("{} {} {}", p.exe, p.flags, p.wrapped()),
        ..OTHER
    },
    Method {
        name: "pmrun",
        named: "pmrun",
        exe: "pmrun",
        asks: Asks::Line(&["Enter UPM user password:"]),
        line: |p| format!("{} {} {}", p.exe, p.flags, p.word),
        ..OTHER
    },
    Method {
        name: "run0",
        named: "run0",
        exe: "run0",
        line: |p| format!("{} --user={} {} {}", p.exe, p.wanted.user, p.flags, p.shell),
        ..OTHER
    },
    Method {
        name: "sesu",
        named: "sesu",
        exe: "sesu",
        flags: "-H -S -n",
        incorrect: &["Sorry, try again with sesu."],
        asks: Asks::Line(&["Please enter your password:"]),
        line: |p| format!("{} {} {} -c {}", p.exe, p.flags, p.wanted.user, p.shell),
        ..OTHER
    },
    Method {
        name: "su",
        named: "su",
        exe: "su",
        flags: "",
        incorrect: &["Authentication failure"],
        missing: &[],
        asks: Asks::Word(PASSWORD),
        line: |p| format!("{} {} {} -c {}", p.exe, p.flags, p.wanted.user, p.word),
        ..SUDO
    },
    SUDO,
    Method {
        name: "sudosu",
        collection: "community.general",
        line: |p| {
            let (user, form) = (&p.wanted.user, if p.wanted.other_form { "-c " } else { "" });
            let command = if p.wanted.other_form { p.plain } else { p.shell };
            format!("sudo {} {} su -l {user} {form}{command}", p.flags, p.prompt)
        },
        ..SUDO
    },
];

impl Method {
    /// Its name with its collection, where that is not ansible-core's own.
    pub fn full_name(&self) -> String {
        if self.collection.is_empty() { self.name.to_owned() } else { format!("{}.{}", self.collection, self.name) }
    }

    /// The method of a `become_method`, with its collection or, where ansible-core redirects the name, without.
    pub fn named(name: &str) -> Option<&'static Self> {
        let (collection, short) = name.rsplit_once('.').unwrap_or(("", name));
        let method = METHODS.iter().find(|method| method.name == short)?;
        let redirected = !["run0", "sudosu"].contains(&method.name);
        let own = ["", "ansible.builtin", "ansible.legacy"].contains(&collection);
        let fits = own && redirected || !method.collection.is_empty() && collection == method.collection;
        fits.then_some(method)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        for pair in METHODS.windows(2) {
            assert!(pair[0].name < pair[1].name, "{} before {}", pair[0].name, pair[1].name);
        }
    }

    #[test]
    fn names() {
        for (name, want) in [
            ("sudo", Some("sudo")),
            ("ansible.builtin.su", Some("su")),
            ("doas", Some("doas")),
            ("community.general.doas", Some("doas")),
            ("community.general.su", None),
            ("some.where.doas", None),
            ("run0", None),
            ("community.general.run0", Some("run0")),
            ("runas", None),
        ] {
            assert_eq!(Method::named(name).map(|method| method.name), want, "{name}");
        }
    }

    /// The lines are those that ansible 12.3.0 shows at -vvv, with `-n` where there is no password.
    #[test]
    fn lines() {
        let wanted =
            |name: &str, form| Become { method: name.into(), user: "me".into(), other_form: form, ..Become::default() };
        for (name, form, want) in [
            ("doas", false, "doas  -n -u me sh -c 'x'"),
            ("dzdo", false, "dzdo -H -S -n  -u me sh -c 'x'"),
            ("ksu", false, "ksu me  -e sh -c 'x' "),
            ("pbrun", false, "pbrun  -u me 'x'"),
            ("pbrun", true, "pbrun  -u me sh -c 'x'"),
            ("pfexec", false, "pfexec -H -S -n 'x'"),
            ("pmrun", false, "pmrun  \"sh -c 'x'\""),
            ("run0", false, "run0 --user=me  sh -c 'x'"),
            ("sesu", false, "sesu -H -S -n me -c sh -c 'x'"),
            ("su", false, "su  me -c \"sh -c 'x'\""),
            ("sudosu", false, "sudo -H -S -n  su -l me sh -c 'x'"),
            ("sudosu", true, "sudo -H -S -n  su -l me -c 'x'"),
        ] {
            let method = METHODS.iter().find(|method| method.name == name).unwrap();
            let wanted = wanted(name, form);
            let parts = Parts {
                wanted: &wanted,
                exe: method.exe,
                flags: method.flags,
                password: false,
                prompt: "",
                plain: "'x'",
                shell: "sh -c 'x'",
                word: "\"sh -c 'x'\"",
            };
            assert_eq!((method.line)(&parts), want);
        }
    }
}
