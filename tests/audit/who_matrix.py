"""Who may open which address: written by hand, so that it can differ from the site, and then one of them is wrong.

A letter a part, in this order: nobody signed in, a supplier with no part, an applicant, the holder of the contract (without
one: a supplier with no part), the client, another client, an evaluator, the manager, the team, the one of the team who
prepared the applications, finance, a superuser of the team. What the letters say:

  o  200   i  302 to sign in (or to say once more who one is)   r  302 elsewhere   x  404: cannot see it
  c  409: sees it, may not now   n  405: only sent, never opened   f  403: no object is concerned, the role may not
  g  410: a link that is used up, or never was one   u  401: the provider's own error page
"""

import re

from tests.matrix import MATRIX as TRANSITIONS

STATES = ("preparing", "posted", "evaluation", "drawing", "work", "complete")
CODES = {
    "o": 200, "i": 302, "r": 302, "x": 404, "c": 409, "n": 405, "f": 403, "g": 410, "u": 401,
}  # fmt: skip

# Amara's needs, one in each of STATES: a word a state. "=" is as in the state before.
OF_AN_OPPORTUNITY = """
xxxxxxxxxxxx oooooooooooo = = = =
    opportunity opportunity_json opportunity_ocds opportunity_ics draw_page check_script
xxxxxxxxxxxx = = oooooooooooo xxxxxxxxxxxx =
    pool_file
nnnnnnnnnnnn = = = = =
    beacon
ixxxxxxxxxxx iooooooooooo = = = =
    follow
ixxxcxccccxc iooococccccc iccccccccccc = = =
    ask_question
xxxxxxxxxxxx oooooooooooo ccrccccccccc ccrrcccccccc = =
    apply
ixxxxxxxxxxx iooococccccc iccccccccccc = = =
    apply_about apply_eligibility apply_answers apply_payment
ixxxxxxxxxxx irorcrcccccc iccccccccccc = = =
    apply_check
ixxxxxxxxxxx irrrrrrrrrrr = = = =
    apply_stop
ixxxxxxxxxxx ixoxxxxxxxxx = ixooxxxxxxxx = =
    application receipt
ixxxxxxxxxxx ixoxxxxxxxxx ixcxxxxxxxxx ixccxxxxxxxx = =
    withdraw_application
ixxxxxxxxxxx = = = = =
    sign_off invoice_file
ixxxoxooooxo iooooooooooo = = = =
    workspace_opportunity
ixxxcxccccxc iccccccccccc = = = =
    edit_inquiry answer_extension registry_entry prepare_release take_over_preparation prepare_application
    evaluate_application
ixxxoxccooxo iccccccccccc = = = =
    statement statement_title statement_background statement_work statement_deliverables statement_skills
    statement_dates statement_price statement_people statement_declarations statement_evaluation
    add_evaluation_criterion edit_evaluation_criterion statement_acceptance add_acceptance_criterion
    edit_acceptance_criterion
ixxxoxooooxo irrrrrrrrrrr = = = =
    preview
ixxxoxccooxo icccocccooco = = = =
    messages
ixxxxxxxooxo = = = = =
    by_hand internal_notes owner
ixxxxxxxrrxr = = = = =
    screen
ixxxxxxxccxc = = = = =
    check_sign_off
ixxxcxccccxc iccccccccccc icccococcccc iccccccccccc = =
    evaluate
ixxxcxccccxc iccccccccccc = icccococooco = =
    check_evaluation
ixxxcxccooxo icccccccooco icccocccooco icccccccooco = iccccccccccc
    evaluation_people
ixxxcxccooxo icccccccooco = icooccccooco = =
    debrief
ixxxxxxxxxxx = = = ixxooxxooooo =
    contract contract_text
ixxxxxxxxxxx = = = ixxooxxxooxo =
    publiccode
ixxxxxxxxxxx = = = = ixxooxxooooo
    invoice_page
ixxxxxxxxxxx = = = = ixxxoxxxooxo
    registry_block registry_file
innnnnnnnnnn = = = = =
    countersign
"""

