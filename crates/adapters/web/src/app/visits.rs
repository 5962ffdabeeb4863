//! Pages, and the forms on them.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use askama::Template;
use axum::Extension;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Frame as BodyFrame;
use hyper::{Method, StatusCode};
use onhook_phone::{Answer, Ask, Origin};
use tokio::sync::broadcast::error::RecvError;

use super::actions::{act, read};
use super::{App, Follower, Visit, execute};
use crate::answers::{answer, html, see, words};
use crate::encoding::field;
use crate::form::{Faults, Submitted};
use crate::layout::{Tab, tabs};
use crate::login::Role;
use crate::pages::{DebugPage, DownloadPage, FieldPage, Frame, StatusPage, WordsPage, sections_of};

impl Submitted {
    /// Whether a page of the visitor's own session made the form.
    pub(crate) fn is_from(&self, visit: &Visit) -> bool {
        let own = onhook_device::Secret::from(visit.token.as_str());
        own.matches(self.token.as_bytes())
    }
}

/// Answers everything that has no route of its own.
pub(super) async fn visit(
    State(app): State<Arc<App>>,
    Extension(visit): Extension<Visit>,
    request: Request,
) -> Response {
    if let Some(action) = visit.action {
        return act(&app, action, &visit, request.into_body()).await;
    }
    let is_post = *request.method() == Method::POST;
    if visit.executes {
        return match is_post {
            true => execute::execute(&app, &visit, request.into_body()).await,
            false => words(StatusCode::METHOD_NOT_ALLOWED, "objects are sent by POST"),
        };
    }
    let path = visit.path.trim_matches('/').to_owned();
    if let Some(slug) = path.strip_prefix("voice/") {
        let tab = tabs(visit.depth).into_iter().find(|tab| tab.slug() == slug);
        return match (tab, is_post) {
            (None, _) => missing(&app, &visit),
            (Some(tab), false) => show(&app, &visit, tab, None, None, StatusCode::OK),
            (Some(tab), true) => submit(&app, &visit, tab, request.into_body()).await,
        };
    }
    if is_post {
        return words(StatusCode::METHOD_NOT_ALLOWED, "nothing can be sent there");
    }
    match path.as_str() {
        "" | "info" | "info/status" => status(&app, &visit),
        "info/download-status" => {
            let frame = frame(&app, &visit, "Download Status").with_info("download-status");
            page(StatusCode::OK, &DownloadPage::of(&frame, &app.feed))
        }
        "info/debug-info" => {
            let frame = frame(&app, &visit, "Debug Info").with_info("debug-info");
            page(StatusCode::OK, &DebugPage { frame: &frame })
        }
        "voice" => see(&format!("{}/voice/system", visit.base)),
        "call-history" => plain(
            &app,
            &visit,
            "Call History",
            "The software of the device keeps its calls; none are here.",
        ),
        "personal-directory" => plain(
            &app,
            &visit,
            "Personal Directory",
            "The software of the device keeps its directory; nobody is in it here.",
        ),
        _ => missing(&app, &visit),
    }
}

fn frame(app: &App, visit: &Visit, title: &str) -> Frame {
    let identity = &app.setup.identity;
    let mut mac = String::new();
    identity.mac.push_colons(&mut mac);
    Frame {
        title: title.to_owned(),
        base: visit.base,
        role: visit.role,
        depth: visit.depth,
        phone: format!("{} {mac}", identity.product_name),
        open: app.setup.open && visit.look.logins.admin.is_empty(),
        top: "",
        tabs: Vec::new(),
        token: visit.token.clone(),
    }
}

fn page(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => html(status, text),
        Err(error) => {
            tracing::error!("a page cannot be made: {error}");
            words(StatusCode::INTERNAL_SERVER_ERROR, "the page cannot be made")
        }
    }
}

fn plain(app: &App, visit: &Visit, title: &'static str, text: &str) -> Response {
    let mut frame = frame(app, visit, title);
    frame.top = title;
    let paragraphs = vec![text.to_owned()];
    page(
        StatusCode::OK,
        &WordsPage {
            frame: &frame,
            paragraphs,
        },
    )
}

fn missing(app: &App, visit: &Visit) -> Response {
    let frame = frame(app, visit, "Not here");
    let paragraphs = vec!["The phone has no such page.".to_owned()];
    page(
        StatusCode::NOT_FOUND,
        &WordsPage {
            frame: &frame,
            paragraphs,
        },
    )
}

fn query(visit: &Visit, name: &str) -> Option<String> {
    let argument = visit.argument.as_ref()?;
    let text = std::str::from_utf8(argument.expose()).ok()?;
    field(text, name).map(|value| value.as_str().to_owned())
}

