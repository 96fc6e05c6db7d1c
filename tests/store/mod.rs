//! What the store promises, tried from outside.

mod archive;
pub mod clock;
mod compaction;
mod full_disk;
mod golden;
mod index;
mod killed;
pub mod kit;
mod model;
mod reference;
mod salons;
mod story;
