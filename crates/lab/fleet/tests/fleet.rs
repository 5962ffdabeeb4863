//! Fleets in virtual time with a scripted server, and on loopback with the server of the lab.
#![cfg(test)]

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::{Identity, Mac};
use onhook_driver::{Fetchers, Uploaders};
use onhook_fetch::port::Fetch;
use onhook_fetch::{BodySink, Endpoint, FetchError, Request};
use onhook_fleet::{Cast, Fleet, FleetError, Live, Plan, Report, Shard, Sip, Transports, merge};
use onhook_http::HttpFetch;
use onhook_params::port::StoredParam;
use onhook_params::{ParamId, Scope};
use onhook_prov_server::{Config, Running, Server, ServerEvent};
use onhook_sip::{NotifyError, Transport, Wish, notify};
use onhook_testkit::fake::{FakeClock, FakeFetch, FakeResolver, FetchAnswer};
use zeroize::Zeroizing;

const RULE: &str = "http://h/$MA.xml";

fn fleet(phones: u32, rule: &str, params: &[(&str, &str)]) -> Fleet {
    let params = params.iter().map(|(name, value)| StoredParam {
        id: ParamId::lookup(name, &Scope::default()).unwrap(),
        value: Some(Zeroizing::new((*value).to_owned())),
        access: None,
        user_set: false,
    });
    Fleet {
        plan: Plan {
            phones,
            shard: None,
            seed: 1,
            first_mac: Mac([0x00, 0x0e, 0x08, 0, 0, 0]),
            ramp_ms: 0,
            duration_ms: None,
            sources: None,
            at_once: None,
        },
        cast: Cast {
            identity: Identity::default(),
            scope: Scope::default(),
            params: params.collect(),
            rule: Zeroizing::new(rule.to_owned()),
            options: Vec::new(),
        },
    }
}

/// A server that takes its time for each request.
struct Slow {
    inner: FakeFetch,
    takes: Duration,
    asked: AtomicU64,
}

#[async_trait]
impl Fetch for Slow {
    async fn get(
        &self,
        request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<Endpoint, FetchError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(self.takes).await;
        self.inner.get(request, sink).await
    }
}

/// A server with an answer for each of so many phones.
fn server(phones: u32, settings: &str, takes: Duration) -> Arc<Slow> {
    let inner = FakeFetch::new();
    for index in 0..phones {
        let url = format!("http://h:80/000e08{index:06x}.xml");
        let body = format!("<flat-profile>{settings}</flat-profile>");
        inner.answer(&url, body.as_str());
    }
    Arc::new(Slow {
        inner,
        takes,
        asked: AtomicU64::new(0),
    })
}

async fn play_until(
    fleet: &Fleet,
    fetch: Arc<dyn Fetch>,
    stop: impl Future<Output = ()>,
) -> Result<Report, FleetError> {
    play_on(1, fleet, fetch, stop).await
}

/// Plays on so many threads.
async fn play_on(
    threads: usize,
    fleet: &Fleet,
    fetch: Arc<dyn Fetch>,
    stop: impl Future<Output = ()>,
) -> Result<Report, FleetError> {
    let make = move |_: Option<IpAddr>| {
        let fetchers = Fetchers {
            http: Some(fetch.clone()),
            ..Fetchers::default()
        };
        (fetchers, Uploaders::default())
    };
    let transports = Transports {
        make: Arc::new(make),
        resolver: Arc::new(FakeResolver::new()),
        sip: None,
        threads,
    };
    let live: Live = fleet.live();
    let clock = Arc::new(FakeClock::new());
    let report = fleet.run(transports, clock, &live, stop).await?;
    assert_eq!(live.report(), report, "who looked saw the end");
    Ok(report)
}

async fn play(fleet: &Fleet, fetch: Arc<dyn Fetch>) -> Report {
    play_until(fleet, fetch, std::future::pending())
        .await
        .unwrap()
}

const NOW: [(&str, &str); 1] = [("Resync_Random_Delay", "0")];

