//! What the real callbacks printed for the same events.
//!
//! Texts recorded from ansible-core 2.19.14 with `ansible.posix` 2.1; times and paths replaced.

use super::{Captured, Screen, Settings, find};
use crate::diag::{Error, Origin};
use crate::event::{Event, HostStats, PlayInfo, Stats, Status, TaskInfo, TaskResult};
use crate::value::{Value, parse_json};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

fn task(name: &str, action: &str) -> TaskInfo {
    let mut info = TaskInfo { id: 8, name: name.into(), action: action.into(), ..TaskInfo::default() };
    info.fqcn = format!("ansible.builtin.{action}");
    info.origin = Some(Origin { line: 5, ..Origin::file("/site.yml") });
    info
}

fn result(task: TaskInfo, status: Status, json: &str) -> TaskResult {
    let result = parse_json(json).unwrap().as_dict().unwrap().clone();
    TaskResult {
        task: Arc::new(task),
        host: "h1".into(),
        delegated: None,
        status,
        result,
        label: None,
        error: None,
        remarks: Vec::new(),
    }
}

fn play(name: &str) -> Event {
    Event::PlayStart { play: Arc::new(PlayInfo { name: name.into(), id: 4, ..PlayInfo::default() }) }
}

fn start(task: &TaskInfo) -> Event {
    Event::TaskStart { task: Arc::new(task.clone()) }
}

fn stats(stats: HostStats, custom: &str) -> Event {
    let custom = parse_json(custom).unwrap().as_dict().unwrap().clone();
    Event::Stats(Arc::new(Stats { hosts: [("h1".into(), stats)].into(), custom }))
}

fn run(callback: &str, settings: Settings, events: &[Event]) -> Captured {
    let sink = Captured::default();
    let mut callback = (find(callback).unwrap().new)(Screen::new(settings, sink.clone()));
    events.iter().for_each(|event| callback.event(event));
    sink
}

#[track_caller]
fn check(callback: &str, settings: Settings, events: &[Event], want: &str) {
    assert_eq!(run(callback, settings, events).out(), want);
}

#[track_caller]
fn one(settings: Settings, result: TaskResult, want: &str) {
    check("default", settings, &[Event::Result(Box::new(result))], want);
}

const FAILED: Status = Status::Failed { ignored: false };

/// A headline in 79 columns and a space.
fn headline(text: &str) -> String {
    format!(
        "
{text} {}
",
        "*".repeat(79 - text.len())
    )
}

