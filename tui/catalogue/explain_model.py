"""What a model is and who made it."""

from __future__ import annotations

from collections.abc import Iterator

from tui.catalogue.explanation import Fact
from tui.catalogue.families import Family, family
from tui.catalogue.gguf_header import Header
from tui.catalogue.licences import explain_licence
from tui.catalogue.model_kind import model_kind
from tui.catalogue.name_words import traits_of
from tui.catalogue.naming import parse_name
from tui.catalogue.weights import active_parameters
from tui.core.text import one_line
from tui.core.units import format_parameters

_KINDS = {
    "base": ("Base", "continues text; it was not trained to answer questions or to follow instructions"),
    "instruct": ("Instruct", "trained to follow instructions and to chat"),
    "reasoning": ("Reasoning", "writes down its thoughts first and answers then: slower, better at hard questions"),
    "": ("Unknown", ""),
}
_TRAITS = {
    "abliterated": "its refusals were removed",
    "uncensored": "tuned to refuse little",
    "code": "made for writing code",
    "vision": "can see images, together with its mmproj file",
    "math": "made for mathematics",
    "Japanese": "made for Japanese",
    "distilled": "learnt from a larger model's answers",
    "embeddings": "turns text into vectors",
    "reranker": "sorts search results",
    "safety": "judges whether text is harmful",
    "merge": "several models blended",
    "tools": "made for calling tools",
    "medicine": "made for medicine",
    "qat": "trained for its quantization, which then costs little",
    "mtp": "carries layers that predict several tokens at once",
}


def identity_facts(header: Header, name: str) -> tuple[Fact, ...]:
    """Family, size, kind, origin and licence."""
    return (
        *_family(header, name),
        *_size(header, name),
        _kind(header, name),
        *_traits(header, name),
        *_origin(header),
        *_licence(header),
    )


def maker(header: Header, name: str) -> str:
    """Who made the model; empty when that is not known."""
    found = _known_family(header, name)
    return found.maker if found else one_line(header.text("general.organization"))


def kind_words(header: Header, name: str) -> str:
    """The kind and the family in a few words, to begin a sentence with."""
    kind = model_kind(header, name).kind
    found = _known_family(header, name)
    words = {"base": "Base model", "instruct": "Chat model", "reasoning": "Reasoning model"}.get(kind, "Model")
    return f"{found.name}: {words.lower()}" if found else words


def _known_family(header: Header, name: str) -> Family | None:
    names = (header.text("general.basename"), header.text("general.base_model.0.name"), header.name, name)
    return family(header.architecture, *names)


def _family(header: Header, name: str) -> Iterator[Fact]:
    known = _known_family(header, name)
    shared = (
        " (its architecture is Llama's)"
        if known and header.architecture == "llama" and "Llama" not in known.name
        else ""
    )
    if known:
        yield Fact("Family", f"{known.name}, by {known.maker}", f"{known.words}{shared}".strip())
    else:
        said = one_line(header.text("general.basename")) or parse_name(name).family
        yield Fact("Family", one_line(said) or "unknown", "not a family that is known here; read from its names")
    if header.name:
        yield Fact("Name", one_line(header.name), "as the maker wrote it")


def _size(header: Header, name: str) -> Iterator[Fact]:
    count = header.parameters
    said = one_line(header.text("general.size_label")) or parse_name(name).size_label
    if not count:
        if said:
            yield Fact("Size", said, "as its name says; the number of weights was not read")
        return
    note = f"{count:,} weights" + (f"; its name says {said}" if said else "")
    active = active_parameters(header)
    if active is None:
        yield Fact("Size", f"{format_parameters(count)} parameters", note)
        return
    experts, used = header.number("expert_count") or 0, header.mean("expert_used_count")
    words = f"a mixture of experts: {used:g} of {experts} work on each token, so it writes like a model of that size"
    yield Fact("Size", f"{format_parameters(count)} parameters, {format_parameters(active)} active", f"{note}; {words}")


def _kind(header: Header, name: str) -> Fact:
    found = model_kind(header, name)
    value, words = _KINDS[found.kind]
    if found.thinks and found.kind != "reasoning":
        value, words = f"{value}, can think", f"{words}; it can think first when asked to"
    return Fact("Kind", value, f"{words}; {found.why}" if words else found.why)


def _traits(header: Header, name: str) -> Iterator[Fact]:
    said = traits_of(f"{header.name} {header.text('general.finetune')} {parse_name(name).title}".replace(" ", "-"))
    if said:
        yield Fact("Special", ", ".join(said), "; ".join(_TRAITS[trait] for trait in said if trait in _TRAITS))


def _origin(header: Header) -> Iterator[Fact]:
    tuned = one_line(header.text("general.finetune"))
    if tuned:
        yield Fact("Fine-tune", tuned, "as its header says")
    count = header.metadata.get("general.base_model.count")
    for number in range(min(count, 8) if isinstance(count, int) else 0):
        prefix = f"general.base_model.{number}."
        said = [one_line(header.text(f"{prefix}{key}")) for key in ("organization", "name")]
        base = " / ".join(part for part in said if part) or one_line(header.text(f"{prefix}repo_url"))
        if base:
            yield Fact("Made from", base, one_line(header.text(f"{prefix}repo_url")))
    for label, key in (
        ("Author", "general.author"),
        ("Organization", "general.organization"),
        ("Version", "general.version"),
        ("Quantized by", "general.quantized_by"),
        ("Page", "general.url"),
        ("Source", "general.source.url"),
        ("Description", "general.description"),
    ):
        if value := one_line(header.text(key)):
            yield Fact(label, value)


def _licence(header: Header) -> Iterator[Fact]:
    short = one_line(header.text("general.license"))
    name = one_line(header.text("general.license.name"))
    link = one_line(header.text("general.license.link"))
    if short or name:
        note = explain_licence(short) or explain_licence(name)
        yield Fact("Licence", name if short in ("", "other") and name else short, "; ".join(filter(None, (note, link))))
    else:
        yield Fact("Licence", "not said", "the file does not name it; see the model's page")
