//! Who the phones of a fleet are, and when each gets power.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::str::FromStr;

use onhook_device::{Mac, MonoTime};
use onhook_schedule::phone_seed;
use thiserror::Error;

/// Addresses behind one MAC address of the plan: what one vendor's number leaves to count with.
const MACS: u64 = 1 << 24;
/// Longest ramp and longest run, in seconds: a week.
const LONGEST_S: u64 = 604_800;

/// How many phones, and which of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Plan {
    /// Phones of the whole run.
    pub phones: u32,
    /// The part of them that is played here; `None` for all.
    pub shard: Option<Shard>,
    /// Serial numbers and draws depend on it.
    pub seed: u64,
    /// The MAC address of the phone number 0; the others count on from it.
    pub first_mac: Mac,
    /// Milliseconds over which the phones get power, evenly; 0 for all at once.
    pub ramp_ms: u64,
    /// Milliseconds after which the run ends; `None` for when every phone has ended a resync.
    pub duration_ms: Option<u64>,
    /// Where phones come from; `None` for what the system chooses.
    pub sources: Option<Sources>,
    /// Requests under way at the same time at most; `None` for as many as there are phones.
    pub at_once: Option<NonZeroU32>,
}

/// One part of several, which together are the whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    /// Which, from 1.
    pub number: NonZeroU32,
    /// Of how many.
    pub of: NonZeroU32,
}

/// One phone of a plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Member {
    /// Its number in the whole run, from 0.
    pub index: u32,
    /// Its MAC address.
    pub mac: Mac,
    /// Its serial number.
    pub serial: String,
    /// When it gets power.
    pub power_on: MonoTime,
    /// Where its connections come from; `None` for what the system chooses.
    pub source: Option<IpAddr>,
}

/// A plan that cannot be carried out.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum PlanError {
    /// There is nobody.
    #[error("a fleet has at least one phone")]
    Nobody,
    /// A shard is empty.
    #[error("shard {number}/{of} of {phones} phones has none: use fewer shards")]
    EmptyShard {
        /// Which.
        number: u32,
        /// Of how many.
        of: u32,
        /// Of how many phones.
        phones: u32,
    },
    /// The MAC addresses of one vendor end before the phones.
    #[error(
        "from {first} on there are {left} MAC addresses of this vendor, for {phones} phones: begin with a lower one"
    )]
    Macs {
        /// The first one.
        first: Mac,
        /// How many there are.
        left: u64,
        /// How many are needed.
        phones: u32,
    },
    /// A time is too long.
    #[error("{what} is longer than a week ({LONGEST_S} s)")]
    TooLong {
        /// Ramp or run.
        what: &'static str,
    },
}

impl Plan {
    /// Makes sure that there are such phones.
    ///
    /// # Errors
    /// Something cannot be; the message says what would do.
    pub fn check(&self) -> Result<(), PlanError> {
        if self.phones == 0 {
            return Err(PlanError::Nobody);
        }
        let longest = LONGEST_S * 1000;
        if self.ramp_ms > longest {
            return Err(PlanError::TooLong { what: "the ramp" });
        }
        if self.duration_ms.is_some_and(|ms| ms > longest) {
            return Err(PlanError::TooLong { what: "the run" });
        }
        let left = MACS - u64::from(low(self.first_mac));
        if u64::from(self.phones) > left {
            return Err(PlanError::Macs {
                first: self.first_mac,
                left,
                phones: self.phones,
            });
        }
        match self.shard {
            Some(shard) if self.is_empty() => Err(PlanError::EmptyShard {
                number: shard.number.get(),
                of: shard.of.get(),
                phones: self.phones,
            }),
            Some(_) | None => Ok(()),
        }
    }

    /// How many phones are played here.
    #[must_use]
    pub fn len(&self) -> u32 {
        match self.shard {
            None => self.phones,
            Some(Shard { number, of }) => {
                let before = number.get() - 1;
                self.phones.saturating_sub(before).div_ceil(of.get())
            }
        }
    }

