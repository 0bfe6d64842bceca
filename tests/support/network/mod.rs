//! A company's network: a proxy that writes down who asked for what, and a front with a certificate of
//! the company's own authority.
//!
//! `authority.pem` and `server.pem` are for tests, end in a hundred years, and name `ghe.example`,
//! `pypi.example`, `localhost` and `127.0.0.1`. The authority's key was thrown away.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// What `SSL_CERT_FILE` has to name.
pub const AUTHORITY_FILE: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/network/authority.pem");
/// The name of the same in a folder of OpenSSL's kind.
pub const AUTHORITY_HASH: &str = "6251df25.0";

/// Takes encrypted connections and hands what is in them to `upstream`, `http://HOST:PORT…`.
pub async fn encrypt(upstream: &str) -> SocketAddr {
    let upstream = address_of(upstream);
    let certificate = CertificateDer::from_pem_slice(include_bytes!("server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("server.key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut upstream = TcpStream::connect(upstream).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut upstream).await;
            });
        }
    });
    address
}

/// Host and port of an address with a scheme.
pub fn address_of(url: &str) -> SocketAddr {
    url.split('/').nth(2).unwrap().parse().unwrap()
}

/// A proxy of the usual kind. It leads every name to one place: no test asks a real name server.
pub struct Proxy {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// `leads_to` is where tunnels and requests go; `password` is what it wants to hear, as `NAME:PASSWORD`
    /// in Base64.
    pub async fn start(leads_to: SocketAddr, password: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let notes = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, leads_to, password, Arc::clone(&notes)));
            }
        });
        Self { address, asked }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The request lines that it has seen, without the protocol's version.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(
    mut client: TcpStream,
    leads_to: SocketAddr,
    password: Option<&'static str>,
    notes: Arc<Mutex<Vec<String>>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else { return };
        head.push(byte);
    }
    let text = String::from_utf8(head.clone()).unwrap();
    let line = text.lines().next().unwrap().rsplit_once(' ').unwrap().0.to_owned();
    notes.lock().unwrap().push(line.clone());
    if let Some(password) = password
        && !text
            .to_ascii_lowercase()
            .contains(&format!("proxy-authorization: basic {password}").to_ascii_lowercase())
    {
        let refusal = b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n";
        let _ = client.write_all(refusal).await;
        return;
    }
    let mut upstream = TcpStream::connect(leads_to).await.unwrap();
    if line.starts_with("CONNECT ") {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
    } else {
        // The whole address stays in the request line; servers have to understand that (RFC 9112, 3.2.2).
        upstream.write_all(&head).await.unwrap();
    }
    let _ = copy_bidirectional(&mut client, &mut upstream).await;
}