#[tokio::test(start_paused = true)]
async fn every_phone_asks_for_its_own_file_and_the_run_ends() {
    let server = server(50, "<GPP_A>1</GPP_A>", Duration::from_millis(20));
    let report = play(&fleet(50, RULE, &NOW), server.clone()).await;
    assert_eq!((report.totals.phones, report.totals.provisioned), (50, 50));
    assert_eq!((report.totals.succeeded, report.totals.failed), (50, 0));
    assert_eq!(report.totals.files, 50);
    let urls: BTreeSet<String> = server.inner.urls().into_iter().collect();
    assert_eq!(urls.len(), 50);
    assert_eq!(report.outcomes["A.applied"], 50);
    assert_eq!(report.causes["boot"], 50);
    assert!(report.is_whole() && !report.interrupted);
}

#[tokio::test(start_paused = true)]
async fn a_resync_that_had_to_wait_for_its_turn_is_as_slow_as_it_was_late() {
    let server = server(10, "<GPP_A>1</GPP_A>", Duration::from_secs(1));
    let mut fleet = fleet(10, RULE, &NOW);
    fleet.plan.at_once = NonZeroU32::new(1);
    let report = play(&fleet, server).await;
    // All were due at once, and the server answers one a second.
    let ms = |percent| report.latency.percentile(percent) / 1000;
    assert!((5000..5100).contains(&ms(50.0)), "{}", ms(50.0));
    assert!((10_000..10_100).contains(&ms(100.0)), "{}", ms(100.0));
    assert!(report.lateness.percentile(100.0) < 100_000);
}

