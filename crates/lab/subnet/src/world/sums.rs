//! What came of it, added up.

use super::World;
use crate::faults::Conduct;
use crate::queue::Micros;
use crate::report::{LoadShape, Report, SCHEMA, ServerLoad};
use crate::seat::Seat;

impl World<'_> {
    pub(super) fn report(self) -> Report {
        let honest = |seat: &&Seat| seat.conduct == Conduct::Honest;
        let seats: Vec<&Seat> = self.seats.iter().filter(honest).collect();
        let mut done: Vec<u64> = seats.iter().filter_map(|seat| seat.complete_at).collect();
        done.sort_unstable();
        let ms = |at: Option<&Micros>| at.map(|at| at.div_ceil(1000));
        let count = |is: fn(&&&Seat) -> bool| {
            u32::try_from(seats.iter().filter(is).count()).unwrap_or(u32::MAX)
        };
        let sum = |of: fn(&Seat) -> u64| seats.iter().map(|seat| of(seat)).sum();
        let octets: u64 = self.server.seconds.iter().sum();
        let size = self.load.size();
        Report {
            schema: SCHEMA.to_owned(),
            phones: u32::try_from(seats.len()).unwrap_or(u32::MAX),
            seed: self.plan.seed,
            sharing: self.plan.sharing,
            fan_out: self.plan.settings.fan_out,
            link_bits_per_second: self.plan.link,
            load: LoadShape {
                octets: size,
                blocks: self.load.count(),
                block_octets: self.plan.block,
                manifest_octets: self.plan.manifest(),
            },
            complete: count(|seat| seat.complete_at.is_some()),
            failed: count(|seat| seat.failed),
            fell_back: count(|seat| seat.fell_back),
            roots: self.roots,
            first_ms: ms(done.first()),
            half_ms: ms(done.get(seats.len().div_ceil(2).saturating_sub(1))),
            last_ms: ms(done.last().filter(|_| done.len() == seats.len())),
            blocks_from_peers: sum(|seat| seat.from_peers),
            blocks_from_server: sum(|seat| seat.from_server),
            wrong_blocks: sum(|seat| seat.wrong),
            datagrams: self.datagrams,
            most_connections: seats
                .iter()
                .map(|seat| seat.most_connections as u64)
                .max()
                .unwrap_or(0),
            spins: self.spins,
            server: ServerLoad {
                octets_per_second: self.plan.server,
                octets,
                loads: (octets as f64 / size as f64 * 1000.0).round() / 1000.0,
                most_streams: self.server.most_streams as u64,
                seconds: self.server.seconds,
            },
        }
    }
}
