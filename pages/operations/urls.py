from django.urls import path

from pages.operations import views

app_name = "operations"

urlpatterns = [
    path("operations/", views.overview, name="overview"),
    path("operations/runbook/", views.runbook, name="runbook"),
    path("operations/jobs/<int:job_id>/retry/", views.job_retry, name="job-retry"),
    path("operations/jobs/<int:job_id>/give-up/", views.job_give_up, name="job-give-up"),
]
