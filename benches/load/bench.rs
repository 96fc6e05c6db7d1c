//! One thread that sends by plan, reads all sockets in bulk and accounts for every delivery.

use std::io::{ErrorKind, Read, Write};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use rand::RngExt as _;

use crate::Result;
use crate::measure::Latency;
use crate::wire::{self, Stamp};

/// Time without any delivery after which the rest is counted as missing.
const PATIENCE: Duration = Duration::from_secs(3);
const BUFFER_BYTES: usize = 256 << 10;
const MESSAGE: &[u8] = br#"{"type":"message_created""#;
const ERROR: &[u8] = br#"{"type":"error""#;

/// A connected socket and what came right after its handshake.
pub struct Opened {
    pub stream: std::net::TcpStream,
    pub received: Vec<u8>,
}

/// A room and the sockets that hear it; the first one speaks.
#[derive(Clone)]
pub struct Room {
    pub id: String,
    pub sockets: Vec<usize>,
}

/// How fast to send.
#[derive(Clone, Copy)]
pub enum Pace {
    /// Messages a second, over all rooms.
    Rate(f64),
    /// Messages in each room that were sent and not yet heard by all.
    Window(u64),
}

/// One frame of the server as it came, and where its stamp begins.
#[derive(Clone)]
pub struct Sample {
    pub frame: Vec<u8>,
    pub stamp_at: usize,
}

/// What one measurement gave.
#[derive(Default)]
pub struct Outcome {
    pub sent: u64,
    pub deliveries: u64,
    pub missing: u64,
    pub twice: u64,
    pub latency: Latency,
    /// From the first message to the last delivery.
    pub took: Duration,
    pub cpu_us: f64,
    /// The first error or close that the server answered with.
    pub trouble: Option<String>,
}

impl Outcome {
    pub fn faults(&self) -> u64 {
        self.missing + self.twice
    }

    pub fn deliveries_per_second(&self) -> f64 {
        self.deliveries as f64 / self.took.as_secs_f64()
    }

    pub fn messages_per_second(&self) -> f64 {
        self.sent as f64 / self.took.as_secs_f64()
    }

    pub fn cpu_us_per_delivery(&self) -> f64 {
        self.cpu_us / self.deliveries as f64
    }
}

struct Socket {
    stream: TcpStream,
    /// The beginning of a frame whose rest has not come.
    partial: Vec<u8>,
    out: Vec<u8>,
    /// The next number of each room it hears.
    next: Vec<(u16, u32)>,
    is_open: bool,
}

struct Speaking {
    room: Room,
    sent: u32,
    heard: u64,
}

pub struct Bench {
    poll: Poll,
    events: Events,
    sockets: Vec<Socket>,
    rooms: Vec<Speaking>,
    text_bytes: usize,
    buffer: Vec<u8>,
    tag: [u8; wire::TAG_BYTES],
    hint: usize,
    sample: Option<Sample>,
    epoch: Instant,
    last_delivery: Instant,
    outcome: Outcome,
}

/// A tag that no other run has.
pub fn tag() -> [u8; wire::TAG_BYTES] {
    let mut tag = [b'~'; wire::TAG_BYTES];
    let mut random = rand::rng();
    for byte in &mut tag[1..] {
        *byte = b'a' + random.random_range(0..26);
    }
    tag
}

impl Bench {
    pub fn new(opened: Vec<Opened>, rooms: Vec<Room>, text_bytes: usize) -> Result<Self> {
        let poll = Poll::new()?;
        let mut sockets = Vec::with_capacity(opened.len());
        for (number, opened) in opened.into_iter().enumerate() {
            opened.stream.set_nonblocking(true)?;
            let mut stream = TcpStream::from_std(opened.stream);
            poll.registry().register(&mut stream, Token(number), Interest::READABLE)?;
            sockets.push(Socket { stream, partial: opened.received, out: Vec::new(), next: Vec::new(), is_open: true });
        }
        let speaking = |room| Speaking { room, sent: 0, heard: 0 };
        Ok(Self {
            poll,
            events: Events::with_capacity(1024),
            sockets,
            rooms: rooms.into_iter().map(speaking).collect(),
            text_bytes,
            buffer: vec![0; BUFFER_BYTES],
            tag: tag(),
            hint: 0,
            sample: None,
            epoch: Instant::now(),
            last_delivery: Instant::now(),
            outcome: Outcome::default(),
        })
    }

