//! The routes, and the door in front of them.

mod actions;
mod asking;
mod execute;
mod visits;

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use hyper::header::{
    AUTHORIZATION, COOKIE, HeaderValue, RETRY_AFTER, SET_COOKIE, WWW_AUTHENTICATE,
};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode};
use onhook_device::Secret;
use onhook_params::known;
use onhook_phone::Look;

use crate::action::{Action, Target};
use crate::answers::{answer, words};
use crate::door::{Foreign, check_host, check_site};
use crate::feed::Feed;
use crate::layout::Depth;
use crate::login::{Admission, Caller, Porter, Role};
use crate::nonce::Nonces;
use crate::setup::Setup;
pub use asking::Asking;
use execute::Senders;

/// Pages that may follow events at once.
const FOLLOWERS: usize = 8;

/// The cookie that tokens of forms belong to.
const COOKIE_NAME: &str = "onhook";

/// Both ends of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Who sends.
    pub remote: SocketAddr,
    /// Where it came in.
    pub local: SocketAddr,
}

/// What all requests share.
pub(crate) struct App {
    pub(crate) setup: Setup,
    pub(crate) asking: Asking,
    pub(crate) feed: Feed,
    porter: Mutex<Porter>,
    pub(crate) followers: AtomicUsize,
}

impl App {
    fn porter(&self) -> MutexGuard<'_, Porter> {
        self.porter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the place of one who follows events; `None` if all are taken.
    pub(crate) fn follow(self: &Arc<Self>) -> Option<Follower> {
        let taken = self
            .followers
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| {
                (n < FOLLOWERS).then_some(n + 1)
            });
        taken.ok().map(|_| Follower(Arc::clone(self)))
    }
}

/// A place among those who follow events.
pub(crate) struct Follower(Arc<App>);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.followers.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A request that came in.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) look: Arc<Look>,
    pub(crate) role: Role,
    pub(crate) depth: Depth,
    /// Where links of its page begin.
    pub(crate) base: &'static str,
    /// What it asks for by its whole path: gates and accounts were looked at for this.
    pub(crate) action: Option<Action>,
    /// Whether its whole path takes objects.
    pub(crate) executes: bool,
    /// The rest of its path.
    pub(crate) path: String,
    /// The proof that forms of its session carry.
    pub(crate) token: String,
    pub(crate) argument: Option<Arc<Secret>>,
    pub(crate) peer: IpAddr,
}

/// The pages and action URLs of a phone, which is asked through `asking`. A request has to bring its [`Peer`].
pub fn router(setup: Setup, asking: Asking, feed: Feed) -> Router {
    let key = Secret::new(setup.key.expose().to_vec());
    let app = Arc::new(App {
        setup,
        asking,
        feed,
        porter: Mutex::new(Porter::new(Nonces::new(key))),
        followers: AtomicUsize::new(0),
    });
    Router::new()
        .route("/style.css", get(style))
        .route("/page.js", get(script))
        .route("/admin/events", get(visits::events))
        .route("/admin/do/{action}", post(actions::press))
        .fallback(visits::visit)
        .layer(from_fn_with_state(Arc::clone(&app), door))
        .with_state(app)
}

async fn style() -> Response {
    let css = include_str!("../assets/style.css");
    answer(StatusCode::OK, "text/css; charset=utf-8", css)
}

async fn script() -> Response {
    let js = include_str!("../assets/page.js");
    answer(StatusCode::OK, "text/javascript; charset=utf-8", js)
}

/// Where links of a page begin, whose pages they are, how deep, and the rest of the path.
fn place(path: &str) -> (&'static str, Role, Depth, &str) {
    for (base, role, depth) in [
        ("/admin/advanced", Role::Admin, Depth::Advanced),
        ("/admin", Role::Admin, Depth::Basic),
        ("/advanced", Role::User, Depth::Advanced),
    ] {
        if let Some(rest) = path.strip_prefix(base)
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return (base, role, depth, rest);
        }
    }
    ("", Role::User, Depth::Basic, path)
}

/// Lets a request in, or answers it.
async fn door(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(peer) = parts.extensions.get::<Peer>().copied() else {
        return words(StatusCode::INTERNAL_SERVER_ERROR, "nobody knows who asks");
    };
    if check_host(&parts.headers, peer.local, &app.setup.host_names).is_err() {
        return words(
            StatusCode::MISDIRECTED_REQUEST,
            "this is not the phone that was meant: use its address, or put the name into web.host_names",
        );
    }
    if !matches!(parts.method, Method::GET | Method::HEAD | Method::POST) {
        return words(StatusCode::METHOD_NOT_ALLOWED, "use GET or POST");
    }
    if matches!(parts.uri.path(), "/style.css" | "/page.js") {
        return next.run(Request::from_parts(parts, body)).await;
    }
    match enter(&app, &parts, peer).await {
        Ok((visit, cookie)) => {
            parts.extensions.insert(visit);
            let mut response = next.run(Request::from_parts(parts, body)).await;
            if let Some(cookie) = cookie {
                response.headers_mut().insert(SET_COOKIE, cookie);
            }
            response
        }
        Err(refusal) => *refusal,
    }
}

