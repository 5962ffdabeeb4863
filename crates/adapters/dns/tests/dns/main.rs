//! Name servers of one's own pass the contract suite of the port; and bad ones do not keep a phone for ever.
#![cfg(test)]

mod server;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use hickory_resolver::proto::rr::rdata::SRV;
use hickory_resolver::proto::rr::{Name, RData};
use onhook_device::SrvWeightMode;
use onhook_dns::DnsResolver;
use onhook_fetch::port::{ResolveError, Resolver};
use onhook_fetch::{SrvRecord, srv_order};
use onhook_testkit::contract::{self, ResolverFixture};
use server::{Mood, Server, Zone, address, service, zone};
use tokio::time::Instant;

const SERVICE: &str = "_ciscoprov-https._tls.example.com";

fn prov() -> Zone {
    zone(&[
        (
            "prov.example.com",
            &[
                address("192.0.2.2"),
                address("192.0.2.1"),
                address("192.0.2.2"),
                address("2001:db8::1"),
            ],
        ),
        ("old.example.com", &[address("192.0.2.3")]),
        ("new.example.com", &[address("2001:db8::2")]),
        ("prov", &[address("192.0.2.9")]),
        (
            SERVICE,
            &[
                service(10, 60, 5060, "PR1.example.com."),
                service(10, 40, 443, "pr2.example.com."),
                service(20, 0, 443, "."),
            ],
        ),
    ])
}

async fn start(mood: Mood) -> Server {
    Server::start(mood, prov()).await
}

fn asking(servers: &[&Server]) -> DnsResolver {
    DnsResolver::new(servers.iter().map(|server| server.address).collect())
}

struct Loopback(Server);

impl ResolverFixture for Loopback {
    fn resolver(&self) -> Arc<dyn Resolver> {
        Arc::new(asking(&[&self.0]))
    }

    fn known(&self) -> (String, Vec<IpAddr>) {
        let addresses = ["192.0.2.2", "192.0.2.1", "2001:db8::1"].map(|ip| ip.parse().unwrap());
        ("prov.example.com".to_owned(), addresses.to_vec())
    }

    fn unknown(&self) -> String {
        "nowhere.example.com".to_owned()
    }

    fn services(&self) -> Option<(String, Vec<SrvRecord>)> {
        let record = |(priority, weight, port, target): (u16, u16, u16, &str)| SrvRecord {
            priority,
            weight,
            port,
            target: target.to_owned(),
        };
        let records = [
            (10, 60, 5060, "PR1.example.com"),
            (10, 40, 443, "pr2.example.com"),
            (20, 0, 443, "."),
        ];
        Some((SERVICE.to_owned(), records.map(record).to_vec()))
    }

    fn turn(&mut self, ip: IpAddr) -> bool {
        self.0.learn(zone(&[(
            "nowhere.example.com",
            &[address(&ip.to_string())],
        )]));
        true
    }
}

//= R-DNS-7 type=test
#[tokio::test]
async fn name_servers_of_ones_own_keep_the_contract() {
    contract::resolver(&mut Loopback(start(Mood::Answers).await)).await;
}

//= R-DNS-1 type=test
//= R-HTTP-18 type=test
#[tokio::test]
async fn addresses_of_either_kind_are_enough() {
    let server = start(Mood::Answers).await;
    let resolver = asking(&[&server]);
    for (name, ip) in [
        ("old.example.com", "192.0.2.3"),
        ("new.example.com", "2001:db8::2"),
        // With its final dot it is the same name.
        ("old.example.com.", "192.0.2.3"),
    ] {
        let found = resolver.resolve(name).await.unwrap();
        assert_eq!(found, [ip.parse::<IpAddr>().unwrap()], "{name}");
    }
    // There is the name, but no address.
    let nothing = resolver.resolve(SERVICE).await;
    assert!(
        matches!(nothing, Err(ResolveError::NoAddress(_))),
        "{nothing:?}"
    );
    // The file of hosts comes first.
    let local = resolver.resolve("localhost").await.unwrap();
    assert!(local.contains(&[127, 0, 0, 1].into()), "{local:?}");
}

//= R-HTTP-17 type=test
#[tokio::test(start_paused = true)]
async fn a_silent_name_server_is_given_up_after_two_tries_of_five_seconds() {
    let silent = start(Mood::Silent).await;
    let began = Instant::now();
    let lost = asking(&[&silent]).services(SERVICE).await;
    assert!(matches!(lost, Err(ResolveError::Silence)), "{lost:?}");
    assert_eq!(began.elapsed().as_secs(), 10);
    assert!(silent.asked()[0] >= 2, "{:?}", silent.asked());
}

