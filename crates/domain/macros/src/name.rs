//! The names that are macros.

use std::fmt;

/// A recognised macro (rules.md 1.4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MacroName {
    /// `A`..`P`: GPP_A..GPP_P as 0..=15.
    Gpp(u8),
    /// `SA`..`SD`: GPP_SA..GPP_SD as 0..=3. Never given to a [`crate::MacroSource`].
    Secret(u8),
    /// `MA`: MAC address, 12 lower-case hex digits.
    Ma,
    /// `MAU`: MAC address, 12 upper-case hex digits.
    Mau,
    /// `MAC`: MAC address, lower-case pairs joined by colons.
    Mac,
    /// `PN`: product name.
    Pn,
    /// `PSN`: product series.
    Psn,
    /// `SN`: serial number.
    Sn,
    /// `CCERT`: `Installed` or `Not Installed`.
    Ccert,
    /// `IP`: local address.
    Ip,
    /// `EXTIP`: external address.
    ExtIp,
    /// `SWVER`: firmware version.
    SwVer,
    /// `HWVER`: hardware version.
    HwVer,
    /// `PRVST`: provisioning state, -1..=2.
    PrvSt,
    /// `UPGST`: upgrade state, 1 or 2.
    UpgSt,
    /// `UPGERR`: result text of the previous upgrade attempt.
    UpgErr,
    /// `PRVTMR`: seconds since the last resync attempt began.
    PrvTmr,
    /// `UPGTMR`: seconds since the last upgrade attempt began.
    UpgTmr,
    /// `REGTMR1`, `REGTMR2`: seconds since that line lost its registration.
    RegTmr(u8),
    /// `UPGCOND`: legacy, `true`.
    UpgCond,
    /// `SCHEME`, and its deprecated alias `METH`: scheme of the request.
    Scheme,
    /// `SERV`: host name of the request.
    Serv,
    /// `SERVIP`: address of the request after name resolution.
    ServIp,
    /// `PORT`: port of the request.
    Port,
    /// `PATH`: path of the request with its leading `/`.
    Path,
    /// `ERR`: result text of the attempt.
    Err,
    /// `UID1`..`UID16`: User ID of that line.
    Uid(u8),
    /// `EMS`: extension mobility status.
    Ems,
    /// `MUID`: extension mobility user.
    MUid,
    /// `MPWD`: extension mobility password; a message prints it as `***`.
    MPwd,
    /// `ORIGTYPE`: migration state.
    OrigType,
    /// `AUTHSTATUS`: licence state.
    AuthStatus,
}

const GPP: [&str; 16] = [
    "A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P",
];
const SECRET: [&str; 4] = ["SA", "SB", "SC", "SD"];
const REGTMR: [&str; 2] = ["REGTMR1", "REGTMR2"];
const UID: [&str; 16] = [
    "UID1", "UID2", "UID3", "UID4", "UID5", "UID6", "UID7", "UID8", "UID9", "UID10", "UID11",
    "UID12", "UID13", "UID14", "UID15", "UID16",
];

