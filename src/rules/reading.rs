//! How reading moves: marks only go forward, and never past what is there.

use crate::model::RoomHead;

/// Where a read mark goes when somebody reads `seq`; `None` when it stays.
pub fn advance(current: u64, seq: u64, head: RoomHead) -> Option<u64> {
    let target = seq.min(head.last_seq);
    (target > current).then_some(target)
}

/// How many messages are newer than the mark.
pub fn unread(mark: u64, head: RoomHead) -> u64 {
    head.last_seq.saturating_sub(mark)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_only_move_forward() {
        let head = RoomHead { last_seq: 10, member_count: 2 };
        for (current, seq, expected) in [(0, 5, Some(5)), (5, 5, None), (5, 3, None), (5, 99, Some(10)), (10, 11, None)]
        {
            assert_eq!(advance(current, seq, head), expected);
        }
        assert_eq!(unread(4, head), 6);
        assert_eq!(unread(11, head), 0);
    }
}
