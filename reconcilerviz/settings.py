"""Django's settings. Every environment variable is read here, once; `env.py` says what each accepts."""

from __future__ import annotations

import os
import secrets
import warnings
from pathlib import Path
from urllib.parse import urlsplit

import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from reconcilerviz import env
from reconcilerviz.database import database
from reconcilerviz.queue import celery_settings

BASE_DIR = Path(__file__).resolve().parent.parent

MODE = env.MODE.read(os.environ)
RECONCILERVIZ_TOKEN = env.TOKEN.read(os.environ)
RECONCILERVIZ_VIEW_TOKEN = env.VIEW_TOKEN.read(os.environ)
RECONCILERVIZ_PUBLIC_URL = env.PUBLIC_URL.read(os.environ)
RECONCILERVIZ_KINDS = env.KINDS.read(os.environ)
_extra_hosts = env.ALLOWED_HOSTS.read(os.environ)

SECRET_KEY = env.SECRET_KEY.read(os.environ)
if not SECRET_KEY:
    if MODE == "production":
        raise ImproperlyConfigured(
            f"{env.SECRET_KEY.name} is not set, but in production must be {env.SECRET_KEY.accepted}; make one with "
            "`python -c 'import secrets; print(secrets.token_urlsafe(48))'`"
        )
    SECRET_KEY = secrets.token_urlsafe(48)
if RECONCILERVIZ_TOKEN and RECONCILERVIZ_TOKEN == RECONCILERVIZ_VIEW_TOKEN:
    raise ImproperlyConfigured(
        f"{env.VIEW_TOKEN.name} equals {env.TOKEN.name}, but must be another: whoever holds it may only look"
    )

DEBUG = False
_public_host = urlsplit(RECONCILERVIZ_PUBLIC_URL).hostname
# The command that serves adds the address that it binds; never "*": a page of another site that resolves its name
# to loopback (DNS rebinding) must be turned away by its Host.
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", *_extra_hosts, *([_public_host] if _public_host else [])]

INSTALLED_APPS = ["django.contrib.staticfiles", "channels", "csp", "dashboard", "dashboard.history"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
    "dashboard.web.access.BodyTypeMiddleware",
    "dashboard.web.access.AccessMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
]
ROOT_URLCONF = "reconcilerviz.urls"
ASGI_APPLICATION = "reconcilerviz.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request", "csp.context_processors.nonce"],
        },
    }
]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# Served from static/ as it lies there: no collection step stands between a clone and a page.
WHITENOISE_USE_FINDERS = True
# WhiteNoise answers with plain files; Django reads them in a thread and says that an async one would not need it.
warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous iterators")

_data = env.DATA.read(os.environ)
RECONCILERVIZ_DATA = Path(_data or BASE_DIR / ".var").absolute()
RECONCILERVIZ_KEEP_DAYS = env.KEEP_DAYS.read(os.environ)
RECONCILERVIZ_REDIS_URL = env.REDIS_URL.read(os.environ)
RECONCILERVIZ_WEBHOOK_ALLOW = env.WEBHOOK_ALLOW.read(os.environ)
_database = env.DATABASE_URL.read(os.environ)
DATABASES = {"default": database(_database, RECONCILERVIZ_DATA / "history.sqlite3")}
globals().update(celery_settings(RECONCILERVIZ_REDIS_URL, RECONCILERVIZ_DATA))
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

_https = RECONCILERVIZ_PUBLIC_URL.startswith("https://")
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SECURE = _https
CSRF_TRUSTED_ORIGINS = [RECONCILERVIZ_PUBLIC_URL] if RECONCILERVIZ_PUBLIC_URL else []
CSRF_FAILURE_VIEW = "dashboard.web.access.csrf_failure"
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        # The nonce is for the import map, the only inline element.
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["lit-html"],
    }
}

# One line an event on stderr, from Django and from us. Tracebacks are plain: pretty ones print local variables, and
# those hold whole objects of somebody's cluster.
structlog.configure(
    processors=[
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "foreign_pre_chain": [structlog.stdlib.add_logger_name, structlog.stdlib.add_log_level],
            "processors": [
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.format_exc_info,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.LogfmtRenderer(key_order=["timestamp", "level", "logger", "event"]),
            ],
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # A refused request is an answer, not news for whoever started the process.
    "loggers": {"django.request": {"level": "ERROR"}},
}
