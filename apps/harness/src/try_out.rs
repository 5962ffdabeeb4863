//! `try`: a throwaway phone against somebody's server.

mod document;
pub(crate) mod phone;
mod text;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use onhook_crypto::{is_salted, keying_material, open, unseal};
use onhook_device::{Family, Secret};
use onhook_dns::DnsResolver;
use onhook_driver::Fetchers;
use onhook_http::{HttpFetch, Identity, NameCheck, Tls, TrustAnchors, TrustTime, TrustedTime};
use onhook_inspect::{
    Delivery, ExplainKind, ExplainRequest, Explanation, LintReport, Secrets, Subject, explain,
};
use onhook_params::known;
use onhook_schedule::port::Entropy as _;
use onhook_system::{OsEntropy, RealClock};
use onhook_tftp::{LocalPorts, TftpFetch};
use onhook_trial::{Ended, Setting, Transfer, TrialError, Verdict, run};
use tokio::runtime::Builder;
use zeroize::Zeroizing;

use crate::cli::try_out::TryArgs;
use crate::failure::{Done, FAILED, Failure};
use crate::key::secret;
use crate::stop::StopSignals;
use crate::{gzip, output};
use phone::Cast;

/// What a trial brought to light.
struct Tried {
    explanation: Explanation,
    /// `None` if there was no resync.
    ended: Option<Ended>,
    lint: LintReport,
    verdict: Verdict,
}

/// Plays one resync and judges it; a phone that would not be provisioned is exit status 1.
pub(crate) fn try_out(args: &TryArgs) -> Done {
    let cast = Cast::of(args)?;
    let fetch = transports(args, cast.scope.family)?;
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start")?;
    let ended = runtime.block_on(async {
        let mut signals = StopSignals::catch()?;
        let clock = RealClock::start("UTC")?;
        let stop = signals.first();
        anyhow::Ok(
            run(
                cast.trial(OsEntropy::default().seed()),
                fetch,
                Arc::new(clock),
                stop,
            )
            .await,
        )
    })?;
    // A transfer that was given up may still wait for its end.
    runtime.shutdown_background();
    if let Err(error @ TrialError::Interrupted) = ended {
        return Err(Failure::asked(error));
    }
    let tried = judged(&cast, ended, args);
    if args.json {
        output::document(&document::of(&cast, &tried))?;
    } else {
        output::print(&text::of(&cast, &tried, output::style()))?;
    }
    Ok(if tried.verdict.provisioned {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(FAILED)
    })
}

/// Puts together what is to be said of a trial.
fn judged(cast: &Cast, ended: Result<Ended, TrialError>, args: &TryArgs) -> Tried {
    let explanation = explain(&ExplainRequest {
        kind: ExplainKind::Profile,
        text: &cast.rule,
        phone: &cast.model,
        scope: &cast.scope,
        secrets: Secrets::Masked,
        at: cast.at,
    });
    let key = Delivery::by_rule(&cast.rule, &cast.model)
        .ok()
        .and_then(|delivery| delivery.key)
        .filter(|key| !key.is_empty());
    let mut lint = LintReport::default();
    let subject = Subject::Text(ExplainKind::Profile);
    lint.text(subject, &cast.rule, &cast.model, &cast.scope);
    let (verdict, ended) = match ended {
        Err(error) => (refused(&error), None),
        Ok(ended) => {
            let setting = Setting {
                scope: &cast.scope,
                key: key.as_ref(),
                trusts: args.ca.is_some(),
            };
            let last = ended.last.as_ref();
            if let Some(xml) = last.and_then(|last| plain(last, key.as_ref(), cast)) {
                lint.profile("profile", &xml, &cast.model, &cast.scope);
            }
            (Verdict::of(&ended.report, last, &setting), Some(ended))
        }
    };
    Tried {
        explanation,
        ended,
        lint,
        verdict,
    }
}

