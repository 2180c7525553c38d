"""Two storages: public media, and case files that only the casework serves."""

from pathlib import Path
from typing import Any


def local_storages(var: Path) -> dict[str, Any]:
    return {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(var / "media"), "base_url": "/media/"}},
        "case_files": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(var / "case_files"), "allow_overwrite": False},
        },
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def bucket_storages(*, endpoint: str, region: str, access_key: str, secret_key: str, media_bucket: str, case_bucket: str) -> dict[str, Any]:
    """S3-compatible buckets: media readable by anyone, case files private and never overwritten."""
    shared = {"endpoint_url": endpoint, "region_name": region, "access_key": access_key, "secret_key": secret_key, "file_overwrite": False}
    return {
        "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {**shared, "bucket_name": media_bucket, "querystring_auth": False}},
        "case_files": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {**shared, "bucket_name": case_bucket, "default_acl": "private"}},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    }
