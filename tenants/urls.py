from django.urls import path

import portal.converters  # noqa: F401  (the parts of URLs)
from tenants import views

app_name = "tenants"

urlpatterns = [path("t/<tenant:tenant>/", views.tenant_detail, name="tenant-detail")]
