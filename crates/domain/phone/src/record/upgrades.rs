//! The part of the record that upgrades need: a byte of flags, then what they announce.

use onhook_upgrade::{Lasting, Memory, Target, Tried};

const TRIED: u8 = 1;
const LAST: u8 = 2;
const SWITCH: u8 = 4;
const MISSED: u8 = 8;

/// Appends it: flags, the last target (rule, URL, load, result), the last result, the load of the restart under way, the load that
/// was missed.
pub(super) fn encode(memory: &Memory, out: &mut Vec<u8>) {
    let flag = |set: bool, bit: u8| if set { bit } else { 0 };
    out.push(
        flag(memory.tried.is_some(), TRIED)
            | flag(memory.last.is_some(), LAST)
            | flag(memory.switch.is_some(), SWITCH)
            | flag(memory.missed.is_some(), MISSED),
    );
    if let Some(Tried { target, result }) = memory.tried {
        let Target { rule, url, load } = target;
        out.extend([rule, url, load].iter().flat_map(|part| part.to_be_bytes()));
        out.push(result.number());
    }
    out.extend(memory.last.map(Lasting::number));
    out.extend(memory.switch.into_iter().flat_map(u64::to_be_bytes));
    out.extend(memory.missed.into_iter().flat_map(u64::to_be_bytes));
}

/// Reads it; with what stands behind it.
pub(super) fn decode(bytes: &[u8]) -> Option<(Memory, &[u8])> {
    let (flags, mut rest) = bytes.split_first()?;
    if flags & !(TRIED | LAST | SWITCH | MISSED) != 0 {
        return None;
    }
    let mut memory = Memory::default();
    if flags & TRIED != 0 {
        let target = Target {
            rule: number(&mut rest)?,
            url: number(&mut rest)?,
            load: number(&mut rest)?,
        };
        let result = lasting(&mut rest)?;
        memory.tried = Some(Tried { target, result });
    }
    if flags & LAST != 0 {
        memory.last = Some(lasting(&mut rest)?);
    }
    if flags & SWITCH != 0 {
        memory.switch = Some(number(&mut rest)?);
    }
    if flags & MISSED != 0 {
        memory.missed = Some(number(&mut rest)?);
    }
    Some((memory, rest))
}

fn number(rest: &mut &[u8]) -> Option<u64> {
    let (bytes, after) = rest.split_first_chunk::<8>()?;
    *rest = after;
    Some(u64::from_be_bytes(*bytes))
}

fn lasting(rest: &mut &[u8]) -> Option<Lasting> {
    let (byte, after) = rest.split_first()?;
    *rest = after;
    Lasting::from_number(*byte)
}
