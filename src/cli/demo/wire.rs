//! One kept-alive connection to the gateway: requests go out and answers come back over plain
//! HTTP/1.1 on loopback, as little as a player of many calls needs. It is made anew where the gateway
//! closes it, as it does after a refusal. It knows no TLS, no redirects and no chunked answers, because
//! the gateway sends none.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::sign::Request;

/// How long an answer may take before the player gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// The gateway's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: String,
}

/// A connection.
pub(super) struct Wire {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    /// Whether the last answer said that no other follows it.
    is_over: bool,
    out: Vec<u8>,
}

impl Wire {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub(super) fn connect(address: SocketAddr) -> Result<Self> {
        Ok(Self {
            stream: stream(address)?,
            address,
            is_over: false,
            out: Vec::with_capacity(2_048),
        })
    }

    /// Sends one request to a channel's webhook and waits for the answer.
    ///
    /// # Errors
    /// When the connection breaks or the answer is no HTTP.
    pub(super) fn send(&mut self, channel: &str, request: &Request) -> Result<Answer> {
        if self.is_over {
            self.stream = stream(self.address)?;
            self.is_over = false;
        }
        self.out.clear();
        if request.query.is_empty() {
            write!(self.out, "POST /webhooks/{channel} HTTP/1.1\r\n")?;
            write!(self.out, "content-type: application/json\r\n")?;
            write!(self.out, "content-length: {}\r\n", request.body.len())?;
        } else {
            let query = &request.query;
            write!(self.out, "GET /webhooks/{channel}?{query} HTTP/1.1\r\n")?;
        }
        write!(self.out, "host: {}\r\n", self.address)?;
        for (name, value) in &request.headers {
            write!(self.out, "{name}: {value}\r\n")?;
        }
        write!(self.out, "\r\n{}", request.body)?;
        self.stream.get_mut().write_all(&self.out)?;
        self.receive()
    }

    fn receive(&mut self) -> Result<Answer> {
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status = status.with_context(|| format!("the gateway answered {first:?}"))?;
        let mut length = 0;
        loop {
            let line = self.line()?;
            if line.is_empty() {
                break;
            }
            let Some((name, value)) = line.split_once(':') else {
                continue;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            } else if name.eq_ignore_ascii_case("connection") {
                self.is_over = value.trim().eq_ignore_ascii_case("close");
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok(Answer {
            status,
            body: String::from_utf8(body)?,
        })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line)?;
        ensure!(read > 0, "the gateway closed the connection");
        line.truncate(line.trim_end().len());
        Ok(line)
    }
}

fn stream(address: SocketAddr) -> Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect(address).context("the gateway cannot be reached")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(BufReader::new(stream))
}
