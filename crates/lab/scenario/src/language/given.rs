//! What there is before the first step.

use std::collections::BTreeMap;

use onhook_device::{Family, Identity, Mac, Readings, Release, WallTime, days_from_civil};
use onhook_discovery::{DhcpOption, Space, Value, choose};
use onhook_fetch::SrvRecord;
use onhook_params::{ParamId, Scope};

use super::content::{self, Content};
use super::problem::Problem;
use super::table::{Item, Table};

const KEYS: [&str; 15] = [
    "family",
    "release",
    "readings",
    "identity",
    "idle_settle_s",
    "slots",
    "pin_server",
    "params",
    "options",
    "domain",
    "services",
    "directory",
    "files",
    "clock",
    "ignore",
];
const IDENTITY: [&str; 6] = [
    "mac",
    "product_name",
    "series",
    "serial",
    "software_version",
    "hardware_version",
];

const SLOTS: [&str; 2] = ["other", "boots"];

/// The slots for firmware of a phone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Slots {
    /// The name of the load in the slot that does not run; `None`: it is empty.
    pub other: Option<String>,
    /// Whether a load that the boot loader is told of comes up.
    pub boots: bool,
}

/// The phone and its surroundings before the first step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Given {
    /// Who the phone is.
    pub identity: Identity,
    /// Family, release and readings.
    pub scope: Scope,
    /// Seconds that lines have to stay idle before what was deferred goes on.
    pub idle_settle_s: u8,
    /// Its slots for firmware; `None`: it has none, and upgrades nothing.
    pub slots: Option<Slots>,
    /// Whether a phone that was provisioned refuses another server of the network (R-DHCP-7).
    pub pin_server: bool,
    /// Parameters that differ from the factory state, by element name.
    pub params: BTreeMap<String, String>,
    /// Options of DHCP by number.
    pub options: BTreeMap<u8, String>,
    /// The domain of the network, whose SRV records a phone out of the box looks up; empty: it has none.
    pub domain: String,
    /// SRV records by the name that is looked up.
    pub services: BTreeMap<String, Vec<SrvRecord>>,
    /// The host of the directory that redirects phones out of the box; empty: there is none.
    pub directory: String,
    /// Files of the server by path, or by whole URL.
    pub files: BTreeMap<String, Content>,
    /// What the wall clock shows at the first step.
    pub clock: Clock,
    /// Paths of requests that do not count, with `*` for anything.
    pub ignore: Vec<String>,
}

/// A wall clock at the first step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// The scenario does not say: in virtual time 2026-11-23 00:00:00 UTC, elsewhere what it shows.
    Any,
    /// Unix seconds, UTC.
    At(i64),
    /// It is not set.
    Unset,
}

impl Clock {
    /// What it shows in virtual time, in Unix seconds.
    pub(crate) const fn seconds(self) -> Option<i64> {
        match self {
            Self::Any => Some(1_795_392_000),
            Self::At(seconds) => Some(seconds),
            Self::Unset => None,
        }
    }
}

/// Reads what is given in a file and in a scenario; the scenario wins, name by name.
pub(super) fn of(common: Option<Item<'_>>, own: Option<Item<'_>>) -> Result<Given, Problem> {
    let mut tables = Vec::new();
    for item in [common, own].into_iter().flatten() {
        tables.push(item.table()?.only(&KEYS)?);
    }
    let last = |key| tables.iter().rev().find_map(|table| table.get(key));
    let scope = scope(&tables, last("family"), last("release"))?;
    let mut given = Given {
        identity: identity(&tables, &scope)?,
        scope,
        idle_settle_s: last("idle_settle_s").map_or(Ok(0), settle)?,
        slots: last("slots").map(slots).transpose()?,
        pin_server: last("pin_server").map_or(Ok(false), Item::flag)?,
        params: BTreeMap::new(),
        options: BTreeMap::new(),
        domain: last("domain").map_or(Ok(String::new()), Item::host)?,
        services: BTreeMap::new(),
        directory: last("directory").map_or(Ok(String::new()), Item::host)?,
        files: BTreeMap::new(),
        clock: match last("clock").map(clock).transpose()? {
            None => Clock::Any,
            Some(Some(seconds)) => Clock::At(seconds),
            Some(None) => Clock::Unset,
        },
        ignore: last("ignore").map_or(Ok(Vec::new()), Item::texts)?,
    };
    for table in &tables {
        if let Some(params) = table.get("params") {
            given.params.extend(parameters(params, &scope)?);
        }
        if let Some(found) = table.get("options") {
            given.options.extend(options(found)?);
        }
        if let Some(found) = table.get("services") {
            given.services.extend(services(found)?);
        }
        if let Some(files) = table.get("files") {
            for file in files.table()?.items() {
                given
                    .files
                    .insert(path(file, file.key())?, content::item(file)?);
            }
        }
    }
    Ok(given)
}

