//! Recognisable secrets go through everything, and nothing that comes out shows them.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use onhook_crypto::{Digest, encrypt};
use onhook_fetch::ErrorKind;
use onhook_testkit::fake::FetchAnswer;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::world::{Home, profile};

/// Writes down every traced event with all its fields.
#[derive(Clone, Default)]
struct Traced(Arc<Mutex<String>>);

impl Visit for Traced {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let mut text = self.0.lock().unwrap();
        writeln!(text, "{field} {value:?}").unwrap();
    }
}

impl Subscriber for Traced {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

/// What only secrets hold.
const CANARY: &str = "canary";

/// Everything that can be said to a phone with a secret in it.
const WORDS: [&str; 16] = [
    "resync [--key canary-key] http://h/sealed",
    "resync [--key \"canary key\"] http://h/sealed",
    "resync [--key canary-wrong] http://h/sealed",
    "resync [--key canary-key] http://h/clear",
    "resync http://h/clear",
    "resync [--key canary-key http://h/unclosed",
    "resync (\"canary",
    "resync [--uid canary-user --pwd canary-word] http://h/denied",
    "resync [--key $SA] http://h/sealed",
    "resync http://h/$SA/$SB.xml",
    "resync",
    "set GPP_SA canary-by-hand",
    "set Web_Server_Port [--pwd canary-port] http://h/p",
    "set GPP_SZ canary-by-hand",
    "set Admin_Password canary-by-hand",
    "set Profile_Rule [--key canary-by-hand] http://h/p",
];

//= R-SEC-3 type=test
#[tokio::test(start_paused = true)]
async fn no_secret_leaves_through_answers_reports_events_messages_or_traces() {
    let traced = Traced::default();
    // With a single subscriber, a test on another thread could switch an event off for all.
    let _second = tracing::Dispatch::new(Traced::default());
    let _guard = tracing::subscriber::set_default(traced.clone());
    let home = Home::new()
        .with("GPP_SA", "canary-sa")
        .with("GPP_SB", "canary-sb")
        .with("Resync_Error_Retry_Delay", "0")
        .with(
            "Log_Request_Msg",
            "$SA $SB $(SA) $A Requesting %s $SCHEME://$SERVIP:$PORT$PATH",
        )
        .with("Profile_Rule", "[--key \"canary-rule\"] http://h/p");
    let first = profile(
        "<GPP_SC>canary-sc</GPP_SC><GPP_A>plain</GPP_A>\
             <Profile_Rule_B>[--uid u --pwd canary-pwd] http://h/b</Profile_Rule_B>\
             <Admin_Password>canary-admin</Admin_Password>\
             <Web_Server_Port>[--key canary-x] is no port</Web_Server_Port>",
    );
    let first = encrypt(first.as_bytes(), b"canary-rule", Digest::Sha256, [2; 8]);
    home.fetch.answer("http://h:80/p", first.as_slice());
    let clear = profile("<GPP_SD>canary-sd</GPP_SD>");
    let sealed = encrypt(clear.as_bytes(), b"canary-key", Digest::Md5, [1; 8]);
    home.fetch.answer("http://h:80/sealed", sealed.as_slice());
    home.fetch.answer("http://h:80/clear", clear.as_str());
    home.fetch
        .answer("http://h:80/denied", FetchAnswer::Fails(ErrorKind::Auth));
    let mut life = home.booted().await;
    life.run_for(1).await;
    let mut said = String::new();
    for words in WORDS {
        let answer = life.say(words).await;
        writeln!(said, "{answer:?}").unwrap();
        let status = life.status().await;
        writeln!(said, "{status:?}").unwrap();
    }
    home.config.power().refuse_writes();
    for words in ["set GPP_SB canary-lost", "factory-reset"] {
        writeln!(said, "{:?}", life.say(words).await).unwrap();
    }
    let told = format!("{:?}", life.diary.all());
    let logged = format!("{:?}", home.log.messages());
    let traced = traced.0.lock().unwrap().clone();
    for (what, text, sign) in [
        ("answers", &said, "http://h:80/sealed"),
        ("events", &told, "RuleStarted"),
        ("messages", &logged, "Requesting resync"),
        ("traces", &traced, "Requesting resync"),
    ] {
        assert!(text.contains(sign), "{what} are not looked at: {text}");
        let shown = text.lines().find(|line| line.contains(CANARY));
        assert_eq!(shown, None, "in the {what}");
    }
    // The secrets arrived all the same.
    assert_eq!(home.stored("GPP_SC").as_deref(), Some("canary-sc"));
    assert_eq!(home.stored("GPP_SD").as_deref(), Some("canary-sd"));
    assert_eq!(home.stored("GPP_SA").as_deref(), Some("canary-by-hand"));
    let asked = home.fetch.asked();
    let with_credentials: Vec<_> = asked.iter().filter(|a| a.with_credentials).collect();
    assert!(!with_credentials.is_empty());
    assert!(asked.iter().all(|a| !a.url.contains(CANARY)), "{asked:?}");
}
