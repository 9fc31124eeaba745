from django.urls import path

from audit import views

app_name = "audit"

urlpatterns = [
    path("t/<tenant:tenant>/audit/", views.event_list, name="event-list"),
    path("audit/", views.event_list_all, name="event-list-all"),
]
