use proptest::prelude::*;

use super::*;
use crate::port::STATE_RECORD_LIMIT;

#[test]
fn a_record_comes_back_as_it_was_and_fits_the_limit() {
    let mut record = StateRecord {
        provisioned: true,
        restarting: Some(RebootReason::Provisioning),
        pending: Some(Pending::TriggerUrl(2)),
        customization: Customization::Acquired,
        ..StateRecord::default()
    };
    for unix_s in 0..7 {
        let entry = RebootEntry {
            reason: RebootReason::Upgrade,
            at: Some(WallTime {
                unix_s,
                offset_s: -3600,
            }),
        };
        let row = (unix_s > 2).then_some(RestartsInARow {
            profile: u64::MAX - 7,
            count: 3,
            between_s: [600, u16::MAX],
        });
        record.apply(StateChange::Restarting(entry, row));
        let bytes = record.encode();
        assert!(bytes.len() <= STATE_RECORD_LIMIT);
        assert_eq!(StateRecord::decode(&bytes), Ok(record));
    }
    //= R-SM-22 type=test
    let times: Vec<_> = record
        .history
        .iter()
        .map(|e| e.unwrap().at.unwrap().unix_s)
        .collect();
    assert_eq!(times, [6, 5, 4, 3, 2]);
}

#[test]
fn another_version_and_damage_are_told_apart() {
    for (bytes, error) in [
        (&[4, 0, 0, 0][..], RecordError::Version(4)),
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
        assert_eq!(StateRecord::decode(bytes), Err(error), "{bytes:?}");
    }
}

#[test]
fn older_versions_are_read_without_what_they_did_not_have() {
    let record = StateRecord {
        provisioned: true,
        restarting: Some(RebootReason::Provisioning),
        history: [
            Some(RebootEntry {
                reason: RebootReason::Provisioning,
                at: None,
            }),
            None,
            None,
            None,
            None,
        ],
        ..StateRecord::default()
    };
    let mut bytes = record.encode();
    bytes.drain(4..6);
    bytes[0] = 2;
    assert_eq!(StateRecord::decode(&bytes), Ok(record));
    bytes.remove(3);
    bytes[0] = 1;
    assert_eq!(StateRecord::decode(&bytes), Ok(record));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(record) = StateRecord::decode(&bytes) {
            // Version 2 has two bytes less, version 1 three.
            let grown = [0, 3, 2, 0][usize::from(bytes[0])];
            prop_assert_eq!(record.encode().len(), bytes.len() + grown);
        }
    }
}
