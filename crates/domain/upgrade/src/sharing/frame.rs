//! What parents and children say to each other over TCP.

use thiserror::Error;

use super::{Held, LoadId, SharedLoad};

/// Octets in front of every frame.
pub const HEADER: usize = 12;

const MAGIC: [u8; 4] = *b"OHPS";
const VERSION: u8 = 1;
/// Octets of a join in front of its set.
const JOIN: usize = 44;

/// Bytes that are no frame, or none that may come now: the connection is ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("the peer does not speak the protocol")]
pub struct Malformed;

/// A frame.
///
/// ```text
/// 0  kind   1  zero, 3   4  number, 4   8  length of what follows, 4      numbers with the highest octet first
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Frame {
    /// A child that wants to be fed and has these blocks; the first frame of a connection.
    Join {
        /// The load.
        load: LoadId,
        /// What it has.
        held: Held,
    },
    /// The parent takes the child.
    Welcome,
    /// The parent has no place; the connection ends.
    Busy,
    /// The parent lives, and holds so many blocks.
    Count(u32),
}

/// The header of a frame, checked as far as it can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// A join with a body of so many octets.
    Join(u32),
    /// A frame without body.
    Plain(Plain),
    /// A block, whose octets follow.
    Block {
        /// Its number.
        number: u32,
        /// Its octets.
        length: u32,
    },
}

/// A frame that is its header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plain {
    /// [`Frame::Welcome`]
    Welcome,
    /// [`Frame::Busy`]
    Busy,
    /// [`Frame::Count`]
    Count(u32),
}

impl From<Plain> for Frame {
    fn from(plain: Plain) -> Self {
        match plain {
            Plain::Welcome => Self::Welcome,
            Plain::Busy => Self::Busy,
            Plain::Count(count) => Self::Count(count),
        }
    }
}

impl Header {
    /// Reads a header. A body is announced only as long as one of this load can be.
    ///
    /// # Errors
    /// It is none.
    pub fn decode(bytes: &[u8; HEADER], load: &SharedLoad) -> Result<Self, Malformed> {
        let [kind, zeros @ .., n0, n1, n2, n3, l0, l1, l2, l3] = *bytes;
        if zeros != [0; 3] {
            return Err(Malformed);
        }
        let number = u32::from_be_bytes([n0, n1, n2, n3]);
        let length = u32::from_be_bytes([l0, l1, l2, l3]);
        let plain = |plain| {
            if length == 0 {
                Ok(Self::Plain(plain))
            } else {
                Err(Malformed)
            }
        };
        match (kind, number) {
            (1, 0) if u64::from(length) == join_length(load.count()) => Ok(Self::Join(length)),
            (2, 0) => plain(Plain::Welcome),
            (3, 0) => plain(Plain::Busy),
            (4, count) if count <= load.count() => plain(Plain::Count(count)),
            (5, number)
                if load
                    .block(number)
                    .is_some_and(|block| block.length == length) =>
            {
                Ok(Self::Block { number, length })
            }
            _ => Err(Malformed),
        }
    }

    /// The header of a block.
    #[must_use]
    pub fn of_block(number: u32, length: u32) -> [u8; HEADER] {
        header(5, number, length)
    }
}

/// Octets of the body of a join.
fn join_length(total: u32) -> u64 {
    JOIN as u64 + u64::from(total.div_ceil(8))
}

fn header(kind: u8, number: u32, length: u32) -> [u8; HEADER] {
    let [n0, n1, n2, n3] = number.to_be_bytes();
    let [l0, l1, l2, l3] = length.to_be_bytes();
    [kind, 0, 0, 0, n0, n1, n2, n3, l0, l1, l2, l3]
}

impl Frame {
    /// The octets of a frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Join { load, held } => {
                let length = u32::try_from(join_length(held.total())).unwrap_or(u32::MAX);
                let mut out = header(1, 0, length).to_vec();
                out.extend(MAGIC);
                out.extend([VERSION, 0, 0, 0]);
                out.extend(load.0);
                out.extend(held.total().to_be_bytes());
                out.extend(held.as_bytes());
                out
            }
            Self::Welcome => header(2, 0, 0).to_vec(),
            Self::Busy => header(3, 0, 0).to_vec(),
            Self::Count(count) => header(4, *count, 0).to_vec(),
        }
    }

    /// Reads the body of a join.
    ///
    /// # Errors
    /// It is none of this load.
    pub fn decode_join(body: &[u8], load: &SharedLoad) -> Result<Self, Malformed> {
        let (start, set) = body.split_first_chunk::<JOIN>().ok_or(Malformed)?;
        let mut expected = Vec::with_capacity(JOIN);
        expected.extend(MAGIC);
        expected.extend([VERSION, 0, 0, 0]);
        expected.extend(load.id().0);
        expected.extend(load.count().to_be_bytes());
        if start.as_slice() != expected {
            return Err(Malformed);
        }
        let held = Held::from_bytes(set, load.count()).ok_or(Malformed)?;
        Ok(Self::Join {
            load: load.id(),
            held,
        })
    }
}
