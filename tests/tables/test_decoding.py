# ruff: noqa: RUF001 - texts of many alphabets
import codecs
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cartography.errors import CartographyError
from cartography.tables.decoding import text_source
from cartography.tables.encodings import COMMON_ENCODINGS, encoding_name, preview_encodings
from cartography.tables.source import ByteSource
from cartography.tables.table import TableOptions


class _Unseekable(io.BytesIO):
    def seekable(self):
        return False

    def seek(self, *_):
        raise OSError("not seekable")


def source(data, name="t.csv"):
    return ByteSource(f"folder/{name}", name, lambda: _Unseekable(data))


def read(data, encoding=None):
    return text_source(source(data), TableOptions(encoding=encoding)).read()


# Reviews and requests as customers write them, a few accents in each.
SENTENCES = {
    "cp1250": (
        "Zamówiłem buty w rozmiarze czterdzieści, a przyszły za małe",
        "Proszę o szybką odpowiedź w sprawie reklamacji",
        "Książka jest świetna, polecam każdemu",
        "Źle naliczono opłatę za wysyłkę",
    ),
    "iso8859-2": (
        "Żądam zwrotu pieniędzy, bo urządzenie się zepsuło",
        "Paczka dotarła uszkodzona i część rzeczy zginęła",
        "Dziękuję za pomoc, wszystko działa świetnie",
        "Źle naliczono opłatę za wysyłkę",
    ),
    "cp1254": (
        "Kargo çok geç geldi ve kutu ezilmişti",
        "Paramın iadesini istiyorum, ürün bozuk çıktı",
        "İki gün sonra cihaz çalışmaz oldu",
        "Siparişim ne zaman ulaşacak, bir haftadır bekliyorum",
    ),
    "cp1252": (
        "Le colis est arrivé en retard et la boîte était abîmée",
        "L’appareil a cessé de fonctionner après deux jours",
        "Das Buch ist großartig, für alle zu empfehlen",
        "¿Cuándo llegará por fin mi pedido? Ya pasó el año",
    ),
    "mac-roman": (
        "Le colis est arrivé en retard et la boîte était abîmée",
        "L’appareil a cessé de fonctionner après deux jours",
        "Où est ma commande ? Ça fait déjà une semaine",
        "Ce livre est génial, je le conseille à tous",
    ),
    "cp1251": (
        "Посылка пришла поздно, и коробка была повреждена",
        "Прошу вернуть деньги, товар не работает",
        "Еда была холодной, а официант грубым",
    ),
    "koi8-r": (
        "Очень вежливое обслуживание, спасибо",
        "Не могу войти в свой личный кабинет",
        "Когда же придёт мой заказ? Жду уже неделю",
    ),
    "cp866": (
        "Книга замечательная, советую всем",
        "Через два дня прибор сломался",
        "Когда же придёт мой заказ? Жду уже неделю",
    ),
    "cp1253": (
        "Το δέμα ήρθε αργά και το κουτί ήταν χαλασμένο",
        "Πολύ ευγενική εξυπηρέτηση, ευχαριστώ",
        "Άργησε πολύ η παραγγελία μου, πότε θα έρθει επιτέλους",
    ),
    "cp1255": (
        "החבילה הגיעה באיחור והקופסה הייתה שבורה",
        "שירות אדיב מאוד, תודה רבה",
        "המכשיר הפסיק לעבוד אחרי יומיים",
    ),
    "cp1256": (
        "وصل الطرد متأخرا وكانت العلبة مكسورة",
        "خدمة لطيفة جدا، شكرا لكم",
        "توقف الجهاز عن العمل بعد يومين",
    ),
    "cp1257": (
        "Siuntinys atėjo vėlai, o dėžė buvo sulaužyta",
        "Prašau grąžinti pinigus, prekė neveikia",
        "Labai malonus aptarnavimas, ačiū",
        "Kada pagaliau atvyks mano užsakymas, laukiu jau savaitę",
    ),
    "cp932": (
        "荷物が遅れて届き、箱が壊れていました",
        "とても親切な対応でした。ありがとうございます",
        "注文はいつ届きますか。もう一週間待っています",
    ),
    "euc_jp": (
        "荷物が遅れて届き、箱が壊れていました",
        "アカウントにログインできません",
        "素晴らしい本なので、みんなに勧めます",
    ),
    "iso2022_jp": ("荷物が遅れて届き、箱が壊れていました", "二日で機械が故障しました"),
    "gb18030": (
        "包裹来得很晚，盒子已经坏了",
        "服务非常热情，谢谢你们",
        "我的订单什么时候才能到，已经等了一个星期",
    ),
    "big5hkscs": (
        "包裹來得很晚，盒子已經壞了",
        "服務非常熱情，謝謝你們",
        "我的訂單什麼時候才能到，已經等了一個星期",
    ),
    "cp949": (
        "소포가 늦게 도착했고 상자가 부서져 있었습니다",
        "아주 친절한 서비스, 감사합니다",
        "주문한 물건은 언제 오나요? 벌써 일주일째 기다려요",
    ),
    "cp874": ("พัสดุมาช้าและกล่องแตก", "บริการดีมาก ขอบคุณค่ะ", "หนังสือดีมาก แนะนำให้ทุกคน"),
}


