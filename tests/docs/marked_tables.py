"""Pages with places for what programs write: found, compared and written.

    <!-- options infra/queue/worker.hpp#worker_options -->
    …
    <!-- /options -->

A source says what stands there: `kinds`, the first words of its places; `table(kind, what)`, Markdown, or a KeyError where it knows no
such thing; `wanted()`, the pairs of kind and what that must stand on some page.
"""

import re


def main(root, source, arguments, well):
    """Writes, if the arguments say so, and prints what is wrong, or that all is well. The exit code."""
    pages = sorted((root / "docs").glob("*.md"))
    if "--write" in arguments:
        write(pages, source)
    found = list(problems(root, pages, source))
    print("\n".join(found) or well)
    return bool(found)


def places(source):
    return re.compile(rf"<!-- (?P<kind>{'|'.join(source.kinds)}) (?P<what>\S+) -->\n(?P<table>.*?)<!-- /(?P=kind) -->\n", re.S)


def shown(pages, source):
    """What has a place: pairs of kind and what."""
    return {(found["kind"], found["what"]) for page in pages for found in places(source).finditer(page.read_text())}


def problems(root, pages, source):
    for page in pages:
        text, name = page.read_text(), page.relative_to(root)
        for found in places(source).finditer(text):
            where = f"{name}:{text.count(chr(10), 0, found.start()) + 1}"
            try:
                if found["table"] != source.table(found["kind"], found["what"]):
                    yield f"{where}: {found['kind']} {found['what']} is out of date; scripts/docs writes it"
            except KeyError:
                yield f"{where}: there is no {found['kind']} {found['what']}"
        for begun in re.findall(rf"<!-- (?:{'|'.join(source.kinds)}) .*", places(source).sub("", text)):
            yield f"{name}: nothing ends {begun}"
    for kind, what in sorted(set(source.wanted()) - shown(pages, source)):
        yield f"{kind} {what}: on no page of docs/"


def write(pages, source):
    for page in pages:
        text = page.read_text()
        made = places(source).sub(lambda found: remade(source, found), text)
        if made != text:
            page.write_text(made)
            print(f"wrote docs/{page.name}")


def remade(source, found):
    try:
        table = source.table(found["kind"], found["what"])
    except KeyError:
        return found[0]
    return f"<!-- {found['kind']} {found['what']} -->\n{table}<!-- /{found['kind']} -->\n"