fn scope(
    tables: &[Table<'_>],
    family: Option<Item<'_>>,
    release: Option<Item<'_>>,
) -> Result<Scope, Problem> {
    let family = family.map_or(Ok(Family::default()), Item::parse)?;
    let release = release.map_or(Ok(Release::default()), Item::parse)?;
    let mut scope = Scope::new(family, release);
    for readings in tables.iter().filter_map(|table| table.get("readings")) {
        for (item, word) in readings.table()?.only(&Readings::NAMES)?.readings()? {
            let set = scope.readings.set(item.key(), &word);
            set.map_err(|why| item.wrong(why))?;
        }
    }
    Ok(scope)
}

impl Item<'_> {
    /// A host name.
    fn host(self) -> Result<String, Problem> {
        let text = self.text()?;
        let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        match text.chars().all(letter) {
            true => Ok(text.to_owned()),
            false => Err(self.wrong(format!("`{text}` is no host name"))),
        }
    }
}

impl<'a> Table<'a> {
    /// Readings as texts; a number may be written without quotes.
    fn readings(self) -> Result<Vec<(Item<'a>, String)>, Problem> {
        let word = |item: Item<'a>| {
            let text = match item.is_text() {
                true => item.text()?.to_owned(),
                false => item.whole::<u32>("or a word in quotes")?.to_string(),
            };
            Ok((item, text))
        };
        self.items().map(word).collect()
    }
}