//= R-HTTP-17 type=test
#[tokio::test(start_paused = true)]
async fn the_next_name_server_is_asked_when_one_is_silent_or_fails() {
    for mood in [Mood::Silent, Mood::Fails, Mood::Garbles] {
        let (bad, good) = (start(mood).await, start(Mood::Answers).await);
        let found = asking(&[&bad, &good]).resolve("old.example.com").await;
        assert_eq!(found.unwrap(), [IpAddr::from([192, 0, 2, 3])], "{mood:?}");
        assert!(bad.asked()[0] > 0, "{mood:?}: in the order that was given");
    }
}

#[tokio::test]
async fn that_there_is_no_such_name_is_an_answer() {
    let first = Server::start(Mood::Answers, Zone::new()).await;
    let second = start(Mood::Answers).await;
    let resolver = asking(&[&first, &second]);
    let lost = resolver.resolve("old.example.com").await;
    assert!(matches!(lost, Err(ResolveError::NoAddress(_))), "{lost:?}");
    let lost = resolver.services(SERVICE).await;
    assert!(matches!(lost, Err(ResolveError::NoAddress(_))), "{lost:?}");
    // One question for each kind of record, and none to the next server.
    assert_eq!((first.asked(), second.asked()), ([3, 0], [0, 0]));
}

#[tokio::test(start_paused = true)]
async fn a_name_server_that_fails_says_nothing_of_the_name() {
    let fails = start(Mood::Fails).await;
    let silent = start(Mood::Silent).await;
    for servers in [
        &[&fails] as &[&Server],
        &[&fails, &silent],
        &[&silent, &fails],
    ] {
        let resolver = asking(servers);
        let failed = resolver.resolve("old.example.com").await;
        assert!(matches!(failed, Err(ResolveError::Failed(_))), "{failed:?}");
        let failed = resolver.services(SERVICE).await;
        assert!(matches!(failed, Err(ResolveError::Failed(_))), "{failed:?}");
    }
    // Nobody listens at all.
    let nobody: SocketAddr = "127.0.0.1:1".parse().unwrap();
    let failed = DnsResolver::new(vec![nobody])
        .resolve("old.example.com")
        .await;
    assert!(
        matches!(failed, Err(ResolveError::Failed(_) | ResolveError::Silence)),
        "{failed:?}"
    );
}

#[tokio::test]
async fn an_answer_without_room_is_fetched_over_tcp() {
    let server = start(Mood::Truncates).await;
    let found = asking(&[&server]).services(SERVICE).await.unwrap();
    assert_eq!(found.len(), 3);
    assert_eq!(server.asked()[1], 1);
}

#[tokio::test]
async fn an_answer_to_another_question_is_not_believed() {
    let server = start(Mood::Confuses).await;
    let found = asking(&[&server]).resolve("old.example.com").await.unwrap();
    assert_eq!(found, [IpAddr::from([192, 0, 2, 3])]);
}

#[tokio::test]
async fn a_name_that_cannot_be_written_does_not_exist() {
    let server = start(Mood::Answers).await;
    let resolver = asking(&[&server]);
    for name in [
        "",
        ".",
        "a..b",
        &format!("{}.example", "a".repeat(64)),
        &"a.".repeat(200),
    ] {
        let lost = resolver.resolve(name).await;
        assert!(
            matches!(lost, Err(ResolveError::NoAddress(_))),
            "{name}: {lost:?}"
        );
    }
}

//= R-DNS-5 type=test
#[tokio::test]
async fn a_hostile_answer_is_bounded_and_names_no_server() {
    let strange = Name::from_labels([&b"a\0b"[..], b".c\"", b"example"]).unwrap();
    let many: Vec<_> = (0..500)
        .map(|n| RData::SRV(SRV::new(1, 1, n + 1, strange.clone())))
        .collect();
    let server = Server::start(Mood::Truncates, zone(&[(SERVICE, &many)])).await;
    let found = asking(&[&server]).services(SERVICE).await.unwrap();
    assert_eq!(found.len(), 64);
    assert_eq!(srv_order(found, SrvWeightMode::Rfc2782, 1), []);
}
