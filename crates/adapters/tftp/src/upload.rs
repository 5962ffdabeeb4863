//! The port [`Upload`] over TFTP.

use async_trait::async_trait;
use onhook_fetch::port::Upload;
use onhook_fetch::{Endpoint, ErrorKind, FetchError, Submission, UPLOAD_LIMIT, UploadWatch};

use crate::client::{Clock, Job, TftpFetch};
use crate::failure::Doing;
use crate::target::Target;

#[async_trait]
impl Upload for TftpFetch {
    /// Method, media type and credentials have no meaning here. What cannot be sent is refused before `started`.
    async fn put(
        &self,
        submission: &Submission,
        watch: &mut dyn UploadWatch,
    ) -> Result<Endpoint, FetchError> {
        let url = (
            submission.scheme,
            submission.host.as_str(),
            submission.port,
            submission.path.as_str(),
        );
        let target = Target::of(url, self.slash())?;
        let body = submission.body.expose();
        if body.len() > UPLOAD_LIMIT {
            return Err(FetchError::new(
                ErrorKind::TooLarge,
                format!(
                    "writing {target}: {} bytes are more than the {UPLOAD_LIMIT} that are sent; send less",
                    body.len()
                ),
            ));
        }
        let clock = Clock::start(submission.timeout, Doing::Writing);
        let found = self.find(&target, &clock).await?;
        clock.within(&target, watch.started(found.endpoint)).await?;
        //= R-RPT-2
        self.carry_out(&target, found, &clock, Job::Upload { body })
            .await
    }
}
