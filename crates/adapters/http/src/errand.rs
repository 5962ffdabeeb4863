//! What one transfer is about, whichever way the body goes.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method};
use onhook_device::Secret;
use onhook_fetch::port::Upload;
use onhook_fetch::{
    Account, BodySink, Endpoint, ErrorKind, FetchError, Proxy, Request, Scheme, Service,
    Submission, UPLOAD_LIMIT, UploadWatch,
};

use crate::HttpFetch;
use crate::exchange::header_text;
use crate::sent::wiped;
use crate::target::Target;

/// A transfer of either port; what is not told here is as in [`Request`].
pub(crate) struct Errand<'e> {
    pub(crate) doing: Doing,
    pub(crate) scheme: Scheme,
    pub(crate) host: &'e str,
    pub(crate) port: u16,
    pub(crate) path: &'e str,
    /// The service whose SRV records name the servers.
    pub(crate) service: Option<Service>,
    pub(crate) proxy: Option<&'e Proxy>,
    pub(crate) allowed_domains: &'e str,
    pub(crate) user_agent: &'e str,
    pub(crate) user: Option<&'e Secret>,
    pub(crate) password: Option<&'e Secret>,
    pub(crate) account: Option<&'e Account>,
    pub(crate) method: Method,
    /// One more header, for the server of the rule.
    pub(crate) header: Option<(HeaderName, HeaderValue)>,
    pub(crate) given: Option<Given>,
    /// The part that is wanted of a file.
    #[cfg(feature = "parts")]
    pub(crate) part: Option<&'e onhook_fetch::Part>,
    pub(crate) limit: u64,
    pub(crate) timeout: Duration,
}

/// Which way the body goes, for messages.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Doing {
    Fetching,
    Uploading,
}

impl Doing {
    /// What is being done to a URL.
    pub(crate) const fn verb(self) -> &'static str {
        match self {
            Self::Fetching => "fetching",
            Self::Uploading => "uploading to",
        }
    }
}

/// A body that the server is given.
pub(crate) struct Given {
    pub(crate) content_type: Option<HeaderValue>,
    /// Whether it is one of RFC 8188.
    pub(crate) aes128gcm: bool,
    pub(crate) body: Bytes,
}

impl<'e> Errand<'e> {
    pub(crate) fn fetch(request: &'e Request) -> Self {
        //= R-POST-1
        let given = request.post.as_ref().map(|body| Given {
            content_type: Some(HeaderValue::from_static(
                "application/x-www-form-urlencoded",
            )),
            aes128gcm: false,
            body: wiped(body.expose()),
        });
        Self {
            doing: Doing::Fetching,
            scheme: request.scheme,
            host: &request.host,
            port: request.port,
            path: &request.path,
            service: request.service,
            proxy: request.proxy.as_ref(),
            allowed_domains: &request.allowed_domains,
            user_agent: &request.user_agent,
            user: request.user.as_ref(),
            password: request.password.as_ref(),
            account: request.account.as_ref(),
            method: match given {
                Some(_) => Method::POST,
                None => Method::GET,
            },
            header: None,
            given,
            #[cfg(feature = "parts")]
            part: request.part.as_ref(),
            limit: request.limit,
            timeout: request.timeout,
        }
    }

    fn upload(submission: &'e Submission) -> Self {
        Self {
            doing: Doing::Uploading,
            scheme: submission.scheme,
            host: &submission.host,
            port: submission.port,
            path: &submission.path,
            service: None,
            proxy: submission.proxy.as_ref(),
            allowed_domains: &submission.allowed_domains,
            user_agent: &submission.user_agent,
            user: submission.user.as_ref(),
            password: submission.password.as_ref(),
            account: submission.account.as_ref(),
            //= R-RPT-2
            method: match submission.method {
                onhook_fetch::Method::Post => Method::POST,
                onhook_fetch::Method::Put => Method::PUT,
            },
            header: None,
            given: Some(Given {
                content_type: header_text(&submission.content_type),
                aes128gcm: submission.aes128gcm,
                body: wiped(submission.body.expose()),
            }),
            #[cfg(feature = "parts")]
            part: None,
            limit: 0,
            timeout: submission.timeout,
        }
    }
}

/// Who is told how far a transfer has come.
pub(crate) enum Told<'t> {
    /// Gets the body of the answer too.
    Sink(&'t mut dyn BodySink),
    /// Gives a body, and has no use for that of the answer.
    Watch(&'t mut dyn UploadWatch),
}

impl Told<'_> {
    pub(crate) async fn started(&mut self, endpoint: Endpoint) {
        match self {
            Self::Sink(sink) => sink.started(endpoint).await,
            Self::Watch(watch) => watch.started(endpoint).await,
        }
    }
}

#[async_trait]
impl Upload for HttpFetch {
    /// The body is copied once, and the copy wiped. What cannot be sent is refused before `started`.
    async fn put(
        &self,
        submission: &Submission,
        watch: &mut dyn UploadWatch,
    ) -> Result<Endpoint, FetchError> {
        let length = submission.body.expose().len();
        if length > UPLOAD_LIMIT {
            let Submission {
                scheme,
                host,
                port,
                path,
                ..
            } = submission;
            let target = Target::of(*scheme, host, *port, path)?;
            return Err(FetchError::new(
                ErrorKind::TooLarge,
                format!(
                    "uploading to {target}: {length} bytes are more than the {UPLOAD_LIMIT} that are sent; send less"
                ),
            ));
        }
        let mut errand = Errand::upload(submission);
        errand.header = one_more(submission)?;
        self.carry_out(&errand, Told::Watch(watch)).await
    }
}

/// The header that the submission wants besides.
fn one_more(submission: &Submission) -> Result<Option<(HeaderName, HeaderValue)>, FetchError> {
    let Some((name, value)) = &submission.header else {
        return Ok(None);
    };
    let unfit = || {
        FetchError::new(
            ErrorKind::BadUrl,
            "the header that is to be added is none; correct its name and its value",
        )
    };
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_bad| unfit())?;
    let mut value = HeaderValue::from_bytes(value.expose()).map_err(|_bad| unfit())?;
    value.set_sensitive(true);
    Ok(Some((name, value)))
}
