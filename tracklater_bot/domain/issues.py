"""Issues: what work is on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

REQUESTS = ("pull request", "merge request")  # types: work for an issue, which they may name


class IssueId(NamedTuple):
    """Which issue: a tracker's key means another issue in another group, or another tracker."""

    group: str
    key: str
    tracker: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue of a tracker. `key` is what people write: `DEV-123`, `#12`.

    `type` is the tracker's word in lower case ("bug", "story", "task", "epic", "issue").
    `aliases` are keys the issue had before it was moved; people still write them in branches. So
    are those of the requests (`REQUESTS`) that close it.
    """

    key: str
    title: str
    url: str
    tracker: str
    group: str
    type: str = ""
    closed: bool = False
    mine: bool = False
    in_progress: bool = False
    updated: datetime | None = None
    aliases: tuple[str, ...] = ()

    @property
    def id(self) -> IssueId:
        """Which issue it is."""
        return IssueId(self.group, self.key, self.tracker)


# Jira names its standard types in the account's language.
_STANDARD_TYPES = {
    "bug": "fehler,bogue,anomalie,error,errore,erro,fout,bugg,felrapport,fejl,feil,virhe,"
    "ohjelmavirhe,błąd,chyba,hiba,hata,ошибка,помилка,バグ,缺陷,故障,程式錯誤,버그",
    "story": "user story,récit,historia,historia de usuario,storia,história,verhaal,berättelse,"
    "historie,tarina,käyttäjätarina,příběh,történet,hikaye,история,історія,ストーリー,故事,스토리",
    "task": "aufgabe,tâche,tarea,attività,tarefa,taak,uppgift,opgave,oppgave,tehtävä,zadanie,úkol,"
    "úloha,feladat,görev,задача,завдання,タスク,任务,任務,작업",
    "epic": "epos,épopée,épica,epica,épico,epik,eepos,eeppinen,epika,эпик,епік,エピック,史诗,"
    "長篇故事,에픽",
}
_STANDARD_TYPE = {
    name: english for english, names in _STANDARD_TYPES.items() for name in names.split(",")
}


def type_key(name: str) -> str:
    """What is the same for a type of issue in all languages and either case, where it is known."""
    folded = name.strip().casefold()
    return _STANDARD_TYPE.get(folded, folded)
