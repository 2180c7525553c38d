"""Wagtail: the editors' room."""

WAGTAIL_SITE_NAME = "Torino City Lab"
WAGTAIL_I18N_ENABLED = True
WAGTAIL_CONTENT_LANGUAGES = [("it", "Italiano"), ("en", "English")]
WAGTAILADMIN_PERMITTED_LANGUAGES = [("it", "Italiano"), ("en", "English")]
WAGTAIL_USER_TIME_ZONES = ["Europe/Rome"]  # every deadline is the City's time; one choice is none, and Wagtail asks nothing
WAGTAILADMIN_LOGIN_URL = "account_login"
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
WAGTAIL_EMAIL_MANAGEMENT_ENABLED = False
WAGTAIL_PASSWORD_MANAGEMENT_ENABLED = False
WAGTAILSEARCH_BACKENDS = {"default": {"BACKEND": "wagtail.search.backends.database"}}
WAGTAILIMAGES_EXTENSIONS = ["gif", "jpg", "jpeg", "png", "webp"]
WAGTAILDOCS_EXTENSIONS = ["csv", "docx", "odt", "ods", "pdf", "txt", "xlsx", "zip"]
WAGTAIL_AUTOSAVE_INTERVAL = 2000
WAGTAILADMIN_BASE_URL = "http://127.0.0.1:8000"
# Nobody has the right to publish: approval stands for it.
WAGTAIL_FINISH_WORKFLOW_ACTION = "cms.moderation.publish_approved"
