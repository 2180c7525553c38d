from django.urls import include, path
from django.utils.translation import pgettext_lazy

from .views import accounts, case, comparable, evaluation, money_papers, moves, people, quality, queue, ranking

app_name = "desk"
urlpatterns = [
    path("", queue.home, name="home"),
    path(pgettext_lazy("url", "queue/"), queue.queue, name="queue"),
    path(pgettext_lazy("url", "queue/filters/"), queue.save_filter, name="filter_save"),
    path(pgettext_lazy("url", "queue/filters/<int:pk>/delete/"), queue.delete_filter, name="filter_delete"),
    path(pgettext_lazy("url", "hand-over/"), people.hand_over, name="hand_over"),
    path(pgettext_lazy("url", "people/"), people.people, name="people"),
    path(pgettext_lazy("url", "people/<int:pk>/"), people.person, name="person"),
    path(pgettext_lazy("url", "rankings/"), ranking.rankings, name="rankings"),
    path(pgettext_lazy("url", "rankings/<slug:code>/"), ranking.ranking, name="ranking"),
    path(pgettext_lazy("url", "quality/"), quality.quality, name="quality"),
    path(pgettext_lazy("url", "evaluations/"), evaluation.evaluations, name="evaluations"),
    path(pgettext_lazy("url", "money/"), accounts.money, name="money"),
    path(pgettext_lazy("url", "money/notice-receipts/"), accounts.receipts, name="money_receipts"),
    path(pgettext_lazy("url", "money/receipts/<int:pk>/"), money_papers.receipt_page, name="receipt_page"),
    path(pgettext_lazy("url", "money/receipts/<int:pk>/pdf/"), money_papers.receipt_pdf, name="receipt_pdf"),
    path(pgettext_lazy("url", "money/notices/<slug:number>/pdf/"), money_papers.notice_pdf, name="notice_pdf"),
    path(pgettext_lazy("url", "money/export/"), money_papers.money_export, name="money_export"),
    path(pgettext_lazy("url", "money/comparison/"), money_papers.reconcile, name="reconcile"),
    path(pgettext_lazy("url", "pilots/"), include("citylab.desk.pilot_urls")),
    path(pgettext_lazy("url", "cases/<uuid:pk>/"), case.case, name="case"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/comparable/"), comparable.comparable, name="comparable"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/site/<slug:site>/"), comparable.change_site, name="change_site"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/take/"), queue.assign_to_me, name="take"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/officer/"), queue.assign, name="assign"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/moves/<slug:code>/"), moves.make, name="move"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/additions/"), moves.request_changes, name="request_changes"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/checklist/"), case.checklist, name="checklist"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/replies/<int:item>/"), case.settle, name="settle"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/notes/"), case.add_note, name="note"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/message/"), moves.send_message, name="message"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/messages/<int:communication>/delivery/"), case.record_delivery, name="delivery"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/files/<uuid:attachment>/"), case.attachment, name="attachment"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/trail.csv"), case.trail_csv, name="trail_csv"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/evaluators/"), evaluation.assign_evaluator, name="assign_evaluator"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/evaluators/<int:assignment>/take-off/"), evaluation.take_off_evaluator, name="take_off_evaluator"),
    path(pgettext_lazy("url", "cases/<uuid:pk>/evaluation/"), evaluation.evaluation, name="evaluation"),
]
