//! Vectors made by the real `ansible-vault`, and the format both ways.

use super::*;

/// `hello: world`, password `secret1`.
const V11: &str = concat!(
    "$ANSIBLE_VAULT;1.1;AES256\n",
    "37313334323939383561363262363036633830333036616361643235626239616138376462366639\n",
    "3335386231313465396366343461323134326637383231390a346630353335323434616531666439\n",
    "37383162653736363034313761613862363163613830373531326461303964303939346530653531\n",
    "3363643763653430340a383938373662386566373030303836363766383531346166613032616430\n",
    "3935\n"
);
/// The same under the vault id `dev`, password `two words`.
const V12: &str = concat!(
    "$ANSIBLE_VAULT;1.2;AES256;dev\n",
    "61346134636561393261386132653562353830303066396230376165313431393162663166306432\n",
    "3064396332653161336562646131653036613965313566330a613762303466333930666165333431\n",
    "35316339316233343233623635663363343261616430343734316165333765393837623434323365\n",
    "6262386562323333370a643461343236393332303836363038646663383163626430643061343439\n",
    "3265\n"
);
/// Nothing at all, password `secret1`.
const EMPTY: &str = concat!(
    "$ANSIBLE_VAULT;1.1;AES256\n",
    "34386661353965343131363233376139363635656263623462303231336162346537646538626534\n",
    "3639393836616563303765333963396663363931666138380a613763613561393661616566366338\n",
    "64613233613039613632383633323139363239636435386335643864303161303666336566336437\n",
    "3131346436653132370a663130643539323234316563313638323865376633626432653663633234\n",
    "3833\n"
);
/// The salt `abc`, password `secret1`.
const SALTED: &str = concat!(
    "$ANSIBLE_VAULT;1.1;AES256\n",
    "3631363236330a343065346363393265653765636661373037356135366164333163633162646535\n",
    "306638366631383638386361376333656138613933396230303633323834390a6335666365303533\n",
    "643163386533363462366663613063306336363166316266\n"
);

fn secrets(entries: &[(&str, &str)]) -> Secrets {
    let mut secrets = Secrets::new();
    for (id, password) in entries {
        secrets.push(*id, Secret::new(password.as_bytes()));
    }
    secrets
}

#[track_caller]
fn decrypts(text: &str, entries: &[(&str, &str)], want: &str) {
    assert_eq!(secrets(entries).decrypt(text.as_bytes()), Ok(want.as_bytes().to_vec()));
}

#[track_caller]
fn refuses(text: &str, entries: &[(&str, &str)], want: &str) {
    assert_eq!(secrets(entries).decrypt(text.as_bytes()).expect_err("an error").line(), want);
}

#[test]
fn reads_what_ansible_wrote() {
    decrypts(V11, &[("default", "secret1")], "hello: world\n");
    decrypts(V11, &[("x", "wrong"), ("y", "secret1")], "hello: world\n");
    decrypts(V12, &[("dev", "two words")], "hello: world\n");
    decrypts(V12, &[("default", "secret1"), ("other", "two words")], "hello: world\n");
    decrypts(EMPTY, &[("default", "secret1")], "");
    decrypts(&V11.replace('\n', "\r\n"), &[("default", "secret1")], "hello: world\n");
    decrypts(V11.trim_end(), &[("default", "secret1")], "hello: world\n");
}

#[test]
fn writes_what_ansible_writes() {
    let text = encrypt(b"hello: world\n", &Secret::new(*b"secret1"), Some("default"), Some(b"abc"));
    assert_eq!(text.as_deref(), Ok(SALTED));
    let text = encrypt(b"x", &Secret::new(*b"two words"), Some("dev"), None).expect("encrypted");
    assert!(text.starts_with("$ANSIBLE_VAULT;1.2;AES256;dev\n"));
    decrypts(&text, &[("dev", "two words")], "x");
    let error = encrypt(V11.as_bytes(), &Secret::new(*b"x"), None, None).expect_err("an error");
    assert_eq!(error.line(), "input is already encrypted");
}