    /// Reads what comes until nothing has come for this long.
    pub fn settle(&mut self, quiet: Duration) -> Result<()> {
        while self.receive(Some(quiet))? {}
        Ok(())
    }

    /// A message as the server framed it.
    pub fn sample(&self) -> Option<Sample> {
        self.sample.clone()
    }

    /// Sends for so long, waits for the last delivery and accounts for all. `cpu_us` reads the server's clock.
    pub fn run(&mut self, pace: Pace, sending: Duration, cpu_us: &dyn Fn() -> f64) -> Result<Outcome> {
        self.begin();
        let cpu_before = cpu_us();
        let started = Instant::now();
        self.last_delivery = started;
        while started.elapsed() < sending && !self.is_stuck(pace) {
            let wait = self.send(pace, started.elapsed())?;
            self.receive(Some(wait))?;
        }
        while self.missing() > 0 && self.last_delivery.elapsed() < PATIENCE {
            self.flush()?;
            self.receive(Some(Duration::from_millis(20)))?;
        }
        let missing = self.missing();
        let mut outcome = std::mem::take(&mut self.outcome);
        outcome.missing = missing;
        outcome.took = self.last_delivery - started;
        outcome.cpu_us = cpu_us() - cpu_before;
        outcome.sent = self.rooms.iter().map(|room| u64::from(room.sent)).sum();
        Ok(outcome)
    }

    fn begin(&mut self) {
        self.tag = tag();
        self.outcome = Outcome::default();
        for socket in &mut self.sockets {
            socket.next.clear();
        }
        for (number, room) in self.rooms.iter_mut().enumerate() {
            (room.sent, room.heard) = (0, 0);
            for socket in &room.room.sockets {
                self.sockets[*socket].next.push((number as u16, 0));
            }
        }
    }

    fn is_stuck(&self, pace: Pace) -> bool {
        matches!(pace, Pace::Window(_)) && self.last_delivery.elapsed() > PATIENCE
    }

    /// Deliveries that are due and have not come.
    fn missing(&self) -> u64 {
        let due: u64 = self.rooms.iter().map(|room| u64::from(room.sent) * room.room.sockets.len() as u64).sum();
        due.saturating_sub(self.outcome.deliveries)
    }

    /// Sends what the pace allows by now; says how long to wait at most for the next.
    fn send(&mut self, pace: Pace, elapsed: Duration) -> Result<Duration> {
        let wait = match pace {
            Pace::Rate(rate) => {
                let due = (elapsed.as_secs_f64() * rate) as u64;
                let mut sent: u64 = self.rooms.iter().map(|room| u64::from(room.sent)).sum();
                while sent < due {
                    self.say((sent % self.rooms.len() as u64) as usize);
                    sent += 1;
                }
                Duration::from_secs_f64((due + 1) as f64 / rate.max(0.001)).saturating_sub(elapsed)
            }
            Pace::Window(window) => {
                for number in 0..self.rooms.len() {
                    let room = &self.rooms[number];
                    let complete = room.heard / room.room.sockets.len() as u64;
                    for _ in 0..(complete + window).saturating_sub(u64::from(room.sent)) {
                        self.say(number);
                    }
                }
                Duration::from_millis(50)
            }
        };
        self.flush()?;
        Ok(wait.min(Duration::from_millis(50)))
    }

