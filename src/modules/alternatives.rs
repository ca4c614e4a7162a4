//! `community.general.alternatives`: which program a generic name stands for, by `update-alternatives`.

use super::{Call, ModuleDef, Support, command};
use crate::argspec::{Arg, Default, Kind, Spec};
use crate::host::Output;
use crate::proto::Outcome;
use crate::re::{Flags, Found, Pattern};
use crate::value::{Dict, Value};
use std::path::Path;

/// The module.
pub static DEF: ModuleDef = ModuleDef {
    name: "alternatives",
    doc: "Manages alternative programs for common commands.",
    spec: &Spec {
        required_one_of: &[&["path", "family"]],
        ..Spec::new(&[
            Arg::new("name", Kind::Str).required(),
            Arg::new("path", Kind::Path),
            Arg::new("family", Kind::Str),
            Arg::new("link", Kind::Path),
            Arg::new("priority", Kind::Int),
            Arg::new("state", Kind::Str)
                .default(Default::Str("selected"))
                .choices(&["present", "selected", "absent", "auto"]),
            Arg::new("subcommands", Kind::List).elements(Kind::Dict).aliases(&["slaves"]).options(&Spec::new(&[
                Arg::new("name", Kind::Str).required(),
                Arg::new("path", Kind::Path).required(),
                Arg::new("link", Kind::Path).required(),
            ])),
        ])
    },
    check: Support::Full,
    diff: Support::Full,
    run,
};

/// What the system has under the name.
#[derive(Debug, Default)]
struct Known {
    mode: String,
    path: Option<String>,
    link: Option<String>,
    choices: Vec<Choice>,
}

/// A program that the name can stand for.
#[derive(Debug, PartialEq)]
struct Choice {
    path: String,
    family: String,
    priority: i64,
    subcommands: Vec<Value>,
}

fn run(call: &mut Call<'_>) -> Result<Outcome, Outcome> {
    let program = call.need_program("update-alternatives")?.to_string_lossy().into_owned();
    let display = execute(call, &[program.clone(), "--display".into(), call.args.str("name").to_owned()])?;
    let own = call.args.value("subcommands").as_list().map(<[_]>::to_vec);
    let known = match display.rc {
        0 => Known::read(&display.out(), own.as_deref().unwrap_or_default())?,
        _ => Known::default(),
    };
    let mut job = Job { call, program, known, own, changed: false, messages: Vec::new(), after: Dict::new() };
    let before = job.before(display.rc == 0);
    job.run()?;
    let after = std::mem::take(&mut job.after);
    let diff = Dict::from([("before", before), ("after", after)]);
    Ok(Outcome::changed(job.changed).with("diff", diff).with("msg", job.messages.join(" ")))
}

fn execute(call: &Call<'_>, argv: &[String]) -> Result<Output, Outcome> {
    call.command(argv).var("LC_ALL", "C").run().map_err(|error| command::not_started(argv, &error))
}

impl Known {
    fn read(text: &str, own: &[Value]) -> Result<Self, Outcome> {
        let all = |pattern: &str| -> Result<Vec<Found>, Outcome> {
            let flags = Flags { multiline: true, ..Flags::default() };
            Pattern::new(pattern, flags).and_then(|pattern| pattern.find_all(text)).map_err(Outcome::crashed)
        };
        let group = |found: &Found, number: usize| found.group(text, number).unwrap_or("").to_owned();
        let one = |pattern: &str| -> Result<Option<String>, Outcome> {
            Ok(all(pattern)?.first().map(|found| group(found, 1)))
        };
        let Some(mode) = one(r"\s-\s(?:status\sis\s)?(\w*)(?:\smode|.)$")? else { return Ok(Self::default()) };
        let links = all(r"^\s*(?:slave|follower) (\S+) is (.*)$")?;
        let mut links: Vec<(String, Value)> =
            links.iter().map(|found| (group(found, 1), group(found, 2).into())).collect();
        if links.is_empty() {
            let text = |item: &Value, key: &str| item.get(key).map(Value::to_text).unwrap_or_default();
            links = own.iter().map(|item| (text(item, "name"), text(item, "link").into())).collect();
        }
        let mut known = Self {
            mode,
            path: one(r"^\s*link currently points to (.*)$")?,
            link: one(r"^\s*link \w+ is (.*)$")?,
            choices: Vec::new(),
        };
        let head = r"^(\/.*)\s-\s(?:family\s(\S+)\s)?priority\s(\d+)((?:\s+(?:slave|follower).*)*)";
        for found in all(head)? {
            let choice = Choice {
                path: group(&found, 1),
                family: group(&found, 2),
                priority: group(&found, 3).parse().unwrap_or(0),
                subcommands: subcommands(&group(&found, 4), &links),
            };
            known.choices.retain(|other| other.path != choice.path);
            known.choices.push(choice);
        }
        Ok(known)
    }

