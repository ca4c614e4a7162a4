//! The tests: one sorted table.

mod files;
mod lists;
mod network;
mod plain;
mod results;
mod texts;

use super::args::CallArgs;
use super::cx::Cx;
use super::filters::general;
use super::object::Obj;
use super::raise::Raise;

/// A test: `{{ input is name(args) }}`.
pub struct TestDef {
    /// The short name; `ansible.builtin.` before it is the same.
    pub name: &'static str,
    /// Decides.
    pub run: fn(&mut Cx<'_>, Obj, CallArgs) -> Result<bool, Raise>,
    /// Whether it takes an undefined input or argument itself (`defined`, `undefined`).
    pub undefined: bool,
}

type Run = fn(&mut Cx<'_>, Obj, CallArgs) -> Result<bool, Raise>;

const fn test(name: &'static str, run: Run) -> TestDef {
    TestDef { name, run, undefined: false }
}

/// One that reads undefined arguments itself.
const fn lenient(name: &'static str, run: Run) -> TestDef {
    TestDef { name, run, undefined: true }
}

/// All tests, sorted by name.
pub static TESTS: &[TestDef] = &[
    test("!=", plain::ne),
    test("<", plain::lt),
    test("<=", plain::le),
    test("==", plain::eq),
    test(">", plain::gt),
    test(">=", plain::ge),
    test("abs", files::abs),
    test("all", lists::all),
    test("ansible._protomatter.tagged", plain::tagged),
    test("ansible._protomatter.tagged_with", plain::tagged_with),
    test("ansible.utils.in_any_network", network::in_any_network),
    test("ansible.utils.in_network", network::in_network),
    test("ansible.utils.in_one_network", network::in_one_network),
    test("ansible.utils.ip", network::ip),
    test("ansible.utils.ip_address", network::ip_address),
    test("ansible.utils.ipv4", network::ipv4),
    test("ansible.utils.ipv4_address", network::ipv4_address),
    test("ansible.utils.ipv4_hostmask", network::ipv4_hostmask),
    test("ansible.utils.ipv4_netmask", network::ipv4_netmask),
    test("ansible.utils.ipv6", network::ipv6),
    test("ansible.utils.ipv6_address", network::ipv6_address),
    test("ansible.utils.ipv6_ipv4_mapped", network::ipv6_ipv4_mapped),
    test("ansible.utils.ipv6_sixtofour", network::ipv6_sixtofour),
    test("ansible.utils.ipv6_teredo", network::ipv6_teredo),
    test("ansible.utils.loopback", network::loopback),
    test("ansible.utils.mac", network::mac),
    test("ansible.utils.multicast", network::multicast),
    test("ansible.utils.private", network::private),
    test("ansible.utils.public", network::public),
    test("ansible.utils.reserved", network::reserved),
    test("ansible.utils.resolvable", network::resolvable),
    test("ansible.utils.subnet_of", network::subnet_of),
    test("ansible.utils.supernet_of", network::supernet_of),
    test("ansible.utils.unspecified", network::unspecified),
    test("any", lists::any),
    test("boolean", plain::boolean),
    test("callable", plain::callable),
    test("change", results::changed),
    test("changed", results::changed),
    test("community.general.ansible_type", general::ansible_type),
    test("community.general.fqdn_valid", texts::fqdn_valid),
    test("contains", lists::contains),
    lenient("defined", plain::defined),
    test("directory", files::directory),
    test("divisibleby", plain::divisibleby),
    test("eq", plain::eq),
    test("equalto", plain::eq),
    test("escaped", plain::escaped),
    test("even", plain::even),
    test("exists", files::exists),
    test("failed", results::failed),
    test("failure", results::failed),
    test("false", plain::is_false),
    test("falsy", results::falsy),
    test("file", files::file),
    test("filter", plain::filter),
    test("finished", results::finished),
    test("float", plain::float),
    test("ge", plain::ge),
    test("greaterthan", plain::gt),
    test("gt", plain::gt),
    test("in", plain::is_in),
    test("integer", plain::integer),
    test("is_abs", files::abs),
    test("is_dir", files::directory),
    test("is_file", files::file),
    test("is_link", files::link),
    test("is_mount", files::mount),
    test("is_same_file", files::same_file),
    test("isnan", lists::nan),
    test("issubset", lists::subset),
    test("issuperset", lists::superset),
    test("iterable", plain::iterable),
    test("le", plain::le),
    test("lessthan", plain::lt),
    test("link", files::link),
    test("link_exists", files::link_exists),
    test("lower", plain::lower),
    test("lt", plain::lt),
    test("mapping", plain::mapping),
    test("match", texts::matches),
    test("mount", files::mount),
    test("nan", lists::nan),
    test("ne", plain::ne),
    test("none", plain::none),
    test("number", plain::number),
    test("odd", plain::odd),
    test("reachable", results::reachable),
    test("regex", texts::regex),
    test("same_file", files::same_file),
    test("sameas", plain::sameas),
    test("search", texts::search),
    test("sequence", plain::sequence),
    test("skip", results::skipped),
    test("skipped", results::skipped),
    test("started", results::started),
    test("string", plain::string),
    test("subset", lists::subset),
    test("succeeded", results::succeeded),
    test("success", results::succeeded),
    test("successful", results::succeeded),
    test("superset", lists::superset),
    test("test", plain::test),
    test("timedout", results::timedout),
    test("true", plain::is_true),
    test("truthy", results::truthy),
    lenient("undefined", plain::undefined),
    test("unreachable", results::unreachable),
    test("upper", plain::upper),
    test("uri", texts::uri),
    test("url", texts::url),
    test("urn", texts::urn),
    lenient("vault_encrypted", texts::vault_encrypted),
    test("vaulted_file", files::vaulted_file),
    test("version", texts::version),
    test("version_compare", texts::version),
];

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn sorted_and_unique() {
        assert!(TESTS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }
}
