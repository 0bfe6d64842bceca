//! `overlift healthcheck`: asks a running service how it is, where there is no shell to ask with.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;

use super::outcome::{Outcome, Result};

const DEFAULT_LISTEN: &str = "127.0.0.1:8080";

/// What we wait for connecting, and for the answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks the service on this machine whether it is well; exit code 0 if it is, else 2.
#[derive(Debug, Args)]
pub(super) struct HealthcheckArguments {
    /// Address that the service listens on [default: 127.0.0.1:8080].
    #[arg(long, env = "OVERLIFT_LISTEN", value_name = "HOST:PORT")]
    listen: Option<String>,
    /// Ask whether it takes deliveries, not only whether it is alive.
    #[arg(long)]
    ready: bool,
}

/// Runs the command.
pub(super) fn run(arguments: &HealthcheckArguments) -> Result {
    let listen = arguments.listen.as_deref().unwrap_or(DEFAULT_LISTEN);
    let address = reachable(listen)?;
    let path = if arguments.ready { "/readyz" } else { "/healthz" };
    let answer = ask(address, path).with_context(|| format!("no answer from {address}"))?;
    match answer.split(' ').nth(1) {
        Some("200") => Ok(Outcome::Done),
        status => {
            let status = status.unwrap_or("nothing");
            Err(anyhow::anyhow!("{address}{path} answers {status}").into())
        }
    }
}

/// Where to connect for an address to listen on: all interfaces are reached by this machine's own.
fn reachable(listen: &str) -> anyhow::Result<SocketAddr> {
    let unusable = || format!("`{listen}` is no address");
    let mut address =
        listen.to_socket_addrs().with_context(unusable)?.next().with_context(unusable)?;
    if address.ip().is_unspecified() {
        let here = if address.is_ipv6() { "::1" } else { "127.0.0.1" };
        address.set_ip(here.parse().expect("a fixed address is one"));
    }
    Ok(address)
}

fn ask(address: SocketAddr, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nhost: overlift\r\nconnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(4096).read_to_string(&mut answer)?;
    Ok(answer)
}
