//! Every bound of Parlor, with its unit, its allowed range and its reason. A number that guards a queue, a frame, a page,
//! a name or a rate stands here and nowhere else; what is done at the bound is the business of whoever meets it.

use super::bounded::bounded;

const KIB: usize = 1024;
const MIB: u64 = 1024 * 1024;
const GIB: u64 = 1024 * MIB;
/// Above this a TOML file cannot spell a number.
const ANY: u64 = i64::MAX as u64;

bounded! {
/// The bounds that every layer keeps. The range after each default is what a configuration may choose.
pub struct Limits {
    /// Characters of one message. Long enough for a quotation with its positions, short enough to stay a chat.
    message_chars: usize = 4_000, 1..=50_000;
    /// Characters of a name of a person, a room or a salon. Fits one line on a telephone.
    name_chars: usize = 64, 8..=200;
    /// Characters of a room's topic. Two lines in the head of a room.
    topic_chars: usize = 256, 1..=4_000;
    /// Characters that a person may write about themself.
    about_chars: usize = 500, 1..=4_000;
    /// Requests for a seat in a salon that one person may have undecided. Enough to look for work in a whole town.
    pending_requests: usize = 20, 1..=1_000;
    /// Characters that a new password must have. Shorter ones are guessed.
    password_min_chars: usize = 8, 6..=64;
    /// Bytes of the longest password taken; never cut. Hashing cost must not depend on the caller's mood.
    password_max_bytes: usize = 256, 256..=4_096;

    /// Bytes of one attachment. A photograph or a short film of a car from a telephone.
    file_bytes: u64 = 25 * MIB, 1..=10 * GIB;
    /// Bytes of an uploaded portrait, before it is scaled down.
    avatar_bytes: u64 = 5 * MIB, 1..=100 * MIB;
    /// Bytes of attachments that one account may keep. One person must not fill the disk of everybody.
    account_files_bytes: u64 = 2 * GIB, 1..=ANY;
    /// Bytes of attachments in all; 0 is unlimited, then only the free space counts.
    total_files_bytes: u64 = 0, 0..=ANY;
    /// Bytes that always stay free on the disk, so that deleting and compacting work when it is full.
    free_space_floor_bytes: u64 = 64 * MIB, 0..=ANY;

    /// Entries of one page of messages. Bounds the cost of one request.
    page_size_max: usize = 200, 1..=1_000;
    /// Entries of one page of any other list.
    list_size_max: usize = 100, 1..=1_000;
    /// Bytes of a JSON or form body without files.
    json_body_bytes: usize = 256 * KIB, 16 * KIB..=16 * 1_024 * KIB;
    /// Bytes of one WebSocket frame and of one message of several frames. The longest text fits, escaped.
    frame_bytes: usize = 64 * KIB, 4 * KIB..=1_024 * KIB;

    /// Frames a second that one socket may send, in the long run. Faster than anybody types.
    frames_per_sec: u32 = 20, 1..=1_000_000;
    /// Frames that one socket may send at once, after a silence.
    frames_burst: u32 = 100, 1..=1_000_000;
    /// Wrong passwords for one account, and for one address, in `login_window_secs`.
    login_attempts: u32 = 10, 1..=1_000_000;
    /// Seconds in which `login_attempts` are counted. The owner of an account under attack waits no longer.
    login_window_secs: u64 = 180, 1..=86_400;
    /// New accounts from one address in `registration_window_secs`. A salon behind one address signs up at once; a flood does not.
    registrations_per_address: u32 = 2_000, 1..=1_000_000;
    /// Seconds in which `registrations_per_address` are counted.
    registration_window_secs: u64 = 300, 1..=86_400;

    /// Sockets of one account: windows and devices of one person.
    sockets_per_account: usize = 20, 1..=100_000;
    /// Connections from one address. A salon, an office or a mobile network behind one address.
    connections_per_address: usize = 200, 1..=1_000_000;
    /// Connections in all. Each costs a file handle and a few KiB.
    connections_total: usize = 12_000, 1..=1_000_000;
    /// Rooms and topics that one socket may follow beyond those of its own person.
    subscriptions_per_socket: usize = 128, 1..=10_000;
    /// Bytes that may wait for one socket; a reader slower than that is closed and resumes from the journal.
    outbox_bytes: usize = 1_024 * KIB, 16 * KIB..=1_024 * 1_024 * KIB;
    /// Events kept in memory for sockets that come back; older ones mean a reload.
    resume_events: usize = 16_384, 16..=10_000_000;

    /// Characters of a guest's message, where guests are switched on; `message_chars` holds as well. A question, not an essay.
    guest_message_chars: usize = 1_000, 1..=50_000;
    /// Messages a minute of all guests from one address. A talk among visitors of one shop; not a flood.
    guest_messages_per_min: u32 = 30, 1..=1_000_000;
    /// Frames a second that a guest's socket may send, in the long run; `frames_per_sec` holds as well.
    guest_frames_per_sec: u32 = 5, 1..=1_000_000;
    /// Frames that a guest's socket may send at once, after a silence; `frames_burst` holds as well.
    guest_frames_burst: u32 = 20, 1..=1_000_000;
    /// Sockets of all guests from one address. Some visitors on the network of one shop.
    guest_sockets_per_address: usize = 20, 1..=100_000;
    /// Guests from one address who may begin to write in `registration_window_secs`. Each leaves a name that is kept.
    guests_per_address: u32 = 50, 1..=1_000_000;
    /// Public rooms that guests of one address may open in that time. Enough to try; not a list full of them.
    guest_rooms_per_address: u32 = 5, 1..=1_000_000;

    /// Members of one room.
    room_members_max: usize = 10_000, 2..=1_000_000;
    /// Rooms that one account may be a member of. Bounds what a sign-in has to load.
    rooms_per_account_max: usize = 1_000, 1..=100_000;

    /// Changes that may wait for the writer; beyond it the answer is "busy, try again".
    writer_queue: usize = 4_096, 1..=1_000_000;
    /// Passwords hashed at the same time. Each takes about 19 MiB and a core for some tens of milliseconds.
    hashers: usize = 2, 1..=64;
}
}