    /// Whether none is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The phones that are played here, by number. A phone is the same in every shard and in the whole.
    pub fn members(&self) -> impl Iterator<Item = Member> {
        let (first, step) = match self.shard {
            None => (0, 1),
            Some(Shard { number, of }) => (number.get() - 1, of.get()),
        };
        (first..self.phones)
            .step_by(step as usize)
            .map(|index| self.member(index))
    }

    /// The phone that is played here and comes from an address, by its place among those that are; the first if there are several.
    #[must_use]
    pub fn place_at(&self, address: IpAddr) -> Option<u32> {
        let sources = self.sources?;
        let (first, step) = match self.shard {
            None => (0, 1),
            Some(Shard { number, of }) => (number.get() - 1, of.get()),
        };
        let lowest = sources.index_of(address)?;
        // Those that share it are as many addresses apart as there are.
        let apart = usize::try_from(sources.len()).unwrap_or(usize::MAX);
        let mut sharing = (lowest..self.phones).step_by(apart);
        let index = sharing.find(|index| *index >= first && (index - first) % step == 0)?;
        Some((index - first) / step)
    }

    /// The phone of a number.
    #[must_use]
    pub fn member(&self, index: u32) -> Member {
        let [a, b, c, ..] = self.first_mac.0;
        let [_, d, e, f] = low(self.first_mac).wrapping_add(index).to_be_bytes();
        let drawn = phone_seed(self.seed, u64::from(index));
        let at = self.ramp_ms * u64::from(index) / u64::from(self.phones.max(1));
        Member {
            index,
            mac: Mac([a, b, c, d, e, f]),
            // As long as one of the vendor; the number keeps it unique.
            serial: format!("FLT{index:08X}{:02X}", drawn & 0xff),
            power_on: MonoTime::from_millis(at),
            source: self.sources.map(|sources| sources.of(index)),
        }
    }
}

/// The part of a MAC address that the vendor numbers.
const fn low(mac: Mac) -> u32 {
    let [_, _, _, d, e, f] = mac.0;
    u32::from_be_bytes([0, d, e, f])
}

/// A range of IPv4 addresses of this host.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sources {
    network: Ipv4Addr,
    bits: u8,
}

impl Sources {
    /// How many addresses there are, without those of the network and of all its hosts.
    #[must_use]
    pub const fn len(self) -> u64 {
        let all = 1_u64 << (32 - self.bits);
        match self.bits {
            31 | 32 => all,
            _ => all - 2,
        }
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The address of a phone; they are used again when there are more phones.
    #[must_use]
    pub fn of(self, index: u32) -> IpAddr {
        let skipped = u64::from(self.bits < 31);
        let offset = u64::from(index) % self.len() + skipped;
        let offset = u32::try_from(offset).unwrap_or(0);
        IpAddr::V4(Ipv4Addr::from_bits(
            self.network.to_bits().wrapping_add(offset),
        ))
    }

    /// The lowest number of a phone with an address; `None` if it is outside the range.
    fn index_of(self, address: IpAddr) -> Option<u32> {
        let IpAddr::V4(address) = address else {
            return None;
        };
        let skipped = u32::from(self.bits < 31);
        let offset = address.to_bits().checked_sub(self.network.to_bits())?;
        let index = offset.checked_sub(skipped)?;
        (u64::from(index) < self.len()).then_some(index)
    }
}

impl fmt::Display for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.bits)
    }
}

impl FromStr for Sources {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no range: write an IPv4 address and bits, such as 127.0.0.0/8");
        let (network, bits) = text.split_once('/').unwrap_or((text, "32"));
        let network: Ipv4Addr = network.parse().map_err(|_| wrong())?;
        let bits: u8 = bits.parse().map_err(|_| wrong())?;
        if bits > 32 {
            return Err(wrong());
        }
        let hosts = u32::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
        if network.to_bits() & hosts != 0 {
            let begins = Ipv4Addr::from_bits(network.to_bits() & !hosts);
            return Err(format!(
                "`{text}` does not begin its range: write {begins}/{bits}"
            ));
        }
        Ok(Self { network, bits })
    }
}

#[cfg(test)]
pub(crate) mod tests;
