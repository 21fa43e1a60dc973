//! A provider on a socket of its own: it keeps every request it gets and answers what the test has
//! told it to, signed as the provider would. It decides nothing about what is right.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// The line of a caller who speaks TLS.
pub(crate) const TLS: &str = "TLS";

/// A request as the provider got it.
#[derive(Debug, Clone)]
pub(crate) struct Got {
    pub(crate) line: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}

/// What makes a body from a request.
pub(crate) type Speech = Arc<dyn Fn(&Got) -> Vec<u8> + Send + Sync>;

/// What it does with a request.
#[derive(Clone)]
pub(crate) enum Says {
    /// A status, further headers, a body made from the request.
    Answer(u16, &'static str, Speech),
    /// Takes the request and says nothing.
    Silence,
    /// Closes the connection.
    HangUp,
}

impl Says {
    pub(crate) fn body(body: impl Fn(&Got) -> String + Send + Sync + 'static) -> Self {
        Self::Answer(200, "", Arc::new(move |got| body(got).into_bytes()))
    }

    pub(crate) fn status(status: u16, headers: &'static str, body: &'static str) -> Self {
        Self::Answer(status, headers, Arc::new(move |_| body.as_bytes().to_vec()))
    }
}

/// The provider.
pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    says: Arc<Mutex<Says>>,
    got: Arc<Mutex<Vec<Got>>>,
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Provider {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let says = Arc::new(Mutex::new(Says::HangUp));
        let got = Arc::new(Mutex::new(Vec::new()));
        let is_over = Arc::new(AtomicBool::new(false));
        let shared = (Arc::clone(&says), Arc::clone(&got), Arc::clone(&is_over));
        let thread = std::thread::spawn(move || {
            let (says, got, is_over) = shared;
            // Kept open, so that silence is silence and not a closed door.
            let silent = Arc::new(Mutex::new(Vec::new()));
            for socket in listener.incoming() {
                if is_over.load(Ordering::SeqCst) {
                    return;
                }
                let (says, got, silent) = (says.clone(), got.clone(), silent.clone());
                std::thread::spawn(move || {
                    let kept = serve(socket.unwrap(), &says, &got);
                    silent.lock().unwrap().extend(kept);
                });
            }
        });
        Self {
            address,
            says,
            got,
            is_over,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn says(&self, says: Says) {
        *self.says.lock().unwrap() = says;
    }

    /// Every request since the start.
    pub(crate) fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(mut socket: TcpStream, says: &Mutex<Says>, got: &Mutex<Vec<Got>>) -> Option<TcpStream> {
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let request = read_request(&mut socket)?;
    got.lock().unwrap().push(request.clone());
    if request.line == TLS {
        return None;
    }
    let says = says.lock().unwrap().clone();
    match says {
        Says::HangUp => None,
        Says::Silence => Some(socket),
        Says::Answer(status, headers, body) => {
            let body = body(&request);
            let head = format!(
                "HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 connection: close\r\n{headers}\r\n",
                body.len()
            );
            // The caller may stop reading where it has read enough.
            let _ = socket.write_all(head.as_bytes());
            let _ = socket.write_all(&body);
            None
        }
    }
}

fn read_request(socket: &mut TcpStream) -> Option<Got> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        // A greeting of TLS, which is not spoken here.
        if bytes.first() == Some(&0x16) {
            return Some(Got {
                line: TLS.to_owned(),
                headers: Vec::new(),
                body: String::new(),
            });
        }
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = end {
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let mut lines = head.split("\r\n");
            let line = lines.next().unwrap().to_owned();
            let header = |line: &str| {
                let (name, value) = line.split_once(':').unwrap();
                (name.to_lowercase(), value.trim().to_owned())
            };
            let headers: Vec<(String, String)> = lines.map(header).collect();
            let length = headers.iter().find(|(name, _)| name == "content-length");
            let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                let body = String::from_utf8(bytes[end + 4..].to_vec()).unwrap();
                return Some(Got {
                    line,
                    headers,
                    body,
                });
            }
        }
        match socket.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
        }
    }
}
