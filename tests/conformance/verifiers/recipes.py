"""The recipes of "Verify our tokens" in auth_service/README.md, as printed."""

from __future__ import annotations

import re
from pathlib import Path

README = Path(__file__).parents[3] / "auth_service" / "README.md"
EXAMPLES = {
    "issuer": "https://auth.example.com",
    "token_type": "at+jwt",
    "audience": "license_service",
    "age": "1 hour",
    "key_folder": "/etc/haproxy/tillpass",
    "key_1": "KID-1",
    "key_2": "KID-2",
    "listening": ":8080",
    "port": "8080",
    "script": "/etc/nginx/tillpass.js",
    "credentials": "YXBpLWdhdGV3YXk6U0VDUkVU",
    "certificates": "/etc/ssl/certs/ca-certificates.crt",
    "application": "127.0.0.1:9000",
}


def recipe(heading: str, language: str, **replaced: str) -> str:
    """Give the one block of `language` under `heading`, with the named EXAMPLES replaced by what stands for them."""
    section = README.read_text().partition(f"\n### {heading}\n")[2].partition("\n##")[0]
    [block] = re.findall(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    for name, here in replaced.items():
        assert EXAMPLES[name] in block, f"{EXAMPLES[name]} is not in the recipe"
        block = block.replace(EXAMPLES[name], here)
    return str(block)