fn refused(error: &TrialError) -> Verdict {
    let code = match error {
        TrialError::Disabled => "provisioning-off",
        TrialError::Never(..) => "no-resync",
        TrialError::Full | TrialError::Interrupted => "internal",
    };
    Verdict::refused(code, error.to_string())
}

/// The profile in a file that arrived, without its layers; `None` if one of them does not come off.
fn plain(transfer: &Transfer, key: Option<&Secret>, cast: &Cast) -> Option<Zeroizing<Vec<u8>>> {
    if transfer.failure.is_some() {
        return None;
    }
    let body = transfer.body.to_vec();
    let content = if transfer.aes128gcm {
        let ikm = cast
            .model
            .parameter(&known::IKM_HTTP_ENCRYPT_CONTENT.name().to_string())?;
        let unsealed = unseal(body, &keying_material(ikm.as_bytes())).ok()?;
        Zeroizing::new(unsealed.plaintext)
    } else if is_salted(&body) {
        Zeroizing::new(open(body, key?.expose()).ok()?.plaintext)
    } else {
        Zeroizing::new(body)
    };
    if content.starts_with(b"\x1f\x8b") {
        return gzip::inflate(&content).ok();
    }
    content
        .trim_ascii_start()
        .starts_with(b"<")
        .then_some(content)
}

/// The transports of a phone.
fn transports(args: &TryArgs, family: Family) -> anyhow::Result<Fetchers> {
    let tls = trust(args.ca.as_deref(), own(args)?, family)?;
    let resolver = Arc::new(DnsResolver::default());
    let web = Arc::new(HttpFetch::new(resolver.clone(), OsEntropy::default().seed()).with_tls(tls));
    Ok(Fetchers {
        http: Some(web.clone()),
        https: Some(web),
        tftp: Some(Arc::new(TftpFetch::new(resolver, LocalPorts::ephemeral()))),
    })
}

/// What a phone believes, the certificates of a file, and the one that it may have of its own.
pub(crate) fn trust(
    ca: Option<&Path>,
    own: Option<Identity>,
    family: Family,
) -> anyhow::Result<Arc<Tls>> {
    let anchors = match ca {
        None => TrustAnchors::none(),
        Some(path) => TrustAnchors::from_pem(&read("--ca", path)?)
            .with_context(|| format!("--ca: {}", path.display()))?,
    };
    //= R-TLS-2
    let names = match family {
        Family::Mpp => NameCheck::UrlHost,
        Family::Spa => NameCheck::DnsOfCn,
    };
    let tls = Arc::new(Tls::new(anchors, names, Arc::new(Today))?);
    //= R-TLS-5
    tls.set_identity(own);
    Ok(tls)
}

/// What the phone presents to servers that want a certificate of it.
fn own(args: &TryArgs) -> anyhow::Result<Option<Identity>> {
    let Some(path) = &args.client_cert else {
        return Ok(None);
    };
    let chain = read("--client-cert", path)?;
    // Both may stand in one file, so both are wiped.
    let key = match &args.client_key {
        None => Secret::new(chain.to_vec()),
        Some(key) => Secret::new(read("--client-key", key)?.to_vec()),
    };
    let identity = Identity::from_pem(&chain, &key);
    let identity = identity.with_context(|| format!("--client-cert: {}", path.display()))?;
    Ok(Some(identity))
}

/// The bytes of a file that an option names.
fn read(option: &str, path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let read = std::fs::read(path).map(Zeroizing::new);
    read.with_context(|| format!("{option}: cannot read {}", path.display()))
}

/// The clock of the system, whatever --at says: certificates are judged by it.
struct Today;

impl TrustedTime for Today {
    fn now(&self) -> TrustTime {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        TrustTime::Known(since.map_or(0, |since| since.as_secs()))
    }
}

impl TryArgs {
    /// The key that was given.
    fn key(&self) -> anyhow::Result<Option<Secret>> {
        secret(&None, &self.key_file, &self.key_env)
    }
}
