//! Everything that Parlor promises, tried from outside: the real program, over HTTP and sockets. Tests speak of people.
//! `PARLOR_REFRESH_GOLDEN=1 cargo test` writes the files below `tests/golden` anew.

mod doors;
mod people;
mod process;
mod realtime;
mod sockets;
mod store;
mod tidy;
mod world;
