//! Files: what goes in, who gets it out, and that nothing uploaded ever runs on our origin.

use crate::{
    people::Person,
    world::{Answer, World},
};
use image::{ImageFormat, RgbImage};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::io::Cursor;

fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let image = RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 128]));
    image.write_to(&mut bytes, ImageFormat::Png).expect("a picture");
    bytes.into_inner()
}

async fn reads(person: &Person, path: &Value, headers: &[(&str, &str)]) -> Answer {
    let request = person.request(Method::GET, path.as_str().expect("a path"));
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    person.send(request).await
}

#[tokio::test]
async fn a_file_called_thumbnail_is_itself_and_not_the_small_picture() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let room = anna.opens("private", "workshop", &[]).await;
    for bytes in [b"a text".to_vec(), picture(1200, 40)] {
        let message = anna.posts_file(&room, "thumbnail", bytes.clone()).await;
        let path = &message["file"];
        let file = reads(&anna, path, &[]).await.expect(200);
        assert!(file.body == bytes, "{path}");
        assert!(file.header("content-disposition").ends_with("filename=\"thumbnail\""), "{:?}", file.headers);
        let small = &message["attachment"]["thumbnail"];
        if !small.is_null() {
            assert_ne!(path, small);
            assert!(reads(&anna, small, &[]).await.expect(200).body != bytes, "{small}");
        }
        let detail = format!("/chats/messages/detail/{}/", message["uuid"].as_str().unwrap());
        assert_eq!(&anna.get(&detail).await.json()["file"], path, "at every door");
    }
}

