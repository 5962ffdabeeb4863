//! Lease files as their clients write them, and broken ones.

use onhook_dhcp::{Format, LeaseError, parse};
use onhook_discovery::{HeldValue, Learned};

/// An address and the options with it.
type Told = (String, Vec<(u16, Vec<u8>)>);

#[track_caller]
fn told(format: Format, text: &str, interface: Option<&str>) -> Option<Told> {
    let learned: Learned = parse(format, text, interface).unwrap()?;
    let options = learned.options.iter().map(|option| match &option.value {
        HeldValue::Wire(bytes) => (option.code, bytes.clone()),
        HeldValue::Text(_) => panic!("a lease holds octets"),
    });
    let address = learned.address.map_or(String::new(), |a| a.to_string());
    Some((address, options.collect()))
}

#[track_caller]
fn wrong(format: Format, text: &str, line: usize) {
    let error = parse(format, text, None).unwrap_err();
    let LeaseError { line: found, .. } = error;
    assert_eq!(found, line, "{error}");
}

#[test]
fn a_lease_of_networkd_is_read() {
    let text = "# This is private data. Do not parse.\nADDRESS=192.0.2.7\nNETMASK=255.255.255.0\nROUTER=192.0.2.1\n\
                DNS=192.0.2.53 192.0.2.54\nDOMAINNAME=example\nT1=1800\nVENDOR_SPECIFIC=0104c0000209\nOPTION_150=c0000201c0000202\nOPTION_160=68747470\n";
    let expected = vec![
        (6, vec![192, 0, 2, 53, 192, 0, 2, 54]),
        (15, b"example".to_vec()),
        (43, vec![1, 4, 192, 0, 2, 9]),
        (150, vec![192, 0, 2, 1, 192, 0, 2, 2]),
        (160, b"http".to_vec()),
    ];
    assert_eq!(
        told(Format::Networkd, text, None),
        Some(("192.0.2.7".to_owned(), expected))
    );
    // A line that is being written is not there yet, and without an address there is no lease.
    let cut = told(Format::Networkd, text.trim_end(), None).unwrap();
    assert_eq!(cut.1.len(), 4);
    assert_eq!(told(Format::Networkd, "T1=1800\n", None), None);
    wrong(Format::Networkd, "ADDRESS=192.0.2.7\nOPTION_160=6g\n", 2);
    wrong(Format::Networkd, "\n\nOPTION_160=123\n", 3);
    wrong(Format::Networkd, "ADDRESS=here\n", 1);
}

#[test]
fn the_environment_of_udhcpc_is_read() {
    let text = "interface=eth0\nip=192.0.2.7\nmask=24\ndns=192.0.2.53 192.0.2.54\ndomain=example\ntftp=tftp.example\nopt150=c0000201\n\
                opt160=687474703a2f2f68\nlease=300\nboot_file=cfg.xml\n";
    let expected = (
        "192.0.2.7".to_owned(),
        vec![
            (6, vec![192, 0, 2, 53, 192, 0, 2, 54]),
            (15, b"example".to_vec()),
            (66, b"tftp.example".to_vec()),
            (150, vec![192, 0, 2, 1]),
            (160, b"http://h".to_vec()),
        ],
    );
    assert_eq!(told(Format::Udhcpc, text, None), Some(expected.clone()));
    assert_eq!(
        told(Format::Udhcpc, text, Some("eth0")),
        Some(expected.clone())
    );
    assert_eq!(told(Format::Udhcpc, text, Some("eth1")), None);
    let exported: String = text
        .lines()
        .map(|line| {
            let (name, value) = line.split_once('=').unwrap();
            format!("export {name}='{value}'\r\n")
        })
        .collect();
    assert_eq!(
        told(Format::Udhcpc, &exported, Some("eth0")),
        Some(expected)
    );
    wrong(Format::Udhcpc, "ip=192.0.2.7\nopt150=c000020\n", 2);
}

const DHCLIENT: &str = "default-duid \"\\000\\001\";
lease {
  interface \"eth0\";
  fixed-address 192.0.2.6;
  option tftp-server-name \"old.example\";
  expire 1 2026/11/30 01:02:03;
}
# a comment with { and }
lease {
  interface \"eth0\";
  fixed-address 192.0.2.7;
  option subnet-mask 255.255.255.0;
  option tftp-server-name \"tftp; \\\"}\\\\ \\303\\2744\";
  option unknown-150 192.0.2.1,192.0.2.2;
  option option-160 \"http://h/\\$MA.xml\";
  option vendor-encapsulated-options 1:4:c0:0:2:9;
  option vivso 0:0:0:9;
  option domain-name-servers 192.0.2.53,192.0.2.54;
  option domain-name \"example\";
}
lease {
  interface \"eth1\";
  fixed-address 198.51.100.7;
}
lease6 { interface \"eth0\"; ia-na 01 { iaaddr 2001:db8::1 { } } }
";

#[test]
fn the_last_lease_of_dhclient_counts() {
    let (address, options) = told(Format::Dhclient, DHCLIENT, Some("eth0")).unwrap();
    assert_eq!(address, "192.0.2.7");
    let expected = vec![
        (6, vec![192, 0, 2, 53, 192, 0, 2, 54]),
        (15, b"example".to_vec()),
        (43, vec![1, 4, 192, 0, 2, 9]),
        (66, "tftp; \"}\\ \u{fc}4".as_bytes().to_vec()),
        (125, vec![0, 0, 0, 9]),
        (150, vec![192, 0, 2, 1, 192, 0, 2, 2]),
        (160, b"http://h/$MA.xml".to_vec()),
    ];
    assert_eq!(options, expected);
    assert_eq!(
        told(Format::Dhclient, DHCLIENT, None).unwrap().0,
        "198.51.100.7"
    );
    assert_eq!(told(Format::Dhclient, DHCLIENT, Some("eth9")), None);
    // A lease that is being written is not there yet.
    for end in 0..DHCLIENT.len() {
        let cut = &DHCLIENT[..end];
        let address = told(Format::Dhclient, cut, Some("eth0")).map(|(address, _)| address);
        let complete = [
            None,
            Some("192.0.2.6".to_owned()),
            Some("192.0.2.7".to_owned()),
        ];
        assert!(complete.contains(&address), "{address:?} of {cut}");
    }
    wrong(
        Format::Dhclient,
        "lease {\n option unknown-150 here;\n}\n",
        2,
    );
    wrong(Format::Dhclient, "lease {\n\n fixed-address h;\n}\n", 3);
}

#[test]
fn a_format_has_a_name() {
    for format in [Format::Networkd, Format::Dhclient, Format::Udhcpc] {
        assert_eq!(format.name().parse(), Ok(format));
    }
    assert!(
        "dhcpcd"
            .parse::<Format>()
            .unwrap_err()
            .contains("systemd-networkd")
    );
}
