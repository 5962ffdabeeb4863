//! The fake of [`Upload`] passes the contract suite.
#![cfg(test)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use onhook_device::Secret;
use onhook_fetch::port::Upload;
use onhook_fetch::{Endpoint, ErrorKind, FetchError, Method, Scheme, Submission, UploadWatch};
use onhook_testkit::contract::{self, Taker, UploadFixture};
use onhook_testkit::fake::{FakeUpload, RecordingWatch, UploadAnswer};

#[derive(Default)]
struct Uploading {
    upload: Arc<FakeUpload>,
    contacts: Arc<AtomicUsize>,
}

/// Counts what reaches a server, as the suite wants to see it.
struct Counting(Arc<FakeUpload>, Arc<AtomicUsize>);

#[async_trait]
impl Upload for Counting {
    async fn put(
        &self,
        submission: &Submission,
        watch: &mut dyn UploadWatch,
    ) -> Result<Endpoint, FetchError> {
        let mut transfer = self.0.put(submission, watch);
        std::future::poll_fn(|cx| {
            let polled = transfer.as_mut().poll(cx);
            self.1.store(self.0.reached(), Ordering::SeqCst);
            polled
        })
        .await
    }
}

fn submission(path: &str) -> Submission {
    Submission {
        scheme: Scheme::Http,
        host: "h".into(),
        port: 80,
        path: path.into(),
        proxy: None,
        allowed_domains: String::new(),
        user_agent: String::new(),
        user: None,
        password: None,
        account: None,
        method: Method::Put,
        header: None,
        content_type: "application/xml".into(),
        aes128gcm: false,
        body: Secret::new(Vec::new()),
        timeout: Duration::from_secs(10),
    }
}

#[async_trait]
impl UploadFixture for Uploading {
    fn upload(&self) -> Arc<dyn Upload> {
        Arc::new(Counting(self.upload.clone(), self.contacts.clone()))
    }

    async fn peer(&mut self, taker: Taker) -> Submission {
        *self = Self::default();
        let answer = match taker {
            Taker::Takes => UploadAnswer::Takes,
            Taker::Refuses => UploadAnswer::Fails(ErrorKind::HttpStatus(403)),
            Taker::Stalls(_) => UploadAnswer::Stalls,
            Taker::NeverConfirms => UploadAnswer::NeverConfirms,
            Taker::Unresolvable => UploadAnswer::Fails(ErrorKind::Dns),
        };
        self.upload.answer_next("http://h:80/r.xml", answer);
        submission("/r.xml")
    }

    fn contacts(&self) -> Arc<AtomicUsize> {
        self.contacts.clone()
    }

    async fn taken(&mut self) -> Vec<Vec<u8>> {
        let taken = self.upload.taken().into_iter();
        taken.map(|(_, body)| body).collect()
    }

    async fn ended(&mut self) {
        self.upload.idle().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_fake_upload_keeps_the_contract() {
    contract::upload(&mut Uploading::default()).await;
}

//= R-RPT-2 type=test
#[tokio::test]
async fn a_fake_upload_answers_in_order_and_then_takes_everything() {
    assert_eq!(Method::default().to_string(), "POST");
    let upload = FakeUpload::new();
    let answer = UploadAnswer::Fails(ErrorKind::Connect);
    upload.answer_next("http://h:80/a", answer);
    let mut watch = RecordingWatch::default();
    for failure in [Some(ErrorKind::Connect), None, None] {
        let result = upload.put(&submission("/a"), &mut watch).await;
        assert_eq!(result.err().map(|error| error.kind()), failure);
    }
    assert_eq!(watch.started.len(), 3);
    assert_eq!(
        upload.taken(),
        vec![("http://h:80/a".to_owned(), vec![]); 2]
    );
}