fn status(app: &App, visit: &Visit) -> Response {
    let note = query(visit, "asked").and_then(|asked| {
        Some(match asked.as_str() {
            "resync" => "The phone will resync when idle.",
            "upgrade" => "The phone will upgrade when idle.",
            "updateca" => "The phone will fetch the custom CA when idle.",
            "reboot" => "The phone will reboot when idle.",
            _ => return None,
        })
    });
    let frame = frame(app, visit, "Status").with_info("status");
    let note = note.map(str::to_owned);
    let status = StatusPage::of(&frame, &visit.look, &app.setup.identity, &app.feed, note);
    page(StatusCode::OK, &status)
}

fn show(
    app: &App,
    visit: &Visit,
    tab: Tab,
    note: Option<String>,
    refused: Option<(&Submitted, &Faults)>,
    status: StatusCode,
) -> Response {
    let (look, role) = (&visit.look, visit.role);
    let shown: Vec<Tab> = match role {
        Role::Admin => tabs(visit.depth),
        Role::User => {
            let all = tabs(visit.depth).into_iter();
            all.filter(|one| *one == tab || !sections_of(*one, look, role, "", None).is_empty())
                .collect()
        }
    };
    let frame = frame(app, visit, &tab.title()).with_voice(&shown, tab);
    let find = query(visit, "find").unwrap_or_default();
    let note = note.or_else(|| match query(visit, "done")?.as_str() {
        "0" => Some("Nothing changed.".to_owned()),
        _ => Some("The changes are stored. The phone restarts when it is idle.".to_owned()),
    });
    let faults = refused.map_or_else(Vec::new, |(_, faults)| {
        let fault = |(name, why): (&String, &String)| format!("{name}: {why}");
        faults.iter().map(fault).collect()
    });
    let fields = FieldPage {
        action: format!("{}/voice/{}", visit.base, tab.slug()),
        sections: sections_of(tab, look, role, &find, refused),
        frame: &frame,
        find,
        note,
        faults,
    };
    page(status, &fields)
}

//= R-WEB-14
async fn submit(app: &Arc<App>, visit: &Visit, tab: Tab, body: Body) -> Response {
    let form = match read(body).await {
        Ok(bytes) => Submitted::read(&bytes),
        Err(refusal) => return refusal,
    };
    let Some(form) = form.filter(|form| form.is_from(visit)) else {
        return words(
            StatusCode::FORBIDDEN,
            "this form is too old: load the page again",
        );
    };
    let changes = match form.changes(&visit.look, visit.role) {
        Ok(changes) => changes,
        Err(faults) => {
            let refused = Some((&form, &faults));
            return show(
                app,
                visit,
                tab,
                None,
                refused,
                StatusCode::UNPROCESSABLE_ENTITY,
            );
        }
    };
    let count = changes.len();
    let answer = match count {
        0 => Some(Answer::Done),
        _ => app.asking.ask(Origin::Page, Ask::Submit(changes)).await,
    };
    match answer {
        Some(Answer::Done) => see(&format!(
            "{}/voice/{}?done={}",
            visit.base,
            tab.slug(),
            count.min(1)
        )),
        Some(Answer::Refused(why)) => {
            let faults = Faults::from([("the phone".to_owned(), why)]);
            show(
                app,
                visit,
                tab,
                None,
                Some((&form, &faults)),
                StatusCode::CONFLICT,
            )
        }
        _ => words(
            StatusCode::SERVICE_UNAVAILABLE,
            "the phone restarts: try again",
        ),
    }
}

/// Sends events as they come, for as long as the page is open.
pub(super) async fn events(State(app): State<Arc<App>>) -> Response {
    let Some(place) = app.follow() else {
        return words(
            StatusCode::SERVICE_UNAVAILABLE,
            "too many pages follow the events: close one",
        );
    };
    let body = Events {
        next: Box::pin(next(app.feed.follow())),
        _place: place,
    };
    answer(StatusCode::OK, "text/event-stream", Body::new(body))
}

type Lines = tokio::sync::broadcast::Receiver<Arc<str>>;

/// The next piece of a stream of events; `None` at its end.
async fn next(mut lines: Lines) -> Option<(String, Lines)> {
    /// How often something is said, so that a browser that has gone is noticed.
    const QUIET: std::time::Duration = std::time::Duration::from_secs(20);
    let text = match tokio::time::timeout(QUIET, lines.recv()).await {
        Ok(Ok(line)) => format!("data: {line}\n\n"),
        Ok(Err(RecvError::Lagged(count))) => {
            format!("data: {{\"event\":\"missed\",\"count\":{count}}}\n\n")
        }
        Ok(Err(RecvError::Closed)) => return None,
        Err(_) => ": still here\n\n".to_owned(),
    };
    Some((text, lines))
}

type Next = Pin<Box<dyn Future<Output = Option<(String, Lines)>> + Send>>;

/// A stream of events.
struct Events {
    next: Next,
    _place: Follower,
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<BodyFrame<Bytes>, Infallible>>> {
        match self.next.as_mut().poll(cx) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Ready(Some((text, lines))) => {
                self.next = Box::pin(next(lines));
                Poll::Ready(Some(Ok(BodyFrame::data(Bytes::from(text)))))
            }
        }
    }
}
