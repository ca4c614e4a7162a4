//! Why a host could not do what was asked, before any module spoke.

/// What went wrong on the way to a host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionError {
    /// The host does not answer: the task is `unreachable`, with this `msg`.
    #[error("{0}")]
    Unreachable(String),
    /// The host answers, but the task cannot run on it: it fails with this `msg`
    /// (`Incorrect sudo password`).
    #[error("{0}")]
    Failed(String),
    /// What should have run the module ended otherwise: a failure with `msg` "Module result
    /// deserialization failed: No start of json char found" and these `module_stdout`,
    /// `module_stderr` and `rc`.
    #[error("{}", module_failure(stdout, stderr))]
    Module {
        /// The exit status.
        rc: i32,
        /// Its standard output.
        stdout: String,
        /// Its standard error.
        stderr: String,
    },
    /// There is no agent for the host's system or processor: only what needs none runs there.
    #[error("{0}")]
    NoAgent(String),
    /// Something that ansible-core has and rplay lacks, by its name.
    #[error("{0}")]
    Unsupported(String),
}

fn module_failure(stdout: &str, stderr: &str) -> String {
    let words = if stderr.trim().is_empty() { stdout.trim() } else { stderr.trim() };
    format!("Module result deserialization failed: No start of json char found: {words}")
}

impl ConnectionError {
    /// A host that does not answer.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self::Unreachable(message.into())
    }

    /// A host on which nothing can be stored or started: ansible-core meets that when it makes its folder there, and
    /// says so in these words.
    pub(super) fn no_place(what: &str, rc: i32, stdout: &str, stderr: &str) -> Self {
        if rc == 5 {
            return Self::Unreachable("Authentication failure.".into());
        }
        let mut text = if stderr.contains("No space left on device") {
            stderr.to_owned()
        } else {
            format!(
                "Failed to create temporary directory. In some cases, you may have been able to authenticate and did not \
                 have permissions on the target directory. Consider changing the remote tmp path in ansible.cfg to a path \
                 rooted in \"/tmp\", for more error information use -vvv. Failed command was: {what}, exited with result {rc}"
            )
        };
        if !stdout.is_empty() {
            text.push_str(", stdout output: ");
            text.push_str(stdout);
        }
        Self::Unreachable(text)
    }

    /// A file of the controller's that takes no more.
    pub(super) fn unwritable(error: &std::io::Error) -> Self {
        Self::Failed(crate::host::errors::plain(error))
    }

    /// A task that cannot run.
    pub fn failed(message: impl Into<String>) -> Self {
        Self::Failed(message.into())
    }

    /// Whether the host does not answer.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}
