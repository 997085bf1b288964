"""What a client is told when something is wrong: OpenAI's shape, with the right status."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse

from tui.core.errors import LocalLLMError, NoModelError, PromptTooLongError, SettingError, TemplateError

INVALID = "invalid_request_error"
_STATUS_KINDS = {
    400: INVALID, 401: "authentication_error", 403: "permission_error", 404: "not_found_error", 405: INVALID,
    408: "timeout_error", 413: INVALID, 415: INVALID, 429: "rate_limit_error", 501: "not_supported_error",
    503: "unavailable_error",
}  # fmt: skip
_ANTHROPIC_KINDS = {
    400: INVALID, 401: "authentication_error", 403: "permission_error", 404: "not_found_error", 405: INVALID,
    408: "timeout_error", 413: "request_too_large", 415: INVALID, 429: "rate_limit_error", 503: "overloaded_error",
}  # fmt: skip
ANTHROPIC = "/v1/messages"
"""Where Anthropic's clients ask."""


class ApiError(Exception):
    """A request cannot be answered.

    Args:
        status: of the HTTP answer.
        message: one sentence or two for the person who wrote the client.
        param: the field that is wrong; empty for none.
        code: OpenAI's word for it; empty for none.
        kind: OpenAI's word for the sort of error; by the status when empty.
        facts: further fields of the error object.
        headers: of the HTTP answer, such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str = "",
        code: str = "",
        kind: str = "",
        facts: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.kind = kind or _STATUS_KINDS.get(status, "server_error")
        self.facts = facts or {}
        self.headers = headers or {}

    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        known = {"message": self.message, "type": self.kind, "param": self.param or None, "code": self.code or None}
        return {"error": {**known, **self.facts}}

    def anthropic_body(self) -> dict[str, Any]:
        """The same in the shape that Anthropic's clients know."""
        kind = _ANTHROPIC_KINDS.get(self.status, "api_error")
        return {"type": "error", "error": {"type": kind, "message": self.message}}

    def response(self, path: str) -> JSONResponse:
        """The answer.

        Args:
            path: what was asked for; Anthropic's own path has its own shape.
        """
        body = self.anthropic_body() if path.startswith(ANTHROPIC) else self.body()
        return JSONResponse(body, self.status, self.headers)


def api_error(error: LocalLLMError) -> ApiError:
    """What a client is told of an error of the engine."""
    message = error.line()
    if isinstance(error, PromptTooLongError):
        facts = {"n_prompt_tokens": error.tokens, "n_ctx": error.n_ctx}
        kind = "exceed_context_size_error"
        return ApiError(400, message, param="messages", code="context_length_exceeded", kind=kind, facts=facts)
    if isinstance(error, SettingError | TemplateError):
        return ApiError(400, message)
    if isinstance(error, NoModelError):
        return ApiError(503, message, headers={"Retry-After": "5"})
    return ApiError(500, message)
