//! `iptables`: rules, chains and policies of the running firewall, by `iptables` and `ip6tables`.
//!
//! A rule is a row of options in an order of its own, which the result shows; the program itself is asked whether
//! the rule is there.

use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Args, Default, Kind, RequiredIf, Spec};
use crate::host::Output;
use crate::proto::Outcome;
use crate::value::Value;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "iptables",
    doc: "Modify iptables rules.",
    spec: &Spec {
        mutually_exclusive: &[&["set_dscp_mark", "set_dscp_mark_class"], &["flush", "policy"]],
        required_by: &[("set_dscp_mark", &["jump"]), ("set_dscp_mark_class", &["jump"])],
        required_if: &[
            RequiredIf { arg: "jump", value: Default::Str("TEE"), needs: &["gateway"], any: false },
            RequiredIf { arg: "jump", value: Default::Str("tee"), needs: &["gateway"], any: false },
            RequiredIf { arg: "flush", value: Default::Bool(false), needs: &["chain"], any: false },
        ],
        ..Spec::new(&[
            Arg::new("table", Kind::Str)
                .default(Default::Str("filter"))
                .choices(&["filter", "nat", "mangle", "raw", "security"]),
            Arg::new("state", Kind::Str).default(Default::Str("present")).choices(&["absent", "present"]),
            Arg::new("action", Kind::Str).default(Default::Str("append")).choices(&["append", "insert"]),
            Arg::new("ip_version", Kind::Str).default(Default::Str("ipv4")).choices(&["ipv4", "ipv6", "both"]),
            Arg::new("chain", Kind::Str),
            Arg::new("rule_num", Kind::Str),
            Arg::new("protocol", Kind::Str),
            Arg::new("wait", Kind::Str),
            Arg::new("source", Kind::Str),
            Arg::new("to_source", Kind::Str),
            Arg::new("destination", Kind::Str),
            Arg::new("to_destination", Kind::Str),
            Arg::new("match", Kind::List).elements(Kind::Str).default(Default::List(&[])),
            Arg::new("tcp_flags", Kind::Dict).options(&Spec::new(&[
                Arg::new("flags", Kind::List).elements(Kind::Str),
                Arg::new("flags_set", Kind::List).elements(Kind::Str),
            ])),
            Arg::new("jump", Kind::Str),
            Arg::new("gateway", Kind::Str),
            Arg::new("log_prefix", Kind::Str),
            Arg::new("log_level", Kind::Str).choices(&[
                "0", "1", "2", "3", "4", "5", "6", "7", "emerg", "alert", "crit", "error", "warning", "notice", "info",
                "debug",
            ]),
            Arg::new("goto", Kind::Str),
            Arg::new("in_interface", Kind::Str),
            Arg::new("out_interface", Kind::Str),
            Arg::new("fragment", Kind::Str),
            Arg::new("set_counters", Kind::Str),
            Arg::new("source_port", Kind::Str),
            Arg::new("destination_port", Kind::Str),
            Arg::new("destination_ports", Kind::List).elements(Kind::Str).default(Default::List(&[])),
            Arg::new("to_ports", Kind::Str),
            Arg::new("set_dscp_mark", Kind::Str),
            Arg::new("set_dscp_mark_class", Kind::Str),
            Arg::new("comment", Kind::Str),
            Arg::new("ctstate", Kind::List).elements(Kind::Str).default(Default::List(&[])),
            Arg::new("src_range", Kind::Str),
            Arg::new("dst_range", Kind::Str),
            Arg::new("match_set", Kind::Str),
            Arg::new("match_set_flags", Kind::Str).choices(&["src", "dst", "src,dst", "dst,src", "src,src", "dst,dst"]),
            Arg::new("limit", Kind::Str),
            Arg::new("limit_burst", Kind::Str),
            Arg::new("uid_owner", Kind::Str),
            Arg::new("gid_owner", Kind::Str),
            Arg::new("reject_with", Kind::Str),
            Arg::new("icmp_type", Kind::Str),
            Arg::new("syn", Kind::Str).default(Default::Str("ignore")).choices(&["ignore", "match", "negate"]),
            Arg::new("flush", Kind::Bool).default(Default::Bool(false)),
            Arg::new("policy", Kind::Str).choices(&["ACCEPT", "DROP", "QUEUE", "RETURN"]),
            Arg::new("chain_management", Kind::Bool).default(Default::Bool(false)),
            Arg::new("numeric", Kind::Bool).default(Default::Bool(false)),
        ])
    },
    check: Support::Full,
    diff: Support::None,
    run,
};

