//! The warm interpreter itself, with a pack that stands in for ansible-core's files. Only where there is a Python.

// The packs are made by the controller's code.
#![cfg(feature = "controller")]

use super::FileModules;
use crate::modules::Blob;
use crate::proto::{FileKind, FileModule, Outcome, Request};
use crate::python::zipped;
use crate::value::{Dict, Value};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PYTHON: &str = "/usr/bin/python3";

/// What the interpreter imports and calls of ansible-core, as little of it as does.
const CORE: [(&str, &str); 8] = [
    ("ansible/__init__.py", ""),
    ("ansible/module_utils/__init__.py", ""),
    ("ansible/module_utils/basic.py", "loaded = 0\n"),
    ("ansible/module_utils/_internal/__init__.py", ""),
    ("ansible/module_utils/_internal/_ansiballz/__init__.py", ""),
    (
        "ansible/module_utils/_internal/_ansiballz/_loader.py",
        "import json, runpy\nfrom ansible.module_utils import basic\n\n\ndef run_module(json_params, profile, \
         module_fqn, modlib_path, extensions):\n    basic.args = json.loads(json_params)['ANSIBLE_MODULE_ARGS']\n    \
         runpy.run_module(module_fqn, run_name='__main__', alter_sys=True)\n",
    ),
    ("ansible/module_utils/common/__init__.py", ""),
    ("ansible/module_utils/common/json.py", "Direction = ()\n"),
];

fn run(modules: &FileModules, id: &str, text: &str, args: Dict, cancelled: &AtomicBool) -> Outcome {
    run_in(&std::env::temp_dir(), false, modules, id, text, args, cancelled)
}

fn run_in(
    tmp: &Path,
    keep: bool,
    modules: &FileModules,
    id: &str,
    text: &str,
    args: Dict,
    cancelled: &AtomicBool,
) -> Outcome {
    let files = CORE.into_iter().chain([("mine/__init__.py", ""), ("mine/module.py", text)]);
    let zip = zipped(files);
    let file = FileModule {
        kind: FileKind::Packed,
        import: "mine.module".into(),
        file: "module.py".into(),
        // A name that no other run has.
        pack: format!("test{}{id}", std::process::id()),
        base: "base".into(),
        interpreter: vec![PYTHON.into()],
        tmpdir: true,
        keep,
        ..FileModule::default()
    };
    let remote_tmp = Some(tmp.to_string_lossy().into_owned());
    let mut request = Request { args, ..Request::default() };
    request.context.remote_tmp = remote_tmp;
    request.context.environment = vec![("GIVEN".into(), "x".into())];
    let outcome = modules.run(request.clone(), &file, None, cancelled);
    assert_eq!(outcome.get(FileModule::MISSING), Some(&Value::Bool(true)));
    let outcome = modules.run(request, &file, Some(Blob::Inline(zip)), cancelled);
    forget(modules, &file.pack);
    outcome
}

/// What is kept of a pack: the pack itself and what was compiled of it.
fn kept(modules: &FileModules, pack: &str) -> Vec<PathBuf> {
    let Some(path) = modules.packs.find(pack) else { return Vec::new() };
    let entries = std::fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap());
    let own = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&format!("pack-{pack}.")));
    own.map(|entry| entry.path()).collect()
}

fn forget(modules: &FileModules, pack: &str) {
    kept(modules, pack).iter().for_each(|path| std::fs::remove_file(path).unwrap());
}

#[track_caller]
fn said(outcome: &Outcome, rc: i64, stdout: &str) {
    let shown = crate::value::repr(&outcome.result.clone().into());
    assert_eq!(outcome.get("rc"), Some(&Value::Int(rc)), "{shown}");
    assert_eq!(outcome.get("stdout"), Some(&Value::from(stdout)), "{shown}");
}

#[test]
fn modules_run_in_forks_that_share_nothing() {
    if !Path::new(PYTHON).exists() {
        return;
    }
    let (modules, on) = (FileModules::default(), AtomicBool::new(false));
    let text = "import os, sys\nfrom ansible.module_utils import basic\nbasic.loaded += 1\nos.environ['LEFT'] = 'x'\n\
                print(basic.loaded, basic.args['a'], os.environ['GIVEN'], os.getsid(0) == os.getpid(), \
                os.path.isdir(basic.args['_ansible_tmpdir']), sys.stdin.read() == '')\nsys.exit(3)\n";
    for id in ["a", "b"] {
        let outcome = run(&modules, id, text, Dict::from([("a", "é")]), &on);
        said(&outcome, 3, "1 é x True True True\n");
    }
    let outcome = run(&modules, "c", "import os\nprint(os.environ.get('LEFT'))", Dict::new(), &on);
    said(&outcome, 0, "None\n");
    let outcome = run(&modules, "d", "raise ValueError('no')", Dict::new(), &on);
    assert!(outcome.get("stderr").map(Value::to_text).unwrap().ends_with("ValueError: no\n"));
    assert_eq!(outcome.get("rc"), Some(&Value::Int(1)));
}

