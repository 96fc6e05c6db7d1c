//! What the sources promise about themselves.
