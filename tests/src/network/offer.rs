//! What a DHCP server tells phones, in the words of dnsmasq and of Kea.

use std::path::Path;

/// A URL that leads to [`NAMED`].
pub(super) const URL: &str = "tftp://192.0.2.1/$MA.xml";
/// The profile by the address of the phone.
pub(super) const NAMED: &str = "000e08012345.xml";
/// The vendor class that phones tell.
pub(super) const CLASS: &str = "Cisco Systems, Inc. IP Phone CP-8841-3PCC";
/// What dnsmasq is told besides, to say the same to phones of IPv6.
pub(super) const V6: [&str; 2] = [
    "--dhcp-range=2001:db8::,static",
    "--dhcp-option=option6:160,tftp://[2001:db8::1]/$MA.xml",
];
/// What the wrong phone is told: there is no such file.
pub(super) const ELSEWHERE: &str = "tftp://192.0.2.1/none.xml";

/// An option with its value, and the profile that it leads to.
pub struct Said {
    /// Its number.
    pub code: u8,
    /// What it says; of 43 and 125 the URL in their first sub-option.
    pub value: &'static str,
    /// The profile.
    pub file: &'static str,
}

const fn said(code: u8, value: &'static str, file: &'static str) -> Said {
    Said { code, value, file }
}

/// Every option that may name a provisioning server.
pub const SAID: [Said; 6] = [
    said(66, "192.0.2.1", "8841-3PCC.xml"),
    said(150, "192.0.2.1, 192.0.2.9", "8841-3PCC.xml"),
    said(160, URL, NAMED),
    said(159, URL, NAMED),
    said(43, URL, NAMED),
    said(125, URL, NAMED),
];

/// What a server offers, and to whom.
#[derive(Clone, Copy)]
pub struct Offer<'a> {
    code: u8,
    value: &'a str,
    whom: Whom<'a>,
    /// How long a lease lasts.
    seconds: u32,
    /// The last octets of the first and the last address.
    range: [u8; 2],
}

#[derive(Clone, Copy)]
enum Whom<'a> {
    Everybody,
    /// Phones that tell this vendor class; others are led elsewhere.
    Class(&'a str),
    Nobody,
}

impl<'a> Offer<'a> {
    /// This option, and leases of an hour, for everybody.
    #[must_use]
    pub const fn new(code: u8, value: &'a str) -> Self {
        Self {
            code,
            value,
            whom: Whom::Everybody,
            seconds: 3_600,
            range: [100, 199],
        }
    }

    /// The option for phones alone that tell this vendor class.
    #[must_use]
    pub const fn for_class(mut self, class: &'a str) -> Self {
        self.whom = Whom::Class(class);
        self
    }

    /// No answer for anybody.
    #[must_use]
    pub const fn for_nobody(mut self) -> Self {
        self.whom = Whom::Nobody;
        self
    }

    /// Leases that last so long.
    #[must_use]
    pub const fn lasting(mut self, seconds: u32) -> Self {
        self.seconds = seconds;
        self
    }

    /// Addresses that no other offer has.
    #[must_use]
    pub const fn of_other_addresses(mut self) -> Self {
        self.range = [201, 250];
        self
    }

    /// Arguments of dnsmasq.
    pub(super) fn dnsmasq(&self) -> Vec<String> {
        let [first, last] = self.range;
        let seconds = self.seconds;
        let mut words = vec![format!(
            "--dhcp-range=192.0.2.{first},192.0.2.{last},{seconds}"
        )];
        let tells = |value: &str| match self.code {
            43 => format!("43,{}", hex(&sub_option(&[], value), ":")),
            // It writes the lengths itself.
            125 => format!("vi-encap:9,1,{value}"),
            code => format!("{code},{value}"),
        };
        let value = tells(self.value);
        match self.whom {
            Whom::Everybody => words.push(format!("--dhcp-option-force={value}")),
            Whom::Class(class) => {
                // A part is enough for it, and a comma would end the word.
                let part = class.rsplit(", ").next().unwrap_or(class);
                words.extend([
                    format!("--dhcp-vendorclass=set:phone,{part}"),
                    format!("--dhcp-option-force=tag:phone,{value}"),
                    format!("--dhcp-option-force=tag:!phone,{}", tells(ELSEWHERE)),
                ]);
            }
            Whom::Nobody => words.push("--dhcp-ignore=tag:server0".to_owned()),
        }
        words
    }

