//! `serve`: a directory over HTTP, HTTPS and TFTP, and a syslog sink.

mod format;
mod live;

use std::fs::{self, Permissions};
use std::io::IsTerminal as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use onhook_prov_server::{
    Certificate, Config, Events, Existing, Fault, Https, Limits, Running, Server, TftpUploads,
};
use tokio::runtime::Builder;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::cli::serve::{ServeArgs, TlsArgs, UploadArgs};
use crate::failure::Done;
use crate::output;
use crate::serve::format::Format;
use crate::serve::live::{Screen, View};
use crate::stop::StopSignals;

/// How long the last lines may take; with the grace period of the server it stays within 2 s.
const LAST_LINES: Duration = Duration::from_millis(500);

/// Serves until it is told to end, or until nobody reads its output.
pub(crate) fn serve(args: ServeArgs) -> Done {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let done = runtime.block_on(run(args));
    // A write to a terminal that is stopped must not hold up the end.
    runtime.shutdown_background();
    done
}

async fn run(args: ServeArgs) -> Done {
    if args.live {
        needs_terminal()?;
    }
    let mut signals = StopSignals::catch()?;
    let root = args.root.clone();
    let authority_file = args.tls.tls_ca_out.clone();
    let mut running = Server::start(Config {
        root: args.root,
        http: args.http.0,
        https: https(args.tls),
        tftp: args.tftp.0,
        tftp_uploads: uploads(&args.tftp_uploads),
        syslog: args.syslog.0,
        access_log: args.access_log,
        heads: false,
        faults: faults(&args.fault)?,
        seed: args.seed,
        limits: Limits::default(),
    })
    .await?;
    if let (Some(path), Some(authority)) = (authority_file, running.authority()) {
        write_authority(&path, authority)?;
    }
    let format = if args.json {
        Format::Json
    } else {
        Format::Text
    };
    let mut printing = if args.live {
        let view = View::new(&root, &listening(&running));
        tokio::spawn(live::show(running.events(), view, Screen::enter()?))
    } else {
        output::print(&format.listening(&running, &root)?)?;
        tokio::spawn(print_all(running.events(), format))
    };
    let reader_left = tokio::select! {
        () = signals.first() => false,
        _ = &mut printing => true,
    };
    running.stop().await;
    if !reader_left {
        // Lines that nobody takes in time are given up.
        let _ = timeout(LAST_LINES, printing).await;
    }
    Ok(ExitCode::SUCCESS)
}

/// Reads what --fault says.
fn faults(texts: &[String]) -> anyhow::Result<Vec<Fault>> {
    let read = |text: &String| text.parse().with_context(|| format!("--fault {text}"));
    texts.iter().map(read).collect()
}

/// A screen that is drawn again and again is of no use in a file.
fn needs_terminal() -> anyhow::Result<()> {
    if !std::io::stdout().is_terminal() {
        bail!("--live needs a terminal: leave it out for one line per event, or take --json");
    }
    Ok(())
}

/// What listens where.
fn listening(running: &Running) -> Vec<(&'static str, String)> {
    let all = [
        ("http", running.http_addr()),
        ("https", running.https_addr()),
        ("tftp", running.tftp_addr()),
        ("syslog", running.syslog_addr()),
    ];
    all.into_iter()
        .filter_map(|(name, address)| Some((name, address?.to_string())))
        .collect()
}

fn uploads(args: &UploadArgs) -> Option<TftpUploads> {
    let existing = if args.tftp_overwrite {
        Existing::IsReplaced
    } else {
        Existing::Stays
    };
    args.tftp_uploads.then_some(TftpUploads {
        existing,
        limit: args.tftp_upload_limit,
    })
}

fn https(args: TlsArgs) -> Option<Https> {
    let certificate = match (args.tls_cert, args.tls_key) {
        (Some(certificate), Some(key)) => Certificate::Files { certificate, key },
        _ => Certificate::Made {
            names: args.tls_name,
        },
    };
    Some(Https {
        address: args.https.0?,
        certificate,
        client_ca: args.client_ca,
    })
}

/// Writes a certificate, which is no secret, for others to read.
fn write_authority(path: &Path, pem: &str) -> anyhow::Result<()> {
    let written = fs::write(path, pem)
        .and_then(|()| fs::set_permissions(path, Permissions::from_mode(0o644)));
    written.with_context(|| {
        format!(
            "cannot write the certificate of the authority to {}",
            path.display()
        )
    })
}

/// Prints events until there are no more, or nobody reads them.
async fn print_all(mut events: Events, format: Format) {
    while let Some(event) = events.next().await {
        let Ok(line) = format.event(&event) else {
            return;
        };
        // Writing may block for as long as the reader likes; the server goes on meanwhile.
        let printed = spawn_blocking(move || output::print_line(&line)).await;
        if !matches!(printed, Ok(Ok(()))) {
            return;
        }
    }
}
