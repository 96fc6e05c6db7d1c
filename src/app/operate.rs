//! What the operator asks for, done the same way whether the server runs or not.

use crate::{
    control::{ControlReply, ControlRequest},
    model::{Account, Error, SalonCard, SeatRole},
    service::{NewAccount, SalonReport, Service},
};
use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::Path};

/// Does it, and says what came of it.
pub async fn operate(service: &Service, request: ControlRequest) -> ControlReply {
    match answer(service, request).await {
        Ok(lines) => ControlReply::Ok { lines },
        Err(error) => ControlReply::Error { message: error.to_string() },
    }
}

async fn answer(service: &Service, request: ControlRequest) -> Result<Vec<String>, Error> {
    let line = match request {
        ControlRequest::AdminCreate { email, username, name, password } => {
            let account = service.create_admin(NewAccount {
                email,
                username: Some(username),
                name: name.unwrap_or_default(),
                password: password.expose().to_owned(),
                ..NewAccount::default()
            });
            format!("made the administrator {}", account.await?.username)
        }
        ControlRequest::UserList => return Ok(service.all_accounts()?.iter().map(line_of).collect()),
        ControlRequest::UserBlock { login } => format!("blocked {}", service.block_by_login(&login).await?.username),
        ControlRequest::UserUnblock { login } => {
            format!("unblocked {}", service.unblock_by_login(&login).await?.username)
        }
        ControlRequest::UserResetPassword { login, password } => {
            let account = service.reset_password_by_login(&login, password.expose()).await?;
            format!("{} has a new password and is signed out everywhere", account.username)
        }
        ControlRequest::InviteCreate { uses, valid_days } => {
            let issued = service.issue_invite_code_as_operator(uses, valid_days).await?;
            let base = service.config().public_urls.first().map_or_else(String::new, ToString::to_string);
            format!("{base}/register?code={}", issued.secret.expose())
        }
        ControlRequest::SalonList => return Ok(service.all_salons()?.iter().map(line_of_salon).collect()),
        ControlRequest::SalonShow { salon } => return Ok(lines_of_salon(&service.salon_by_name_or_id(&salon)?)),
        ControlRequest::SeatRemove { salon, role, close_salon } => {
            let role = SeatRole::from_word(&role)
                .ok_or_else(|| Error::invalid("role", "A seat is superuser, admin, seller or mechanic."))?;
            let removed = service.remove_seat_as_operator(&salon, role, close_salon).await?;
            match role {
                SeatRole::Superuser => format!("{} is deleted", removed.salon),
                _ => format!("{} is no longer {} of {}", removed.holder, role.word(), removed.salon),
            }
        }
        ControlRequest::Token { login, ttl_secs } => service.issue_access_token(&login, ttl_secs).await?,
        ControlRequest::Backup { out } => {
            refuse_existing(&out)?;
            let summary = service.back_up(out.clone()).await?;
            format!(
                "{}: {} files, {} bytes, up to entry {}",
                out.display(),
                summary.files,
                summary.size_bytes,
                summary.last_seq
            )
        }
        ControlRequest::Export { out } => {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&out);
            let file = file.map_err(|error| Error::bad_request(format!("{}: {error}", out.display())))?;
            format!("{}: {} lines", out.display(), service.export(Box::new(file)).await?)
        }
        ControlRequest::Compact => service.clean_up().await?,
        ControlRequest::Status => format!("serving, {} sockets open", service.socket_count()),
    };
    Ok(vec![line])
}

fn refuse_existing(out: &Path) -> Result<(), Error> {
    if out.exists() {
        return Err(Error::bad_request(format!("{} exists already; name a new file", out.display())));
    }
    Ok(())
}

fn line_of(account: &Account) -> String {
    let marks = [(account.is_admin, "admin"), (account.is_seller, "seller")];
    let marks: Vec<_> = marks.into_iter().filter_map(|(is_set, word)| is_set.then_some(word)).collect();
    let email = account.email.as_deref().unwrap_or("-");
    format!("{}\t{}\t{}\t{}\t{}", account.id, account.username, email, account.status.word(), marks.join(","))
}

fn line_of_salon(card: &SalonCard) -> String {
    let vacant: Vec<_> = card.vacant.iter().map(|role| role.word()).collect();
    let superuser = card.superuser.as_ref().map_or("-", |person| &person.username);
    let SalonCard { salon, .. } = card;
    format!("{}\t{}\t{}\t{superuser}\t{}", salon.id, salon.name, salon.location, vacant.join(","))
}

fn lines_of_salon(report: &SalonReport) -> Vec<String> {
    let SalonReport { card, seats, pending, log } = report;
    let mut lines = vec![
        format!("id\t{}", card.salon.id),
        format!("name\t{}", card.salon.name),
        format!("location\t{}", card.salon.location),
        format!("founded\t{}", card.salon.created_at),
        format!("staff room\t{}", card.salon.staff_room),
    ];
    lines.extend(SeatRole::ALL.into_iter().map(|role| {
        let held = seats.iter().find(|held| held.seat.role == role);
        held.map_or_else(
            || format!("{}\tvacant", role.word()),
            |held| format!("{}\t{}\tsince {}", role.word(), held.holder.username, held.seat.since),
        )
    }));
    lines.extend(pending.iter().map(|card| {
        let (invitation, person) = (&card.invitation, &card.person.username);
        format!("pending {}\t{person}\t{}\t{}", invitation.kind().word(), invitation.role.word(), invitation.created_at)
    }));
    lines.extend(log.iter().map(|card| {
        let name = |person: &Option<crate::model::PersonCard>| {
            person.as_ref().map_or_else(|| "-".to_owned(), |person| person.username.clone())
        };
        let by = card.by.as_ref().map_or_else(|| "operator".to_owned(), |person| person.username.clone());
        let role = card.line.role.map_or("-", SeatRole::word);
        let reason =
            card.line.reason.as_ref().map_or_else(String::new, |reason| format!("\t{}", reason.replace('\n', " ")));
        format!("log\t{}\t{by}\t{}\t{role}\t{}{reason}", card.line.at, card.line.action.word(), name(&card.person))
    }));
    lines
}
