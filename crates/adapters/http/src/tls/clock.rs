//! The time against which certificates are judged.

/// What the phone knows about the time, in seconds since 1970 (UTC).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TrustTime {
    /// The clock was set: this is the time.
    Known(u64),
    /// The clock was not set since the boot: it is at least this late, as the build date or the last stored time say.
    Floor(u64),
}

/// Tells the trusted time, and hears what was accepted without one.
pub trait TrustedTime: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> TrustTime;

    /// Hears that a server, as `host:port`, was believed while the clock was unset.
    ///
    /// It is called once the handshake and all checks have passed, before the request is sent. The default ignores it.
    fn accepted_with_unset_clock(&self, server: &str) {
        let _ = server;
    }
}
