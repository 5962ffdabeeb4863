//! The client of DHCPv4 (RFC 2131 section 4.4), as a state machine.

mod held;

use std::net::Ipv4Addr;

use onhook_device::{Mac, MonoTime};
use onhook_discovery::port::{LONGEST_VALUE, MOST_OPTIONS};
use onhook_discovery::{HeldOption, HeldValue, Space, client_id, parameter_list, wanted};
use onhook_schedule::{Purpose, draw, uniform};

use crate::machine::{Event, Lease, Machine, Step, To};
use crate::packet::{Kind, Options, Packet, code};
use held::{Held, Offer, halfway, offered};

/// Tries of a request before the client starts anew.
const REQUESTS: u32 = 4;
/// The first wait for an answer, in milliseconds; each further one is twice as long.
const FIRST_WAIT: u64 = 4_000;
/// How often the wait is doubled.
const DOUBLINGS: u32 = 4;
/// A wait is this much shorter or longer, in milliseconds.
const JITTER: u64 = 1_000;
/// How long what was told without a lease is believed before it is asked for again, in seconds.
const INFORM_AGAIN: u64 = 3_600;
/// Longest message that the client takes, in octets.
const LARGEST: u16 = 1_500;

/// What a client asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Want {
    /// An address of its own, and options.
    Lease,
    /// Options for the address that somebody else configures: [`Event::Address`] says which.
    Options,
}

/// Who a client is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Who {
    /// Hardware address.
    pub mac: Mac,
    /// Vendor class identifier (option 60).
    pub class: String,
    /// Host name (option 12).
    pub host_name: String,
}

/// The client.
///
/// ```text
/// Selecting --offer--> Requesting --ack--> Bound --T1--> Renewing --T2--> Rebinding
///     ^                    |                 ^--------ack----|-----------------|
///     |<---nak, 4 tries----|                                 |<--nak, the end--|
/// Idle --address--> Informing --ack--> Informed --an hour--> Informing
/// ```
pub struct Client {
    who: Who,
    /// Parameter request list.
    list: Vec<u8>,
    /// Options that are handed on.
    wanted: Vec<u8>,
    seed: u64,
    draws: u64,
    state: State,
    xid: u32,
    /// When this exchange began.
    began: MonoTime,
    tries: u32,
    deadline: MonoTime,
}

enum State {
    /// There is no address to ask for.
    Idle,
    Selecting,
    Requesting(Offer),
    Bound(Held),
    Renewing(Held),
    Rebinding(Held),
    Informing(Ipv4Addr),
    Informed(Ipv4Addr),
}

impl Client {
    /// A client that begins at once; `order` is DHCP_Option_To_Use, `seed` decides what chance decides.
    #[must_use]
    pub fn new(who: Who, want: Want, order: &str, seed: u64, now: MonoTime) -> Self {
        let (state, deadline) = match want {
            Want::Lease => (State::Selecting, now),
            Want::Options => (State::Idle, MonoTime::MAX),
        };
        Self {
            who,
            list: parameter_list(order),
            wanted: wanted(order),
            seed,
            draws: 0,
            state,
            xid: 0,
            began: now,
            tries: 0,
            deadline,
        }
    }

    fn drawn(&mut self) -> u64 {
        let n = self.draws;
        self.draws += 1;
        draw(self.seed, Purpose::Dhcp, n)
    }

    /// Begins an exchange, which gets a number of its own.
    fn begin(&mut self, state: State, now: MonoTime) {
        self.state = state;
        self.xid = (self.drawn() >> 32) as u32;
        self.began = now;
        self.tries = 0;
    }

    /// The time of the next try: 4 s, doubled up to 64 s, each a second more or less (RFC 2131 section 4.1).
    fn backoff(&mut self, now: MonoTime) -> MonoTime {
        let wait = FIRST_WAIT << self.tries.min(DOUBLINGS);
        self.tries = self.tries.saturating_add(1);
        now.plus_millis(wait - JITTER + uniform(self.drawn(), 2 * JITTER))
    }

