//! The client of DHCPv6, which asks for options and takes no address (RFC 8415 section 18.2.6), as a state machine.

use std::net::IpAddr;

use onhook_device::{Mac, MonoTime};
use onhook_discovery::port::{LONGEST_VALUE, MOST_OPTIONS};
use onhook_discovery::{HeldOption, HeldValue, Space, option_request};
use onhook_schedule::{Purpose, draw, uniform};

use crate::machine::{Event, Lease, Machine, Step, To};
use crate::packet::Options;
use crate::packet6::{Kind6, Message, code};

/// INF_MAX_DELAY, in milliseconds.
const FIRST_DELAY: u64 = 1_000;
/// INF_TIMEOUT, in milliseconds.
const FIRST_WAIT: u64 = 1_000;
/// INF_MAX_RT, in milliseconds.
const LONGEST_WAIT: u64 = 3_600_000;
/// IRT_DEFAULT, in seconds.
const REFRESH: u32 = 86_400;
/// IRT_MINIMUM, in seconds.
const SHORTEST_REFRESH: u32 = 600;
/// A DUID of a link-layer address, over Ethernet (RFC 8415 section 11.4).
const DUID_LL: [u8; 4] = [0, 3, 0, 1];
/// The enterprise whose vendor classes these are.
const ENTERPRISE: u32 = 9;

/// The client.
pub struct Client6 {
    duid: Vec<u8>,
    /// The value of the vendor class option.
    class: Vec<u8>,
    wanted: Vec<u16>,
    seed: u64,
    draws: u64,
    asking: bool,
    xid: u32,
    began: MonoTime,
    /// The last wait, in milliseconds; 0 before the first.
    wait: u64,
    deadline: MonoTime,
}

impl Client6 {
    /// A client that begins within a second; `class` is what it tells of itself, `order` is DHCPv6_Option_To_Use, `seed`
    /// decides what chance decides.
    #[must_use]
    pub fn new(mac: Mac, class: &str, order: &str, seed: u64, now: MonoTime) -> Self {
        let mut client = Self {
            duid: [&DUID_LL[..], &mac.0].concat(),
            class: vendor_class(class),
            wanted: option_request(order),
            seed,
            draws: 0,
            asking: false,
            xid: 0,
            began: now,
            wait: 0,
            deadline: now,
        };
        client.deadline = now.plus_millis(uniform(client.drawn(), FIRST_DELAY));
        client
    }

    fn drawn(&mut self) -> u64 {
        let n = self.draws;
        self.draws += 1;
        draw(self.seed, Purpose::DhcpV6, n)
    }

    fn ask(&mut self, now: MonoTime, out: &mut Vec<Step>) {
        if !self.asking {
            self.asking = true;
            self.xid = (self.drawn() >> 40) as u32;
            self.began = now;
            self.wait = 0;
        }
        // Hundredths of a second.
        let elapsed = now.since(self.began).as_millis() / 10;
        let elapsed = u16::try_from(elapsed).unwrap_or(u16::MAX);
        let list = self.wanted.iter().flat_map(|code| code.to_be_bytes());
        // A server is also asked how long its answer holds (RFC 8415 section 21.23).
        let list = list.chain(code::REFRESH.to_be_bytes()).collect();
        let message = Message {
            kind: Kind6::InformationRequest,
            xid: self.xid,
            options: vec![
                (code::CLIENT, self.duid.clone()),
                //= R-DHCP-4
                (code::CLASS, self.class.clone()),
                (code::ELAPSED, elapsed.to_be_bytes().to_vec()),
                (code::REQUEST, list),
            ],
        };
        out.push(Step::Send(To::Everybody, message.encode()));
        self.deadline = now.plus_millis(self.next_wait());
    }

    /// Doubled up to an hour, each a tenth more or less (RFC 8415 section 15).
    fn next_wait(&mut self) -> u64 {
        let base = match self.wait {
            0 => FIRST_WAIT,
            wait => (wait * 2).min(LONGEST_WAIT),
        };
        self.wait = base - base / 10 + uniform(self.drawn(), base / 5);
        self.wait
    }

    fn reply(&mut self, message: &Message, now: MonoTime, out: &mut Vec<Step>) {
        // RFC 8415 section 16.10
        if !self.asking
            || message.kind != Kind6::Reply
            || message.xid != self.xid
            || message.first(code::SERVER).is_none()
            || message.first(code::CLIENT) != Some(&self.duid)
        {
            return;
        }
        self.asking = false;
        let refresh = message.first(code::REFRESH).and_then(<[u8]>::first_chunk);
        let refresh = refresh.map_or(REFRESH, |octets| u32::from_be_bytes(*octets));
        self.deadline = now.plus_secs(u64::from(refresh.max(SHORTEST_REFRESH)));
        let wanted = |(code, value): &&(u16, Vec<u8>)| {
            self.wanted.contains(code) && value.len() <= LONGEST_VALUE
        };
        let held = |(code, value): &(u16, Vec<u8>)| HeldOption {
            space: Space::V6,
            code: *code,
            value: HeldValue::Wire(value.clone()),
        };
        let options = message.options.iter().filter(wanted);
        let mut options: Vec<HeldOption> = options.take(MOST_OPTIONS).map(held).collect();
        options.sort_by_key(|option| option.code);
        out.push(Step::Bound(Lease {
            address: None::<IpAddr>,
            all: Options::new(),
            options,
        }));
    }
}

/// The one class of a phone (RFC 8415 section 21.16). Servers give options of a vendor to clients of that vendor alone.
fn vendor_class(class: &str) -> Vec<u8> {
    let length = u16::try_from(class.len()).unwrap_or(u16::MAX);
    let text = class.bytes().take(usize::from(length));
    let (enterprise, length) = (ENTERPRISE.to_be_bytes(), length.to_be_bytes());
    enterprise.into_iter().chain(length).chain(text).collect()
}

impl Machine for Client6 {
    fn deadline(&self) -> MonoTime {
        self.deadline
    }

    fn handle(&mut self, event: Event<'_>, now: MonoTime, out: &mut Vec<Step>) {
        match event {
            Event::Timer if now >= self.deadline => self.ask(now, out),
            Event::Timer | Event::Address(_) => {}
            Event::Packet(bytes) => match Message::parse(bytes) {
                Ok(message) => self.reply(&message, now, out),
                Err(error) => tracing::debug!("a datagram is passed over: {error}"),
            },
        }
    }
}
