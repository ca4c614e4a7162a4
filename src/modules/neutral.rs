//! A place to work in where the agent's own folder cannot be read, as `AnsibleModule` finds one.
//!
//! It is so for a become user in the closed home of the login: ansible-core makes a folder in `remote_tmp` for the module,
//! and says so where it had to make that as well. The agent stays where it is; the module's commands start there.

use crate::host::Env;
use crate::proto::Context;
use rustix::fs::{Access, access};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The folder of one module; it goes with the module.
#[derive(Debug)]
pub(super) struct Neutral(PathBuf);

impl Neutral {
    /// A folder, where one is needed, and what is to be said of it.
    pub fn needed(env: &Env, context: &Context) -> Option<(Self, Option<String>)> {
        if access(".", Access::READ_OK).is_ok() {
            return None;
        }
        let wanted = PathBuf::from(env.expand(context.remote_tmp.as_deref().unwrap_or("~/.ansible/tmp")));
        let (base, said) = if wanted.exists() {
            (wanted, None)
        } else {
            let around = wanted.parent().map_or(Ok(()), std::fs::create_dir_all);
            match around.and_then(|()| DirBuilder::new().mode(0o700).create(&wanted)) {
                Ok(()) => {
                    let said = format!(
                        "Module remote_tmp {} did not exist and was created with a mode of 0700, this may cause issues \
                         when running as another user. To avoid this, create the remote_tmp dir with the correct \
                         permissions manually",
                        wanted.display()
                    );
                    (wanted, Some(said))
                }
                Err(error) => {
                    let said = format!(
                        "Unable to use '{}' as temporary directory, falling back to system default: {}",
                        wanted.display(),
                        crate::host::errors::os_error(&error, closed(&wanted))
                    );
                    (env.temp_dir(), Some(said))
                }
            }
        };
        let made = Self::within(&base).or_else(|| Self::within(&env.temp_dir()))?;
        Some((made, said))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn within(base: &Path) -> Option<Self> {
        let mut random = [0; 4];
        getrandom::fill(&mut random).ok()?;
        let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        let path = base.join(format!("ansible-moduletmp-{time}-{:08x}", u32::from_ne_bytes(random)));
        DirBuilder::new().mode(0o700).create(&path).ok()?;
        Some(Self(path))
    }
}

/// The outermost folder of a path that is not there.
fn closed(path: &Path) -> PathBuf {
    path.ancestors().take_while(|folder| !folder.exists()).last().unwrap_or(path).to_owned()
}

impl Drop for Neutral {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
