//! People and their salons: `anna.founds("North")`, `boris.asks_for(&salon, "seller")`, `anna.approves(&request)`.

use super::{Person, id_of};
use crate::world::Answer;
use reqwest::Method;
use serde_json::{Value, json};

impl Person {
    /// Founds a salon; its id.
    pub async fn founds(&self, name: &str) -> String {
        id_of(&self.tries_to_found(name).await.expect(201).json())
    }

    pub async fn tries_to_found(&self, name: &str) -> Answer {
        self.post("/api/auto_salon", json!({ "name": name, "location": "Riga" })).await
    }

    /// Asks for a seat; the request's id.
    pub async fn asks_for(&self, salon: &str, role: &str) -> String {
        id_of(&self.tries_to_ask(salon, role).await.expect(201).json())
    }

    pub async fn tries_to_ask(&self, salon: &str, role: &str) -> Answer {
        self.post("/api/invitation_to_auto_salon", json!({ "auto_salon": salon, "role": role })).await
    }

    /// Offers a seat to somebody; the offer's id.
    pub async fn offers(&self, salon: &str, role: &str, other: &Self) -> String {
        id_of(&self.tries_to_offer(salon, role, other).await.expect(201).json())
    }

    pub async fn tries_to_offer(&self, salon: &str, role: &str, other: &Self) -> Answer {
        let body = json!({ "auto_salon": salon, "role": role, "user": other.id });
        self.post("/api/invitation_to_auto_salon", body).await
    }

    /// Offers a held seat to who would take it over; the offer's id.
    pub async fn hands_over(&self, salon: &str, role: &str, successor: &Self) -> String {
        id_of(&self.tries_to_hand_over(salon, role, successor).await.expect(201).json())
    }

    pub async fn tries_to_hand_over(&self, salon: &str, role: &str, successor: &Self) -> Answer {
        let body = json!({ "role": role, "successor": successor.id });
        self.post(&format!("/api/salons/{salon}/hand_over"), body).await
    }

    /// `approved` or `rejected`, without a reason.
    pub async fn decides(&self, invitation: &str, verdict: &str) -> Answer {
        let path = format!("/api/invitation_to_auto_salon/{invitation}/{verdict}");
        self.send(self.request(Method::PATCH, &path)).await
    }

    pub async fn approves(&self, invitation: &str) {
        self.decides(invitation, "approved").await.expect(200);
    }

    pub async fn rejects(&self, invitation: &str, reason: &str) {
        let path = format!("/api/invitation_to_auto_salon/{invitation}/rejected");
        self.patch(&path, json!({ "reason": reason })).await.expect(200);
    }

    pub async fn withdraws(&self, invitation: &str) -> Answer {
        self.delete(&format!("/api/invitation_to_auto_salon/delete/invitation/{invitation}")).await
    }

    /// Lets somebody have a seat: they ask, this person approves.
    pub async fn seats(&self, other: &Self, salon: &str, role: &str) {
        self.approves(&other.asks_for(salon, role).await).await;
    }

    /// A salon as this person sees it.
    pub async fn salon(&self, salon: &str) -> Value {
        self.get(&format!("/api/salons/{salon}")).await.expect(200).json()
    }

    /// Who sits where, as far as this person may see: `[("superuser", "anna"), …]`.
    pub async fn chairs(&self, salon: &str) -> Vec<(String, String)> {
        let salon = self.salon(salon).await;
        let chairs = salon["chairs"].as_array().expect("chairs").iter();
        let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let held = chairs.filter(|chair| !chair["holder"].is_null());
        held.map(|chair| (word(&chair["role"]), word(&chair["holder"]["username"]))).collect()
    }

    /// The id of a seat that is held.
    pub async fn seat_of(&self, salon: &str, role: &str) -> String {
        let page = self.get(&format!("/api/salon_role?auto_salon={salon}&role={role}")).await.expect(200).json();
        id_of(&page["data"][0])
    }

    /// Gives up a seat, or takes it away.
    pub async fn vacates(&self, seat: &str) {
        self.delete(&format!("/api/salon_role/{seat}")).await.expect(204);
    }

    /// Everything of a list of the marketplace.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let page = self.get(path).await.expect(200).json();
        page["data"].as_array().unwrap_or_else(|| panic!("no data in {page}")).clone()
    }

    /// The ids of the invitations that this person sees.
    pub async fn invitations(&self) -> Vec<String> {
        self.list("/api/invitation_to_auto_salon?size=100").await.iter().map(id_of).collect()
    }

    /// An invitation's status, as this person sees it.
    pub async fn status_of(&self, invitation: &str) -> String {
        let found = self.list("/api/invitation_to_auto_salon?size=100").await;
        let found = found.iter().find(|one| one["id"] == invitation);
        found.map_or_else(|| "unseen".to_owned(), |one| one["status"].as_str().expect("a status").to_owned())
    }

    /// What this person was told and has not seen, newest first: kinds and reasons.
    pub async fn told(&self) -> Vec<(String, Option<String>)> {
        let told = self.get("/api/notifications").await.expect(200).json();
        let word = |value: &Value| value.as_str().map(str::to_owned);
        let told = told.as_array().expect("a list").iter();
        told.map(|one| (word(&one["kind"]).expect("a kind"), word(&one["reason"]))).collect()
    }

    /// The role that the site shows for this person.
    pub async fn role(&self) -> String {
        let role = self.get("/api/auth/site_role").await.expect(200).json();
        role["role"].as_str().expect("a role").to_owned()
    }

    /// The salon's staff room; `None` for those who are not in it.
    pub async fn staff_room(&self, salon: &str) -> Option<String> {
        self.salon(salon).await["staff_room"].as_str().map(str::to_owned)
    }

    /// The usernames of a room's members, in order.
    pub async fn members(&self, room: &str) -> Vec<String> {
        let members = self.list(&format!("/api/rooms/{room}/members?size=100")).await;
        let mut names: Vec<_> =
            members.iter().map(|member| member["user"]["username"].as_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    }
}
