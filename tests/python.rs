//! A hundred modules in forks of one warm interpreter: each looks for what those before it planted, then plants it.
//!
//! The modules are made here. What they import of ansible-core is a stand-in; where the real one is installed,
//! they run with that as well.

use crate::support::case::installed;
use crate::support::connection::foreign_agent;
use crate::support::sshd::Sshd;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const PYTHON: &str = "/usr/bin/python3";

/// How many modules there are.
const COUNT: usize = 100;

/// As little of ansible-core's files as makes modules run.
const CORE: [(&str, &str); 13] = [
    ("release.py", "__version__ = '2.19.14'\n"),
    ("__init__.py", ""),
    ("module_utils/__init__.py", ""),
    (
        "module_utils/basic.py",
        "import json\nimport os\nimport sys\n\nfrom ansible.module_utils.common import json as common_json\n\nARGS = {}\n\n\nclass AnsibleModule:\n    def __init__(self, \
         argument_spec):\n        self.params = {name: ARGS.get(name) for name in argument_spec}\n\n    def \
         exit_json(self, **result):\n        print(json.dumps(result))\n        sys.exit(0)\n",
    ),
    ("module_utils/_internal/__init__.py", ""),
    ("module_utils/_internal/_ansiballz/__init__.py", ""),
    (
        "module_utils/_internal/_ansiballz/_loader.py",
        "import json\nimport runpy\n\nfrom ansible.module_utils import basic\n\n\ndef run_module(json_params, profile, \
         module_fqn, modlib_path, extensions):\n    basic.ARGS.update(json.loads(json_params)['ANSIBLE_MODULE_ARGS'])\
         \n    runpy.run_module(module_fqn, run_name='__main__', alter_sys=True)\n",
    ),
    ("module_utils/_internal/_json/__init__.py", ""),
    ("module_utils/_internal/_json/_profiles/__init__.py", ""),
    ("module_utils/_internal/_json/_profiles/_module_legacy_c2m.py", ""),
    ("module_utils/_internal/_json/_profiles/_module_legacy_m2c.py", ""),
    ("module_utils/common/__init__.py", ""),
    ("module_utils/common/json.py", "Direction = ()\n"),
];

/// What a module finds of itself: the same for each of them, however many were before it.
const LOOK: &str = r#"
import atexit, builtins, gc, json, locale, os, resource, signal, socket, sys, threading, time, warnings

from ansible.module_utils import basic
from ansible.module_utils.basic import AnsibleModule


def look():
    umask = os.umask(0)
    os.umask(umask)
    limits = [name for name in dir(resource) if name.startswith('RLIMIT_')]
    fds = {}
    for fd in os.listdir('/proc/self/fd'):
        try:
            fds[fd] = os.readlink('/proc/self/fd/' + fd).split(':')[0]
        except OSError:
            pass  # that of the listing itself
    return dict(
        environment=dict(os.environ),
        real_environment=os.popen('env').read().count('PLANTED'),
        cwd=os.getcwd(),
        umask=umask,
        loaded=sorted(name for name in sys.modules if 'plant' in name),
        imported=sorted(sys.modules).count('colorsys'),
        path=[entry for entry in sys.path if 'plant' in entry],
        finders=len(sys.meta_path) + len(sys.path_hooks),
        builtins=hasattr(builtins, 'planted'),
        shared=[hasattr(basic, 'planted'), hasattr(AnsibleModule, 'planted')],
        open=fds,
        handlers={str(n): str(signal.getsignal(n)) for n in signal.valid_signals()},
        blocked=sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        alarm=signal.alarm(0),
        limits={name: resource.getrlimit(getattr(resource, name)) for name in limits},
        nice=os.nice(0),
        locale=[locale.setlocale(locale.LC_CTYPE), locale.setlocale(locale.LC_NUMERIC), sys.stdout.encoding],
        zone=time.tzname,
        recursion=sys.getrecursionlimit(),
        collecting=[gc.isenabled(), gc.get_threshold()],
        threads=threading.active_count(),
        timeout=socket.getdefaulttimeout(),
        filters=len(warnings.filters),
        traced=[sys.gettrace() is None, sys.getprofile() is None, sys.excepthook is sys.__excepthook__],
        input=sys.stdin.read(),
        words=len(sys.argv),
        session=[os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
        ids=[os.getresuid(), os.getresgid(), os.getgroups()],
    )
"#;

/// All that a process can change of itself.
const PLANT: &str = r#"
def plant():
    import colorsys, tempfile, types
    os.environ['PLANTED'] = os.environ['HOME'] = os.environ['LC_ALL'] = os.environ['TZ'] = 'planted'
    os.environ.pop('PATH')
    os.chdir('/proc')
    os.umask(0o777)
    sys.modules['planted'] = types.ModuleType('planted')
    sys.modules['json'] = None
    sys.path.insert(0, '/planted')
    sys.meta_path.append(object())
    sys.argv.append('planted')
    builtins.planted = basic.planted = AnsibleModule.planted = True
    builtins.open = None
    for _ in range(20):
        os.set_inheritable(os.open('/dev/null', os.O_RDONLY), True)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGUSR1})
    for name in ('RLIMIT_CORE', 'RLIMIT_NOFILE', 'RLIMIT_FSIZE'):
        soft, hard = resource.getrlimit(getattr(resource, name))
        few = 64 if name == 'RLIMIT_NOFILE' else 1 << 20
        resource.setrlimit(getattr(resource, name), (few, few))
    os.nice(1)
    for word in ('C', 'POSIX', 'C.UTF-8'):
        locale.setlocale(locale.LC_ALL, word)
    time.tzset()
    tempfile.tempdir = '/planted'
    sys.setrecursionlimit(7777)
    gc.disable()
    gc.set_threshold(1)
    threading.Thread(target=time.sleep, args=(0.2,), daemon=True).start()
    socket.setdefaulttimeout(7)
    warnings.simplefilter('error')
    sys.excepthook = lambda *_: None
    sys.setprofile(lambda *_: None)
    atexit.register(lambda: None)
    signal.alarm(600)


