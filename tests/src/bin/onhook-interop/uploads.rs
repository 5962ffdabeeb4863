//! What a phone gives to a server: reports, carried by its transports.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use async_trait::async_trait;
use onhook_device::Secret;
use onhook_fetch::port::Upload;
use onhook_fetch::{
    Endpoint, ErrorKind, FetchError, Method, Scheme, Submission, UPLOAD_LIMIT, UploadWatch,
};
use onhook_http::HttpFetch;
use onhook_system::SystemResolver;
use onhook_tests::until;
use onhook_tftp::{LocalPorts, TftpFetch};

use crate::case::{Case, check};
use crate::stage::{Serving, Stage};

/// Nothing, one block and around it for TFTP, more than the buffers of HTTP, and the most that is sent.
const LENGTHS: [usize; 6] = [0, 511, 512, 1428, 300_000, UPLOAD_LIMIT];
/// The account that servers know.
const ACCOUNT: (&str, &str) = ("phone", "s3cret");

/// For every server that takes files: its address `up`, or its first, leads to the folder.
pub(crate) const CASES: &[Case] = &[
    check("uploads of 0 bytes to 5 MiB arrive", arrive),
    check("an upload takes the place of the last", replace),
];

/// For servers of HTTP with a place that takes nothing: their address `closed`.
pub(crate) const REFUSED: &[Case] = &[check("an upload is refused", refused)];

/// The folder of a stage that a server without rights can write to.
///
/// # Errors
/// It cannot be made.
pub(crate) fn folder(stage: &Stage) -> anyhow::Result<PathBuf> {
    let folder = stage.home().join("up");
    fs::create_dir_all(&folder)?;
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777))?;
    Ok(folder)
}

fn arrive(stage: &Stage, serving: &Serving) -> anyhow::Result<()> {
    for length in LENGTHS {
        arrives(stage, serving, &format!("report-{length}.xml"), length)?;
    }
    Ok(())
}

fn replace(stage: &Stage, serving: &Serving) -> anyhow::Result<()> {
    for length in [3000, 20] {
        arrives(stage, serving, "report.xml", length)?;
    }
    Ok(())
}

/// Sends a body and looks at what the server has then.
fn arrives(stage: &Stage, serving: &Serving, name: &str, length: usize) -> anyhow::Result<()> {
    let body: Vec<u8> = (0..=250_u8).cycle().take(length).collect();
    put(&url(serving, "up", name)?, &body)
        .with_context(|| format!("an upload of {length} bytes"))?;
    let file = folder(stage)?.join(name);
    // Some servers write after they have acknowledged the last block.
    until("the bytes that were sent", || {
        let taken = fs::read(&file).ok()?;
        (taken == body).then_some(())
    })
    .with_context(|| format!("of an upload of {length} bytes"))?;
    Ok(())
}

fn refused(_stage: &Stage, serving: &Serving) -> anyhow::Result<()> {
    let url = url(serving, "closed", "report.xml")?;
    match put(&url, &[7; 300_000]) {
        Ok(()) => bail!("{url} took it"),
        Err(error) if matches!(error.kind(), ErrorKind::HttpStatus(400..500)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// The URL of a file below the address of that name, or below the first.
fn url(serving: &Serving, name: &str, file: &str) -> anyhow::Result<String> {
    let named = serving.addresses.iter().find(|(own, _)| *own == name);
    let base = match named {
        Some((_, base)) => base,
        None => serving.first()?,
    };
    Ok(format!("{base}/{file}"))
}

/// One upload, as a report would be sent.
fn put(url: &str, body: &[u8]) -> Result<(), FetchError> {
    let bad = || FetchError::new(ErrorKind::BadUrl, format!("{url} is no URL"));
    let (scheme, rest) = url.split_once("://").ok_or_else(bad)?;
    let (server, path) = rest.split_once('/').ok_or_else(bad)?;
    let (host, port) = server.split_once(':').ok_or_else(bad)?;
    let scheme: Scheme = scheme.parse().map_err(|()| bad())?;
    let (user, password) = ACCOUNT;
    let submission = Submission {
        scheme,
        host: host.to_owned(),
        port: port.parse().map_err(|_| bad())?,
        path: format!("/{path}"),
        proxy: None,
        allowed_domains: String::new(),
        user_agent: "onhook-interop".to_owned(),
        user: Some(user.into()),
        password: Some(password.into()),
        account: None,
        method: Method::Put,
        header: None,
        content_type: "application/xml".to_owned(),
        aes128gcm: false,
        body: Secret::new(body.to_vec()),
        timeout: Duration::from_secs(60),
    };
    let resolver = Arc::new(SystemResolver);
    let transport: Box<dyn Upload> = match scheme {
        Scheme::Tftp => Box::new(TftpFetch::new(resolver, LocalPorts::ephemeral())),
        Scheme::Http | Scheme::Https => Box::new(HttpFetch::new(resolver, 1)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| FetchError::new(ErrorKind::Cancelled, "no runtime").with_source(error))?;
    let done = runtime.block_on(transport.put(&submission, &mut Unwatched));
    done.map(|_endpoint| ())
}

/// Nobody wants to know.
struct Unwatched;

#[async_trait]
impl UploadWatch for Unwatched {
    async fn started(&mut self, _endpoint: Endpoint) {}
}