#[tokio::test(start_paused = true)]
async fn a_ramp_gives_power_evenly_and_latency_counts_from_each_turn() {
    let server = server(10, "<GPP_A>1</GPP_A>", Duration::from_millis(100));
    let mut fleet = fleet(10, RULE, &NOW);
    fleet.plan.ramp_ms = 10_000;
    let report = play(&fleet, server).await;
    assert_eq!(report.seconds.requests, [1; 10]);
    assert!(report.latency.percentile(100.0) < 200_000, "{report:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_counts_with_the_time_so_far() {
    let server = server(4, "<GPP_A>1</GPP_A>", Duration::from_millis(10));
    for index in 2..4 {
        let url = format!("http://h:80/000e08{index:06x}.xml");
        server
            .inner
            .answer(&url, FetchAnswer::Stalls(b"<f".to_vec()));
    }
    let mut fleet = fleet(4, RULE, &NOW);
    fleet.plan.duration_ms = Some(20_000);
    let report = play(&fleet, server).await;
    assert_eq!((report.totals.succeeded, report.totals.unfinished), (2, 2));
    assert_eq!(report.elapsed_ms, 20_000);
    assert_eq!(report.latency.count, 4);
    assert!(report.latency.percentile(99.0) >= 19_900_000, "{report:?}");
    assert!(report.text(&[]).contains("2 had not ended"));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_ended_early_says_so_with_what_was_done() {
    let server = server(10, "<GPP_A>1</GPP_A>", Duration::from_millis(10));
    let mut fleet = fleet(10, RULE, &NOW);
    fleet.plan.ramp_ms = 10_000;
    let stop = tokio::time::sleep(Duration::from_millis(4500));
    let report = play_until(&fleet, server, stop).await.unwrap();
    assert!(report.interrupted);
    assert_eq!((report.totals.succeeded, report.totals.booted), (5, 5));
    let text = report.text(&[]);
    assert!(
        text.contains("interrupted") && text.contains("5 phones had no power yet"),
        "{text}"
    );
}

#[tokio::test(start_paused = true)]
async fn phones_keep_their_schedule_and_restart_as_their_profile_wants() {
    let settings = "<Resync_Periodic>600</Resync_Periodic><Web_Server_Port>8080</Web_Server_Port>";
    let server = server(3, settings, Duration::from_millis(10));
    let mut fleet = fleet(3, RULE, &NOW);
    fleet.plan.duration_ms = Some(1_300_000);
    let report = play(&fleet, server).await;
    assert_eq!(report.totals.restarts, 3);
    assert_eq!(report.causes["boot"], 3);
    assert_eq!(
        report.causes["periodic"], 6,
        "after 60 s without power: {report:?}"
    );
    assert_eq!(report.totals.failed, 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_dies_is_in_the_report() {
    let server = server(6, "<GPP_A>1</GPP_A>", Duration::from_millis(10));
    for index in 3..6 {
        let url = format!("http://h:80/000e08{index:06x}.xml");
        let refused = FetchAnswer::Fails(onhook_fetch::ErrorKind::Connect);
        server.inner.answer(&url, refused);
    }
    let mut fleet = fleet(6, RULE, &NOW);
    fleet.plan.ramp_ms = 6000;
    let report = play(&fleet, server).await;
    assert_eq!((report.totals.succeeded, report.totals.failed), (3, 3));
    assert_eq!(report.outage(), Some((3, 6)));
    assert_eq!(report.faults.len(), 1);
    assert_eq!((report.faults[0].count, report.faults[0].phone), (3, 3));
    assert!(
        report
            .text(&[])
            .contains("from second 3 to 6 nothing succeeded")
    );
}

#[tokio::test(start_paused = true)]
async fn shards_play_the_phones_of_the_whole() {
    let mut urls = BTreeSet::new();
    let mut reports = Vec::new();
    for number in 1..=3 {
        let server = server(20, "<GPP_A>1</GPP_A>", Duration::from_millis(10));
        let mut fleet = fleet(20, RULE, &NOW);
        fleet.plan.shard = Some(Shard {
            number: NonZeroU32::new(number).unwrap(),
            of: NonZeroU32::new(3).unwrap(),
        });
        reports.push(play(&fleet, server.clone()).await);
        urls.extend(server.inner.urls());
    }
    assert_eq!(urls.len(), 20);
    let sum = merge(&reports).unwrap();
    assert_eq!((sum.totals.phones, sum.totals.succeeded), (20, 20));
    assert!(sum.is_whole());
}

#[tokio::test(start_paused = true)]
async fn phones_that_would_never_ask_are_refused_before_anything_starts() {
    let server = server(1, "", Duration::ZERO);
    for (params, says) in [
        (&[("Provision_Enable", "No")][..], "Provision_Enable is No"),
        (&[("Resync_On_Reset", "No")], "give a duration"),
    ] {
        let fleet = fleet(1, RULE, params);
        let played = play_until(&fleet, server.clone(), std::future::pending());
        let error = played.await.unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(server.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn no_secret_is_in_a_report() {
    let params = [
        ("Resync_Random_Delay", "0"),
        ("GPP_SA", "canary-secret"),
        ("Profile_Rule_B", "[--key canary-key] http://h/b"),
    ];
    let server = server(1, "<GPP_A>1</GPP_A>", Duration::ZERO);
    let report = play(
        &fleet(1, "[--pwd canary-pass --uid u] http://h/$MA.xml", &params),
        server,
    )
    .await;
    let json = report.to_json().unwrap();
    assert!(!json.contains("canary"), "{json}");
    assert!(!onhook_fleet::page(&report, &[]).contains("canary"));
}

/// A server that counts who is there at once.
struct Crowded {
    inner: FakeFetch,
    there: AtomicU64,
    most: AtomicU64,
}

#[async_trait]
impl Fetch for Crowded {
    async fn get(
        &self,
        request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<Endpoint, FetchError> {
        let there = self.there.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(there, Ordering::SeqCst);
        // Long enough for everybody who may come.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let got = self.inner.get(request, sink).await;
        self.there.fetch_sub(1, Ordering::SeqCst);
        got
    }
}

fn crowded(phones: u32) -> Arc<Crowded> {
    let inner = FakeFetch::new();
    for index in 0..phones {
        let url = format!("http://h:80/000e08{index:06x}.xml");
        inner.answer(&url, "<flat-profile><GPP_A>1</GPP_A></flat-profile>");
    }
    Arc::new(Crowded {
        inner,
        there: AtomicU64::new(0),
        most: AtomicU64::new(0),
    })
}

#[tokio::test]
async fn phones_on_several_threads_are_the_same_phones_and_one_run() {
    let mut told = Vec::new();
    for threads in [1, 3, 100] {
        let server = crowded(50);
        let fleet = fleet(50, RULE, &NOW);
        let played = play_on(threads, &fleet, server.clone(), std::future::pending());
        let report = played.await.unwrap();
        let urls: BTreeSet<String> = server.inner.urls().into_iter().collect();
        assert_eq!((server.inner.urls().len(), urls.len()), (50, 50));
        assert_eq!((report.latency.count, report.lateness.count), (50, 50));
        told.push((urls, report.totals, report.outcomes, report.causes));
    }
    assert!(told.iter().all(|one| *one == told[0]));
    assert_eq!((told[0].1.phones, told[0].1.provisioned), (50, 50));
}

#[tokio::test]
async fn no_more_requests_than_allowed_are_under_way_on_all_threads_together() {
    for (at_once, threads) in [(1, 4), (5, 2), (7, 3)] {
        let server = crowded(60);
        let mut fleet = fleet(60, RULE, &NOW);
        fleet.plan.at_once = NonZeroU32::new(at_once);
        let played = play_on(threads, &fleet, server.clone(), std::future::pending());
        assert_eq!(played.await.unwrap().totals.succeeded, 60);
        let most = server.most.load(Ordering::SeqCst);
        assert!(most <= u64::from(at_once), "{most} of {at_once}");
    }
}

#[tokio::test]
async fn a_run_on_several_threads_that_is_ended_early_ends_on_all_of_them() {
    let server = crowded(40);
    for index in 10..40 {
        let url = format!("http://h:80/000e08{index:06x}.xml");
        let stalls = FetchAnswer::Stalls(b"<f".to_vec());
        server.inner.answer(&url, stalls);
    }
    let fleet = fleet(40, RULE, &NOW);
    let asked = server.clone();
    let stop = async move {
        while asked.inner.urls().len() < 40 || asked.there.load(Ordering::SeqCst) > 30 {
            tokio::task::yield_now().await;
        }
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    };
    let report = play_on(4, &fleet, server, stop).await.unwrap();
    assert!(report.interrupted);
    let totals = &report.totals;
    assert_eq!(totals.succeeded + totals.unfinished, 40, "{totals:?}");
    assert!(totals.unfinished >= 30, "{totals:?}");
    assert_eq!(report.latency.count, 40, "what had not ended counts too");
}

/// A site of so many phones, served by the lab, and the fleet that asks it.
async fn on_loopback(phones: u32) -> (tempfile::TempDir, Running, Fleet) {
    let dir = tempfile::tempdir().unwrap();
    for index in 0..phones {
        let name = dir.path().join(format!("000e08{index:06x}.xml"));
        std::fs::write(name, "<flat-profile><GPP_A>1</GPP_A></flat-profile>").unwrap();
    }
    let running = Server::start(Config::local(dir.path())).await.unwrap();
    let address = running.http_addr().unwrap();
    let open = [NOW[0], ("Auth_Resync-Reboot_1_", "No")];
    let mut fleet = fleet(phones, &format!("http://{address}/$MA.xml"), &open);
    fleet.plan.sources = Some("127.7.7.0/24".parse().unwrap());
    (dir, running, fleet)
}

/// Transports with real sockets.
fn from_addresses(source: Option<IpAddr>) -> (Fetchers, Uploaders) {
    let http = HttpFetch::new(Arc::new(FakeResolver::new()), 1);
    let http = match source {
        Some(source) => http.from_address(source),
        None => http,
    };
    let fetchers = Fetchers {
        http: Some(Arc::new(http)),
        ..Fetchers::default()
    };
    (fetchers, Uploaders::default())
}

fn real(sip: Option<SocketAddrV4>) -> Transports {
    Transports {
        make: Arc::new(from_addresses),
        resolver: Arc::new(FakeResolver::new()),
        sip: sip.map(|address| Sip {
            address,
            key: [7; 32],
            system_time: onhook_system::system_time,
        }),
        threads: 2,
    }
}

#[tokio::test]
async fn on_loopback_each_phone_comes_from_its_own_address() {
    let (_dir, mut running, fleet) = on_loopback(20).await;
    let mut events = running.events();
    let live = fleet.live();
    let clock = Arc::new(FakeClock::new());
    let played = fleet.run(real(None), clock, &live, std::future::pending());
    let report = played.await.unwrap();
    assert_eq!(report.totals.succeeded, 20, "{report:?}");
    let mut clients = BTreeSet::new();
    for _ in 0..20 {
        let Some(ServerEvent::Request(access)) = events.next().await else {
            panic!("a request is missing");
        };
        clients.insert(access.client.ip());
    }
    assert_eq!(clients.len(), 20);
    assert!(clients.contains(&"127.7.7.20".parse().unwrap()));
    running.stop().await;
}

/// Asks the phone at an address to resync; the status of its answer.
async fn notified(to: &str, port: u16, seed: u64) -> Result<u16, NotifyError> {
    let wish = Wish {
        uri: format!("sip:{to}:{port}"),
        event: "resync".to_owned(),
        body: String::new(),
        login: None,
    };
    let to = SocketAddr::new(to.parse().unwrap(), port);
    let within = Duration::from_secs(30);
    let heard = notify(wish, Transport::Udp, to, within, seed).await?;
    Ok(heard.status)
}

#[tokio::test]
async fn a_phone_that_is_notified_at_its_address_resyncs_and_no_other() {
    let (_dir, mut running, mut fleet) = on_loopback(5).await;
    let mut events = running.events();
    fleet.plan.duration_ms = Some(600_000);
    let live = fleet.live();
    let clock = Arc::new(FakeClock::new());
    let any = SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0);
    let looked = live.clone();
    let stop = async {
        while looked.totals().succeeded < 5 {
            tokio::task::yield_now().await;
        }
        let port = looked.sip().unwrap().port();
        assert_eq!(notified("127.7.7.3", port, 1).await.unwrap(), 200);
        while looked.totals().succeeded < 6 {
            tokio::task::yield_now().await;
        }
        // This one lives on the other thread.
        assert_eq!(notified("127.7.7.4", port, 2).await.unwrap(), 200);
        while looked.totals().succeeded < 7 {
            tokio::task::yield_now().await;
        }
    };
    let played = fleet.run(real(Some(any)), clock, &live, stop);
    let report = played.await.unwrap();
    assert_eq!(report.causes["explicit"], 2, "{report:?}");
    let mut targets = Vec::new();
    for _ in 0..7 {
        let Some(ServerEvent::Request(access)) = events.next().await else {
            panic!("a request is missing");
        };
        targets.push((access.client.ip().to_string(), access.target.unwrap()));
    }
    let again = |ip: &str, target: &str| (ip.to_owned(), target.to_owned());
    assert_eq!(
        targets[5..],
        [
            again("127.7.7.3", "/000e08000002.xml"),
            again("127.7.7.4", "/000e08000003.xml")
        ]
    );
    running.stop().await;
}

#[tokio::test]
async fn phones_without_addresses_cannot_be_notified() {
    let (_dir, running, mut fleet) = on_loopback(1).await;
    fleet.plan.sources = None;
    let live = fleet.live();
    let any = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
    let clock = Arc::new(FakeClock::new());
    let played = fleet.run(real(Some(any)), clock, &live, std::future::pending());
    let error = played.await.unwrap_err().to_string();
    assert!(error.contains("give a range of sources"), "{error}");
    running.stop().await;
}
