//! TLS at the door, with certificates made by openssl and clients of three kinds: rustls, openssl
//! and curl. What is proven: old versions are refused, certificates are exchanged without an end,
//! and a channel that asks for certificates gets them.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use crate::support::Engine;
use crate::support::app::BANK_KEY;
use crate::support::database::TestDatabase;
use crate::support::office::{bank_request, transfer};
use crate::support::program::{Program, settings_of};

/// One more channel.
const DESK: &str = "[channels.desk]\nprovider = \"sepay\"\nsecrets.api_key = \"k\"\n\
    settings.scheme = \"sepay-apikey\"\n";

/// Files of certificates and keys.
struct Office {
    folder: tempfile::TempDir,
    database: TestDatabase,
}

impl Office {
    /// An authority, a certificate of the server, one of a caller, and one of another authority.
    fn new() -> Self {
        let office = Self {
            folder: tempfile::tempdir().unwrap(),
            database: TestDatabase::new(Engine::Sqlite),
        };
        office.authority("ca");
        office.authority("other");
        office.certificate("server", "ca", "DNS:localhost");
        office.certificate("caller", "ca", "DNS:caller");
        office.certificate("stranger", "other", "DNS:stranger");
        office
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, arguments: &[&str]) {
        let done = Command::new("openssl")
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
    }

    fn authority(&self, name: &str) {
        let (key, file) = (format!("{name}.key"), format!("{name}.pem"));
        self.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &file,
            "-days",
            "30",
            "-subj",
            &format!("/CN={name}"),
            "-addext",
            "basicConstraints=critical,CA:TRUE",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        ]);
    }

    fn certificate(&self, name: &str, authority: &str, names: &str) {
        let (key, asked, file) = (
            format!("{name}.key"),
            format!("{name}.csr"),
            format!("{name}.pem"),
        );
        self.openssl(&[
            "req",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-keyout",
            &key,
            "-out",
            &asked,
            "-subj",
            &format!("/CN={name}"),
            "-addext",
            &format!("subjectAltName={names}"),
        ]);
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            &asked,
            "-CA",
            &format!("{authority}.pem"),
            "-CAkey",
            &format!("{authority}.key"),
            "-CAcreateserial",
            "-out",
            &file,
            "-days",
            "10",
            "-copy_extensions",
            "copy",
        ]);
    }

    fn serve(&self) -> Program {
        let more = "[channels.desk]\nprovider = \"sepay\"\n\
            secrets.api_key = \"k-bank\"\nsettings.scheme = \"sepay-apikey\"\n\
            require_client_certificate = true\n[server.tls]\ncertificate_file = \"server.pem\"\n\
            key_file = \"server.key\"\nclient_ca_file = \"ca.pem\"";
        Program::serve(self.folder.path(), &settings_of(&self.database, more), &[])
    }

    /// A connection of a rustls client, with a certificate of its own or not.
    fn connect(
        &self,
        program: &Program,
        own: Option<&str>,
    ) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        for root in certificates(&self.path("ca.pem")) {
            roots.add(root).unwrap();
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let config = match own {
            None => builder.with_no_client_auth(),
            Some(name) => {
                let key = std::fs::read(self.path(&format!("{name}.key"))).unwrap();
                let key = PrivateKeyDer::from_pem_slice(&key).unwrap();
                let chain = certificates(&self.path(&format!("{name}.pem")));
                builder.with_client_auth_cert(chain, key).unwrap()
            }
        };
        let name = ServerName::try_from("localhost").unwrap();
        let client = ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = TcpStream::connect(program.address).unwrap();
        socket
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        StreamOwned::new(client, socket)
    }

    /// The status of a call, or none where the connection was refused.
    fn call(&self, program: &Program, own: Option<&str>, channel: &str, id: u64) -> Option<u16> {
        let mut stream = self.connect(program, own);
        let call = bank_request(transfer(id, 1000, "memo").to_string().as_bytes(), BANK_KEY);
        let call = String::from_utf8(call).unwrap();
        let call = call.replace("/webhooks/bank", &format!("/webhooks/{channel}"));
        stream.write_all(call.as_bytes()).ok()?;
        status(&mut stream)
    }
}

fn certificates(file: &Path) -> Vec<CertificateDer<'static>> {
    let pem = std::fs::read(file).unwrap();
    CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .unwrap()
}

