-- grain: one value for each call: what to order a Vietnamese text by (under collate "C"); null for null
-- source: the text alone
-- traps: no collation of ICU does it, because the embedded PostgreSQL is built without ICU. The letters decide first (a ă â b c d đ e ê … o ô ơ
--        … u ư …), then the tones (huyền, hỏi, ngã, sắc, nặng), then capitals. cchc.reports.vietnamese.order is the same rule for Python; a
--        test compares the two

create or replace function core.vietnamese_order(words text)
returns text []
language sql immutable parallel safe strict
as $$
select array[
    -- breve, circumflex, horn: letters of their own, after the plain letter; the five tones go
    translate(t.taken_apart, U&'\0306\0302\031B\0300\0309\0303\0301\0323', '{|}'),
    -- the tones, each after no tone
    translate(t.taken_apart, U&'\0300\0309\0303\0301\0323\0306\0302\031B', '①②③④⑤'),
    vietnamese_order.words
]
from (select regexp_replace(lower(normalize(vietnamese_order.words, nfd) collate "C"), '[Đđ]', 'd{', 'g') as taken_apart) as t
$$;
comment on function core.vietnamese_order is 'What a Vietnamese text is ordered by: its letters in the order of the Vietnamese alphabet, then its tones, then itself; use it with collate "C" | Khóa sắp xếp theo thứ tự chữ cái tiếng Việt';