/// The versions that wait for the lock, and for so many seconds.
const WAITS: [u64; 3] = [1, 4, 20];
const WAITS_SECONDS: [u64; 3] = [1, 6, 0];

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let rule = Rule::of(&call.args)?.join(" ");
    let mut out = Outcome::default().with("changed", false).with("failed", false);
    for key in ["ip_version", "table", "chain", "flush"] {
        out.set(key, call.args.value(key).clone());
    }
    out.set("rule", rule.as_str());
    for key in ["state", "chain_management", "wait"] {
        out.set(key, call.args.value(key).clone());
    }
    let programs = match call.args.str("ip_version") {
        "ipv4" => vec!["iptables"],
        "ipv6" => vec!["ip6tables"],
        _ => vec!["iptables", "ip6tables"],
    };
    let mut paths = Vec::new();
    for program in programs {
        paths.push(call.need_program(program)?.to_string_lossy().into_owned());
    }
    let mut changed = false;
    for path in paths {
        log_jump(call)?;
        let wait = Job { call, path: &path }.wait()?;
        if let Some(wait) = wait {
            call.args.set("wait", wait);
        }
        changed |= Job { call, path: &path }.apply(&rule)?;
    }
    Ok(out.with("changed", changed))
}

/// Options of the target LOG want no other target.
fn log_jump(call: &mut Call<'_>) -> Result<(), Outcome> {
    let given = |name: &str| call.args.opt_str(name).is_some_and(|text| !text.is_empty());
    if !given("log_prefix") && !given("log_level") {
        return Ok(());
    }
    match call.args.opt_str("jump") {
        None => call.args.set("jump", "LOG"),
        Some("LOG") => {}
        Some(_) => return Err(Outcome::failed("Logging options can only be used with the LOG jump target.")),
    }
    Ok(())
}

struct Job<'a, 'b> {
    call: &'a Call<'b>,
    path: &'a str,
}

impl Job<'_, '_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.call.args.opt_str(name)
    }

    /// What `wait` has to be for this version; None where it may stay.
    fn wait(&self) -> Result<Option<Value>, Outcome> {
        let out = self.must(&[self.path.to_owned(), "--version".to_owned()])?.out();
        let version = out.split('v').nth(1).ok_or_else(|| Outcome::crashed("list index out of range"))?;
        let version = numbers(version);
        Ok(match version {
            version if version < WAITS.to_vec() => Some(Value::Null),
            version if version < WAITS_SECONDS.to_vec() => Some("".into()),
            _ => None,
        })
    }

    /// Makes it so; says whether it was not.
    fn apply(&self, rule: &str) -> Result<bool, Outcome> {
        let check = self.call.check();
        let present = self.text("state") == Some("present");
        if self.call.args.bool("flush") {
            if !check {
                self.must(&self.words("-F", false)?)?;
            }
            return Ok(true);
        }
        if let Some(wanted) = self.text("policy").filter(|policy| !policy.is_empty()) {
            return self.policy(wanted);
        }
        if rule.is_empty() {
            let differs = self.ask(&self.listing()?)? != present;
            if differs && self.call.args.bool("chain_management") && !check {
                self.must(&self.words(if present { "-N" } else { "-X" }, false)?)?;
            }
            return Ok(differs);
        }
        if self.ask(&self.words("-C", true)?)? == present {
            return Ok(false);
        }
        if !check {
            let action = match (present, self.text("action")) {
                (false, _) => "-D",
                (true, Some("insert")) => "-I",
                (true, _) => "-A",
            };
            self.must(&self.words(action, true)?)?;
        }
        Ok(true)
    }

    fn policy(&self, wanted: &str) -> Result<bool, Outcome> {
        let out = self.must(&self.listing()?)?.out();
        let header = out.split('\n').next().unwrap_or("");
        let Some(current) = policy_in(header) else { return Err(Outcome::failed("Can't detect current policy")) };
        let differs = current != wanted;
        if differs && !self.call.check() {
            let mut words = self.words("-P", false)?;
            words.push(wanted.to_owned());
            self.must(&words)?;
        }
        Ok(differs)
    }

    fn listing(&self) -> Result<Vec<String>, Outcome> {
        let mut words = self.words("-L", false)?;
        if self.call.args.bool("numeric") {
            words.push("--numeric".to_owned());
        }
        Ok(words)
    }

    /// The command for an action on the chain, with the rule where it is about one.
    fn words(&self, action: &str, rule: bool) -> Result<Vec<String>, Outcome> {
        let mut words = vec![self.path.to_owned()];
        let given = |name: &str| self.text(name).filter(|text| !text.is_empty()).map(str::to_owned);
        words.extend(["-t".to_owned(), self.call.args.str("table").to_owned(), action.to_owned()]);
        // Flushing all chains names none.
        words.extend(self.text("chain").map(str::to_owned));
        if action == "-I" {
            words.extend(given("rule_num"));
        }
        if let Some(wait) = given("wait") {
            words.extend(["-w".to_owned(), wait]);
        }
        if rule {
            words.extend(Rule::of(&self.call.args)?);
        }
        Ok(words)
    }

    fn execute(&self, argv: &[String]) -> Result<(Vec<String>, Output), Outcome> {
        let argv: Vec<String> = argv.iter().map(|word| self.call.env.expand(word)).collect();
        let output = self.call.command(&argv).run().map_err(|error| command::not_started(&argv, &error))?;
        Ok((argv, output))
    }

    fn ask(&self, argv: &[String]) -> Result<bool, Outcome> {
        Ok(self.execute(argv)?.1.rc == 0)
    }

    fn must(&self, argv: &[String]) -> Result<Output, Outcome> {
        match self.execute(argv)? {
            (_, output) if output.rc == 0 => Ok(output),
            (argv, output) => Err(command::refused(&argv, &output)),
        }
    }
}