/// The status of one answer, whose body is small.
fn status(stream: &mut impl Read) -> Option<u16> {
    let mut bytes = [0; 4096];
    let count = stream.read(&mut bytes).ok().filter(|count| *count > 0)?;
    let text = String::from_utf8_lossy(&bytes[..count]).into_owned();
    text.split(' ').nth(1)?.parse().ok()
}

/// What a public client says, and whether it was content.
fn say(command: &mut Command) -> (bool, String) {
    let done = command.stdin(Stdio::null()).output().unwrap();
    let text = [done.stdout, done.stderr].concat();
    (
        done.status.success(),
        String::from_utf8_lossy(&text).into_owned(),
    )
}

#[test]
#[allow(clippy::too_many_lines, reason = "one story, told in its order")]
fn only_tls_of_today_is_spoken_and_http_is_not() {
    let office = Office::new();
    let program = office.serve();
    assert!(
        program.told["address"]
            .as_str()
            .unwrap()
            .starts_with("https://")
    );
    let address = program.address.to_string();
    for (version, is_spoken) in [
        ("-tls1_3", true),
        ("-tls1_2", true),
        ("-tls1_1", false),
        ("-tls1", false),
    ] {
        let (is_content, text) = say(Command::new("openssl")
            .args([
                "s_client",
                "-connect",
                &address,
                "-servername",
                "localhost",
                version,
            ])
            .args([
                "-CAfile",
                office.path("ca.pem").to_str().unwrap(),
                "-verify_return_error",
            ])
            .args(["-cipher", "ALL:@SECLEVEL=0"]));
        assert_eq!(
            is_content && text.contains("Verification: OK"),
            is_spoken,
            "{version}: {text}"
        );
    }
    let url = format!("https://localhost:{}/healthz", program.address.port());
    let ca = office.path("ca.pem");
    let (is_content, text) = say(Command::new("curl")
        .args(["-sS", "-i", "--cacert", ca.to_str().unwrap()])
        .args([
            "--connect-to",
            &format!("localhost::127.0.0.1:{}", program.address.port()),
            &url,
        ]));
    assert!(is_content, "{text}");
    assert!(
        text.starts_with("HTTP/1.1 200") && text.ends_with("ok"),
        "{text}"
    );
    assert!(
        text.contains("strict-transport-security: max-age=31536000"),
        "{text}"
    );
    let mut plain = TcpStream::connect(program.address).unwrap();
    plain
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(
        !String::from_utf8_lossy(&answer).contains("HTTP/1.1"),
        "{answer:?}"
    );
}