#[test]
fn a_play_with_its_recap() {
    let debug = task("debug", "debug");
    let ok = result(debug, Status::Ok, r#"{"msg": "hello", "changed": false, "_ansible_verbose_always": true}"#);
    let counts = HostStats { ok: 26, changed: 10, failed: 1, skipped: 3, rescued: 1, ignored: 5, unreachable: 0 };
    let events = [play("First play"), start(&ok.task), Event::Result(Box::new(ok)), stats(counts, "{}")];
    let want = [
        "\nPLAY [First play] **************************************************************\n",
        "\nTASK [debug] *******************************************************************\n",
        "ok: [h1] => {\n    \"msg\": \"hello\"\n}\n",
        "\nPLAY RECAP *********************************************************************\n",
        "h1                         : ok=26   changed=10   unreachable=0    failed=1    skipped=3    rescued=1    ignored=5   \n",
        "\n",
    ];
    check("default", Settings::default(), &events, &want.concat());
}

#[test]
fn failures_show_their_error_first_and_once() {
    let mut info = task("", "command");
    info.origin = None;
    let mut failed = result(info, Status::Failed { ignored: true }, r#"{"failed": true, "changed": true, "rc": 1}"#);
    failed.error = Some(
        Error::user("non-zero return code")
            .context("Module failed.")
            .context("Task failed.")
            .at(Some(&Origin::described("<t>"))),
    );
    let event = Event::Result(Box::new(failed));
    let out = run("default", Settings::default(), &[event.clone(), event]).out();
    let fatal = "fatal: [h1]: FAILED! => {\"changed\": true, \"rc\": 1}\n...ignoring\n";
    let error = "[ERROR]: Task failed: Module failed: non-zero return code\nOrigin: <t>\n\n";
    let banner = headline("TASK []");
    assert_eq!(out.replace("    ", ""), format!("{banner}{error}{fatal}{fatal}"));
}

#[test]
fn every_status() {
    let free = |status, json: &str| {
        let mut result = result(task("", "command"), status, json);
        result.task = Arc::new(TaskInfo { looped: json.contains("results"), ..(*result.task).clone() });
        result
    };
    let banner = headline("TASK []");
    let with = |line: &str| format!("{banner}{line}");
    one(Settings::default(), free(Status::Changed, r#"{"changed": true}"#), &with("changed: [h1]\n"));
    one(Settings::default(), free(Status::Skipped, r#"{"skipped": true}"#), &with("skipping: [h1]\n"));
    one(Settings::default(), free(Status::Ok, r#"{"results": []}"#), &banner);
    one(Settings::default(), free(Status::Skipped, r#"{"results": [1]}"#), &with("skipping: [h1]\n"));
    let loud = || Settings { verbosity: 1, ..Settings::default() };
    one(
        loud(),
        free(Status::Skipped, r#"{"skipped": true, "changed": false, "skip_reason": "x"}"#),
        &with("skipping: [h1] => {\"changed\": false, \"skip_reason\": \"x\"}\n"),
    );
    one(loud(), free(Status::Ok, r#"{"a": 1, "_ansible_verbose_override": true}"#), &with("ok: [h1]\n"));
    one(
        Settings::default(),
        free(Status::Unreachable { ignored: true }, r#"{"changed": false, "msg": "no", "unreachable": true}"#),
        &with(
            "fatal: [h1]: UNREACHABLE! => {\"changed\": false, \"msg\": \"no\", \"unreachable\": true}\n...ignoring\n",
        ),
    );
    let hidden = || Settings { display_ok_hosts: false, display_skipped_hosts: false, ..Settings::default() };
    one(hidden(), free(Status::Ok, "{}"), "");
    one(hidden(), free(Status::Skipped, "{}"), "");
}

#[test]
fn items() {
    let item = |status, json: &str| {
        let mut result = result(task("", "debug"), status, json);
        result.label = Some(parse_json(r#"{"a": 1}"#).unwrap());
        Event::Item(Box::new(result))
    };
    let banner = headline("TASK []");
    let run = |settings: Settings, event: Event, want: &str| {
        check("default", settings, &[event], &format!("{banner}{want}"));
    };
    run(Settings::default(), item(Status::Changed, "{}"), "changed: [h1] => (item={'a': 1})\n");
    run(Settings::default(), item(Status::Skipped, "{}"), "skipping: [h1] => (item={'a': 1}) \n");
    run(
        Settings { verbosity: 1, ..Settings::default() },
        item(Status::Skipped, r#"{"changed": false, "false_condition": "item == 1", "item": 2, "skipped": true}"#),
        "skipping: [h1] => (item={'a': 1})  => {\"false_condition\": \"item == 1\", \"item\": 2}\n",
    );
    run(Settings::default(), item(FAILED, r#"{"msg": "é"}"#), "failed: [h1] (item={'a': 1}) => {\"msg\": \"é\"}\n");
    run(
        Settings::default(),
        item(Status::Ok, r#"{"_ansible_no_log": true}"#),
        "ok: [h1] => (item=(censored due to no_log))\n",
    );
}

#[test]
fn delegation_names_the_other_host_and_its_address() {
    let mut to = result(task("", "command"), Status::Changed, r#"{"changed": true}"#);
    to.delegated = Some("db".into());
    let banner = headline("TASK []");
    one(Settings::default(), to.clone(), &format!("{banner}changed: [h1 -> db]\n"));
    let vars = r#"{"ansible_host": "10.0.0.1"}"#;
    to.result.insert("_ansible_delegated_vars", parse_json(vars).unwrap());
    one(Settings::default(), to, &format!("{banner}changed: [h1 -> db(10.0.0.1)]\n"));
}

#[test]
fn retries_and_paths() {
    let retry = |name: &str| {
        let mut info = task(name, "command");
        info.role = Some("r".into());
        Event::Retry { result: Box::new(result(info, FAILED, "{}")), left: 2 }
    };
    let want =
        "FAILED - RETRYING: [h1]: Nm (2 retries left).\nFAILED - RETRYING: [h1]: r : command (2 retries left).\n";
    check("default", Settings::default(), &[retry("r : Nm"), retry("r : command")], want);
    let settings = Settings { verbosity: 2, ..Settings::default() };
    let want = headline("TASK [debug]") + "task path: /site.yml:5\n";
    check("default", settings, &[start(&task("debug", "debug"))], &want);
}

#[test]
fn custom_stats_and_colours() {
    let counts = HostStats { ok: 10, failed: 1, skipped: 6, ignored: 3, ..HostStats::default() };
    let settings = Settings { show_custom_stats: true, color: true, ..Settings::default() };
    let want = [
        headline("PLAY RECAP"),
        "\x1b[0;31mh1\x1b[0m                         : \x1b[0;32mok=10  \x1b[0m changed=0    unreachable=0    ".into(),
        "\x1b[0;31mfailed=1   \x1b[0m \x1b[0;36mskipped=6   \x1b[0m rescued=0    \x1b[1;35mignored=3   \x1b[0m\n\n"
            .into(),
        headline("CUSTOM STATS:"),
        "\th1: { \"b\": 2}\n\n\tRUN: { \"a\": 1, \"l\": [  1,  2 ]}\n\n".into(),
    ];
    let custom = r#"{"h1": {"b": 2}, "_run": {"a": 1, "l": [1, 2]}}"#;
    check("default", settings, &[stats(counts, custom)], &want.concat());
}

#[test]
fn minimal_and_oneline() {
    let command = |status, json: &str| [Event::Result(Box::new(result(task("", "command"), status, json)))];
    let done = r#"{"changed": true, "rc": 0, "stdout": "a\nb", "stderr": "", "msg": ""}"#;
    check("minimal", Settings::default(), &command(Status::Changed, done), "h1 | CHANGED | rc=0 >>\na\nb\n");
    check("oneline", Settings::default(), &command(Status::Changed, done), "h1 | CHANGED | rc=0 | (stdout) a\\nb\n");
    let bad = r#"{"changed": true, "rc": 2, "stdout": "", "stderr": "no", "exception": "(traceback unavailable)"}"#;
    let want = "h1 | FAILED | rc=2 | (stdout)  (stderr) no\nh1 | FAILED! => {\"changed\": true,\"rc\": 2,\"stderr\": \
                \"no\",\"stdout\": \"\"}\n";
    check("oneline", Settings::default(), &command(FAILED, bad), want);
    let ping = [Event::Result(Box::new(result(task("", "ping"), Status::Ok, r#"{"ping": "pong", "changed": false}"#)))];
    let want = "h1 | SUCCESS => {\n    \"changed\": false,\n    \"ping\": \"pong\"\n}\n";
    check("minimal", Settings::default(), &ping, want);
    check("oneline", Settings::default(), &ping, "h1 | SUCCESS => {\"changed\": false,\"ping\": \"pong\"}\n");
    check("minimal", Settings::default(), &command(Status::Skipped, "{}"), "h1 | SKIPPED\n");
}

#[test]
fn json_lines() {
    let settings = Settings {
        now: || SystemTime::UNIX_EPOCH + Duration::from_micros(1_795_539_003_276_201),
        ..Settings::default()
    };
    let failed = result(task("echo", "fail"), FAILED, r#"{"msg": "é: ", "failed": true, "_ansible_x": 1}"#);
    let counts = HostStats { ok: 6, ..HostStats::default() };
    let events = [play("P"), start(&failed.task), Event::Result(Box::new(failed)), stats(counts, "{}")];
    let time = "2026-11-24T16:50:03.276201Z";
    let id = |n| format!("\"id\":\"00000000-0000-0000-0000-00000000000{n}\"");
    let head = |end: &str| {
        let id = id(8);
        format!(
            "\"task\":{{\"duration\":{{{end}\"start\":\"{time}\"}},{id},\"name\":\"echo\",\"path\":\"/site.yml:5\"}}}}\n"
        )
    };
    let event = |name: &str| format!("{{\"_event\":\"v2_{name}\",\"_timestamp\":\"{time}\",");
    let want = [
        event("playbook_on_play_start"),
        format!(
            "\"play\":{{\"duration\":{{\"start\":\"{time}\"}},{},\"name\":\"P\",\"path\":\"\"}},\"tasks\":[]}}\n",
            id(4)
        ),
        event("playbook_on_task_start"),
        format!("\"hosts\":{{}},{}", head("")),
        event("runner_on_failed"),
        "\"hosts\":{\"h1\":{\"_ansible_no_log\":false,\"action\":\"fail\",\"failed\":true,\"msg\":\"\\u00e9: \"}},"
            .into(),
        head(&format!("\"end\":\"{time}\",")),
        event("playbook_on_stats"),
        "\"custom_stats\":{},\"global_custom_stats\":{},\"stats\":{\"h1\":{\"changed\":0,\"failures\":0,\"ignored\":0,\
         \"ok\":6,\"rescued\":0,\"skipped\":0,\"unreachable\":0}}}\n"
            .into(),
    ];
    check("jsonl", settings.clone(), &events, &want.concat());
    let document = parse_json(&run("json", settings, &events).out()).unwrap();
    let tasks = document.get("plays").and_then(Value::as_list).and_then(|p| p[0].get("tasks")?.as_list());
    let host = tasks.and_then(|t| t[0].get("hosts")?.get("h1")?.get("failed"));
    assert_eq!(host, Some(&Value::Bool(true)));
}

/// A clock that goes on by a second whenever it is asked.
fn ticking() -> SystemTime {
    use std::sync::atomic::{AtomicU64, Ordering};
    thread_local!(static SECONDS: AtomicU64 = const { AtomicU64::new(0) });
    SystemTime::UNIX_EPOCH + Duration::from_secs(SECONDS.with(|seconds| seconds.fetch_add(1, Ordering::Relaxed)))
}

fn local(seconds: u64) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
    chrono::DateTime::<chrono::Local>::from(time).format("%A %d %B %Y  %H:%M:%S %z").to_string()
}

#[test]
fn timer() {
    let settings = Settings { now: ticking, ..Settings::default() };
    let want = headline("PLAYBOOK RECAP") + "Playbook run took 0 days, 0 hours, 0 minutes, 1 seconds\n\r\n";
    check("timer", settings, &[stats(HostStats::default(), "{}")], &want);
}

#[test]
fn profiles() {
    let settings = || Settings { now: ticking, verbosity: 2, ..Settings::default() };
    let events = [start(&task("r : cmd", "command")), stats(HostStats::default(), "{}")];
    let line = |at, lap, all| format!("{} (0:00:{lap:02}.000)       0:00:{all:02}.000 ****** \n", local(at));
    let want = [
        line(1, 1, 1),
        headline("TASKS RECAP"),
        line(4, 3, 4),
        format!("{} \n", "=".repeat(79)),
        format!("r : cmd {} 2.00s\n", "-".repeat(65)),
        format!("/site.yml:5 {}\n", "-".repeat(67)),
    ];
    // Lines are filled up to 79 columns however long the day's name is.
    let same = |text: String| text.replace('*', "");
    let shown = run("profile_tasks", settings(), &events).out();
    assert_eq!(same(shown), same(want.concat()));
}

#[test]
fn debug_takes_output_apart() {
    let json = r#"{"changed": true, "rc": 3, "stdout": "out", "stdout_lines": ["out"], "stderr": "", "msg": "bad", "_ansible_x": 1}"#;
    let want = headline("TASK [bad]")
        + "fatal: [h1]: FAILED! => {\n    \"changed\": true,\n    \"rc\": 3\n}\n\nSTDOUT:\n\nout\n\n\nMSG:\n\nbad\n";
    check("debug", Settings::default(), &[Event::Result(Box::new(result(task("bad", "shell"), FAILED, json)))], &want);
    let json = r#"{"msg": "hello", "changed": false, "_ansible_verbose_always": true}"#;
    let want = headline("TASK [debug]") + "ok: [h1] => {}\n\nMSG:\n\nhello\n";
    let event = Event::Result(Box::new(result(task("debug", "debug"), Status::Ok, json)));
    check("debug", Settings::default(), &[event], &want);
}

#[test]
fn yaml_of_the_collection() {
    let loud = || Settings { verbosity: 1, ..Settings::default() };
    let shown = |json: &str, want: &str| {
        let event = Event::Result(Box::new(result(task("cmd", "command"), Status::Changed, json)));
        check("yaml", loud(), &[event], &format!("{}changed: [h1] => {want}\n", headline("TASK [cmd]")));
    };
    shown(
        r#"{"changed": true, "cmd": ["printf", "a\\tb \\nc\\n"], "delta": "0:00:00.016156", "msg": "", "stdout": "a\tb \nc", "stdout_lines": ["a\tb ", "c"]}"#,
        "changed=true \n  cmd:\n  - printf\n  - a\\tb \\nc\\n\n  delta: '0:00:00.016156'\n  msg: ''\n  stdout: |-\n    a       b\n    c\n  stdout_lines: <omitted>",
    );
    shown(r#"{"msg": [1, {"a": "x\ty\r\nz "}]}"#, "\n  msg:\n  - 1\n  - a: |-\n      x       y\n      z");
    shown(
        r#"{"censored": "x", "_ansible_no_log": true}"#,
        "{\"censored\": \"The output has been hidden due to the fact that 'no_log: true' was specified for this result\"}",
    );
}

#[test]
fn junit_report_and_tree() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_string_lossy().into_owned();
    let junit = super::JunitSettings {
        output_dir: path.clone(),
        include_setup_tasks: true,
        show_arguments: true,
        ..super::JunitSettings::default()
    };
    let settings = Settings { now: ticking, junit, tree_directory: path.clone(), ..Settings::default() };
    let mut info = task("TOGGLE RESULT x", "command");
    info.args.insert("msg", "a & \"b\"");
    let ok = result(info, Status::Ok, r#"{"changed": false, "msg": "1"}"#);
    let mut info = task("sk", "command");
    info.id = 9;
    let skipped = result(info, Status::Skipped, r#"{"skipped": true, "skip_reason": "Conditional result was False"}"#);
    let events = [
        Event::PlaybookStart { path: "/x/p.yml".into() },
        play("<Pl>"),
        start(&ok.task),
        Event::Result(Box::new(ok)),
        start(&skipped.task),
        Event::Result(Box::new(skipped)),
        stats(HostStats::default(), "{}"),
    ];
    run("tree", settings.clone(), &events);
    assert_eq!(std::fs::read_to_string(folder.path().join("h1")).unwrap(), r#"{"changed": false, "msg": "1"}"#);
    run("junit", settings, &events);
    let report = std::fs::read_dir(&path).unwrap().flatten().map(|entry| entry.path());
    let report = report.filter(|path| path.extension().is_some_and(|end| end == "xml")).collect::<Vec<_>>();
    let want = "<?xml version=\"1.0\" ?>\n<testsuites disabled=\"0\" errors=\"0\" failures=\"1\" tests=\"2\" \
                time=\"2\">\n\t<testsuite disabled=\"0\" errors=\"0\" failures=\"1\" name=\"p\" skipped=\"1\" \
                tests=\"2\" time=\"2\">\n\t\t<testcase classname=\"/site.yml:5\" name=\"[h1] &lt;Pl&gt;: TOGGLE \
                RESULT x msg=a &amp; &quot;b&quot;\" time=\"1\">\n\t\t\t<failure message=\"1\" \
                type=\"failure\">{\n&quot;changed&quot;: false,\n&quot;msg&quot;: \
                &quot;1&quot;\n}</failure>\n\t\t</testcase>\n\t\t<testcase classname=\"/site.yml:5\" name=\"[h1] \
                &lt;Pl&gt;: sk\" time=\"1\">\n\t\t\t<skipped>Conditional result was \
                False</skipped>\n\t\t</testcase>\n\t</testsuite>\n</testsuites>\n";
    assert_eq!(std::fs::read_to_string(&report[0]).unwrap(), want);
}
