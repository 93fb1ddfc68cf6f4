-- name: cooccurrence_pairs(window)
-- One row per pair of artists played within the window of each other in one set (first_no <= second_no), and how
-- often. Artists of one slot are no such pair.
select case when k.artist_no < m.artist_no then k.artist_no else m.artist_no end as first_no,
    case when k.artist_no < m.artist_no then m.artist_no else k.artist_no end as second_no,
    count(*) as pairs
from slots as a
join slots as b
    on b.set_no = a.set_no
    and b.position > a.position
    and b.position <= a.position + $window
join credits as k on k.credit_no = a.credit_no
join credits as m on m.credit_no = b.credit_no
group by 1, 2
