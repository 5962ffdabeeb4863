use proptest::prelude::*;

use onhook_device::WallTime;
use onhook_upgrade::{Lasting, Target, Tried};

use super::*;
use crate::port::STATE_RECORD_LIMIT;

#[test]
fn a_record_comes_back_as_it_was_and_fits_the_limit() {
    let mut values = Values::default();
    let mut record = StateRecord {
        provisioned: true,
        restarting: Some(RebootReason::Provisioning),
        pending: Some(Pending::TriggerUrl(2)),
        customization: Customization::Acquired,
        ..StateRecord::default()
    };
    for unix_s in 0..7 {
        let at = WallTime {
            unix_s,
            offset_s: -3600,
        };
        let entry = RebootEntry::new(RebootReason::Upgrade, Some(at));
        let row = (unix_s > 2).then_some(RestartsInARow {
            profile: u64::MAX - 7,
            count: 3,
            between_s: [600, u16::MAX],
        });
        record.apply(StateChange::Restarting(entry, row), &mut values);
        let host = values.intern(&"h".repeat(253), Secrecy::Plain).unwrap();
        let network = values.intern(&"n".repeat(253), Secrecy::Plain);
        let servers = Servers {
            profile: Some(host),
            network,
        };
        record.apply(StateChange::Servers(servers), &mut values);
        record.upgrades = fullest(unix_s.unsigned_abs());
        let bytes = record.encode(&values);
        assert!(bytes.len() <= STATE_RECORD_LIMIT, "{}", bytes.len());
        assert_eq!(StateRecord::decode(&bytes, &mut values), Ok(record));
    }
    //= R-SM-22 type=test
    let times: Vec<_> = record
        .history
        .iter()
        .map(|e| e.unwrap().at().unwrap().unix_s)
        .collect();
    assert_eq!(times, [6, 5, 4, 3, 2]);
}

/// Upgrades of which everything is remembered but what a bit of `without` names.
fn fullest(without: u64) -> Memory {
    let tried = Tried {
        target: Target {
            rule: 1,
            url: u64::MAX,
            load: 3,
        },
        result: Lasting::WrongModel,
    };
    Memory {
        tried: (without & 1 == 0).then_some(tried),
        last: (without & 2 == 0).then_some(Lasting::BootFailed),
        switch: (without & 4 == 0).then_some(4),
        missed: (without & 8 == 0).then_some(5),
    }
}

#[test]
fn a_host_that_is_too_long_is_forgotten_and_an_old_one_is_released() {
    let by = |host| {
        StateChange::Servers(Servers {
            profile: Some(host),
            network: None,
        })
    };
    let mut values = Values::default();
    let mut record = StateRecord::default();
    let old = values.intern("old", Secrecy::Plain).unwrap();
    record.apply(by(old), &mut values);
    values.release(old);
    let long = values.intern(&"h".repeat(300), Secrecy::Plain).unwrap();
    record.apply(by(long), &mut values);
    values.sweep();
    assert_ne!(values.intern("new", Secrecy::Plain), None);
    let kept = StateRecord::decode(&record.encode(&values), &mut values).unwrap();
    assert_eq!(kept.server, None);
}

//= R-SM-23 type=test
#[test]
fn a_restart_into_another_load_is_in_the_history() {
    let mut record = StateRecord::default();
    let entry = RebootEntry::new(RebootReason::Upgrade, None);
    let change = StateChange::Switching(entry, fullest(0));
    record.apply(change, &mut Values::default());
    assert_eq!(record.restarting, Some(RebootReason::Upgrade));
    assert_eq!(record.history[0], Some(entry));
    assert_eq!(record.upgrades, fullest(0));
}

#[test]
fn another_version_and_damage_are_told_apart() {
    for (bytes, error) in [
        (&[5, 0, 0, 0][..], RecordError::Version(5)),
        (&[4, 0, 0, 0, 0, 0], RecordError::Damaged(6)),
        // A host that is longer than what is left, or no text.
        (&[4, 0, 0, 0, 0, 0, 3, b'h', 0], RecordError::Damaged(6)),
        (
            &[4, 0, 0, 0, 0, 0, 1, b'h', 2, b'n'],
            RecordError::Damaged(8),
        ),
        (&[4, 0, 0, 0, 0, 0, 1, 0xff, 0], RecordError::Damaged(6)),
        // Flags of upgrades that are none, and what they announce missing.
        (&[4, 0, 0, 0, 0, 0, 0, 0, 16], RecordError::Damaged(8)),
        (&[4, 0, 0, 0, 0, 0, 0, 0, 1, 0], RecordError::Damaged(8)),
        (&[4, 0, 0, 0, 0, 0, 0, 0, 2, 9], RecordError::Damaged(8)),
        (&[3, 0, 0, 0], RecordError::Damaged(4)),
        (&[3, 0, 0, 0, 6, 0], RecordError::Damaged(4)),
        (&[3, 0, 0, 0, 0], RecordError::Damaged(5)),
        (&[3, 0, 0, 0, 0, 1, 2, 3], RecordError::Damaged(5)),
        (&[3, 0, 0, 0, 0, 0, 9], RecordError::Damaged(6)),
        (&[0, 0, 0, 0], RecordError::Version(0)),
        (&[2, 7, 0, 0], RecordError::Damaged(1)),
        (&[2, 0, 7, 0], RecordError::Damaged(2)),
        (&[2, 0, 0, 4], RecordError::Damaged(3)),
        (&[2, 0, 0], RecordError::Damaged(3)),
        (&[2, 0], RecordError::Damaged(2)),
        (&[2, 0, 0, 0, 9], RecordError::Damaged(4)),
        (&[1, 0, 0, 9], RecordError::Damaged(3)),
    ] {
        let read = StateRecord::decode(bytes, &mut Values::default());
        assert_eq!(read, Err(error), "{bytes:?}");
    }
}

#[test]
fn older_versions_are_read_without_what_they_did_not_have() {
    let record = StateRecord {
        provisioned: true,
        restarting: Some(RebootReason::Provisioning),
        history: [
            Some(RebootEntry::new(RebootReason::Provisioning, None)),
            None,
            None,
            None,
            None,
        ],
        ..StateRecord::default()
    };
    let values = &mut Values::default();
    let mut bytes = record.encode(values);
    bytes.drain(6..9);
    bytes[0] = 3;
    assert_eq!(StateRecord::decode(&bytes, values), Ok(record));
    bytes.drain(4..6);
    bytes[0] = 2;
    assert_eq!(StateRecord::decode(&bytes, values), Ok(record));
    bytes.remove(3);
    bytes[0] = 1;
    assert_eq!(StateRecord::decode(&bytes, values), Ok(record));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut values = Values::default();
        if let Ok(record) = StateRecord::decode(&bytes, &mut values) {
            // Version 3 has three bytes less, version 2 five, version 1 six.
            let grown = [0, 6, 5, 3, 0][usize::from(bytes[0])];
            prop_assert_eq!(record.encode(&values).len(), bytes.len() + grown);
        }
    }
}
