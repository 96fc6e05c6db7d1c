//! What the store promises, tried from outside.

mod archive;
mod compaction;
mod full_disk;
mod golden;
mod index;
mod killed;
mod kit;
mod model;
mod reference;
mod salons;
mod story;
