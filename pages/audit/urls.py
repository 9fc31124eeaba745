from django.urls import path

import web.converters  # noqa: F401  (the parts of URLs)
from pages.audit import views

app_name = "audit"

urlpatterns = [
    path("t/<tenant:tenant>/audit/", views.event_list, name="event-list"),
    path("audit/", views.event_list_all, name="event-list-all"),
]
