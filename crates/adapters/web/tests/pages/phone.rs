//! A phone that shows what it is told to, and notes what is asked of it.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use hyper::body::Frame;
use onhook_device::{Identity, MonoTime, Now, Secret, WallTime};
use onhook_params::{Entry, Mark, ParamId, Scope};
use onhook_phone::report::Status;
use onhook_phone::{Answer, Ask, Asked, Command, Input, Look, Origin};
use onhook_schedule::port::Clock;
use onhook_testkit::sim::{MIDNIGHT, Served, Sim};
use onhook_web::{Asking, Feed, Peer, Setup, router};
use tokio::sync::mpsc;
use tower_service::Service as _;

/// Half past noon.
pub(crate) const NOW: Now = Now {
    mono: MonoTime::from_secs(100),
    wall: Some(WallTime {
        unix_s: MIDNIGHT + 45_000,
        offset_s: 0,
    }),
};

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Now {
        NOW
    }
}

/// What a phone was asked, in words.
pub(crate) type Notes = Arc<Mutex<Vec<String>>>;

/// Pages over a phone in one state.
pub(crate) struct Pages {
    router: Router,
    pub(crate) feed: Feed,
    notes: Notes,
}

/// How pages are set up.
pub(crate) struct Phone {
    sim: Sim,
    pub(crate) open: bool,
    pub(crate) status: Status,
}

impl Phone {
    pub(crate) fn new() -> Self {
        Self::of(Sim::new(|_, _| Served::empty()))
    }

    pub(crate) fn in_scope(scope: Scope) -> Self {
        Self::of(Sim::of(scope, 1, |_, _| Served::empty()))
    }

    fn of(sim: Sim) -> Self {
        Self {
            sim,
            open: false,
            status: status(),
        }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.sim = self.sim.with(name, value);
        self
    }

    /// Gives the User account a right.
    pub(crate) fn with_right(mut self, name: &str, right: onhook_params::UserAccess) -> Self {
        let id = ParamId::lookup(name, &Scope::default()).unwrap();
        let right = Entry {
            id,
            access: Some(right),
            mark: Mark::None,
            value: None,
        };
        let page = self.sim.shared.put_entries(vec![right]);
        self.sim
            .input(Input::Command(Origin::Page, Command::Submit(page)));
        self.sim.run_for(0);
        self
    }

    pub(crate) fn pages(self) -> Pages {
        let look = Look::of(&self.sim.phone, &self.sim.shared, NOW, self.status);
        let look = Arc::new(look.unwrap());
        let (sender, mut asked) = mpsc::channel::<Asked>(16);
        let notes = Notes::default();
        let noted = Arc::clone(&notes);
        tokio::spawn(async move {
            while let Some(Asked { origin, ask, reply }) = asked.recv().await {
                let words = match &ask {
                    Ask::Look => {
                        reply.answer(Answer::Look(Arc::clone(&look)));
                        continue;
                    }
                    Ask::Resync(rule) => format!("resync {}", text(rule.as_ref())),
                    Ask::Upgrade(rule) => format!("upgrade {}", text(rule.as_ref())),
                    Ask::UpdateCa(rule) => format!("updateca {}", text(rule.as_ref())),
                    Ask::Submit(page) => {
                        let settings = page.iter();
                        let pairs: Vec<_> = settings
                            .map(|one| format!("{}={}", one.id.name(), one.value.unwrap_or("-")))
                            .collect();
                        format!("submit {}", pairs.join(" "))
                    }
                    Ask::Restart => "Restart".to_owned(),
                    other @ (Ask::Set { .. }
                    | Ask::Report
                    | Ask::ReportProblem
                    | Ask::SipAccess
                    | Ask::FactoryReset
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
                    | Ask::Status) => panic!("no page asks for {other:?}"),
                };
                noted.lock().unwrap().push(format!("{origin:?} {words}"));
                reply.answer(Answer::Done);
            }
        });
        let feed = Feed::default();
        let setup = Setup {
            listen: "127.0.0.1:80".parse().unwrap(),
            host_names: vec!["phone.example".to_owned()],
            open: self.open,
            identity: Identity::default(),
            clock: Arc::new(Fixed),
            key: Secret::from("0123456789abcdef"),
            tls: None,
        };
        Pages {
            router: router(setup, Asking::new(sender), feed.clone()),
            feed,
            notes,
        }
    }
}

