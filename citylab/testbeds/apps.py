from django.apps import AppConfig


class TestbedsConfig(AppConfig):
    name = "citylab.testbeds"
