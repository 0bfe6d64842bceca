//! A connection: to the host or its proxy, through a tunnel where it is encrypted, then TLS.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::client::proxy::matcher::Intercept;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::OutboundError;
use super::authorities::trust;
use super::error::Shared;
use super::proxy::{Proxies, open_tunnel, place};

/// How long a connection may take to open, tunnel and handshake included.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens connections for the client.
#[derive(Clone, Debug)]
pub(super) struct Connector {
    plain: HttpConnector,
    proxies: Arc<Proxies>,
    tls: Arc<OnceLock<Arc<ClientConfig>>>,
}

impl Connector {
    pub(super) fn new(proxies: Arc<Proxies>) -> Self {
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_nodelay(true);
        Self { plain, proxies, tls: Arc::default() }
    }

    async fn open(mut self, to: Uri) -> Result<Stream, OutboundError> {
        let encrypted = to.scheme_str() == Some("https");
        let (mut io, proxied) = match self.proxies.of(&to) {
            None => (self.reach(&to).await.map_err(|source| cannot_connect(&to, source))?, false),
            Some(proxy) => {
                let mut io = self.reach_proxy(&proxy).await?;
                if encrypted {
                    open_tunnel(&mut io, &proxy, &to).await?;
                }
                (io, !encrypted)
            }
        };
        if encrypted {
            io = self.encrypt(io, &to).await?;
        }
        Ok(Stream { io: TokioIo::new(io), proxied })
    }

    async fn reach_proxy(&mut self, proxy: &Intercept) -> Result<Box<dyn Io>, OutboundError> {
        let at = proxy.uri();
        let io = self
            .reach(at)
            .await
            .map_err(|source| OutboundError::ConnectToProxy { proxy: place(at), source })?;
        match at.scheme_str() {
            Some("https") => self.encrypt(io, at).await,
            _ => Ok(io),
        }
    }

    async fn reach(
        &mut self,
        to: &Uri,
    ) -> Result<Box<dyn Io>, Box<dyn std::error::Error + Send + Sync>> {
        std::future::poll_fn(|context| self.plain.poll_ready(context)).await?;
        Ok(Box::new(self.plain.call(to.clone()).await?.into_inner()))
    }

    async fn encrypt(&self, io: Box<dyn Io>, to: &Uri) -> Result<Box<dyn Io>, OutboundError> {
        let config = match self.tls.get() {
            Some(config) => Arc::clone(config),
            None => {
                let config = trust()?;
                Arc::clone(self.tls.get_or_init(|| config))
            }
        };
        let host = to.host().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let name = ServerName::try_from(host).map_err(|error| OutboundError::Tls {
            to: place(to),
            source: io::Error::other(error),
        })?;
        match TlsConnector::from(config).connect(name, io).await {
            Ok(stream) => Ok(Box::new(stream)),
            Err(source) if unknown_authority(&source) => {
                Err(OutboundError::UnknownAuthority { to: place(to) })
            }
            Err(source) => Err(OutboundError::Tls { to: place(to), source }),
        }
    }
}

fn cannot_connect(to: &Uri, source: Box<dyn std::error::Error + Send + Sync>) -> OutboundError {
    OutboundError::Connect { to: place(to), source }
}

fn unknown_authority(error: &io::Error) -> bool {
    let cause = error.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
    matches!(
        cause,
        Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer))
    )
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Shared;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Shared>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Shared>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connector = self.clone();
        Box::pin(async move {
            let too_slow = OutboundError::TooSlow { to: place(&to), seconds: PATIENCE.as_secs() };
            let opened = tokio::time::timeout(PATIENCE, connector.open(to)).await;
            opened.unwrap_or(Err(too_slow)).map_err(Shared::from)
        })
    }
}

/// Bytes in both directions, whatever is below.
trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// An open connection.
pub(super) struct Stream {
    io: TokioIo<Box<dyn Io>>,
    /// Whether requests on it go to a proxy, which wants whole addresses.
    proxied: bool,
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new().proxy(self.proxied)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}