fn identity(tables: &[Table<'_>], scope: &Scope) -> Result<Identity, Problem> {
    let mut identity = Identity {
        family: scope.family,
        release: scope.release,
        ..Identity::default()
    };
    for table in tables.iter().filter_map(|table| table.get("identity")) {
        let table = table.table()?.only(&IDENTITY)?;
        if let Some(mac) = table.get("mac") {
            identity.mac = mac.parse::<Mac>()?;
        }
        for (key, place) in [
            ("product_name", &mut identity.product_name),
            ("series", &mut identity.series),
            ("serial", &mut identity.serial),
            ("software_version", &mut identity.software_version),
            ("hardware_version", &mut identity.hardware_version),
        ] {
            if let Some(item) = table.get(key) {
                item.text()?.clone_into(place);
            }
        }
    }
    Ok(identity)
}

fn settle(item: Item<'_>) -> Result<u8, Problem> {
    const ALLOWED: &str = "0 to 60";
    let seconds: u8 = item.whole(ALLOWED)?;
    match seconds {
        0..=60 => Ok(seconds),
        _ => Err(item.wrong(format!("write a whole number, {ALLOWED}"))),
    }
}

fn slots(item: Item<'_>) -> Result<Slots, Problem> {
    let table = item.table()?.only(&SLOTS)?;
    let other = table.get("other").map(Item::text).transpose()?;
    Ok(Slots {
        other: other.map(str::to_owned),
        boots: table.get("boots").map_or(Ok(true), Item::flag)?,
    })
}

/// Parameters with values that they take, in their canonical spelling.
pub(super) fn parameters(item: Item<'_>, scope: &Scope) -> Result<Vec<(String, String)>, Problem> {
    let mut params = Vec::new();
    for (item, value) in item.pairs()? {
        let id = parameter(item, item.key(), scope)?;
        // What stands for an address is known when it is run.
        let text = match value.contains('{') {
            true => value,
            false => match id.canonical(&value, scope) {
                Ok(text) => text.into_owned(),
                Err(why) => return Err(item.wrong(why)),
            },
        };
        params.push((item.key().to_owned(), text));
    }
    Ok(params)
}

/// The parameter of this name.
pub(super) fn parameter(item: Item<'_>, name: &str, scope: &Scope) -> Result<ParamId, Problem> {
    ParamId::lookup(name, scope).ok_or_else(|| {
        let hint = ParamId::nearest(name, scope)
            .map(|id| format!(": did you mean `{}`?", id.name()))
            .unwrap_or_default();
        item.strange(format!(
            "a {} phone of release {} has no parameter `{name}`{hint}",
            scope.family.name(),
            scope.release.name()
        ))
    })
}

/// Options of DHCP; one of them names a server at least.
pub(super) fn options(item: Item<'_>) -> Result<Vec<(u8, String)>, Problem> {
    let mut options = Vec::new();
    let mut strange = None;
    let mut names_one = false;
    for (item, value) in item.pairs()? {
        let number: u8 = item.key().parse().map_err(|_| {
            item.strange("write the number of an option in quotes, \"66\" for example")
        })?;
        let text = value.replace("{host}", "prov.example");
        let option = DhcpOption {
            space: Space::V4,
            code: u16::from(number),
            value: Value::Text(&text),
        };
        let mut wrong = None;
        let chosen = choose(item.key(), "", &[option], |skipped| {
            wrong = Some(skipped.why.to_string());
        });
        if chosen.is_some() || text.contains('{') {
            names_one = true;
        } else {
            let why = wrong.unwrap_or_else(|| "no phone asks for this option".to_owned());
            strange = strange.or(Some(
                item.wrong(format!("`{value}` names no server: {why}")),
            ));
        }
        options.push((number, value));
    }
    match strange {
        // Beside one that names a server it is there to be passed over.
        Some(why) if !names_one => Err(why),
        Some(_) | None => Ok(options),
    }
}

/// SRV records by name, each as `priority weight port target`.
fn services(item: Item<'_>) -> Result<Vec<(String, Vec<SrvRecord>)>, Problem> {
    let mut services = Vec::new();
    for item in item.table()?.items() {
        let records = item.list()?.into_iter();
        let records: Result<_, _> = records.map(|item| record(item)).collect();
        services.push((item.key().to_owned(), records?));
    }
    Ok(services)
}

fn record(item: Item<'_>) -> Result<SrvRecord, Problem> {
    let text = item.text()?;
    let parts: Vec<&str> = text.split_whitespace().collect();
    let read = || match parts.as_slice() {
        [priority, weight, port, target] => Some(SrvRecord {
            priority: priority.parse().ok()?,
            weight: weight.parse().ok()?,
            port: port.parse().ok()?,
            target: (*target).to_owned(),
        }),
        _ => None,
    };
    read().ok_or_else(|| {
        item.wrong(format!(
            "`{text}` is no SRV record: write priority, weight, port and target, \"10 0 443 pr1.example.com\""
        ))
    })
}

/// A path that begins with `/`, or a URL.
pub(super) fn path(item: Item<'_>, path: &str) -> Result<String, Problem> {
    match path.starts_with('/') || path.contains("://") {
        true => Ok(path.to_owned()),
        false => Err(item.strange(format!(
            "`{path}` is no path: write one that begins with /, or a whole URL"
        ))),
    }
}

/// A moment of UTC, or `unset`.
pub(super) fn clock(item: Item<'_>) -> Result<Option<i64>, Problem> {
    let text = item.text()?;
    if text == "unset" {
        return Ok(None);
    }
    moment(text).map(Some).ok_or_else(|| {
        item.wrong(format!(
            "`{text}` is no time: write one of UTC such as 2026-11-23T09:30, or unset"
        ))
    })
}

fn moment(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let numbers = |text: &str, mark| -> Option<Vec<u32>> {
        let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
        let parts = text.split(mark);
        parts
            .map(|part| part.parse().ok().filter(|_| digits(part)))
            .collect()
    };
    let (date, time) = (numbers(date, '-')?, numbers(time, ':')?);
    let (&[year, month, day], [hour, minute, rest @ ..]) = (date.as_slice(), time.as_slice())
    else {
        return None;
    };
    let second = match rest {
        [] => 0,
        [second] => *second,
        _ => return None,
    };
    let good = (1970..=9999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && *hour < 24
        && *minute < 60
        && second < 60;
    if !good {
        return None;
    }
    let days = days_from_civil(year.into(), month.into(), day.into());
    let seconds = i64::from(hour * 3600 + minute * 60 + second);
    let at = WallTime {
        unix_s: days * 86_400 + seconds,
        offset_s: 0,
    };
    // The 31st of February is another day.
    let is_day = at.civil().2 == day;
    is_day.then_some(at.unix_s)
}
