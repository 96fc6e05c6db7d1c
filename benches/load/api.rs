//! What is done over HTTP before the load begins: people sign in and join their rooms.

use std::time::Duration;

use rand::RngExt as _;
use reqwest::header::{ORIGIN, RETRY_AFTER, SET_COOKIE};
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde_json::{Value, json};

use crate::Result;
use crate::bench::Room;

/// Somebody who may use the API: one header that proves it.
#[derive(Clone)]
pub struct Person {
    pub header: &'static str,
    pub value: String,
}

impl Person {
    pub fn with_token(token: &str) -> Self {
        Self { header: "authorization", value: format!("Bearer {token}") }
    }
}

/// Times to come back after an answer of 429 or 503.
const PATIENCE: usize = 5;

/// Signs in and keeps the cookie.
pub async fn sign_in(url: &Url, login: &str, password: &str) -> Result<Person> {
    let body = json!({ "login": login, "password": password });
    let response = call(url, Method::POST, &["api", "session"], None, Some(body)).await?;
    let cookies: Vec<&str> = response
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|cookie| cookie.to_str().ok()?.split(';').next())
        .collect();
    if cookies.is_empty() {
        return Err("signing in gave no cookie".into());
    }
    Ok(Person { header: "cookie", value: cookies.join("; ") })
}

/// Registers people whose passwords nobody learns.
pub async fn register(url: &Url, count: usize) -> Result<Vec<Person>> {
    let run = crate::bench::tag();
    let run = std::str::from_utf8(&run[1..])?;
    let mut people = Vec::with_capacity(count);
    for number in 0..count {
        let password = format!("{:032x}", rand::rng().random::<u128>());
        let login = format!("load-{run}-{number}@example.org");
        let body = json!({
            "email": login,
            "username": format!("load_{run}_{number}"),
            "password": password,
            "profile": { "name": "Load", "surname": number.to_string() },
        });
        call(url, Method::POST, &["api", "user", "registration"], None, Some(body)).await?;
        people.push(sign_in(url, &login, &password).await?);
    }
    Ok(people)
}

/// Spreads the people over the rooms, makes the rooms and says who hears what.
pub async fn join_rooms(url: &Url, people: &[Person], name: &str, rooms: usize, sockets: usize) -> Result<Vec<Room>> {
    let rooms = rooms.max(1);
    let mut joined: Vec<Room> = Vec::with_capacity(rooms);
    for pair in 0..rooms.max(people.len()) {
        let (person, room) = (pair % people.len(), pair % rooms);
        let name = match rooms {
            1 => name.to_owned(),
            _ => format!("{name}-{room}"),
        };
        let path = ["api", "rooms", "by-name", &name];
        let response = call(url, Method::PUT, &path, Some(&people[person]), None).await?;
        let answer: Value = response.json().await?;
        let id = answer["id"].as_str().ok_or("the room has no id")?;
        if joined.len() <= room {
            joined.push(Room { id: id.to_owned(), sockets: Vec::new() });
        }
        joined[room].sockets.extend((person..sockets).step_by(people.len()));
    }
    if joined.iter().any(|room| room.sockets.is_empty()) {
        return Err("some room has nobody: there must be at least as many sockets as rooms".into());
    }
    Ok(joined)
}

async fn call(
    url: &Url,
    method: Method,
    path: &[&str],
    person: Option<&Person>,
    body: Option<Value>,
) -> Result<Response> {
    let mut address = url.clone();
    address.path_segments_mut().map_err(|()| "the address has no path")?.pop_if_empty().extend(path);
    for _ in 0..PATIENCE {
        let mut request =
            Client::new().request(method.clone(), address.clone()).header(ORIGIN, url.origin().ascii_serialization());
        if let Some(person) = person {
            request = request.header(person.header, &person.value);
        }
        if let Some(body) = &body {
            request = request.json(body);
        }
        let response = request.send().await?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if !matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            let text: String = response.text().await?.chars().take(400).collect();
            return Err(format!("{method} {address} was answered {status}: {text}").into());
        }
        let wait = response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok()?.parse().ok());
        tokio::time::sleep(Duration::from_secs(wait.unwrap_or(1).min(60))).await;
    }
    Err(format!("{method} {address} is throttled: raise the server's limits for the measurement").into())
}
