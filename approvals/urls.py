from django.urls import path

import portal.converters  # noqa: F401  (the parts of URLs)
from approvals import views

app_name = "approvals"

CHANGE = "t/<tenant:tenant>/changes/<int:number>/"

urlpatterns = [
    path("", views.home, name="home"),
    path("review/", views.review_queue, name="review-queue"),
    path("t/<tenant:tenant>/changes/", views.change_list, name="change-list"),
    path("t/<tenant:tenant>/changes/new/", views.change_new, name="change-new"),
    path("t/<tenant:tenant>/changes/new/<uuid:trust_config_id>/", views.change_form, name="change-form"),
    path(CHANGE, views.change_detail, name="change-detail"),
    path(f"{CHANGE}live/", views.change_live, name="change-live"),
    path(f"{CHANGE}approve/", views.change_approve, name="change-approve"),
    path(f"{CHANGE}reject/", views.change_reject, name="change-reject"),
    path(f"{CHANGE}answer/", views.change_answer, name="change-answer"),
    path(f"{CHANGE}comment/", views.change_comment, name="change-comment"),
    path(f"{CHANGE}withdraw/", views.change_withdraw, name="change-withdraw"),
    path(f"{CHANGE}retry/", views.change_retry, name="change-retry"),
    path(f"{CHANGE}roll-back/", views.change_roll_back, name="change-roll-back"),
    path("t/<tenant:tenant>/trust-configs/<uuid:trust_config_id>/take-over/", views.trust_config_take_over, name="trust-config-take-over"),
    path("t/<tenant:tenant>/mode/brake/", views.mode_brake, name="mode-brake"),
    path("t/<tenant:tenant>/mode/propose/", views.mode_propose, name="mode-propose"),
    path("t/<tenant:tenant>/mode/<int:switch_id>/decide/", views.mode_decide, name="mode-decide"),
]
