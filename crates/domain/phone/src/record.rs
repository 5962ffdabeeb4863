//! The versioned record of what survives a power cut besides the parameters.

use onhook_discovery::Customization;
use onhook_params::{Secrecy, ValueId, Values};
use onhook_upgrade::Memory;
use thiserror::Error;

mod history;
mod upgrades;

use history::ENTRY_LEN;
pub use history::{RebootEntry, RebootReason};

/// A resync that somebody asked for before a restart, and that follows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Pending {
    /// With the configured rules.
    Configured,
    /// With the rule of the action URL in Resync_Trigger_1 or 2.
    TriggerUrl(u8),
}

impl Pending {
    const fn number(pending: Option<Self>) -> u8 {
        match pending {
            None => 0,
            Some(Self::Configured) => 1,
            Some(Self::TriggerUrl(number)) => 1 + number,
        }
    }

    const fn from_number(number: u8) -> Option<Option<Self>> {
        match number {
            0 => Some(None),
            1 => Some(Some(Self::Configured)),
            2 | 3 => Some(Some(Self::TriggerUrl(number - 1))),
            _ => None,
        }
    }
}

/// Restarts that one profile has led to, one after the other (R-SM-28).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RestartsInARow {
    /// What the profile sets, as a number.
    pub profile: u64,
    /// How many, up to 3.
    pub count: u8,
    /// Seconds between the last three of them, the last span behind; 65535 stands for more.
    pub between_s: [u16; 2],
}

/// What a phone remembers over a power cut.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct StateRecord {
    /// Whether a resync has succeeded since factory reset.
    pub provisioned: bool,
    /// Set before a restart, cleared by the boot that follows it.
    pub restarting: Option<RebootReason>,
    /// Set before a restart that a resync follows, cleared when that starts.
    pub pending: Option<Pending>,
    /// How the phone was brought up; only of one that may search.
    pub customization: Customization,
    /// The restarts that one profile has led to in a row.
    pub restarts: Option<RestartsInARow>,
    /// The server that delivered the last profile (R-UPG-2); whoever keeps the record counts one use.
    pub server: Option<ValueId>,
    /// The server that the network named when a resync last succeeded (R-DHCP-7); whoever keeps the record counts one use.
    pub network: Option<ValueId>,
    /// What is remembered of upgrades.
    pub upgrades: Memory,
    /// Newest first.
    pub history: [Option<RebootEntry>; 5],
}

/// The bytes are no record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum RecordError {
    /// Written by a newer program.
    #[error(
        "the state record has version {0}, this program reads up to version 4: start a newer program, or reset the state"
    )]
    Version(u8),
    /// Not a record at all.
    #[error("the state record is damaged at byte {0}: reset the state")]
    Damaged(usize),
}

const VERSION: u8 = 4;
/// Longest host that is kept, the longest name there is.
const HOST_LIMIT: usize = 253;

impl StateRecord {
    /// Encodes version 4: version, provisioned, restarting, pending, customization, restarts in a row (count, profile and the two spans;
    /// only the count if that is 0), the servers of profiles and of the network (length and text each), what is remembered of upgrades, then per entry of the history reason,
    /// clock flag, Unix seconds and offset, all big-endian.
    #[must_use]
    pub fn encode(&self, values: &Values) -> Vec<u8> {
        let mut out = vec![
            VERSION,
            u8::from(self.provisioned),
            self.restarting.map_or(0, RebootReason::number),
            Pending::number(self.pending),
            self.customization.number(),
            self.restarts.map_or(0, |row| row.count),
        ];
        if let Some(row) = self.restarts.filter(|row| row.count > 0) {
            out.extend(row.profile.to_be_bytes());
            out.extend(row.between_s.iter().flat_map(|span| span.to_be_bytes()));
        }
        for host in [self.server, self.network] {
            let host = host.map_or("", |host| values.text(host));
            let kept = u8::try_from(host.len()).ok();
            let kept = kept.filter(|length| usize::from(*length) <= HOST_LIMIT);
            out.push(kept.unwrap_or(0));
            out.extend(host.bytes().take(kept.map_or(0, usize::from)));
        }
        upgrades::encode(&self.upgrades, &mut out);
        for entry in self.history.iter().flatten() {
            entry.put(&mut out);
        }
        out
    }

