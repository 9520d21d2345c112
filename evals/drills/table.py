"""The twenty-five faults: what must hold, what shows it, and what whoever meets one sees.

python -m evals.drills --table      the table as it stands in docs/faults.md
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evals.drills import breaking, chroma, reading, serving, soaking

Run = Callable[[Path, bool], str]


@dataclass(frozen=True, slots=True)
class Row:
    """One fault. `tests` are pytest's names without "tests/test_" and ".py"."""

    number: int
    fault: str
    holds: str  # of the invariants I1 to I5
    seen: str
    tests: tuple[str, ...] = ()
    drills: tuple[Run, ...] = ()

    def as_line(self) -> str:
        """The row in Markdown."""
        shown = [f"drill `{drill.__name__}`" for drill in self.drills]
        shown += [f"`{name}`" for name in self.tests]
        cells = (str(self.number), self.fault, self.holds, "<br>".join(shown), self.seen)
        return f"| {' | '.join(cells)} |"


def table() -> str:
    """All rows in Markdown."""
    head = "| # | Fault | Holds | Shown by | What is seen |\n|--:|---|---|---|---|"
    return "\n".join([head, *(row.as_line() for row in ROWS)])


def _soak(folder: Path, few: bool) -> str:
    return soaking.soak(folder, 3.0 if few else 10.0)


_soak.__name__ = "soak"

