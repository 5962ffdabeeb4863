//! Only so many requests at a time.

use std::sync::Arc;

use async_trait::async_trait;
use onhook_driver::{Fetchers, Uploaders};
use onhook_fetch::port::{Fetch, Upload};
use onhook_fetch::{BodySink, Endpoint, FetchError, Request, Submission, UploadWatch};
use tokio::sync::Semaphore;

use crate::fleet::Make;

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

/// Puts all transports that are made behind one gate, if only so many may be used at once.
pub(crate) fn at_once(make: &Make, at_once: Option<u32>) -> Make {
    let make = Arc::clone(make);
    let Some(at_once) = at_once else {
        return make;
    };
    let gate = Arc::new(Semaphore::new(at_once as usize));
    Arc::new(move |source| {
        let (fetchers, uploaders) = make(source);
        let fetchers = Fetchers {
            http: fetch(fetchers.http, &gate),
            https: fetch(fetchers.https, &gate),
            tftp: fetch(fetchers.tftp, &gate),
        };
        let uploaders = Uploaders {
            http: upload(uploaders.http, &gate),
            https: upload(uploaders.https, &gate),
            tftp: upload(uploaders.tftp, &gate),
        };
        (fetchers, uploaders)
    })
}
