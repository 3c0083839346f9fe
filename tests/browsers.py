"""The browser of the tests of pages: the system's Chromium, which ``scripts/install-browser`` installs."""

import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
NO_CHROMIUM = "there is no Chromium here: scripts/install-browser installs it"