module = AnsibleModule(argument_spec=dict(number=dict(type='int')))
found = look()
plant()
sys.modules.pop('json')
sys.setprofile(None)
module.exit_json(changed=True, number=module.params['number'], parent=os.getppid(), found=found, word=WORD)
"#;

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A playbook of a hundred modules, twice: once a task each, then as one task's two turns.
fn playbook(folder: &Path) {
    let mut tasks = String::from("- hosts: localhost\n  gather_facts: false\n  tasks:\n");
    for number in 0..COUNT {
        write(folder, &format!("library/many_{number}.py"), &format!("#!{PYTHON}\nWORD = 'w{number}'\n{LOOK}{PLANT}"));
        tasks.push_str(&format!("  - many_{number}: {{number: {number}}}\n    register: r{number}\n"));
    }
    tasks.push_str("  - many_0: {number: 0}\n    register: last\n  - assert:\n      that:\n");
    for number in 1..COUNT {
        tasks.push_str(&format!("      - r{number}.found == r0.found\n      - r{number}.parent == r0.parent\n"));
        tasks.push_str(&format!("      - r{number}.word == 'w{number}' and r{number}.number == {number}\n"));
    }
    tasks.push_str("      - last.found == r0.found and last.parent == r0.parent\n");
    tasks.push_str("      - r0.found.environment.GIVEN == 'yes' and r0.found.umask == 18 and r0.found.loaded == []\n");
    tasks.push_str(
        "      - r0.found.open.keys() | sort | reject('gt', '2') == ['0', '1', '2'] and r0.found.input == ''\n",
    );
    write(folder, "playbook.yml", &tasks);
}

#[track_caller]
fn leak_nothing(ansible: &Path) {
    let place = tempfile::tempdir().unwrap();
    playbook(place.path());
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "umask 022; exec \"$0\" playbook.yml", env!("CARGO_BIN_EXE_rplay")]);
    command.current_dir(place.path()).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", place.path());
    command.env("LANG", "C.UTF-8").env("TZ", "UTC").env("GIVEN", "yes").env("RPLAY_ANSIBLE", ansible);
    command.env("ANSIBLE_PYTHON_INTERPRETER", PYTHON);
    let output = command.output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(shown.contains(&format!("ok={0}  changed={1}", COUNT + 2, COUNT + 1)), "{shown}");
}

#[test]
fn a_hundred_modules_leak_nothing() {
    if !Path::new(PYTHON).exists() {
        return;
    }
    let core = tempfile::tempdir().unwrap();
    for (name, text) in CORE {
        write(&core.path().join("ansible"), name, text);
    }
    leak_nothing(core.path());
}

#[test]
fn a_hundred_modules_leak_nothing_with_the_real_one() {
    let installed: Option<PathBuf> = installed();
    if let Some(site) = installed.filter(|_| Path::new(PYTHON).exists()) {
        leak_nothing(&site);
    }
}

