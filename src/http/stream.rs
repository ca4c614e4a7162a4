//! A connection to a server: TCP, a Unix socket, and TLS over either.
//!
//! Reads and writes wait in short turns, so that a task which is to end ends soon.

use super::tls::Tls;
use super::{World, resolve};
use rustls::pki_types::ServerName;
use rustls::{ClientConnection, StreamOwned};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How long one turn waits.
const TURN: Duration = Duration::from_millis(200);

/// The bytes' way.
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A socket with a limit for each wait.
pub(super) struct Wire<'a> {
    socket: Socket,
    timeout: Duration,
    cancelled: &'a AtomicBool,
}

/// A connection, open or secret.
pub(super) enum Stream<'a> {
    Plain(Wire<'a>),
    Tls(Box<StreamOwned<ClientConnection, Wire<'a>>>),
}

fn timed_out() -> io::Error {
    io::Error::new(ErrorKind::TimedOut, "timed out")
}

impl<'a> Wire<'a> {
    /// Connects to the first address of a host that answers. The error is the last address's.
    pub(super) fn tcp(host: &str, port: u16, timeout: Duration, world: World<'a>) -> io::Result<Self> {
        let addresses = resolve(world.env, host);
        // What getaddrinfo says; Rust knows no name for it.
        let mut last = io::Error::other("[Errno -2] Name or service not known");
        for ip in addresses {
            match TcpStream::connect_timeout(&SocketAddr::new(ip, port), timeout.max(Duration::from_millis(1))) {
                Ok(socket) => {
                    // Only a matter of speed.
                    drop(socket.set_nodelay(true));
                    return Self::new(Socket::Tcp(socket), timeout, world.cancelled);
                }
                Err(error) if error.kind() == ErrorKind::TimedOut && error.raw_os_error().is_none() => {
                    last = timed_out();
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    /// Connects to a socket of this host.
    pub(super) fn unix(path: &str, timeout: Duration, world: World<'a>) -> io::Result<Self> {
        let socket = UnixStream::connect(path).map_err(|error| {
            let text = super::error::text(&error);
            io::Error::other(format!("Invalid Socket File ({path}): {text}"))
        })?;
        Self::new(Socket::Unix(socket), timeout, world.cancelled)
    }

    fn new(socket: Socket, timeout: Duration, cancelled: &'a AtomicBool) -> io::Result<Self> {
        let turn = Some(TURN.min(timeout.max(Duration::from_millis(1))));
        match &socket {
            Socket::Tcp(tcp) => tcp.set_read_timeout(turn).and_then(|()| tcp.set_write_timeout(turn))?,
            Socket::Unix(unix) => unix.set_read_timeout(turn).and_then(|()| unix.set_write_timeout(turn))?,
        }
        Ok(Self { socket, timeout, cancelled })
    }

    /// Does something again until it is done, its time is over or the task is to end.
    fn patiently<T>(&mut self, mut turn: impl FnMut(&mut Socket) -> io::Result<T>) -> io::Result<T> {
        let until = Instant::now() + self.timeout;
        loop {
            match turn(&mut self.socket) {
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    if self.cancelled.load(Ordering::Relaxed) {
                        return Err(io::Error::other("the task was ended before it had finished"));
                    }
                    if Instant::now() >= until {
                        return Err(timed_out());
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }
}

impl Read for Wire<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.patiently(|socket| match socket {
            Socket::Tcp(tcp) => tcp.read(buffer),
            Socket::Unix(unix) => unix.read(buffer),
        })
    }
}

impl Write for Wire<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.patiently(|socket| match socket {
            Socket::Tcp(tcp) => tcp.write(bytes),
            Socket::Unix(unix) => unix.write(bytes),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> Stream<'a> {
    /// Makes a connection secret. The error is Python's text for it.
    pub(super) fn secret(mut wire: Wire<'a>, host: &str, tls: &Tls) -> Result<Self, String> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let name = ServerName::try_from(bare.to_owned()).map_err(|error| format!("{bare}: {error}"))?;
        let mut session = ClientConnection::new(tls.config.clone(), name).map_err(|error| error.to_string())?;
        while session.is_handshaking() {
            match session.complete_io(&mut wire) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    return Err("_ssl.c: The handshake operation timed out".into());
                }
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(
                        "[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol (_ssl.c)".into()
                    );
                }
                Err(error) => return Err(tls.words(&error)),
            }
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(session, wire))))
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.read(buffer),
            Self::Tls(tls) => match tls.read(buffer) {
                Err(error) if error.kind() == ErrorKind::TimedOut => {
                    Err(io::Error::new(ErrorKind::TimedOut, "The read operation timed out"))
                }
                // Servers that just hang up are common; lengths tell whether something is missing.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(0),
                other => other,
            },
        }
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(wire) => wire.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(wire) => wire.flush(),
            Self::Tls(tls) => tls.flush(),
        }
    }
}
