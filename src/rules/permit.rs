//! The one permission table of rooms. What one may not see does not exist.

use crate::model::{Account, AccountId, Error, Message, Result, Room, RoomKind, RoomRole};

/// What a person is to a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Outsider,
    Member,
    Owner,
}

impl Standing {
    /// From the membership, if there is one.
    pub fn of(role: Option<RoomRole>) -> Self {
        match role {
            None => Self::Outsider,
            Some(RoomRole::Member) => Self::Member,
            Some(RoomRole::Owner) => Self::Owner,
        }
    }
}

/// What a person may want to do in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Know that it is there: name, members, counts.
    See,
    /// Read its messages and files, and hear it live.
    Read,
    Post,
    Join,
    Leave,
    /// Bring somebody else in.
    Invite,
    /// Put somebody else out.
    Dismiss,
    /// Name, topic, archive, roles.
    Change,
    Delete,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Yes,
    Hidden,
    No(&'static str),
}

/// May somebody of this standing do that? The error is 404 where the room must not be known, 403 where it is.
pub fn permit(room: &Room, standing: Standing, person: &Account, act: Act) -> Result<()> {
    match judge(room.kind, standing, person.is_admin, act) {
        Verdict::Yes => Ok(()),
        Verdict::Hidden => Err(Error::not_found("room")),
        Verdict::No(reason) => Err(Error::forbidden(reason)),
    }
}

/// May a guest do that, who is not signed in and a member of nothing? What is not public does not exist for guests.
pub fn permit_guest(room: &Room, act: Act) -> Result<()> {
    match judge_guest(room.kind, act) {
        Verdict::Yes => Ok(()),
        Verdict::Hidden => Err(Error::not_found("room")),
        Verdict::No(reason) => Err(Error::forbidden(reason)),
    }
}

fn judge_guest(kind: RoomKind, act: Act) -> Verdict {
    match (kind, act) {
        (RoomKind::Public, Act::Read | Act::Post) => Verdict::Yes,
        (RoomKind::Public, _) => Verdict::No("Guests read and write in public rooms, and nothing else. Sign in first."),
        _ => Verdict::Hidden,
    }
}

fn judge(kind: RoomKind, standing: Standing, is_admin: bool, act: Act) -> Verdict {
    use Standing::{Member, Outsider, Owner};
    let is_public = kind == RoomKind::Public;
    let is_direct = matches!(kind, RoomKind::Direct(..));
    let is_staff = matches!(kind, RoomKind::Staff(_));
    match (act, standing) {
        (Act::Delete, _) if is_staff && (is_admin || standing != Outsider) => {
            Verdict::No("A staff room goes with its salon; delete the salon.")
        }
        (Act::See, Outsider) if is_public || is_admin => Verdict::Yes,
        (Act::Leave | Act::Invite | Act::Dismiss | Act::Change, Member | Owner) if is_staff => Verdict::No(
            "The members of a staff room are the people who hold a seat in its salon, for as long as there is one.",
        ),
        (Act::Delete, _) if is_admin => Verdict::Yes,
        (Act::Change | Act::Dismiss, _) if is_admin && is_public => Verdict::Yes,
        (Act::Read | Act::Join | Act::Post, Outsider) if is_public => Verdict::Yes,
        (_, Outsider) if is_public => {
            Verdict::No("Join the room first; then its members and owners decide what you may do.")
        }
        (_, Outsider) if is_admin && is_staff => {
            Verdict::No("Only the people who hold a seat in the salon may do this.")
        }
        (_, Outsider) if is_admin => {
            Verdict::No("Only members may do this. A site administrator may see that the room exists, and delete it.")
        }
        (_, Outsider) => Verdict::Hidden,
        (Act::Leave | Act::Invite | Act::Dismiss | Act::Change, _) if is_direct => {
            Verdict::No("A direct room has exactly its two people and no name.")
        }
        (Act::See | Act::Read | Act::Post | Act::Join | Act::Leave | Act::Invite, Member | Owner) => Verdict::Yes,
        (Act::Dismiss | Act::Change | Act::Delete, Owner) => Verdict::Yes,
        (Act::Dismiss | Act::Change | Act::Delete, Member) => Verdict::No("Only an owner of the room may do this."),
    }
}

/// May this person read the room where only those who take part are shown rooms, and site administrators? The error is 404.
pub fn permit_participant(standing: Standing, person: &Account) -> Result<()> {
    match takes_part(standing, person.is_admin) {
        true => Ok(()),
        false => Err(Error::not_found("room")),
    }
}

const fn takes_part(standing: Standing, is_admin: bool) -> bool {
    is_admin || !matches!(standing, Standing::Outsider)
}

/// May this person delete the message? Its author, an owner of the room, a site administrator. In a recruiting room its
/// owner, the recruiter, does not take back what the clients wrote.
pub fn permit_retraction(message: &Message, room: RoomKind, standing: Standing, person: &Account) -> Result<()> {
    match judge_retraction(room, standing, message.author == person.id, person.is_admin) {
        None => Ok(()),
        Some(reason) => Err(Error::forbidden(reason)),
    }
}

