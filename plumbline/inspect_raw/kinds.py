"""What a look can find: each kind of finding with its gravity and its remedy, in one place."""

from __future__ import annotations

from dataclasses import dataclass

STOPS = "stops"
WRONG = "wrong"
KNOW = "know"


@dataclass(frozen=True)
class Kind:
    """A kind of finding.

    Attributes
    ----------
    gravity : str
        `stops` a night; `wrong`: figures would be wrong or rows left out; `know`: worth knowing.
    """

    name: str
    gravity: str
    title: str
    remedy: str


@dataclass(frozen=True)
class Finding:
    """One finding: what, where, and the figure with the sample it is of."""

    kind: Kind
    where: str
    text: str


KINDS = (
    # -- a night would stop
    Kind(
        "unreadable_file",
        STOPS,
        "Files that cannot be read",
        "land them again, or move them out of the folder",
    ),
    Kind(
        "object_missing",
        STOPS,
        "What a night cannot do without",
        "export that too, or map your own tables: docs/bring-your-own-data.md",
    ),
    Kind(
        "layout_not_read",
        STOPS,
        "Tables in a layout that no model reads",
        "land them as the model expects, or write a model for this layout in models/base/VENDOR",
    ),
    Kind(
        "not_where_read",
        STOPS,
        "Tables where no model looks",
        "move or link the folder, or change external_location in the sources YAML",
    ),
    Kind(
        "empty_table",
        STOPS,
        "Tables without a row",
        "land them again, or leave the vendor out of plumbline.toml",
    ),
    Kind(
        "key_missing",
        STOPS,
        "Tables without their key column",
        "export the key: no other column can take its place",
    ),
    Kind(
        "key_null", STOPS, "Rows without a key", "ask the export why; such rows belong to nothing"
    ),
    # -- figures would be wrong, or rows left out
    Kind(
        "column_missing",
        WRONG,
        "Columns that the contract knows and the files lack",
        "export them; what rests on them is unknown until then",
    ),
    Kind(
        "value_not_of_type",
        WRONG,
        "Values that do not read as the contract's type",
        "mend the export of the column; such a row can be put aside or stop a night",
    ),
    Kind(
        "word_unmapped",
        WRONG,
        "Words that nobody mapped",
        "add a row for each to the seed that is named; until then its rows count less or not",
    ),
    Kind(
        "link_missing",
        WRONG,
        "Rows that name no account",
        "adapt the account_id of the base model (of Zendesk: the var zendesk_account_field), or"
        " fill the field at the vendor",
    ),
    Kind(
        "date_outside",
        WRONG,
        "Dates before 2000 or after 2100",
        "ask the export: they are no dates of this company",
    ),
    Kind(
        "date_unread",
        WRONG,
        "Dates that do not read as ISO dates",
        "export YYYY-MM-DD, or give dateformat in the sources YAML",
    ),
    Kind(
        "key_repeats",
        WRONG,
        "One key on different rows",
        "decide which row counts before anything is summed: one key must be one thing",
    ),
    Kind(
        "nulled_by_sync",
        WRONG,
        "Values that the sync tool itself took out",
        "mend the type in the tool's stream and sync these rows again",
    ),
    Kind(
        "json_broken",
        WRONG,
        "Texts that should be JSON and are not",
        "ask the export; what lies in them cannot be read",
    ),
    Kind(
        "list_cut_off",
        WRONG,
        "Lists of which only the first page came",
        "have the sync fetch the further pages",
    ),
    Kind(
        "files_superseded",
        WRONG,
        "Folders that hold superseded files beside valid ones",
        "export the table as it stands; reading every file counts rows twice",
    ),
    Kind(
        "load_unfinished",
        WRONG,
        "Load packages of dlt that never finished",
        "run the pipeline to its end, or delete their files",
    ),
    Kind(
        "lines_unread",
        WRONG,
        "Lines that do not fit the file",
        "mend quotes and line breaks in the export; such lines are lost or stop a night",
    ),
    Kind(
        "header_missing",
        WRONG,
        "Files without a header",
        "export one, or give names in the sources YAML",
    ),
    Kind(
        "table_stale",
        WRONG,
        "Tables that stopped earlier than the others",
        "look whether this sync still runs",
    ),
    # -- worth knowing
    Kind(
        "rows_repeat",
        KNOW,
        "Rows that landed more than once, all alike",
        "nothing to do: a version counts once",
    ),
    Kind(
        "test_rows",
        KNOW,
        "Rows of test mode",
        "nothing to do: base models of Stripe leave them out",
    ),
    Kind(
        "ids_15_and_18",
        KNOW,
        "Salesforce ids of 15 and of 18 characters",
        "nothing to do: both are one id; a base model of your own reads salesforce_id_18()",
    ),
    Kind(
        "epoch_milliseconds",
        KNOW,
        "Epochs in milliseconds",
        "nothing to do: read by magnitude; a base model of your own uses epoch_to_timestamp()",
    ),
    Kind(
        "deleted_rows",
        KNOW,
        "Rows that the source deleted",
        "nothing to do where the base model reads the mark",
    ),
    Kind(
        "reference_null",
        KNOW,
        "Keys of other tables that are empty",
        "compare with what you expect; a join that broke looks like this",
    ),
    Kind(
        "column_unknown",
        KNOW,
        "Columns that no model reads",
        "nothing to do; the sources YAML names what is read",
    ),
    Kind(
        "columns_differ",
        KNOW,
        "Columns that some files of a table lack",
        "compare with the day on which the export changed",
    ),
    Kind(
        "dialect",
        KNOW,
        "CSV that is not comma, double quote and UTF-8",
        "give these options in read_csv of the sources YAML",
    ),
    Kind(
        "no_read_time",
        KNOW,
        "Tables that do not say when a row was read",
        "known_at must come from the record's own date: docs/bring-your-own-data.md, step 5",
    ),
    Kind(
        "object_not_read",
        KNOW,
        "Tables that no model reads",
        "nothing to do, or map them: docs/bring-your-own-data.md",
    ),
)
BY_NAME = {kind.name: kind for kind in KINDS}


def finding(kind: str, where: str, text: str) -> Finding:
    """A finding of the kind of that name."""
    return Finding(BY_NAME[kind], where, text)
