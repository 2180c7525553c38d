"""Which work follows which fact. A service publishes a topic; the functions named here are called once for each message,
in the transaction that marks the message done. Every topic stands here, with nobody where nothing follows."""

PROPOSALS = "citylab.proposals.tasks."
CHALLENGES = "citylab.challenges.tasks."
ACCOUNTS = "citylab.accounts.tasks."
PILOTS = "citylab.pilots.tasks."
INDEX = "search.indexing."
EDITING = "cms.tasks."
PAGES = "cms.indexing."
ALERTS = "search.alerts."
MONEY = "citylab.payments.tasks."
MONEY_NEWS = "citylab.payments.news."
# What the money room does with facts of a pilot, beside the news of them.
MONEY_FOLLOWS = {
    "created": [MONEY + "handle_terms"],
    "dates_changed": [MONEY + "handle_terms"],
    "extension_answered": [MONEY + "handle_terms"],
    "withdraw": [MONEY + "handle_ended"],
    "revoke": [MONEY + "handle_ended"],
}

# Each is seen on its page; what people are told of it they hear by another fact ("refund.owed", "deposit.decided", "pilot.declare_ready" …).
NOBODY_FOLLOWS = (
    *(f"charge.{fact}" for fact in ("open_checkout", "await_money", "owe_refund", "refund", "retain", "withdraw")),
    *(f"checkout.{fact}" for fact in ("open", "begin_closing", "await_money", "expire")),
    "refund.send",
    "pilot.gate_set",
    "question.asked",  # it stands in the editors' panel until it is answered
)

CONSUMERS: dict[str, list[str]] = {
    **{topic: [] for topic in NOBODY_FOLLOWS},
    "invitation.created": [ACCOUNTS + "handle_invitation_created"],
    "access_request.created": [ACCOUNTS + "handle_access_request_created"],
    "access_request.answered": [ACCOUNTS + "handle_access_request_answered"],
    "user.second_factor_reset": [ACCOUNTS + "handle_second_factor_reset"],
    "challenge.published": [INDEX + "handle_challenge", ALERTS + "handle_challenge_published"],
    "challenge.unpublished": [PROPOSALS + "handle_challenge_unpublished", INDEX + "handle_challenge"],
    "challenge.content_changed": [INDEX + "handle_challenge"],
    "challenge.closed": [PROPOSALS + "handle_challenge_closed", INDEX + "handle_challenge"],
    "challenge.deadline_extended": [PROPOSALS + "handle_deadline_extended", INDEX + "handle_challenge"],
    "question.answered": [PROPOSALS + "handle_question_answered"],
    "question.set_aside": [CHALLENGES + "handle_question_set_aside"],
    "text.submitted_for_review": [EDITING + "handle_submitted_for_review"],
    "text.approved": [EDITING + "handle_reviewed"],
    "text.sent_back": [EDITING + "handle_reviewed"],
    "site.published": [INDEX + "handle_site", ALERTS + "handle_site_published"],
    "site.unpublished": [INDEX + "handle_site"],
    "site.content_changed": [INDEX + "handle_site"],
    "booking.changed": [INDEX + "handle_booking"],
    "programme.content_changed": [INDEX + "handle_programme"],
    "page.published": [PAGES + "handle_page"],
    "page.unpublished": [PAGES + "handle_page"],
    "page.content_changed": [PAGES + "handle_page"],
    "alerts.due": [ALERTS + "handle_due"],
    "alerts.page": [ALERTS + "handle_page"],
    "proposal.submitted": [PROPOSALS + "handle_submitted", INDEX + "handle_proposal"],
    "proposal.screening_started": [PROPOSALS + "handle_progress"],
    "proposal.evaluation_started": [PROPOSALS + "handle_progress"],
    "proposal.evaluation_resumed": [PROPOSALS + "handle_progress"],
    "proposal.changes_requested": [PROPOSALS + "handle_changes_requested"],
    "proposal.additions_submitted": [PROPOSALS + "handle_additions", INDEX + "handle_proposal"],
    "proposal.additions_run_out": [PROPOSALS + "handle_additions_run_out"],
    "proposal.refusal_notice_given": [PROPOSALS + "handle_refusal_notice"],
    "proposal.observations_submitted": [PROPOSALS + "handle_observations"],
    "proposal.decided": [PROPOSALS + "handle_decided", INDEX + "handle_decided"],
    "proposal.reopened": [PROPOSALS + "handle_reopened", INDEX + "handle_decided"],
    "proposal.withdrawn": [PROPOSALS + "handle_withdrawn"],
    "proposal.message_sent": [PROPOSALS + "handle_message_sent"],
    "proposal.site_changed": [PROPOSALS + "handle_message_sent", INDEX + "handle_proposal"],
    "proposal.assigned": [PROPOSALS + "handle_assigned"],
    "proposal.evaluator_assigned": [PROPOSALS + "handle_evaluator_assigned"],
    "proposal.evaluator_taken_off": [PROPOSALS + "handle_evaluator_taken_off"],
    "proposal.conflict_declared": [PROPOSALS + "handle_conflict_declared"],
    "proposal.sheet_confirmed": [PROPOSALS + "handle_sheet_confirmed"],
    "attachment.removed": [PROPOSALS + "handle_attachment_removed"],
    "case_files.unused": [PROPOSALS + "handle_case_files_unused"],
    "organisation.updated": [INDEX + "handle_organisation"],
    "taxonomy.renamed": [INDEX + "handle_term"],
    "proposal.content_changed": [INDEX + "handle_proposal"],
    **{f"charge.{fact}": [MONEY + "handle_decided"] for fact in ("pay", "close_checkout")},
    "charge.win_dispute": [MONEY + "handle_decided", MONEY_NEWS + "handle_dispute_won"],
    "charge.dispute": [MONEY_NEWS + "handle_disputed"],
    "charge.lose_dispute": [MONEY_NEWS + "handle_dispute_lost"],
    "charge.waive": [MONEY_NEWS + "handle_waived"],
    "charges.made": [MONEY_NEWS + "handle_charges_made"],
    "checkout.pay": [MONEY_NEWS + "handle_paid"],
    "checkout.fail": [MONEY_NEWS + "handle_payment_failed"],
    "deposit.decided": [MONEY_NEWS + "handle_deposit_decided"],
    "deposit.answered": [MONEY_NEWS + "handle_deposit_answered"],
    "refund.owed": [MONEY_NEWS + "handle_refund_owed"],
    "refund.arrive": [MONEY_NEWS + "handle_refund_arrived"],
    "refund.refuse": [MONEY_NEWS + "handle_refund_refused"],
    "refund.iban_set": [MONEY_NEWS + "handle_account_given"],
    "refund.transfer": [MONEY_NEWS + "handle_refund_transferred"],
    "pilot.public_changed": [INDEX + "handle_pilot"],
    "pilot.content_changed": [INDEX + "handle_pilot"],
    **{
        f"pilot.{fact}": [PILOTS + "handle_news", *MONEY_FOLLOWS.get(fact, [])]
        for fact in (
            "created", "signed_by_one", "sign_agreement", "declare_ready", "dates_changed", "start", "suspend", "restart", "complete", "terminate", "revoke", "begin_restoration",
            "confirm_restoration", "restoration_failed", "report_submitted", "close", "withdraw", "extension_requested", "extension_answered", "suspension_requested",
            "suspension_declined", "incident_reported", "note_written", "assigned",
        )
    },
}  # fmt: skip
