//! Faults of downloads: whatever happens, the old file stays whole, nothing is left over, and the next run repairs.

use crate::support::http::{Server, certificates};
use crate::support::mount::Mount;
use rplay::modules;
use rplay::proto::{Outcome, Request};
use rplay::value::{Value, parse_json};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// A server and a folder with a file, and one for temporary files.
struct Place {
    server: Server,
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        fs::write(folder.path().join("file"), "old and whole\n").unwrap();
        Self { server: Server::start(None), folder }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.server.http)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a module with arguments in JSON; FILE, TMP and URL stand for the place's own.
    fn run(&self, module: &str, path: &str, json: &str) -> Outcome {
        self.run_until(module, path, json, &AtomicBool::new(false))
    }

    fn run_until(&self, module: &str, path: &str, json: &str, cancelled: &AtomicBool) -> Outcome {
        let json = json.replace("FILE", &self.path("file").to_string_lossy());
        let json = json.replace("TMP", &self.path("tmp").to_string_lossy()).replace("URL", &self.url(path));
        let Ok(Value::Dict(args)) = parse_json(&json) else { panic!("{json}") };
        let mut request = Request { module: module.into(), args, ..Request::default() };
        request.context.remote_tmp = Some(self.path("tmp").to_string_lossy().into_owned());
        modules::run(&request, None, cancelled)
    }

    /// The old file is there, and nothing else.
    #[track_caller]
    fn is_as_before(&self) {
        assert_eq!(fs::read_to_string(self.path("file")).unwrap(), "old and whole\n");
        self.is_clean();
    }

    #[track_caller]
    fn is_clean(&self) {
        assert_eq!(names(&self.path("tmp")), Vec::<String>::new());
        assert_eq!(names(self.folder.path()), ["file", "tmp"]);
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn msg(outcome: &Outcome) -> String {
    assert!(outcome.is_failed(), "{:?}", outcome.result);
    outcome.get("msg").map(Value::to_text).unwrap_or_default()
}

const GET: &str = r#"{"url": "URL", "dest": "FILE", "force": true, "timeout": 1}"#;
const URI: &str = r#"{"url": "URL", "dest": "FILE", "force": true, "timeout": 1}"#;

#[test]
fn a_server_that_breaks_off_leaves_the_old_file() {
    let place = Place::new();
    for (path, get, uri) in [
        ("/cut/length", "failed to read remaining 95 bytes", "IncompleteRead(5 bytes read, 95 more expected)"),
        ("/cut/chunk", "IncompleteRead(0 bytes read)", "IncompleteRead(0 bytes read)"),
        ("/slow/body", "timed out", "timed out"),
        ("/gzip/bad", "Not a gzipped file (b'pl')", "Not a gzipped file (b'pl')"),
        ("/cut/head", "Remote end closed connection", "Remote end closed connection"),
    ] {
        for (module, args, wanted) in [("get_url", GET, get), ("uri", URI, uri)] {
            let told = msg(&place.run(module, path, args));
            assert!(told.contains(wanted), "{module} {path}: {told}");
            place.is_as_before();
        }
    }
    assert!(place.run("get_url", "/file", GET).is_changed());
    assert_eq!(fs::read_to_string(place.path("file")).unwrap(), "one file\n");
    assert!(!place.run("get_url", "/file", GET).is_changed());
    place.is_clean();
}

#[test]
fn a_wrong_checksum_leaves_the_old_file() {
    let place = Place::new();
    let with = |sum: &str| format!(r#"{{"url": "URL", "dest": "FILE", "checksum": "{sum}"}}"#);
    let told = msg(&place.run("get_url", "/file", &with("sha256:0011")));
    assert!(told.contains("did not match 0011; it was 915d8335"), "{told}");
    place.is_as_before();
    let told = msg(&place.run("get_url", "/file", &with(&format!("sha256:{}", place.url("/sums/none")))));
    assert!(told.starts_with("Unable to find a checksum for file 'file' in 'http://"), "{told}");
    place.is_as_before();
    let right = with(&format!("sha256:{}", place.url("/sums/gnu")));
    assert!(place.run("get_url", "/file", &right).is_changed());
    let again = place.run("get_url", "/file", &right);
    assert_eq!(again.get("msg").map(Value::to_text).as_deref(), Some("file already exists"));
    place.is_clean();
}

#[test]
fn a_full_disk_leaves_the_old_file() {
    let place = Place::new();
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("small")).unwrap();
    let Some(small) = Mount::new(&other.path().join("small"), "64k") else { return };
    let shown = small.0.to_string_lossy().into_owned();
    // Where the temporary file does not fit.
    let args = r#"{"url": "URL", "dest": "FILE", "tmp_dest": "SMALL"}"#.replace("SMALL", &shown);
    let told = msg(&place.run("get_url", "/big/300000", &args));
    assert_eq!(told, "failed to create temporary content file: [Errno 28] No space left on device");
    place.is_as_before();
    assert_eq!(names(&small.0), Vec::<String>::new());
    // Where the file itself does not.
    let kept = small.0.join("kept");
    fs::write(&kept, "kept\n").unwrap();
    for module in ["get_url", "uri"] {
        let args = r#"{"url": "URL", "dest": "SMALL/kept"}"#.replace("SMALL", &shown);
        let told = msg(&place.run(module, "/big/300000", &args));
        assert!(told.contains("failed to copy") && told.contains("Failed to replace"), "{module}: {told}");
        assert_eq!(names(&small.0), ["kept"]);
        assert_eq!(fs::read_to_string(&kept).unwrap(), "kept\n");
        place.is_clean();
    }
    let args = r#"{"url": "URL", "dest": "SMALL/kept", "force": true}"#.replace("SMALL", &shown);
    assert!(place.run("get_url", "/big/30000", &args).is_changed());
    assert_eq!(fs::metadata(&kept).unwrap().len(), 30_000);
}

#[test]
fn a_task_that_is_ended_ends_soon() {
    let place = Place::new();
    let cancelled = AtomicBool::new(false);
    let start = Instant::now();
    let told = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(300));
            cancelled.store(true, Ordering::Relaxed);
        });
        let args = r#"{"url": "URL", "dest": "FILE", "force": true, "timeout": 60}"#;
        msg(&place.run_until("get_url", "/slow/body", args, &cancelled))
    });
    assert!(told.contains("ended before it had finished"), "{told}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    place.is_as_before();
}