    fn say(&mut self, number: usize) {
        let room = &mut self.rooms[number];
        let stamp = Stamp {
            tag: self.tag,
            room: number as u16,
            number: room.sent,
            sent_ns: self.epoch.elapsed().as_nanos() as u64,
        };
        let mut command = Vec::with_capacity(self.text_bytes + 128);
        command.extend_from_slice(br#"{"type":"send","request_id":"#);
        command.extend_from_slice(room.sent.to_string().as_bytes());
        command.extend_from_slice(br#","room":""#);
        command.extend_from_slice(room.room.id.as_bytes());
        command.extend_from_slice(br#"","content":""#);
        let start = command.len();
        stamp.write(&mut command);
        command.resize(start + self.text_bytes, b'.');
        command.extend_from_slice(br#""}"#);
        room.sent += 1;
        wire::push_frame(&mut self.sockets[room.room.sockets[0]].out, 0x81, &command);
    }

    fn flush(&mut self) -> Result<()> {
        for room in &self.rooms {
            self.sockets[room.room.sockets[0]].flush()?;
        }
        Ok(())
    }

    /// Reads every socket that has something. False when nothing came in time.
    fn receive(&mut self, wait: Option<Duration>) -> Result<bool> {
        if let Err(error) = self.poll.poll(&mut self.events, wait)
            && error.kind() != ErrorKind::Interrupted
        {
            return Err(error.into());
        }
        let ready: Vec<usize> = self.events.iter().map(|event| event.token().0).collect();
        for number in &ready {
            self.read(*number)?;
        }
        Ok(!ready.is_empty())
    }

    fn read(&mut self, number: usize) -> Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        loop {
            let socket = &mut self.sockets[number];
            let start = socket.partial.len();
            buffer[..start].copy_from_slice(&socket.partial);
            let len = match socket.stream.read(&mut buffer[start..]) {
                Ok(0) => {
                    socket.is_open = false;
                    break;
                }
                Ok(len) => len,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(_) => {
                    socket.is_open = false;
                    break;
                }
            };
            let filled = start + len;
            let rest = self.take_in(number, &buffer[..filled])?;
            let socket = &mut self.sockets[number];
            socket.partial.clear();
            socket.partial.extend_from_slice(&buffer[rest..filled]);
            // A short read has emptied the socket.
            if filled < buffer.len() {
                break;
            }
        }
        self.buffer = buffer;
        if !self.sockets[number].is_open {
            self.outcome.trouble.get_or_insert_with(|| format!("socket {number} was hung up"));
        }
        Ok(())
    }

    /// Goes through whole frames; gives where the rest begins.
    fn take_in(&mut self, number: usize, bytes: &[u8]) -> Result<usize> {
        let now_ns = self.epoch.elapsed().as_nanos() as u64;
        let mut at = 0;
        while let Some((first, payload, len)) = wire::frame(&bytes[at..]) {
            match first {
                0x81 if payload.starts_with(MESSAGE) => {
                    let tag = self.tag;
                    if let Some(place) = wire::find_tag(payload, &tag, &mut self.hint) {
                        self.account(number, &payload[place..], now_ns);
                        if self.sample.is_none() {
                            self.sample = Some(Sample {
                                frame: bytes[at..at + len].to_vec(),
                                stamp_at: len - payload.len() + place,
                            });
                        }
                    }
                }
                0x81 if payload.starts_with(ERROR) => self.trouble(payload),
                0x88 => {
                    let code = payload.first_chunk().map_or(1005, |code| u16::from_be_bytes(*code));
                    let reason = String::from_utf8_lossy(payload.get(2..).unwrap_or_default());
                    self.trouble(format!("closed with {code} {reason}").as_bytes());
                }
                0x89 => {
                    let socket = &mut self.sockets[number];
                    wire::push_frame(&mut socket.out, 0x8A, payload);
                    socket.flush()?;
                }
                _ => {}
            }
            at += len;
        }
        if at == 0 && bytes.len() == BUFFER_BYTES {
            return Err("a frame is larger than the buffer".into());
        }
        Ok(at)
    }

    fn account(&mut self, number: usize, stamp: &[u8], now_ns: u64) {
        let Some(stamp) = Stamp::read(stamp) else {
            return;
        };
        let next = &mut self.sockets[number].next;
        let Some((_, next)) = next.iter_mut().find(|(room, _)| *room == stamp.room) else {
            self.outcome.twice += 1;
            return;
        };
        // One sender per room: numbers only ever rise, so what was jumped over never comes.
        if stamp.number < *next {
            self.outcome.twice += 1;
            return;
        }
        *next = stamp.number + 1;
        self.rooms[usize::from(stamp.room)].heard += 1;
        self.outcome.deliveries += 1;
        self.outcome.latency.add(now_ns.saturating_sub(stamp.sent_ns));
        self.last_delivery = Instant::now();
    }

    fn trouble(&mut self, words: &[u8]) {
        let words = || String::from_utf8_lossy(words).into_owned();
        self.outcome.trouble.get_or_insert_with(words);
    }
}

impl Socket {
    fn flush(&mut self) -> Result<()> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(format!("a sender was cut off: {error}").into()),
            }
        }
        Ok(())
    }
}
