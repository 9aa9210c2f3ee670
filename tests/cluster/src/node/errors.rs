//! DynamoDB-shaped errors, as Alternator words their types and statuses.

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    pub status: u16,
    pub kind: String,
    pub message: String,
}

impl ApiError {
    fn new(status: u16, kind: &str, message: impl Into<String>) -> Self {
        ApiError { status, kind: kind.into(), message: message.into() }
    }

    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "InternalServerError", message)
    }

    pub fn too_large(message: impl Into<String>) -> Self {
        Self::new(413, "PayloadTooLarge", message)
    }

    pub fn unknown_operation(operation: &str) -> Self {
        Self::new(400, "UnknownOperationException", format!("Unsupported operation {operation}"))
    }

    pub fn invalid_signature(message: impl Into<String>) -> Self {
        Self::new(400, "InvalidSignatureException", message)
    }

    pub fn missing_authentication(message: impl Into<String>) -> Self {
        Self::new(400, "MissingAuthenticationTokenException", message)
    }

    pub fn unrecognized_client(message: impl Into<String>) -> Self {
        Self::new(400, "UnrecognizedClientException", message)
    }

    pub fn validation(message: impl Into<String>) -> Self {
        Self::new(400, "ValidationException", message)
    }

    pub fn body(&self) -> String {
        let qualified = format!("com.amazonaws.dynamodb.v20120810#{}", self.kind);
        serde_json::json!({ "__type": qualified, "message": self.message }).to_string()
    }
}
