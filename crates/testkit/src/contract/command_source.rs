//! The obligations of [`CommandSource`].

use std::net::{Ipv4Addr, Ipv6Addr};

use async_trait::async_trait;
use onhook_device::{Secret, SipError};
use onhook_params::{DeltaBuilder, Setting, known};
use onhook_phone::port::CommandSource;
use onhook_phone::{Answer, Ask, Asked, ClientCertificate, LineUse, Registration};

use super::soon;

/// A source with the means to ask it from outside.
#[async_trait]
pub trait CommandSourceFixture: Send {
    /// Opens the source under test; every source opened before has been dropped.
    async fn open(&mut self) -> Box<dyn CommandSource>;

    /// A new asker of the source opened last.
    async fn asker(&mut self) -> Box<dyn Asker>;

    /// Whole messages that are no request.
    fn no_requests(&self) -> Vec<Vec<u8>>;

    /// Whether askers of this source can make a request of this kind.
    fn can_ask(&self, ask: &Ask) -> bool {
        !matches!(ask, Ask::Submit(_) | Ask::Upgrade(_) | Ask::Look)
    }
}

/// Somebody outside who asks one source. Dropping it hangs up.
#[async_trait]
pub trait Asker: Send {
    /// Sends a request and does not wait for its answer.
    async fn ask(&mut self, ask: Ask);

    /// Sends one whole message that is no request.
    async fn send(&mut self, bytes: &[u8]);

    /// The next answer, in a spelling that holds the text of an [`Answer::Refused`].
    ///
    /// `None` if the phone has gone without an answer.
    async fn answer(&mut self) -> Option<String>;
}

/// Checks a source against every obligation of the port.
pub async fn command_source(fixture: &mut dyn CommandSourceFixture) {
    every_kind_of_request_arrives_as_it_was_made(fixture).await;
    requests_keep_the_order_of_their_asker(fixture).await;
    each_reply_reaches_its_asker(fixture).await;
    what_is_no_request_is_answered_and_never_handed_over(fixture).await;
    waiting_can_be_given_up_and_taken_up_again(fixture).await;
    an_asker_who_has_gone_disturbs_nobody(fixture).await;
    a_reply_dropped_unanswered_tells_that_the_phone_has_gone(fixture).await;
}

/// A request that can be recognised when it arrives, as one edit or as a page with one.
fn named(fixture: &dyn CommandSourceFixture, name: &str) -> Ask {
    let edit = Ask::Set {
        name: name.to_owned(),
        value: Secret::from("value"),
    };
    if fixture.can_ask(&edit) {
        return edit;
    }
    let mut page = DeltaBuilder::with_capacity(1, name.len());
    page.push(Setting {
        id: known::GPP_A,
        value: Some(name),
        access: None,
        preserve: false,
    });
    Ask::Submit(page.finish())
}

fn name_of(asked: &Asked) -> String {
    match &asked.ask {
        Ask::Set { name, .. } => name.clone(),
        Ask::Submit(page) => {
            let name = page.iter().find_map(|setting| setting.value);
            name.unwrap_or_default().to_owned()
        }
        other @ (Ask::Resync(_)
        | Ask::UpdateCa(_)
        | Ask::Report
        | Ask::ReportProblem
        | Ask::FactoryReset
        | Ask::Restart
        | Ask::RestartWarm
        | Ask::Line(..)
        | Ask::Registration(..)
        | Ask::ExternalAddress(_)
        | Ask::LogIn { .. }
        | Ask::LogOut
        | Ask::InstallCertificate(_)
        | Ask::SipError(..)
        | Ask::RemoveCertificate
        | Ask::MayUse(_)
        | Ask::Upgrade(_)
        | Ask::Look
        | Ask::Status
        | Ask::SipAccess) => panic!("{other:?} was never asked"),
    }
}

/// The next request, which must come.
async fn next(source: &mut dyn CommandSource) -> Asked {
    let Some(asked) = soon("a request", source.next()).await else {
        panic!("the source ended");
    };
    asked
}

fn reply(asked: Asked, text: &str) {
    asked.reply.answer(Answer::Refused(text.to_owned()));
}

#[track_caller]
fn assert_holds(answer: Option<String>, text: &str) {
    match answer {
        Some(answer) => assert!(answer.contains(text), "{answer:?} is no {text:?}"),
        None => panic!("{text:?} did not arrive: the phone has gone"),
    }
}

