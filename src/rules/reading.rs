//! How reading moves: marks only go forward, and never past what is there.

use crate::model::{ReadMark, RoomHead};

/// Up to where somebody has read who reads `seq`; `None` when that is nothing new. Reading a message reads all earlier
/// ones (contracts.md, "Door 2").
pub fn advance(current: ReadMark, seq: u64, head: RoomHead) -> Option<u64> {
    let target = seq.min(head.last_seq);
    (target > current.read).then_some(target)
}

/// How many messages are newer than the mark, those that are `deleted` by now not among them.
pub fn unread(mark: u64, head: RoomHead, deleted: u64) -> u64 {
    head.last_seq.saturating_sub(mark).saturating_sub(deleted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Timestamp;

    #[test]
    fn marks_only_move_forward() {
        let head = RoomHead { last_seq: 10, member_count: 2 };
        for (read, seq, expected) in [(0, 5, Some(5)), (5, 5, None), (5, 3, None), (5, 99, Some(10)), (10, 11, None)] {
            // What was not unread any more can still be read.
            for not_unread in [read, 10] {
                let mark = ReadMark { seq: not_unread, read, read_at: Timestamp::default() };
                assert_eq!(advance(mark, seq, head), expected);
            }
        }
    }

    #[test]
    fn unread_is_what_is_newer_and_still_there() {
        let head = RoomHead { last_seq: 10, member_count: 2 };
        for (mark, deleted, expected) in [(4, 0, 6), (4, 2, 4), (4, 6, 0), (11, 0, 0), (10, 1, 0)] {
            assert_eq!(unread(mark, head, deleted), expected);
        }
    }
}
