"""Settings, chosen by ENVIRONMENT (local, staging or production). Tests name citylab.settings.test themselves."""

from django.core.exceptions import ImproperlyConfigured

from .environment import env

_environment = env.str("ENVIRONMENT", default="local")
if _environment == "local":
    from .local import *  # noqa: F403
elif _environment in ("staging", "production"):
    from .production import *  # noqa: F403
else:
    raise ImproperlyConfigured(f"ENVIRONMENT is “{_environment}”; it must be local, staging or production.")
