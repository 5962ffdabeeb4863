//! What the name of a load says.

use std::cmp::Ordering;

use onhook_conditions::Version;
use onhook_device::Outcome;

/// Why a load is refused before anything is asked of a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Refusal {
    /// It is older than Downgrade_Rev_Limit.
    BelowLimit,
    /// It is for another family of phones.
    WrongModel,
}

impl Refusal {
    /// How an attempt ends that is refused so.
    #[must_use]
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::BelowLimit => Outcome::BelowLimit,
            Self::WrongModel => Outcome::WrongModel,
        }
    }

    /// The refusal that an outcome stands for.
    #[must_use]
    pub const fn of(outcome: Outcome) -> Option<Self> {
        // Not by case: outcomes of transfers are many, and none of them is a refusal.
        if matches!(outcome, Outcome::BelowLimit) {
            Some(Self::BelowLimit)
        } else if matches!(outcome, Outcome::WrongModel) {
            Some(Self::WrongModel)
        } else {
            None
        }
    }
}

/// The name of the load that a path names: its last segment without query and `.loads` (R-FW-2).
#[must_use]
pub fn load_name(path: &str) -> &str {
    //= R-FW-2
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    name.strip_suffix(".loads").unwrap_or(name)
}

/// Whether the name of a load says already that it must not be taken; `limit` is Downgrade_Rev_Limit.
///
/// A name that says nothing of family or version is not refused: the load itself tells then.
#[must_use]
pub fn refusal(load: &str, running: &str, limit: &str) -> Option<Refusal> {
    //= R-FW-11
    if let (Some(wanted), Some(own)) = (family(load), family(running))
        && !wanted.eq_ignore_ascii_case(own)
    {
        return Some(Refusal::WrongModel);
    }
    //= R-UPG-6
    //= R-FW-10
    let limit = Version::parse(limit.trim()).ok()?;
    let older = Version::parse(load).ok()?.compare(&limit) == Ok(Ordering::Less);
    older.then_some(Refusal::BelowLimit)
}

/// Whether what a load itself says of family and version refuses it: what cannot be compared is not believed.
#[must_use]
pub(crate) fn refused_by_manifest(
    (own_family, version): (&str, &str),
    running: &str,
    limit: &str,
) -> Option<Refusal> {
    //= R-FW-11
    if family(running).is_some_and(|wanted| !wanted.eq_ignore_ascii_case(own_family)) {
        return Some(Refusal::WrongModel);
    }
    //= R-UPG-6
    //= R-FW-10
    let limit = Version::parse(limit.trim()).ok()?;
    let full = format!("{own_family}.{version}");
    let compared = Version::parse(&full).map(|version| version.compare(&limit));
    let fits = matches!(compared, Ok(Ok(Ordering::Equal | Ordering::Greater)));
    (!fits).then_some(Refusal::BelowLimit)
}

/// The part of a version that names a family, such as `sip88xx`.
fn family(version: &str) -> Option<&str> {
    let (family, _) = version.split_once('.')?;
    let named = family
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("sip"));
    named.then_some(family)
}
