//! The command line.

#[path = "cli/crypt.rs"]
pub(crate) mod crypt;
#[path = "cli/fleet.rs"]
pub(crate) mod fleet;
#[path = "cli/load.rs"]
pub(crate) mod load;
#[path = "cli/notify.rs"]
pub(crate) mod notify;
#[path = "cli/phone.rs"]
pub(crate) mod phone;
#[path = "cli/replay.rs"]
pub(crate) mod replay;
#[path = "cli/run.rs"]
pub(crate) mod run;
#[path = "cli/serve.rs"]
pub(crate) mod serve;
#[path = "cli/shard.rs"]
pub(crate) mod shard;
#[path = "cli/storm.rs"]
pub(crate) mod storm;
#[path = "cli/subnet.rs"]
pub(crate) mod subnet;
#[path = "cli/try_out.rs"]
pub(crate) mod try_out;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crypt::{DecryptArgs, EncryptArgs};
use fleet::FleetArgs;
use load::LoadArgs;
use notify::NotifyArgs;
use phone::{PhoneArgs, ScopeArgs};
use replay::ReplayArgs;
use run::RunArgs;
use serve::ServeArgs;
use storm::{MergeArgs, StormArgs};
use subnet::SubnetArgs;
use try_out::TryArgs;

/// The lab for Onhook: serves profiles, explains rules, encrypts and decrypts files.
#[derive(Parser)]
#[command(
    name = "onhook-harness",
    version,
    about,
    max_term_width = 100,
    after_help = "Examples:\n  onhook-harness serve --root www --http 127.0.0.1:8080\n  \
        onhook-harness try 'http://192.0.2.10/$MA.xml'\n  \
        onhook-harness explain --kind profile 'http://192.0.2.10/$MA.xml'"
)]
pub(crate) struct Cli {
    /// Format of the log on stderr, text or json; RUST_LOG says what is logged, for example RUST_LOG=debug.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, hide_possible_values = true)]
    pub(crate) log_format: LogFormat,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How log lines look.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Send a throwaway phone to a server, and say whether a phone would be provisioned, or what is in its way.
    #[command(after_help = "Examples:\n  \
        onhook-harness try 'http://prov.example.com/$MA.xml' --mac 000e08012345\n  \
        onhook-harness try 'https://prov.example.com/$PN/$MA.xml' --ca ca.pem --model 7832\n  \
        onhook-harness try '[--key $SA] https://192.0.2.10/$MA.cfg' --key-file key.txt --ca ca.pem\n  \
        onhook-harness try --server 192.0.2.10\n  \
        onhook-harness try @rule.txt --params cfg.xml --cause periodic --json\n\n\
        The phone is the real engine with an empty flash that is thrown away; it asks the server as a phone would, and waits\n\
        for nothing but the server: its clock jumps over delays. It trusts the certificates of --ca and nobody else.\n\
        Exit status: 0 a phone would be provisioned, 1 it would not, 2 usage.")]
    Try(TryArgs),
    /// Serve a directory over HTTP, HTTPS and TFTP and receive syslog, until Ctrl-C.
    #[command(after_help = "Examples:\n  \
        onhook-harness serve --root profiles\n  \
        onhook-harness serve --root profiles --http 0.0.0.0:8000 --syslog 0.0.0.0:5514 --access-log access.log\n  \
        onhook-harness serve --root profiles --http off --tftp 0.0.0.0:69\n  \
        onhook-harness serve --root profiles --http 127.0.0.1:0 --json\n  \
        onhook-harness serve --root profiles --https 127.0.0.1:8443 --tls-ca-out ca.pem\n  \
        onhook-harness serve --root profiles --http off --https 0.0.0.0:8443 --tls-name prov.example.net --tls-ca-out ca.pem\n  \
        onhook-harness serve --root profiles --https 127.0.0.1:8443 --tls-cert server.pem --tls-key server.key --client-ca phones.pem\n  \
        onhook-harness serve --root profiles --fault status=503,retry-after=60,path=*.xml,times=2\n  \
        onhook-harness serve --root profiles --fault wrong-key,phone=000e08012345 --fault 'truncate=100,p=30%' --seed 7\n  \
        onhook-harness serve --root profiles --tftp 0.0.0.0:69 --fault loss=20% --live\n\n\
        A fault is one word for what happens and others for when; docs/faults.md explains them:\n\
        any protocol: delay=5s truncate=N corrupt[=N] wrong-key stall[=N] body=empty|html\n\
        HTTP, HTTPS:  status=N[,retry-after=S] drop[=after-head] reset slow=N/T length=N|+N|-N redirect=URL|loop\n\
        HTTPS:        tls=expired|not-yet-valid|wrong-name|self-signed|drop|alert\n\
        TFTP:         error=N[,text=T] silent loss=P duplicate=P reorder=P wrong-tid wrong-block oack=NAME:VALUE\n\
        when:         on=http+https+tftp path=GLOB phone=MAC|ADDRESS agent=GLOB from=N times=N p=P off name=NAME\n\n\
        Requests and syslog messages are printed as they come. GET, HEAD, POST and PUT of regular files only,\n\
        what is posted makes no difference; files may be replaced at any time. Without --tls-cert each start makes a new authority. Port 0 takes any free port; the real one is printed.")]
    Serve(ServeArgs),
    /// Run scenarios: tests of a phone, in virtual time, with the real program, or on the network.
    #[command(after_help = "Examples:\n  \
        onhook-harness run tests/conformance\n  \
        onhook-harness run mine.toml --json\n  \
        onhook-harness run tests/conformance --junit junit.xml --html run.html\n  \
        onhook-harness run tests/conformance --dut virtual,agent --only 'R-RULE-*'\n  \
        onhook-harness run mine.toml --dut external --listen 192.0.2.10 --power-cycle 'poe-switch port 7 cycle'\n\n\
        A scenario says what is given, done and expected; docs/scenarios.md tells the language:\n  \
        id = \"mine/1\"\n  \
        given.params = { Profile_Rule = \"{http}/p.xml\", Resync_Random_Delay = \"0\" }\n  \
        given.files = { \"/p.xml\" = { set = { Resync_Periodic = \"3600\" } } }\n  \
        step = [\n    \
        { do = \"boot\" },\n    \
        { expect = \"request\", url = \"/p.xml\" },\n    \
        { expect = \"request\", url = \"/p.xml\", at = \"1h\" },\n  \
        ]\n\n\
        Exit status: 0 no row failed, 1 one did, or the run was ended early, 2 usage or a file with mistakes.")]
    Run(RunArgs),
    /// Say what a phone does with a rule, a trigger or a schedule, and why.
    #[command(after_help = "Examples:\n  \
        onhook-harness explain --kind profile 'http://prov.example.com/$A/$MA.xml' --set GPP_A=site-7\n  \
        onhook-harness explain --kind upgrade '($SWVER < 11.3)? http://192.0.2.10/load.img' --macro SWVER=11.2.1\n  \
        onhook-harness explain --kind profile '/$PSN.xml' --params cfg.xml --dhcp 66=192.0.2.10\n  \
        onhook-harness explain --kind profile '[--srv] https://example.com/$MA.xml' --dhcp 15=example.net\n  \
        onhook-harness explain --kind schedule 3600+600 --at 2026-11-27T09:30\n  \
        onhook-harness explain --kind profile @rule.txt --cause boot --json\n\n\
        A key in the text can be seen by others on this host: write @FILE or - instead.\n\
        Exit status: 0 the text can be used, 1 it has an error, 2 usage.")]
    Explain(ExplainArgs),
    /// Say what is wrong in profiles, rules, triggers and schedules, or works otherwise than it looks.
    #[command(after_help = "Examples:\n  \
        onhook-harness lint phone.xml\n  \
        onhook-harness lint profiles/*.xml --format sarif > lint.sarif\n  \
        onhook-harness lint --kind trigger '($PRVTMR ge 600)?'\n  \
        onhook-harness lint --kind profile @rule.txt --set GPP_A=site-7 --format json\n\n\
        A file is a plain XML profile; its values are what its rules find in macros. With --kind the arguments are texts.\n\
        Exit status: 0 no errors, 1 errors, 2 usage.")]
    Lint(LintArgs),
    /// Say what a phone would change when it gets a file.
    #[command(after_help = "Examples:\n  \
        onhook-harness apply phone.xml\n  \
        onhook-harness apply phone.xml --onto cfg.xml --json\n  \
        onhook-harness apply phone.enc --rule '[--key $SA] /phone.enc' --set GPP_SA=secret\n  \
        onhook-harness apply customer.xml --rule '[--alias a] /x' --set 'GPP_A=/number = /flat-profile/User_ID_1_'\n\n\
        The phone is in its factory state but for --params, --onto and --set, in this order. Of --rule only the options\n\
        count. --set also takes NAME@ua=na, ro or rw, and NAME@user_set=true for a value that the user has set.\n\
        Exit status: 0 the file is good, 1 the phone refuses it and changes nothing, 2 usage.")]
    Apply(ApplyArgs),
    /// Say what differs between two profiles or exports.
    #[command(after_help = "Examples:\n  \
        onhook-harness diff old.xml new.xml\n  \
        onhook-harness diff phone-a.xml phone-b.xml --json\n\n\
        Values are compared in their canonical spelling: `yes` is `Yes`. A parameter that one file does not mention differs.\n\
        Exit status: 0 no differences, 1 differences, 2 usage or a file that cannot be read.")]
    Diff(DiffArgs),
    /// Simulate many phones and one server in virtual time.
    #[command(after_help = "Examples:\n  \
        onhook-harness storm --phones 1000000 --days 7 --scenario storm.toml --html storm.html --out storm.json\n  \
        onhook-harness storm --phones 20000 --set capacity=200 --compare short:Resync_Random_Delay=2 --compare long:Resync_Random_Delay=600\n  \
        onhook-harness storm --phones 20000 --params cfg.xml --find-capacity --threshold 'p99<500ms'\n  \
        onhook-harness storm --phones 1000000 --scenario storm.toml --shard 2/5 --out part2.json\n\n\
        Every phone is a real one; the server is a model. A scenario, all keys optional:\n  \
        capacity = 200.0      # answers a second, 0 for any number\n  \
        latency_ms = 50       # of an idle server\n  \
        timeout_ms = 30000    # that a phone waits\n  \
        failures = 0.01       # part of the answers\n  \
        failure = \"unavailable\"  # or file-not-found, decrypt-failed\n  \
        power_on_s = 0        # seconds over which the phones get power\n  \
        outages = [{ from_s = 36000, to_s = 37800 }]\n  \
        close_up_s = 36000    # where the hour begins that is told second by second\n  \
        [params]              # of the phones\n  \
        Profile_Rule = \"http://prov.example/$MA.xml\"\n\n\
        A threshold is pN, max or mean of the latency, or sync-pN or sync-max of the time until phones are in sync, with a time; or failures or\n\
        unfinished with a number or a part of a hundred. The same seed gives the same report, byte for byte, whatever the number of\n\
        shards and processors. docs/storm.md tells more.\n\
        Exit status: 0 all thresholds hold, 1 one does not, no capacity was found, or the run was ended early, 2 usage.")]
    Storm(Box<StormArgs>),
    /// Play many phones to a server, and say how it bore them.
    #[command(after_help = "Examples:\n  \
        onhook-harness fleet --phones 1000 --rule 'http://192.0.2.10/$MA.xml'\n  \
        onhook-harness fleet --phones 20000 --rule 'http://192.0.2.10/$MA.xml' --ramp 60 --duration 600 --threshold 'p99<500ms' --threshold 'failures<1%'\n  \
        onhook-harness fleet --phones 5000 --rule '[--key $SA] https://prov.example.com/$MA.cfg' --key-file key.txt --ca ca.pem --html fleet.html\n  \
        onhook-harness fleet --phones 100000 --rule @rule.txt --shard 2/5 --duration 300 --out part2.json\n  \
        onhook-harness fleet --phones 500 --rule 'http://127.0.0.1:8080/$MA.xml' --source 127.0.0.0/8 --list\n  \
        onhook-harness fleet --phones 500 --rule 'http://127.0.0.1:8080/$MA.xml' --source 127.0.0.0/8 --sip 0.0.0.0:5060 --duration 3600\n\n\
        Each phone is the real engine with values and a schedule of its own; it keeps nothing. Without --duration the run ends when every\n\
        phone has ended one resync. Latency counts from when a resync was due. A threshold is pN, max, mean or late-pN with a time,\n\
        failures or unfinished with a number or a part of a hundred, or rate with resyncs a second; without one nothing may fail.\n\
        docs/fleet.md tells more.\n\
        Exit status: 0 all thresholds hold, 1 one does not, or the run was ended early, 2 usage, or more phones than the system bears.")]
    Fleet(Box<FleetArgs>),
    /// Add the reports of shards of a storm, or of a fleet, up.
    #[command(after_help = "Examples:\n  \
        onhook-harness merge part1.json part2.json --out storm.json\n  \
        onhook-harness merge fleet1.json fleet2.json --html fleet.html --threshold 'p99<500ms'\n\n\
        Parts of different runs or programs, and a part that comes twice, are refused. docs/scale-out.md tells how parts are played.\n\
        Exit status: 0 no part is missing and all thresholds hold, 1 otherwise, 2 usage or reports that do not belong together.")]
    Merge(MergeArgs),
    /// Simulate the phones of one subnet that fetch the same load, and share it or not, in virtual time.
    #[command(after_help = "Examples:\n  \
        onhook-harness subnet --phones 200 --load-size 20MiB --server 10MB/s --link 100Mb/s\n  \
        onhook-harness subnet --phones 200 --no-sharing\n  \
        onhook-harness subnet --phones 200 --loss 10 --liars 3 --root-dies 80 --out subnet.json\n\n\
        Every phone decides as a real one; models are the server and the switch. Each phone gets the manifest of the load\n\
        from the server. The same seed gives the same report, byte for byte.\n\
        Exit status: 0 every phone has the load, 1 one has not, 2 usage.")]
    Subnet(SubnetArgs),
    /// Do again what a journal of a phone tells, and say what the phone did and why.
    #[command(after_help = "Examples:\n  \
        onhook-harness replay phone.journal\n  \
        onhook-harness replay phone.journal --json\n\n\
        `onhook-agent run --journal FILE` writes a journal, with stand-ins for secrets. The phone of this program gets the\n\
        same inputs at the same times.\n\
        Exit status: 0 the same effects as recorded, 1 others, or lines are missing, 2 usage or a file that is no journal.")]
    Replay(ReplayArgs),
    /// Expand the macros of a text.
    #[command(after_help = "Examples:\n  \
        onhook-harness expand 'http://$A/$MA.xml' --set GPP_A=192.0.2.10\n  \
        onhook-harness expand '$MAU-$PN' --macro MA=000e08012345 --json\n  \
        echo '$MA' | onhook-harness expand -")]
    Expand(ExpandArgs),
    /// Encrypt a file as `openssl enc -aes-256-cbc` does, for a rule with --key, or as RFC 8188 says.
    #[command(after_help = "Examples:\n  \
        onhook-harness encrypt --key-file key.txt phone.xml -o phone.enc\n  \
        onhook-harness encrypt --key-env PHONE_KEY --digest md5 --gzip phone.xml -o phone.enc\n  \
        onhook-harness encrypt --rfc8188 --ikm-file ikm.txt phone.xml -o phone.xml.gcm\n\n\
        The server sends a file of RFC 8188 with `Content-Encoding: aes128gcm`; phones have the keying material in\n\
        IKM_HTTP_Encrypt_Content. A file for --key with openssl: openssl enc -aes-256-cbc -md sha256 -k KEY -in phone.xml -out phone.enc")]
    Encrypt(EncryptArgs),
    /// Decrypt a file that `openssl enc -aes-256-cbc` or `encrypt` made, or a body of RFC 8188, and say how it was made.
    #[command(after_help = "Examples:\n  \
        onhook-harness decrypt --key-file key.txt phone.enc\n  \
        onhook-harness decrypt --key-env PHONE_KEY phone.enc -o phone.xml\n  \
        onhook-harness decrypt --key-file key.txt phone.enc --json      only checks whether the key fits\n  \
        onhook-harness decrypt --ikm-file ikm.txt phone.xml.gcm -o phone.xml\n\n\
        The digest is found by trying; what was found is said on stderr. Compressed content is inflated.\n\
        Exit status: 0 decrypted, 1 wrong key or damaged file (nothing is written), 2 usage.")]
    Decrypt(DecryptArgs),
    /// Tell a phone by SIP to resync or to restart, as a server does with NOTIFY, and print its answer.
    #[command(after_help = "Examples:\n  \
        onhook-harness notify 192.0.2.50 --event resync\n  \
        onhook-harness notify 1001@192.0.2.50:5060 --event reboot_now --uid 1001 --pwd-file pin.txt\n  \
        onhook-harness notify 1001@192.0.2.50 --event resync --profile 'http://192.0.2.9/$MA.xml' --uid 1001 --pwd-env PIN\n\n\
        A challenge is answered with SHA-256, or MD5 if the phone offers nothing else.\n\
        Exit status: 0 the phone accepted, 1 it refused or does not answer, 2 usage.")]
    Notify(NotifyArgs),
    /// Make, sign and look at firmware loads, which phones fetch by Upgrade_Rule.
    #[command(after_help = "Examples:\n  \
        onhook-harness load keygen -o load.key --public load.pub\n  \
        onhook-harness load build www/rootfs.img --name sip88xx.12-0-1MPP0001-100 --key load.key\n  \
        onhook-harness load inspect www/sip88xx.12-0-1MPP0001-100.loads --public load.pub")]
    Load(LoadArgs),
    /// Answer conformance vectors of macros, conditions, versions, rules, URLs and schedules.
    #[command(after_help = "Examples:\n  \
        onhook-harness vectors docs/spec/rules-vectors.jsonl\n  \
        onhook-harness vectors mine.jsonl more.jsonl --json\n\n\
        One JSON object a line, for example:\n  \
        {\"id\": \"T-MACRO-1\", \"st\": {\"A\": \"x\"}, \"in\": \"/$A.xml\", \"out\": \"/x.xml\"}\n  \
        {\"id\": \"T-COND-1\", \"st\": {}, \"in\": \"$PRVST eq 1\", \"out\": true}\n  \
        {\"id\": \"T-VER-1\", \"a\": \"2.0.10\", \"b\": \"2.0.9\", \"out\": \">\"}\n  \
        {\"id\": \"T-RULE-1\", \"kind\": \"profile\", \"st\": {}, \"in\": \"/a\", \"out\": {\"sel\": 1, \"url\": \"tftp://<dhcp>:69/a\"}}\n  \
        {\"id\": \"T-SCHED-1\", \"value\": \"600,1200+60\", \"n\": 2, \"out\": [1200, 1260]}\n\n\
        The last line is `N passed, M failed`. Exit status: 0 all passed, 1 some failed, 2 usage.")]
    Vectors(VectorsArgs),
}

#[derive(Args)]
pub(crate) struct VectorsArgs {
    /// Files of JSON Lines; - for standard input.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<OsString>,
    /// Print the result as one JSON document (schema onhook.vectors/1).
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args)]
pub(crate) struct ExplainArgs {
    /// What the text is: a profile rule, an upgrade rule, a report rule, a trigger (Resync_Trigger_1 and _2) or a schedule (a list of
    /// delays).
    #[arg(long, value_name = "KIND", value_parser = ["profile", "upgrade", "report", "trigger", "schedule"])]
    pub(crate) kind: String,
    #[command(flatten)]
    pub(crate) text: TextArgs,
}

/// What a text is, for `lint`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintKind {
    /// A profile rule.
    Profile,
    /// An upgrade rule.
    Upgrade,
    /// A report rule.
    Report,
    /// A trigger.
    Trigger,
    /// A list of delays.
    Schedule,
    /// A list of delays after failures.
    Retries,
    /// A log message.
    Message,
    /// An alias map.
    Alias,
}

/// How findings are printed.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintFormat {
    /// For people.
    Text,
    /// One JSON document (schema onhook.lint/1).
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
}

#[derive(Args)]
pub(crate) struct LintArgs {
    /// Profiles, or with --kind texts; @FILE reads a text from a file, - from standard input.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) what: Vec<OsString>,
    /// The arguments are texts of this kind.
    #[arg(long, value_enum, value_name = "KIND")]
    pub(crate) kind: Option<LintKind>,
    /// How to print the findings.
    #[arg(long, value_enum, default_value_t = LintFormat::Text)]
    pub(crate) format: LintFormat,
    #[command(flatten)]
    pub(crate) phone: PhoneArgs,
}

#[derive(Args)]
pub(crate) struct ExpandArgs {
    #[command(flatten)]
    pub(crate) text: TextArgs,
}

/// A text and the phone that sees it.
#[derive(Args)]
pub(crate) struct TextArgs {
    /// The text; @FILE reads it from a file, - from standard input.
    pub(crate) text: String,
    /// Print the result as one JSON document.
    #[arg(long)]
    pub(crate) json: bool,
    /// Show keys and passwords instead of ***.
    #[arg(long)]
    pub(crate) show_secrets: bool,
    #[command(flatten)]
    pub(crate) phone: PhoneArgs,
}

#[derive(Args)]
pub(crate) struct ApplyArgs {
    /// The file as the server sends it, encrypted and compressed or not; - for standard input.
    #[arg(value_name = "FILE")]
    pub(crate) file: OsString,
    /// Start with the values and rights of a plain profile, or of an export.
    #[arg(long, value_name = "FILE")]
    pub(crate) onto: Option<PathBuf>,
    /// The rule that fetched the file, for its options --key and --alias; @FILE or - reads it.
    #[arg(long, value_name = "TEXT")]
    pub(crate) rule: Option<String>,
    /// The server sent `Content-Encoding: aes128gcm`: decrypt with IKM_HTTP_Encrypt_Content.
    #[arg(long)]
    pub(crate) aes128gcm: bool,
    /// Print the result as one JSON document (schema onhook.apply/1).
    #[arg(long)]
    pub(crate) json: bool,
    /// Show secret values instead of ***.
    #[arg(long)]
    pub(crate) show_secrets: bool,
    #[command(flatten)]
    pub(crate) phone: PhoneArgs,
}

#[derive(Args)]
pub(crate) struct DiffArgs {
    /// The first profile; - for standard input.
    pub(crate) a: OsString,
    /// The second profile.
    pub(crate) b: OsString,
    /// Print the result as one JSON document (schema onhook.diff/1).
    #[arg(long)]
    pub(crate) json: bool,
    /// Show secret values instead of ***.
    #[arg(long)]
    pub(crate) show_secrets: bool,
    #[command(flatten)]
    pub(crate) scope: ScopeArgs,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command
                .get_after_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(help.starts_with("Examples:\n"), "{}", command.get_name());
        }
    }
}
