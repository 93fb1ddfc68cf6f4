"""Every number that is a rule, once, with where it comes from. SQL receives them as parameters.

*Specification* is the user's description of the system; *measured* names the command that prints the figure. A number
that only tunes how one module works (a page size, a time-out) stays with that module.
"""

from collections.abc import Mapping

# ── Requests ────────────────────────────────────────────────────────────────────────────────────────────────────────
#: Tracks one command or request may ask for (specification: `limit`).
MIN_LIMIT, MAX_LIMIT = 1, 10_000

# ── Files given by others ───────────────────────────────────────────────────────────────────────────────────────────
#: Bytes of one file, unpacked, that are read at once (ours: 200 times the largest real one, and what 4 GiB can hold).
MAX_FILE_BYTES = 1 << 30
#: A gzip that unpacks to more than this many times its size is none of a table (tables: 3–30; the most it can: 1,032).
MAX_UNPACKING = 200
#: Values (rows × columns) of one Parquet file that are read at once (ours: 25 million slots of eight columns).
MAX_VALUES = 200_000_000

# ── Importing ───────────────────────────────────────────────────────────────────────────────────────────────────────
#: A file with this share of its rows and those a known set has around them is the whole set: what it lacks at
#: the ends is gone too. (Ours: second listings cut off by a site have 0.2–0.6, edited ones 0.8 and more.)
WHOLE_LISTING = 0.7
#: Two sets of one name that share less than this of the shorter one's recordings are two sets. (Ours: edited listings
#: share 0.7 and more, sets of different nights at most 0.2.)
SAME_SET = 0.3

# ── Tier 0: labels ──────────────────────────────────────────────────────────────────────────────────────────────────
#: Below this a label is no find (specification: Label Hunter).
LABEL_FLOOR = 0.60
#: What a label in a title is worth (specification: 0.60–0.70): `[Label]` and `(Label)`, known to the database or not.
SQUARE_KNOWN, SQUARE_UNKNOWN, ROUND_KNOWN, ROUND_UNKNOWN = 0.70, 0.65, 0.65, 0.60
#: How well each service keeps its labels (specification for the shops; an open source counts as a shop of its kind).
RELIABILITY: Mapping[str, float] = {
    "beatport": 0.95,
    "juno": 0.90,
    "traxsource": 0.85,
    "musicbrainz": 0.90,
    "deezer": 0.85,
    "discogs": 0.85,
}
#: For a source nobody has rated.
UNRATED = 0.80
#: The least match of a release found with the track asked for.
MATCH_FLOOR = 0.60

# ── Tier 1: the database itself ─────────────────────────────────────────────────────────────────────────────────────
#: Artist–label association: what title and share of the label count for, and the range of its confidence.
ASSOCIATION_TITLE, ASSOCIATION_SHARE = 0.7, 0.3
ASSOCIATION_MIN, ASSOCIATION_MAX = 0.60, 0.80
#: A mashup of which all components were found.
MASHUP_CONFIDENCE = 0.90
#: What the database's own track of an artist and title is worth: as much as an open source.
DATABASE_CONFIDENCE = 0.90

# ── Tier 2: co-occurrence ───────────────────────────────────────────────────────────────────────────────────────────
#: Plays this far before and after an unknown are its context (specification).
WINDOW = 2
#: `P(artist) = 0.5 × occurrence + 0.3 × label + 0.2 × dj`; position adds to the order alone (specification).
OCCURRENCE_WEIGHT, LABEL_WEIGHT, DJ_WEIGHT, POSITION_WEIGHT = 0.5, 0.3, 0.2, 0.1
#: The specification's gate of a proposal.
GATE_PROBABILITY, GATE_SETS = 0.60, 2
#: Candidates kept for one unknown (contract of `rank-artists`).
MAX_RANK = 50
#: From here on an answer counts as sure where answers are counted (the policy's own line is its own).
SURE = 0.90

# ── Cool-down ───────────────────────────────────────────────────────────────────────────────────────────────────────
#: A track `in_progress` for longer belongs to a run that crashed (ours: the longest run takes a tenth of it).
STUCK_HOURS = 6
#: Retries a track gets before it counts as permanently failed (specification).
MAX_ATTEMPTS = 5
#: Days (specification): the base, the longest wait, the first exponential one, with a label, and of a young track.
BASE_DAYS, MAX_WAIT_DAYS, EXPONENTIAL_START_DAYS, WITH_LABEL_DAYS, YOUNG_DAYS = 90, 365, 30, 60, 45
#: A track is young for so many days.
YOUNG_AGE_DAYS = 30
#: An adaptive wait grows by this share of itself with every attempt.
ADAPTIVE_STEP = 0.5
#: The strategy where none is named.
DEFAULT_STRATEGY = "adaptive"
#: What the queue recovers (specification): percent of its tracks, and from and to how many days.
PROJECTED_PERCENT, PROJECTED_DAYS = (15.0, 25.0), (182, 365)

# ── Policy and audit ────────────────────────────────────────────────────────────────────────────────────────────────
#: How sure a lower bound of a precision is, one-sided (ours; what twenty right of twenty say is 0.86).
BOUND_LEVEL = 0.95
#: What the lower bound of the precision of an accepted set must reach (design: precision before recovery).
ACCEPT_PRECISION = 0.95
#: What is measured to be right less often is not worth a reviewer's time (ours).
PROPOSAL_FLOOR = 0.10
#: A proposal that another one of this confidence contradicts is for a person (ours).
CONTESTED = 0.50
#: Proposals drawn for an audit (design).
AUDIT_SIZE = 20
#: Seconds a decision takes a person who reads the evidence (ours; for telling how long a review takes).
DECISION_S = 15
