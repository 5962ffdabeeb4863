//! Arguments of `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
pub(crate) struct ServeArgs {
    /// Directory to serve.
    #[arg(long, value_name = "DIR")]
    pub(crate) root: PathBuf,
    /// Where HTTP listens: ADDRESS:PORT, or off.
    #[arg(long, value_name = "A", default_value = "127.0.0.1:8000", value_parser = listen)]
    pub(crate) http: Listen,
    #[command(flatten)]
    pub(crate) tls: TlsArgs,
    /// Where TFTP listens (UDP): ADDRESS:PORT, or off.
    #[arg(long, value_name = "A", default_value = "off", value_parser = listen)]
    pub(crate) tftp: Listen,
    #[command(flatten)]
    pub(crate) tftp_uploads: UploadArgs,
    /// Where the syslog sink listens (UDP and TCP): ADDRESS:PORT, or off.
    #[arg(long, value_name = "A", default_value = "off", value_parser = listen)]
    pub(crate) syslog: Listen,
    /// Append one line per request to a file.
    #[arg(long, value_name = "FILE")]
    pub(crate) access_log: Option<PathBuf>,
    /// Do something wrong, for example status=503,path=*.xml,times=2; repeatable, the first that a request meets decides.
    #[arg(long, value_name = "SPEC")]
    pub(crate) fault: Vec<String>,
    /// What faults draw depends on it and on the order of the requests.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Show requests, phones and syslog lines in place, instead of line by line; needs a terminal.
    #[arg(long, conflicts_with = "json")]
    pub(crate) live: bool,
    /// Print events as JSON, one object a line (schema onhook.serve-event/1).
    #[arg(long)]
    pub(crate) json: bool,
}

/// What TFTP clients of `serve` may write.
#[derive(Args)]
pub(crate) struct UploadArgs {
    /// Let TFTP clients write new files into folders below DIR, of at most --tftp-upload-limit bytes.
    #[arg(long, requires = "tftp")]
    pub(crate) tftp_uploads: bool,
    /// Let them replace files too.
    #[arg(long, requires = "tftp_uploads")]
    pub(crate) tftp_overwrite: bool,
    /// Largest file that they may write, in bytes.
    #[arg(
        long,
        value_name = "BYTES",
        default_value_t = 5 << 20,
        requires = "tftp_uploads"
    )]
    pub(crate) tftp_upload_limit: u64,
}

/// HTTPS of `serve`.
#[derive(Args)]
pub(crate) struct TlsArgs {
    /// Where HTTPS listens: ADDRESS:PORT, or off.
    #[arg(long, value_name = "A", default_value = "off", value_parser = listen)]
    pub(crate) https: Listen,
    /// PEM file with the certificate of the server, and after it those below its root; without it an authority and a
    /// certificate are made.
    #[arg(long, value_name = "FILE", requires_all = ["https", "tls_key"])]
    pub(crate) tls_cert: Option<PathBuf>,
    /// PEM file with its private key.
    #[arg(long, value_name = "FILE", requires_all = ["https", "tls_cert"])]
    pub(crate) tls_key: Option<PathBuf>,
    /// A host name or address for the certificate that is made, besides this host and the address of A; repeatable.
    #[arg(
        long,
        value_name = "NAME",
        requires = "https",
        conflicts_with = "tls_cert"
    )]
    pub(crate) tls_name: Vec<String>,
    /// Write the certificate of the authority that is made, which phones must trust, to a PEM file.
    #[arg(
        long,
        value_name = "FILE",
        requires = "https",
        conflicts_with = "tls_cert"
    )]
    pub(crate) tls_ca_out: Option<PathBuf>,
    /// PEM file with the authorities of client certificates; phones without one of theirs are refused.
    #[arg(long, value_name = "FILE", requires = "https")]
    pub(crate) client_ca: Option<PathBuf>,
}

/// Where to listen; `None` for not at all.
#[derive(Clone, Copy)]
pub(crate) struct Listen(pub(crate) Option<SocketAddr>);

fn listen(text: &str) -> Result<Listen, String> {
    if text == "off" {
        return Ok(Listen(None));
    }
    text.parse()
        .map(|address| Listen(Some(address)))
        .map_err(|_| {
            "write an IP address and a port, for example 127.0.0.1:8000 or [::1]:8000, or off"
                .to_owned()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_numbers_or_off() {
        assert_eq!(listen("off").unwrap().0, None);
        assert_eq!(
            listen("[::1]:0").unwrap().0,
            Some("[::1]:0".parse().unwrap())
        );
        for text in ["", "8000", "localhost:8000", "127.0.0.1", "127.0.0.1:99999"] {
            assert!(listen(text).is_err(), "{text}");
        }
    }
}
