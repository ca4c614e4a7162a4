//! What collections bring and rplay refuses: each by its name, with the reason.
//!
//! A name that is not here either is unknown, as to an ansible-core without the collection.

/// A filter, test or lookup that is refused where it would run.
pub struct Refused {
    /// The full name.
    pub name: &'static str,
    /// Why, as the end of a sentence.
    pub why: &'static str,
    /// Whether ansible-core leads to it from its short name.
    short: bool,
}

const fn full(name: &'static str, why: &'static str) -> Refused {
    Refused { name, why, short: false }
}

const fn short(name: &'static str, why: &'static str) -> Refused {
    Refused { name, why, short: true }
}

impl Refused {
    /// The entry of a name, full or short.
    pub(super) fn find(table: &'static [Self], name: &str) -> Option<&'static Self> {
        let found = table.binary_search_by(|refused| refused.name.cmp(name)).ok().and_then(|at| table.get(at));
        let last = |refused: &&Self| refused.short && refused.name.rsplit('.').next() == Some(name);
        found.or_else(|| table.iter().find(last))
    }

    /// The complaint about what is a `kind`.
    pub(super) fn error(&self, kind: &str) -> super::Raise {
        super::Raise::unsupported(format!("The {kind} '{}' is not supported: {}.", self.name, self.why))
    }
}

const CATALOGUE: &str = "templates do not know which modules there are";
const COMMAND: &str = "it asks a program that keeps secrets";
const CRYPTO: &str = "it reads keys and certificates with a Python library";
const DEVICES: &str = "it reads the output of network devices";
const MANIFESTS: &str = "templates do not read what collections say of themselves";
const PARSERS: &str = "its parsers are a Python library's";
const PATCH: &str = "which of many right patches it gives depends on the version of Python's jsonpatch";
const PYTHON: &str = "it is made of a Python library";
const RESOLVER: &str = "rplay asks no name servers";
const SCHEMA: &str = "it needs an engine for JSON schemas";
const SERVICE: &str = "it asks a service through a Python library";
const STORE: &str = "it reads a format of Python's or of another program";
const SUFFIXES: &str = "it needs the list of public suffixes";
const WORDS: &str = "its lists of words are a Python library's";

/// The filters, sorted by name.
pub static FILTERS: &[Refused] = &[
    short("ansible.netcommon.comp_type5", PYTHON),
    short("ansible.netcommon.hash_salt", PYTHON),
    short("ansible.netcommon.parse_cli", DEVICES),
    short("ansible.netcommon.parse_cli_textfsm", DEVICES),
    short("ansible.netcommon.parse_xml", DEVICES),
    full("ansible.netcommon.pop_ace", DEVICES),
    short("ansible.netcommon.type5_pw", PYTHON),
    full("ansible.netcommon.vlan_expander", DEVICES),
    short("ansible.netcommon.vlan_parser", DEVICES),
    full("ansible.utils.validate", SCHEMA),
    full("community.crypto.gpg_fingerprint", CRYPTO),
    full("community.crypto.openssl_csr_info", CRYPTO),
    full("community.crypto.openssl_privatekey_info", CRYPTO),
    full("community.crypto.openssl_publickey_info", CRYPTO),
    full("community.crypto.parse_serial", CRYPTO),
    full("community.crypto.split_pem", CRYPTO),
    full("community.crypto.to_serial", CRYPTO),
    full("community.crypto.x509_certificate_info", CRYPTO),
    full("community.crypto.x509_crl_info", CRYPTO),
    full("community.dns.get_public_suffix", SUFFIXES),
    full("community.dns.get_registrable_domain", SUFFIXES),
    full("community.dns.remove_public_suffix", SUFFIXES),
    full("community.dns.remove_registrable_domain", SUFFIXES),
    full("community.general.hashids_decode", PYTHON),
    full("community.general.hashids_encode", PYTHON),
    full("community.general.jc", PARSERS),
    full("community.general.json_diff", PATCH),
    full("community.hashi_vault.vault_login_token", SERVICE),
    full("community.sops.decrypt", COMMAND),
    short("google.cloud.gcp_kms_decrypt", SERVICE),
    short("google.cloud.gcp_kms_encrypt", SERVICE),
];

/// The tests, sorted by name.
pub static TESTS: &[Refused] = &[full("ansible.utils.validate", SCHEMA), full("community.general.a_module", CATALOGUE)];

/// The lookups, sorted by name.
pub static LOOKUPS: &[Refused] = &[
    short("amazon.aws.aws_account_attribute", SERVICE),
    full("amazon.aws.aws_collection_constants", SERVICE),
    short("amazon.aws.aws_service_ip_ranges", SERVICE),
    full("amazon.aws.secretsmanager_secret", SERVICE),
    full("amazon.aws.ssm_parameter", SERVICE),
    full("ansible.utils.validate", SCHEMA),
    full("awx.awx.controller_api", SERVICE),
    full("awx.awx.schedule_rrule", SERVICE),
    full("awx.awx.schedule_rruleset", SERVICE),
    full("azure.azcollection.azure_keyvault_secret", SERVICE),
    full("azure.azcollection.azure_service_principal_attribute", SERVICE),
    full("community.crypto.gpg_fingerprint", CRYPTO),
    full("community.dns.lookup", RESOLVER),
    full("community.dns.lookup_as_dict", RESOLVER),
    full("community.dns.lookup_rfc8427", RESOLVER),
    full("community.dns.reverse_lookup", RESOLVER),
    full("community.general.bitwarden", COMMAND),
    full("community.general.bitwarden_secrets_manager", SERVICE),
    short("community.general.chef_databag", SERVICE),
    full("community.general.collection_version", MANIFESTS),
    short("community.general.consul_kv", SERVICE),
    short("community.general.credstash", SERVICE),
    short("community.general.cyberarkpassword", SERVICE),
    short("community.general.dig", RESOLVER),
    short("community.general.dnstxt", RESOLVER),
    full("community.general.dsv", SERVICE),
    short("community.general.etcd", SERVICE),
    full("community.general.etcd3", SERVICE),
    full("community.general.github_app_access_token", SERVICE),
    short("community.general.hiera", COMMAND),
    short("community.general.keyring", COMMAND),
    short("community.general.lastpass", COMMAND),
    short("community.general.lmdb_kv", STORE),
    short("community.general.onepassword", COMMAND),
    full("community.general.onepassword_doc", COMMAND),
    short("community.general.onepassword_raw", COMMAND),
    full("community.general.onepassword_ssh_key", COMMAND),
    short("community.general.passwordstore", COMMAND),
    full("community.general.random_pet", WORDS),
    full("community.general.random_words", WORDS),
    short("community.general.redis", SERVICE),
    full("community.general.revbitspss", SERVICE),
    short("community.general.shelvefile", STORE),
    full("community.general.tss", SERVICE),
    short("community.grafana.grafana_dashboard", SERVICE),
    short("community.hashi_vault.hashi_vault", SERVICE),
    full("community.hashi_vault.vault_ansible_settings", SERVICE),
    full("community.hashi_vault.vault_kv1_get", SERVICE),
    full("community.hashi_vault.vault_kv2_get", SERVICE),
    full("community.hashi_vault.vault_list", SERVICE),
    full("community.hashi_vault.vault_login", SERVICE),
    full("community.hashi_vault.vault_read", SERVICE),
    full("community.hashi_vault.vault_token_create", SERVICE),
    full("community.hashi_vault.vault_write", SERVICE),
    short("community.mongodb.mongodb", SERVICE),
    short("community.rabbitmq.rabbitmq", SERVICE),
    full("community.sops.sops", COMMAND),
    short("community.windows.laps_password", SERVICE),
    short("cyberark.conjur.conjur_variable", SERVICE),
    full("google.cloud.gcp_parameter_manager", SERVICE),
    full("google.cloud.gcp_secret_manager", SERVICE),
    full("infoblox.nios_modules.nios_lookup", SERVICE),
    full("infoblox.nios_modules.nios_next_ip", SERVICE),
    full("infoblox.nios_modules.nios_next_network", SERVICE),
    full("infoblox.nios_modules.nios_next_vlan_id", SERVICE),
    short("kubernetes.core.k8s", SERVICE),
    full("kubernetes.core.kustomize", SERVICE),
    full("netbox.netbox.nb_lookup", SERVICE),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::{filters, lookups, tests as own};

    #[test]
    fn sorted_and_not_there() {
        for (table, have) in [
            (FILTERS, filters::FILTERS.iter().map(|def| def.name).collect::<Vec<_>>()),
            (TESTS, own::TESTS.iter().map(|def| def.name).collect()),
            (LOOKUPS, lookups::LOOKUPS.iter().map(|def| def.name).collect()),
        ] {
            assert!(table.windows(2).all(|pair| pair[0].name < pair[1].name));
            assert!(table.iter().all(|refused| !have.contains(&refused.name)));
        }
    }

    #[test]
    fn where_it_runs() {
        let (templar, scope) = (crate::template::Templar::new(), crate::template::Vars::default());
        for (template, want) in [
            ("{{ 1 | community.general.jc('x') }}", "The filter 'community.general.jc' is not supported: its parsers"),
            ("{{ lookup('passwordstore', 'x') }}", "The lookup 'community.general.passwordstore' is not supported: it"),
            (
                "{{ 'x' is community.general.a_module }}",
                "The test 'community.general.a_module' is not supported: templ",
            ),
            ("{{ lookup('random_pet') }}", "The lookup plugin 'random_pet' was not found."),
        ] {
            let error = templar.render(&crate::value::Text::trusted(template, None), &scope).unwrap_err();
            assert!(error.line().contains(want), "{}", error.line());
        }
        let untaken = crate::value::Text::trusted("{{ 1 | community.general.jc('x') if false else 2 }}", None);
        assert_eq!(templar.render(&untaken, &scope).unwrap(), crate::value::Value::Int(2));
    }
}
