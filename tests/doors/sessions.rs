//! Signing in and out: passwords, tokens, cookies, sessions, and what attackers try.

use crate::{
    people::{Person, try_open},
    world::{Answer, PASSWORD, World},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

const OTHER_PASSWORD: &str = "eight quick summer tyres";

async fn signs_in(world: &World, login: &str, password: &str) -> Answer {
    world.site.post("/api/session", json!({ "login": login, "password": password })).await
}

#[tokio::test]
async fn one_signs_in_by_name_or_address_and_learns_nothing_else() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    for login in ["anna", "ANNA", "anna@example.com", " Anna@Example.COM "] {
        assert_eq!(signs_in(&world, login, PASSWORD).await.expect(201).json()["id"], anna.id);
        let field = if login.contains('@') { "email" } else { "username" };
        world.site.post("/api/auth", json!({ field: login, "password": PASSWORD })).await.expect(200);
    }
    let unknown = signs_in(&world, "nobody", PASSWORD).await.refused(401, "unauthenticated");
    for (login, password) in [("anna", OTHER_PASSWORD), ("anna", ""), ("", ""), ("nobody@example.com", PASSWORD)] {
        assert_eq!(signs_in(&world, login, password).await.expect(401).json(), unknown, "equal answers");
        let tokens = world.site.post("/api/auth", json!({ "username": login, "password": password })).await;
        assert_eq!(tokens.expect(401).json(), unknown);
    }
    world.site.post("/api/auth", json!({ "password": PASSWORD })).await.blames("email");
    world.site.post("/api/session", json!({ "login": "anna" })).await.blames("password");
    let log = world.log();
    assert!(log.contains("sign-in refused"), "the operator can see it");
    for secret in [PASSWORD, OTHER_PASSWORD, "nobody", &anna.access] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

#[tokio::test]
async fn ten_wrong_passwords_and_then_one_waits() {
    let world = World::open().await;
    let [_, boris] = world.people(["anna", "boris"]).await;
    for number in 0..10 {
        let login = if number % 2 == 0 { "anna" } else { "anna@example.com" };
        let attempt = world.site.request(Method::POST, "/api/session");
        let attempt = attempt.header("x-forwarded-for", format!("10.0.0.{number}"));
        let body = json!({ "login": login, "password": format!("wrong {number}") });
        world.site.send(attempt.json(&body)).await.refused(401, "unauthenticated");
    }
    let refused = signs_in(&world, "anna", PASSWORD).await.expect(429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() <= 180);
    assert_eq!(refused.json()["code"], "throttled");
    boris.elsewhere().await;
}

#[tokio::test]
async fn a_refresh_token_is_spent_once_and_reuse_ends_its_family() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let other = anna.elsewhere().await;
    let refresh = async |token: &str| world.site.post("/api/auth/refresh", json!({ "refresh": token })).await;
    let second = refresh(&anna.refresh).await.expect(200).json();
    let third = refresh(second["refresh"].as_str().unwrap()).await.expect(200).json();
    let newest = anna.with_token(third["access"].as_str().unwrap());
    newest.get("/api/session").await.expect(200);
    refresh(&anna.refresh).await.refused(401, "unauthenticated");
    newest.get("/api/session").await.refused(401, "unauthenticated");
    refresh(third["refresh"].as_str().unwrap()).await.refused(401, "unauthenticated");
    other.get("/api/session").await.expect(200);

    let at_once = join_all((0..10).map(|_| refresh(&other.refresh))).await;
    assert_eq!(at_once.iter().filter(|answer| answer.status == 200).count(), 1, "of ten at once one is served");
    assert!(at_once.iter().all(|answer| [200, 401].contains(&answer.status)));
}

