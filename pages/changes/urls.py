from django.urls import path

import web.converters  # noqa: F401  (the parts of URLs)
from pages.changes.views import changes, lists, modes, requests, trust_configs

app_name = "approvals"

TRUST_CONFIG = "t/<tenant:tenant>/trust-configs/<uuid:trust_config_id>/"
CHANGE = "t/<tenant:tenant>/changes/<int:number>/"

urlpatterns = [
    path("", lists.home, name="home"),
    path("review/", lists.review_queue, name="review-queue"),
    path("t/<tenant:tenant>/changes/", lists.change_list, name="change-list"),
    path("t/<tenant:tenant>/changes/new/", requests.change_new, name="change-new"),
    path(
        "t/<tenant:tenant>/changes/new/<uuid:trust_config_id>/",
        requests.change_form,
        name="change-form",
    ),
    path(CHANGE, changes.change_detail, name="change-detail"),
    path(f"{CHANGE}live/", changes.change_live, name="change-live"),
    path(f"{CHANGE}approve/", changes.change_approve, name="change-approve"),
    path(f"{CHANGE}reject/", changes.change_reject, name="change-reject"),
    path(f"{CHANGE}send-back/", changes.change_send_back, name="change-send-back"),
    path(f"{CHANGE}stop/", changes.change_stop, name="change-stop"),
    path(f"{CHANGE}take-over/", changes.change_take_over, name="change-take-over"),
    path(f"{CHANGE}answer/", changes.change_answer, name="change-answer"),
    path(f"{CHANGE}comment/", changes.change_comment, name="change-comment"),
    path(f"{CHANGE}withdraw/", changes.change_withdraw, name="change-withdraw"),
    path(f"{CHANGE}retry/", changes.change_retry, name="change-retry"),
    path(f"{CHANGE}prove/", changes.change_prove, name="change-prove"),
    path(f"{CHANGE}facts/", changes.change_facts, name="change-facts"),
    path(f"{CHANGE}roll-back/", requests.change_roll_back, name="change-roll-back"),
    path(f"{TRUST_CONFIG}drift/adopt/", trust_configs.drift_adopt, name="drift-adopt"),
    path(f"{TRUST_CONFIG}drift/put-back/", trust_configs.drift_put_back, name="drift-put-back"),
    path(
        f"{TRUST_CONFIG}drift/acknowledge/",
        trust_configs.drift_acknowledge,
        name="drift-acknowledge",
    ),
    path(f"{TRUST_CONFIG}return/", requests.trust_config_return, name="trust-config-return"),
    path(f"{TRUST_CONFIG}retry/", trust_configs.trust_config_retry, name="trust-config-retry"),
    path("t/<tenant:tenant>/mode/brake/", modes.mode_brake, name="mode-brake"),
    path("t/<tenant:tenant>/mode/propose/", modes.mode_propose, name="mode-propose"),
    path("t/<tenant:tenant>/mode/<int:switch_id>/decide/", modes.mode_decide, name="mode-decide"),
]