/// What a request may do, and the cookie that it gets.
async fn enter(
    app: &Arc<App>,
    request: &Parts,
    peer: Peer,
) -> Result<(Visit, Option<HeaderValue>), Box<Response>> {
    let refuse = |status, text: String| Box::new(words(status, text));
    let full = request
        .uri
        .path_and_query()
        .map_or("/", |full| full.as_str());
    let target =
        Target::read(full).map_err(|why| refuse(StatusCode::BAD_REQUEST, why.to_string()))?;
    let action = Action::of(&target.path);
    let (base, mut wanted, depth, rest) = place(&target.path);
    let changes =
        action.is_some() || request.method == Method::POST || target.path == "/admin/events";
    //= R-WEB-13
    if changes && check_site(&request.headers) == Err(Foreign::Site) {
        return Err(refuse(
            StatusCode::FORBIDDEN,
            "a page of another site sent this: nothing was done".to_owned(),
        ));
    }
    let Some(look) = app.asking.look().await else {
        let mut busy = refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "the phone restarts: try again".to_owned(),
        );
        busy.headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static("2"));
        return Err(busy);
    };
    if action.is_some() {
        wanted = Role::Admin;
    }
    //= R-WEB-1
    for (enable, counts) in [
        // The door may still be on its way to be closed.
        (known::ENABLE_WEB_SERVER, true),
        (known::ENABLE_WEB_ADMIN_ACCESS, wanted == Role::Admin),
        (known::ENABLE_DIRECT_ACTION_URL, action.is_some()),
    ] {
        if counts && enable.pattern().is_known_in(&look.scope) && !look.is_yes(enable) {
            let why = format!("{} is No", enable.name());
            return Err(refuse(StatusCode::FORBIDDEN, why));
        }
    }
    let senders = (target.path == execute::PATH).then(|| Senders::of(&look));
    if senders == Some(Senders::Nobody) {
        return Err(refuse(
            StatusCode::FORBIDDEN,
            "CISCO_XML_EXE_Enable is No".to_owned(),
        ));
    }
    let role = match senders {
        Some(Senders::Everybody) => wanted,
        Some(Senders::Nobody | Senders::User | Senders::Remote) | None => {
            let remote = senders == Some(Senders::Remote);
            admit(app, request, &target, full, peer, (wanted, remote), &look)?
        }
    };
    if role < wanted {
        return Err(refuse(
            StatusCode::FORBIDDEN,
            "the User account may not do this: log in as admin".to_owned(),
        ));
    }
    let (session, cookie) = session(app, request);
    let token = app.porter().nonces.seal("form", &session);
    let visit = Visit {
        look,
        role: wanted.min(role),
        depth,
        base,
        action,
        executes: senders.is_some(),
        path: rest.to_owned(),
        token,
        argument: target.argument.map(Arc::new),
        peer: peer.remote.ip(),
    };
    Ok((visit, cookie))
}

fn admit(
    app: &App,
    request: &Parts,
    target: &Target,
    full: &str,
    peer: Peer,
    (wanted, remote): (Role, bool),
    look: &Look,
) -> Result<Role, Box<Response>> {
    let caller = Caller {
        peer: peer.remote.ip(),
        method: request.method.as_str(),
        target: full,
        authorization: request
            .headers
            .get(AUTHORIZATION)
            .map(HeaderValue::as_bytes),
        credentials: target.credentials.as_ref(),
    };
    let now_s = app.setup.clock.now().mono.as_secs();
    let (logins, open) = (&look.logins, app.setup.open);
    let mut porter = app.porter();
    let admission = match remote {
        false => porter.admit(&caller, wanted, logins, open, now_s),
        true => {
            let account = execute::account(look);
            porter.admit_one_of(&caller, &[account], account, open, now_s)
        }
    };
    drop(porter);
    let mut refusal = match admission {
        Admission::As(role) => return Ok(role),
        Admission::Closed => words(
            StatusCode::FORBIDDEN,
            "this account has no password, so that it is open on the phone itself only: set its password, or web.open",
        ),
        Admission::Wait(_) => words(
            StatusCode::TOO_MANY_REQUESTS,
            "too many wrong passwords: wait",
        ),
        Admission::Challenged(_) => words(StatusCode::UNAUTHORIZED, "log in"),
    };
    match &admission {
        Admission::Wait(seconds) => {
            refusal
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(*seconds));
        }
        Admission::Challenged(challenges) => {
            for challenge in challenges {
                if let Ok(value) = HeaderValue::from_str(challenge) {
                    refusal.headers_mut().append(WWW_AUTHENTICATE, value);
                }
            }
        }
        Admission::As(_) | Admission::Closed => {}
    }
    Err(Box::new(refusal))
}

//= R-WEB-13
/// The session of a request, and the cookie that begins one.
fn session(app: &App, request: &Parts) -> (String, Option<HeaderValue>) {
    let cookies = request.headers.get_all(COOKIE).iter();
    let pairs = cookies
        .filter_map(|value| value.to_str().ok())
        .flat_map(|all| all.split(';'));
    let mut named =
        pairs.filter_map(|pair| pair.trim().strip_prefix(COOKIE_NAME)?.strip_prefix('='));
    if let Some(session) = named.find(|session| (16..=128).contains(&session.len())) {
        return (session.to_owned(), None);
    }
    let mut porter = app.porter();
    let now_s = app.setup.clock.now().mono.as_secs();
    let said = porter.nonces.say(now_s);
    let session = porter.nonces.seal("session", &said);
    #[cfg(feature = "_tls")]
    let secure = if app.setup.tls.is_some() {
        "; Secure"
    } else {
        ""
    };
    #[cfg(not(feature = "_tls"))]
    let secure = "";
    let cookie = format!("{COOKIE_NAME}={session}; Path=/; HttpOnly; SameSite=Strict{secure}");
    (session, HeaderValue::from_str(&cookie).ok())
}
