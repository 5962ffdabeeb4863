//! The provisioning server: what it has, and how it fails.

use onhook_device::Outcome;

use super::chance::Chance;

/// What is fetched from the server.
pub(super) enum Answer {
    Fails(Outcome),
    Sets(Vec<(&'static str, &'static str)>),
}

/// One server for all phones.
pub(super) struct Server {
    down: bool,
    /// One of so many answers is a failure.
    failures: u64,
    /// Most seconds until an answer.
    slowness: u64,
    /// Whether profiles set dangerous things.
    wild: bool,
}

/// Settings that profiles bring: often the same ones, sometimes others.
const TAME: [(&str, &[&str]); 5] = [
    ("GPP_A", &["1", "2", "go"]),
    ("GPP_B", &["x", "CANARY-not", ""]),
    ("GPP_SA", &["CANARY-register"]),
    ("Resync_Periodic", &["3600", "600,1200", "1800+60"]),
    ("Web_Server_Port", &["80", "8080"]),
];
const WILD: [(&str, &[&str]); 13] = [
    (
        "Resync_Error_Retry_Delay",
        &["0", "60", "60,120,240", "10+5,0", "3600"],
    ),
    ("Resync_Periodic", &["0", "60", "30+30,0", "7200"]),
    ("Resync_At__HHmm_", &["", "0230", "1200", "2359"]),
    ("Provision_Enable", &["Yes", "Yes", "No"]),
    (
        "Resync_Trigger_1",
        &["", "$PRVTMR ge 900", "\"$A\" eq \"go\"", "1 eq x"],
    ),
    (
        "Resync_Trigger_2",
        &["", "$REGTMR1 gt 300", "http://x/admin/resync?http://h/once"],
    ),
    ("Forced_Resync_Delay", &["0", "60", "600"]),
    (
        "Profile_Rule_B",
        &[
            "",
            "http://h/b?$PRVST",
            "( $A eq 1 )? http://h/b?$PRVST",
            "[--key",
        ],
    ),
    (
        "Profile_Rule",
        &["http://h/p?$PRVST", "[--key $SA] http://h/p?$PRVST", ""],
    ),
    (
        "Custom_CA_Rule",
        &["", "http://h/ca", "tftp://h/$MA", "[--key"],
    ),
    ("Time_Zone", &["GMT+01:00", "GMT-05:00", "GMT"]),
    ("Web_Server_Port", &["80", "8081", "8082"]),
    ("Resync_Fails_On_FNF", &["Yes", "No"]),
];
const FAILURES: [Outcome; 8] = [
    Outcome::Fnf,
    Outcome::Connect,
    Outcome::Dns,
    Outcome::Timeout,
    Outcome::HttpStatus(500),
    Outcome::DecryptFailed,
    Outcome::ParseFailed,
    Outcome::Truncated,
];

impl Server {
    pub(super) fn new(chance: &mut Chance) -> Self {
        Self {
            down: false,
            failures: chance.of(&[2, 5, 20, 1000]).unwrap_or(20),
            slowness: chance.of(&[1, 5, 40, 1000]).unwrap_or(5),
            wild: chance.one_in(2),
        }
    }

    pub(super) const fn turn(&mut self) {
        self.down = !self.down;
    }

    /// Seconds until the answer.
    pub(super) const fn delay(&self, chance: &mut Chance) -> u64 {
        chance.below(self.slowness)
    }

    pub(super) fn answer(&self, chance: &mut Chance) -> Answer {
        if self.down || chance.one_in(self.failures) {
            let failure = match self.down {
                true => Some(Outcome::Connect),
                false => chance.of(&FAILURES),
            };
            return Answer::Fails(failure.unwrap_or(Outcome::Timeout));
        }
        let mut sets = Vec::new();
        for (name, values) in TAME {
            if chance.one_in(2) {
                // The first value is the usual one.
                let usual = !chance.one_in(6);
                let value = if usual {
                    values.first().copied()
                } else {
                    chance.of(values)
                };
                sets.extend(value.map(|value| (name, value)));
            }
        }
        if self.wild
            && chance.one_in(4)
            && let Some((name, values)) = chance.of(&WILD)
        {
            sets.extend(chance.of(values).map(|value| (name, value)));
        }
        Answer::Sets(sets)
    }
}
