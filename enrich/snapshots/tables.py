"""Which Postgres tables a snapshot holds, and the columns the marts rely on with the type they are given there.

Installations differ: a table or column that is not `REQUIRED` may be missing and then reads as empty or null.
"""

from __future__ import annotations

#: Kind of the columns that tables are joined by: uuid where all of an installation's are, else varchar.
KEY = "key"

#: Table → column → DuckDB type in staging. Order of the tables is the order of reading: first what tells the names of
#: tracks (`NAMING`), so that titles are parsed while the rest is read.
STAGED: dict[str, dict[str, str]] = {
    "artists": {"id": KEY, "name": "varchar", "aliases": "varchar[]", "created_at": "timestamptz"},
    "track_artists": {"track_id": KEY, "artist_id": KEY, "role": "varchar", "position": "integer"},
    "albums": {"id": KEY, "label": "varchar", "release_date": "date"},
    "tracks": {
        "id": KEY, "title": "varchar", "isrc": "varchar", "duration_ms": "bigint", "release_date": "date",
        "label": "varchar", "record_label": "varchar", "artist_name": "varchar", "mashup_components": "json",
        "is_mashup": "boolean", "metadata": "json",
        "created_at": "timestamptz", "updated_at": "timestamptz",
    },
    "enrichment_status": {
        "track_id": KEY, "status": "varchar", "last_attempt": "timestamptz", "retry_count": "integer",
        "error_message": "varchar", "is_retriable": "boolean", "retry_after": "timestamptz",
    },
    "album_tracks": {"album_id": KEY, "track_id": KEY},
    "performers": {"id": KEY, "name": "varchar", "artist_id": KEY},
    "setlists": {
        "id": KEY, "performer_id": KEY, "set_date": "timestamptz", "source": "varchar",
        "is_complete": "boolean", "metadata": "json",
    },
    "setlist_tracks": {
        "setlist_id": KEY, "track_id": KEY, "position": "integer", "is_id": "boolean", "id_text": "varchar",
    },
    "playlists": {
        "id": KEY, "name": "varchar", "source": "varchar", "curator": "varchar", "metadata": "json",
        "created_at": "timestamptz",
    },
    "playlist_tracks": {"playlist_id": KEY, "track_id": KEY, "position": "integer"},
    "enrich_attempts": {"track_id": KEY, "command": "varchar", "attempted_at": "timestamptz"},
}  # fmt: skip

#: What names of artists, labels and titles are made from.
NAMING = ("artists", "track_artists", "albums", "tracks")

#: Without these there is nothing to resolve.
REQUIRED: dict[str, tuple[str, ...]] = {
    "artists": ("id", "name"),
    "tracks": ("id", "title"),
    "track_artists": ("track_id", "artist_id"),
    "enrichment_status": ("track_id", "status"),
}
