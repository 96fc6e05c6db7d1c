//! How long one event takes to become a frame: once per dialect, however many hear it.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use parlor::{
    doors::parlor::EventStreamDialect,
    hub::Dialect,
    model::{AccountId, ChatRole, Live, Message, MessageCard, MessageId, Position, RoomId, RoomKind, Timestamp},
};
use std::hint::black_box;

fn message(text_bytes: usize) -> Live {
    let card = MessageCard {
        message: Message {
            id: MessageId::new(),
            room: RoomId::new(),
            seq: 42,
            author: AccountId::new(),
            author_role: ChatRole::Seller,
            body: "x".repeat(text_bytes),
            file: None,
            job: None,
            reply_to: None,
            client_id: None,
            posted_at: Timestamp::from_micros(1_731_920_656_376_929),
            edited_at: None,
            retracted: None,
        },
        author_name: "Anna Keller".into(),
        attachment: None,
        quote: None,
        read_by: Vec::new(),
        room_kind: RoomKind::Public,
    };
    Live::MessageCreated { card, request_id: None }
}

fn encode(criterion: &mut Criterion) {
    let position = Position { epoch: uuid::Uuid::now_v7(), seq: 1_000_000, event: u32::MAX };
    let mut group = criterion.benchmark_group("encode message_created");
    for text_bytes in [80, 4_000] {
        let live = message(text_bytes);
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("{text_bytes} bytes"), |bencher| {
            bencher.iter(|| EventStreamDialect.encode(black_box(&live), Some(position)));
        });
    }
    group.finish();
}

criterion_group!(benches, encode);
criterion_main!(benches);
