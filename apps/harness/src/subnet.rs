//! `subnet`: phones of one subnet that fetch the same load, in virtual time.

use std::process::ExitCode;

use anyhow::{Context, anyhow};
use onhook_subnet::{Conduct, Faults, Report, Subnet, bits_per_second, octets, octets_per_second};
use onhook_upgrade::sharing::Settings;

use crate::cli::subnet::SubnetArgs;
use crate::failure::{Done, FAILED};
use crate::output;
use crate::output::Readers;

/// Simulates a subnet.
pub(crate) fn subnet(args: &SubnetArgs) -> Done {
    let report = plan(args)?.run()?;
    if let Some(out) = &args.out {
        output::write(out, report.to_json()?.as_bytes(), Readers::Everybody)?;
    }
    if args.out.as_ref().is_none_or(|out| out != "-") {
        output::print(&summary(&report))?;
    }
    Ok(if report.complete == report.phones {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

fn plan(args: &SubnetArgs) -> anyhow::Result<Subnet> {
    let block = octets(&args.block_size).context("--block-size")?;
    if args.liars > 0 && args.liars >= args.phones {
        return Err(anyhow!(
            "--liars: leave at least one phone that does not lie"
        ));
    }
    Ok(Subnet {
        phones: args.phones,
        load: octets(&args.load_size).context("--load-size")?,
        block: u32::try_from(block).unwrap_or(u32::MAX),
        server: octets_per_second(&args.server).context("--server")?,
        link: bits_per_second(&args.link).context("--link")?,
        sharing: !args.no_sharing,
        within: args.within,
        seed: args.seed,
        settings: Settings {
            fan_out: args.fan_out,
            ..Settings::default()
        },
        faults: Faults {
            loss: args.loss * 10,
            conduct: (0..args.liars)
                .map(|phone| (phone, Conduct::Liar))
                .collect(),
            root_dies_at: args.root_dies,
            root_stalls_at: args.root_stalls,
            ..Faults::default()
        },
    })
}

fn summary(report: &Report) -> String {
    let load = &report.load;
    let how = if report.sharing {
        format!("sharing, {} children each", report.fan_out)
    } else {
        "each for itself".to_owned()
    };
    let seconds = |ms: Option<u64>| ms.map_or_else(|| "never".to_owned(), in_seconds);
    let server = &report.server;
    let rows: Vec<String> = server
        .seconds
        .iter()
        .take(12)
        .map(|octets| megabytes(*octets))
        .collect();
    let more = if server.seconds.len() > 12 {
        " ..."
    } else {
        ""
    };
    let mut lines = vec![
        format!(
            "{} phones, {} octets in {} blocks, seed {}: {how}",
            report.phones, load.octets, load.blocks, report.seed
        ),
        format!(
            "complete: {} phones, the first after {}, half after {}, the last after {}",
            report.complete,
            seconds(report.first_ms),
            seconds(report.half_ms),
            seconds(report.last_ms)
        ),
        format!(
            "server: {} MB sent, {:.3} loads, manifests included; at most {} phones at once",
            megabytes(server.octets),
            server.loads,
            server.most_streams
        ),
        format!("server, MB in each second: {}{more}", rows.join(" ")),
    ];
    if report.sharing {
        lines.push(format!(
            "blocks: {} from peers, {} from the server, {} wrong ones thrown away",
            report.blocks_from_peers, report.blocks_from_server, report.wrong_blocks
        ));
        lines.push(format!(
            "roots: {}; fell back to the server: {}; datagrams: {}; most connections of a phone: {}",
            report.roots, report.fell_back, report.datagrams, report.most_connections
        ));
    }
    if report.failed > 0 {
        lines.push(format!(
            "failed, or without power: {} phones",
            report.failed
        ));
    }
    lines.join("\n") + "\n"
}

fn in_seconds(ms: u64) -> String {
    format!("{}.{:03} s", ms / 1000, ms % 1000)
}

fn megabytes(octets: u64) -> String {
    format!("{}.{}", octets / 1_000_000, octets / 100_000 % 10)
}
