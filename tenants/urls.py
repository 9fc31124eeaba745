from django.urls import path

from tenants import views

app_name = "tenants"

urlpatterns = [path("t/<tenant:tenant>/", views.tenant_detail, name="tenant-detail")]
