BEGIN TRANSACTION;
CREATE TABLE documents (id TEXT PRIMARY KEY, source TEXT NOT NULL, digest TEXT NOT NULL,
                            record TEXT NOT NULL, revision INTEGER NOT NULL DEFAULT 0);
INSERT INTO "documents" VALUES('kenya.md','docs','9ffc06436d130cccec3c07e37c0b12bac0047e6f6a5a8298ca72d461caf1ad21','{"id": "kenya.md", "work_id": "kenya", "title": "County action plans", "language": "en", "url": "", "kind": "", "event": "", "date": "2023-05-04", "countries": ["KE"], "cities": ["Mombasa"], "themes": ["trust and multi-actor work", "national-local cooperation"], "publisher": "", "machine_translated": false, "superseded_by": "", "has_lost_links": false, "media_type": "text/markdown", "sha256": "96fea7c55fe9dc6d35b4e6a833f0eb5d644a9a6a25c87dab021eeee0257e3d3b", "scanned_pages": 0, "pages": []}',1);
INSERT INTO "documents" VALUES('bern.md','docs','41befcd90d7a8bba771e10fa251b82ab47ce32b15d716c07314cbe0145a63dd1','{"id": "bern.md", "work_id": "bern", "title": "Bern", "language": "en", "url": "", "kind": "", "event": "", "date": "", "countries": ["CH"], "cities": ["Bern"], "themes": [], "publisher": "", "machine_translated": false, "superseded_by": "", "has_lost_links": false, "media_type": "text/markdown", "sha256": "4fbb1720da5471fb0caa126f111512455289a6c0cfe13cddc45d333299abc69d", "scanned_pages": 0, "pages": []}',2);
INSERT INTO "documents" VALUES('qimma.md','docs','5f09c49061663805254baf2da2c7afb1a1e4b385296a2960d2f634daebfbe68a','{"id": "qimma.md", "work_id": "qimma", "title": "القمة", "language": "ar", "url": "", "kind": "", "event": "", "date": "", "countries": [], "cities": [], "themes": [], "publisher": "", "machine_translated": false, "superseded_by": "", "has_lost_links": false, "media_type": "text/markdown", "sha256": "156e88962ed5da8060f48e07250c8068d5e3eaf3218db1abcd92da213704237a", "scanned_pages": 0, "pages": []}',3);
INSERT INTO "documents" VALUES('sommet.md','docs','8414d47db833fd2e59cec6934503119c0009d5b50e208c695b98c681fdab79c8','{"id": "sommet.md", "work_id": "sommet", "title": "Le sommet", "language": "fr", "url": "", "kind": "", "event": "", "date": "", "countries": [], "cities": [], "themes": [], "publisher": "", "machine_translated": false, "superseded_by": "", "has_lost_links": false, "media_type": "text/markdown", "sha256": "cd56c1dff1862b43ef624072ebb08dbf4e61a2b85e0aaf8928e6c3d5a581ad82", "scanned_pages": 0, "pages": []}',4);
CREATE TABLE ledger (document TEXT PRIMARY KEY, source TEXT NOT NULL, status TEXT NOT NULL,
                         reason TEXT NOT NULL, digest TEXT NOT NULL, passages INTEGER NOT NULL,
                         removed TEXT NOT NULL, notes TEXT NOT NULL, time REAL NOT NULL);
INSERT INTO "ledger" VALUES('kenya.md','docs','stored','','9ffc06436d130cccec3c07e37c0b12bac0047e6f6a5a8298ca72d461caf1ad21',1,'[]','[]',1.79601763063313889503e+09);
INSERT INTO "ledger" VALUES('bern.md','docs','stored','','41befcd90d7a8bba771e10fa251b82ab47ce32b15d716c07314cbe0145a63dd1',1,'[]','[]',1.79601763063326311112e+09);
INSERT INTO "ledger" VALUES('qimma.md','docs','stored','','5f09c49061663805254baf2da2c7afb1a1e4b385296a2960d2f634daebfbe68a',1,'[]','[]',1.79601763063334226612e+09);
INSERT INTO "ledger" VALUES('sommet.md','docs','stored','','8414d47db833fd2e59cec6934503119c0009d5b50e208c695b98c681fdab79c8',1,'[]','[]',1.79601763063341021533e+09);
CREATE TABLE pages (document TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
                        number INTEGER NOT NULL, label TEXT NOT NULL, text TEXT NOT NULL,
                        spans TEXT NOT NULL, PRIMARY KEY (document, number));
