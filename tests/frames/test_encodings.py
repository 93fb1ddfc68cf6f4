"""Texts that are no Unicode, in the languages of those who keep lists: short ones, mostly ASCII."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from enrich.frames.inputs import decoded

LISTS = {
    "czech": ("cp1250 iso8859_2 cp852 mac_latin2", "Jiří Korn - Žal se odkládá;Kryštof - Křídla z mýdla;Eva - Světová"),
    "slovak": ("cp1250 iso8859_2", "Horkýže Slíže - Líza a Wendy;Hex - Keď sme sami;Lenka - Ľúbim ťa"),
    "polish": ("cp1250 iso8859_2 cp852", "Dawid Podsiadło - Małomiasteczkowy;Maanam - Szał ciał;Ewa - Będę"),
    "hungarian": ("cp1250 iso8859_2", "Omega - Gyöngyhajú lány;Erdős Péter - Őszi idő;Republic - Szállj el kismadár"),
    "romanian": ("cp1250", "Holograf - Să nu-mi iei niciodată dragostea;Paraziţii - În focuri;Delia - Inimi şi îngeri"),
    "croatian": ("cp1250 cp852", "Đorđe Balašević - Ringišpil;Azra - Ako znaš bilo što;Edo Maajka - Znaš me"),
    "turkish": ("cp1254", "Tarkan - Şımarık;Barış Manço - Gülpembe;Teoman - İstanbul'da Sonbahar"),
    "lithuanian": ("cp1257", "Foje - Žmogus nemoka šokti;Andrius - Geltona žalia;Parazyth - Ėjimas į tą pačią upę"),
    "latvian": ("cp1257", "Prāta Vētra - Lidmašīnas;Jumprava - Vēl nav par vēlu;Tumsa - Mēmā dziesma"),
    "german": ("cp1252 mac_roman cp850", "Die Ärzte - Männer sind Schweine;Fünf Sterne - Schneller;Kölsch - Grey"),
    "french": ("cp1252 mac_roman", "Étienne de Crécy - Prix Choc;Zaz - Je veux;Téléphone - Ça c’est vraiment toi"),
    "spanish": ("cp1252 mac_roman", "Señor Coconut - El Baile Alemán;Nati - Hasta la raíz;Pastora - ¿Qué será de ti?"),
    "portuguese": ("cp1252", "João Gilberto - Chega de saudade;Tom Zé - São Paulo;Ana Moura - Você e eu"),
    "nordic": ("cp1252", "Trentemøller - Moan;Röyksopp - Eple;Håkan Hellström - För sent;Sigur Rós - Hoppípolla"),
    "names of the West": ("cp1252", "Beyoncé - Halo;Ñu - Uno;Mylène - Où;Âme - Rej;Kølsch - Grey;Ben Böhmer - Año"),
    "quotes": ("cp1252", "Kool - Don’t Stop;Beta Kid - “Night”;Gamma - Rock ‘n’ Roll;Delta – Dawn;One – We’re Here…"),
    "one name": ("cp1252 mac_roman cp850", "Beyoncé - Halo;Adele - Hello;Moby - Porcelain"),
    "one Polish name": ("cp1250 iso8859_2", "Alpha Kid - Night;Michał Wiśniewski - Sorry;Sade - Paradise"),
    "russian": ("cp1251 koi8_r cp866 mac_cyrillic iso8859_5", "Кино - Группа крови;Земфира - Искала;Alpha - Night"),
    "large letters": ("cp1251 koi8_r cp866 mac_cyrillic", "КИНО - ГРУППА КРОВИ;ДДТ - ЧТО ТАКОЕ ОСЕНЬ;ALPHA - DAY"),
    "ukrainian": ("cp1251 koi8_u mac_cyrillic", "Океан Ельзи - Я їду додому;Скрябін - Старі;Один в каное - Дім"),
    "bulgarian": ("cp1251", "Щурците - Клетва;Лили Иванова - Ветрове;Ъпсурт - 3 в 1"),
    "greek": ("cp1253 iso8859_7", "Μίκης Θεοδωράκης - Ζορμπάς;Γιώργος Νταλάρας - Κόκκινα;Alpha Kid - Day"),
    "hebrew": ("cp1255", "אריק איינשטיין - אני ואתה;שלמה ארצי - תתארו לכם;Alpha - Day"),
    "arabic": ("cp1256", "فيروز - نسم علينا الهوى;أم كلثوم - إنت عمري;Alpha Kid - Day"),
    "thai": ("cp874", "คาราบาว - เมดอินไทยแลนด์;Alpha Kid - Day"),
    "japanese": ("cp932 euc_jp", "電気グルーヴ - 虹;きゃりーぱみゅぱみゅ - つけまつける;Alpha Kid - Day"),
    "chinese": ("gb18030", "崔健 - 一无所有;邓丽君 - 月亮代表我的心;Alpha Kid - Day"),
    "korean": ("euc_kr", "서태지와 아이들 - 난 알아요;아이유 - 좋은 날;Alpha Kid - Day"),
}  # fmt: skip


@pytest.mark.parametrize(("encodings", "names"), LISTS.values(), ids=LISTS.keys())
def test_the_language_tells_the_encoding(encodings: str, names: str) -> None:
    short = "".join(f"{n:02}. {name}\n" for n, name in enumerate(names.split(";"), 1))
    long = "".join(f"{n:02}. {name}\n" for n, name in enumerate([*names.split(";"), "Alpha Kid - Night"] * 40, 1))

    for encoding in encodings.split():
        for text in (short, long):
            assert decoded(text.encode(encoding)) == (text, decoded(text.encode(encoding))[1])
            assert decoded(text.encode(encoding))[1] is not None


@pytest.mark.shared
@pytest.mark.slow
def test_names_of_real_lists_stay_what_they_are(shared_data: Path) -> None:
    table = pl.read_parquet(shared_data / "tracklists.parquet")
    table = table.with_columns(name=pl.concat_str("artist", "title", separator=" - ")).drop_nulls("name")
    right = []
    for text in ("\n".join(names) for names in table.group_by("set_id").agg("name")["name"]):
        try:
            data = text.encode("cp1252")
            data.decode()
        except UnicodeEncodeError:
            continue
        except UnicodeDecodeError:
            right.append(decoded(data)[0] == text)

    assert sum(right) >= 0.985 * len(right)
    assert len(right) > 600