    fn timer(&mut self, now: MonoTime, out: &mut Vec<Step>) {
        match self.state {
            State::Idle => self.deadline = MonoTime::MAX,
            State::Selecting => {
                if self.tries == 0 {
                    self.begin(State::Selecting, now);
                }
                self.discover(now, out);
            }
            State::Requesting(_) if self.tries >= REQUESTS => {
                self.begin(State::Selecting, now);
                self.discover(now, out);
            }
            State::Requesting(offer) => self.request(offer, now, out),
            State::Bound(held) => {
                self.begin(State::Renewing(held), now);
                self.renew(held, now, out);
            }
            State::Renewing(held) if now >= held.rebind => {
                self.begin(State::Rebinding(held), now);
                self.rebind(held, now, out);
            }
            State::Renewing(held) => self.renew(held, now, out),
            State::Rebinding(held) if now >= held.end => {
                out.push(Step::Lost);
                self.begin(State::Selecting, now);
                self.discover(now, out);
            }
            State::Rebinding(held) => self.rebind(held, now, out),
            State::Informing(address) => {
                if self.tries == 0 {
                    self.begin(State::Informing(address), now);
                }
                self.inform(address, now, out);
            }
            State::Informed(address) => {
                self.begin(State::Informing(address), now);
                self.inform(address, now, out);
            }
        }
    }

    fn discover(&mut self, now: MonoTime, out: &mut Vec<Step>) {
        let packet = self.write(Kind::Discover, Ipv4Addr::UNSPECIFIED, None, now);
        out.push(Step::Send(To::Everybody, packet));
        self.deadline = self.backoff(now);
    }

    fn request(&mut self, offer: Offer, now: MonoTime, out: &mut Vec<Step>) {
        let packet = self.write(Kind::Request, Ipv4Addr::UNSPECIFIED, Some(offer), now);
        out.push(Step::Send(To::Everybody, packet));
        self.deadline = self.backoff(now);
    }

    fn renew(&mut self, held: Held, now: MonoTime, out: &mut Vec<Step>) {
        let packet = self.write(Kind::Request, held.address, None, now);
        out.push(Step::Send(To::Server(held.server), packet));
        self.deadline = halfway(now, held.rebind);
    }

    fn rebind(&mut self, held: Held, now: MonoTime, out: &mut Vec<Step>) {
        let packet = self.write(Kind::Request, held.address, None, now);
        out.push(Step::Send(To::Everybody, packet));
        self.deadline = halfway(now, held.end);
    }

    fn inform(&mut self, address: Ipv4Addr, now: MonoTime, out: &mut Vec<Step>) {
        let packet = self.write(Kind::Inform, address, None, now);
        out.push(Step::Send(To::Everybody, packet));
        self.deadline = self.backoff(now);
    }

    fn write(&self, kind: Kind, client: Ipv4Addr, offer: Option<Offer>, now: MonoTime) -> Vec<u8> {
        let mut options = Options::new();
        //= R-DHCP-3
        options.insert(code::LIST, self.list.clone());
        //= R-DHCP-4
        options.insert(code::CLASS, self.who.class.clone().into_bytes());
        options.insert(code::CLIENT, client_id(self.who.mac).to_vec());
        options.insert(code::HOST_NAME, self.who.host_name.clone().into_bytes());
        options.insert(code::LARGEST, LARGEST.to_be_bytes().to_vec());
        if let Some(offer) = offer {
            options.insert(code::ADDRESS, offer.address.octets().to_vec());
            options.insert(code::SERVER, offer.server.octets().to_vec());
        }
        let packet = Packet {
            kind,
            from_server: false,
            xid: self.xid,
            client,
            yours: Ipv4Addr::UNSPECIFIED,
            mac: self.who.mac,
            options,
        };
        let secs = now.secs_since(self.began);
        packet.encode(u16::try_from(secs).unwrap_or(u16::MAX))
    }

