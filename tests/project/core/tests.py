from unittest import skipUnless

from django.conf import settings
from django.test import SimpleTestCase, TestCase, override_settings

GERMAN = settings.BASE_DIR / "core/locale/de/LC_MESSAGES/django.mo"
STATICFILES = "django.contrib.staticfiles.storage"
PLAIN = {"staticfiles": {"BACKEND": f"{STATICFILES}.StaticFilesStorage"}}
HASHED = {"staticfiles": {"BACKEND": f"{STATICFILES}.ManifestStaticFilesStorage"}}


class HomeTests(SimpleTestCase):
    @override_settings(STORAGES=PLAIN)
    def test_greets_in_english(self):
        self.assertContains(self.client.get("/"), "<h1>Hello from Django</h1>")

    @override_settings(STORAGES=PLAIN)
    @skipUnless(GERMAN.exists(), "compilemessages has not run")
    def test_greets_in_german(self):
        response = self.client.get("/", headers={"Accept-Language": "de"})
        self.assertContains(response, "<h1>Hallo von Django</h1>")

    @override_settings(STORAGES=HASHED, STATIC_ROOT=settings.BASE_DIR / "never-collected")
    def test_needs_collected_static_files(self):
        message = "Missing staticfiles manifest entry for 'core/site.css'"
        with self.assertRaisesMessage(ValueError, message):
            self.client.get("/")


class ProbeTests(SimpleTestCase):
    """A SimpleTestCase fails if a view accesses the database at all."""

    def test_health_is_plain(self):
        response = self.client.get("/health/")
        self.assertEqual(response.content, b"ok")
        self.assertEqual(response.headers["Content-Type"], "text/plain")

    def test_sleep_takes_fractions_of_a_second(self):
        self.assertContains(self.client.get("/sleep/0.01/"), "slept")

    def test_work_answers_its_seconds(self):
        for path in ["/cpu/1000/", "/hold-gil/10/"]:
            with self.subTest(path):
                self.assertGreaterEqual(float(self.client.get(path).content), 0)

    def test_stream_sends_chunk_by_chunk(self):
        response = self.client.get("/stream/3/0/")
        self.assertEqual(list(response.streaming_content), [b"0\n", b"1\n", b"2\n"])

    def test_echo_knows_the_scheme(self):
        seen = self.client.get("/echo/", headers={"X-Probe": "1"}, secure=True).json()
        self.assertEqual((seen["scheme"], seen["is_secure"]), ("https", True))
        self.assertEqual(seen["headers"]["X-Probe"], "1")

    def test_memory_nests(self):
        memory = self.client.get("/memory/").json()
        self.assertTrue(0 < memory["uss"] <= memory["pss"] <= memory["rss"])

    def test_count_counts(self):
        first, second = (int(self.client.get("/count/").content) for _ in range(2))
        self.assertEqual(second, first + 1)

    def test_fail_raises(self):
        with self.assertRaisesMessage(RuntimeError, "probe failed"):
            self.client.get("/fail/")


class NoteTests(TestCase):
    def test_posted_note_is_listed(self):
        self.client.post("/notes/", {"text": "kept"})
        (note,) = self.client.get("/notes/").json()["notes"]
        self.assertEqual(note["text"], "kept")
