"""The settings that point the bot to the sandbox."""

from __future__ import annotations

from pathlib import Path

from tracklater_sandbox.slack import ME

TEMPLATE = """\
# Written by the sandbox. Everything here lives on this machine alone.
timezone = {zone}
database_url = {database}

[suggest]
ignore = ["Private Browsing"]

[slack]
user_id = {user}
base_url = {url_slack}

[thyme]
dir = {thyme}

[git]
emails = ["eero@example.com"]

[toggl]
base_url = {url_toggl}

[taiga]
url = {url_taiga}
web_url = {web_taiga}

[groups.acme]
keywords = ["acme"]
git.repos = [{acme_repo}]
toggl.client = "Acme Oy"
toggl.projects = {{ "Development" = "default", "Bug fixing" = "bug" }}
jira.url = {url_jira}
jira.project_key = "DEV"

[groups.globex]
keywords = ["globex"]
git.repos = [{globex_repo}]
toggl.client = "Globex Inc"
toggl.projects = {{ "Development" = "default" }}
taiga.project_slug = {slug}
"""


def write_settings(file: Path, url: str, home: Path, zone: str) -> None:
    """Writes tracklater.toml for a sandbox served at `url` with its files under `home`."""
    values = {
        "zone": zone,
        "database": f"sqlite:///{home / 'tracklater.sqlite3'}",
        "user": ME,
        "url_slack": f"{url}/slack/api/",
        "thyme": home / "thyme",
        "url_toggl": f"{url}/toggl/api/v9",
        "url_taiga": f"{url}/taiga/api/v1",
        "web_taiga": f"{url}/taiga",
        "acme_repo": home / "src" / "acme-api",
        "globex_repo": home / "src" / "globex-web",
        "url_jira": f"{url}/jira",
        "slug": "eero-globex-web",
    }
    quoted = {name: _quoted(str(value)) for name, value in values.items()}
    file.write_text(TEMPLATE.format(**quoted), encoding="utf-8")
    file.chmod(0o600)


def _quoted(text: str) -> str:
    """A TOML string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
