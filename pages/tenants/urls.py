from django.urls import path

import web.converters  # noqa: F401  (the parts of URLs)
from pages.tenants import views

app_name = "tenants"

urlpatterns = [
    path("tenants/", views.tenant_list, name="tenant-list"),
    path("t/<tenant:tenant>/", views.tenant_detail, name="tenant-detail"),
    path("t/<tenant:tenant>/policy/", views.policy_detail, name="policy-detail"),
    path("environments/", views.environment_list, name="environment-list"),
    path("environments/<tenant:environment>/", views.environment_detail, name="environment-detail"),
    path("policy/", views.platform_policy, name="platform-policy"),
    path("policy/<int:version_id>/decide/", views.policy_decide, name="policy-decide"),
]