async fn every_kind_of_request_arrives_as_it_was_made(fixture: &mut dyn CommandSourceFixture) {
    let value = "\"quoted\" \\ ü\u{1F600}\r\n\t'$A' [--key x]";
    let kinds = || {
        [
            Ask::Status,
            Ask::Resync(None),
            Ask::Resync(Some(Secret::from(value))),
            Ask::Resync(Some(Secret::from(""))),
            Ask::UpdateCa(None),
            Ask::UpdateCa(Some(Secret::from(value))),
            Ask::Report,
            Ask::ReportProblem,
            Ask::FactoryReset,
            Ask::Restart,
            Ask::RestartWarm,
            Ask::Line(1, LineUse::Busy),
            Ask::Line(16, LineUse::Idle),
            Ask::Line(2, LineUse::Emergency),
            Ask::Registration(1, Registration::Registered),
            Ask::Registration(2, Registration::Unregistered),
            Ask::Registration(16, Registration::Disabled),
            Ask::ExternalAddress(Some(Ipv4Addr::new(192, 0, 2, 1).into())),
            Ask::ExternalAddress(Some(Ipv6Addr::LOCALHOST.into())),
            Ask::ExternalAddress(None),
            Ask::LogIn {
                user: value.to_owned(),
                password: Secret::from(value),
            },
            Ask::LogOut,
            Ask::InstallCertificate(ClientCertificate {
                certificate: value.to_owned(),
                key: Secret::from(value),
            }),
            Ask::SipError(3, SipError::Internal(20)),
            Ask::RemoveCertificate,
            Ask::MayUse(value.to_owned()),
            Ask::Set {
                name: "Display_Name[1]".to_owned(),
                value: Secret::from(value),
            },
        ]
    };
    let mut source = fixture.open().await;
    let mut asker = fixture.asker().await;
    for (made, expected) in kinds().into_iter().zip(kinds()) {
        if !fixture.can_ask(&made) {
            continue;
        }
        asker.ask(made).await;
        let asked = next(&mut *source).await;
        assert_eq!(plain(&asked.ask), plain(&expected));
        reply(asked, "seen.");
        assert_holds(soon("an answer", asker.answer()).await, "seen.");
    }
}

/// A request in a form that can be compared.
fn plain(ask: &Ask) -> (&'static str, String, Option<Vec<u8>>) {
    match ask {
        Ask::Resync(rule) => {
            let rule = rule.as_ref().map(|rule| rule.expose().to_vec());
            ("resync", String::new(), rule)
        }
        Ask::UpdateCa(rule) => {
            let rule = rule.as_ref().map(|rule| rule.expose().to_vec());
            ("update CA", String::new(), rule)
        }
        Ask::Set { name, value } => ("set", name.clone(), Some(value.expose().to_vec())),
        Ask::Report => ("report", String::new(), None),
        Ask::ReportProblem => ("problem report", String::new(), None),
        Ask::FactoryReset => ("factory reset", String::new(), None),
        Ask::Restart => ("restart", String::new(), None),
        Ask::RestartWarm => ("restart warm", String::new(), None),
        Ask::Line(line, line_use) => ("line", format!("{line} {line_use:?}"), None),
        Ask::Registration(line, registration) => {
            ("registration", format!("{line} {registration:?}"), None)
        }
        Ask::ExternalAddress(address) => ("address", format!("{address:?}"), None),
        Ask::LogIn { user, password } => ("log in", user.clone(), Some(password.expose().to_vec())),
        Ask::LogOut => ("log out", String::new(), None),
        Ask::InstallCertificate(pair) => {
            let key = pair.key.expose().to_vec();
            ("install", pair.certificate.clone(), Some(key))
        }
        Ask::SipError(line, code) => ("sip error", format!("{line} {code}"), None),
        Ask::RemoveCertificate => ("remove", String::new(), None),
        Ask::MayUse(server) => ("may use", server.clone(), None),
        Ask::Status => ("status", String::new(), None),
        Ask::SipAccess => ("sip access", String::new(), None),
        Ask::Submit(page) => ("submit", format!("{page:?}"), None),
        Ask::Upgrade(rule) => {
            let rule = rule.as_ref().map(|rule| rule.expose().to_vec());
            ("upgrade", String::new(), rule)
        }
        Ask::Look => ("look", String::new(), None),
    }
}

