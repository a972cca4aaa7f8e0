"""Texts that look like another type, and names that some software reserves."""

from __future__ import annotations

LOOKALIKES = (
    "\u201ca\u201d \u2018b\u2019 it\u2019s", "a \u2013 b \u2014 c … d", "a\u00adb",
    "https://example.com", "http://EXAMPLE.com:80", "User@Example.COM", "User@example.com", "=x",
    "+x", "-x", "=", "a\\", "\\a", "a\"b", '"a', 'a"', "550e8400e29b41d4a716446655440000",
    "550E8400E29B41D4A716446655440000", "a  b   c", "1 000", "A1", "2024-01-15T10:30:00Z",
    "2024-01-15T10:30:00.123456+02:00", "2024-01-15 10:30:00", "2024-01-15", "10:30", "10:30:00",
    "20240115", "1705314600", "P1DT2H", "1", "0", "-1", "01", "1.0", "1.50", "+1", ".5", "1e5",
    "1E400", "0x1F", "0b1", "1_000", "1,5", "12345678901234567890", "NaN", "nan", "Infinity",
    "-inf", "null", "Null", "NULL", "None", "nil", "~", "undefined", "true", "True", "TRUE",
    "false", "yes", "no", "on", "off", "y", "", " ", "  ", " 1 ", "\n", "a\r\nb", "a\rb", "a\n",
    "\ta", "trailing space ", " leading space", "{}", "[]", '""', '"quoted"', "'quoted'",
    '{"a": 1}', "[1, 2]", '{"$date": 1}', "b'bytes'", "aGVsbG8=", "\\n", "\\u0041", "\\", "%20",
    "&amp;", "<a>", "a,b", "a;b", "a=b", "#a", "// a", "{{x}}", "${x}", "%s", "!!python/none",
    "550e8400-e29b-41d4-a716-446655440000", "user@example.com", "https://example.com/a?b=c#d",
    "550E8400-E29B-41D4-A716-446655440000", "{550e8400-e29b-41d4-a716-446655440000}",
    "507F1F77BCF86CD799439011", "DEADBEEF", "0xDEADBEEF", "2024-01-15T10:30:00+02:00",
    "2024-01-15T10:30:00.000Z", "2024-01-15T10:30:00-00:00", "2024-01-15t10:30:00z", "2024-W03-1",
    "2024-1-5", "24:00", "15/01/2024", "Mon, 15 Jan 2024 10:30:00 GMT", "1,234", "1,234.50",
    "1.234,5", "$5", "5%", "1/2", "1+1", "=1+1", "@x", "١٢", "²", "Ⅳ", "1e-7", "0.10", "00", "-01",
    "1.", "0o17", "True ", "t", "f", "T", "F", "Yes", "NO", "On", "N/A", "#N/A", "nil ", "void",
    "<null>", "\\N", "-", "%", "%%", "%%s", "%41", "%C3%A9", "+", "a+b", "{", "{{", "}}", "{}{}",
    "{0}", "{name}", "$$", "$HOME", "${HOME}", "$PATH", "~/x", "~root", "./a", "a//b",
    "C:\\temp\\new", "\\\\", "\\t", "\\x41", "\\/", "\\\"", "&lt;", "&#65;", "&eacute;", "<br/>",
    "<![CDATA[x]]>", "<!-- a -->", "'", "''", "it's", "it''s", "\"\"", "`", "``", "--", "-- a",
    "/* a */", ";", "|", "a|b", "a\tb", "a  b", "a\n\nb", "base64:aGVsbG8=",
    "data:text/plain;base64,aGVsbG8=", "json:{}", "b64:aGk=", "u:1", "s:text", "i:1",
    "date:2024-01-15", "!binary aGk=", "!!str 1", "&a", "*a", "- a", "? a", "a: b", "key: value",
    "---", "...", "[1", "{\"a\"", "(1, 2)", "{1, 2}", "1;2", "a::b", "a->b", ":name", ":1", "?",
    "?1", "$1", "@p1", "=?utf-8?q?a?=", "caf\u00c3\u00a9", "xn--caf-dma", "www.example.com",
    "EXAMPLE.com", "HTTP://A.b/%7Ec", "+49 170 1234567", "192.168.001.001", "::1", "a" * 64,
    "A" * 40, "0" * 40, "9" * 40,
    *(
        spelled
        for word in (
            "null", "none", "nil", "undefined", "nan", "inf", "infinity", "true", "false", "yes",
            "no",
            "on", "off", "y", "n", "t", "f", "now", "today", "epoch",
        )
        for spelled in (word, word.title(), word.upper())
    ),
    "+inf", "-Infinity", "+NaN", "\u221e", "\u22121", "-0", "+0", "0.0", "-0.0", "1e3", "1E3",
    "1e+3", "1.0e3", "1e-3", "+1.5", "-.5", "5.", "00.5", "1f", "1L", "1n", "1u", "1d", "1j",
    "1_0.5",
    "2024-01-01", "2024-12-31", "1970-01-01", "9999-12-31", "0000-00-00", "2024-02-30",
    "2024-01-01T00:00:00", "2024-01-01 00:00:00", "2024-01-01T00:00:00Z", "2024-12-31T23:59:60Z",
    "00:00", "00:00:00", "\x1b[31mred\x1b[0m", "\U0001f44d\U0001f3fd", "2024/01/15", "2024.01.15",
    "Jan 15, 2024", "15.01.2024", "PT0S", "1 day",
)  # fmt: skip
"""Texts that a store may read as another type (DOC-3)."""

