//! What phones do that do not behave, as far as no machine does it.

use onhook_schedule::{Purpose, draw};
use onhook_upgrade::sharing::{DATAGRAM, Datagram, Kind, NodeId, SharedLoad};

/// A root that is none: nobody is better, and nothing comes of it.
pub(crate) fn pretence(load: &SharedLoad) -> [u8; DATAGRAM] {
    says(load, Kind::Root, 0, load.count()).encode()
}

/// Something that a flooder sends: a sound datagram, or one with a bit turned.
pub(crate) fn rubbish(load: &SharedLoad, seed: u64, number: u64) -> [u8; DATAGRAM] {
    let chance = |n: u64| {
        draw(
            seed,
            Purpose::Sharing,
            number.wrapping_mul(16).wrapping_add(n),
        )
    };
    let kind = match chance(0) % 4 {
        0 => Kind::Seek,
        1 => Kind::Offer,
        2 => Kind::Root,
        _ => Kind::Leave,
    };
    let held = u32::try_from(chance(2) % u64::from(load.count())).unwrap_or_default();
    let mut bytes = says(load, kind, chance(1), held).encode();
    let at = usize::try_from(chance(3) % (2 * DATAGRAM as u64)).unwrap_or_default();
    if let Some(octet) = bytes.get_mut(at) {
        *octet ^= 1 << (chance(4) % 8);
    }
    bytes
}

fn says(load: &SharedLoad, kind: Kind, node: u64, held: u32) -> Datagram {
    Datagram {
        kind,
        depth: 0,
        places: u8::MAX,
        load: load.id(),
        node: NodeId(node),
        held,
        total: load.count(),
    }
}
