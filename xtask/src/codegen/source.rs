//! The registry as it is written, and its words.

use anyhow::{Context as _, bail, ensure};
use serde::Deserialize;

/// The largest index of any element, also the range of an element whose range is not published.
const INDEX_LIMIT: u8 = 40;
const UNPUBLISHED_RANGE: (u8, u8) = (1, 16);

/// Choices that the registry shows cut at the wrong character (`|` inside a choice, `/` between two).
pub(super) const MORE_CHOICES: [(&str, &[&str]); 2] = [
    (
        "SIP_Debug_Option_{n}_",
        &[
            "none",
            "1-line",
            "1-line excl. OPT",
            "1-line excl. NTFY",
            "1-line excl. REG",
            "1-line excl. OPT|NTFY|REG",
            "full",
            "full excl. OPT",
            "full excl. NTFY",
            "full excl. REG",
            "full excl. OPT|NTFY|REG",
        ],
    ),
    (
        "FXS_Port_Impedance",
        &[
            "600",
            "900",
            "600+2.16uF",
            "900+2.16uF",
            "270+750||150nF",
            "220+820||120nF",
            "220+820||115nF",
            "200+600||100nF",
        ],
    ),
];

#[derive(Deserialize)]
pub(super) struct Registry {
    pub(super) parameter: Vec<Entry>,
}

#[derive(Deserialize)]
pub(super) struct Entry {
    pub(super) element: String,
    pub(super) families: Vec<String>,
    pub(super) label: Option<String>,
    pub(super) label_10_4: Option<String>,
    pub(super) tab: Option<String>,
    pub(super) section: Option<String>,
    pub(super) kind: String,
    pub(super) kind_basis: String,
    #[serde(default)]
    pub(super) values: Vec<String>,
    pub(super) min: Option<u32>,
    pub(super) max: Option<u32>,
    pub(super) min_len: Option<u16>,
    pub(super) max_len: Option<u16>,
    pub(super) unit: Option<String>,
    pub(super) unit_10_4: Option<String>,
    pub(super) default: Option<String>,
    pub(super) default_10_4: Option<String>,
    pub(super) default_spa: Option<String>,
    pub(super) user_access: Option<String>,
    pub(super) secret: bool,
    #[serde(default)]
    pub(super) may_hold_secret: bool,
    pub(super) in_report: Option<bool>,
    pub(super) web_visible: Option<bool>,
    #[serde(default)]
    pub(super) reboot: bool,
    #[serde(default)]
    pub(super) macro_expanded: bool,
    pub(super) index_min: Option<u8>,
    pub(super) index_max: Option<u8>,
    pub(super) unit_max: Option<u8>,
    pub(super) releases: Option<Vec<String>>,
    pub(super) same_as: Option<String>,
}

/// The indices that an element takes.
pub(super) struct Indices {
    pub(super) units: u8,
    pub(super) first: u8,
    pub(super) last: u8,
}

pub(super) fn indices(entry: &Entry) -> anyhow::Result<Indices> {
    let double = entry.element.contains("{u}") && entry.element.contains("{k}");
    let single = entry.element.matches('{').count() == 1 && entry.element.contains("{n}");
    if !single && !double {
        ensure!(
            !entry.element.contains('{'),
            "an index is written {{n}}, or {{u}} and {{k}}"
        );
        return Ok(Indices {
            units: 1,
            first: 1,
            last: 1,
        });
    }
    let (first, last) = match (entry.index_min, entry.index_max) {
        (Some(first), Some(last)) => (first, last),
        (None, None) => UNPUBLISHED_RANGE,
        _ => bail!("index_min and index_max come together"),
    };
    ensure!(
        first <= last && last <= INDEX_LIMIT,
        "the index range is empty or beyond {INDEX_LIMIT}"
    );
    let units = if double {
        entry.unit_max.context("unit_max is missing")?
    } else {
        1
    };
    ensure!(
        (1..=INDEX_LIMIT).contains(&units),
        "unit_max is 0 or beyond {INDEX_LIMIT}"
    );
    Ok(Indices { units, first, last })
}

pub(super) fn concrete(element: &str, unit: u8, index: u8) -> String {
    element
        .replace("{u}", &unit.to_string())
        .replace("{k}", &index.to_string())
        .replace("{n}", &index.to_string())
}

pub(super) fn access(word: &str) -> anyhow::Result<&'static str> {
    Ok(match word {
        "na" => "Na",
        "ro" => "Ro",
        "rw" => "Rw",
        other => bail!("user_access `{other}` is unknown"),
    })
}

/// The families and releases that know an element.
pub(super) fn known_in(entry: &Entry) -> anyhow::Result<String> {
    let families = entry.families.iter().map(|name| match name.as_str() {
        "mpp" => Ok("MPP"),
        "spa" => Ok("SPA"),
        "ata" => Ok("ATA"),
        other => bail!("family `{other}` is unknown"),
    });
    let all = ["11.3".to_owned(), "10.4".to_owned()];
    let releases = entry.releases.as_deref().unwrap_or(&all);
    let releases = releases.iter().map(|name| match name.as_str() {
        "11.3" => Ok("R11_3"),
        "10.4" => Ok("R10_4"),
        other => bail!("release `{other}` is unknown"),
    });
    let words = families
        .chain(releases)
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(words.join(" | "))
}

pub(super) fn kind(word: &str) -> anyhow::Result<&'static str> {
    Ok(match word {
        "bool" => "Bool",
        "enum" => "Enum",
        "uns8" => "Uns8",
        "uns16" => "Uns16",
        "uns32" => "Uns32",
        "sig8" => "Sig8",
        "sig16" => "Sig16",
        "sig32" => "Sig32",
        "int" => "Int",
        "port" => "Port",
        "decimal" => "Decimal",
        "time" => "Time",
        "pwrlevel" => "PwrLevel",
        "delay_list" => "DelayList",
        "hhmm" => "Hhmm",
        "ip" => "Ip",
        "str" => "Str",
        "userid" => "UserId",
        "fqdn_port" => "FqdnPort",
        "fqdn_list" => "FqdnList",
        "int_list" => "IntList",
        "url" => "Url",
        "condition" => "Condition",
        "profile_rule" => "ProfileRule",
        "upgrade_rule" => "UpgradeRule",
        "report_rule" => "ReportRule",
        "version" => "Version",
        "ikm" => "Ikm",
        "password" => "Password",
        "phone" => "Phone",
        "starcode" => "StarCode",
        "phtmplt" => "PhoneTemplate",
        "rsctmplt" => "ResponseTemplate",
        "set" => "Set",
        "cadscript" => "CadScript",
        "freqscript" => "FreqScript",
        "tonescript" => "ToneScript",
        "dst_rule" => "DstRule",
        "dialplan" => "DialPlan",
        "dictionary_script" => "DictionaryScript",
        "led_script" => "LedScript",
        other => bail!("kind `{other}` is unknown"),
    })
}
