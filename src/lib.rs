//! Parlor: a self-contained chat appliance. `ARCHITECTURE.md` has the map; modules stand in reading order.
#![forbid(unsafe_code)]

pub mod app;
pub mod cli;
pub mod config;
pub mod control;
pub mod doors;
pub mod folder;
pub mod http;
pub mod hub;
pub mod identity;
pub mod media;
pub mod model;
pub mod rules;
pub mod service;
pub mod socket;
pub mod store;
pub mod web;
