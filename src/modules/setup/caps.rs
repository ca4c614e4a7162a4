//! `system_capabilities`: what capsh says; libcap alone knows how to abridge a set.

use super::Host;
use crate::value::{Dict, Value};

/// The facts.
pub fn facts(host: &Host<'_>) -> Dict {
    let (enforced, names) = match host.output("capsh", &["--print"]) {
        Some(out) => parse(&out),
        None => ("N/A", "N/A".into()),
    };
    Dict::from([("system_capabilities_enforced", Value::from(enforced)), ("system_capabilities", names)])
}

fn parse(out: &str) -> (&'static str, Value) {
    let Some(line) = out.lines().rfind(|line| line.starts_with("Current:")) else {
        return ("NA", Value::list([]));
    };
    if line.split(':').nth(1).map(str::trim) == Some("=ep") {
        return ("False", Value::list([]));
    }
    let names = line.split('=').nth(1).unwrap_or_default();
    ("True", Value::list(names.split(',').map(|name| name.trim().into())))
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::value::repr;

    #[test]
    fn sets() {
        let names = |out| (parse(out).0, repr(&parse(out).1));
        assert_eq!(names("Current: =ep cap_sys_resource-ep\n"), ("True", "['ep cap_sys_resource-ep']".into()));
        assert_eq!(names("Current: =ep\n"), ("False", "[]".into()));
        assert_eq!(names("Current: = cap_chown,cap_fowner+eip\n"), ("True", "['cap_chown', 'cap_fowner+eip']".into()));
    }
}
