//! Who hears what, and who does not.

use crate::world::World;

#[tokio::test]
async fn a_message_is_heard_by_the_members_and_nobody_else() {
    let world = World::open().await;
    let [mut anna, mut boris, mut vera] = world.online(["anna", "boris", "vera"]).await;
    let room = anna.opens("private", "workshop", &[&boris]).await;
    for person in [&mut anna, &mut boris] {
        person.hears("room_created").await;
    }
    anna.hears("member_joined").await;
    anna.posts(&room, "hello").await;
    anna.hears_message("hello").await;
    boris.hears_message("hello").await;
    anna.hears_nothing().await;
    boris.hears_nothing().await;
    vera.hears_nothing().await;
}