async fn requests_keep_the_order_of_their_asker(fixture: &mut dyn CommandSourceFixture) {
    const EACH: usize = 5;
    let mut source = fixture.open().await;
    let mut askers = [fixture.asker().await, fixture.asker().await];
    for n in 0..EACH {
        for (asker, who) in askers.iter_mut().zip(["a", "b"]) {
            asker.ask(named(fixture, &format!("{who}{n}"))).await;
        }
    }
    let mut names = Vec::new();
    for _ in 0..2 * EACH {
        let asked = next(&mut *source).await;
        let name = name_of(&asked);
        reply(asked, &format!("re {name}."));
        names.push(name);
    }
    for (asker, who) in askers.iter_mut().zip(["a", "b"]) {
        let of_this = names.iter().filter(|name| name.starts_with(who));
        let made: Vec<String> = (0..EACH).map(|n| format!("{who}{n}")).collect();
        assert!(of_this.eq(made.iter()), "{names:?}");
        for name in made {
            let answer = soon("an answer", asker.answer()).await;
            assert_holds(answer, &format!("re {name}."));
        }
    }
    assert_nothing_waits(fixture, &mut *source).await;
}

/// A further request is the next one, so none was handed over twice.
async fn assert_nothing_waits(
    fixture: &mut dyn CommandSourceFixture,
    source: &mut dyn CommandSource,
) {
    let mut asker = fixture.asker().await;
    asker.ask(named(fixture, "a further one")).await;
    let asked = next(source).await;
    assert_eq!(name_of(&asked), "a further one");
    reply(asked, "done.");
    assert_holds(soon("an answer", asker.answer()).await, "done.");
}

async fn each_reply_reaches_its_asker(fixture: &mut dyn CommandSourceFixture) {
    let mut source = fixture.open().await;
    let mut first = fixture.asker().await;
    let mut second = fixture.asker().await;
    first.ask(named(fixture, "first")).await;
    let waiting = next(&mut *source).await;
    second.ask(named(fixture, "second")).await;
    let asked = next(&mut *source).await;
    assert_eq!(
        (name_of(&waiting), name_of(&asked)),
        ("first".to_owned(), "second".to_owned())
    );
    reply(asked, "to the second.");
    assert_holds(
        soon("the second answer", second.answer()).await,
        "to the second.",
    );
    reply(waiting, "to the first.");
    assert_holds(
        soon("the first answer", first.answer()).await,
        "to the first.",
    );
}

async fn what_is_no_request_is_answered_and_never_handed_over(
    fixture: &mut dyn CommandSourceFixture,
) {
    let mut source = fixture.open().await;
    let messages = fixture.no_requests();
    assert!(!messages.is_empty(), "the fixture knows no bad message");
    for message in messages {
        let mut asker = fixture.asker().await;
        asker.send(&message).await;
        let shown = String::from_utf8_lossy(&message).into_owned();
        let answer = soon("the answer of the source", asker.answer()).await;
        assert!(answer.is_some(), "{shown:?} has no answer");
        assert_nothing_waits(fixture, &mut *source).await;
    }
}

async fn waiting_can_be_given_up_and_taken_up_again(fixture: &mut dyn CommandSourceFixture) {
    let mut source = fixture.open().await;
    let mut asker = fixture.asker().await;
    for n in 0..20 {
        assert!(
            impatiently(&mut *source).await.is_none(),
            "nothing was asked"
        );
        asker.ask(named(fixture, &format!("n{n}"))).await;
        let asked = soon("a request", async {
            loop {
                if let Some(asked) = impatiently(&mut *source).await {
                    break asked;
                }
            }
        });
        let asked = asked.await;
        assert_eq!(name_of(&asked), format!("n{n}"));
        reply(asked, &format!("re n{n}."));
        assert_holds(
            soon("an answer", asker.answer()).await,
            &format!("re n{n}."),
        );
    }
}

/// Waits for the shortest time and gives up.
async fn impatiently(source: &mut dyn CommandSource) -> Option<Asked> {
    tokio::select! {
        biased;
        asked = source.next() => match asked {
            Some(asked) => Some(asked),
            None => panic!("the source ended"),
        },
        () = tokio::task::yield_now() => None,
    }
}

async fn an_asker_who_has_gone_disturbs_nobody(fixture: &mut dyn CommandSourceFixture) {
    let mut source = fixture.open().await;
    let mut hasty = fixture.asker().await;
    hasty.ask(named(fixture, "hasty")).await;
    drop(hasty);
    let asked = next(&mut *source).await;
    assert_eq!(name_of(&asked), "hasty");
    reply(asked, "to nobody.");
    assert_nothing_waits(fixture, &mut *source).await;
}

async fn a_reply_dropped_unanswered_tells_that_the_phone_has_gone(
    fixture: &mut dyn CommandSourceFixture,
) {
    let mut source = fixture.open().await;
    let mut asker = fixture.asker().await;
    asker.ask(named(fixture, "in vain")).await;
    drop(next(&mut *source).await);
    assert_eq!(soon("the end", asker.answer()).await, None);
}
