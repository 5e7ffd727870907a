"""docs/rest.md says what the profiles say."""

import unittest

from tests.contract import rest_page
from tests.support import programs


class RestPageTest(unittest.TestCase):
    def test_the_page_is_up_to_date(self):
        page = rest_page.read_page()
        made = rest_page.fill(page, programs.gateway())
        self.assertEqual(
            made.splitlines(), page.splitlines(),
            "make it anew: python3 -m tests.contract.rest_page GATEWAY")
