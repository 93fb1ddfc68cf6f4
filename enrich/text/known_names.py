"""Names that look like two credits and are one act: what is known where a text stands alone. Written by hand.

A database's own artists and what its credits show (`credits.learn_names`) come on top, and decide first in an import.
"""

from __future__ import annotations

#: Acts whose name holds `&`, `and`, `,`, `+`, `x` or `vs`. Spelling is free: they are compared by artist key.
COMPOUND_NAMES = frozenset(
    {
        # trance, house, techno
        "Above & Beyond", "Aly & Fila", "Gabriel & Dresden", "Kyau & Albert", "Kyau vs. Albert", "Blank & Jones",
        "Super8 & Tab", "Solis & Sean Truby", "Myon & Shane 54", "Remy & Roland Klinkenberg", "Filo & Peri",
        "Dimitri Vegas & Like Mike", "Sunnery James & Ryan Marciano", "Merk & Kremont", "Axwell & Ingrosso",
        "Axwell Λ Ingrosso", "Sultan & Shepard", "Sultan & Ned Shepard", "Lucas & Steve", "Pig & Dan",
        "Layo & Bushwacka!", "Kruder & Dorfmeister", "Wolf & Lamb", "Chus & Ceballos", "Prok & Fitch", "Prok | Fitch",
        "Block & Crown", "Catz 'n Dogz", "Smith & Hack", "Smith & Mighty", "Smith & Pledger", "Stone & Van Linden",
        "Tube & Berger", "Jam & Spoon", "Nalin & Kane", "Nalin & I.N.C.", "Patrice & Friends",
        "Rhythm & Sound", "Matt & Kim",
        # drum and bass, hip hop, soul
        "Chase & Status", "Camo & Krooked", "Ed Rush & Optical", "Calyx & TeeBee", "Optiv & BTK",
        "Drumsound & Bassline Smith", "Fabio & Grooverider", "Kemistry & Storm", "Dom & Roland", "Nice & Smooth",
        "Eric B. & Rakim", "Pete Rock & C.L. Smooth", "Ashford & Simpson", "Sam & Dave", "Ike & Tina Turner",
        "Hall & Oates", "Daryl Hall & John Oates", "McFadden & Whitehead", "Womack & Womack", "Peaches & Herb",
        "Zapp & Roger", "Kool & The Gang", "Sly & The Family Stone", "Sly & Robbie", "Earth, Wind & Fire",
        "Blood, Sweat & Tears", "Tyler, The Creator", "Rae & Christian",
        # rock and pop
        "Simon & Garfunkel", "Crosby, Stills & Nash", "Crosby, Stills, Nash & Young", "Emerson, Lake & Palmer",
        "Peter, Paul & Mary", "Mumford & Sons", "Florence + The Machine", "Echo & The Bunnymen",
        "Siouxsie & The Banshees", "Nick Cave & The Bad Seeds", "Bob Marley & The Wailers", "Of Monsters and Men",
        "Angus & Julia Stone", "Tegan & Sara", "Sonny & Cher", "Captain & Tennille", "Seals & Crofts",
        "Loggins & Messina", "Belle & Sebastian", "Iron & Wine", "Dan + Shay", "Coheed & Cambria", "Chas & Dave",
        "Smith & Thell", "Frost, Pisse & Elend", "Nico & Vinz",
        "Macklemore & Ryan Lewis", "Matisse & Sadko", "Milk & Sugar", "D-Block & S-te-Fan", "Brooks & Dunn",
        "Mel & Kim", "Big & Rich", "Pepsi & Shirlie", "Jack & Jack", "Aly & AJ", "Zager & Evans",
        "Years & Years", "She & Him", "PJ & Duncan", "Up, Bustle & Out", "Medeski, Martin & Wood",
    }
)  # fmt: skip