INSERT INTO "pages" VALUES('kenya.md',1,'','County action plans
Kenya asked every county for an action plan of its own.
Mombasa wrote the first one in 2018, with its schools and its police.','[[[0, 19]], []]');
INSERT INTO "pages" VALUES('bern.md',1,'','Bern
Year | Patrols
2021 | 14
2022 | 9
The city of Bern replaced patrols by youth workers.','[[[0, 4], [5, 19]], [[20, 29], [30, 38]]]');
INSERT INTO "pages" VALUES('qimma.md',1,'','القمة
اتفق رؤساء البلديات على خطة للوقاية مع المدارس والشرطة.','[[[0, 5]], []]');
INSERT INTO "pages" VALUES('sommet.md',1,'','Le sommet
Les maires ont adopté un plan de prévention avec les écoles de la ville.','[[[0, 9]], []]');
CREATE TABLE passages (id TEXT PRIMARY KEY,
                           document TEXT NOT NULL REFERENCES documents ON DELETE CASCADE,
                           position INTEGER NOT NULL, page INTEGER NOT NULL,
                           start INTEGER NOT NULL, "end" INTEGER NOT NULL,
                           headings TEXT NOT NULL, embedded TEXT NOT NULL);
INSERT INTO "passages" VALUES('e3ef7d7a3111b8abb29f9e9c','kenya.md',0,1,20,145,'["County action plans"]','3fe80813e80da1756afa665cd2f2f9f4');
INSERT INTO "passages" VALUES('66a61645eb8505b1d2646811','bern.md',0,1,5,90,'["Bern"]','f1c60aae71ffa5b9effb7a4a64cb2dfa');
INSERT INTO "passages" VALUES('ac7c158de566d68a042eaa58','qimma.md',0,1,6,61,'["القمة"]','08f04f4ae975ce7789d21060983bfa3e');
INSERT INTO "passages" VALUES('a8efffd9cc71564bb8317b9e','sommet.md',0,1,10,82,'["Le sommet"]','92eb187fd5d5960ff2759c4f159dfcca');
CREATE TABLE sources (name TEXT PRIMARY KEY, root TEXT NOT NULL);
INSERT INTO "sources" VALUES('docs','/srv/docs');
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
INSERT INTO "state" VALUES('revision','5');
INSERT INTO "state" VALUES('unrelated:hash-64','0.1297');
INSERT INTO "state" VALUES('embedded:hash-64','5');
CREATE TABLE vectors (text TEXT NOT NULL, model TEXT NOT NULL, vector BLOB NOT NULL,
                          PRIMARY KEY (text, model)) WITHOUT ROWID;
INSERT INTO "vectors" VALUES('08f04f4ae975ce7789d21060983bfa3e','hash-64',X'77D6883E000000000000000000000000000000000000000077D6883E0000000000000000000000000000000077D6883E0000000077D6883E77D6883E000000000000000000000000000000000000000077D6883E000000000000000000000000000000000000000077D6883E0000000000000000000000000000000077D6883E77D6883E77D6883E00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000077D6083F0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000');
INSERT INTO "vectors" VALUES('3fe80813e80da1756afa665cd2f2f9f4','hash-64',X'191C033E0000000000000000191C033E191C033E191C033E191C833E00000000000000000000000000000000000000000000000000000000191C033E191C033E191C033F00000000000000000000000000000000000000000000000026AAC43E000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000191C033E191C833E191C033E191C033E191C033E00000000000000000000000000000000191C033E000000000000000000000000191C833E000000000000000000000000191C033E0000000000000000191C033E191C033E00000000191C033E26AAC43E000000000000000000000000');
INSERT INTO "vectors" VALUES('92eb187fd5d5960ff2759c4f159dfcca','hash-64',X'000000000000000000000000000000000000000000000000EB263E3E00000000000000000000000000000000EB26BE3E00000000EB263E3EEB263E3E000000000000000000000000000000000000000000000000EB26BE3E0000000000000000000000000000000000000000EB26BE3E000000000000000000000000000000000000000000000000000000000000000000000000EB263E3E00000000000000000000000000000000EB26BE3E00000000000000000000000000000000EB263E3E00000000EB263E3E0000000000000000EB263E3E000000000000000000000000EB26BE3E00000000000000000000000000000000EB263E3E00000000EB263E3E');
INSERT INTO "vectors" VALUES('f1c60aae71ffa5b9effb7a4a64cb2dfa','hash-64',X'0000000000000000000000000000000000000000000000003558283E000000004F84FC3E000000000000000000000000000000000000000000000000000000003558A83E00000000000000000000000000000000000000003558283E00000000000000003558283E000000003558283E00000000000000003558283E00000000000000003558283E00000000000000003558283E00000000000000004F84FC3E00000000000000000000000000000000000000003558A83E3558283E000000003558283E3558283E00000000000000000000000000000000000000003558283E0000000000000000000000000000000000000000000000000000000000000000');
CREATE INDEX documents_by_source ON documents (source);
CREATE INDEX passages_by_document ON passages (document, position);
CREATE INDEX documents_by_revision ON documents (revision);
COMMIT;
PRAGMA user_version = 2;
