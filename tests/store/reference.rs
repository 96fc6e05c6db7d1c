//! What events mean, written down a second time in the plainest way, and compared with a store.

use parlor::{
    model::{
        Account, AccountId, Event, File, FileId, HeldSeat, Invitation, InvitationId, InviteCode, InviteCodeId,
        Membership, Message, Notification, NotificationId, ReadMark, Retraction, Room, RoomId, RoomKind, Salon,
        SalonId, SalonLogId, SalonLogLine, Seat, SeatRole, Session, SessionId,
    },
    store::{GO_ON, View},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Debug,
};

/// All that is remembered.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reference {
    pub accounts: BTreeMap<AccountId, Account>,
    pub sessions: BTreeMap<SessionId, Session>,
    pub codes: BTreeMap<InviteCodeId, InviteCode>,
    pub rooms: BTreeMap<RoomId, Room>,
    pub members: BTreeMap<(RoomId, AccountId), Membership>,
    pub messages: BTreeMap<(RoomId, u64), Message>,
    pub marks: BTreeMap<(RoomId, AccountId), ReadMark>,
    pub files: BTreeMap<FileId, File>,
    pub salons: BTreeMap<SalonId, Salon>,
    pub seats: BTreeMap<(SalonId, SeatRole), Seat>,
    pub invitations: BTreeMap<InvitationId, Invitation>,
    /// Also of salons that are gone.
    pub log: BTreeMap<(SalonId, SalonLogId), SalonLogLine>,
    pub notifications: BTreeMap<(AccountId, NotificationId), Notification>,
}

