//! TLS: PEM files come in, a configuration for the server goes out whose certificate, key and
//! authorities are exchanged when the files change. Connections that are open stay open; files that
//! cannot be used leave what is in use in its place. Which caller needs a certificate is not decided
//! here.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{
    ClientHello, NoServerSessionStorage, ResolvesServerCert, WebPkiClientVerifier,
};
use rustls::sign::CertifiedKey;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, RootCertStore, ServerConfig, SignatureScheme,
};
use sha2::{Digest, Sha256};
use thiserror::Error as ThisError;

use crate::config::door::TlsSettings;

/// Why the certificate cannot be used.
#[derive(Debug, ThisError)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("server.tls: {file} cannot be read: {reason}")]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("server.tls: {file} {reason}")]
    Wrong {
        /// The file.
        file: PathBuf,
        /// What is wrong, to follow the name.
        reason: String,
    },
}

impl TlsError {
    fn wrong(file: &Path, reason: impl Into<String>) -> Self {
        Self::Wrong {
            file: file.to_owned(),
            reason: reason.into(),
        }
    }
}

/// What we show and whom we believe, as it stands in the files now.
#[derive(Debug)]
pub struct Certificates {
    settings: TlsSettings,
    shown: RwLock<Arc<CertifiedKey>>,
    believed: RwLock<Option<Arc<dyn ClientCertVerifier>>>,
    read: Mutex<[u8; 32]>,
}

/// The files as read.
struct Read {
    hash: [u8; 32],
    certificate: Vec<u8>,
    key: Vec<u8>,
    authorities: Option<Vec<u8>>,
}

impl Certificates {
    /// Reads the files.
    ///
    /// # Errors
    /// Which file cannot be used, and why.
    pub fn open(settings: &TlsSettings) -> Result<Arc<Self>, TlsError> {
        let read = read(settings)?;
        Ok(Arc::new(Self {
            shown: RwLock::new(certified(settings, &read)?),
            believed: RwLock::new(verifier(settings, &read)?),
            read: Mutex::new(read.hash),
            settings: settings.clone(),
        }))
    }

    /// Reads the files again and takes them into use when they have changed; tells whether they had.
    ///
    /// # Errors
    /// Which file cannot be used; then everything stays as it was.
    pub fn refresh(&self) -> Result<bool, TlsError> {
        let read = read(&self.settings)?;
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == read.hash {
            return Ok(false);
        }
        let shown = certified(&self.settings, &read)?;
        let believed = verifier(&self.settings, &read)?;
        *self.shown.write().unwrap_or_else(PoisonError::into_inner) = shown;
        *self
            .believed
            .write()
            .unwrap_or_else(PoisonError::into_inner) = believed;
        *known = read.hash;
        Ok(true)
    }

    /// The configuration of a server that shows and believes them.
    ///
    /// # Errors
    /// When the versions cannot be offered, which no file changes.
    pub fn server(self: &Arc<Self>) -> Result<ServerConfig, Error> {
        let versions = [&rustls::version::TLS13, &rustls::version::TLS12];
        let builder = ServerConfig::builder_with_provider(provider())
            .with_protocol_versions(&versions)?
            .with_client_cert_verifier(Arc::new(Callers(Arc::clone(self))));
        let mut config = builder.with_cert_resolver(Arc::new(Ours(Arc::clone(self))));
        // A session that is taken up again would keep what an authority said that is gone by now.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(config)
    }

    fn believed(&self) -> Option<Arc<dyn ClientCertVerifier>> {
        let believed = self.believed.read();
        believed.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Shows the certificate of the day.
#[derive(Debug)]
struct Ours(Arc<Certificates>);

impl ResolvesServerCert for Ours {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let shown = self.0.shown.read();
        Some(Arc::clone(&shown.unwrap_or_else(PoisonError::into_inner)))
    }
}

/// Believes the authorities of the day. A caller may show nothing: which channel minds is decided
/// when it is known which one is called.
#[derive(Debug)]
struct Callers(Arc<Certificates>);

impl Callers {
    fn verifier(&self) -> Result<Arc<dyn ClientCertVerifier>, Error> {
        let nobody = || Error::General("no certificate is asked for".to_owned());
        self.0.believed().ok_or_else(nobody)
    }
}

impl ClientCertVerifier for Callers {
    fn offer_client_auth(&self) -> bool {
        self.0.believed().is_some()
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.verifier()?
            .verify_client_cert(end_entity, intermediates, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()?
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.verifier()?
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let schemes = |verifier: Arc<dyn ClientCertVerifier>| verifier.supported_verify_schemes();
        self.0.believed().map(schemes).unwrap_or_default()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn read(settings: &TlsSettings) -> Result<Read, TlsError> {
    let file = |file: &Path| {
        fs::read(file).map_err(|reason| TlsError::Unreadable {
            file: file.to_owned(),
            reason,
        })
    };
    let certificate = file(&settings.certificate_file)?;
    let key = file(&settings.key_file)?;
    let authorities = settings.client_ca_file.as_deref().map(file).transpose()?;
    let mut hash = Sha256::new();
    for part in [Some(&certificate), Some(&key), authorities.as_ref()] {
        let part = part.map_or(&[][..], Vec::as_slice);
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    Ok(Read {
        hash: hash.finalize().into(),
        certificate,
        key,
        authorities,
    })
}

/// The certificates of a file, at least one.
fn certificates(file: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(TlsError::wrong(file, "holds no certificate: write PEM")),
        Err(error) => Err(TlsError::wrong(file, format!("is not PEM: {error}"))),
    }
}

fn certified(settings: &TlsSettings, read: &Read) -> Result<Arc<CertifiedKey>, TlsError> {
    let (file, key_file) = (&settings.certificate_file, &settings.key_file);
    let chain = certificates(file, &read.certificate)?;
    // What the parser says of a key is not repeated.
    let key = PrivateKeyDer::from_pem_slice(&read.key).map_err(|_| {
        TlsError::wrong(
            key_file,
            "holds no private key: write PEM without a password",
        )
    })?;
    let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| {
        if matches!(error, Error::InconsistentKeys(_)) {
            let certificate = file.display();
            return TlsError::wrong(key_file, format!("is not the key of {certificate}"));
        }
        TlsError::wrong(file, format!("and its key cannot be used: {error}"))
    })?;
    Ok(Arc::new(certified))
}

fn verifier(
    settings: &TlsSettings,
    read: &Read,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, TlsError> {
    let (Some(file), Some(pem)) = (&settings.client_ca_file, &read.authorities) else {
        return Ok(None);
    };
    let mut roots = RootCertStore::empty();
    for authority in certificates(file, pem)? {
        roots
            .add(authority)
            .map_err(|error| TlsError::wrong(file, format!("holds no authority: {error}")))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
        .allow_unauthenticated()
        .build()
        .map_err(|error| TlsError::wrong(file, format!("cannot be used: {error}")))?;
    Ok(Some(verifier))
}