def table(sentences, rows=24):
    body = (f'"{sentences[i % len(sentences)]} {i}",{"abc"[i % 3]}\n' for i in range(rows))
    return "text,label\n" + "".join(body)


@pytest.mark.parametrize("encoding", SENTENCES)
@pytest.mark.parametrize("rows", [6, 24])
def test_natural_texts_are_read_in_their_encoding(encoding, rows):
    text = table(SENTENCES[encoding], rows)
    found = text_source(source(text.encode(encoding)), TableOptions())
    assert found.read() == text
    assert found.notes == (
        f"t.csv is not UTF-8 and was read as {found.encoding} "
        f"({COMMON_ENCODINGS[found.encoding]}): check its letters, or name another encoding with "
        "--encoding",
    )


@pytest.mark.parametrize(
    "text", ["It’s fine", "He said “no”", "a café", "price £20", "wait…", "one – two", "50 € off"]
)
def test_one_mark_in_an_english_text_is_read_as_windows_wrote_it(text):
    data = f"text,label\n{text},a\nplain,b\n"
    assert read(data.encode("cp1252")) == data


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize(
    "text", ["id,text\n1,cat\n", "id,текст\n1,кошка и соба́ка\n", "id,文\n1,一丁\n"]
)
def test_unicode_with_and_without_its_mark(encoding, text):
    assert read(text.encode(encoding)) == text
    marked = text_source(source(f"\ufeff{text}".encode(encoding)), TableOptions())
    assert (marked.read(), marked.notes) == (text, ())


def test_unicode_without_its_mark_is_noted():
    found = text_source(source("id,text\n1,cat\n".encode("utf-16-le")), TableOptions())
    assert found.notes == ("t.csv was read as UTF-16, although it has no byte order mark",)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le"])
def test_the_mark_at_the_start_is_left_out_and_others_are_counted(encoding):
    joined = "\ufefftext,label\r\na,b\r\n\ufefftext,label\rc,\ufeffd\n"
    found = text_source(source(joined.encode(encoding)), TableOptions())
    expected = joined[1:]
    assert found.inner_marks == 2
    assert found.read() == expected
    assert "".join(found.open()) == expected
    with found.open() as stream:
        assert "".join(iter(lambda: stream.read(1), "")) == expected
    assert read(b"\xef\xbb\xbf" * 3) == ""


def test_line_ends_stay_as_they_are_and_lines_can_be_read_twice():
    found = text_source(source(b"a\r\nb\rc\nd"), TableOptions())
    for _ in range(2):
        assert list(found.open()) == ["a\r\n", "b\r", "c\n", "d"]


@pytest.mark.parametrize(
    ("name", "known"),
    [("UTF8", "utf-8"), ("windows-1250", "cp1250"), ("Latin-1", "iso8859-1"), ("ISO-8859-2",) * 2],
)
def test_encodings_under_the_names_that_people_use(name, known):
    assert encoding_name(name) == codecs.lookup(known).name


def test_the_named_encoding_decides():
    data = table(SENTENCES["iso8859-2"]).encode("iso8859-2")
    found = text_source(source(data), TableOptions(encoding="cp1252"))
    assert (found.encoding, found.notes) == ("cp1252", ())
    assert found.read() == data.decode("cp1252")
    for name in ("utf-16", "UTF-16LE"):
        assert read("a,ж\n".encode("utf-16-le"), name) == "a,ж\n"
    assert read("a,ж\n".encode("utf-16-be"), "utf-16") == "a,ж\n"
    assert read("\ufeffa,ж\n".encode("utf-16-be"), "utf-16") == "a,ж\n"


@pytest.mark.parametrize(
    "name", ["no-such", "zip", "rot13", "punycode", "unicode_escape", "\0", ""]
)
def test_an_unknown_encoding_is_refused_with_common_ones(name):
    with pytest.raises(CartographyError, match=r"is not known; give one such as utf-8, utf-16"):
        encoding_name(name)


