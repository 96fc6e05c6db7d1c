//! What Parlor says of itself: OpenAPI, AsyncAPI and Swagger UI, all made from the types that serve.

mod asyncapi;
mod openapi;
mod swagger;

pub use asyncapi::asyncapi;
pub use openapi::{OpenApiDocument, service};
pub use swagger::swagger_ui;
