-- The steps have no change time of their own, so the whole table is read each time. Each gets the unit of its dossier.
select
    concat(b.ma, '-', b.so) as ma_buoc,
    b.ma,
    b.luc,
    b.viec,
    h.don_vi
from buoc as b
inner join hoso as h on b.ma = h.ma
where b.viec <> 'nháp :x 100%'