impl Reference {
    pub fn after<'a>(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut reference = Self::default();
        events.into_iter().for_each(|event| reference.apply(event));
        reference
    }

    pub fn apply(&mut self, event: &Event) {
        match event.clone() {
            Event::AccountRegistered(account) | Event::AccountChanged { account, .. } => {
                self.accounts.insert(account.id, account);
            }
            Event::SessionStarted(session) => {
                self.sessions.insert(session.id, session);
            }
            Event::SessionRefreshed { session, generation, at, expires_at } => {
                if let Some(session) = self.sessions.get_mut(&session) {
                    (session.generation, session.last_used_at, session.expires_at) = (generation, at, expires_at);
                }
            }
            Event::SessionEnded { session, .. } => {
                self.sessions.remove(&session);
            }
            Event::InviteCodeSaved(code) => {
                self.codes.insert(code.id, code);
            }
            Event::InviteCodeRemoved { code } => {
                self.codes.remove(&code);
            }
            Event::RoomOpened(room) | Event::RoomChanged(room) => {
                self.rooms.insert(room.id, room);
            }
            Event::RoomDeleted { room } => self.delete_room(room),
            Event::MemberJoined(membership) | Event::MemberChanged(membership) => {
                self.members.insert((membership.room, membership.account), membership);
            }
            Event::MemberLeft { room, account } => {
                self.members.remove(&(room, account));
                self.marks.remove(&(room, account));
            }
            Event::MessagePosted(message) => {
                let mark = self.marks.entry((message.room, message.author)).or_default();
                mark.seq = mark.seq.max(message.seq);
                self.messages.insert((message.room, message.seq), message);
            }
            Event::MessageEdited { room, seq, body, at, .. } => {
                if let Some(message) = self.messages.get_mut(&(room, seq)) {
                    (message.body, message.edited_at) = (body, Some(at));
                }
            }
            Event::MessageRetracted { room, seq, by, at, .. } => {
                if let Some(message) = self.messages.get_mut(&(room, seq)) {
                    message.body.clear();
                    message.edited_at = None;
                    message.retracted = Some(Retraction { by, at });
                    message.file.take().map(|file| self.files.remove(&file));
                }
            }
            Event::ReadMarkMoved { room, account, seq, at } => {
                let mark = self.marks.entry((room, account)).or_default();
                *mark = ReadMark { seq: mark.seq.max(seq), read: seq, read_at: at };
            }
            Event::HistorySkipped { room, account, seq } => {
                let mark = self.marks.entry((room, account)).or_default();
                mark.seq = mark.seq.max(seq);
            }
            Event::FileStored(file) => {
                self.files.insert(file.id, file);
            }
            Event::FileRemoved { file } => {
                self.files.remove(&file);
            }
            of_salons => self.apply_to_salons(of_salons),
        }
    }

    fn apply_to_salons(&mut self, event: Event) {
        match event {
            Event::SalonOpened(salon) | Event::SalonChanged(salon) => {
                self.salons.insert(salon.id, salon);
            }
            Event::SalonDeleted { salon } => {
                self.salons.remove(&salon);
            }
            Event::SeatFilled(seat) => {
                self.seats.insert((seat.salon, seat.role), seat);
            }
            Event::SeatVacated { seat, .. } => self.seats.retain(|_, held| held.id != seat.id),
            Event::InvitationMade(invitation) | Event::InvitationDecided(invitation) => {
                self.invitations.insert(invitation.id, invitation);
            }
            Event::InvitationRemoved { invitation, .. } => {
                self.invitations.remove(&invitation.id);
            }
            Event::SalonLogged(line) => {
                self.log.insert((line.salon, line.id), line);
            }
            Event::NotificationRaised(raised) => {
                self.notifications.insert((raised.account, raised.id), raised);
            }
            Event::NotificationSeen { account, notification } => {
                self.notifications.remove(&(account, notification));
            }
            other => panic!("what does {other:?} mean?"),
        }
    }

    fn delete_room(&mut self, room: RoomId) {
        self.rooms.remove(&room);
        self.members.retain(|(of, _), _| *of != room);
        self.marks.retain(|(of, _), _| *of != room);
        for file in self.messages.values().filter(|message| message.room == room).filter_map(|message| message.file) {
            self.files.remove(&file);
        }
        self.messages.retain(|(of, _), _| *of != room);
    }

    /// Everything that a store has, read through its ranges.
    pub fn of(view: View<'_>) -> Self {
        let mut found = Self::default();
        view.each_account(|account| {
            assert_eq!(found.accounts.insert(account.id, account), None, "two names lead to one account");
            GO_ON
        })
        .unwrap();
        found.sessions = view.sessions().unwrap().into_iter().map(|session| (session.id, session)).collect();
        found.codes = view.invite_codes().unwrap().into_iter().map(|code| (code.id, code)).collect();
        found.rooms = view.rooms().unwrap().into_iter().map(|room| (room.id, room)).collect();
        found.files = view.files().unwrap().into_iter().map(|file| (file.id, file)).collect();
        for room in found.rooms.keys() {
            let members = view.members(*room).unwrap();
            found.members.extend(members.into_iter().map(|member| ((*room, member.account), member)));
            let messages = view.messages_from(*room, 0, u64::MAX, usize::MAX).unwrap();
            let deleted = messages.iter().filter(|message| message.retracted.is_some()).count() as u64;
            assert_eq!(
                view.count_retracted(*room, 0, u64::MAX, u64::MAX).unwrap(),
                deleted,
                "deleted messages counted"
            );
            found.messages.extend(messages.into_iter().map(|message| ((*room, message.seq), message)));
            for account in found.accounts.keys() {
                let mark = view.read_mark(*room, *account).unwrap();
                found.marks.extend(mark.map(|mark| ((*room, *account), mark)));
            }
        }
        found.salons = view.salons().unwrap().into_iter().map(|salon| (salon.id, salon)).collect();
        found.seats = view.all_seats().unwrap().into_iter().map(|seat| ((seat.salon, seat.role), seat)).collect();
        found.invitations = view.invitations().unwrap().into_iter().map(|found| (found.id, found)).collect();
        for salon in found.salons.keys() {
            found.log.extend(view.salon_log(*salon).unwrap().into_iter().map(|line| ((line.salon, line.id), line)));
        }
        for account in found.accounts.keys() {
            let unseen = view.notifications(*account).unwrap().into_iter();
            found.notifications.extend(unseen.map(|unseen| ((unseen.account, unseen.id), unseen)));
        }
        found
    }

    /// Fails unless a store shows exactly this, by every way to find it.
    pub fn assert_shown_by(&self, view: View<'_>) {
        let found = Self::of(view);
        assert_same("account", &found.accounts, &self.accounts);
        assert_same("session", &found.sessions, &self.sessions);
        assert_same("code", &found.codes, &self.codes);
        assert_same("room", &found.rooms, &self.rooms);
        assert_same("member", &found.members, &self.members);
        assert_same("message", &found.messages, &self.messages);
        assert_same("read mark", &found.marks, &self.marks);
        assert_same("file", &found.files, &self.files);
        for account in self.accounts.values() {
            assert_eq!(view.account_by_username(&account.username.to_uppercase()).unwrap(), Some(account.id));
            if let Some(email) = &account.email {
                assert_eq!(view.account_by_email(email).unwrap(), Some(account.id));
            }
            let own = self.sessions.values().filter(|session| session.account == account.id).cloned();
            assert_eq!(view.sessions_of(account.id).unwrap(), own.collect::<Vec<_>>());
            let joined = self.members.keys().filter(|(_, member)| *member == account.id).map(|(room, _)| *room);
            assert_eq!(view.rooms_of(account.id).unwrap(), joined.collect::<Vec<_>>());
        }
        for code in self.codes.values() {
            assert_eq!(view.invite_code_by_hash(&code.code_hash).unwrap().as_ref(), Some(code));
        }
        self.assert_rooms_found(view);
        assert_same("salon", &found.salons, &self.salons);
        assert_same("seat", &found.seats, &self.seats);
        assert_same("invitation", &found.invitations, &self.invitations);
        assert_same("notification", &found.notifications, &self.notifications);
        self.assert_salons_found(view);
        for message in self.messages.values() {
            assert_eq!(view.message_place(message.id).unwrap(), Some((message.room, message.seq)));
            if let Some(client_id) = &message.client_id {
                let found = view.message_by_client_id(message.author, message.room, client_id).unwrap();
                assert_eq!(found, Some(message.seq));
            }
        }
    }

    fn assert_salons_found(&self, view: View<'_>) {
        for seat in self.seats.values() {
            assert_eq!(view.seat_by_id(seat.id).unwrap().as_ref(), Some(seat));
            assert_eq!(view.seat(seat.salon, seat.role).unwrap().as_ref(), Some(seat));
        }
        for salon in self.salons.keys() {
            let seats = self.seats.values().filter(|seat| seat.salon == *salon).cloned();
            assert_eq!(view.seats(*salon).unwrap(), seats.collect::<Vec<_>>());
            let invitations = self.invitations.values().filter(|invitation| invitation.salon == *salon).cloned();
            assert_eq!(view.invitations_of_salon(*salon).unwrap(), invitations.collect::<Vec<_>>());
        }
        for account in self.accounts.keys() {
            let held = self.seats.values().filter(|seat| seat.holder == *account);
            let held = held.map(|seat| HeldSeat { salon: seat.salon, role: seat.role });
            assert_eq!(view.seats_of(*account).unwrap(), held.collect::<Vec<_>>());
            let own = self.invitations.values().filter(|invitation| invitation.person == *account).cloned();
            assert_eq!(view.invitations_of_account(*account).unwrap(), own.collect::<Vec<_>>());
        }
        for salon in self.log.keys().map(|(salon, _)| *salon).collect::<BTreeSet<_>>() {
            let lines = self.log.values().filter(|line| line.salon == salon).cloned();
            assert_eq!(view.salon_log(salon).unwrap(), lines.collect::<Vec<_>>());
        }
    }

    fn assert_rooms_found(&self, view: View<'_>) {
        let mut public = 0;
        for room in self.rooms.values() {
            let head = view.room_head(room.id).unwrap();
            let seqs = self.messages.keys().filter(|(of, _)| *of == room.id).map(|(_, seq)| *seq);
            assert_eq!(head.last_seq, seqs.max().unwrap_or(0));
            let members = self.members.keys().filter(|(of, _)| *of == room.id).count();
            assert_eq!(head.member_count as usize, members);
            match (room.kind, &room.name) {
                (RoomKind::Public, Some(name)) => {
                    public += 1;
                    assert_eq!(view.public_room(name).unwrap(), Some(room.id));
                }
                (RoomKind::Direct(one, other), _) => {
                    assert_eq!(view.direct_room(other, one).unwrap(), Some(room.id));
                }
                _ => {}
            }
        }
        let mut listed = 0;
        view.each_public_room(|_| {
            listed += 1;
            GO_ON
        })
        .unwrap();
        assert_eq!(listed, public);
    }
}

/// Says what differs, and only that.
fn assert_same<K: Ord + Debug, T: PartialEq + Debug>(what: &str, found: &BTreeMap<K, T>, expected: &BTreeMap<K, T>) {
    for key in found.keys().chain(expected.keys()) {
        assert_eq!(found.get(key), expected.get(key), "{what} {key:?}");
    }
}