    /// Decodes what [`StateRecord::encode`] gave; version 3, which had neither servers nor upgrades; version 2, which had neither customization nor
    /// restarts in a row; and version 1, which had no `pending` either. The texts of servers count one use each, which passes to the caller.
    ///
    /// # Errors
    /// Another version, or bytes that are no record.
    pub fn decode(bytes: &[u8], values: &mut Values) -> Result<Self, RecordError> {
        let damaged = RecordError::Damaged;
        let (head, rest) = bytes.split_first_chunk::<3>().ok_or(damaged(bytes.len()))?;
        let [version, provisioned, restarting] = *head;
        let (pending, rest) = match version {
            1 => (0, rest),
            2..=VERSION => rest
                .split_first()
                .map(|(pending, rest)| (*pending, rest))
                .ok_or(damaged(bytes.len()))?,
            _ => return Err(RecordError::Version(version)),
        };
        let here = |rest: &[u8]| damaged(bytes.len() - rest.len());
        let (customization, restarts, rest) = match version {
            1 | 2 => (Customization::Open, None, rest),
            _ => {
                let (number, rest) = rest.split_first().ok_or(here(rest))?;
                let customization = Customization::from_number(*number)
                    .ok_or(damaged(bytes.len() - rest.len() - 1))?;
                let (row, rest) = restarts(rest).ok_or(here(rest))?;
                (customization, row, rest)
            }
        };
        let ([server, network], upgrades, entries) = match version {
            1..=3 => ([""; 2], Memory::default(), rest),
            _ => {
                let (server, after) = host(rest).ok_or(here(rest))?;
                let (network, after) = host(after).ok_or(here(after))?;
                let (upgrades, after) = upgrades::decode(after).ok_or(here(after))?;
                ([server, network], upgrades, after)
            }
        };
        let start = bytes.len() - entries.len();
        let mut record = Self {
            provisioned: flag(provisioned).ok_or(damaged(1))?,
            restarting: match restarting {
                0 => None,
                n => Some(RebootReason::from_number(n).ok_or(damaged(2))?),
            },
            pending: Pending::from_number(pending).ok_or(damaged(3))?,
            customization,
            restarts,
            server: None,
            network: None,
            upgrades,
            history: [None; 5],
        };
        let chunks = entries.chunks(ENTRY_LEN);
        if chunks.len() > record.history.len() {
            return Err(RecordError::Damaged(bytes.len()));
        }
        for (i, (slot, chunk)) in record.history.iter_mut().zip(chunks).enumerate() {
            *slot = Some(RebootEntry::read(chunk).ok_or(damaged(start + i * ENTRY_LEN))?);
        }
        for (text, place) in [(server, &mut record.server), (network, &mut record.network)] {
            if !text.is_empty() {
                *place = values.intern(text, Secrecy::Plain);
            }
        }
        Ok(record)
    }

    /// The state out of the box: a phone that was brought up before it may have searched is not out of it.
    #[must_use]
    pub fn out_of_the_box(&self) -> Customization {
        if self.provisioned && self.customization == Customization::Open {
            Customization::Aborted
        } else {
            self.customization
        }
    }

    /// Carries out a change that the phone asked for; the record counts a use of each text that it holds.
    pub fn apply(&mut self, change: StateChange, values: &mut Values) {
        match change {
            StateChange::Provisioned(servers) => {
                self.provisioned = true;
                self.served_by(servers, values);
            }
            StateChange::Restarting(entry, restarts) => {
                self.restarts = restarts;
                self.upgrades.switch = None;
                self.restarting(entry);
            }
            //= R-SM-23
            StateChange::Switching(entry, upgrades) => {
                self.restarts = None;
                self.upgrades = upgrades;
                self.restarting(entry);
            }
            StateChange::Upgrades(upgrades) => self.upgrades = upgrades,
            StateChange::Servers(servers) => self.served_by(servers, values),
            StateChange::Booted => {
                self.restarting = None;
                self.upgrades.switch = None;
            }
            StateChange::Pending(pending) => self.pending = pending,
            StateChange::Customization(state) => self.customization = state,
        }
    }

    fn served_by(&mut self, servers: Servers, values: &mut Values) {
        let Servers { profile, network } = servers;
        for (new, place) in [(profile, &mut self.server), (network, &mut self.network)] {
            let Some(new) = new else { continue };
            values.retain(new);
            if let Some(old) = place.replace(new) {
                values.release(old);
            }
        }
    }

    /// A restart begins.
    fn restarting(&mut self, entry: RebootEntry) {
        self.restarting = Some(entry.reason);
        //= R-SM-22
        self.history.rotate_right(1);
        if let Some(newest) = self.history.first_mut() {
            *newest = Some(entry);
        }
    }
}

/// One change of the [`StateRecord`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum StateChange {
    /// A resync succeeded for the first time since factory reset.
    Provisioned(Servers),
    /// The phone restarts; with the row of restarts that one profile has led to, this one included.
    Restarting(RebootEntry, Option<RestartsInARow>),
    /// The boot that follows a restart has happened.
    Booted,
    /// A resync is to follow the next restart, or none any more.
    Pending(Option<Pending>),
    /// The state out of the box is another one.
    Customization(Customization),
    /// The phone restarts to bring up another load; with what is remembered of upgrades then.
    Switching(RebootEntry, Memory),
    /// What is remembered of upgrades.
    Upgrades(Memory),
    /// Other servers than before have served a resync.
    Servers(Servers),
}

/// Servers that a record is to name from now on; the record counts uses of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Servers {
    /// That of the last profile; `None` keeps the one that is known.
    pub profile: Option<ValueId>,
    /// That of the network; `None` keeps the one that is known.
    pub network: Option<ValueId>,
}

fn flag(byte: u8) -> Option<bool> {
    match byte {
        0 => Some(false),
        1 => Some(true),
        _ => None,
    }
}

/// The name of a host, and what stands behind it.
fn host(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (host, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(host).ok()?, rest))
}

/// The restarts in a row, and what stands behind them.
fn restarts(bytes: &[u8]) -> Option<(Option<RestartsInARow>, &[u8])> {
    let (count, rest) = bytes.split_first()?;
    if *count == 0 {
        return Some((None, rest));
    }
    let (profile, rest) = rest.split_first_chunk::<8>()?;
    let (spans, rest) = rest.split_first_chunk::<4>()?;
    let [a, b, c, d] = *spans;
    let row = RestartsInARow {
        profile: u64::from_be_bytes(*profile),
        count: *count,
        between_s: [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])],
    };
    Some((Some(row), rest))
}

#[cfg(test)]
mod tests;