#[test]
fn what_rplay_lacks_is_refused_by_name() {
    let place = Place::new();
    let secret = |more: &str| {
        let (port, ca) = (place.server.https, certificates().join("ca.pem"));
        let ca = ca.display();
        let json = format!(
            r#"{{"url": "https://localhost:{port}/client", "ca_path": "{ca}", "return_content": true, {more}}}"#
        );
        place.run("uri", "/", &json)
    };
    let good = secret(r#""ciphers": ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"]"#);
    assert_eq!(good.get("content").map(Value::to_text).as_deref(), Some("unknown\n"), "{:?}", good.result);
    let told = msg(&secret(r#""ciphers": ["AES128-SHA"]"#));
    assert!(told.starts_with("the cipher 'AES128-SHA' is not supported by rplay"), "{told}");
    assert!(msg(&secret(r#""use_gssapi": true"#)).starts_with("use_gssapi is not supported by rplay"));
    place.is_as_before();
}

#[test]
fn secrets_are_in_no_result() {
    let place = Place::new();
    let args = r#"{"url": "URL", "url_username": "user", "url_password": "s3cret", "force_basic_auth": true}"#;
    for path in ["/echo/x", "/auth/basic", "/status/500"] {
        let outcome = place.run("uri", path, args);
        let shown = rplay::value::repr(&Value::Dict(outcome.result));
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}
