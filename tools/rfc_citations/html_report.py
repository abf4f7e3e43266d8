# SPDX-License-Identifier: Apache-2.0
"""Writes the coverage as one page that a browser opens from disk: nothing is fetched."""

import html
import os
import urllib.parse

from rfc_citations.matching import STATUSES
from rfc_citations.requirements import LEVELS
from rfc_citations.text_report import Row, by_section

STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8881; --good: #1a7f37; --bad: #c3362b; --part: #9a6700; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; margin: 1rem 0; }
caption { text-align: left; font-weight: 600; }
th, td { padding: .2rem .8rem .2rem 0; text-align: right; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
form { position: sticky; top: 0; background: Canvas; padding: .6rem 0; border-bottom: 1px solid var(--line);
  display: flex; flex-wrap: wrap; gap: .6rem 1.2rem; align-items: center; }
input, select { font: inherit; }
article { margin: .8rem 0; padding: .5rem .8rem; background: var(--soft); border-left: .3rem solid var(--line); }
article[data-status="done"] { border-color: var(--good); }
article[data-status="missing"] { border-color: var(--bad); }
article[data-status^="not"] { border-color: var(--part); }
article p { margin: .2rem 0; }
article ul { margin: .2rem 0; padding-left: 1.2rem; }
.facts { font-size: .85rem; }
[hidden] { display: none; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --bad: #ff7b72; --part: #d29922; } }
"""

SCRIPT = """
const form = document.querySelector("form"), count = document.querySelector("output");
function show() {
  const words = form.words.value.toLowerCase();
  let shown = 0;
  for (const article of document.querySelectorAll("article")) {
    const fits = (!form.status.value || article.dataset.status === form.status.value) &&
        (!form.level.value || article.dataset.level === form.level.value) &&
        article.textContent.toLowerCase().includes(words);
    article.hidden = !fits;
    shown += fits;
  }
  for (const section of document.querySelectorAll("section section"))
    section.hidden = !section.querySelector("article:not([hidden])");
  count.value = shown + " sentences";
}
form.addEventListener("input", show);
form.addEventListener("submit", event => event.preventDefault());
show();
"""


def _text(value):
    return html.escape(str(value))


def _cells(values):
    return "".join("<td>%s</td>" % _text(value) for value in values)


def _overview(documents, result):
    lines = ["<table><caption>Sentences by document and level</caption><thead><tr>"]
    lines += ['<th scope="col">%s</th>' % title for title in
              ("Document", "Level", "Sentences", "In code", "Tested", "Excepted", "Missing")]
    lines.append("</tr></thead><tbody>")
    for name in documents:
        for level in LEVELS:
            row = Row([f for f in result.findings[name] if f.requirement.level == level])
            if row.total:
                lines.append('<tr><th scope="row"><a href="#%s">%s</a></th>%s</tr>' % (
                    _text(name), _text(name), _cells([level, row.total, row.code, row.tests,
                                                      row.excepted, row.missing])))
    lines.append("</tbody></table>")
    return lines


def _options(name, label, values):
    return '<label>%s <select name="%s"><option value="">any</option>%s</select></label>' % (
        label, name, "".join("<option>%s</option>" % _text(value) for value in values))


def _places(label, citations, prefix):
    if not citations:
        return []
    return ["<p class=facts>%s</p><ul class=facts>" % label] + [
        '<li><a href="%s">%s:%d</a></li>' % (
            _text(urllib.parse.quote(prefix + citation.path)), _text(citation.path), citation.line)
        for citation in citations] + ["</ul>"]


def _sentence(finding, prefix):
    requirement = finding.requirement
    lines = ['<article id="%s" data-status="%s" data-level="%s">' % (
        _text(requirement.id), _text(finding.status), _text(requirement.level))]
    lines.append("<p class=facts><strong>%s</strong> %s, %s</p><p>%s</p>" % (
        _text(finding.status), _text(requirement.level), _text(requirement.id),
        _text(requirement.quote)))
    if requirement.met_as is not None:
        lines.append('<p class=facts>Met as <a href="#%s">%s</a></p>' % (
            _text(requirement.met_as), _text(requirement.met_as)))
    if finding.reason is not None:
        lines.append("<p class=facts>Excepted: %s</p>" % _text(finding.reason))
    lines += _places("Code", finding.code, prefix) + _places("Tests", finding.tests, prefix)
    lines.append("</article>")
    return lines


def _document(document, findings, prefix):
    name = _text(document.name)
    lines = ['<section aria-labelledby="%s"><h2 id="%s">%s</h2>' % (name, name, name)]
    lines.append('<p><a href="%s">%s</a></p>' % (_text(document.source), _text(document.source)))
    for section, title, group in by_section(findings):
        lines.append("<section><h3>%s %s</h3>" % (_text(section), _text(title)))
        for finding in group:
            lines += _sentence(finding, prefix)
        lines.append("</section>")
    lines.append("</section>")
    return lines


def page(documents, result, faults, prefix):
    """Returns the page. `prefix` leads from it to the root of the tree."""
    lines = ['<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">',
             '<meta name="viewport" content="width=device-width, initial-scale=1">',
             "<title>Coverage of the specifications</title><style>%s</style></head>" % STYLE,
             "<body><header><h1>Coverage of the specifications</h1>"]
    lines += _overview(documents, result)
    if faults:
        lines.append("<h2>Faults</h2><ul>%s</ul>" % "".join("<li>%s</li>" % _text(f) for f in faults))
    if result.others:
        lines.append("<p>Cited without a list: %s.</p>" % _text(", ".join(
            "%s (%d)" % pair for pair in sorted(result.others.items()))))
    lines.append("</header><form role=search>")
    lines += [_options("status", "Status", STATUSES), _options("level", "Level", LEVELS),
              '<label>Words <input name="words" type="search"></label>',
              '<output aria-live="polite"></output></form><main>']
    for name, document in documents.items():
        lines += _document(document, result.findings[name], prefix)
    lines.append("</main><script>%s</script></body></html>" % SCRIPT)
    return "\n".join(lines) + "\n"


def write_page(path, root, documents, result, faults):
    prefix = os.path.relpath(root, os.path.dirname(os.path.abspath(path))) + "/"
    with open(path, "w", encoding="utf-8") as file:
        file.write(page(documents, result, faults, prefix))
