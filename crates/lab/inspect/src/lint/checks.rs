//! The kinds of findings. Errors of the parsers keep the codes that the parsers give them.

use super::finding::Check;

pub(super) const UNKNOWN_MACRO: Check = Check::warning(
    "unknown-macro",
    "A name that is no macro stays as written; the name is the longest run of letters and digits.",
);
pub(super) const GPP_MACRO: Check = Check::warning(
    "gpp-macro",
    "The macro of a general-purpose parameter is its letter; the underscore ends a name, so `$GPP` is looked up.",
);
pub(super) const MACRO_CASE: Check = Check::warning(
    "macro-case",
    "Names of macros are upper case; any other spelling stays as written.",
);
pub(super) const MALFORMED_MACRO: Check = Check::warning(
    "malformed-macro",
    "A reference in parentheses is a name with at most two numbers, joined by colons; anything else stays as written.",
);
pub(super) const SECRET_OUTSIDE: Check = Check::warning(
    "secret-outside-option",
    "The registers SA to SD expand only in the arguments of `--key`, `--uid` and `--pwd`.",
);
pub(super) const REQUEST_MACRO: Check = Check::note(
    "request-macro",
    "A rule is expanded before its request, so macros of the request hold the values of the one before, and nothing after boot.",
);
pub(super) const EMPTY_MACRO: Check = Check::warning(
    "empty-macro",
    "Macros are expanded before a text is read, so an empty one takes its operand or argument away: `$A eq 1` becomes ` eq 1`.",
);
pub(super) const UNQUOTED_MACRO: Check = Check::error(
    "unquoted-macro",
    "Both sides of a comparison are strings in quotes, or both are numbers or versions without.",
);
pub(super) const MIXED_KINDS: Check = Check::error(
    "mixed-kinds",
    "Both sides of a comparison are strings in quotes, or both are numbers or versions without.",
);
pub(super) const UNQUOTED_TEXT: Check = Check::error(
    "unquoted-text",
    "Without quotes an operand is an integer or a version; any other text needs them.",
);
pub(super) const QUOTED_VERSION: Check = Check::warning(
    "quoted-version",
    "In quotes a version is a plain text: model, build and leading zeros count, and there is no order.",
);
pub(super) const OR_OPERATOR: Check = Check::error(
    "or-operator",
    "A condition is a list joined by `and`; there is no or.",
);
pub(super) const AND_OPERATOR: Check = Check::error(
    "and-operator",
    "Comparisons are joined by the word `and` or `AND`, nothing else.",
);
pub(super) const WRAPPED_TRIGGER: Check = Check::error(
    "wrapped-trigger",
    "A trigger is a bare condition; parentheses and `?` belong to rules.",
);
pub(super) const TRIGGER_URL: Check = Check::error(
    "trigger-url",
    "A trigger is a condition. An article shows an action URL in one; by the reading `trigger_url_value` it never fires, or starts one resync when it is set.",
);
pub(super) const UNGUARDED_TRIGGER: Check = Check::note(
    "unguarded-trigger",
    "A trigger works on the level: as long as it is true, a resync starts each 60 seconds.",
);
pub(super) const UNREACHABLE: Check = Check::warning(
    "unreachable-alternative",
    "Alternatives are tried from left to right; one without a condition ends the search, even if its fetch fails.",
);
pub(super) const PASSWORD_IN_CLEAR: Check = Check::warning(
    "password-in-clear",
    "Without TLS anybody on the way can read the password, or what it opens.",
);
pub(super) const KEY_WITHOUT_TLS: Check = Check::note(
    "key-without-tls",
    "The key keeps the file secret, but without TLS anybody on the way can send another file made with it, such as an old one.",
);
pub(super) const LITERAL_SECRET: Check = Check::note(
    "literal-secret",
    "Whoever can read the rule, on a page or in a profile, can read what stands in it.",
);
pub(super) const SERVERLESS_TFTP: Check = Check::note(
    "server-less-tftp",
    "DHCP names the server and TFTP proves nothing, so anybody on the network can provision the phone.",
);
pub(super) const SRV_WITH_TFTP: Check =
    Check::error("srv-with-tftp", "`--srv` works with http and https only.");
pub(super) const NO_SERVER: Check = Check::error(
    "no-server",
    "By the reading `upgrade_no_server` an upgrade rule must name its server.",
);
pub(super) const EMPTY_BODY: Check = Check::warning(
    "empty-body",
    "The body of the request is the text of the register, and that is empty.",
);
pub(super) const UNKNOWN_PARAMETER: Check = Check::warning(
    "unknown-parameter",
    "The assignment of a name that is no parameter is ignored.",
);
pub(super) const BAD_VALUE: Check = Check::warning(
    "bad-value",
    "A value that does not fit its parameter is ignored.",
);
pub(super) const RETRY_ZERO: Check = Check::warning(
    "retry-zero",
    "What a retry delay of 0 means is disputed: no retry at all, or one at once; the reading `error_retry_zero` decides.",
);
pub(super) const ZERO_DELAY: Check = Check::note("zero-delay", "A delay of 0 ends a schedule.");
pub(super) const UNREACHABLE_DELAY: Check = Check::warning(
    "unreachable-delay",
    "A delay of 0 ends a schedule, so what stands behind it is never used.",
);
pub(super) const PROVISIONING_OFF: Check = Check::warning(
    "provisioning-off",
    "With Provision_Enable No no resync of any cause runs any more, so no profile can turn it on again.",
);
pub(super) const NO_BOOT_SPREAD: Check = Check::note(
    "no-boot-spread",
    "After a power cut all phones ask the server at the same moment.",
);
pub(super) const RESYNC_AT_DELAY: Check = Check::warning(
    "resync-at-delay",
    "The daily resync is spread over at least 10 minutes, whatever smaller number is written; 0 does not turn that off.",
);
pub(super) const SHORT_PERIOD: Check = Check::note(
    "short-period",
    "A bootstrap file may want its phone to come again at once, but a phone whose next file does not set it back goes on asking.",
);
pub(super) const UNEXPANDED_REGISTER: Check = Check::note(
    "unexpanded-register",
    "Expansion is one pass: macros in a register stay as written when `$A` inserts it, and expand only in the body of `--post`.",
);
pub(super) const ALIAS_ENTRY: Check = Check::warning(
    "alias-entry",
    "A bad entry of an alias map is passed over, and the others stay.",
);
pub(super) const ALIAS_TARGET: Check = Check::warning(
    "alias-target",
    "An entry whose parameter does not exist matches nothing.",
);
pub(super) const EMPTY_ALIAS_MAP: Check = Check::warning(
    "empty-alias-map",
    "Without entries `--alias` changes nothing: only a flat-profile sets anything.",
);
