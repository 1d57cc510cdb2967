"""Addresses of git remotes, whose words are hints; never a host or a secret."""

from __future__ import annotations

import re
from urllib.parse import unquote

SCP = re.compile(r"(?:[^/@:]+@)?(?P<host>[^/@:]{2,}):(?P<path>.+)")
# By hand: what has a bracket in its password is no address for urllib, which would quote it. One
# with a slash in it ends at the last "@" all the same.
ADDRESS = re.compile(
    r"(?P<scheme>[\w+.-]+)://(?:(?=[^/]*@|[^/\[]*:(?!\d*(?:/|$))).*[^/]@)?"
    r"(?P<host>[^/?#]*)(?P<path>[^?#]*).*"
)
CODE_HOST = re.compile(
    r"github|gitlab|bitbucket|codeberg|gitea|forgejo|gogs|azure|visualstudio|(?:^|\.)sr\.ht$|gitee"
    r"|sourceforge|sourcehut|launchpad|notabug|pagure|framagit|salsa\.debian|(?:^|\.)tfs\."
    r"|^(?:gh|gl|bb)$",
    re.IGNORECASE,
)


def remote_urls(config: str) -> list[str]:
    """The addresses of all remotes in a repository's configuration."""
    urls, remote = [], False
    for line in map(str.strip, config.splitlines()):
        if line.startswith("["):
            remote = line.casefold().startswith("[remote ")
        key, _, value = line.partition("=")
        if remote and key.strip().casefold() in ("url", "pushurl"):
            urls.append(value.strip().strip('"'))
    return urls


def remote_words(url: str) -> list[str]:
    """`acme/api` and `api` for any address of acme's repository api; never a host or a secret.

    A path on this machine or another gives the last name only: what is above it is no owner.
    """
    local = False
    if address := ADDRESS.fullmatch(url):
        path, local = unquote(address["path"]), address["scheme"].casefold() == "file"
    elif (scp := SCP.fullmatch(url)) and not scp["path"].startswith("/"):
        path = scp["path"]
    else:
        path, local = url.replace("\\", "/"), True
    names = [name for name in path.split("/") if name not in ("", ".", "..", "_git", "~")]
    if not names:
        return []
    names[-1] = names[-1].removesuffix(".git")
    owner_and_name = "/".join(names[-2:])
    return [names[-1]] if local or len(names) == 1 else [owner_and_name, names[-1]]


def on_code_host(url: str) -> bool:
    """Whether an address is on a server that has issues or pull requests with numbers."""
    found = ADDRESS.fullmatch(url) or SCP.fullmatch(url)
    return found is not None and CODE_HOST.search(found["host"]) is not None
