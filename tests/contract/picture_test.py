"""Pictures, from the upload to the browser that shows them."""

import json
import re
import unittest

from tests.support import http_client, pictures
from tests.support.deployment import Deployment

ME = "/api/auth/users/me/"
AVATAR = "/api/auth/users/me/avatar/"
BASE = "https://auth.example"
SIZE_MAX = 256 * 1024
PATH = re.compile(r"^/media/avatars/\d{4}/\d\d/\d\d/[0-9a-f]{32}"
                  r"\.(png|jpg|webp)$")
BAD = {"avatar": ["Upload a valid image. The file you uploaded was either "
                  "not an image or a corrupted image."]}

GOOD = {
    "image/png": pictures.png_with_text(),
    "image/jpeg": pictures.jpeg_with_exif(),
    "image/webp": pictures.webp_with_exif(),
}


def form(parts):
    """multipart/form-data of (name, file name or None, type, bytes)."""
    body = b""
    for name, filename, kind, data in parts:
        head = 'Content-Disposition: form-data; name="%s"' % name
        if filename is not None:
            head += '; filename="%s"' % filename
        if kind:
            head += "\r\nContent-Type: " + kind
        body += ("--x-x\r\n%s\r\n\r\n" % head).encode() + data + b"\r\n"
    return body + b"--x-x--\r\n"


FORM = "multipart/form-data; boundary=x-x"