/// The words of a rule, as they are gathered.
struct Rule<'a> {
    args: &'a Args,
    words: Vec<String>,
}

impl<'a> Rule<'a> {
    /// The rule that the arguments make.
    fn of(args: &'a Args) -> Result<Vec<String>, Outcome> {
        let mut rule = Self { args, words: Vec::new() };
        rule.basic()?;
        rule.dscp()?;
        rule.matches()?;
        rule.end()?;
        Ok(rule.words)
    }

    fn list(&self, name: &str) -> Vec<String> {
        self.args.opt_list(name).unwrap_or_default()
    }

    /// Whether an argument is there and not empty.
    fn given(&self, name: &str) -> bool {
        self.args.value(name).truthy()
    }

    fn push<const N: usize>(&mut self, words: [&str; N]) {
        self.words.extend(words.map(str::to_owned));
    }

    /// An option with its value; a value that begins with `!` is negated.
    fn option(&mut self, flag: &str, value: Option<&str>) -> Result<(), Outcome> {
        match value {
            None => {}
            Some("") => return Err(Outcome::crashed("string index out of range")),
            Some(value) => match value.strip_prefix('!') {
                Some(rest) => self.push(["!", flag, rest]),
                None => self.push([flag, value]),
            },
        }
        Ok(())
    }

    /// Options by the names of their arguments.
    fn options(&mut self, all: &[(&str, &str)]) -> Result<(), Outcome> {
        for (name, flag) in all {
            let args = self.args;
            self.option(flag, args.opt_str(name))?;
        }
        Ok(())
    }

    fn joined(&mut self, name: &str, flag: &str) {
        if self.given(name) {
            let value = self.list(name).join(",");
            self.push([flag, &value]);
        }
    }

    fn jumps_to(&self, target: &str) -> bool {
        self.args.opt_str("jump").is_some_and(|jump| jump.to_lowercase() == target)
    }

    fn basic(&mut self) -> Result<(), Outcome> {
        self.options(&[("protocol", "-p"), ("source", "-s"), ("destination", "-d")])?;
        for name in self.list("match") {
            self.option("-m", Some(&name))?;
        }
        if let Some(flags) = self.args.opt_dict("tcp_flags").filter(|flags| !flags.is_empty()) {
            let part = |name: &str| {
                let items = flags.get(name).and_then(Value::as_list);
                items.map(|items| items.iter().map(Value::to_text).collect::<Vec<_>>().join(","))
            };
            let (Some(mask), Some(set)) = (part("flags"), part("flags_set")) else {
                return Err(Outcome::crashed("can only join an iterable"));
            };
            self.push(["--tcp-flags", &mask, &set]);
        }
        self.options(&[("jump", "-j")])?;
        if self.jumps_to("tee") {
            self.options(&[("gateway", "--gateway")])?;
        }
        self.options(&[
            ("log_prefix", "--log-prefix"),
            ("log_level", "--log-level"),
            ("to_destination", "--to-destination"),
        ])?;
        if self.given("destination_ports") {
            self.push(["-m", "multiport"]);
        }
        self.joined("destination_ports", "--dports");
        self.options(&[
            ("to_source", "--to-source"),
            ("goto", "-g"),
            ("in_interface", "-i"),
            ("out_interface", "-o"),
            ("fragment", "-f"),
            ("set_counters", "-c"),
            ("source_port", "--source-port"),
            ("destination_port", "--destination-port"),
            ("to_ports", "--to-ports"),
        ])
    }