#[test]
fn errors_are_ansibles() {
    let one = [("default", "secret1")];
    refuses(V11, &[], "Attempting to decrypt but no vault secrets found.");
    refuses(V12, &one, "Decryption failed (no vault secrets were found that could decrypt).");
    refuses("x", &one, "Input is not vault encrypted data.");
    refuses("$ANSIBLE_VAULT;1.1\n61", &one, "Vault envelope format error: list index out of range");
    refuses("$ANSIBLE_VAULT;1.1;AES\n61", &one, "Cipher 'AES' could not be found.");
    refuses("$ANSIBLE_VAULT;1.1;AES256\n6", &one, "Vault format unhexlify error: Odd-length string");
    refuses("$ANSIBLE_VAULT;1.1;AES256\nzz", &one, "Vault format unhexlify error: Non-hexadecimal digit found");
    refuses(
        "$ANSIBLE_VAULT;1.1;AES256\n61",
        &one,
        "Vault vaulttext format error: not enough values to unpack (expected 3, got 1)",
    );
}

#[test]
fn ids_can_be_made_to_match() {
    let mut secrets = secrets(&[("other", "two words")]);
    assert!(secrets.decrypt(V12.as_bytes()).is_ok());
    secrets.set_match_ids(true);
    assert!(secrets.decrypt(V12.as_bytes()).is_err());
    secrets.push("dev", Secret::new(*b"two words"));
    assert_eq!(secrets.decrypt_with_id(V12.as_bytes()).expect("decrypted").used_id, "dev");
}

#[test]
fn the_encrypting_secret() {
    let secrets = secrets(&[("a", "1"), ("b", "2")]);
    assert_eq!(secrets.for_encrypting(None).expect("one").map(|(id, _)| id), Some("a"));
    assert_eq!(secrets.for_encrypting(Some("b")).expect("one").map(|(id, _)| id), Some("b"));
    assert_eq!(
        secrets.for_encrypting(Some("c")).expect_err("none").line(),
        "Did not find a match for --encrypt-vault-id=c in the known vault-ids ['a', 'b']"
    );
}

#[test]
fn debug_shows_no_secret() {
    let secrets = secrets(&[("a", "hunter2")]);
    assert_eq!(format!("{secrets:?} {:?}", Secret::new(*b"hunter2")), "[\"a\"] Secret(…)");
}

#[test]
fn passwords_from_files_scripts_and_prompts() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let write = |name: &str, text: &str, mode: u32| {
        std::fs::write(path(name), text).expect("written");
        std::fs::set_permissions(path(name), std::fs::Permissions::from_mode(mode)).expect("mode");
    };
    write("pw", "  secret1 \n", 0o600);
    write("sealed", &encrypt(b"two words\n", &Secret::new(*b"secret1"), None, None).expect("encrypted"), 0o600);
    write("script", "#!/bin/sh\necho ' from script '\n", 0o700);
    write("my-client.sh", "#!/bin/sh\n[ $2 = bad ] && { echo no >&2; exit 2; }\necho \"$1 $2\"\n", 0o700);
    let ids: Vec<String> = ["dev@sealed", "s@script", "c@my-client.sh", "bad@my-client.sh", "p@prompt"]
        .iter()
        .map(|id| {
            let (label, file) = id.split_once('@').expect("a label");
            if file == "prompt" { (*id).to_owned() } else { format!("{label}@{}", path(file)) }
        })
        .collect();
    let ids: Vec<String> = std::iter::once(path("pw")).chain(ids).collect();
    let (mut asked, mut warned) = (Vec::new(), Vec::new());
    let secrets = collect(
        Wanted { ids: &ids, new: true, ..Wanted::default() },
        &|p| p.to_owned(),
        &mut |text| {
            asked.push(text.to_owned());
            Some("typed".into())
        },
        &mut |text| warned.push(text),
    )
    .expect("secrets");
    let got: Vec<(&str, &[u8])> = secrets.entries.iter().map(|(id, s)| (id.as_str(), &*s.0)).collect();
    let want: [(&str, &[u8]); 5] = [
        ("default", b"secret1"),
        ("dev", b"two words"),
        ("s", b" from script "),
        ("c", b"--vault-id c"),
        ("p", b"typed"),
    ];
    assert_eq!(got, want);
    assert_eq!(asked, ["New vault password (p): ", "Confirm new vault password (p): "]);
    let client = path("my-client.sh");
    assert_eq!(
        warned,
        [format!(
            "Error in vault password file loading (bad): Vault password client script {client} did not find a \
             secret for vault-id=bad: b'no\\n'"
        )]
    );
}
