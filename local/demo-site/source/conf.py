"""Sphinx configuration of the Tidepool handbook, the site that the demo publishes."""

project = "Tidepool"
author = "The Imprint developers"
copyright = "The Imprint developers"
html_title = "Tidepool handbook"
# No release here: a version in every page would change all of them from one build to the next.

exclude_patterns = ["_theme", "images/draw.py", "_extra"]
html_theme = "tidepool"
html_theme_path = ["_theme"]
html_extra_path = ["_extra"]
html_copy_source = True
html_sourcelink_suffix = ".txt"
html_last_updated_fmt = None
html_domain_indices = False
pygments_style = "friendly"
pygments_dark_style = "friendly"
highlight_language = "console"
nitpicky = True

# The same words as files to take away, see rebuild.sh.
epub_basename = "tidepool"
epub_show_urls = "no"
pdf_documents = [("index", "tidepool", html_title, author)]
pdf_compressed = True
pdf_use_coverpage = False
pdf_use_index = False
pdf_use_modindex = False
pdf_default_dpi = 110