impl MacroName {
    /// Finds a macro by its exact name, in upper case and without `$` (R-MACRO-9).
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        //= R-MACRO-9
        Some(match text {
            "MA" => Self::Ma,
            "MAU" => Self::Mau,
            "MAC" => Self::Mac,
            "PN" => Self::Pn,
            "PSN" => Self::Psn,
            "SN" => Self::Sn,
            "CCERT" => Self::Ccert,
            "IP" => Self::Ip,
            "EXTIP" => Self::ExtIp,
            "SWVER" => Self::SwVer,
            "HWVER" => Self::HwVer,
            "PRVST" => Self::PrvSt,
            "UPGST" => Self::UpgSt,
            "UPGERR" => Self::UpgErr,
            "PRVTMR" => Self::PrvTmr,
            "UPGTMR" => Self::UpgTmr,
            "UPGCOND" => Self::UpgCond,
            "SCHEME" | "METH" => Self::Scheme,
            "SERV" => Self::Serv,
            "SERVIP" => Self::ServIp,
            "PORT" => Self::Port,
            "PATH" => Self::Path,
            "ERR" => Self::Err,
            "EMS" => Self::Ems,
            "MUID" => Self::MUid,
            "MPWD" => Self::MPwd,
            "ORIGTYPE" => Self::OrigType,
            "AUTHSTATUS" => Self::AuthStatus,
            _ => return Self::parse_numbered(text),
        })
    }

    fn parse_numbered(text: &str) -> Option<Self> {
        let index = |names: &[&str]| {
            let at = names.iter().position(|name| *name == text)?;
            u8::try_from(at).ok()
        };
        index(&GPP)
            .map(Self::Gpp)
            .or_else(|| index(&SECRET).map(Self::Secret))
            .or_else(|| index(&REGTMR).map(|i| Self::RegTmr(i + 1)))
            .or_else(|| index(&UID).map(|i| Self::Uid(i + 1)))
    }

    /// The canonical name, without `$`; `?` for a number that no macro has.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Gpp(i) => pick(&GPP, i),
            Self::Secret(i) => pick(&SECRET, i),
            Self::RegTmr(n) => pick(&REGTMR, n.wrapping_sub(1)),
            Self::Uid(n) => pick(&UID, n.wrapping_sub(1)),
            Self::Ma => "MA",
            Self::Mau => "MAU",
            Self::Mac => "MAC",
            Self::Pn => "PN",
            Self::Psn => "PSN",
            Self::Sn => "SN",
            Self::Ccert => "CCERT",
            Self::Ip => "IP",
            Self::ExtIp => "EXTIP",
            Self::SwVer => "SWVER",
            Self::HwVer => "HWVER",
            Self::PrvSt => "PRVST",
            Self::UpgSt => "UPGST",
            Self::UpgErr => "UPGERR",
            Self::PrvTmr => "PRVTMR",
            Self::UpgTmr => "UPGTMR",
            Self::UpgCond => "UPGCOND",
            Self::Scheme => "SCHEME",
            Self::Serv => "SERV",
            Self::ServIp => "SERVIP",
            Self::Port => "PORT",
            Self::Path => "PATH",
            Self::Err => "ERR",
            Self::Ems => "EMS",
            Self::MUid => "MUID",
            Self::MPwd => "MPWD",
            Self::OrigType => "ORIGTYPE",
            Self::AuthStatus => "AUTHSTATUS",
        }
    }
}

fn pick(names: &[&'static str], index: u8) -> &'static str {
    names.get(usize::from(index)).copied().unwrap_or("?")
}

impl fmt::Display for MacroName {
    /// Writes the canonical name, without `$`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "MA MAU MAC PN PSN SN CCERT IP EXTIP SWVER HWVER PRVST UPGST UPGERR PRVTMR \
        UPGTMR UPGCOND SCHEME SERV SERVIP PORT PATH ERR EMS MUID MPWD ORIGTYPE AUTHSTATUS";

    #[test]
    fn every_name_is_read_back_as_it_is_written() {
        let names = PLAIN
            .split_whitespace()
            .chain(GPP)
            .chain(SECRET)
            .chain(REGTMR)
            .chain(UID);
        for name in names {
            assert_eq!(MacroName::parse(name).map(MacroName::text), Some(name));
        }
        assert_eq!(MacroName::parse("METH"), Some(MacroName::Scheme));
        assert_eq!(MacroName::parse("UID16"), Some(MacroName::Uid(16)));
        assert_eq!(MacroName::parse("REGTMR2"), Some(MacroName::RegTmr(2)));
        assert_eq!(MacroName::parse("SD"), Some(MacroName::Secret(3)));
        assert_eq!(MacroName::parse("P"), Some(MacroName::Gpp(15)));
    }

    //= R-MACRO-9 type=test
    #[test]
    fn other_spellings_and_names_of_other_services_are_unknown() {
        for name in [
            "",
            "ma",
            "Ma",
            "a",
            "Q",
            "SE",
            "GPP",
            "UID",
            "UID0",
            "UID01",
            "UID17",
            "REGTMR",
            "REGTMR0",
            "REGTMR3",
            "ISCUST",
            "INCOMINGNAME",
            "REMOTENUMBER",
            "DISPLAYNAME1",
            "AUTHID1",
            "PROXY1",
            "SERIAL",
        ] {
            assert_eq!(MacroName::parse(name), None, "{name}");
        }
        assert_eq!(MacroName::Gpp(16).text(), "?");
        assert_eq!(MacroName::Uid(0).text(), "?");
    }
}