#[tokio::test]
async fn spent_stays_spent_and_good_stays_good_across_a_restart() {
    let mut world = World::open().await;
    let anna = world.person("anna").await;
    let other = anna.elsewhere().await;
    let body = json!({ "refresh": anna.refresh });
    world.site.post("/api/auth/refresh", body.clone()).await.expect(200);
    world.restart().await;
    other.get("/api/session").await.expect(200);
    world.site.post("/api/auth/refresh", body).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn logout_acts_at_once() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let mut window = anna.clone().online().await;
    world.site.post("/api/auth/logout", json!({ "refresh": anna.refresh })).await.expect(204);
    anna.get("/api/session").await.refused(401, "unauthenticated");
    assert_eq!(window.is_closed().await, 4401);
    world.site.post("/api/auth/refresh", json!({ "refresh": anna.refresh })).await.refused(401, "unauthenticated");
    world.site.post("/api/auth/logout", json!({ "refresh": "rubbish" })).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn tokens_are_good_for_one_thing_only() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let socket = anna.get("/api/auth/socket").await.expect(200).json()["token"].as_str().unwrap().to_owned();
    let cookie = signs_in(&world, "anna", PASSWORD).await.expect(201);
    let browser = cookie.header("set-cookie").split(['=', ';']).nth(1).unwrap().to_owned();
    for token in [&anna.refresh, &socket, &browser] {
        let forged = anna.with_token(token);
        forged.get("/api/session").await.refused(401, "unauthenticated");
    }
    for token in [&anna.access, &socket, &browser] {
        for path in ["/api/auth/refresh", "/api/auth/logout"] {
            let refused = world.site.post(path, json!({ "refresh": token })).await.refused(401, "unauthenticated");
            assert_eq!(refused["detail"], "This token is for another use. Send a refresh token.", "{path}");
        }
    }
    for token in [&anna.refresh, &browser] {
        let opened = try_open(&world.site.address(), &format!("?token={token}"), &[]).await;
        assert_eq!(opened.unwrap_err().status(), 401);
    }
    for token in [&anna.access, &anna.refresh, &socket] {
        let request =
            world.site.request(Method::GET, "/api/session").header("cookie", format!("parlor_session={token}"));
        world.site.send(request).await.refused(401, "unauthenticated");
    }
    let query = format!("?token={socket}");
    drop(try_open(&world.site.address(), &query, &[]).await.expect("the socket token is still good"));
    assert_eq!(try_open(&world.site.address(), &query, &[]).await.unwrap_err().status(), 401, "but only once");
}

#[tokio::test]
async fn forged_tokens_are_refused_everywhere() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let [header, claims, signature] = anna.access.split('.').collect::<Vec<_>>().try_into().unwrap();
    let encode = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let mut changed: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    changed["exp"] = json!(99_999_999_999_u64);
    let mut forged = vec![
        format!("{header}.{claims}."),
        format!("{header}.{claims}"),
        format!("{header}.{}.{signature}", encode(changed)),
        format!("{header}.{claims}.{}", signature.chars().rev().collect::<String>()),
        String::new(),
        "x".repeat(20_000),
        "....".into(),
    ];
    for algorithm in ["none", "None", "NONE", "nOnE", "", "HS384", "HS512", "RS256", "EdDSA"] {
        let header =
            encode(json!({ "alg": algorithm, "typ": "JWT", "kid": "../../dev/null", "jku": "http://127.0.0.1/" }));
        forged.extend([format!("{header}.{claims}."), format!("{header}.{claims}.{signature}")]);
    }
    for token in forged {
        let eve = anna.with_token(&token);
        let answer = eve.get("/api/session").await;
        assert!([400, 401, 431].contains(&answer.status), "{}: {}", eve.access, answer.status);
        let answer = world.site.post("/api/auth/refresh", json!({ "refresh": eve.access })).await;
        assert_eq!(answer.status, 401, "{}", eve.access);
    }
    anna.get("/api/session").await.expect(200);
}