    fn packet(&mut self, packet: &Packet, now: MonoTime, out: &mut Vec<Step>) {
        //= R-DHCP-14
        // Before the first packet there is nothing that could be answered.
        if !packet.from_server
            || packet.xid != self.xid
            || packet.mac != self.who.mac
            || self.tries == 0 && matches!(self.state, State::Selecting | State::Informing(_))
        {
            return;
        }
        let Some(server) = packet.address(code::SERVER) else {
            return;
        };
        match (packet.kind, &self.state) {
            (Kind::Offer, State::Selecting) => {
                if let Some(offer) = offered(packet, server) {
                    // The exchange keeps its number (RFC 2131 section 4.4.1).
                    self.state = State::Requesting(offer);
                    self.tries = 0;
                    self.request(offer, now, out);
                }
            }
            //= R-DHCP-14
            (Kind::Ack, State::Requesting(offer)) if offer.server == server => {
                self.bind(packet, server, now, out);
            }
            (Kind::Ack, State::Renewing(held)) if held.server == server => {
                self.bind(packet, server, now, out);
            }
            // The selected server is gone, and any may take over the lease (RFC 2131 section 4.4.5).
            (Kind::Ack, State::Rebinding(_)) => self.bind(packet, server, now, out),
            (Kind::Ack, State::Informing(address)) => {
                let address = *address;
                out.push(Step::Bound(self.lease(packet, address)));
                self.begin(State::Informed(address), now);
                let early = uniform(self.drawn(), INFORM_AGAIN * 100);
                self.deadline = now.plus_millis(INFORM_AGAIN * 1_000 - early);
            }
            (Kind::Nak, State::Requesting(offer)) if offer.server == server => self.start_over(now),
            (Kind::Nak, State::Renewing(held)) if held.server == server => {
                out.push(Step::Lost);
                self.start_over(now);
            }
            (Kind::Nak, State::Rebinding(_)) => {
                out.push(Step::Lost);
                self.start_over(now);
            }
            (
                Kind::Discover | Kind::Offer | Kind::Request | Kind::Ack | Kind::Nak | Kind::Inform,
                _,
            ) => {}
        }
    }

    /// Takes another address that somebody else has configured.
    fn configured(&mut self, address: Option<Ipv4Addr>, now: MonoTime, out: &mut Vec<Step>) {
        match &self.state {
            State::Informed(old) if Some(*old) == address => return,
            State::Informed(_) => out.push(Step::Lost),
            State::Informing(old) if Some(*old) == address => return,
            State::Idle | State::Informing(_) => {}
            State::Selecting
            | State::Requesting(_)
            | State::Bound(_)
            | State::Renewing(_)
            | State::Rebinding(_) => return,
        }
        self.tries = 0;
        (self.state, self.deadline) = match address {
            Some(address) => (State::Informing(address), now),
            None => (State::Idle, MonoTime::MAX),
        };
    }

    /// Looks for a server again, after the first wait: one that refuses at once must not be asked without a pause.
    fn start_over(&mut self, now: MonoTime) {
        self.begin(State::Selecting, now);
        self.deadline = self.backoff(now);
        self.tries = 0;
    }

    fn bind(&mut self, packet: &Packet, server: Ipv4Addr, now: MonoTime, out: &mut Vec<Step>) {
        let (Some(offer), Some(seconds)) = (offered(packet, server), packet.seconds(code::LEASE))
        else {
            return;
        };
        let held = Held::new(packet, offer, seconds, now);
        out.push(Step::Bound(self.lease(packet, offer.address)));
        self.begin(State::Bound(held), now);
        self.deadline = held.renew;
    }

    fn lease(&self, packet: &Packet, address: Ipv4Addr) -> Lease {
        let wanted = |(code, value): &(&u8, &Vec<u8>)| {
            self.wanted.contains(code) && value.len() <= LONGEST_VALUE
        };
        let held = |(code, value): (&u8, &Vec<u8>)| HeldOption {
            space: Space::V4,
            code: u16::from(*code),
            value: HeldValue::Wire(value.clone()),
        };
        let options = packet.options.iter();
        Lease {
            address: Some(address.into()),
            options: options
                .filter(wanted)
                .take(MOST_OPTIONS)
                .map(held)
                .collect(),
            all: packet.options.clone(),
        }
    }
}

impl Machine for Client {
    fn deadline(&self) -> MonoTime {
        self.deadline
    }

    fn handle(&mut self, event: Event<'_>, now: MonoTime, out: &mut Vec<Step>) {
        match event {
            Event::Timer if now >= self.deadline => self.timer(now, out),
            Event::Timer => {}
            Event::Address(address) => self.configured(address, now, out),
            Event::Packet(bytes) => match Packet::parse(bytes) {
                Ok(packet) => self.packet(&packet, now, out),
                Err(error) => tracing::debug!("a datagram is passed over: {error}"),
            },
        }
    }
}
