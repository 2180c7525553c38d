"""Content Security Policy: nothing inline, nothing from outside but images of our own bucket and map tiles, where the settings name them.

Wagtail's admin alone gets a wider one (cms.middleware).
"""

from urllib.parse import urlsplit

from csp.constants import NONE, SELF

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [SELF],
    },
}


def image_origins(*addresses: str) -> list[str]:
    """The servers of these addresses, as the policy names them; any of its subdomains where Leaflet fills one in."""
    servers = [urlsplit(address.replace("{s}", "*")) for address in addresses]
    return [f"{server.scheme}://{server.netloc}" for server in servers if server.netloc]
