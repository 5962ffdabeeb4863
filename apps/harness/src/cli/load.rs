//! Arguments of `load`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Args)]
pub(crate) struct LoadArgs {
    #[command(subcommand)]
    pub(crate) what: LoadCommand,
}

#[derive(Subcommand)]
pub(crate) enum LoadCommand {
    /// Make a pair of keys: a private one for `build` and `sign`, and a public one for phones.
    #[command(after_help = "Examples:\n  \
        onhook-harness load keygen -o load.key --public load.pub\n\n\
        The private key is readable by you alone and is never printed. `openssl genpkey -algorithm ed25519` makes such keys too.")]
    Keygen(KeygenArgs),
    /// Write the manifest of a load from its components, and sign it.
    #[command(after_help = "Examples:\n  \
        onhook-harness load build www/kernel.img www/rootfs.img --name sip88xx.12-0-1MPP0001-100 --key load.key\n  \
        onhook-harness load build www/rootfs.img --name lab --family sip88xx --version 12-0-1MPP0001-100 --unsigned -o www/lab.loads\n\n\
        The manifest goes beside the components, as NAME.loads; phones fetch them from there. docs/loads.md tells the format.")]
    Build(BuildArgs),
    /// Say what a load is, who signed it, and whether its components are those that were signed.
    #[command(after_help = "Examples:\n  \
        onhook-harness load inspect www/sip88xx.12-0-1MPP0001-100.loads --public load.pub\n  \
        onhook-harness load inspect fetched.loads --manifest-only --json\n\n\
        Exit status: 0 everything that was looked at is right, 1 it is not, 2 usage.")]
    Inspect(InspectArgs),
    /// Sign a manifest, in the place of the signature that it has.
    #[command(after_help = "Examples:\n  \
        onhook-harness load sign www/lab.loads --key load.key\n  \
        onhook-harness load sign lab.loads --key secrets/load.key -o signed.loads")]
    Sign(SignArgs),
}

#[derive(Args)]
pub(crate) struct KeygenArgs {
    /// The private key; a file that is there is never replaced.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// The public key, for `firmware.keys` of phones.
    #[arg(long, value_name = "FILE")]
    pub(crate) public: PathBuf,
    /// Print the name of the key as one JSON document (schema onhook.load/1).
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct BuildArgs {
    /// The components, in the order in which they lie in a slot; all in one folder.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) components: Vec<PathBuf>,
    /// The name of the load, which phones show as $SWVER.
    #[arg(long)]
    pub(crate) name: String,
    /// The family of phones; what stands before the first dot of the name if it is not given.
    #[arg(long)]
    pub(crate) family: Option<String>,
    /// The version; what stands behind the first dot of the name if it is not given.
    #[arg(long)]
    pub(crate) version: Option<String>,
    /// The security counter: phones that have run a load take none with a lower one.
    #[arg(long, default_value_t = 0)]
    pub(crate) counter: u32,
    /// The size of a block in bytes, a power of two from 4096 to 1048576.
    #[arg(long, value_name = "N", default_value_t = 262_144)]
    pub(crate) block: u32,
    /// The private key that signs.
    #[arg(long, value_name = "FILE", required_unless_present = "unsigned")]
    pub(crate) key: Option<PathBuf>,
    /// Leave the manifest without a signature: `sign` adds one.
    #[arg(long, conflicts_with = "key")]
    pub(crate) unsigned: bool,
    /// The manifest; NAME.loads beside the components if it is missing, - for standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print what the load is as one JSON document (schema onhook.load/1).
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct InspectArgs {
    /// The manifest.
    #[arg(value_name = "FILE")]
    pub(crate) manifest: PathBuf,
    /// The public keys that are trusted.
    #[arg(long, value_name = "FILE")]
    pub(crate) public: Option<PathBuf>,
    /// Do not look at the components.
    #[arg(long)]
    pub(crate) manifest_only: bool,
    /// Print the result as one JSON document (schema onhook.load/1).
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct SignArgs {
    /// The manifest.
    #[arg(value_name = "FILE")]
    pub(crate) manifest: PathBuf,
    /// The private key.
    #[arg(long, value_name = "FILE")]
    pub(crate) key: PathBuf,
    /// The signed manifest; in the place of the other if it is missing.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Print what the load is as one JSON document (schema onhook.load/1).
    #[arg(long)]
    pub(crate) json: bool,
}
