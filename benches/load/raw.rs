//! The limit: a bare loop that knows no JSON, no rooms' rules and no disk, and writes the very same frame bytes.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::Result;
use crate::bench::{Opened, Room, Sample};
use crate::measure;
use crate::wire::{self, STAMP_BYTES, Stamp};

/// How the bare loop writes.
#[derive(Clone, Copy)]
pub enum Style {
    /// One call for each delivery.
    Write,
    /// What one read brought goes to each socket in one call.
    Batch,
}

/// A running bare loop; it ends when its sockets are closed.
pub struct Raw {
    task: PathBuf,
}

impl Raw {
    /// Starts a loop and connects as many sockets to it.
    pub fn start(style: Style, sockets: usize, rooms: &[Room], sample: Sample) -> Result<(Self, Vec<Opened>)> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let mut client = Vec::with_capacity(sockets);
        let mut server = Vec::with_capacity(sockets);
        for _ in 0..sockets {
            let stream = std::net::TcpStream::connect(address)?;
            stream.set_nodelay(true)?;
            client.push(Opened { stream, received: Vec::new() });
            let (stream, _) = listener.accept()?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            server.push(TcpStream::from_std(stream));
        }
        let rooms = rooms.iter().map(|room| room.sockets.clone()).collect();
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let own = std::fs::read_link("/proc/thread-self").unwrap_or_default();
            tell.send(PathBuf::from("/proc").join(own)).ok();
            if let Err(error) = serve(style, server, rooms, &sample) {
                eprintln!("load: the bare loop ended: {error}");
            }
        });
        Ok((Self { task: told.recv()? }, client))
    }

    /// CPU time of the loop, in microseconds.
    pub fn cpu_us(&self) -> f64 {
        measure::thread_cpu_us(&self.task)
    }
}

fn serve(style: Style, mut sockets: Vec<TcpStream>, rooms: Vec<Vec<usize>>, sample: &Sample) -> Result<()> {
    let mut poll = Poll::new()?;
    for (number, socket) in sockets.iter_mut().enumerate() {
        poll.registry().register(socket, Token(number), Interest::READABLE)?;
    }
    let mut events = Events::with_capacity(1024);
    let mut partial = vec![Vec::new(); sockets.len()];
    let (mut space, mut hint) = (vec![0; 64 << 10], 0);
    loop {
        poll.poll(&mut events, None)?;
        for event in &events {
            let number = event.token().0;
            loop {
                let len = match sockets[number].read(&mut space) {
                    Ok(0) => return Ok(()),
                    Ok(len) => len,
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) => return Err(error.into()),
                };
                partial[number].extend_from_slice(&space[..len]);
                let said = take_messages(&mut partial[number], &mut hint);
                deliver(style, &mut sockets, &rooms, &said, sample)?;
            }
        }
    }
}

/// The stamps of all whole messages, as (room, bytes).
fn take_messages(bytes: &mut Vec<u8>, hint: &mut usize) -> Vec<(u16, [u8; STAMP_BYTES])> {
    let (mut at, mut said) = (0, Vec::new());
    while let Some((_, payload, len)) = wire::frame(&bytes[at..]) {
        // The tag's first byte occurs nowhere else in a command.
        let place = match payload.get(*hint) {
            Some(b'~') => Some(*hint),
            _ => payload.iter().position(|byte| *byte == b'~'),
        };
        let stamp = place.and_then(|place| payload.get(place..)?.first_chunk().copied());
        if let (Some(place), Some(stamp)) = (place, stamp)
            && let Some(read) = Stamp::read(&stamp)
        {
            *hint = place;
            said.push((read.room, stamp));
        }
        at += len;
    }
    bytes.drain(..at);
    said
}

fn deliver(
    style: Style,
    sockets: &mut [TcpStream],
    rooms: &[Vec<usize>],
    said: &[(u16, [u8; STAMP_BYTES])],
    sample: &Sample,
) -> Result<()> {
    let mut burst = Vec::new();
    for (number, (room, stamp)) in said.iter().enumerate() {
        let start = burst.len() + sample.stamp_at;
        burst.extend_from_slice(&sample.frame);
        burst[start..start + STAMP_BYTES].copy_from_slice(stamp);
        let goes_on = said.get(number + 1).is_some_and(|(next, _)| next == room);
        if matches!(style, Style::Batch) && goes_on {
            continue;
        }
        for socket in &rooms[usize::from(*room)] {
            write(&mut sockets[*socket], &burst)?;
        }
        burst.clear();
    }
    Ok(())
}

fn write(socket: &mut TcpStream, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(len) => bytes = &bytes[len..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => thread::yield_now(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
