"""Who may do what, from where: written by hand from the client guide, beside the table in opportunities/lifecycle.py.

Tests made from the table cannot catch a wrong table; this one can. `target` "-" means that the state stays.
"""

EARLY = "draft screening waitlisted preparing committing reserving reserved"
UNSIGNED = (
    "preparing committing reserving reserved posted opened evaluation review confirmed drawing selection"
)
BOUGHT = (
    "screening waitlisted preparing committing reserving reserved posted opened evaluation review confirmed drawing "
    "selection work acceptance invoicing certification paying registry complete terminated"
)

# step, transition, from, to, who
ROWS = """
1 submit                draft                               screening      client
1 withdraw              EARLY                               withdrawn      client
1 rerun                 cancelled,no_award,terminated       -              team
2 return_for_changes    screening                           draft          team
2 waitlist              screening                           waitlisted     team
2 decline               screening,waitlisted                declined       team
2 accept                screening,waitlisted                preparing      team
2 decide_splitting      BOUGHT                              -              team
3 statement_ready       preparing                           committing     client,team
3 commit_funds          committing                          reserving      manager
3 return_statement      committing                          preparing      manager
3 reserve_funds         reserving                           reserved       finance
3 return_reservation    reserving                           preparing      finance
3 reopen_statement      reserved                            preparing      team
4 post                  reserved                            posted         team
4 amend                 posted                              -              team
4 extend_closing        posted                              -              team
4 publish_answers       posted                              -              team
4 close                 posted                              opened         clock
4 close_empty           posted                              no_award       clock
4 cancel                UNSIGNED                            cancelled      team
5 release               opened                              evaluation     team
5 evaluated             evaluation                          review         client
5 return_evaluation     review                              evaluation     team
5 confirm               review                              confirmed      team
6 award_single          confirmed                           selection      team
6 propose_freeze        confirmed                           -              team
6 freeze                confirmed                           drawing        team
6 void_pool             drawing                             confirmed      team
6 draw                  drawing                             selection      clock,team
6 no_award              opened,confirmed,selection          no_award       team
6 sign                  selection                           work           supplier
6 decline_offer         selection                           -              supplier
6 expire_offer          selection                           -              clock
7 start_work            work                                -              supplier
7 deliver               work                                acceptance     supplier
7 give_view             acceptance                          -              evaluator
7 request_revision      acceptance                          work           client
7 accept_work           acceptance                          invoicing      client
7 ask_extension         work                                -              client,supplier
7 extend_delivery       work                                -              team
7 raise_dispute         work,acceptance                     -              client,supplier
7 answer_dispute        work,acceptance                     -              client
7 terminate_default     work,acceptance                     terminated     team
7 terminate_convenience work,acceptance                     invoicing      team
8 invoice               invoicing                           certification  supplier
8 return_invoice        certification                       invoicing      manager
8 certify               certification                       paying         manager
8 pay                   paying                              registry       finance
8 pay_terminated        paying                              terminated     finance
8 confirm_payment       registry,complete,terminated        -              supplier
9 record_pull_request   registry                            -              client,team
9 complete              registry                            complete       team
9 make_case_file        ANY                                 -              team
"""
STATES = (
    "draft screening waitlisted preparing committing reserving reserved posted opened evaluation review confirmed "
    "drawing selection work acceptance invoicing certification paying registry "
    "complete declined withdrawn cancelled no_award terminated"
).split()
ROLES = "client evaluator manager team finance applicant supplier public clock".split()


def _expand(words: str) -> list[str]:
    if words == "ANY":
        return STATES
    return {"EARLY": EARLY, "UNSIGNED": UNSIGNED, "BOUGHT": BOUGHT}.get(
        words, words.replace(",", " ")
    ).split()


MATRIX = {
    name: {
        "step": int(step),
        "sources": _expand(sources),
        "target": None if target == "-" else target,
        "roles": _expand(roles),
    }
    for step, name, sources, target, roles in (line.split() for line in ROWS.strip().splitlines())
}