class Picture(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.deployment = Deployment(
            server={"server.public_base": BASE},
            gateway={"gateway.public_base": BASE}).start()
        cls.token = cls.deployment.login()["access"]

    @classmethod
    def tearDownClass(cls):
        cls.deployment.close()

    def send(self, method, path, kind=None, body=None, token=True, **headers):
        if kind is not None:
            headers["Content-Type"] = kind
        if token:
            headers["Authorization"] = "Bearer " + self.token
        return http_client.request(self.deployment.http_port, method, path,
                                   headers, body)

    def put(self, kind, body):
        return self.send("PUT", AVATAR, kind, body)

    def path_of(self, answer):
        """The path behind the public base in a user object."""
        self.assertEqual(200, answer.status, answer)
        url = answer.json()["avatar"]
        self.assertTrue(url.startswith(BASE + "/"), url)
        path = url[len(BASE):]
        self.assertRegex(path, PATH)
        return path

    def me(self):
        return self.send("GET", ME).json()

    def test_each_type_is_taken_and_served_without_metadata(self):
        for kind, picture in GOOD.items():
            self.assertIn(pictures.SECRET, picture)
            path = self.path_of(self.put(kind, picture))
            answer = self.send("GET", path, token=False)
            self.assertEqual(200, answer.status)
            self.assertEqual(kind, answer.header("Content-Type"))
            self.assertLess(len(answer.body), len(picture))
            self.assertNotIn(pictures.SECRET, answer.body)

    def test_the_type_is_that_of_the_content_whatever_the_header_says(self):
        path = self.path_of(self.put("image/png", pictures.JPEG))
        answer = self.send("GET", path, token=False)
        self.assertEqual("image/jpeg", answer.header("Content-Type"))
        self.assertTrue(path.endswith(".jpg"))

    def test_a_picture_may_be_kept_for_ever_and_does_nothing_but_show(self):
        path = self.path_of(self.put("image/png", pictures.png()))
        answer = self.send("GET", path, token=False)
        self.assertEqual("public, max-age=31536000, immutable",
                         answer.header("Cache-Control"))
        self.assertEqual("nosniff", answer.header("X-Content-Type-Options"))
        self.assertIn("default-src 'none'",
                      answer.header("Content-Security-Policy"))
        etag = answer.header("ETag")
        again = self.send("GET", path, token=False, **{"If-None-Match": etag})
        self.assertEqual((304, b""), (again.status, again.body))
        self.assertEqual(etag, again.header("ETag"))
        other = self.send("GET", path, token=False,
                          **{"If-None-Match": '"other"'})
        self.assertEqual(200, other.status)
        head = self.send("HEAD", path, token=False)
        self.assertEqual(200, head.status)
        self.assertEqual(str(len(answer.body)), head.header("Content-Length"))

    def test_a_browser_that_asks_for_images_gets_one(self):
        path = self.path_of(self.put("image/png", pictures.png()))
        accept = "image/avif,image/webp,image/png,image/*;q=0.8"
        answer = self.send("GET", path, token=False, Accept=accept)
        self.assertEqual(200, answer.status, answer)

    def test_a_form_takes_a_picture_alone_or_with_names(self):
        part = ("avatar", "me.png", "image/png", pictures.png())
        first = self.path_of(self.put(FORM, form([part])))
        answer = self.send("PATCH", ME, FORM, form(
            [("first_name", None, None, b"Augusta"), part]))
        second = self.path_of(answer)
        self.assertEqual("Augusta", answer.json()["first_name"])
        self.assertNotEqual(first, second)
        self.assertEqual(404, self.send("GET", first, token=False).status)
        self.assertEqual(200, self.send("GET", second, token=False).status)

    def test_names_and_picture_change_together_or_not_at_all(self):
        self.put("image/png", pictures.png())
        before = self.me()
        answer = self.send("PATCH", ME, FORM, form(
            [("first_name", None, None, b"Nobody"),
             ("avatar", "me.png", "image/png", b"GIF89a")]))
        self.assertEqual((400, BAD), (answer.status, answer.json()))
        self.assertEqual(before, self.me())

    def test_an_avatar_in_json_is_a_text_and_changes_nothing(self):
        self.put("image/png", pictures.png())
        before = self.me()
        for value in (before["avatar"], None, "", "x", 5, ["x"], {}):
            answer = self.send("PATCH", ME, "application/json",
                               json.dumps({"avatar": value}).encode())
            self.assertEqual(200, answer.status, answer)
            self.assertEqual(before["avatar"], answer.json()["avatar"])

    def test_what_is_no_picture_is_refused_under_its_name(self):
        self.put("image/png", pictures.png())
        before = self.me()
        for body in (b"GIF89a", b"<svg onload=alert(1)/>", b"\x89PNG\r\n",
                     pictures.png()[:-4], pictures.WEBP[:-1]):
            answer = self.put("image/png", body)
            self.assertEqual((400, BAD), (answer.status, answer.json()))
        self.assertEqual(before, self.me())

    def test_no_picture_at_all_is_told(self):
        answer = self.put("image/png", b"")
        self.assertEqual(400, answer.status)
        self.assertEqual(["avatar"], list(answer.json()))

    def test_a_picture_has_at_most_256_kib_and_4096_pixels_a_side(self):
        picture = pictures.png_of_size(SIZE_MAX)
        self.assertEqual(SIZE_MAX, len(picture))
        self.path_of(self.put("image/png", picture))
        part = ("avatar", "me.png", "image/png", picture)
        self.path_of(self.put(FORM, form([part])))
        answer = self.put("image/png", pictures.png_of_size(SIZE_MAX + 1))
        self.assertEqual(400, answer.status)
        self.assertIn("256 KiB", answer.json()["avatar"][0])
        answer = self.put("image/png", pictures.png(width=4097, height=1))
        self.assertEqual(400, answer.status)
        self.assertIn("4096 pixels", answer.json()["avatar"][0])
        answer = self.put("image/png", b"x" * (300 * 1024))
        self.assertEqual((413, {"detail": "Request body too large."}),
                         (answer.status, answer.json()))

    def test_other_routes_keep_their_smaller_limit(self):
        body = b'{"email":"' + b"x" * 70000 + b'"}'
        answer = self.send("POST", "/api/auth/login/", "application/json",
                           body)
        self.assertEqual(413, answer.status)

    def test_a_largest_picture_with_no_metadata_comes_back_whole(self):
        filler = pictures.chunk(b"IDAT", b"")
        room = SIZE_MAX - len(pictures.png()) - len(filler)
        picture = pictures.png(extra=pictures.chunk(b"IDAT", b"x" * room))
        self.assertEqual(SIZE_MAX, len(picture))
        path = self.path_of(self.put("image/png", picture))
        self.assertEqual(picture, self.send("GET", path, token=False).body)

    def test_a_deleted_picture_is_gone_and_may_be_deleted_again(self):
        path = self.path_of(self.put("image/png", pictures.png()))
        for _ in range(2):
            answer = self.send("DELETE", AVATAR)
            self.assertEqual((204, b""), (answer.status, answer.body))
        self.assertIsNone(self.me()["avatar"])
        answer = self.send("GET", path, token=False)
        self.assertEqual((404, {"detail": "Not found."}),
                         (answer.status, answer.json()))

    def test_only_a_pictures_own_path_leads_anywhere(self):
        path = self.path_of(self.put("image/png", pictures.png()))
        day, name = path.rsplit("/", 1)
        for wrong in (day + "/" + name.upper(), day + "/../" + name,
                      day + "/%2e%2e%2f" + name, day + "/" + name + "x",
                      day + "/" + name.replace(".png", ".jpg"),
                      "/media/avatars/../../../etc/passwd",
                      "/media/avatars/2026/01/02/..%2f..%2fdata.mdb",
                      "/media/avatars/" + name, "/media/"):
            answer = self.send("GET", wrong, token=False)
            self.assertEqual(404, answer.status, wrong)

    def test_nobody_uploads_without_a_token(self):
        for method in ("PUT", "DELETE"):
            answer = self.send(method, AVATAR, "image/png", pictures.png(),
                               token=False)
            self.assertEqual(401, answer.status)


if __name__ == "__main__":
    unittest.main()