#[tokio::test]
async fn the_cookie_is_kept_from_scripts_and_from_other_sites() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let answer = signs_in(&world, "anna", PASSWORD).await.expect(201);
    let cookie = answer.header("set-cookie").to_owned();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.split("; ").any(|part| part == attribute), "{attribute} in {cookie}");
    }
    assert!(!cookie.contains("Secure"), "there is no TLS here, so it would never come back");
    let cookie = cookie.split(';').next().unwrap();
    let ask = |method: Method, path: &str, origin: Option<&str>| {
        let request = world.site.request(method, path).header("cookie", cookie).json(&json!({ "about": "mine" }));
        let request = origin.into_iter().fold(request, |request, origin| request.header("origin", origin));
        world.site.send(request)
    };
    let own = world.site.origin();
    let look_alike = format!("{own}.evil.example");
    let other_port = "http://127.0.0.1:1";
    ask(Method::GET, "/api/session", None).await.expect(200);
    ask(Method::GET, "/api/session", Some("http://evil.example")).await.expect(200);
    for origin in
        [None, Some("null"), Some("http://evil.example"), Some(look_alike.as_str()), Some(other_port), Some("")]
    {
        ask(Method::PATCH, "/api/account", origin).await.refused(403, "forbidden");
        ask(Method::DELETE, "/api/session", origin).await.refused(403, "forbidden");
        ask(Method::DELETE, &format!("/api/user/{}", anna.id), origin).await.refused(403, "forbidden");
    }
    assert_eq!(anna.get("/api/account").await.json()["about"], "", "nothing was changed");
    ask(Method::PATCH, "/api/account", Some(&own)).await.expect(200);
    assert_eq!(anna.get("/api/account").await.json()["about"], "mine");
    let bearer = anna.request(Method::PATCH, "/api/account").header("origin", "http://evil.example");
    anna.send(bearer.json(&json!({ "about": "by token" }))).await.expect(200);
    let gone = ask(Method::DELETE, "/api/session", Some(&own)).await.expect(204);
    assert!(gone.header("set-cookie").contains("parlor_session=;") && gone.header("set-cookie").contains("Max-Age=0"));
    ask(Method::GET, "/api/session", None).await.refused(401, "unauthenticated");
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let world = World::open().await;
    let [anna, boris] = world.people(["anna", "boris"]).await;
    let second = anna.elsewhere().await;
    let third = anna.elsewhere().await;
    let mut window = second.clone().online().await;
    let page = anna.get("/api/sessions").await.expect(200).json();
    assert_eq!(page["total_items"], 3);
    let sessions = page["data"].as_array().unwrap();
    let current: Vec<_> = sessions.iter().filter(|session| session["current"] == true).collect();
    assert_eq!(current.len(), 1);
    assert_eq!((&current[0]["id"], &current[0]["address"]), (&sessions[2]["id"], &json!("127.0.0.1")), "newest first");
    let id = |person: &Person| {
        let person = person.clone();
        async move { person.get("/api/session").await.expect(200).json()["session_id"].as_str().unwrap().to_owned() }
    };
    let (theirs, others) = (id(&boris).await, id(&second).await);
    anna.delete(&format!("/api/sessions/{theirs}")).await.refused(404, "not_found");
    anna.delete(&format!("/api/sessions/{others}")).await.expect(204);
    assert_eq!(window.is_closed().await, 4401);
    second.get("/api/session").await.refused(401, "unauthenticated");
    third.get("/api/session").await.expect(200);
    anna.delete("/api/sessions").await.expect(204);
    for person in [&anna, &third] {
        person.get("/api/session").await.refused(401, "unauthenticated");
    }
    boris.get("/api/session").await.expect(200);
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let mut elsewhere = anna.elsewhere().await.online().await;
    let mut here = anna.clone().online().await;
    let change = async |current: &str, new: &str| {
        anna.put("/api/account/password", json!({ "current_password": current, "new_password": new })).await
    };
    change("wrong", OTHER_PASSWORD).await.blames("current_password");
    change(PASSWORD, "short").await.blames("new_password");
    change(PASSWORD, OTHER_PASSWORD).await.expect(204);
    assert_eq!(elsewhere.is_closed().await, 4401);
    elsewhere.get("/api/session").await.refused(401, "unauthenticated");
    anna.get("/api/session").await.expect(200);
    here.does(json!({ "type": "ping" })).await;
    signs_in(&world, "anna", PASSWORD).await.refused(401, "unauthenticated");
    signs_in(&world, "anna", OTHER_PASSWORD).await.expect(201);
    // Nothing is cut off: the first 64 letters of a long password are not the password.
    let long = "ä long one ".repeat(12);
    change(OTHER_PASSWORD, &long).await.expect(204);
    let cut: String = long.chars().take(64).collect();
    signs_in(&world, "anna", &cut).await.refused(401, "unauthenticated");
    signs_in(&world, "anna", &long).await.expect(201);
}
