"""Filters of the list of certificates."""

from datetime import timedelta

import django_filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from approvals.judging.revocations import revoked_by
from certs.querysets import CertificateQuerySet
from pki.x509_rules import EXPIRES_SOON_DAYS
from web.lists import ListFilter, begins_or_ends_with, choice, fingerprint_part

_STATES = [
    ("trusted", _("trusted now")),
    ("expiring", _("trusted, less than 30 days left")),
    ("revoked", _("revoked")),
    ("untrusted", _("not trusted")),
]


class CertificateFilter(ListFilter):
    q = django_filters.CharFilter(
        label=_("Subject, issuer, serial number or fingerprint"), method="about", max_length=200
    )
    state = choice(_("Which"), _STATES, method="in_state")

    def about(
        self, certificates: CertificateQuerySet, _name: str, text: str
    ) -> CertificateQuerySet:
        about = Q(subject__icontains=text) | Q(issuer__icontains=text)
        if prefix := fingerprint_part(text):
            about |= begins_or_ends_with("sha256_fingerprint", prefix)
            about |= Q(serial_number__iexact=prefix.lstrip("0"))
        return certificates.filter(about)

    def in_state(
        self, certificates: CertificateQuerySet, _name: str, state: str
    ) -> CertificateQuerySet:
        if state == "untrusted":
            return certificates.untrusted()
        if state == "revoked":
            revoked = revoked_by(self.request.tenant.pk)
            return certificates.filter(sha256_fingerprint__in=list(revoked))
        soon = timezone.now() + timedelta(days=EXPIRES_SOON_DAYS)
        trusted = certificates.trusted()
        return trusted.filter(not_after__lt=soon) if state == "expiring" else trusted