    fn choice(&self, path: Option<&str>) -> Option<&Choice> {
        self.choices.iter().find(|choice| Some(choice.path.as_str()) == path)
    }
}

/// The lines `slave NAME: PATH` below a choice.
fn subcommands(text: &str, links: &[(String, Value)]) -> Vec<Value> {
    let lines = text.lines().filter(|line| line.starts_with(char::is_whitespace)).map(str::trim_start);
    let named = lines.filter_map(|line| line.strip_prefix("slave ").or_else(|| line.strip_prefix("follower ")));
    let pairs = named.filter_map(|rest| rest.rsplit_once(": ")).filter(|(_, path)| *path != "(null)");
    pairs
        .map(|(name, path)| {
            let link =
                links.iter().rev().find(|(known, _)| known == name).map_or(Value::Null, |(_, link)| link.clone());
            let mut dict = Dict::from([("name", name), ("path", path)]);
            dict.insert("link", link);
            dict.into()
        })
        .collect()
}

struct Job<'a> {
    call: &'a Call<'a>,
    program: String,
    known: Known,
    own: Option<Vec<Value>>,
    changed: bool,
    messages: Vec<String>,
    /// The difference's end, where one is asked for.
    after: Dict,
}

impl Job<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.call.args.opt_str(name)
    }

    fn link(&self) -> Option<&str> {
        self.text("link").filter(|link| !link.is_empty()).or(self.known.link.as_deref())
    }

    fn priority(&self) -> i64 {
        let own = self.call.args.opt_int("priority");
        own.or_else(|| self.known.choice(self.text("path")).map(|choice| choice.priority)).unwrap_or(50)
    }

    /// The difference's start; nothing where the name is not known at all.
    fn before(&self, is_known: bool) -> Dict {
        if !self.call.context.diff || !is_known || self.known.mode.is_empty() && self.known.choices.is_empty() {
            return Dict::new();
        }
        let path = self.text("path");
        let Some(choice) = self.known.choice(path) else { return Dict::from([("state", "absent")]) };
        let mut dict = Dict::from([("state", "present"), ("path", &choice.path)]);
        dict.insert("priority", choice.priority);
        dict.insert("link", self.known.link.as_deref());
        if !choice.subcommands.is_empty() {
            dict.insert("subcommands", Value::list(choice.subcommands.iter().cloned()));
        }
        if self.known.mode == "manual" && self.known.path.as_deref() != path {
            dict.insert("state", "selected");
        }
        dict
    }

    fn run(&mut self) -> Result<(), Outcome> {
        let path = self.text("path").map(str::to_owned);
        let state = self.call.args.str("state");
        if state == "absent" {
            return match path.filter(|path| self.known.choice(Some(path)).is_some()) {
                Some(path) => self.remove(&path),
                None => Ok(()),
            };
        }
        if let Some(path) = path.as_deref().filter(|path| self.must_install(path)) {
            self.install(path)?;
        }
        let same_path = path.is_some() && self.known.path == path;
        let now = self.known.choice(self.known.path.as_deref());
        let same_family = now.is_some_and(|choice| Some(choice.family.as_str()) == self.text("family"));
        if state == "selected" && !same_path && !same_family {
            self.select(path.as_deref())?;
        }
        if state == "auto" && self.known.mode == "manual" {
            let name = self.call.args.str("name").to_owned();
            self.apply(vec!["--auto".into(), name.clone()], format!("Set alternative to auto for '{name}'."))?;
            self.note("state", "present");
        }
        Ok(())
    }

    fn must_install(&self, path: &str) -> bool {
        let Some(choice) = self.known.choice(Some(path)) else { return true };
        let other_priority = self.call.args.opt_int("priority").is_some_and(|priority| priority != choice.priority);
        let other_subcommands = self.own.as_ref().is_some_and(|own| {
            own.iter().any(|item| !choice.subcommands.contains(item))
                || choice.subcommands.iter().any(|item| !own.contains(item))
        });
        other_priority || other_subcommands
    }

    fn install(&mut self, path: &str) -> Result<(), Outcome> {
        if !Path::new(path).exists() {
            return Err(Outcome::failed(format!("Specified path {path} does not exist")));
        }
        let Some(link) = self.link().filter(|link| !link.is_empty()).map(str::to_owned) else {
            return Err(Outcome::failed(
                "Needed to install the alternative, but unable to do so as we are missing the link",
            ));
        };
        let (name, priority) = (self.call.args.str("name").to_owned(), self.priority());
        let mut args = vec!["--install".to_owned(), link.clone(), name.clone(), path.to_owned(), priority.to_string()];
        if let Some(family) = self.text("family") {
            args.extend(["--family".to_owned(), family.to_owned()]);
        }
        for item in self.own.iter().flatten() {
            let text = |key: &str| item.get(key).map(Value::to_text).unwrap_or_default();
            args.extend(["--slave".to_owned(), text("link"), text("name"), text("path")]);
        }
        let family = self.text("family").map(str::to_owned);
        let subcommands = match &self.own {
            Some(own) => own.clone(),
            None => self.known.choice(Some(path)).map(|choice| choice.subcommands.clone()).unwrap_or_default(),
        };
        self.apply(args, format!("Install alternative '{path}' for '{name}'."))?;
        self.note("state", "present");
        self.note("path", path);
        self.note("family", family);
        self.note("priority", priority);
        self.note("link", link);
        if !subcommands.is_empty() {
            self.note("subcommands", Value::list(subcommands));
        }
        Ok(())
    }

    fn remove(&mut self, path: &str) -> Result<(), Outcome> {
        let name = self.call.args.str("name").to_owned();
        let message = format!("Remove alternative '{path}' from '{name}'.");
        self.apply(vec!["--remove".into(), name, path.to_owned()], message)?;
        self.note("state", "absent");
        Ok(())
    }

    fn select(&mut self, path: Option<&str>) -> Result<(), Outcome> {
        let name = self.call.args.str("name").to_owned();
        let what = path.or(self.text("family")).unwrap_or("").to_owned();
        let message = format!("Set alternative '{what}' for '{name}'.");
        self.apply(vec!["--set".into(), name, what], message)?;
        self.note("state", "selected");
        Ok(())
    }

    fn note(&mut self, key: &str, value: impl Into<Value>) {
        if self.call.context.diff {
            self.after.insert(key, value);
        }
    }

    fn apply(&mut self, args: Vec<String>, message: String) -> Result<(), Outcome> {
        self.changed = true;
        self.messages.push(message);
        if self.call.check() {
            return Ok(());
        }
        let argv = [vec![self.program.clone()], args].concat();
        let output = execute(self.call, &argv)?;
        if output.rc == 0 {
            return Ok(());
        }
        Err(command::refused(&argv, &output))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debians_words() {
        let text = "pager - auto mode\n  link best version is /bin/less\n  link currently points to /bin/less\n  \
                    link pager is /usr/bin/pager\n  slave pager.1.gz is /usr/share/man/pager.1.gz\n\
                    /bin/less - priority 77\n  slave pager.1.gz: /usr/share/man/less.1.gz\n/bin/more - priority 50\n";
        let known = Known::read(text, &[]).expect("read");
        assert_eq!((known.mode.as_str(), known.path.as_deref()), ("auto", Some("/bin/less")));
        assert_eq!(known.link.as_deref(), Some("/usr/bin/pager"));
        let less = known.choice(Some("/bin/less")).expect("less");
        assert_eq!((less.priority, less.family.as_str()), (77, ""));
        let want = "[{'name': 'pager.1.gz', 'path': '/usr/share/man/less.1.gz', 'link': '/usr/share/man/pager.1.gz'}]";
        assert_eq!(crate::value::repr(&Value::list(less.subcommands.iter().cloned())), want);
        assert_eq!(known.choice(Some("/bin/more")).map(|choice| choice.subcommands.len()), Some(0));
    }

    #[test]
    fn red_hats_words() {
        let text = "java - status is manual.\n link currently points to /j/8/java\n\
                    /j/8/java - family java-8.x86_64 priority 18\n follower jre: /j/8\n follower x: (null)\n";
        let own = [Dict::from([("name", "jre"), ("path", "/j/8"), ("link", "/usr/lib/jre")]).into()];
        let known = Known::read(text, &own).expect("read");
        assert_eq!((known.mode.as_str(), known.link), ("manual", None));
        assert_eq!(known.choices[0].family, "java-8.x86_64");
        assert_eq!(known.choices[0].subcommands, own);
    }
}
