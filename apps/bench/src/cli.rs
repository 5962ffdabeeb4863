//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

/// Measures our code beside other programs.
#[derive(Parser)]
#[command(
    name = "onhook-bench",
    version,
    after_help = "Examples:\n  onhook-bench list\n  onhook-bench run resync-pipeline --peers --json result.json"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Names all benchmarks.
    #[command(after_help = "Examples:\n  onhook-bench list")]
    List,
    /// Runs benchmarks, all of them if none is named.
    #[command(after_help = "Examples:\n  onhook-bench run\n  \
        onhook-bench run resync-pipeline --peers --json result.json\n  \
        onhook-bench run --peers --html result.html")]
    Run {
        /// The benchmarks.
        names: Vec<String>,
        /// Writes the result as JSON to this file, `-` for standard output.
        #[arg(long, value_name = "FILE")]
        json: Option<PathBuf>,
        /// Writes the result as one page with bars, which asks for no other file.
        #[arg(long, value_name = "FILE")]
        html: Option<PathBuf>,
        /// Measures other programs too, as far as they are installed.
        #[arg(long)]
        peers: bool,
        /// Rounds of measuring; ours and the peers take turns.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(5..))]
        rounds: u32,
    },
    /// Writes the file that a benchmark works on, to try other programs by hand; its key is SecretPhrase1234.
    #[command(after_help = "Examples:\n  onhook-bench file resync-pipeline profile.cfg")]
    File {
        /// The benchmark.
        name: String,
        /// Where to write it.
        path: PathBuf,
    },
    /// Does the work of a benchmark once and prints counts: the whole-process side of a comparison.
    #[command(after_help = "Examples:\n  onhook-bench once resync-pipeline profile.cfg")]
    Once {
        /// The benchmark.
        name: String,
        /// The file to work on; made up if it is not given.
        file: Option<PathBuf>,
    },
    /// Asks for the status page of a phone at a steady rate and looks whether its memory stays and its resyncs are on time.
    #[command(
        after_help = "Examples:\n  onhook-bench soak\n  onhook-bench soak --rate 200 --seconds 60"
    )]
    Soak {
        /// The program of the phone; the one beside this program if it is not given.
        #[arg(long, value_name = "FILE")]
        agent: Option<PathBuf>,
        /// Requests a second.
        #[arg(long, default_value_t = 200)]
        rate: u32,
        /// How long.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Counts the instructions of some benchmarks (valgrind) and compares them with those that are written down: exit status 1 if one differs.
    #[command(after_help = "Examples:\n  onhook-bench gate\n  onhook-bench gate --write")]
    Gate {
        /// Where they are written down.
        #[arg(
            long,
            value_name = "FILE",
            default_value = "apps/bench/instructions.json"
        )]
        baseline: PathBuf,
        /// Writes them down.
        #[arg(long)]
        write: bool,
    },
    /// Does the work of a benchmark so many times: whose instructions are counted.
    #[command(hide = true)]
    Work { name: String, times: u32 },
    /// Fetches a file over TFTP and throws it away: what the benchmarks of TFTP time.
    #[command(hide = true)]
    Get {
        server: SocketAddr,
        file: String,
        block_size: u16,
        /// Blocks for one acknowledgement.
        #[arg(default_value_t = 1)]
        window: u16,
    },
    /// Serves a folder over TFTP with the server of the lab: the other end of what the benchmarks of TFTP time.
    #[command(hide = true)]
    Serve { root: PathBuf },
    /// Fetches a URL again and again for some seconds: what the benchmarks of HTTP time.
    #[command(hide = true)]
    Load {
        url: String,
        seconds: f64,
        ca: Option<PathBuf>,
    },
}
