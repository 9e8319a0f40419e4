"""The template as it is sent: the API deployment's logical id carries a hash of the API's definition.

API Gateway serves a snapshot. CloudFormation makes a new one only when a Deployment is a new resource, so the hash
in its name is what makes a changed route go live.
"""

import hashlib
from pathlib import Path

TEMPLATE_FILE = Path(__file__).with_name("template.yaml")
API_HASH_PLACEHOLDER = "CONTENTHASH"
API_SECTION_START = "# ---------------------------------------------------------------- REST API"
API_SECTION_END = "# ---------------------------------------------------------------- delivery"


def render_template(source: str | None = None) -> str:
    """Template text, ready for CloudFormation; `source` defaults to the file beside this module."""
    text = TEMPLATE_FILE.read_text(encoding="utf-8") if source is None else source
    return text.replace(API_HASH_PLACEHOLDER, api_hash(text))


def api_hash(text: str) -> str:
    """Ten hex digits over the template's REST API section.

    Raises:
        ValueError: the section's headings are gone from the template.
    """
    start = text.index(API_SECTION_START)
    section = text[start : text.index(API_SECTION_END, start)]
    return hashlib.sha256(section.encode()).hexdigest()[:10]
