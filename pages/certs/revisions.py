"""What a trust config held after one of its writes, for programs and auditors."""

from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _

from certs.models import Publication
from certs.trust_configs.publications import set_of
from pages.page_access import TenantRequest, tenant_page
from tenants.access import may
from tenants.errors import NotPossible, UnknownObject
from tenants.rights import Act


@tenant_page()
def trust_config_revision(
    request: TenantRequest, trust_config_id: str, revision: int
) -> HttpResponse:
    """The set by role and fingerprint, with the digest that was verified over it.

    Of a trust config that several tenants share only those may read it who see everybody's entries.
    """
    mine = Publication.objects.filter(trust_config__tenants=request.tenant)
    publication = (
        mine.filter(
            trust_config__pk=trust_config_id,
            revision=revision,
            state=Publication.State.VERIFIED,
        )
        .select_related("trust_config__environment")
        .first()
    )
    if publication is None:
        raise UnknownObject
    trust_config = publication.trust_config
    sees_all = may(request.user.pk, Act.SEE_ALL_ENTRIES, environment=trust_config.environment)
    if trust_config.is_shared and not sees_all:
        raise UnknownObject
    try:
        entries = sorted(set_of(publication))
    except LookupError as error:
        raise NotPossible(_("What is kept of this revision does not tell its set.")) from error
    return JsonResponse(
        {
            "trust_config": trust_config.resource_name,
            "revision": publication.revision,
            "label": publication.label,
            "verified_at": publication.verified_at and publication.verified_at.isoformat(),
            "revision_digest": publication.revision_digest,
            "entries": [list(entry) for entry in entries],
        }
    )
