//! What Kea tells phones of IPv6.

/// A URL that leads to the profile by the address of the phone.
const URL: &str = "tftp://[2001:db8::1]/$MA.xml";
/// What the wrong phone is told: there is no such file.
const ELSEWHERE: &str = "tftp://[2001:db8::1]/none.xml";

/// How a server of DHCPv6 is told to name a URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form6 {
    /// As the text of an option of this number.
    Text(u16),
    /// As sub-option 1 of this enterprise, which Kea puts into option 17 for a phone of that vendor.
    Vendor(u32),
    /// The same as octets, which it sends to everybody who asks for option 17.
    Octets(u32),
}

/// Every form in which Cisco's phones are told.
pub const FORMS: [Form6; 4] = [
    Form6::Vendor(9),
    Form6::Octets(9),
    Form6::Text(160),
    Form6::Text(159),
];

/// What a server offers, and to whom.
#[derive(Clone, Copy)]
pub struct Offer6<'a> {
    form: Form6,
    /// Another enterprise names a server too.
    other: Option<u32>,
    /// Phones of this vendor class alone; others are led elsewhere.
    class: Option<&'a str>,
}

impl<'a> Offer6<'a> {
    /// A server, for everybody.
    #[must_use]
    pub const fn new(form: Form6) -> Self {
        Self {
            form,
            other: None,
            class: None,
        }
    }

    /// The same beside option 17 of another enterprise, which leads elsewhere.
    #[must_use]
    pub const fn beside(mut self, enterprise: u32) -> Self {
        self.other = Some(enterprise);
        self
    }

    /// The same for phones alone that tell this vendor class.
    #[must_use]
    pub const fn for_class(mut self, class: &'a str) -> Self {
        self.class = Some(class);
        self
    }

    /// The configuration of Kea.
    pub(super) fn kea(&self) -> String {
        let mut definitions = vec![self.form.definition()];
        let mut everybody = Vec::new();
        if let Some(enterprise) = self.other {
            everybody.push(Form6::Octets(enterprise).data(ELSEWHERE));
        }
        let classes = match self.class {
            None => {
                everybody.push(self.form.data(URL));
                String::new()
            }
            Some(class) => {
                everybody.push(self.form.data(ELSEWHERE));
                format!(
                    "\"client-classes\": [ {{ \"name\": \"phone\", \"test\": \"vendor-class[9].data == '{class}'\",\n\
                     \"option-data\": [ {} ] }} ],\n",
                    self.form.data(URL)
                )
            }
        };
        definitions.retain(|definition| !definition.is_empty());
        format!(
            "{{ \"Dhcp6\": {{ \"interfaces-config\": {{ \"interfaces\": [\"server0\"] }},\n\
             \"server-id\": {{ \"type\": \"EN\", \"enterprise-id\": 32473, \"identifier\": \"01\", \"persist\": false }},\n\
             \"lease-database\": {{ \"type\": \"memfile\", \"persist\": false }},\n\
             \"option-def\": [ {} ], \"option-data\": [ {} ],\n{classes}\
             \"subnet6\": [ {{ \"subnet\": \"2001:db8::/64\", \"id\": 1, \"interface\": \"server0\" }} ],\n\
             \"loggers\": [ {{ \"name\": \"kea-dhcp6\", \"severity\": \"INFO\",\n\
             \"output_options\": [ {{ \"output\": \"stdout\" }} ] }} ] }} }}",
            definitions.join(", "),
            everybody.join(", "),
        )
    }
}

impl Form6 {
    /// What Kea has to be told of the option; empty if it knows it.
    fn definition(self) -> String {
        let (space, code) = match self {
            Self::Text(code) => ("dhcp6".to_owned(), code),
            Self::Vendor(enterprise) => (format!("vendor-{enterprise}"), 1),
            Self::Octets(_) => return String::new(),
        };
        format!(
            "{{ \"space\": \"{space}\", \"name\": \"url\", \"code\": {code}, \"type\": \"string\" }}"
        )
    }

    fn data(self, url: &str) -> String {
        match self {
            Self::Text(_) => format!("{{ \"name\": \"url\", \"data\": \"{url}\" }}"),
            Self::Vendor(enterprise) => format!(
                "{{ \"space\": \"vendor-{enterprise}\", \"name\": \"url\", \"data\": \"{url}\", \"always-send\": true }}"
            ),
            Self::Octets(enterprise) => {
                let length = url.len();
                let text: String = url.bytes().map(|byte| format!("{byte:02x}")).collect();
                format!(
                    "{{ \"code\": 17, \"csv-format\": false, \"data\": \"{enterprise:08x}0001{length:04x}{text}\" }}"
                )
            }
        }
    }
}