RECORDS = "commitment,reservation,contract,delivery,invoice,certification,payment,registryentry,event,splittingdecision"
NONE_YET = "question,amendment,extension,dispute,casefile,disposal,subscription"
# About no opportunity, or about all of them: one word. Of the admin's objects the newest is asked, or one that never was.
OF_THE_SITE = f"""
oooooooooooo
    healthz robots sitemap home how_it_works opportunity_list opportunities_ocds opportunities_atom opportunities_ics
    opportunities_json opportunities_csv delivered delivered_atom contracts_under_10k open_data statistics
    statistics_csv statistics_json daily_heads daily_heads_json subscribe subscribe_sent guide_suppliers guide_clients
    request_guide faq terms privacy accessibility contact survey_thanks account_closed account_inactive
    account_email_verification_sent account_confirm_email account_reset_password account_reset_password_done
    account_reset_password_from_key account_reset_password_from_key_done socialaccount_login_cancelled
xxxxxxxxxxxx
    sitemap_part metrics demo_tools demo_mail openid_connect_login openid_connect_callback confirm_subscription
    subscription unsubscribe
gggggggggggg
    survey
uuuuuuuuuuuu
    socialaccount_login_error
orrrrrrrrrrr
    account_login account_signup
irrrrrrrrrrr
    account_confirm_login_code mfa_authenticate
iooooooooooo
    account_email account_change_password account_reauthenticate mfa_index mfa_list_webauthn socialaccount_connections
    workspace my_applications my_profile my_data my_data_json my_data_html
iiiiiiiiiiii
    account_set_password mfa_reauthenticate mfa_reauthenticate_webauthn mfa_activate_totp mfa_add_webauthn
    mfa_generate_recovery_codes mfa_remove_webauthn mfa_edit_webauthn socialaccount_signup
ixxxxxxxxxxx
    mfa_deactivate_totp mfa_view_recovery_codes mfa_download_recovery_codes
iooccccccccc
    close_account
ifffoooooooo
    new_inquiry
ixxxxxxxooxo
    measures stories
iiiiiiiiooio
    admin:index admin:app_list admin:jsi18n admin:password_change admin:password_change_done admin:mail_samples
    admin:tracker_csv admin:tracker_xlsx admin:tracker_ods
    admin:microacq_user_(changelist,history,change)
    admin:opportunities_(opportunity,sentmail,{RECORDS})_(changelist,history,change)
    admin:opportunities_({NONE_YET})_changelist
    admin:opportunities_(cannedreply,legalhold,accesscopy)_(changelist,add)
    admin:evaluations_(pool,offer)_(changelist,history,change)
    admin:evaluations_draw_changelist
iiiiiiiirrir
    admin:opportunities_({NONE_YET},cannedreply,legalhold,accesscopy)_(history,change)
    admin:evaluations_draw_(history,change)
iiiiiiiiffif
    admin:autocomplete admin:microacq_user_delete
    admin:opportunities_(opportunity,sentmail,{RECORDS},{NONE_YET})_(add,delete)
    admin:opportunities_(cannedreply,legalhold,accesscopy)_delete
    admin:evaluations_(pool,draw,offer)_(add,delete)
iiiiiiiiffio
    admin:microacq_user_add
iiiiiiiixxix
    admin:view_on_site
iiiiiiiinnin
    admin:opportunities_sentmail_again
iiiiiiiiccic
    admin:opportunities_opportunity_act
ifffffffrrfr
    admin:login
"""
NOT_OPENED = {"account_logout", "admin:logout"}
"""They end the visit: tests/audit/test_accounts.py."""
HOLDS = {
    "client": "client", "evaluator": "evaluator", "manager": "manager", "team": "team", "preparer": "team",
    "superuser": "team", "finance": "finance", "applicant": "applicant", "holder": "supplier",
}  # fmt: skip
"""The role of each part in tests/matrix.py, which says which transition is whose."""
SHUT = {("publish_answers", "posted")}
"""Transitions whose page says why not to those whose part it is: there is no question to answer."""


def _names(words: str) -> list[str]:
    """The names that "a_(b,c)_(d,e)" stands for."""
    found = re.search(r"\(([^)]*)\)", words)
    if not found:
        return [words]
    before, after = words[: found.start()], words[found.end() :]
    return [name for one in found[1].split(",") for name in _names(f"{before}{one}{after}")]


def _read(text: str) -> dict[str, list[str]]:
    table, rows = {}, []
    for line in text.strip().splitlines():
        if not line.startswith(" "):
            rows = []
            for word in line.split():
                rows.append(rows[-1] if word == "=" else word)
            continue
        for name in (name for word in line.split() for name in _names(word)):
            assert name not in table, f"{name} is there twice"
            table[name] = rows
    return table


def _transition(name: str, row: dict, state: str) -> str:
    """The page of a transition: who may do it now opens it; who sees the opportunity is told why not."""
    seen = _read(OF_AN_OPPORTUNITY)["edit_inquiry"][STATES.index(state)]
    now = state in row["sources"] and (name, state) not in SHUT
    holds = ["", "", *(HOLDS.get(part) for part in PARTS[2:])]
    return "".join(
        "o" if now and role in row["roles"] else code for role, code in zip(holds, seen, strict=True)
    )


PARTS = (
    "nobody", "stranger", "applicant", "holder", "client", "other client", "evaluator", "manager", "team", "preparer",
    "finance", "superuser",
)  # fmt: skip
ABOUT_ONE = _read(OF_AN_OPPORTUNITY) | {
    name: [_transition(name, row, state) for state in STATES]
    for name, row in TRANSITIONS.items()
    if row["roles"] != ["clock"]
}
ABOUT_ALL = {name: rows[0] for name, rows in _read(OF_THE_SITE).items()}
