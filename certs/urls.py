from django.urls import path

import portal.converters  # noqa: F401  (the parts of URLs)
from certs import views

app_name = "certs"

urlpatterns = [
    path("t/<tenant:tenant>/certificates/", views.certificate_list, name="certificate-list"),
    path("t/<tenant:tenant>/certificates/<sha256:fingerprint>/", views.certificate_detail, name="certificate-detail"),
    path("t/<tenant:tenant>/golden-clients/", views.golden_client_list, name="golden-client-list"),
    path("t/<tenant:tenant>/golden-clients/<int:client_id>/remove/", views.golden_client_remove, name="golden-client-remove"),
    path("t/<tenant:tenant>/simulations/new/", views.simulation_new, name="simulation-new"),
    path("t/<tenant:tenant>/simulations/<int:simulation_id>/", views.simulation_detail, name="simulation-detail"),
    path("trust-configs/new/", views.trust_config_new, name="trust-config-new"),
    path("t/<tenant:tenant>/trust-configs/<uuid:trust_config_id>/enforcement/", views.enforcement_declare, name="enforcement-declare"),
    path("t/<tenant:tenant>/trust-configs/<uuid:trust_config_id>/endpoint/", views.endpoint_name, name="endpoint-name"),
    path("t/<tenant:tenant>/trust-configs/", views.trust_config_list, name="trust-config-list"),
    path("t/<tenant:tenant>/trust-configs/<uuid:trust_config_id>/", views.trust_config_detail, name="trust-config-detail"),
]
