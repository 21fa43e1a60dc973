//! A caller's line to a gateway: it sends bytes, keeps the connection for the next call, and tells an
//! answer from silence. A line that breaks is no failure of the test; what it meant is for the book.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::support::http::Reply;

/// Longer than any answer may take: the gateway's own patience is below.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoAnswer {
    /// Nobody listened.
    NotSent,
    /// The line broke after something was sent: it may have arrived.
    Lost,
    /// The line stood and nobody said anything.
    Silence,
}

/// A connection that is kept.
pub(super) struct Line {
    to: Option<(SocketAddr, TcpStream)>,
}

impl Line {
    pub(super) fn new() -> Self {
        Self { to: None }
    }

    /// Sends one request and reads one answer.
    pub(super) fn ask(&mut self, address: SocketAddr, bytes: &[u8]) -> Result<Reply, NoAnswer> {
        let kept = self.to.take().filter(|(known, _)| *known == address);
        let mut socket = match kept {
            Some((_, socket)) => socket,
            None => {
                let socket = TcpStream::connect(address).map_err(|_| NoAnswer::NotSent)?;
                socket.set_nodelay(true).unwrap();
                socket
                    .set_read_timeout(Some(Duration::from_secs(1)))
                    .unwrap();
                socket
            }
        };
        socket.write_all(bytes).map_err(|_| NoAnswer::Lost)?;
        let (reply, is_kept) = read(&mut socket)?;
        if is_kept {
            self.to = Some((address, socket));
        }
        Ok(reply)
    }
}

fn read(socket: &mut TcpStream) -> Result<(Reply, bool), NoAnswer> {
    let began = Instant::now();
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(told) = whole(&bytes) {
            return Ok(told);
        }
        match socket.read(&mut chunk) {
            Ok(0) => return Err(NoAnswer::Lost),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(error) => {
                let is_waiting = matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                );
                if !is_waiting {
                    return Err(NoAnswer::Lost);
                }
                if began.elapsed() > PATIENCE {
                    return Err(NoAnswer::Silence);
                }
            }
        }
    }
}

/// An answer that is all there, and whether the connection may be used again.
fn whole(bytes: &[u8]) -> Option<(Reply, bool)> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let reply = Reply::parse(&bytes[..end + 4]);
    let length = reply.header("content-length").unwrap_or("0");
    let all = end + 4 + length.parse::<usize>().unwrap();
    if bytes.len() < all {
        return None;
    }
    let is_kept = reply.header("connection") != Some("close");
    let body = String::from_utf8_lossy(&bytes[end + 4..all]).into_owned();
    Some((Reply { body, ..reply }, is_kept))
}
