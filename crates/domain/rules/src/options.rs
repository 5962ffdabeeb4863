//! The option list of an alternative: `[ --key … --uid … ]`.

use onhook_macros::SecretSlot;

use crate::cursor::{Cursor, is_space};
use crate::{Argument, RuleError, RuleErrorCode, RuleKind};

/// Which options may stand in a list.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Allowed {
    Profile,
    Upgrade,
    Report,
}

impl From<RuleKind> for Allowed {
    fn from(kind: RuleKind) -> Self {
        match kind {
            RuleKind::Profile => Self::Profile,
            RuleKind::Upgrade => Self::Upgrade,
        }
    }
}

/// The options of an alternative, as written; an empty argument counts as not given.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options<'t> {
    /// `--key`: pass phrase of the file.
    pub key: Option<Argument<'t>>,
    /// `--uid`: user name for challenges.
    pub uid: Option<Argument<'t>>,
    /// `--pwd`: password for challenges.
    pub pwd: Option<Argument<'t>>,
    /// `--post`: the register whose expanded text is the request body, GPP_A..GPP_P as 0..=15.
    pub post: Option<u8>,
    /// `--alias`: the register that holds the alias map, GPP_A..GPP_P as 0..=15.
    pub alias: Option<u8>,
    /// `--srv`: find the server by DNS SRV.
    pub srv: bool,
    /// `--delta`: a report of what changed.
    pub delta: bool,
    /// `--status`: a report of status data.
    pub status: bool,
}

/// An option by name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Name {
    Key,
    Uid,
    Pwd,
    Post,
    Alias,
    Srv,
    Delta,
    Status,
}

impl<'t> Options<'t> {
    /// Reads a list, standing on its `[`, and leaves the cursor behind its `]`.
    pub(crate) fn parse(
        cursor: &mut Cursor<'t>,
        allowed: Allowed,
        slots: &'t [SecretSlot],
    ) -> Result<Self, RuleError> {
        let open = cursor.at();
        cursor.bump();
        let mut options = Self::default();
        loop {
            cursor.skip_space();
            match cursor.peek() {
                None => {
                    return Err(RuleError::new(
                        RuleErrorCode::UnclosedOptions,
                        open,
                        "a closing `]`",
                    ));
                }
                Some(b']') => {
                    cursor.bump();
                    return Ok(options);
                }
                Some(_) => options.read_option(cursor, allowed, slots)?,
            }
        }
    }

    fn read_option(
        &mut self,
        cursor: &mut Cursor<'t>,
        allowed: Allowed,
        slots: &'t [SecretSlot],
    ) -> Result<(), RuleError> {
        let at = cursor.at();
        //= R-OPT-1
        //= R-OPT-4
        // A repeated option overwrites: the last one counts, empty or not.
        match Name::parse(word(cursor), allowed, at)? {
            Name::Key => self.key = argument(cursor, slots)?,
            Name::Uid => self.uid = argument(cursor, slots)?,
            Name::Pwd => self.pwd = argument(cursor, slots)?,
            Name::Post => self.post = Some(letter(cursor)?),
            Name::Alias => self.alias = Some(letter(cursor)?),
            //= R-OPT-8
            Name::Srv => self.srv = true,
            Name::Delta => self.delta = true,
            Name::Status => self.status = true,
        }
        Ok(())
    }
}

impl Name {
    fn parse(word: &str, allowed: Allowed, at: usize) -> Result<Self, RuleError> {
        let name = match word {
            "--key" => Self::Key,
            "--uid" => Self::Uid,
            "--pwd" => Self::Pwd,
            "--post" => Self::Post,
            "--alias" => Self::Alias,
            "--srv" => Self::Srv,
            "--delta" => Self::Delta,
            "--status" => Self::Status,
            //= R-OPT-4
            _ => {
                return Err(RuleError::new(
                    RuleErrorCode::UnknownOption,
                    at,
                    "an option such as `--key`, and white space behind its name",
                ));
            }
        };
        let misplaced = |expected| RuleError::new(RuleErrorCode::MisplacedOption, at, expected);
        match (allowed, name) {
            (_, Self::Uid | Self::Pwd)
            | (Allowed::Profile, Self::Key | Self::Post | Self::Alias | Self::Srv)
            //= R-REPORT-3
            | (Allowed::Report, Self::Key | Self::Delta | Self::Status) => Ok(name),
            //= R-OPT-7
            (Allowed::Profile, Self::Delta | Self::Status) => Err(misplaced(
                "an option of this kind of rule; this one is for reports",
            )),
            //= R-UPG-1
            (
                Allowed::Upgrade,
                Self::Key | Self::Post | Self::Alias | Self::Srv | Self::Delta | Self::Status,
            ) => Err(misplaced(
                "`--uid` or `--pwd`, the only options of an upgrade rule",
            )),
            //= R-OPT-7
            (Allowed::Report, Self::Post | Self::Alias | Self::Srv) => Err(misplaced(
                "`--delta`, `--status`, `--key`, `--uid` or `--pwd`, the options of a report rule",
            )),
        }
    }
}

/// Takes everything up to white space, `]` or the end.
fn word<'t>(cursor: &mut Cursor<'t>) -> &'t str {
    cursor.take_while(|b| !is_space(b) && b != b']')
}

/// Reads a text argument; `None` for an empty one, which means that the option is not given.
fn argument<'t>(
    cursor: &mut Cursor<'t>,
    slots: &'t [SecretSlot],
) -> Result<Option<Argument<'t>>, RuleError> {
    //= R-OPT-2
    cursor.skip_space();
    let at = cursor.at();
    if cursor.peek() == Some(b'"') {
        let text = cursor.string()?;
        if let Some(next) = cursor.peek()
            && !is_space(next)
            && next != b']'
        {
            return Err(RuleError::new(
                RuleErrorCode::BadArgument,
                cursor.at(),
                "white space or `]` behind the closing quote",
            ));
        }
        //= R-OPT-6
        let argument = Argument::new(text, at + 1, slots);
        return Ok((!argument.is_empty()).then_some(argument));
    }
    let text = word(cursor);
    if text.is_empty() {
        return Err(missing_argument(
            at,
            "an argument; write `\"\"` for an empty one",
        ));
    }
    if let Some(quote) = text.find('"') {
        return Err(RuleError::new(
            RuleErrorCode::BadArgument,
            at + quote,
            "no quote inside an unquoted argument",
        ));
    }
    Ok(Some(Argument::new(text, at, slots)))
}

/// Reads the letter of a general-purpose parameter, a to p as 0..=15.
fn letter(cursor: &mut Cursor<'_>) -> Result<u8, RuleError> {
    cursor.skip_space();
    let at = cursor.at();
    match word(cursor).as_bytes() {
        [letter @ b'a'..=b'p'] => Ok(letter - b'a'),
        [] => Err(missing_argument(at, "a letter a to p")),
        //= R-OPT-3
        // A secret reference is no letter either.
        _ => Err(RuleError::new(
            RuleErrorCode::BadLetter,
            at,
            "a letter a to p, in lower case and without quotes",
        )),
    }
}

const fn missing_argument(at: usize, expected: &'static str) -> RuleError {
    RuleError::new(RuleErrorCode::MissingArgument, at, expected)
}
