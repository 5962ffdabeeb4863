//! One question to one name server after the other.

use std::net::SocketAddr;
use std::time::Duration;

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, Record, RecordType};
use hickory_resolver::system_conf::read_system_conf;
use onhook_fetch::port::ResolveError;
use tokio::time::timeout;

/// Longest wait for one try.
const WAIT: Duration = Duration::from_secs(5);
/// Tries of each name server.
const TRIES: u32 = 2;
/// Most name servers that are asked, as the C library has it.
const MOST_SERVERS: usize = 3;
/// Most records of one answer that are taken.
pub(crate) const MOST_RECORDS: usize = 64;

/// Asks for the records of a name and takes what `take` takes of them, each once and in the order of the answer, at least one.
pub(crate) async fn ask<Taken: PartialEq>(
    servers: &[SocketAddr],
    name: &str,
    kind: RecordType,
    take: impl Fn(&RData) -> Option<Taken>,
) -> Result<Vec<Taken>, ResolveError> {
    // A name of several parts is whole; one of a single part may belong to the domain of the host.
    let name = match name.contains('.') && !name.ends_with('.') {
        true => format!("{name}."),
        false => name.to_owned(),
    };
    let resolvers = resolvers(servers).map_err(failed)?;
    let mut error = ResolveError::Silence;
    //= R-HTTP-17
    for _ in 0..TRIES {
        for resolver in &resolvers {
            let answer = match timeout(WAIT, resolver.lookup(name.as_str(), kind)).await {
                Ok(answer) => answer,
                Err(_elapsed) => Err(NetError::Timeout),
            };
            match answer.map_err(sort) {
                Ok(answer) => return read(answer.answers(), take),
                Err(none @ ResolveError::NoAddress(_)) => return Err(none),
                // Whoever says something knows more than who is silent.
                Err(ResolveError::Silence) => {}
                Err(other) => error = other,
            }
        }
    }
    Err(error)
}

/// Takes what `take` takes of the records of an answer, each once and in their order, at least one.
pub(crate) fn read<Taken: PartialEq>(
    answers: &[Record],
    take: impl Fn(&RData) -> Option<Taken>,
) -> Result<Vec<Taken>, ResolveError> {
    let mut taken = Vec::new();
    for one in answers.iter().filter_map(|record| take(&record.data)) {
        if taken.len() < MOST_RECORDS && !taken.contains(&one) {
            taken.push(one);
        }
    }
    match taken.is_empty() {
        true => Err(ResolveError::NoAddress(None)),
        false => Ok(taken),
    }
}

/// What a failure means.
fn sort(error: NetError) -> ResolveError {
    // A name that cannot be written is one that does not exist.
    let unwritable = matches!(error, NetError::Proto(_));
    if unwritable || error.is_no_records_found() {
        return ResolveError::NoAddress(Some(Box::new(error)));
    }
    match matches!(error, NetError::Timeout) {
        true => ResolveError::Silence,
        false => failed(error),
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ResolveError {
    ResolveError::Failed(error.into())
}

/// One resolver for each name server, so that each has its tries.
fn resolvers(servers: &[SocketAddr]) -> Result<Vec<TokioResolver>, NetError> {
    let (system, mut options) = match read_system_conf() {
        Ok(system) => system,
        Err(error) if servers.is_empty() => return Err(error),
        Err(_) => (ResolverConfig::default(), ResolverOpts::default()),
    };
    let (domain, search, mut chosen) = system.into_parts();
    options.timeout = WAIT;
    options.attempts = 0;
    //= R-DNS-7
    options.cache_size = 0;
    if !servers.is_empty() {
        chosen = servers.iter().map(name_server).collect();
    }
    chosen
        .into_iter()
        .take(MOST_SERVERS)
        .map(|server| {
            let config = ResolverConfig::from_parts(domain.clone(), search.clone(), vec![server]);
            let provider = TokioRuntimeProvider::default();
            TokioResolver::builder_with_config(config, provider)
                .with_options(options.clone())
                .build()
        })
        .collect()
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        connection.port = address.port();
    }
    server
}
