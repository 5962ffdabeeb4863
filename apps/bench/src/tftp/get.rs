//! Our side as a whole process: a fetch whose bytes are thrown away, and the server of the lab.

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use async_trait::async_trait;
use onhook_fetch::port::{Fetch, ResolveError, Resolver};
use onhook_fetch::{BodySink, Endpoint, Head, Refused, Request, Scheme};
use onhook_prov_server::{Config, Server};
use onhook_tftp::{LocalPorts, Offer, TftpFetch};

/// Serves a folder over TFTP until it is killed, and says where.
pub(crate) fn serve(root: PathBuf) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting")?;
    runtime.block_on(async {
        let mut config = Config::local(root);
        config.http = None;
        config.tftp = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let running = Server::start(config).await?;
        let address = running.tftp_addr().context("no listener")?;
        writeln!(std::io::stdout(), "{address}")?;
        std::future::pending::<()>().await;
        drop(running);
        Ok(())
    })
}

/// Fetches a file once and throws it away: what the benchmark times.
pub(crate) fn get(
    server: SocketAddr,
    file: &str,
    block_size: u16,
    window: u16,
) -> anyhow::Result<()> {
    let offer = Offer {
        block_size,
        window,
        ..Offer::default()
    };
    let transport = TftpFetch::with_offer(Arc::new(NoNames), LocalPorts::ephemeral(), offer);
    let request = Request {
        scheme: Scheme::Tftp,
        host: server.ip().to_string(),
        port: server.port(),
        path: format!("/{file}"),
        service: None,
        proxy: None,
        allowed_domains: String::new(),
        user_agent: String::new(),
        user: None,
        password: None,
        account: None,
        post: None,
        part: None,
        limit: 1 << 40,
        timeout: Duration::from_secs(600),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting")?;
    let fetched = runtime.block_on(transport.get(&request, &mut Nowhere));
    fetched.map(drop).context("fetching")
}

pub(crate) struct NoNames;

#[async_trait]
impl Resolver for NoNames {
    async fn resolve(&self, host: &str) -> Result<Vec<std::net::IpAddr>, ResolveError> {
        match host.parse() {
            Ok(address) => Ok(vec![address]),
            Err(_) => Err(ResolveError::NoAddress(None)),
        }
    }
}

pub(crate) struct Nowhere;

#[async_trait]
impl BodySink for Nowhere {
    async fn started(&mut self, _endpoint: Endpoint) {}

    fn head(&mut self, _head: &Head) {}

    fn chunk(&mut self, _bytes: &[u8]) -> Result<(), Refused> {
        Ok(())
    }
}
