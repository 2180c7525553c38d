from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "citylab.accounts"

    def ready(self) -> None:
        from . import checks  # noqa: F401
