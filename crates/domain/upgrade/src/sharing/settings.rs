//! How long phones wait for each other, and how many they feed.

/// What a phone allows others. All times in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// Children fed at once, 1..=6: two of the eight connections stay for the parent, and for telling somebody that there is no place.
    pub fan_out: u8,
    /// How long a phone listens who else wants a load before somebody becomes root.
    pub window: u64,
    /// How often it says meanwhile that it does.
    pub seek: u64,
    /// How much longer it waits for the root that it expects.
    pub grace: u64,
    /// How often a root says that it is one, and a parent that it lives.
    pub announce: u64,
    /// How long something that was said counts.
    pub fresh: u64,
    /// Longest wait before an offer, so that not all speak at once.
    pub hesitation: u64,
    /// How long a peer may take to open a connection and to say its first word.
    pub handshake: u64,
    /// How long a parent may bring nothing although it has something, or although it is the root (R-PFS-4).
    pub stall: u64,
    /// How long a phone goes without a block before it asks the server itself; up to half as much is drawn on top.
    pub patience: u64,
    /// How long a parent may stay below the pace while it has something.
    pub watch: u64,
    /// The least octets a second that a parent brings while it has something.
    pub pace: u64,
    /// How long a phone that depends on others takes beside its octets.
    pub slack: u64,
    /// The least octets a second, from its beginning on, with which a phone goes on to depend on others.
    pub least: u64,
    /// How many disappointments it takes before it does.
    pub troubles: u8,
    /// How long a complete phone stays for its children.
    pub linger: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            fan_out: 2,
            window: 1000,
            seek: 500,
            grace: 1500,
            announce: 1000,
            fresh: 3500,
            hesitation: 200,
            handshake: 5000,
            //= R-PFS-4
            stall: 10_000,
            patience: 30_000,
            watch: 30_000,
            pace: 32 * 1024,
            slack: 120_000,
            least: 16 * 1024,
            troubles: 4,
            linger: 10_000,
        }
    }
}
