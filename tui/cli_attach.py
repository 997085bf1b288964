"""`attach`: the command line of who watches a server elsewhere."""

from __future__ import annotations

import os
from collections.abc import Sequence

from tui.cli_arguments import PROGRAM, make_parser, prepare
from tui.services.standard_input import take_piped

_KEY_VARIABLE = "LOCALLLM_API_KEY"


def attach(arguments: Sequence[str]) -> int:
    """Watch the requests of a server.

    Args:
        arguments: what follows `attach`.

    Returns:
        The exit status.

    Raises:
        LocalLLMError: there is no terminal, or the address is none.
    """
    parser = make_parser(
        f"{PROGRAM} attach",
        "URL",
        "Watch the requests of a server, of this program or of llama.cpp, as they run; end one; read one where it "
        "keeps them.",
    )
    parser.add_argument("url", nargs="?", metavar="URL", help="its address, such as http://host:8080")
    parser.add_argument("--api-key", metavar="KEY", help=f"key that it wants; {_KEY_VARIABLE} hides it from others")
    parsed = parser.parse(arguments)
    from tui.services.watching_elsewhere import address_of

    if "url" not in parsed or parsed.url is None:
        parser.error("there is no address: give one such as http://host:8080")
    address = address_of(parsed.url)
    prepared = prepare(parsed)
    key = getattr(parsed, "api_key", "") or os.environ.pop(_KEY_VARIABLE, "").partition(",")[0]
    take_piped()
    from tui.app.attach import run_attached

    return run_attached(address, key.strip(), prepared.settings)
