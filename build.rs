//! Builds the agent for the hosts and hands it to the library, which embeds it, also packed.
//!
//! Release builds of the controller alone: a debug build finds the agent that cargo puts beside
//! it. `RPLAY_AGENT` (any value) or the feature `no-embedded-agent` skips the nested build.
#![expect(clippy::disallowed_methods, reason = "cargo talks to a build script through its environment")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

/// What the agent is built from; a change of anything else builds no new one.
const SOURCES: &[&str] = &[
    "build.rs",
    "Cargo.toml",
    "Cargo.lock",
    "src/lib.rs",
    "src/agent",
    "src/argspec",
    "src/diag",
    "src/host",
    "src/http",
    "src/modules",
    "src/proto",
    "src/re",
    "src/value",
];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rustc-check-cfg=cfg(embedded_agent)");
    println!("cargo::rerun-if-env-changed=RPLAY_AGENT");
    for source in SOURCES.iter().filter(|source| Path::new(source).exists()) {
        println!("cargo::rerun-if-changed={source}");
    }
    let is_set = |name: &str| env::var_os(name).is_some();
    let wanted = is_set("CARGO_FEATURE_CONTROLLER") && env::var("PROFILE")? == "release";
    if !wanted || is_set("CARGO_FEATURE_NO_EMBEDDED_AGENT") || is_set("RPLAY_AGENT") || is_set("DOCS_RS") {
        return Ok(());
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let agent = out.join("rplay-agent");
    fs::copy(build_agent(&out)?, &agent)?;
    // Packed it travels to hosts; as it is, local connections start it.
    let packed = fs::File::create(out.join("rplay-agent.gz"))?;
    let mut gzip = flate2::write::GzEncoder::new(packed, flate2::Compression::best());
    io::copy(&mut fs::File::open(&agent)?, &mut gzip)?;
    gzip.finish()?;
    println!("cargo::rustc-cfg=embedded_agent");
    Ok(())
}

fn build_agent(out: &Path) -> Result<PathBuf, Box<dyn Error>> {
    let target = env::var("TARGET")?;
    let folder = out.join("agent");
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--bin", "rplay-agent", "--no-default-features", "--features", "agent"]);
    // With --target the flags below are for the agent alone, not for proc macros, which cannot be static.
    cargo.args(["--profile", "agent", "--target", &target, "--target-dir"]).arg(&folder);
    cargo.arg("--manifest-path").arg(Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("Cargo.toml"));
    // The outer build's flags, features and wrappers (clippy) are not the agent's.
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let prefixes = ["CARGO_FEATURE_", "CARGO_CFG_", "CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_PROFILE_"];
        let names = ["CARGO_ENCODED_RUSTFLAGS", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_TARGET", "CARGO_TARGET_DIR"];
        if prefixes.iter().any(|prefix| name.starts_with(prefix)) || names.contains(&name.as_str()) {
            cargo.env_remove(name);
        }
    }
    let linux = env::var("CARGO_CFG_TARGET_OS")? == "linux";
    cargo.env("RUSTFLAGS", if linux { "-C target-feature=+crt-static" } else { "" });
    if !cargo.status()?.success() {
        let way_out = "RPLAY_AGENT=path when rplay runs, and the feature no-embedded-agent now, do without it";
        return Err(format!("the agent for {target} cannot be built; {way_out}").into());
    }
    Ok(folder.join(target).join("agent").join(format!("rplay-agent{}", env::consts::EXE_SUFFIX)))
}
