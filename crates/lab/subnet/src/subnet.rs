//! What is simulated.

use onhook_upgrade::sharing::{Block, LoadId, MAX_BLOCK, MAX_BLOCKS, Settings, SharedLoad};
use thiserror::Error;

use crate::faults::Faults;
use crate::report::Report;
use crate::world::World;

/// Most phones of a subnet.
pub const MOST_PHONES: u32 = 10_000;

/// Octets of a manifest without its blocks: names, a signature.
const MANIFEST: u64 = 512;

/// Octets of a manifest for each block: its digest, in hexadecimal digits, and a line end.
const MANIFEST_BLOCK: u64 = 65;

/// A subnet and its server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subnet {
    /// Phones, 1..=[`MOST_PHONES`].
    pub phones: u32,
    /// Octets of the load.
    pub load: u64,
    /// Octets of a block.
    pub block: u32,
    /// Octets a second that the server sends to all together.
    pub server: u64,
    /// Bits a second of the link of each phone, in each direction.
    pub link: u64,
    /// Whether phones share; without it each one asks the server.
    pub sharing: bool,
    /// Milliseconds over which the phones begin.
    pub within: u64,
    /// Decides everything that chance decides.
    pub seed: u64,
    /// How long phones wait for each other, and how many they feed.
    pub settings: Settings,
    /// What goes wrong.
    pub faults: Faults,
}

impl Default for Subnet {
    fn default() -> Self {
        Self {
            phones: 200,
            load: 20 << 20,
            block: 256 << 10,
            server: 10_000_000,
            link: 100_000_000,
            sharing: true,
            within: 0,
            seed: 1,
            settings: Settings::default(),
            faults: Faults::default(),
        }
    }
}

/// Why a subnet cannot be simulated.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum SubnetError {
    /// Too few phones, or too many.
    #[error("{0} phones: choose 1 to {MOST_PHONES}")]
    Phones(u32),
    /// A block that phones do not pass on.
    #[error("blocks of {0} octets: choose 1 to {MAX_BLOCK}")]
    Block(u32),
    /// More blocks than phones pass on.
    #[error("{0} blocks: the most is {MAX_BLOCKS}; choose larger blocks")]
    Blocks(u64),
    /// A rate or a size of nothing.
    #[error("{0} is 0: choose something above")]
    Nothing(&'static str),
    /// Children that nobody could feed.
    #[error("{0} children: choose 1 to 6")]
    FanOut(u8),
}

impl Subnet {
    /// Lets the phones fetch their load.
    ///
    /// # Errors
    /// It makes no sense.
    pub fn run(&self) -> Result<Report, SubnetError> {
        self.check()?;
        Ok(World::new(self, self.shape()).run())
    }

    /// Octets of the manifest.
    #[must_use]
    pub fn manifest(&self) -> u64 {
        MANIFEST + MANIFEST_BLOCK * self.blocks()
    }

    fn blocks(&self) -> u64 {
        self.load.div_ceil(u64::from(self.block.max(1)))
    }

    fn check(&self) -> Result<(), SubnetError> {
        let something = [
            ("the size of the load", self.load),
            ("the rate of the server", self.server),
            ("the rate of the links", self.link),
        ];
        if let Some((what, _)) = something.iter().find(|(_, value)| *value == 0) {
            return Err(SubnetError::Nothing(what));
        }
        if !(1..=MOST_PHONES).contains(&self.phones) {
            return Err(SubnetError::Phones(self.phones));
        }
        if !(1..=MAX_BLOCK).contains(&self.block) {
            return Err(SubnetError::Block(self.block));
        }
        if self.blocks() > MAX_BLOCKS as u64 {
            return Err(SubnetError::Blocks(self.blocks()));
        }
        if !(1..=6).contains(&self.settings.fan_out) {
            return Err(SubnetError::FanOut(self.settings.fan_out));
        }
        Ok(())
    }

    /// The load: its blocks stand for their octets by digests alone.
    fn shape(&self) -> SharedLoad {
        let block = |number: u64| {
            let offset = number * u64::from(self.block);
            let rest = (self.load - offset).min(u64::from(self.block));
            Block {
                component: 0,
                offset,
                length: u32::try_from(rest).unwrap_or(self.block),
                digest: onhook_crypto::sha256(&number.to_be_bytes()),
            }
        };
        let blocks: Vec<Block> = (0..self.blocks()).map(block).collect();
        let id = LoadId::of(&self.load.to_be_bytes());
        #[expect(clippy::expect_used, reason = "what makes it fail was checked before")]
        SharedLoad::new(id, blocks).expect("a load that can be shared")
    }
}