#[tokio::test]
async fn files_are_read_by_members_only_whole_or_in_part() {
    let world = World::open().await;
    let [anna, boris, vera] = world.people(["anna", "boris", "vera"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    let message = anna.posts_file(&room, "notes.txt", b"0123456789".to_vec()).await;
    let path = &message["file"];
    let attachment = &message["attachment"];
    assert_eq!((&attachment["name"], &attachment["size_bytes"]), (&json!("notes.txt"), &json!(10)));
    assert_eq!((&attachment["media_type"], &attachment["thumbnail"]), (&json!("text/plain"), &Value::Null));
    let whole = reads(&boris, path, &[]).await.expect(200);
    assert_eq!((whole.text().as_str(), whole.header("content-length")), ("0123456789", "10"));
    assert!(whole.header("cache-control").contains("private"));
    let tag = whole.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'));
    for (name, value, status, body) in [
        ("range", "bytes=2-4", 206, "234"),
        ("range", "bytes=-3", 206, "789"),
        ("range", "bytes=7-", 206, "789"),
        ("range", "bytes=0-99", 206, "0123456789"),
        ("range", "bytes=4-2", 200, "0123456789"),
        ("if-none-match", &tag, 304, ""),
        ("if-none-match", "\"other\"", 200, "0123456789"),
    ] {
        let part = reads(&boris, path, &[(name, value)]).await.expect(status);
        assert_eq!(part.text(), body, "{value}");
    }
    assert_eq!(reads(&boris, path, &[("range", "bytes=2-4")]).await.header("content-range"), "bytes 2-4/10");
    let behind = reads(&boris, path, &[("range", "bytes=10-")]).await.expect(416);
    assert_eq!(behind.header("content-range"), "bytes */10");
    let head = boris.send(boris.request(Method::HEAD, path.as_str().unwrap())).await.expect(200);
    assert_eq!(head.header("content-length"), "10");

    reads(&vera, path, &[]).await.refused(404, "not_found");
    world.site.get(path.as_str().unwrap()).await.refused(401, "unauthenticated");
    let cookie = world.site.post("/api/session", json!({ "login": "boris", "password": crate::world::PASSWORD })).await;
    let cookie = cookie.header("set-cookie").split(';').next().unwrap().to_owned();
    let request = world.site.request(Method::GET, path.as_str().unwrap()).header("cookie", cookie);
    world.site.send(request).await.expect(200);
    anna.puts_out(&room, &boris).await;
    reads(&boris, path, &[]).await.refused(404, "not_found");
    reads(&boris, path, &[("if-none-match", &tag)]).await.refused(404, "not_found");
    let unknown = json!("/media/01939f1e-6f2a-7c3b-9a41-5d2f8e6b1c01/notes.txt");
    reads(&anna, &unknown, &[]).await.refused(404, "not_found");
}

#[tokio::test]
async fn what_is_uploaded_never_runs_on_our_origin() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let room = anna.opens("private", "workshop", &[]).await;
    let html = b"<!doctype html><script>alert(1)</script>".to_vec();
    let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>".to_vec();
    for (name, bytes, media_type, is_inline) in [
        ("page.html", html.clone(), "text/plain; charset=utf-8", false),
        ("image.png", html, "text/plain; charset=utf-8", false),
        ("image.svg", svg, "text/plain; charset=utf-8", false),
        ("script.js", b"alert(1)".to_vec(), "text/plain; charset=utf-8", false),
        ("photo.html", picture(4, 4), "image/png", true),
        ("paper.html", b"%PDF-1.7\n1 0 obj".to_vec(), "application/pdf", true),
        ("program.exe", b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0".to_vec(), "application/octet-stream", false),
    ] {
        let message = anna.posts_file(&room, name, bytes.clone()).await;
        let file = reads(&anna, &message["file"], &[]).await.expect(200);
        assert_eq!((file.header("content-type"), &file.body[..]), (media_type, &bytes[..]), "{name}");
        let disposition = file.header("content-disposition");
        assert!(disposition.starts_with(if is_inline { "inline" } else { "attachment" }), "{name}: {disposition}");
        assert!(file.header("content-security-policy").contains("sandbox"), "{name}");
    }
}

#[tokio::test]
async fn names_of_files_become_harmless() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let room = anna.opens("private", "workshop", &[]).await;
    for (given, kept) in [
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\win.ini", "win.ini"),
        ("..", "file"),
        (".htaccess", "htaccess"),
        ("смета 2024.pdf", "смета 2024.pdf"),
        ("a<b>|c?.txt", "a_b__c_.txt"),
        ("gpj\u{202e}.exe", "gpj.exe"),
        ("CON.txt", "_CON.txt"),
        (&"x".repeat(300), &"x".repeat(128)),
        ("a%2fb\u{1F697}.txt", "a%2fb\u{1F697}.txt"),
    ] {
        let message = anna.posts_file(&room, given, b"x".to_vec()).await;
        assert_eq!(message["attachment"]["name"], kept, "{given}");
        reads(&anna, &message["file"], &[]).await.expect(200);
    }
    let listed = std::fs::read_dir(world.folder().join("files")).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(
        listed.into_iter().all(|name| !name.to_string_lossy().contains("passwd")),
        "no path is of a client's making"
    );
}

#[tokio::test]
async fn a_message_has_a_text_or_a_file_or_both() {
    let world = World::open().await;
    let [anna, vera] = world.people(["anna", "vera"]).await;
    let room = anna.opens("private", "workshop", &[]).await;
    let path = format!("/api/rooms/{room}/messages");
    let both = anna.tries_to_post_file(&room, "a.txt", b"x".to_vec(), Some("a caption")).await.expect(201).json();
    assert_eq!((&both["content"], both["file"].is_string()), (&json!("a caption"), true));
    let form = || reqwest::multipart::Form::new();
    let post = async |form| anna.send(anna.request(Method::POST, &path).multipart(form)).await;
    let text = post(form().text("content", "only text").text("client_id", "c")).await.expect(201).json();
    assert_eq!((&text["content"], &text["client_id"], &text["file"]), (&json!("only text"), &json!("c"), &Value::Null));
    post(form().text("other", "nothing")).await.blames("content");
    let nothing_chosen = reqwest::multipart::Part::bytes(Vec::new()).file_name("");
    post(form().part("file", nothing_chosen)).await.blames("content");
    anna.tries_to_post_file(&room, "empty.txt", Vec::new(), None).await.blames("file");
    anna.tries_to_post_file(&room, "a.txt", b"x".to_vec(), Some(&"x".repeat(4_001))).await.blames("content");
    post(form().text("content", "x").text("reply_to", "no id")).await.blames("reply_to");
    post((0..20).fold(form(), |form, number| form.text(number.to_string(), "x"))).await.expect(400);
    vera.tries_to_post_file(&room, "a.txt", b"x".to_vec(), None).await.refused(404, "not_found");
    for kind in ["multipart/form-data", "multipart/form-data; boundary=x", "text/plain", "application/xml"] {
        let rubbish = anna.request(Method::POST, &path).header("content-type", kind).body("rubbish");
        let status = anna.send(rubbish).await.status;
        assert!([400, 415].contains(&status), "{kind}: {status}");
    }
    assert_eq!(anna.room(&room).await["last_seq"], 2);
    let files = std::fs::read_dir(world.folder().join("files")).unwrap();
    let blobs =
        files.filter(|entry| uuid::Uuid::try_parse(&entry.as_ref().unwrap().file_name().to_string_lossy()).is_ok());
    assert!(blobs.count() <= 1, "refused uploads leave nothing behind");
}

#[tokio::test]
async fn pictures_have_thumbnails_and_people_have_pictures() {
    let world = World::open().await;
    let [anna, mut boris] = world.online(["anna", "boris"]).await;
    let room = anna.opens("private", "workshop", &[]).await;
    let message = anna.posts_file(&room, "wide.png", picture(1_200, 600)).await;
    let attachment = &message["attachment"];
    assert_eq!((&attachment["width"], &attachment["height"]), (&json!(1_200), &json!(600)));
    let small = reads(&anna, &attachment["thumbnail"], &[]).await.expect(200);
    assert_eq!(small.header("content-type"), "image/jpeg");
    let small = image::load_from_memory(&small.body).expect("a picture");
    assert!(small.width() <= 640 && small.width() == small.height() * 2, "{}x{}", small.width(), small.height());
    reads(&boris, &attachment["thumbnail"], &[]).await.refused(404, "not_found");
    let broken = anna.posts_file(&room, "broken.png", picture(40, 40)[..100].to_vec()).await;
    assert_eq!(broken["attachment"]["thumbnail"], Value::Null);

    let set = async |bytes: Vec<u8>| {
        let request =
            anna.request(Method::PUT, "/api/account/avatar").header("content-type", "application/octet-stream");
        anna.send(request.body(bytes)).await
    };
    let me = set(picture(300, 300)).await.expect(200).json();
    let heard = boris.hears("person_updated").await;
    assert_eq!((&heard["user"]["avatar"], heard["user"]["id"] == anna.id.as_str()), (&me["avatar"], true));
    reads(&boris, &me["avatar"], &[]).await.expect(200);
    set(b"no picture".to_vec()).await.refused(415, "unsupported_type");
    set(Vec::new()).await.expect(400);
    let next = set(picture(30, 30)).await.expect(200).json();
    assert_ne!(next["avatar"], me["avatar"]);
    reads(&boris, &me["avatar"], &[]).await.refused(404, "not_found");
    assert_eq!(anna.delete("/api/account/avatar").await.expect(200).json()["avatar"], Value::Null);
    reads(&boris, &next["avatar"], &[]).await.refused(404, "not_found");
}

#[tokio::test]
async fn files_are_bounded_in_size_and_sum() {
    let config = "[limits]\nfile_bytes = 200_000\navatar_bytes = 70_000\naccount_files_bytes = 300_000";
    let world = World::open_with(config).await;
    let anna = world.person("anna").await;
    let room = anna.opens("private", "workshop", &[]).await;
    anna.tries_to_post_file(&room, "a", vec![7; 200_001], None).await.expect(413);
    anna.tries_to_post_file(&room, "a", vec![7; 2_000_000], None).await.expect(413);
    anna.tries_to_post_file(&room, "a", vec![7; 200_000], None).await.expect(201);
    anna.tries_to_post_file(&room, "a", vec![7; 100_001], None).await.expect(413);
    anna.tries_to_post_file(&room, "a", vec![7; 100_000], None).await.expect(201);
    anna.tries_to_post_file(&room, "a", vec![7; 1], None).await.refused(413, "too_large");
    let avatar = anna.request(Method::PUT, "/api/account/avatar").header("content-type", "application/octet-stream");
    anna.send(avatar.body(vec![7; 70_001])).await.expect(413);
    let config = anna.get("/api/config").await.json();
    assert_eq!((&config["limits"]["file_bytes"], &config["limits"]["message_chars"]), (&json!(200_000), &json!(4_000)));
}

#[tokio::test]
async fn the_largest_file_passes_and_one_more_byte_does_not() {
    let world = World::open().await;
    let anna = world.person("anna").await;
    let room = anna.opens("private", "workshop", &[]).await;
    let limit = 26_214_400;
    let message = anna.posts_file(&room, "film.bin", vec![0xA5; limit]).await;
    assert_eq!(message["attachment"]["size_bytes"], limit);
    let back = reads(&anna, &message["file"], &[]).await.expect(StatusCode::OK.as_u16());
    assert!(back.body.len() == limit && back.body.iter().all(|byte| *byte == 0xA5));
    anna.tries_to_post_file(&room, "film.bin", vec![0xA5; limit + 1], None).await.expect(413);
    assert_eq!(anna.room(&room).await["last_seq"], 1);
}
