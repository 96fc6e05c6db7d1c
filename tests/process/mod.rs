//! Tests of the real program as its operator meets it: started, killed, stopped, damaged, commanded. They see nothing of
//! Parlor but its command line, its folder, its addresses and its sockets.

mod cli;
mod cli_data;
mod cli_people;
mod cli_salons;
mod crash;
mod crash_salons;
mod crowd;
mod disk_full;
mod folder;
mod ledger;
mod load;
mod person;
mod prefix;
mod server;
mod stop;
mod stream;
