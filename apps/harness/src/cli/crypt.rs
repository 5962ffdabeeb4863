//! Arguments of `encrypt` and `decrypt`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// The digest that makes a key out of a passphrase.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DigestName {
    /// As openssl does up to 1.0.
    Md5,
    /// As openssl does since 1.1.
    Sha256,
}

#[derive(Args)]
pub(crate) struct EncryptArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Digest of the key derivation.
    #[arg(long, value_enum, default_value_t = DigestName::Sha256)]
    pub(crate) digest: DigestName,
    /// Make a body for `Content-Encoding: aes128gcm` (RFC 8188) with --ikm; --ikm alone says the same.
    #[arg(long, conflicts_with_all = ["key", "key_file", "key_env"])]
    pub(crate) rfc8188: bool,
    /// Octets of each record of RFC 8188, at least 18.
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(18..),
        conflicts_with_all = ["key", "key_file", "key_env"])]
    pub(crate) record_size: u32,
    /// Compress first.
    #[arg(long)]
    pub(crate) gzip: bool,
    /// File to encrypt; - for standard input.
    #[arg(value_name = "IN")]
    pub(crate) input: OsString,
    /// Encrypted file; - for standard output.
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: OsString,
    /// Print what was done as one JSON document (schema onhook.encrypt/1).
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct DecryptArgs {
    #[command(flatten)]
    pub(crate) key: KeyArgs,
    /// Try this digest only; then the content may be anything. Without it, content that is neither gzip nor text
    /// counts as decrypted with a wrong key.
    #[arg(long, value_enum)]
    pub(crate) digest: Option<DigestName>,
    /// Leave compressed content compressed.
    #[arg(long)]
    pub(crate) keep_gzip: bool,
    /// File to decrypt; - for standard input.
    #[arg(value_name = "IN")]
    pub(crate) input: OsString,
    /// Decrypted file, readable by you alone; standard output if it is missing or -.
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<OsString>,
    /// Print what was found as one JSON document (schema onhook.decrypt/1); the content goes to OUT or nowhere.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The passphrase of a file, or the keying material of RFC 8188, each given in one of three ways.
#[derive(Args)]
#[group(id = "secret", required = true, multiple = false)]
pub(crate) struct KeyArgs {
    /// The key, taken as text. Others on this host can see a command line: prefer --key-file or --key-env.
    #[arg(long, value_name = "K")]
    pub(crate) key: Option<OsString>,
    /// File with the key in its first and only line.
    #[arg(long, value_name = "F")]
    pub(crate) key_file: Option<PathBuf>,
    /// Environment variable with the key.
    #[arg(long, value_name = "NAME")]
    pub(crate) key_env: Option<OsString>,
    /// The value of IKM_HTTP_Encrypt_Content, for RFC 8188; base64url or base64 of 16 octets or more, else text.
    /// Others on this host can see a command line: prefer --ikm-file or --ikm-env.
    #[arg(long, value_name = "I", conflicts_with = "digest")]
    pub(crate) ikm: Option<OsString>,
    /// File with that value in its first and only line.
    #[arg(long, value_name = "F", conflicts_with = "digest")]
    pub(crate) ikm_file: Option<PathBuf>,
    /// Environment variable with that value.
    #[arg(long, value_name = "NAME", conflicts_with = "digest")]
    pub(crate) ikm_env: Option<OsString>,
}