#[test]
fn handshakes_that_stand_still_keep_nobody_out() {
    let office = Office::new();
    let program = office.serve();
    let silent: Vec<TcpStream> = (0..700)
        .map(|_| TcpStream::connect(program.address).unwrap())
        .collect();
    for socket in silent.iter().step_by(2) {
        let mut socket: &TcpStream = socket;
        socket.write_all(&[22, 3, 1, 2, 0, 1]).unwrap();
    }
    let began = Instant::now();
    assert_eq!(office.call(&program, None, "bank", 1), Some(200));
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_channel_that_asks_for_certificates_gets_them_or_takes_nothing() {
    let office = Office::new();
    let program = office.serve();
    assert_eq!(office.call(&program, None, "bank", 1), Some(200));
    assert_eq!(office.call(&program, Some("caller"), "bank", 2), Some(200));
    assert_eq!(office.call(&program, Some("caller"), "desk", 3), Some(200));
    assert_eq!(office.call(&program, None, "desk", 4), Some(403));
    // A certificate of somebody else's authority opens no connection at all.
    assert_eq!(office.call(&program, Some("stranger"), "desk", 5), None);
    assert_eq!(office.call(&program, Some("stranger"), "bank", 6), None);
    let paid = "SELECT COUNT(*) AS n FROM payments";
    assert_eq!(office.database.number(paid), 3);
    program.signal("TERM");
    let mut program = program;
    assert!(program.end().success());
    let kept = "SELECT COUNT(*) AS n FROM quarantined_calls WHERE reason = 'no_certificate'";
    assert_eq!(office.database.number(kept), 1);
}

#[test]
fn a_new_certificate_is_shown_without_an_end_and_a_broken_one_is_not() {
    let office = Office::new();
    let mut program = office.serve();
    let shown = |program: &Program| {
        let mut stream = office.connect(program, None);
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
            .unwrap();
        assert_eq!(status(&mut stream), Some(200));
        stream.conn.peer_certificates().unwrap()[0].to_vec()
    };
    let old = shown(&program);
    let mut open = office.connect(&program, None);
    open.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    assert_eq!(status(&mut open), Some(200));
    // Files that do not belong together change nothing.
    std::fs::copy(office.path("caller.pem"), office.path("server.pem")).unwrap();
    program.signal("HUP");
    until(|| {
        program
            .written()
            .contains("the old certificate stays in use")
    });
    assert!(
        program.written().contains("is not the key of"),
        "{}",
        program.written()
    );
    assert_eq!(shown(&program), old);
    office.certificate("server", "ca", "DNS:localhost");
    program.signal("HUP");
    until(|| program.written().contains("a new certificate is shown"));
    assert_ne!(shown(&program), old);
    // Who was connected before still is.
    open.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        .unwrap();
    assert_eq!(status(&mut open), Some(200));
    // Who is believed changes too.
    assert_eq!(office.call(&program, Some("stranger"), "desk", 1), None);
    let both =
        [office.path("ca.pem"), office.path("other.pem")].map(|file| std::fs::read(file).unwrap());
    std::fs::write(office.path("ca.pem"), both.concat()).unwrap();
    program.signal("HUP");
    let news = |text: &str| text.matches("a new certificate is shown").count();
    until(|| news(&program.written()) == 2);
    assert_eq!(
        office.call(&program, Some("stranger"), "desk", 2),
        Some(200)
    );
    program.signal("TERM");
    assert!(program.end().success());
}

#[test]
#[allow(clippy::too_many_lines, reason = "one story, told in its order")]
fn files_that_cannot_be_used_are_named() {
    let office = Office::new();
    let check = |settings: &str| {
        let file = office.path("check.toml");
        std::fs::write(&file, settings_of(&office.database, settings)).unwrap();
        let program = env!("CARGO_BIN_EXE_doisoat");
        let mut command = Command::new(program);
        say(command
            .arg("check")
            .arg("--config")
            .arg(&file)
            .current_dir(office.folder.path()))
        .1
    };
    std::fs::write(office.path("empty.pem"), "").unwrap();
    let tls = |certificate: &str, key: &str, more: &str| {
        check(&format!(
            "[server.tls]\ncertificate_file = \"{certificate}\"\nkey_file = \"{key}\"\n{more}"
        ))
    };
    for (text, said) in [
        (
            tls("server.pem", "server.key", ""),
            "shows the certificate server.pem",
        ),
        (
            tls("nowhere.pem", "server.key", ""),
            "nowhere.pem cannot be read",
        ),
        (
            tls("empty.pem", "server.key", ""),
            "empty.pem holds no certificate",
        ),
        (
            tls("server.pem", "server.pem", ""),
            "server.pem holds no private key",
        ),
        (
            tls("server.pem", "caller.key", ""),
            "caller.key is not the key of server.pem",
        ),
        (
            tls("server.pem", "server.key", "client_ca_file = \"empty.pem\""),
            "empty.pem holds no certificate",
        ),
        (
            check("[server.tls]\ncertificate_file = \"server.pem\""),
            "server.tls.key_file is missing",
        ),
        (
            check("[server.tls]\nkey_file = \"server.key\""),
            "server.tls.certificate_file is missing",
        ),
        (
            check(&format!("{DESK}require_client_certificate = true")),
            "needs server.tls with a client_ca_file",
        ),
        (
            check(&format!("{DESK}allow_from = [\"nowhere\"]")),
            "allow_from holds \"nowhere\"",
        ),
        (
            check("[server]\ntrusted_proxies = [\"10.0.0.0/99\"]"),
            "trusted_proxies holds \"10.0.0.0/99\"",
        ),
        (
            check("[server.limits]\ncalls_per_channel_burst = 5"),
            "both 0, for no limit",
        ),
        (
            check("[server.limits]\nqueue_share_percent = 101"),
            "write 1 to 100",
        ),
        (
            check("[server]\nlisten = \"0.0.0.0:8080\""),
            "is reached from other machines without TLS",
        ),
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

/// Waits for something that happens soon.
fn until(happens: impl Fn() -> bool) {
    let began = Instant::now();
    while !happens() {
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "it never happened"
        );
        std::thread::yield_now();
    }
}
