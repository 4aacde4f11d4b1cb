"""The page that shows an endpoint's description and tries it out: Swagger UI from its package, no internet."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from swagger_ui_bundle import swagger_ui_path

from workbench.serving.dataplane.request import Answer

_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".png": "image/png"}
_OWN = "workbench-docs.js"
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Swagger UI colours its examples with style attributes
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Endpoint</title>
<link rel="icon" type="image/png" sizes="32x32" href="{base}favicon-32x32.png">
<link rel="stylesheet" href="{base}swagger-ui.css">
</head>
<body>
<main id="swagger-ui"><noscript>This page needs JavaScript. The description itself is openapi.json.</noscript></main>
<script src="{base}swagger-ui-bundle.js"></script>
<script src="{base}workbench-docs.js"></script>
</body>
</html>
"""

# The bundle knows OpenAPI 3.0 and refuses 3.1 by its number alone; it shows or skips what our descriptions use of 3.1.
_SCRIPT = """"use strict";
const description = new URL("../../openapi.json", document.currentScript.src);
const show = (spec) => {
  document.title = spec.info.title;
  SwaggerUIBundle({
    spec: { ...spec, openapi: "3.0.3" },
    dom_id: "#swagger-ui",
    deepLinking: true,
    displayRequestDuration: true,
    defaultModelExpandDepth: 5,
    defaultModelsExpandDepth: -1,
    defaultModelRendering: "example",
    docExpansion: "list",
    persistAuthorization: false,
    tryItOutEnabled: true,
    validatorUrl: null,
  });
};
const complain = (error) => {
  document.getElementById("swagger-ui").textContent = `Cannot show ${description}: ${error.message}. Reload the page.`;
};
fetch(description, { credentials: "omit" })
  .then((answer) => {
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  })
  .then(show)
  .catch(complain);
"""


def docs(path: str) -> Answer | None:
    """Return the page or file at a path below an endpoint's ``/docs``.

    Args:
        path: The path after ``/docs``: nothing or ``/`` is the page, ``/assets/NAME`` are its files.

    Returns:
        None where nothing is there.
    """
    if path in ("", "/"):
        page = _PAGE.format(base="assets/" if path else "docs/assets/")
        headers = {**_HEADERS, "Cache-Control": "no-cache", "Content-Security-Policy": _POLICY}
        return Answer(200, page.encode(), "text/html; charset=utf-8", headers)
    folder, _, name = path.rpartition("/")
    if folder != "/assets":
        return None
    if name == _OWN:
        return Answer(200, _SCRIPT.encode(), _TYPES[".js"], {**_HEADERS, "Cache-Control": "no-cache"})
    file = _assets().get(name)
    if file is None:
        return None
    return Answer(200, _bytes(file), _TYPES[file.suffix], {**_HEADERS, "Cache-Control": "public, max-age=86400"})


@cache
def _assets() -> dict[str, Path]:
    """Return the bundle's files by name. A name is looked up, never joined to a folder, so none leads out of it."""
    return {file.name: file for file in Path(swagger_ui_path).iterdir() if file.suffix in _TYPES}


@cache
def _bytes(file: Path) -> bytes:
    return file.read_bytes()