_TAKEN = """
tags status state schema dict model_config model_fields model_dump model_dump_json model_copy
model_construct model_validate parse_obj from_orm construct validate as_dict to_dict asdict fromkeys
clear pop popitem setdefault encode decode dumps loads load dump save delete find list list_all
remove insert add append extend merge upsert exists has len iter next str int float bool bytes
object type_ kwargs args cls this super me owner parent children ancestors root node link links href
rel refs reference references relation relations related foreign primary unique constraint check
view trigger function procedure cursor session connection transaction commit rollback lock locked
locks mutex owner_id created_by updated_by modified modified_at last_modified lastModified createdAt
updatedAt deleted_at deletedAt archived is_deleted isDeleted expired expires expiry expireAt
expiration TTL Ttl date time datetime timezone year month day hour minute second interval now today
epoch sequence seq seqno serial autoincrement ordinal position offset limit page page_size cursor_id
total total_rows rows row column columns cell field field_name attribute attr tag label labels title
description desc text txt string number numeric integer decimal double real date_time boolean binary
blob_id array map set tuple struct record records entry entries item item_id items_ element elements
doc_type docType document_type document_id documentId collection_id collectionId database_id
partition partition_key partitionKey sort_key sortKey range range_key hash_key rangeKey shard
shard_id bucket bucket_id container object_id objectId entity entity_id entity_key kind_ class_
__typename discriminator polymorphic module package namespace_ scope context realm tenant tenant_id
user_id account account_id org org_id group_id role roles permissions acl grant public secret
password token api_key apiKey auth credentials nonce salt signature checksum md5 sha1 sha256 crc
digest etag_ cas lsn xmin xmax ctid tableoid oid_ rowid_ ROWID rownum ROWNUM level LEVEL rank score_
relevance highlight source_ index_name mapping mappings settings alias aliases analyzer query filter
must should select distinct having join union all any some between like ilike in is not and or xor
case when then else end if elif for while do begin return yield with as asc by on off to of into
values_ default_ using natural left right inner outer full cross create drop alter truncate grant_
revoke desc_ explain analyze vacuum copy_ execute call declare fetch open close abs min max sum avg
count_ first last size_ length_ contains begins_with attribute_exists attribute_type Key Keys Item
Items Attributes Table TableName Count Responses Id ID iD _ _a __a__ Rev REV Data DATA Value VALUE
Doc Type TYPE Name NAME Version VERSION conflict conflicts revisions revs_info attachments
deleted_conflicts local_seq seq_num design views lists shows updates validate_doc_update language
error reason ok result results response request status_code statusCode code message msg detail
details exception errors warning warnings info debug trace log event events callback handler hook
hooks signal slot channel topic queue job task worker thread process pid host port url uri path_
file filename folder dir directory mode mtime atime ctime inode device stream buffer chunk chunks
chunk_size chunkSize part parts segment segments block blocks frame frames header headers footer
head tail body_ envelope wrapper payload_ raw_ plain cipher encrypted compressed encoding charset
format lang locale unit units currency price amount quantity balance lat lng lon latitude longitude
geo geometry coordinates point polygon bbox crs x y z w h i j k n t u v p q r s e pi inf nan true_
false_ nil none undefined constructor prototype __proto__ hasOwnProperty toString valueOf arguments
caller callee length self_ cls_ init new del_ repr hash_ eq ne lt le gt ge cmp slots mro bases
annotations
"""

TAKEN_NAMES = tuple(_TAKEN.split())
"""Names that some library, engine or language reserves (DOC-8)."""