REFUSED = {
    "binary": (
        b"text,label\nab\0\1,c\n",
        None,
        "folder/t.csv contains NUL bytes, so it is not a text file; save it as UTF-8 "
        "(the first is in line 2)",
    ),
    "binary and no UTF-8": (
        b"a\n\xff\n\0\xff",
        None,
        "folder/t.csv contains NUL bytes, so it is not a text file; save it as UTF-8 "
        "(the first is in line 3)",
    ),
    "a line of another encoding": (
        "text\ncafé\r\nthé\r\n".encode() + b"caf\xe9\n",
        None,
        "folder/t.csv, line 4 is not UTF-8, unlike the rest of the file; fix that line and save "
        "the file as UTF-8",
    ),
    "cut UTF-16": (
        b"\xff\xfet\0\n\0e",
        None,
        "folder/t.csv starts with the byte order mark of UTF-16 but is not valid: truncated data "
        "in line 2; save it as UTF-8",
    ),
    "another encoding than named": (
        b"a\nb\nc\x81\n",
        "cp1252",
        "folder/t.csv is not cp1252: character maps to <undefined> in line 3; name another "
        "encoding with --encoding, or none to have it guessed",
    ),
    "UTF-8 by name": (
        b"a\rb\r\nc\xe9\n",
        "utf-8",
        "folder/t.csv is not utf-8: invalid continuation byte in line 3; name another encoding "
        "with --encoding, or none to have it guessed",
    ),
}


@pytest.mark.parametrize(("data", "encoding", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_decoded_is_refused_by_its_line(data, encoding, message):
    with pytest.raises(CartographyError) as refusal:
        read(data, encoding)
    assert str(refusal.value) == message


def test_a_file_that_changes_after_it_was_checked_is_refused():
    contents = [b"a\n", b"a\nb\xff"]
    changing = ByteSource("t.csv", "t.csv", lambda: io.BytesIO(contents[0]))
    found = text_source(changing, TableOptions())
    del contents[0]
    message = r"t.csv is not utf-8: invalid start byte in line 2; name its encoding"
    with pytest.raises(CartographyError, match=message):
        list(found.open())
    with pytest.raises(CartographyError, match=message):
        found.read()


def test_limits_are_checked_while_reading(monkeypatch):
    monkeypatch.setenv("CARTOGRAPHY_MAX_CELL", "10")
    monkeypatch.setenv("CARTOGRAPHY_MAX_CHARACTERS", "150")
    found = text_source(source(b"short\n" + b"x" * 200), TableOptions())
    with pytest.raises(CartographyError, match=r"line 2 has more than 100 characters: is it the"):
        list(found.open())
    with pytest.raises(CartographyError, match=r"folder/t.csv has 206 characters in all, but at"):
        found.read()


def test_a_preview_shows_the_lines_that_differ():
    text = "text,label\nplain,a\nzażółć,a\n" + "x" * 400 + "\ngęślą,b\njaźń,c\n"
    shown = preview_encodings(source(text.encode("iso8859-2")), ["iso8859-2", "cp1252"], lines=2)
    assert shown == {
        "iso8859-2": ["zażółć,a", "gęślą,b"],
        "cp1252": ["za¿ó³æ,a", "gê¶l±,b"],
    }
    assert preview_encodings(source(b"plain"), ["cp1252"]) == {"cp1252": []}
    with pytest.raises(CartographyError, match="'no' is not known"):
        preview_encodings(source(b""), ["no"])


def test_a_preview_keeps_its_lines_in_utf_16():
    data = "текст\nещё\n".encode("utf-16-le")
    assert preview_encodings(source(data), ["utf-16-le"])["utf-16-le"] == ["текст", "ещё"]


def test_every_common_encoding_is_known_under_its_name():
    assert all(encoding_name(name) == name for name in COMMON_ENCODINGS)


@given(st.text(st.characters(exclude_characters="\0\ufeff", exclude_categories=["Cs"])))
def test_all_text_in_utf_8_is_read_as_it_is(text):
    if "\x1b$" not in text:
        assert read(text.encode()) == text


@given(st.binary(max_size=200), st.sampled_from([None, "utf-8", "utf-16", "cp1252", "shift_jis"]))
def test_any_bytes_are_text_or_are_refused_in_one_line(data, encoding):
    try:
        found = text_source(source(data), TableOptions(encoding=encoding))
    except CartographyError:
        return
    assert "".join(found.open()) == found.read()
