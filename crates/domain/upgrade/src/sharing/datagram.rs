//! What phones say to everybody on the link.

use super::LoadId;

/// Octets of every datagram.
pub const DATAGRAM: usize = 64;

const MAGIC: [u8; 4] = *b"OHPS";
const VERSION: u8 = 1;

/// The number of a phone, drawn anew for each load.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NodeId(pub u64);

/// What a datagram says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// I want this load and have nobody to get it from.
    Seek,
    /// I pass this load on and have room for more children.
    Offer,
    /// I fetch this load from the server for everybody.
    Root,
    /// I no longer fetch it for everybody.
    Leave,
}

impl Kind {
    const fn number(self) -> u8 {
        match self {
            Self::Seek => 1,
            Self::Offer => 2,
            Self::Root => 3,
            Self::Leave => 4,
        }
    }

    const fn from_number(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Seek),
            2 => Some(Self::Offer),
            3 => Some(Self::Root),
            4 => Some(Self::Leave),
            _ => None,
        }
    }
}

/// One datagram. All have the same length, so that nothing that is said grows.
///
/// ```text
/// 0  "OHPS"   4  version 1   5  kind   6  depth   7  places
/// 8  load, 32 octets   40  node, 8   48  held, 4   52  total, 4   56  zero, 8      numbers with the highest octet first
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Datagram {
    /// What is said.
    pub kind: Kind,
    /// Steps from the root, 0 for itself and for who is complete, 255 for unknown.
    pub depth: u8,
    /// How many more children there may be.
    pub places: u8,
    /// Which load it is about.
    pub load: LoadId,
    /// Who says it.
    pub node: NodeId,
    /// How many blocks it holds.
    pub held: u32,
    /// How many there are.
    pub total: u32,
}

impl Datagram {
    /// The octets of a datagram.
    #[must_use]
    pub fn encode(&self) -> [u8; DATAGRAM] {
        let mut out = [0; DATAGRAM];
        let fields: [&[u8]; 6] = [
            &MAGIC,
            &[VERSION, self.kind.number(), self.depth, self.places],
            &self.load.0,
            &self.node.0.to_be_bytes(),
            &self.held.to_be_bytes(),
            &self.total.to_be_bytes(),
        ];
        let octets = fields.into_iter().flatten();
        out.iter_mut()
            .zip(octets)
            .for_each(|(to, octet)| *to = *octet);
        out
    }

    /// Reads a datagram; `None` for anything that [`Datagram::encode`] does not make.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; DATAGRAM] = bytes.try_into().ok()?;
        let (magic, rest) = bytes.split_first_chunk::<4>()?;
        let ([version, kind, depth, places], rest) = rest.split_first_chunk()?;
        let (load, rest) = rest.split_first_chunk::<32>()?;
        let (node, rest) = rest.split_first_chunk()?;
        let (held, rest) = rest.split_first_chunk()?;
        let (total, rest) = rest.split_first_chunk()?;
        let datagram = Self {
            kind: Kind::from_number(*kind)?,
            depth: *depth,
            places: *places,
            load: LoadId(*load),
            node: NodeId(u64::from_be_bytes(*node)),
            held: u32::from_be_bytes(*held),
            total: u32::from_be_bytes(*total),
        };
        let sound = *magic == MAGIC
            && *version == VERSION
            && datagram.held <= datagram.total
            && rest.iter().all(|octet| *octet == 0);
        sound.then_some(datagram)
    }
}