fn judge_retraction(room: RoomKind, standing: Standing, is_author: bool, is_admin: bool) -> Option<&'static str> {
    match (room, standing) {
        _ if is_author || is_admin => None,
        (RoomKind::Recruiting { .. }, _) => {
            Some("Only its author or a site administrator may delete a message of a recruiting room.")
        }
        (_, Standing::Owner) => None,
        _ => Some("Only its author, an owner of the room or a site administrator may delete a message."),
    }
}

/// May this person edit the message? Its author, while it is there.
pub fn permit_edit(message: &Message, person: AccountId) -> Result<()> {
    if message.author != person {
        return Err(Error::forbidden("Only its author may edit a message."));
    }
    if message.retracted.is_some() {
        return Err(Error::conflict("The message was deleted; it cannot be edited any more."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    const ACTS: [Act; 9] =
        [Act::See, Act::Read, Act::Post, Act::Join, Act::Leave, Act::Invite, Act::Dismiss, Act::Change, Act::Delete];

    /// The whole matrix as text: `+` yes, `-` 403, `.` 404; a change of any permission shows in review.
    #[test]
    fn the_matrix() {
        let (one, other) = (AccountId::new(), AccountId::new());
        let kinds = [
            RoomKind::Public,
            RoomKind::Private,
            RoomKind::direct(one, other),
            RoomKind::Recruiting { recruiter: one },
            RoomKind::Staff(crate::model::SalonId::new()),
        ];
        let mark = |verdict| match verdict {
            Verdict::Yes => '+',
            Verdict::No(_) => '-',
            Verdict::Hidden => '.',
        };
        let mut matrix = String::new();
        for kind in kinds {
            let row: String = ACTS.iter().map(|act| mark(judge_guest(kind, *act))).collect();
            writeln!(matrix, "{row} {} guest", kind.word()).unwrap();
            for (standing, name) in
                [(Standing::Outsider, "outsider"), (Standing::Member, "member"), (Standing::Owner, "owner")]
            {
                for is_admin in [false, true] {
                    let row: String = ACTS.iter().map(|act| mark(judge(kind, standing, is_admin, *act))).collect();
                    let admin = if is_admin { " admin" } else { "" };
                    writeln!(matrix, "{row} {} {name}{admin}", kind.word()).unwrap();
                }
            }
        }
        // See Read Post Join Leave Invite Dismiss Change Delete
        let expected = "\
-++------ public guest
++++----- public outsider
++++--+++ public outsider admin
++++++--- public member
+++++++++ public member admin
+++++++++ public owner
+++++++++ public owner admin
......... private guest
......... private outsider
+-------+ private outsider admin
++++++--- private member
++++++--+ private member admin
+++++++++ private owner
+++++++++ private owner admin
......... direct guest
......... direct outsider
+-------+ direct outsider admin
++++----- direct member
++++----+ direct member admin
++++----+ direct owner
++++----+ direct owner admin
......... recruiting guest
......... recruiting outsider
+-------+ recruiting outsider admin
++++++--- recruiting member
++++++--+ recruiting member admin
+++++++++ recruiting owner
+++++++++ recruiting owner admin
......... staff guest
......... staff outsider
+-------- staff outsider admin
++++----- staff member
++++----- staff member admin
++++----- staff owner
++++----- staff owner admin
";
        assert_eq!(matrix, expected);
    }

    #[test]
    fn who_takes_part() {
        for (standing, is_admin, expected) in [
            (Standing::Outsider, false, false),
            (Standing::Outsider, true, true),
            (Standing::Member, false, true),
            (Standing::Member, true, true),
            (Standing::Owner, false, true),
            (Standing::Owner, true, true),
        ] {
            assert_eq!(takes_part(standing, is_admin), expected, "{standing:?} admin {is_admin}");
        }
    }

    #[test]
    fn who_deletes_messages() {
        let recruiting = RoomKind::Recruiting { recruiter: AccountId::new() };
        for (kind, standing, is_author, is_admin, may) in [
            (RoomKind::Private, Standing::Owner, false, false, true),
            (RoomKind::Private, Standing::Member, false, false, false),
            (RoomKind::Private, Standing::Member, true, false, true),
            (RoomKind::Private, Standing::Outsider, false, true, true),
            (recruiting, Standing::Owner, false, false, false),
            (recruiting, Standing::Owner, true, false, true),
            (recruiting, Standing::Member, true, false, true),
            (recruiting, Standing::Member, false, false, false),
            (recruiting, Standing::Outsider, false, true, true),
        ] {
            let found = judge_retraction(kind, standing, is_author, is_admin).is_none();
            assert_eq!(found, may, "{} {standing:?} author {is_author} admin {is_admin}", kind.word());
        }
    }
}
