//! `apt-get update`, when the lists are older than the task allows.

use super::known::{execute, messages};
use crate::modules::Call;
use crate::proto::Outcome;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What became of the lists.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cache {
    /// Whether the task asks for an update at all.
    pub wanted: bool,
    pub updated: bool,
    time: i64,
}

impl Cache {
    /// A result with what is told of the lists.
    pub fn told(&self, outcome: Outcome) -> Outcome {
        outcome.with("cache_updated", self.updated).with("cache_update_time", self.time)
    }
}

/// Brings the lists up to date where that is asked for.
pub(super) fn refresh(call: &mut Call<'_>) -> Result<Cache, Outcome> {
    let valid = call.args.int("cache_valid_time");
    let changed = last_update();
    let mut cache =
        Cache { wanted: call.args.bool("update_cache") || valid != 0, updated: false, time: seconds(changed) };
    let age = SystemTime::now().duration_since(changed).unwrap_or_default();
    if !cache.wanted || i64::try_from(age.as_secs()).is_ok_and(|age| age < valid) {
        return Ok(cache);
    }
    if !call.check() {
        update(call)?;
    }
    let time = seconds(last_update());
    cache.updated = call.check() || time != cache.time;
    cache.time = time;
    Ok(cache)
}

/// When the lists were brought up to date.
fn last_update() -> SystemTime {
    let places = ["/var/lib/apt/periodic/update-success-stamp", "/var/lib/apt/lists"];
    places.iter().find_map(|path| std::fs::metadata(path).ok()?.modified().ok()).unwrap_or(UNIX_EPOCH)
}

fn seconds(time: SystemTime) -> i64 {
    time.duration_since(UNIX_EPOCH).ok().and_then(|age| i64::try_from(age.as_secs()).ok()).unwrap_or_default()
}

/// What keeps the lists from being updated.
#[derive(Debug)]
pub enum Trouble {
    /// Another process has them.
    Locked(String),
    /// They could not be fetched.
    Fetch(String),
}

/// Updates, as often as the task allows.
fn update(call: &mut Call<'_>) -> Result<(), Outcome> {
    let (retries, most) = (call.args.int("update_cache_retries"), call.args.int("update_cache_retry_max_delay"));
    let timeout = u64::try_from(call.args.int("lock_timeout")).unwrap_or_default();
    let deadline = Instant::now() + Duration::from_secs(timeout);
    let mut byte = [0];
    let _ = getrandom::fill(&mut byte);
    let mut last = None;
    let mut retry = 0;
    while retry < retries {
        match attempt(call)? {
            Ok(()) => return Ok(()),
            Err(Trouble::Locked(text)) => {
                if Instant::now() >= deadline {
                    return Err(Outcome::failed(format!("Failed to lock apt for exclusive operation: {text}")));
                }
                pause(call, Duration::from_millis(500))?;
                continue;
            }
            Err(Trouble::Fetch(text)) => {
                retry += 1;
                call.warn(format!("Failed to update cache after {retry} retries due to {text}, retrying"));
                last = Some(text);
            }
        }
        let seconds = 1_i64.checked_shl(u32::try_from(retry - 1).unwrap_or(u32::MAX)).unwrap_or(i64::MAX).min(most);
        let whole = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
        let delay = whole + Duration::from_secs(1) * u32::from(byte[0]) / 256;
        pause(call, delay)?;
        let shown = delay.as_secs_f64().round();
        call.warn(format!("Sleeping for {shown} seconds, before attempting to refresh the cache again"));
    }
    let why = last.unwrap_or_else(|| "unknown reason".to_owned());
    Err(Outcome::failed(format!("Failed to update apt cache after {retries} retries: {why}")))
}

/// Updates them once. The inner error says why they are not.
pub fn attempt(call: &Call<'_>) -> Result<Result<(), Trouble>, Outcome> {
    let output = execute(call, &["apt-get", "update", "-q"].map(str::to_owned))?;
    let err = output.err();
    if output.rc == 0 {
        // What may pass by itself is a warning to the program alone, and its library says no more than that it failed.
        let passing = err.contains("Some index files failed to download");
        return Ok(if passing { Err(Trouble::Fetch(String::new())) } else { Ok(()) });
    }
    let lists = "/var/lib/apt/lists/";
    let held = |line: &&str| line.contains(&format!("{lists}lock"));
    Ok(Err(match err.lines().find(held).and_then(|line| line.strip_prefix("E: ")) {
        Some(line) => Trouble::Locked(format!("Failed to lock directory {lists}: E:{line}")),
        None => Trouble::Fetch(messages(&err)),
    }))
}

/// Waits, unless the task is to end.
fn pause(call: &Call<'_>, time: Duration) -> Result<(), Outcome> {
    call.pause(time);
    if call.is_cancelled() { Err(Outcome::failed("The task was ended while it waited for apt.")) } else { Ok(()) }
}