ROWS = (
    Row(
        1, "kill -9 during ingestion, at fifty random moments", "I2 I3 I5",
        "nothing: the old index answers, the same command finishes the work",
        ("ingest_crash::test_fifty_kills",),
    ),
    Row(
        2, "kill -9 while Chroma saves its graph", "I3 I5",
        "nothing: the unfinished folder is removed by the next run",
        drills=(breaking.killed_in_chroma,),
    ),
    Row(
        3, "kill -9 before each operation on the data folder, around the switch too", "I2 I3 I5",
        "nothing; no scratch stays", ("rag_generation::test_a_scratch_folder_is_no_generation",),
        (breaking.killed_anywhere,),
    ),
    Row(
        4, "each file of a generation cut, changed or deleted", "I1 I5",
        "a note that an older index answers; `doctor` names the file, `doctor --rebuild` heals it",
        (
            "faults_damage::test_damage_to_any_file_of_ours_is_named_and_the_generation_before_answers",
            "faults_damage::test_damage_to_a_saved_graph_is_named",
            "faults_damage::test_rebuilding_heals_all_of_it_at_once_without_a_model",
            "faults_damage::test_a_big_generation_is_read_whole_by_the_probe",
            "faults_damage::test_a_file_that_grows_without_end_is_stopped_in_the_probe",
        ),
        (chroma.damaged_anywhere,),
    ),
    Row(
        5, "Chroma's segment folder deleted, its count still right", "I1",
        "`doctor` and `/health/ready` say so; the exact scan answers",
        ("faults_damage::test_a_segment_that_was_deleted_is_noticed_though_the_count_is_right",),
    ),
    Row(
        6, "disk full, at every size", "I1 I2 I3 I5",
        "exit 2 and one sentence; works again when there is room",
        ("ui_cli::test_a_full_disk_is_one_sentence_and_the_old_index_serves",
         "faults_data::test_a_catalog_without_room_keeps_what_was_acknowledged"),
        (breaking.full_disk,),
    ),
    Row(
        7, "each operation on the data folder fails with EIO, in turn; so do writes inside SQLite "
        "and Chroma, at each size of a file", "I1 I3 I5",
        "exit 2 and one sentence", ("faults_data::test_a_failing_disk_is_one_sentence",),
        (breaking.failed_anywhere, breaking.failed_inside),
    ),
    Row(
        8, "two ingestions at once, or a catalog that another program holds", "I1 I3",
        "exit 75 with the other's process id; exit 2 for the other program",
        ("faults_data::test_of_two_ingestions_one_works_and_the_other_names_it",
         "faults_data::test_a_catalog_held_by_another_program_is_one_sentence",
         "ui_cli::test_locked_folder_is_exit_75"),
    ),
    Row(
        9, "ingestion while fifty visitors ask", "I3 I4", "nothing",
        ("ui_live::test_many_threads_over_many_generations_never_meet_a_closed_one",),
        (serving.ingest_under_load,),
    ),
    Row(
        10, "malformed PDFs and files that break their reader", "I1 I4",
        "exit 65; one line for each document, the version before is kept",
        ("ingest_sandbox::test_naughty_file_is_a_sentence_and_the_next_file_is_read",
         "ingest_sandbox::test_hostile_pdfs_are_documents_or_sentences",
         "ingest_walk::test_a_file_that_breaks_keeps_the_version_stored_before"),
        (reading.hostile_files,),
    ),
    Row(
        11, "HTML bombs, endless and slow answers of a server", "I1 I4",
        "one line for the page, with the limit that it broke",
        ("ingest_fetch::test_what_goes_wrong_has_a_reason",
         "ingest_html::test_deep_nesting_is_walked_or_refused"),
    ),
    Row(
        12, "DOCX bombs, pictures linked to local files", "I1 I4",
        "one line for the document; no local file is opened",
        ("ingest_docx::test_zip_bomb_is_refused",
         "ingest_docx::test_picture_linked_to_a_local_file_is_not_opened",
         "ingest_docx::test_billion_laughs_does_not_expand"),
    ),
    Row(
        13, "a source that suddenly holds far less", "I1 I2",
        "exit 2: the run would withdraw too much; `--allow-shrink`",
        ("ingest_walk::test_a_run_that_would_withdraw_too_much_stops",
         "ingest_walk::test_a_folder_that_cannot_be_listed_withdraws_nothing",
         "ingest_web_site::test_most_of_a_site_missing_or_failing_withdraws_nothing",
         "ingest_web_site::test_a_site_that_answers_404_for_everything_withdraws_nothing"),
    ),
    Row(
        14, "embedding out of memory, not a number, of the wrong shape", "I1 I3",
        "smaller batches; else exit 2, and the old index answers",
        ("rag_embed_models::test_a_model_out_of_memory_gets_smaller_batches",
         "rag_embed::test_wrong_shape_and_not_a_number_are_refused",
         "ingest_walk::test_a_model_that_fails_leaves_the_old_index_serving"),
    ),
    Row(
        15, "embedding model missing", "I1",
        "a server answers by words alone, with a note; commands: exit 2, the model is named",
        ("faults_model::test_without_its_model_the_server_answers_by_words_and_says_so",
         "faults_model::test_with_the_next_index_the_model_is_tried_again",
         "faults_model::test_without_its_model_commands_that_need_it_refuse",
         "faults_model::test_a_slip_in_the_models_name_is_no_reason_to_do_without_it",
         "rag_generation::test_without_vectors_the_words_still_answer"),
    ),
    Row(
        16, "a language model refuses, stalls, breaks off, sends rubbish", "I1 I4",
        "the quotations, with a word about it",
        ("rag_written::test_every_trouble_ends_in_the_quotations_with_a_word_about_it",
         "rag_generate_trouble::test_what_goes_wrong_has_a_kind",
         "rag_generate_trouble::test_a_model_that_falls_silent_is_given_up",
         "rag_generate_trouble::test_nothing_is_tried_again_after_the_first_text"),
    ),
    Row(
        17, "visitors who leave in the middle of an answer", "I4", "nothing",
        ("ui_api_stream::test_a_client_that_leaves_ends_the_work_and_frees_its_turn",),
        (serving.leaving,),
    ),
    Row(
        18, "two hundred questions at once", "I1 I4",
        "429 with Retry-After; the page says when to come back",
        ("ui_public_gate::test_turns_are_bounded_and_go_round_the_addresses",
         "ui_api::test_over_the_limit_is_429_with_the_time_to_wait"),
        (serving.flood,),
    ),
    Row(
        19, "SIGTERM under load", "I1 I4",
        "answers under way finish; the rest are told that the server ends",
        ("ui_api_stream::test_a_server_that_ends_is_not_ready_admits_nobody_and_lets_streams_finish",
         "ui_server::test_server_prints_its_address_and_ends_cleanly"),
        (serving.terminated,),
    ),
    Row(
        20, "the clock jumps by a day, either way", "I3 I5",
        "nothing; after a jump back the limits of a server begin anew",
        ("faults_data::test_a_clock_that_goes_back_replaces_no_generation_that_is_served",
         "faults_data::test_a_clock_that_jumps_leaves_the_limits_standing",
         "faults_data::test_a_clock_that_jumps_leaves_ledger_and_history_readable",
         "ui_public_budget::test_a_new_day_has_a_new_budget"),
    ),
    Row(
        21, "a catalog of an older or newer version, an index of another format or model", "I1 I5",
        "an older one is brought up to date; a newer one is refused with what to do",
        ("faults_upgrade::test_a_catalog_of_each_released_version_is_brought_up_to_date",
         "faults_upgrade::test_a_catalog_of_each_released_version_takes_new_documents",
         "faults_upgrade::test_a_data_folder_of_each_released_version_answers_as_it_did",
         "faults_upgrade::test_each_version_before_todays_has_its_fixtures",
         "faults_upgrade::test_a_newer_catalog_is_refused_by_every_command",
         "rag_generation::test_another_format_is_refused",
         "ui_server::test_an_index_of_another_model_is_a_configuration_error"),
    ),
    Row(
        22, "a data folder that is read-only, a link, a file, of another owner", "I1 I3",
        "exit 2 and one sentence; reading works from a read-only disk",
        ("faults_data::test_a_read_only_disk_is_read_and_not_written",
         "faults_data::test_a_data_folder_of_another_owner_is_one_sentence",
         "faults_data::test_a_data_folder_behind_a_link_is_used_and_a_dangling_one_is_named",
         "ingest_lock::test_a_data_folder_that_is_a_file_is_one_sentence"),
    ),
    Row(
        23, "a segmentation fault in Chroma; a generation deleted under a running server", "I1 I3",
        "`/health/ready` says that the exact scan answers; answers go on",
        ("faults_damage::test_a_probe_that_dies_of_a_segmentation_fault_leaves_the_server_standing",
         "faults_damage::test_a_generation_deleted_under_a_running_server_answers_on_and_the_next_is_noticed",
         "ui_live::test_chroma_that_fails_while_serving_is_left_for_the_exact_scan",
         "ui_answering_pool::test_a_worker_killed_mid_answer_fails_its_question_alone_and_is_replaced"),
    ),
    Row(
        24, "a backup taken while others write, restored elsewhere", "I2 I3",
        "the same answers; a damaged or foreign archive restores nothing",
        ("faults_backup::test_a_backup_taken_while_others_write_is_one_state",
         "faults_backup::test_the_sample_collection_answers_the_same_elsewhere",
         "faults_backup::test_an_archive_that_is_not_as_it_was_written_restores_nothing"),
    ),
    Row(
        25, "ten minutes of mixed load", "I4", "nothing: memory and handles stay", drills=(_soak,),
    ),
)  # fmt: skip
