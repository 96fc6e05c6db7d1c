//! What Parlor says of itself: OpenAPI, AsyncAPI and Swagger UI, all made from the types that serve.

mod asyncapi;
mod by_hand;
mod openapi;
mod refine;
mod swagger;

pub use asyncapi::asyncapi;
pub use openapi::{OpenApiDocument, service};
pub use swagger::swagger_ui;
