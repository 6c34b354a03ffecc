"""Mutation test of the alerts: each mutant plants one defect in a copy of the project, and test_mutants.py shows that the tests it names see it.

Most of them change what is looked for (a bound, a condition, a filter): a check that can be changed so, and stays green, checks nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from cchc.settings import PROJECT
from tests.support.defects import planted


class Mutant(NamedTuple):
    """One defect: what it is, the event or matter that it is about, its file, what stands there, what stands there instead.

    `seen_by`: the tests that must turn red, the first of them that does is enough.
    """

    name: str
    about: str
    file: str
    old: str
    new: str
    seen_by: str


# what the alerts promise beside the events themselves
MATTERS = ("grouped", "told once", "reminded", "well again", "who is told", "webhook", "e-mail", "kept and sent later", "nobody is told")

_NOTICES = "plugins/cchc/notices"
_SQL = "include/sql/queries"
_FIND_SOURCES, _FIND_NUMBERS, _STATE = f"{_NOTICES}/find_sources.py", f"{_NOTICES}/find_numbers.py", f"{_NOTICES}/state.py"
_TELL, _WORDS, _DELIVER, _RULES = f"{_NOTICES}/tell.py", f"{_NOTICES}/words.py", f"{_NOTICES}/deliver.py", f"{_NOTICES}/rules.py"
_REACH, _NOTIFY = f"{_NOTICES}/reach.py", "plugins/cchc/airflow/notify.py"
_LATENESS, _DRIFT, _MAIL = "plugins/cchc/runs/lateness.py", "plugins/cchc/quality/drift.py", "plugins/cchc/mail.py"

_SOURCES, _NUMBERS, _WHO = (f"tests/notices/test_{name}.py" for name in ("sources", "numbers", "rules"))
_RESTARTS, _STARTED_AGAIN = "plugins/cchc/embedded/restarts.py", "tests/embedded/test_restarts.py"
_AIRFLOW = "tests/dags/test_notices.py"
_STORY = f"{_NUMBERS}::test_the_story"
_BLOCKED = f"{_SOURCES}::test_a_blocked_file_is_told_once_and_that_it_is_well_again"
_LATE = f"{_SOURCES}::test_a_source_that_is_late"
_HOW_LATE = f"{_SOURCES}::test_how_old_the_data_of_a_source_may_be"
_LOST = f"{_SOURCES}::test_a_failed_delivery_waits_and_the_others_are_told_of_it"
_WELL_BEFORE = f"{_SOURCES}::test_what_is_well_before_anybody_was_told_is_not_told"
_REMINDER = f"{_SOURCES}::test_a_reminder_comes_as_the_rules_say_and_no_sooner"
_MANY = f"{_SOURCES}::test_many_files_are_one_message"
_HOLDS = f"{_WHO}::test_a_rule_holds_where_each_of_its_conditions_holds"
_SILENT = f"{_WHO}::test_of_what_nobody_is_told_is_said"
_REPORTED = f"{_SOURCES}::test_what_airflow_reports_is_told_once_and_that_it_is_well_again"
_WHOM = f"{_WHO}::test_each_recipient_is_told_what_its_rules_name"
_DAY = "- timedelta(days=days_before):"

MUTANTS = (
    # a load that is blocked
    Mutant("what waits for its manifest is blocked", "load_blocked", _FIND_SOURCES, "if row[\"status\"] != LoadStatus.WAITING and not row[\"lacks\"]:", "if not row[\"lacks\"]:", f"{_SOURCES}::test_a_file_that_waits_is_not_told"),
    Mutant("a file without a column is told twice", "load_blocked", _FIND_SOURCES, " and not row[\"lacks\"]:", ":", f"{_SOURCES}::test_a_column_that_is_gone"),
    Mutant("a failed load is well", "load_blocked", f"{_SQL}/doctor/open_load.sql", "n.status in ('blocked', 'failed', 'waiting')", "n.status in ('blocked', 'waiting')", f"{_SOURCES}::test_a_load_that_failed_is_told_until_a_better_revision_is_there"),
    Mutant("a better revision mends nothing", "load_blocked", f"{_SQL}/doctor/open_load.sql", "b.revision > n.revision", "b.revision < n.revision", f"{_SOURCES}::test_a_load_that_failed_is_told_until_a_better_revision_is_there"),
    Mutant("the last good load of a file hides its bad one", "load_blocked", f"{_SQL}/doctor/open_load.sql", "file_name asc, load_id desc", "file_name asc, status = 'loaded', load_id", _BLOCKED),
    # a column that is gone
    Mutant("a new field is gone", "column_gone", _FIND_SOURCES, "if finding.kind == VANISHED:", "if finding.kind != \"missing\":", f"{_SOURCES}::test_a_field_that_is_new_or_rare_is_not_gone"),
    Mutant("a rare field is gone", "column_gone", _DRIFT, "UNLIKELY = 0.01", "UNLIKELY = 1.01", f"{_SOURCES}::test_a_field_that_is_new_or_rare_is_not_gone"),
    Mutant("only what is nearly impossible is gone", "column_gone", _DRIFT, "UNLIKELY = 0.01", "UNLIKELY = 1e-9", f"{_SOURCES}::test_a_field_that_is_gone"),
    Mutant("a delivery that lacks a column was loaded", "column_gone", _FIND_SOURCES, "\"is_blocked\": True", "\"is_blocked\": False", f"{_SOURCES}::test_a_column_that_is_gone"),
    # a source that is late
    Mutant("late at the limit itself", "source_late", _LATENESS, "moment - known_at <= limit", "moment - known_at < limit", _LATE),
    Mutant("a daily source may be three days old", "source_late", _LATENESS, "timedelta(days=2) if weekday", "timedelta(days=3) if weekday", _LATE),
    Mutant("a weekly source may be ten days old", "source_late", _LATENESS, "else timedelta(days=9)", "else timedelta(days=10)", _HOW_LATE),
    Mutant("a monthly source may be 32 days old", "source_late", _LATENESS, "timedelta(days=33)", "timedelta(days=32)", _HOW_LATE),
    Mutant("a yearly source is a monthly one", "source_late", _LATENESS, "if month != \"*\":", "if month == \"1\":", _HOW_LATE),
    Mutant("late since the newest data", "source_late", _LATENESS, "LateSource(profile.source, known_at, known_at + limit)", "LateSource(profile.source, known_at, known_at)", _LATE),
    Mutant("late without a clock of ours", "source_late", _TELL, "(\"source_late\", \"coverage_missing\")", "(\"coverage_missing\",)", _LATE),
    Mutant("why a run failed is not said", "source_late", _FIND_SOURCES, "failed = (ExtractStatus.FAILED, ExtractStatus.BLOCKED)", "failed = (ExtractStatus.BLOCKED,)", f"{_SOURCES}::test_a_late_source_says_what_its_last_run_said"),
    Mutant("the first run is the last one", "source_late", _FIND_SOURCES, "order by extract_id desc limit 1", "order by extract_id limit 1", f"{_SOURCES}::test_a_late_source_says_what_its_last_run_said"),
    # data missing before the closing day
    Mutant("missing data a moment later", "coverage_missing", _FIND_NUMBERS, "if today >= first.replace", "if today > first.replace", _STORY),
    Mutant("missing data a day early", "coverage_missing", _FIND_NUMBERS, _DAY, "- timedelta(days=days_before + 1):", _STORY),
    Mutant("the next closing is not looked at", "coverage_missing", _FIND_NUMBERS, "(month_start(today), add_months(month_start(today), 1))", "(month_start(today),)", f"{_NUMBERS}::test_a_closing_of_the_next_month_that_is_near"),
    Mutant("what was told is forgotten with the month", "coverage_missing", _FIND_NUMBERS, "periods = {parse_period(row[\"period\"]) for row in rows}", "periods = {parse_period(row[\"period\"]) for row in rows[:0]}", _STORY),
    Mutant("a published month lacks something", "coverage_missing", _FIND_NUMBERS, "if in_force(connection, settings, period) is None:", "if period.end <= today:", _STORY),
    Mutant("known to the end of the month is too little", "coverage_missing", _FIND_NUMBERS, "known_at < midnight(period.end)", "known_at <= midnight(period.end)", _STORY),
    Mutant("missing since the closing day", "coverage_missing", _FIND_NUMBERS, "since = midnight(closes - timedelta(days=days_before))", "since = midnight(closes)", _STORY),
    Mutant("a hole is not missed", "coverage_missing", _FIND_NUMBERS, "for gap in gaps(connection, period):", "for gap in gaps(connection, period)[1:]:", f"{_NUMBERS}::test_a_hole_before_the_closing_is_told"),
    Mutant("missing without a clock of ours", "coverage_missing", _TELL, "(\"source_late\", \"coverage_missing\")", "(\"source_late\",)", _STORY),
    Mutant("what a unit lacks concerns no level", "coverage_missing", _FIND_NUMBERS, "facts, unit=unit, level=_level(connection, unit, period)", "facts, unit=unit", _STORY),
    # a target that turned from met to missed
    Mutant("the last month is not over at its end", "target_missed", f"{_SQL}/alerts/turned.sql", "as a) <= k.known_at", "as a) < k.known_at", _STORY),
    Mutant("a month that is not over counts", "target_missed", f"{_SQL}/alerts/turned.sql", "as a) <= k.known_at", "as a) <= k.known_at + interval '1 month'", _STORY),
    Mutant("met more than a year ago has turned", "target_missed", f"{_SQL}/alerts/turned.sql", "interval '13 months'", "interval '14 months'", _STORY),
    Mutant("met a year ago has not turned", "target_missed", f"{_SQL}/alerts/turned.sql", "interval '13 months'", "interval '12 months'", _STORY),
    Mutant("what was never met has turned", "target_missed", f"{_SQL}/alerts/turned.sql", "m.indicator_code is not null\n        or", "true\n        or", _STORY),
    Mutant("on pace is not met", "target_missed", f"{_SQL}/alerts/turned.sql", "v.status in ('met', 'on_pace') as", "v.status = 'met' as", _STORY),
    Mutant("behind is not missed", "target_missed", f"{_SQL}/alerts/turned.sql", "('met', 'on_pace', 'missed', 'behind')", "('met', 'on_pace', 'missed')", _STORY),
    Mutant("judged by the month alone", "target_missed", f"{_SQL}/alerts/turned.sql", "v.basis = 'year_to_date'", "v.basis = 'period'", _STORY),
    Mutant("restated is well again", "target_missed", f"{_SQL}/alerts/turned.sql", "a.ended_at is null and a.event = 'target_missed'", "a.ended_at is not null and a.event = 'target_missed'", _STORY),
    Mutant("targets of a level are not looked at", "target_missed", f"{_SQL}/alerts/turned.sql", "t.level in ('all', n.level)", "t.level = n.level", _STORY),
    Mutant("missed since the end of the month", "target_missed", _FIND_NUMBERS, "midnight(met.end if met else period.start)", "midnight(period.end)", _STORY),
    # an outlook that names a unit which will miss
    Mutant("whatever the outlook says is told", "outlook_miss", _FIND_NUMBERS, "if not item.is_early_warning or item.level", "if item.level", _STORY),
    Mutant("the district is a unit", "outlook_miss", _FIND_NUMBERS, "item.level == \"all\" or ", "", _STORY),
    Mutant("scopes are units", "outlook_miss", _FIND_NUMBERS, "item.unit_code.startswith(\"level:\") or ", "", _STORY),
    Mutant("the outlook of the month before", "outlook_miss", _FIND_NUMBERS, "\"and period_end <= :d\"", "\"and period_end < :d\"", _STORY),
    Mutant("the outlook of a month that is not over", "outlook_miss", _FIND_NUMBERS, "\"and period_end <= :d\"", "\"and period_start <= :d\"", _STORY),
    Mutant("a year that is over is well again", "outlook_miss", f"{_SQL}/alerts/tell_end.sql", "as integer) < extract", "as integer) < -extract", f"{_NUMBERS}::test_the_outlook_of_a_year_ends_with_the_year"),
    Mutant("an outlook is never well again", "outlook_miss", f"{_SQL}/alerts/tell_end.sql", "as integer) < extract", "as integer) <= extract", _STORY),
    # a restatement
    Mutant("approved is open", "restatement", f"{_SQL}/alerts/restated.sql", "where r.state = 'open'", "where r.state <> 'withdrawn'", _STORY),
    Mutant("withdrawn is open", "restatement", f"{_SQL}/alerts/restated.sql", "where r.state = 'open'", "where r.state <> 'approved'", _STORY),
    Mutant("differences are counted once an indicator", "restatement", f"{_SQL}/alerts/restated.sql", "count(*) as", "count(distinct r.indicator_code) as", _STORY),
    # a publication that waits for approval
    Mutant("each run waits for an approval of its own", "approval_waiting", _NOTIFY, "Trouble(\"approval_waiting\", period.code, now(), facts)", "Trouble(\"approval_waiting\", ti.run_id, now(), facts)", f"{_AIRFLOW}::test_an_approval_is_one_of_its_period_and_ends_with_the_task"),
    Mutant("any task of the closing ends the approval", "approval_waiting", _NOTIFY, " and ti.task_id == \"approval\":", ":", f"{_AIRFLOW}::test_an_approval_is_one_of_its_period_and_ends_with_the_task"),
    Mutant("a rejected approval waits for ever", "approval_waiting", _NOTIFY, "    _end_approval(context)\n    if _was_told", "    if _was_told", f"{_AIRFLOW}::test_an_approval_is_one_of_its_period_and_ends_with_the_task"),
    # the deadline of a run
    Mutant("a run that failed is late", "deadline_passed", _NOTIFY, "if state in (\"success\", \"failed\"):", "if state == \"success\":", f"{_AIRFLOW}::test_a_run_that_is_late_is_told_and_one_that_has_ended_is_not"),
    Mutant("the hours of a deadline are minutes", "deadline_passed", "plugins/cchc/airflow/defaults.py", "interval=timedelta(hours=hours)", "interval=timedelta(minutes=hours)", f"{_AIRFLOW}::test_a_deadline_is_counted_in_hours"),
    Mutant("a second late run is the first", "deadline_passed", _NOTIFY, "Trouble(\"deadline_passed\", f\"{dag_id} {run_id}\"", "Trouble(\"deadline_passed\", dag_id", f"{_AIRFLOW}::test_a_run_that_is_late_is_well_again_when_it_has_ended"),
    Mutant("a late run that goes on is well again", "deadline_passed", _NOTIFY, "run_id=facts[\"run_id\"]) in (\"success\", \"failed\")", "run_id=facts[\"run_id\"]) != \"queued\"", f"{_AIRFLOW}::test_a_run_that_is_late_is_well_again_when_it_has_ended"),
    Mutant("a late run that failed is late for ever", "deadline_passed", _NOTIFY, "run_id=facts[\"run_id\"]) in (\"success\", \"failed\")", "run_id=facts[\"run_id\"]) == \"success\"", f"{_AIRFLOW}::test_a_run_that_is_late_is_well_again_when_it_has_ended"),
    # a run that failed
    Mutant("each failed run is a trouble of its own", "run_failed", _NOTIFY, "return f\"{dag_id} {about or ''} {task}\"", "return f\"{dag_id} {about or ''} {task} {now()}\"", f"{_AIRFLOW}::test_what_failed_is_the_same_trouble_whichever_run_it_was"),
    Mutant("all months fail together", "run_failed", _NOTIFY, "getattr(run, \"partition_key\", None) or ", "", f"{_AIRFLOW}::test_what_failed_is_the_same_trouble_whichever_run_it_was"),
    Mutant("any failure of a blocked source is its block", "run_failed", _NOTIFY, "if isinstance(error, LoadBlocked) and trouble.source", "if trouble.source", f"{_AIRFLOW}::test_only_a_blocked_load_is_told_as_such"),
    Mutant("a failure is told beside the block", "run_failed", _NOTIFY, "trouble.source and _told_as_blocked(trouble.source)", "trouble.source and not _told_as_blocked(trouble.source)", f"{_AIRFLOW}::test_a_class_of_error_has_its_advice"),
    Mutant("the success of a task ends nothing", "run_failed", _NOTIFY, "subjects = {_subject(context, task), _subject(context, WHOLE_RUN)", "subjects = {_subject(context, WHOLE_RUN)", f"{_AIRFLOW}::test_a_task_that_succeeds_ends_what_was_told_of_it"),
    # a publication
    Mutant("what was published is never over", "published", _STATE, "event in ('published', 'process_restarted')", "event in ('restatement')", f"{_NUMBERS}::test_a_publication_is_told_once_and_has_no_end"),
    Mutant("what nobody has heard yet is over", "published", _STATE, "d.alert_id = a.alert_id and d.sent_at is null)", "d.alert_id = a.alert_id and d.tries > 9)", f"{_NUMBERS}::test_a_publication_is_told_once_and_has_no_end"),
    Mutant("published is well again", "published", f"{_SQL}/alerts/tell_end.sql", "a.event not in ('published', 'process_restarted') and ", "", f"{_NUMBERS}::test_a_publication_is_told_once_and_has_no_end"),
    # a process that was started again
    Mutant("what was started again is open for ever", "process_restarted", _STATE, "event in ('published', 'process_restarted')", "event in ('published')", f"{_STARTED_AGAIN}::test_one_message_and_then_one_an_hour"),
    Mutant("what was started again is well again", "process_restarted", f"{_SQL}/alerts/tell_end.sql", "a.event not in ('published', 'process_restarted') and ", "a.event <> 'published' and ", f"{_STARTED_AGAIN}::test_one_message_and_then_one_an_hour"),
    Mutant("each start is told at once", "process_restarted", _RESTARTS, "allowed = [each for each in news if moment >= self._next.get(each.name, moment)]", "allowed = news", f"{_STARTED_AGAIN}::test_a_mail_server_that_is_away_loses_nothing"),
    Mutant("a new keeper knows of no message", "process_restarted", _RESTARTS, "any(0 <= moment - _seconds(entry.told) < PAUSE_SECONDS for", "any(moment < 0 for", f"{_STARTED_AGAIN}::test_one_message_and_then_one_an_hour"),
    Mutant("nothing waits for what ends with it", "process_restarted", _RESTARTS, "moment - self._seen[each.name] >= GATHER_SECONDS", "moment >= self._seen[each.name]", f"{_STARTED_AGAIN}::test_one_message_and_then_one_an_hour"),
    Mutant("what nobody has heard is told", "process_restarted", _RESTARTS, "        if code == TOLD:\n", "        if code in (TOLD, NOBODY):\n", f"{_STARTED_AGAIN}::test_without_a_mail_server_the_log_and_doctor_say_so"),
    Mutant("what was lost is told", "process_restarted", _RESTARTS, "if told.sent or (is_kept and told.undelivered) else NOT_TOLD", "if told.sent or told.undelivered else NOT_TOLD", f"{_STARTED_AGAIN}::test_a_mail_server_that_is_away_loses_nothing"),
    Mutant("a look waits for the mail server", "process_restarted", _RESTARTS, "        self._running = (process, news, self.clock())\n", "        self._running = (process, news, self.clock())\n        process.wait(10)\n", f"{_STARTED_AGAIN}::test_what_hangs_or_cannot_be_started_does_not_keep_the_keeper"),
    Mutant("what hangs is left", "process_restarted", _RESTARTS, "if code is None and self.clock() - since < LONGEST_SECONDS:", "if code is None:", f"{_STARTED_AGAIN}::test_what_hangs_or_cannot_be_started_does_not_keep_the_keeper"),
    # a recipient that could not be told
    Mutant("it is told that it cannot be told", "undelivered", _STATE, "alert[\"event\"] == \"undelivered\" and alert[\"subject\"] == recipient.name", "alert[\"event\"] == \"undelivered\" and alert[\"subject\"] != recipient.name", _LOST),
    Mutant("a lost message about lost messages counts", "undelivered", f"{_SQL}/alerts/undelivered.sql", " and a.event <> 'undelivered'", "", _WELL_BEFORE),
    Mutant("lost at the first try is not lost", "undelivered", f"{_SQL}/alerts/undelivered.sql", "d.tries > 0", "d.tries > 1", _LOST),
    # kept and sent later
    Mutant("lost is sent", "kept and sent later", _TELL, "problem, is_sent = str(error), False", "problem, is_sent = str(error), True", _LOST),
    Mutant("a mail that some have got is sent again", "kept and sent later", _TELL, "            problem = str(error)\n        except CchcError", "            problem, is_sent = str(error), False\n        except CchcError", f"{_SOURCES}::test_a_mail_that_one_address_refuses_is_not_sent_twice"),
    Mutant("what is well is told all the same", "kept and sent later", _STATE, "and sent_at is null and kind <> 'ended'", "and sent_at is null and kind = 'ended'", _WELL_BEFORE),
    Mutant("what waits for nobody waits for ever", "kept and sent later", _STATE, "where sent_at is null and not recipient = any(:known)\"), {\"known\": list(rules.recipients)}", "where sent_at is null and recipient = ''\"), {\"known\": list(rules.recipients)}", _WHOM),
    # grouped
    Mutant("a message for each file", "grouped", _TELL, "setdefault((item.recipient, item.event, item.kind), [])", "setdefault((item.recipient, item.event, item.trouble.subject), [])", _MANY),
    Mutant("news among the reminders", "grouped", _TELL, "setdefault((item.recipient, item.event, item.kind), [])", "setdefault((item.recipient, item.event, \"\"), [])", _REMINDER),
    Mutant("25 items in a message", "grouped", _WORDS, "MOST_ITEMS = 20", "MOST_ITEMS = 25", _MANY),
    # told once
    Mutant("a second alert while one is open", "told once", _STATE, "is_waiting\"]):\n                continue\n            if before is None:", "is_waiting\"]):\n                continue\n            if before is None or again is not None:", _BLOCKED),
    Mutant("what waits is noted again", "told once", _STATE, " or (before is not None and before[\"is_waiting\"])", "", _LOST),
    Mutant("who was told is not looked at", "told once", f"{_SQL}/alerts/to_tell.sql", "d.kind in ('opened', 'reminder')", "d.kind in ('reminder', 'ended')", _BLOCKED),
    # reminded
    Mutant("reminded an hour later", "reminded", _STATE, "moment - before[\"last_sent_at\"] >= again", "moment - before[\"last_sent_at\"] > again", _REMINDER),
    Mutant("reminded each hour once it was reminded", "reminded", f"{_SQL}/alerts/to_tell.sql", "max(d.sent_at)", "min(d.sent_at)", _REMINDER),
    Mutant("reminded without a rule", "reminded", _STATE, "elif again is not None and moment - before[\"last_sent_at\"] >= again:", "elif again is None or moment - before[\"last_sent_at\"] >= again:", f"{_SOURCES}::test_a_column_that_is_gone"),
    # well again
    Mutant("well again each hour", "well again", f"{_SQL}/alerts/tell_end.sql", "e.recipient = d.recipient and e.kind = 'ended'", "e.recipient = d.recipient and e.kind = 'reminder'", _BLOCKED),
    Mutant("what is found again is well again", "well again", _STATE, "(row[\"event\"], row[\"subject\"]) not in still", "(row[\"event\"], row[\"subject\"]) in still", _BLOCKED),
    Mutant("well again since it began", "well again", _WORDS, "{item.ended_at.astimezone(ZONE):%d/%m/%Y %H:%M}", "{item.trouble.since.astimezone(ZONE):%d/%m/%Y %H:%M}", _LATE),
    Mutant("what is well must still be mended", "well again", _WORDS, "if first.kind != ENDED:", "if first.kind != REMINDER:", _BLOCKED),
    Mutant("every reported trouble ends with one", "well again", _STATE, "where event = :e and subject = :s and ended_at is null", "where event = :e and ended_at is null", _REPORTED),
    # who is told
    Mutant("units do not count", "who is told", _RULES, ", (rule.units, unit)", "", _HOLDS),
    Mutant("levels do not count", "who is told", _RULES, ", (rule.levels, level)]", "]", _HOLDS),
    Mutant("sources do not count", "who is told", _RULES, ", (rule.sources, source)", "", _HOLDS),
    Mutant("one condition is enough", "who is told", _RULES, "return all(allowed is None or value in allowed", "return any(allowed is None or value in allowed", _HOLDS),
    Mutant("the unit of an alert is forgotten", "who is told", _STATE, "alert[\"source_code\"], alert[\"unit_code\"], alert[\"level\"]", "alert[\"source_code\"], None, alert[\"level\"]", _WHOM),
    Mutant("the level of an alert is forgotten", "who is told", _STATE, "alert[\"source_code\"], alert[\"unit_code\"], alert[\"level\"]", "alert[\"source_code\"], alert[\"unit_code\"]", _WHOM),
    Mutant("the source of an alert is forgotten", "who is told", _STATE, "alert[\"source_code\"], alert[\"unit_code\"], alert[\"level\"]", "None, alert[\"unit_code\"], alert[\"level\"]", _WHOM),
    Mutant("a new recipient hears only what is new", "who is told", _STATE, "is_itself or recipient.name not in reachable", "is_itself or (before is None and any(one == alert_id for one, _ in told)) or recipient.name not in reachable", _WHOM),
    Mutant("without a connection it waits", "who is told", _STATE, "recipient.name not in reachable or ", "", _WHOM),
    Mutant("everybody reads English", "who is told", _TELL, "render(group, rules.recipients[name].language, links)", "render(group, \"en\", links)", _BLOCKED),
    # the webhook
    Mutant("a webhook without its subject", "webhook", _DELIVER, "json={\"text\": f\"{subject}\\n\\n{text}\"}", "json={\"text\": text}", _BLOCKED),
    Mutant("a form instead of JSON", "webhook", _DELIVER, "json={\"text\": f\"{subject}\\n\\n{text}\"}", "data={\"text\": f\"{subject}\\n\\n{text}\"}", _BLOCKED),
    Mutant("a webhook that refuses has heard", "webhook", _DELIVER, "if not answer.ok:", "if answer.status_code in (401, 403, 404):", _LOST),
    Mutant("the secret of a webhook in its refusal", "webhook", _DELIVER, "answered {answer.status_code}", "answered {answer.status_code} at {answer.url}", _LOST),
    Mutant("the secret of a webhook that is away", "webhook", _DELIVER, "does not answer: {type(error).__name__}", "does not answer: {error}", f"{_SOURCES}::test_a_webhook_that_is_away_gives_no_secret_away"),
    Mutant("the port of a webhook is forgotten", "webhook", _DELIVER, "port = f\":{parts['port']}\" if parts[\"port\"] else \"\"", "port = \"\"", f"{_SOURCES}::test_a_webhook_in_the_parts_of_a_connection"),
    # the e-mail
    Mutant("only the first address", "e-mail", _DELIVER, "recipient.addresses, subject, text", "recipient.addresses[:1], subject, text", f"{_SOURCES}::test_a_mail_that_one_address_refuses_is_not_sent_twice"),
    Mutant("a mail without its text", "e-mail", _MAIL, "message.attach(MIMEText(text, \"plain\", \"utf-8\"))", "message.attach(MIMEText(subject, \"plain\", \"utf-8\"))", _BLOCKED),
    Mutant("the link leads to no load", "e-mail", _WORDS, "return links.load(facts[\"load_id\"]) if facts[\"load_id\"] is not None else", "return", _BLOCKED),
    Mutant("the link leads to the whole district", "e-mail", _WORDS, "View(period=facts[\"period\"], scope=facts[\"unit\"])", "View(period=facts[\"period\"])", _STORY),
    Mutant("no link without one in the facts", "e-mail", _WORDS, "    if links is None:\n", "    if links:\n", _BLOCKED),
    Mutant("the words of the event hide those of the trouble", "e-mail", _WORDS, "first.trouble.facts.get(f'do_{language}') or _filled", "_filled", _REPORTED),
    Mutant("who must act is always the operator", "e-mail", _WORDS, "{facts.get('who') or words.who}", "{words.who}", _BLOCKED),
    Mutant("what to do names no source", "e-mail", _WORDS, "\" \".join(sources) or \"SOURCE\"", "\"SOURCE\"", _LATE),
    Mutant("a reason without an end", "e-mail", _WORDS, "MOST_CHARACTERS = 1000", "MOST_CHARACTERS = 100000", _REPORTED),
    # nobody is told
    Mutant("whoever could not be told was told", "nobody is told", _REACH, "last[\"problem\"] is None)", "last[\"problem\"] is not None)", _SILENT),
    Mutant("some recipient is not everybody", "nobody is told", _REACH, "if not any(problems[recipient.name] is None", "if not all(problems[recipient.name] is None", _SILENT),
    Mutant("five hours without a look are none", "nobody is told", _REACH, "timedelta(hours=3)", "timedelta(hours=5)", f"{_WHO}::test_doctor_says_that_nothing_is_looked_for"),
)  # fmt: skip


def with_defect(mutant: Mutant, project: Path = PROJECT) -> str:
    """The text of its file with the defect. Raises AssertionError where what it changes does not stand there exactly once."""
    sound = (project / mutant.file).read_text(encoding="utf-8")
    assert sound.count(mutant.old) < 2, (
        f"{mutant.file} says {mutant.old!r} {sound.count(mutant.old)} times: make it one place in the list of defects"
    )
    return planted(sound, mutant.file, mutant.old, mutant.new)
