from allauth.account.urls import urlpatterns as allauth_urls
from django.urls import include, path

import pages.audit.urls
import pages.certs.urls
import pages.changes.urls
import pages.operations.urls
import pages.tenants.urls
from portal import views

handler404 = "portal.views.not_found"
handler500 = "portal.views.server_error"

# Addresses are kept by admins and nobody signs up: those pages of allauth are not there.
_ACCOUNTS = [
    pattern
    for pattern in allauth_urls
    if pattern.name
    in {
        "account_login",
        "account_logout",
        "account_inactive",
        "account_signup",
        "account_reauthenticate",
        "account_change_password",
        "account_set_password",
        "account_reset_password",
        "account_reset_password_done",
        "account_reset_password_from_key",
        "account_reset_password_from_key_done",
    }
]

urlpatterns = [
    path("", include(pages.changes.urls)),
    path("", include(pages.certs.urls)),
    path("", include(pages.tenants.urls)),
    path("", include(pages.audit.urls)),
    path("", include(pages.operations.urls)),
    path("accounts/", include(_ACCOUNTS)),
    path("sign-in/", views.sign_in_link, name="sign-in-link"),
    path("preferences/", views.preferences, name="preferences"),
    path("help/states/", views.states, name="states"),
    path("help/rights/", views.rights, name="rights"),
    path("help/checks/", views.checks, name="checks"),
]
