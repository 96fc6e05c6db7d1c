//! Owns what Parlor thinks of an uploaded file: its name, its type and its small picture. Works on bytes and paths that
//! it is given; knows neither the store nor the people.

pub mod names;
pub mod sniff;
pub mod thumbnail;

pub use thumbnail::Thumbnailer;