    fn dscp(&mut self) -> Result<(), Outcome> {
        for (name, flag) in [("set_dscp_mark", "--set-dscp"), ("set_dscp_mark_class", "--set-dscp-class")] {
            self.options(&[(name, flag)])?;
            if self.given(name) && !self.jumps_to("dscp") {
                self.push(["-j", "DSCP"]);
            }
        }
        Ok(())
    }

    fn matches(&mut self) -> Result<(), Outcome> {
        self.flag("--syn", self.args.opt_str("syn"));
        let matches = self.list("match");
        let has = |name: &str| matches.iter().any(|other| other == name);
        if has("conntrack") {
            self.joined("ctstate", "--ctstate");
        } else if has("state") {
            self.joined("ctstate", "--state");
        } else if self.given("ctstate") {
            self.push(["-m", "conntrack"]);
            self.joined("ctstate", "--ctstate");
        }
        if has("iprange") || self.given("src_range") || self.given("dst_range") {
            if !has("iprange") {
                self.push(["-m", "iprange"]);
            }
            self.options(&[("src_range", "--src-range"), ("dst_range", "--dst-range")])?;
        }
        if has("set") || self.given("match_set") {
            if !has("set") {
                self.push(["-m", "set"]);
            }
            self.options(&[("match_set", "--match-set")])?;
            // As it is, even where there is none, which no program can be given.
            match self.args.opt_str("match_set_flags") {
                Some(flags) => self.push([flags]),
                None => {
                    let at = self.words.len();
                    let words = format!("sequence item {at}: expected str instance, NoneType found");
                    return Err(Outcome::crashed(words));
                }
            }
        }
        if self.given("limit") || self.given("limit_burst") {
            self.push(["-m", "limit"]);
        }
        self.options(&[("limit", "--limit"), ("limit_burst", "--limit-burst")])
    }

    fn end(&mut self) -> Result<(), Outcome> {
        for (name, flag) in [("uid_owner", "--uid-owner"), ("gid_owner", "--gid-owner")] {
            if self.given(name) {
                self.push(["-m", "owner"]);
            }
            self.flag(flag, self.args.opt_str(name));
            self.options(&[(name, flag)])?;
        }
        if !self.args.has("jump") {
            for (name, target) in
                [("reject_with", "REJECT"), ("set_dscp_mark_class", "DSCP"), ("set_dscp_mark", "DSCP")]
            {
                if self.given(name) {
                    self.push(["-j", target]);
                }
            }
        }
        let icmp = match self.args.str("ip_version") {
            "ipv4" => "--icmp-type",
            "ipv6" => "--icmpv6-type",
            _ => "--icmp-type --icmpv6-type",
        };
        self.options(&[("reject_with", "--reject-with"), ("icmp_type", icmp)])?;
        if self.given("comment") {
            self.push(["-m", "comment"]);
        }
        self.options(&[("comment", "--comment")])
    }

    /// A flag for the word `match`, a negated one for `negate`.
    fn flag(&mut self, flag: &str, word: Option<&str>) {
        match word {
            Some("match") => self.push([flag]),
            Some("negate") => self.push(["!", flag]),
            _ => {}
        }
    }
}

/// `DROP` in `Chain INPUT (policy DROP)`.
fn policy_in(header: &str) -> Option<&str> {
    header.match_indices("(policy ").find_map(|(at, start)| {
        let name = header[at + start.len()..].split_once(')')?.0;
        (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_uppercase())).then_some(name)
    })
}

/// The numbers that a version begins with.
fn numbers(version: &str) -> Vec<u64> {
    let word = version.split_whitespace().next().unwrap_or("");
    word.split('.').map_while(|part| part.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_policies() {
        assert_eq!(numbers("1.8.9 (nf_tables)\n"), [1, 8, 9]);
        assert!(numbers("1.4.7") < WAITS.to_vec() && numbers("1.6") < WAITS_SECONDS.to_vec());
        assert_eq!(policy_in("Chain INPUT (policy DROP 0 packets)"), None);
        assert_eq!(policy_in("Chain INPUT (policy DROP)"), Some("DROP"));
        assert_eq!(policy_in("Chain x (0 references)"), None);
    }
}