#[test]
fn what_was_compiled_is_kept() {
    let new_enough = "import sys; sys.exit(sys.version_info < (3, 10))";
    if !std::process::Command::new(PYTHON).args(["-c", new_enough]).status().is_ok_and(|status| status.success()) {
        return;
    }
    let (modules, on) = (FileModules::default(), AtomicBool::new(false));
    let files = CORE.into_iter().chain([("mine/__init__.py", ""), ("mine/module.py", "print('ran')\n")]);
    let zip = zipped(files);
    let pack = format!("test{}z", std::process::id());
    let file = FileModule {
        kind: FileKind::Packed,
        import: "mine.module".into(),
        file: "module.py".into(),
        pack: pack.clone(),
        base: "base".into(),
        interpreter: vec![PYTHON.into()],
        ..FileModule::default()
    };
    let call = |blob: Option<Blob>| modules.run(Request::default(), &file, blob, &on);
    said(&call(Some(Blob::Inline(zip))), 0, "ran\n");
    let compiled = |part: &str| {
        let mut kept = kept(&modules, &pack).into_iter();
        kept.find(|path| path.to_string_lossy().contains(&format!("{pack}.{part}."))).unwrap()
    };
    assert!(compiled("start").metadata().unwrap().len() > 100);
    // What another Python left there, or a disk, is no code.
    let call_part = compiled("call");
    let good = std::fs::read(&call_part).unwrap();
    std::fs::write(&call_part, "garbage").unwrap();
    said(&call(None), 0, "ran\n");
    assert_eq!(std::fs::read(&call_part).unwrap().len(), good.len());
    forget(&modules, &pack);
}

#[test]
fn what_ends_otherwise_is_told() {
    if !Path::new(PYTHON).exists() {
        return;
    }
    let (modules, on) = (FileModules::default(), AtomicBool::new(false));
    let outcome = run(&modules, "e", "import os\nos.kill(os.getpid(), 9)", Dict::new(), &on);
    said(&outcome, 137, "");
    // The interpreter is killed: that module is lost, the next one has a new interpreter.
    let outcome = run(&modules, "f", "import os\nos.kill(os.getppid(), 9)\nprint('lived')", Dict::new(), &on);
    assert_eq!(outcome.get("stdout"), Some(&Value::from("lived\n")));
    said(&run(&modules, "g", "print('again')", Dict::new(), &on), 0, "again\n");
    // A daemon that holds the pipes does not hold up the task.
    let started = Instant::now();
    let daemon = "import subprocess\nsubprocess.Popen(['sleep', '20'])\nprint('done')";
    said(&run(&modules, "h", daemon, Dict::new(), &on), 0, "done\n");
    assert!(started.elapsed() < Duration::from_secs(10));
}

#[test]
fn a_module_that_hangs_is_ended() {
    if !Path::new(PYTHON).exists() {
        return;
    }
    let (modules, on) = (FileModules::default(), AtomicBool::new(false));
    let started = Instant::now();
    let outcome = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(1500));
            on.store(true, Ordering::Relaxed);
        });
        run(&modules, "i", "import time\ntime.sleep(60)", Dict::new(), &on)
    });
    assert!(outcome.is_failed() && started.elapsed() < Duration::from_secs(30));
}

#[test]
fn a_kept_module_runs_by_hand() {
    if !Path::new(PYTHON).exists() {
        return;
    }
    let (modules, on) = (FileModules::default(), AtomicBool::new(false));
    let tmp = tempfile::tempdir().unwrap();
    let text = "from ansible.module_utils import basic\nprint(basic.args['a'])\n";
    said(&run_in(tmp.path(), true, &modules, "j", text, Dict::from([("a", 1)]), &on), 0, "1\n");
    let folder = std::fs::read_dir(tmp.path()).unwrap().next().unwrap().unwrap().path();
    let by_hand = |command: &[&str]| {
        let program = folder.join("AnsiballZ_module.py");
        let output = std::process::Command::new(program).args(command).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(by_hand(&[]), "1\n");
    let exploded = folder.join("debug_dir");
    assert_eq!(by_hand(&["explode"]), format!("Module expanded into:\n{}\n", exploded.display()));
    std::fs::write(exploded.join("mine/module.py"), "print('changed')").unwrap();
    assert_eq!(by_hand(&["execute"]), "changed\n");
}
