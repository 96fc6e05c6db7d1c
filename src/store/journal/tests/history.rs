//! Any history of appends, rolls, compactions and restarts against a map of what must be there.

use super::super::{Rewrite, check, merge, rewrite, segments};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

#[derive(Debug, Clone)]
enum Action {
    Group(Vec<Vec<u8>>),
    Roll,
    Reopen,
    /// Drops sequences divisible by the first number and replaces those divisible by the second.
    Compact(u64, u64),
    Merge(u64),
}

fn action() -> impl Strategy<Value = Action> {
    let payload = prop::collection::vec(any::<u8>(), 0..200);
    prop_oneof![
        5 => prop::collection::vec(payload, 1..8).prop_map(Action::Group),
        2 => Just(Action::Roll),
        1 => Just(Action::Reopen),
        1 => (2u64..6, 2u64..6).prop_map(|(drop, replace)| Action::Compact(drop, replace)),
        1 => (500u64..5000).prop_map(Action::Merge),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_history_reads_back(actions in prop::collection::vec(action(), 1..40), from in 1u64..50) {
        let dir = founded();
        let options = Options { segment_bytes: 2000 };
        let mut journal = Journal::open(dir.path(), options).unwrap().journal;
        let mut model = BTreeMap::from([(1, payload(1))]);
        for action in actions {
            match action {
                Action::Group(payloads) => {
                    journal.reserve(payloads.iter().map(Vec::len)).unwrap();
                    for payload in payloads {
                        let seq = journal.append(&payload).unwrap();
                        model.insert(seq, payload);
                    }
                    journal.sync().unwrap();
                }
                Action::Roll => journal.roll().unwrap(),
                Action::Reopen => {
                    let last_seq = journal.last_seq();
                    drop(journal);
                    let opened = Journal::open(dir.path(), options).unwrap();
                    prop_assert_eq!((opened.last_seq, opened.torn_bytes), (last_seq, 0));
                    journal = opened.journal;
                }
                Action::Compact(drop, replace) => {
                    for segment in segments(dir.path()).unwrap().iter().filter(|segment| segment.sealed) {
                        rewrite(dir.path(), segment.first_seq, |record| {
                            if record.seq % drop == 0 {
                                model.remove(&record.seq);
                                Rewrite::Drop
                            } else if record.seq % replace == 0 {
                                model.insert(record.seq, b"replaced".to_vec());
                                Rewrite::Replace(b"replaced".to_vec())
                            } else {
                                Rewrite::Keep
                            }
                        }).unwrap();
                    }
                }
                Action::Merge(target_bytes) => {
                    merge(dir.path(), target_bytes).unwrap();
                }
            }
            let found: Result<BTreeMap<_, _>, _> = super::super::read(dir.path(), &journal.synced(), from)
                .unwrap()
                .map(|record| record.map(|record| (record.seq, record.payload)))
                .collect();
            prop_assert_eq!(found.unwrap(), model.clone().split_off(&from));
        }
        let report = check(dir.path()).unwrap();
        prop_assert!(report.is_whole(), "{:?}", report);
        prop_assert_eq!(report.records, model.len() as u64);
    }
}
