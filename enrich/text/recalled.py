"""What was read of a text is kept: a job asks for the same titles and credits in every round and every hidden world."""

from collections.abc import Callable

import polars as pl


def recalled(read: Callable[[pl.Series], pl.DataFrame], *, on: str) -> Callable[[pl.Series], pl.DataFrame]:
    """`read`, which makes rows of distinct texts, each by itself and with it in column `on`, asked no text twice.

    The rows are those of the distinct texts, in their order; of a few thousand texts they are kept.
    """
    kept: list[pl.DataFrame] = []

    def again(texts: pl.Series) -> pl.DataFrame:
        asked = texts.rename(on).drop_nulls().unique(maintain_order=True).to_frame()
        known, rows = kept or (asked.clear(), None)
        new = asked.join(known, on=on, how="anti", maintain_order="left")
        if rows is None or new.height:
            made = read(new[on])
            known, rows = pl.concat([known, new]), made if rows is None else pl.concat([rows, made])
            # Threads that read at once keep what the last of them has read.
            kept[:] = [known, rows] if known.height <= 20_000 else []
        return asked.join(rows, on=on, maintain_order="left_right").select(rows.columns)

    return again