impl Limits {
    /// Bounds that contradict one another, each as the name to change and what would be right.
    pub(super) fn contradictions(&self) -> Vec<(&'static str, String)> {
        let mut found = Vec::new();
        // A character takes at most two escapes of six bytes in JSON; the rest of a frame is names and ids.
        let longest_text = self.message_chars * 12 + 1_024;
        if self.frame_bytes < longest_text {
            found.push(("limits.frame_bytes", format!(
                "a text of `message_chars` = {} does not fit a frame of {} bytes; give at least {longest_text}, or shorten messages",
                self.message_chars, self.frame_bytes
            )));
        }
        if self.json_body_bytes < longest_text {
            found.push(("limits.json_body_bytes", format!(
                "a text of `message_chars` = {} does not fit a body of {} bytes; give at least {longest_text}, or shorten messages",
                self.message_chars, self.json_body_bytes
            )));
        }
        if self.outbox_bytes < 2 * self.frame_bytes {
            found.push((
                "limits.outbox_bytes",
                format!(
                    "must hold two frames of `frame_bytes` = {}; give at least {}",
                    self.frame_bytes,
                    2 * self.frame_bytes
                ),
            ));
        }
        if self.frames_burst < self.frames_per_sec {
            found.push(("limits.frames_burst", format!("must be at least `frames_per_sec` = {}", self.frames_per_sec)));
        }
        if self.guest_frames_burst < self.guest_frames_per_sec {
            let right = format!("must be at least `guest_frames_per_sec` = {}", self.guest_frames_per_sec);
            found.push(("limits.guest_frames_burst", right));
        }
        if self.connections_total < self.connections_per_address {
            let right = format!("must be at least `connections_per_address` = {}", self.connections_per_address);
            found.push(("limits.connections_total", right));
        }
        if self.total_files_bytes != 0 && self.total_files_bytes < self.file_bytes {
            let right = format!("must be 0 (unlimited) or at least `file_bytes` = {}", self.file_bytes);
            found.push(("limits.total_files_bytes", right));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::setting::Raw;

    #[test]
    fn defaults_agree_with_one_another_and_with_their_ranges() {
        let limits = Limits::default();
        assert_eq!(limits.contradictions(), []);
        let mut copy = limits.clone();
        for key in Limits::KEYS {
            let shown = (key.show)(&limits).as_integer().unwrap();
            assert_eq!((key.read)(&mut copy, &Raw::Integer(shown)), Ok(()), "{}", key.name);
        }
        assert_eq!(copy, limits);
    }

    #[test]
    fn zero_is_refused_with_the_range() {
        let mut limits = Limits::default();
        let key = Limits::KEYS.iter().find(|key| key.name == "page_size_max").unwrap();
        let refusal = (key.read)(&mut limits, &Raw::Integer(0)).unwrap_err();
        assert_eq!(refusal, "0 is out of range; give a number from 1 to 1000");
        assert_eq!(limits, Limits::default());
    }

    #[test]
    fn a_message_must_fit_its_frame() {
        let limits = Limits { message_chars: 20_000, ..Limits::default() };
        let names: Vec<_> = limits.contradictions().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["limits.frame_bytes"]);
    }
}
