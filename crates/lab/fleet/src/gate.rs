//! Only so many requests at a time.

use std::sync::Arc;

use async_trait::async_trait;
use onhook_driver::{Fetchers, Uploaders};
use onhook_fetch::port::{Fetch, Upload};
use onhook_fetch::{BodySink, Endpoint, FetchError, Request, Submission, UploadWatch};
use tokio::sync::Semaphore;

/// A transport behind a gate; waiting there is part of the request.
struct Gated<T: ?Sized> {
    inner: Arc<T>,
    gate: Arc<Semaphore>,
}

#[async_trait]
impl Fetch for Gated<dyn Fetch> {
    async fn get(
        &self,
        request: &Request,
        sink: &mut dyn BodySink,
    ) -> Result<Endpoint, FetchError> {
        // It is never closed.
        let _place = self.gate.acquire().await.ok();
        self.inner.get(request, sink).await
    }
}

#[async_trait]
impl Upload for Gated<dyn Upload> {
    async fn put(
        &self,
        submission: &Submission,
        watch: &mut dyn UploadWatch,
    ) -> Result<Endpoint, FetchError> {
        let _place = self.gate.acquire().await.ok();
        self.inner.put(submission, watch).await
    }
}

fn fetch(inner: Option<Arc<dyn Fetch>>, gate: &Arc<Semaphore>) -> Option<Arc<dyn Fetch>> {
    let gate = Arc::clone(gate);
    Some(Arc::new(Gated {
        inner: inner?,
        gate,
    }))
}

fn upload(inner: Option<Arc<dyn Upload>>, gate: &Arc<Semaphore>) -> Option<Arc<dyn Upload>> {
    let gate = Arc::clone(gate);
    Some(Arc::new(Gated {
        inner: inner?,
        gate,
    }))
}

/// Puts transports behind a gate.
pub(crate) fn fetchers(inner: Fetchers, gate: &Arc<Semaphore>) -> Fetchers {
    Fetchers {
        http: fetch(inner.http, gate),
        https: fetch(inner.https, gate),
        tftp: fetch(inner.tftp, gate),
    }
}

/// Puts transports of reports behind a gate.
pub(crate) fn uploaders(inner: Uploaders, gate: &Arc<Semaphore>) -> Uploaders {
    Uploaders {
        http: upload(inner.http, gate),
        https: upload(inner.https, gate),
        tftp: upload(inner.tftp, gate),
    }
}