    /// The configuration of Kea; `flex` is its library of options that are written freely.
    pub(super) fn kea(&self, flex: &Path) -> String {
        let [first, last] = self.range;
        let [definition, data] = [self.definition(), self.data(self.value)];
        let (everybody, classes) = match self.whom {
            Whom::Everybody => (data, String::new()),
            Whom::Class(class) => (
                self.data(ELSEWHERE),
                format!(
                    "\"client-classes\": [ {{ \"name\": \"phone\", \"test\": \"option[60].text == '{class}'\",\n\
                     \"option-data\": [ {data} ] }} ],\n"
                ),
            ),
            Whom::Nobody => (
                data,
                "\"client-classes\": [ { \"name\": \"DROP\", \"test\": \"option[60].exists\" } ],\n"
                    .to_owned(),
            ),
        };
        format!(
            "{{ \"Dhcp4\": {{ \"interfaces-config\": {{ \"interfaces\": [\"server0\"], \"dhcp-socket-type\": \"raw\" }},\n\
             \"lease-database\": {{ \"type\": \"memfile\", \"persist\": false }}, \"valid-lifetime\": {},\n\
             \"option-def\": [ {definition} ], \"option-data\": [ {everybody} ],\n{classes}{}\
             \"subnet4\": [ {{ \"subnet\": \"192.0.2.0/24\", \"id\": 1,\n\
             \"pools\": [ {{ \"pool\": \"192.0.2.{first}-192.0.2.{last}\" }} ] }} ],\n\
             \"loggers\": [ {{ \"name\": \"kea-dhcp4\", \"severity\": \"INFO\",\n\
             \"output_options\": [ {{ \"output\": \"stdout\" }} ] }} ] }} }}",
            self.seconds,
            self.library(flex),
        )
    }

    /// Option 159 is a range of ports (RFC 7618) for Kea, which would send four octets of a URL; its library does not know that.
    fn library(&self, flex: &Path) -> String {
        if self.code != 159 {
            return String::new();
        }
        format!(
            "\"hooks-libraries\": [ {{ \"library\": {flex:?}, \"parameters\": {{ \"options\": [\n\
             {{ \"code\": 159, \"supersede\": \"'{}'\" }} ] }} }} ],\n",
            self.value
        )
    }

    /// What Kea has to be told of an option that it does not know.
    fn definition(&self) -> String {
        let form = match self.code {
            43 | 66 | 125 | 159 => return String::new(),
            150 => "\"type\": \"ipv4-address\", \"array\": true",
            _ => "\"type\": \"string\"",
        };
        let code = self.code;
        format!("{{ \"name\": \"o{code}\", \"code\": {code}, {form} }}")
    }

    fn data(&self, value: &str) -> String {
        let code = self.code;
        let own = sub_option(&[], value);
        let bytes = match code {
            43 => own,
            // Of Cisco, whose enterprise number is 9.
            125 => {
                let length = u8::try_from(own.len()).unwrap_or(u8::MAX);
                sub_option(&[0, 0, 0, 9, length], value)
            }
            159 => return String::new(),
            66 => return format!("{{ \"name\": \"tftp-server-name\", \"data\": \"{value}\" }}"),
            _ => return format!("{{ \"name\": \"o{code}\", \"data\": \"{value}\" }}"),
        };
        // What the server has its own idea of is given to it as it goes over the wire.
        let bytes = hex(&bytes, "");
        format!(
            "{{ \"code\": {code}, \"csv-format\": false, \"data\": \"{bytes}\", \"always-send\": true }}"
        )
    }
}

/// A URL in the first sub-option of an option, as it goes over the wire.
fn sub_option(before: &[u8], url: &str) -> Vec<u8> {
    let length = u8::try_from(url.len()).unwrap_or(u8::MAX);
    [before, &[1, length], url.as_bytes()].concat()
}

fn hex(bytes: &[u8], between: &str) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(between)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_enclosed_url_has_its_lengths_before_it() {
        let kea = Offer::new(125, "ab").kea(Path::new(""));
        assert!(kea.contains("\"data\": \"000000090401026162\""), "{kea}");
        let dnsmasq = Offer::new(43, "ab").dnsmasq().join(" ");
        assert!(
            dnsmasq.ends_with("--dhcp-option-force=43,01:02:61:62"),
            "{dnsmasq}"
        );
    }
}
