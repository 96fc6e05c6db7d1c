//! A socket as the AsyncAPI document describes it: where it is, and the types of the frames that are said and heard there.

use poem_openapi::{
    registry::{MetaSchemaRef, Registry},
    types::Type,
};

/// A documented socket.
pub struct Channel {
    /// Its name in the document.
    pub name: &'static str,
    /// Stands before the names of its messages and operations.
    pub prefix: &'static str,
    /// Its path, parameters in braces.
    pub address: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The parameter of its address, and what it means.
    pub parameter: Option<(&'static str, &'static str)>,
    /// What a client says.
    pub said: Vec<Frame>,
    /// What a client hears.
    pub heard: Vec<Frame>,
}

/// A type of frame: one shape, or a union that tells its shapes apart by a word.
pub struct Frame {
    /// What the one shape is called; a union's shapes are called by their words.
    pub name: &'static str,
    register: fn(&mut Registry),
    schema: fn() -> MetaSchemaRef,
}

impl Frame {
    /// One shape.
    pub fn of<T: Type>(name: &'static str) -> Self {
        Self { name, register: T::register, schema: T::schema_ref }
    }

    /// The shapes of a union.
    pub fn any_of<T: Type>() -> Self {
        Self::of::<T>("")
    }

    /// Adds the type's schemas; the name of its own.
    pub fn register(&self, registry: &mut Registry) -> String {
        (self.register)(registry);
        match (self.schema)() {
            MetaSchemaRef::Reference(name) => name,
            MetaSchemaRef::Inline(_) => String::new(),
        }
    }
}