/// Tasks of every action that sends or brings files; each checks what came of it.
const AGENTLESS: &str = r#"
- hosts: box
  vars: {d: "{{ lookup('env', 'PLACE') }}/{{ ansible_user_here | default('login') }}"}
  tasks:
    - assert: {that: ansible_facts.system == 'Linux'}
    - file: {path: "{{ d }}", state: directory}
    - copy: {content: "one\n", dest: "{{ d }}/c", mode: '0640'}
      register: first
    - copy: {content: "one\n", dest: "{{ d }}/c"}
      register: again
    - copy: {content: "two\n", dest: "{{ d }}/c", backup: true}
      diff: true
      register: changed
    - copy: {content: "three\n", dest: "{{ d }}/c"}
      check_mode: true
      register: checked
    - copy: {src: tree/, dest: "{{ d }}/t/"}
    - template: {src: t.j2, dest: "{{ d }}/", validate: grep -q box %s}
      register: templated
    - assemble: {src: tree, dest: "{{ d }}/a", remote_src: false}
    - unarchive: {src: a.tar, dest: "{{ d }}"}
    - script: s.sh it "is here"
      register: said
    - fetch: {src: "{{ d }}/t/big", dest: "fetched-{{ d | basename }}", flat: true}
      register: fetched
    - binary: {a: 1}
      register: binary
    - command: echo later
      async: 30
      poll: 1
      register: later
    - shell: cat {{ d }}/c {{ d }}/t/sub/x {{ d }}/t.j2 {{ d }}/a {{ d }}/in_tar
      register: all
    - assert:
        that:
          - first is changed and first.mode == '0640' and first.src is search('ansible-tmp-')
          - again is not changed and again.checksum == first.checksum
          - changed.diff[0].before == "one\n" and changed.diff[0].after == "two\n" and changed.backup_file is defined
          - checked is changed and checked.checksum is not defined
          - said.stdout_lines == ['it|is here'] and said.rc == 0
          - fetched is changed and fetched.checksum == fetched.remote_checksum
          - binary.got == 'args' and later.stdout == 'later' and later.finished
          - all.stdout_lines[:3] == ['two', 'x', 'for box'] and all.stdout_lines[-1] == 'tarred'
"#;

/// What sends and brings files where no agent runs, by ansible-core's own modules: as the login and as another user.
#[test]
fn actions_need_no_agent() {
    let (Some(site), Some(sshd)) = (installed().filter(|_| Path::new(PYTHON).exists()), Sshd::start("")) else {
        return;
    };
    let place = sshd.folder().join("case");
    fs::set_permissions(sshd.folder(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    write(&place, "play.yml", AGENTLESS);
    write(&place, "templates/t.j2", "for {{ inventory_hostname }}\n");
    write(&place, "files/tree/big", &"0123456789".repeat(60_000));
    write(&place, "files/tree/sub/x", "x\n");
    write(&place, "files/tree/f", "f\n");
    write(&place, "files/s.sh", "#!/bin/sh\nIFS='|'\necho \"$*\"\n");
    write(&place, "in_tar", "tarred\n");
    // A program that is no text: bytes that are no UTF-8 follow what the shell reads.
    fs::create_dir_all(place.join("library")).unwrap();
    let program =
        [&b"#!/bin/sh\ngrep -q '\"a\": 1' \"$1\" && echo '{\"got\": \"args\"}'\nexit 0\n"[..], &[0, 255, 254]].concat();
    fs::write(place.join("library/binary"), program).unwrap();
    let tar = Command::new("tar").args(["-cf", "files/a.tar", "in_tar"]).current_dir(&place).status().unwrap();
    assert!(tar.success());
    let inventory = format!(
        "box ansible_host=127.0.0.1 ansible_port={} ansible_user=root ansible_ssh_private_key_file={} \
         ansible_python_interpreter={PYTHON} ansible_ssh_common_args='-F none -o IdentitiesOnly=yes \
         -o UserKnownHostsFile={}'\n",
        sshd.port,
        sshd.key().display(),
        sshd.folder().join("known_hosts").display()
    );
    write(&place, "hosts", &inventory);
    let shared = place.join("shared");
    fs::create_dir(&shared).unwrap();
    fs::set_permissions(&shared, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    for extra in [&[][..], &["-b", "--become-user", "nobody", "-e", "ansible_user_here=nobody"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rplay"));
        command.args(["play.yml", "-i", "hosts"]).args(extra).current_dir(&place).env_clear();
        command.env("PATH", "/usr/bin:/bin:/usr/sbin:/sbin").env("HOME", &place).env("LANG", "C.UTF-8");
        command.env("RPLAY_ANSIBLE", &site).env("RPLAY_AGENT", foreign_agent(sshd.folder())).env("PLACE", &shared);
        let output = command.output().unwrap();
        let shown = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{shown}\n{}", String::from_utf8_lossy(&output.stderr));
        assert!(shown.contains("All assertions passed") && shown.contains("failed=0"), "{shown}");
    }
    let big = fs::read(place.join("files/tree/big")).unwrap();
    assert!(["login", "nobody"].iter().all(|who| fs::read(place.join(format!("fetched-{who}"))).unwrap() == big));
}
