"""Artists under several names, as proposals: from credits that say so, and from what DJs play.

    credit_aliases   `X aka Y`, `X pres. Y`, `X (aka Y)` in the credits of tracks and sets
    played_aliases   a name that fills a DJ's sets and is hardly played by anyone else (Eric Prydz plays Pryda)

They carry evidence and a score and are for a person to accept; what is known stands in the database and in
`enrich/text/words.toml`. Pure functions of frames.
"""

import polars as pl

from enrich.cooccurrence.slots import credited_slots, slot_rows
from enrich.text.credits import split_credits
from enrich.text.normalise import artist_key
from enrich.text.words import is_unknown_artist

#: One row per name and further name. `score` 0–1; `source` is credit or played.
ALIASES = pl.Schema(
    {"artist": pl.String, "alias": pl.String, "source": pl.String, "score": pl.Float64, "evidence": pl.String}
)

#: What a played alias must show: share of the DJ's plays, share of its own plays that are the DJ's, sets, recordings.
MIN_SHARE, MIN_EXCLUSIVE, MIN_SETS, MIN_TITLES = 0.05, 0.6, 8, 10

_AKA = r"(?i)^\s*(.+?)\s*[(\[]?\s*\b(?:a\.?k\.?a\.?|also known as)\s+([^()\[\]]+?)\s*[)\]]?\s*$"
_PRES = r"(?i)^\s*(.+?)\s+(?:pres\.?|presents|introducing|introduces)\s+([^()\[\]]+?)\s*$"


def credit_aliases(tracklists: pl.DataFrame) -> pl.DataFrame:
    """ALIASES that credits of tracks and sets spell out; `aka` says so, `pres.` mostly."""
    rows = slot_rows(tracklists)
    credits = pl.concat([rows.select(credit="artist", set_id="set_id"), rows.select(credit="dj", set_id="set_id")])
    found = [
        credits.select("set_id", artist=pl.col.credit.str.extract(rule, 1), alias=pl.col.credit.str.extract(rule, 2))
        .drop_nulls()
        .with_columns(word=pl.lit(word), base=pl.lit(base))
        for rule, word, base in ((_AKA, "aka", 0.9), (_PRES, "pres.", 0.6))
    ]
    pairs = pl.concat(found)
    return (
        pairs.filter(~is_unknown_artist(pl.col(side)) & _is_one_name(pairs[side]) for side in ("artist", "alias"))
        .with_columns(a=artist_key(pl.col.artist), b=artist_key(pl.col.alias))
        .filter(pl.col.a != pl.col.b, pl.col.b != "", pl.col.a != "")
        .sort("artist", "alias")
        .group_by("a", "b", maintain_order=True)
        .agg(pl.col("artist", "alias").first(), pl.col.word.min(), pl.col.base.max(), sets=pl.col.set_id.n_unique())
        .with_columns(
            source=pl.lit("credit"),
            score=1 - (1 - pl.col.base) / pl.col.sets.cast(pl.Float64).sqrt(),
            evidence=pl.format("credited `{} {} {}` in {} sets", "artist", "word", "alias", "sets"),
        )
        .sort(["score", "artist", "alias"], descending=[True, False, False])
        .match_to_schema(ALIASES, extra_columns="ignore")
    )


def played_aliases(tracklists: pl.DataFrame) -> pl.DataFrame:
    """ALIASES that behaviour suggests: a name that fills one DJ's sets (`artist`) and is played by hardly anyone else.

    The score is the geometric mean of exclusiveness and of the share relative to the DJ's most played name; best first.
    """
    rows = slot_rows(tracklists)
    credited = credited_slots(rows)
    dj = rows.select("slot", "set_id", "title", dj_key=artist_key(pl.col.dj), dj="dj").drop_nulls(["dj_key"])
    plays = credited.join(dj, on="slot")
    spelled = credited.group_by("key", "artist").len().sort(["key", "len", "artist"], descending=[False, True, False])
    names = spelled.unique("key", keep="first", maintain_order=True).select("key", alias="artist")
    everywhere = credited.group_by("key").agg(all_plays=pl.len())
    by_dj = plays.group_by("dj_key", "key").agg(
        plays=pl.len(), sets=pl.col.set_id.n_unique(), titles=pl.col.title.n_unique()
    )
    totals = plays.group_by("dj_key").agg(dj_plays=pl.col.slot.n_unique(), dj=pl.col.dj.sort().first())
    scored = (
        by_dj.join(totals, on="dj_key")
        .join(everywhere, on="key")
        .with_columns(share=pl.col.plays / pl.col.dj_plays, exclusive=pl.col.plays / pl.col.all_plays)
        .with_columns(relative=pl.col.share / pl.col.share.max().over("dj_key"))
        .filter(pl.col.dj_key != pl.col.key, pl.col.share >= MIN_SHARE, pl.col.exclusive >= MIN_EXCLUSIVE)
        .filter(pl.col.sets >= MIN_SETS, pl.col.titles >= MIN_TITLES)
    )
    return (
        scored.join(names, on="key")
        .with_columns(
            artist="dj",
            source=pl.lit("played"),
            score=(pl.col.exclusive * pl.col.relative).sqrt(),
            evidence=pl.format(
                "{} of {}'s {} plays are {}, in {} sets, of {} titles; others play {} only {} times",
                "plays", "dj", "dj_plays", "alias", "sets", "titles", "alias", pl.col.all_plays - pl.col.plays,
            ),
        )
        .sort(["score", "artist", "alias"], descending=[True, False, False])
        .match_to_schema(ALIASES, extra_columns="ignore")
    )  # fmt: skip


def propose_aliases(tracklists: pl.DataFrame) -> pl.DataFrame:
    """ALIASES from credits and from behaviour, surest first, each pair once."""
    found = pl.concat([credit_aliases(tracklists), played_aliases(tracklists)])
    return (
        found.with_columns(a=artist_key(pl.col.artist), b=artist_key(pl.col.alias))
        .sort(["score", "artist", "alias"], descending=[True, False, False])
        .unique(["a", "b"], keep="first", maintain_order=True)
        .match_to_schema(ALIASES, extra_columns="ignore")
    )


def _is_one_name(column: pl.Series) -> pl.Series:
    """True where a credit names one artist: of `A & B pres. C` nobody can say who C is."""
    parts = split_credits(column).group_by("row").len().filter(pl.col.len == 1)
    return pl.int_range(len(column), dtype=pl.UInt32, eager=True).is_in(parts["row"].implode())
