from django.urls import path

import web.converters  # noqa: F401  (the parts of URLs)
from pages.certs import certificates, clients, revisions, trust_configs

app_name = "certs"

urlpatterns = [
    path("t/<tenant:tenant>/certificates/", certificates.certificate_list, name="certificate-list"),
    path(
        "t/<tenant:tenant>/certificates/<sha256:fingerprint>/",
        certificates.certificate_detail,
        name="certificate-detail",
    ),
    path(
        "t/<tenant:tenant>/golden-clients/", clients.golden_client_list, name="golden-client-list"
    ),
    path(
        "t/<tenant:tenant>/golden-clients/<int:client_id>/remove/",
        clients.golden_client_remove,
        name="golden-client-remove",
    ),
    path(
        "t/<tenant:tenant>/golden-clients/<int:client_id>/decide/",
        clients.golden_client_decide,
        name="golden-client-decide",
    ),
    path("t/<tenant:tenant>/simulations/new/", clients.simulation_new, name="simulation-new"),
    path(
        "t/<tenant:tenant>/simulations/<int:simulation_id>/",
        clients.simulation_detail,
        name="simulation-detail",
    ),
    path("trust-configs/new/", trust_configs.trust_config_new, name="trust-config-new"),
    path(
        "t/<tenant:tenant>/trust-configs/<uuid:trust_config_id>/enforcement/",
        trust_configs.enforcement_declare,
        name="enforcement-declare",
    ),
    path(
        "t/<tenant:tenant>/trust-configs/<uuid:trust_config_id>/endpoint/",
        trust_configs.endpoint_name,
        name="endpoint-name",
    ),
    path(
        "t/<tenant:tenant>/trust-configs/",
        trust_configs.trust_config_list,
        name="trust-config-list",
    ),
    path(
        "t/<tenant:tenant>/trust-configs/<uuid:trust_config_id>/revisions/<int:revision>/",
        revisions.trust_config_revision,
        name="trust-config-revision",
    ),
    path(
        "t/<tenant:tenant>/trust-configs/<uuid:trust_config_id>/",
        trust_configs.trust_config_detail,
        name="trust-config-detail",
    ),
]
