"""The review page: people decide about proposed repairs, and their decisions are written, exported and taught.

`app`, `api` and `security` need the extra `review` (Starlette, uvicorn, Jinja2); the other modules do not.
"""
