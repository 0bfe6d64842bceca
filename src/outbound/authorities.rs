//! Whom we trust to sign certificates: the system's authorities, or those of `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` in their place, as OpenSSL, Go and curl do.
//!
//! They are read when the first encrypted connection opens: some hundred files, which a command that
//! asks nobody need not pay for.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::OutboundError;

/// Settings of encrypted connections.
///
/// # Errors
/// [`OutboundError::Authorities`] if the variables name nothing that can be read. A system without any
/// (an image from `scratch`) has Mozilla's, which come with the program.
pub(super) fn trust() -> Result<Arc<ClientConfig>, OutboundError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (good, _) = roots.add_parsable_certificates(found.certs);
    if good == 0 {
        if let Some(name) = named() {
            let why = found.errors.first().map(|error| format!(": {error}")).unwrap_or_default();
            return Err(OutboundError::Authorities(format!("{name} names none{why}")));
        }
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has the usual protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

/// The variable that was to name authorities.
fn named() -> Option<&'static str> {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .into_iter()
        .find(|name| super::proxy::variable(name).is_some())
}