fn text(secret: Option<&Secret>) -> String {
    secret.map_or("-".to_owned(), |secret| {
        String::from_utf8(secret.expose().to_vec()).unwrap()
    })
}

pub(crate) fn status() -> Status {
    Status {
        state: "waiting",
        prvst: 0,
        provisioned: true,
        customization: None,
        last: None,
        next: Vec::new(),
        busy_lines: Vec::new(),
        uptime_s: 100,
        external_ip: String::new(),
        client_certificate: false,
        custom_ca: onhook_phone::report::CaStatus::default(),
        mobility_status: String::new(),
        mobility_user: String::new(),
        history: Vec::new(),
        stale_completions: 0,
        dropped_messages: 0,
        sip_errors: Vec::new(),
        firmware: None,
        listen: Vec::new(),
    }
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Got {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The value of the hidden field `token`.
    pub(crate) fn token(&self) -> String {
        let behind = self.text().split_once("name=\"token\" value=\"").unwrap().1;
        behind.split_once('"').unwrap().0.to_owned()
    }

    pub(crate) fn cookie(&self) -> String {
        let cookie = self.headers["set-cookie"].to_str().unwrap();
        cookie.split_once(';').unwrap().0.to_owned()
    }
}

/// A request that is being written.
pub(crate) struct Asker<'p> {
    pages: &'p Pages,
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    remote: &'static str,
}

impl Asker<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(given, _)| given != name);
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn from(mut self, remote: &'static str) -> Self {
        self.remote = remote;
        self
    }

    /// The same without a word of how long the body is.
    pub(crate) async fn get_piece_by_piece(self) -> Got {
        let body = Body::new(Pieces(
            self.body.chunks(1000).map(Bytes::copy_from_slice).collect(),
        ));
        got(self.answer(body).await).await
    }

    pub(crate) async fn get(self) -> Got {
        got(self.open().await).await
    }

    /// The answer, whose body has not been read.
    pub(crate) async fn open(self) -> Response {
        let body = Body::from(self.body.clone());
        self.answer(body).await
    }

    async fn answer(self, body: Body) -> Response {
        let mut request = Request::builder().method(self.method).uri(self.target);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let mut request = request.body(body).unwrap();
        request.extensions_mut().insert(Peer {
            remote: self.remote.parse().unwrap(),
            local: "127.0.0.1:80".parse().unwrap(),
        });
        self.pages.router.clone().call(request).await.unwrap()
    }
}

async fn got(response: Response) -> Got {
    let (parts, body) = response.into_parts();
    Got {
        status: parts.status,
        headers: parts.headers,
        body: to_bytes(body, 4 << 20).await.unwrap().to_vec(),
    }
}

/// A body in pieces.
struct Pieces(VecDeque<Bytes>);

impl axum::body::HttpBody for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}

impl Pages {
    pub(crate) fn ask(&self, target: &str) -> Asker<'_> {
        Asker {
            pages: self,
            method: "GET",
            target: target.to_owned(),
            headers: vec![("host".to_owned(), "127.0.0.1:80".to_owned())],
            body: Vec::new(),
            remote: "127.0.0.1:5000",
        }
    }

    pub(crate) fn post(&self, target: &str, body: &str) -> Asker<'_> {
        Asker {
            method: "POST",
            body: body.as_bytes().to_vec(),
            ..self.ask(target)
        }
    }

    pub(crate) async fn get(&self, target: &str) -> Got {
        self.ask(target).get().await
    }

    /// Sends a form as the page at `target` would.
    pub(crate) async fn submit(&self, page: &str, target: &str, fields: &str) -> Got {
        let shown = self.get(page).await;
        let body = format!("token={}&{fields}", shown.token());
        let cookie = shown.cookie();
        self.post(target, &body)
            .header("cookie", &cookie)
            .get()
            .await
    }

    /// What the phone was asked so far.
    pub(crate) async fn notes(&self) -> Vec<String> {
        // Whoever asks it now comes behind all others.
        self.ask("/info/status").get().await;
        self.notes.lock().unwrap().clone()
    }
}
