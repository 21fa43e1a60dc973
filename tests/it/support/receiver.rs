//! A subscriber: a real server on a free port that remembers what it was sent and answers as the test
//! says. It verifies nothing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver as Queue, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;

/// What was sent.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Sent {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found
            .unwrap_or_else(|| panic!("no {name}: {self:?}"))
            .1
            .as_str()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn kind(&self) -> String {
        self.json()["type"].as_str().unwrap().to_owned()
    }

    /// The dossier's code, a space, and the type.
    pub(crate) fn about(&self) -> String {
        let dossier = self.json()["data"]["dossier"].clone();
        format!("{} {}", dossier.as_str().unwrap_or("-"), self.kind())
    }
}

/// The head of an answer after `HTTP/1.1 `, and its body.
pub(crate) type Answer = (String, String);

/// An answer without a body.
pub(crate) fn status(status: &str) -> Answer {
    (status.to_owned(), String::new())
}

type Decide = dyn FnMut(&Sent) -> Answer + Send;

pub(crate) struct Receiver {
    address: SocketAddr,
    sent: Queue<Sent>,
    decide: Arc<Mutex<Box<Decide>>>,
}

impl Receiver {
    /// Takes everything.
    pub(crate) fn start() -> Self {
        Self::answering(|_| status("204 No Content"))
    }

    pub(crate) fn answering(decide: impl FnMut(&Sent) -> Answer + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let decide: Arc<Mutex<Box<Decide>>> = Arc::new(Mutex::new(Box::new(decide)));
        let (told, sent) = channel();
        let shared = Arc::clone(&decide);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                // A caller that goes away in the middle is no concern of ours.
                let _ = serve(stream.unwrap(), &told, &shared);
            }
        });
        Self {
            address,
            sent,
            decide,
        }
    }

    /// From now on answers so.
    pub(crate) fn answer(&self, decide: impl FnMut(&Sent) -> Answer + Send + 'static) {
        *self.decide.lock().unwrap() = Box::new(decide);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// What was sent since this was last asked.
    pub(crate) fn sent(&self) -> Vec<Sent> {
        self.sent.try_iter().collect()
    }

    /// Waits for the next.
    pub(crate) fn next(&self) -> Sent {
        let patience = Duration::from_secs(30);
        self.sent.recv_timeout(patience).expect("nothing was sent")
    }
}

fn serve(
    mut stream: TcpStream,
    told: &Sender<Sent>,
    decide: &Mutex<Box<Decide>>,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let (head, body) = loop {
        let count = stream.read(&mut chunk)?;
        bytes.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| {
                    line.to_lowercase()
                        .strip_prefix("content-length:")?
                        .trim()
                        .parse()
                        .ok()
                })
                .unwrap_or(0);
            if body.len() >= length {
                break (head.to_owned(), body.to_owned());
            }
        }
        if count == 0 {
            return Ok(());
        }
    };
    let header = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.to_lowercase(), value.trim().to_owned()))
    };
    let sent = Sent {
        headers: head.lines().skip(1).filter_map(header).collect(),
        body,
    };
    let _ = told.send(sent.clone());
    let (status, body) = (decide.lock().unwrap())(&sent);
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}
