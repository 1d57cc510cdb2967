"""Windows as programs call them in six other languages."""

from __future__ import annotations

import random
from dataclasses import dataclass

from benchmarks.hard_days.customers import Customer
from benchmarks.hard_days.windows import COLLEAGUES, FrontWindow, steady


@dataclass(frozen=True, slots=True)
class Language:
    """Titles in one language; `{}` stands for a person, a page, or a customer."""

    calendar: str
    tabs: tuple[str, ...]
    meeting: str
    private: tuple[str, ...]
    pages: tuple[str, ...]
    papers: tuple[str, ...]
    work: tuple[str, ...]

    def left(self, rng: random.Random) -> FrontWindow:
        """Teams' calendar, or another of its tabs: no call, whatever it is called."""
        tab = self.calendar if rng.random() < 0.7 else rng.choice(self.tabs)
        return steady("teams", f"{tab} | Microsoft Teams")

    def call(self, rng: random.Random) -> FrontWindow:
        """A call with a person."""
        return steady("call", f"{self.meeting.format(rng.choice(COLLEAGUES))} | Microsoft Teams")

    def in_private(self, rng: random.Random) -> FrontWindow:
        """A page in a private window of one of the browsers."""
        return steady("private", rng.choice(self.private).format(rng.choice(self.pages)))

    def own_papers(self, rng: random.Random) -> FrontWindow:
        """One's own administration."""
        return steady("browser", f"{rng.choice(self.papers)} — Mozilla Firefox")

    def working(self, rng: random.Random, customer: Customer) -> FrontWindow:
        """A window of an office program that names the customer."""
        return steady("office", rng.choice(self.work).format(customer.called))


LANGUAGES = {
    "de": Language(
        "Kalender",
        ("Aktivität", "Anrufe", "Dateien", "Aufgaben"),
        "Besprechung mit {}",
        (
            "{} — Mozilla Firefox Privater Modus",
            "{} — Privater Modus von Mozilla Firefox",
            "{} - Google Chrome (Inkognito)",
            "{} - [InPrivate] - Microsoft\u200b Edge",
        ),
        ("Wohnung mieten in Leipzig", "Symptome Rückenschmerzen", "Fahrplan", "Kochrezepte"),
        ("Rechnung 2026-88", "Umsatzsteuervoranmeldung", "Stundenzettel November"),
        ("AW: {} – Nachricht (HTML) - Outlook", "{} Pflichtenheft.docx - Word"),
    ),
    "fi": Language(
        "Kalenteri",
        ("Toiminta", "Puhelut", "Tiedostot", "Tehtävät"),
        "Kokous henkilön {} kanssa",
        (
            "{} — Mozilla Firefox (yksityinen selaus)",
            "{} — Mozilla Firefoxin yksityinen selaus",
            "{} - Google Chrome (Incognito-tila)",
            "{} - [InPrivate] - Microsoft\u200b Edge",
        ),
        ("Vuokra-asunnot Tampere", "Selkäkipu", "Junien aikataulut", "Reseptit"),
        ("Lasku 2026-88", "OmaVero – Arvonlisäveroilmoitus", "Tuntilista marraskuu"),
        ("VS: {} – Viesti (HTML) - Outlook", "{} määrittely.docx - Word"),
    ),
    "fr": Language(
        "Calendrier",
        ("Activité", "Appels", "Fichiers", "Tâches"),
        "Réunion avec {}",
        (
            "{} — Navigation privée de Mozilla Firefox",
            "{} — Mozilla Firefox (navigation privée)",
            "{} - Google Chrome (Navigation privée)",
            "{} - [InPrivate] - Microsoft\u200b Edge",
        ),
        ("Appartement à louer Nantes", "Mal de dos", "Horaires des trains", "Recettes"),
        ("Facture 2026-88", "Déclaration de TVA – impots.gouv.fr", "Feuille de temps"),
        ("RE: {} - Message (HTML) - Outlook", "{} cahier des charges.docx - Word"),
    ),
    "es": Language(
        "Calendario",
        ("Actividad", "Llamadas", "Archivos", "Tareas"),
        "Reunión con {}",
        (
            "{} — Navegación privada de Mozilla Firefox",
            "{} — Mozilla Firefox (navegación privada)",
            "{} - Google Chrome (Incógnito)",
            "{} - [InPrivate] - Microsoft\u200b Edge",
        ),
        ("Pisos en alquiler Valencia", "Dolor de espalda", "Horarios de trenes", "Recetas"),
        ("Factura 2026-88", "Modelo 303 – Agencia Tributaria", "Hoja de horas noviembre"),
        ("RE: {}: Mensaje (HTML) - Outlook", "{} requisitos.docx - Word"),
    ),
    "ja": Language(
        "予定表",
        ("最新情報", "通話", "ファイル", "タスク"),
        "{} との会議",
        (
            "{} — Mozilla Firefox プライベートブラウジング",
            "{} - Google Chrome(シークレット)",
            "{} - [InPrivate] - Microsoft\u200b Edge",
        ),
        ("賃貸マンション 名古屋", "腰痛 原因", "時刻表", "夕食 レシピ"),
        ("請求書 2026-88", "消費税の確定申告", "勤務表 11月"),
        ("RE: {} - メッセージ (HTML) - Outlook", "{} 仕様書.docx - Word"),
    ),
    "pl": Language(
        "Kalendarz",
        ("Aktywność", "Połączenia", "Pliki", "Zadania"),
        "Spotkanie z {}",
        (
            "{} — Mozilla Firefox (tryb prywatny)",
            "{} — Tryb prywatny przeglądarki Mozilla Firefox",
            "{} - Google Chrome (Incognito)",
            "{} - [InPrivate] - Microsoft\u200b Edge",
        ),
        ("Mieszkania na wynajem Gdańsk", "Ból pleców", "Rozkład jazdy", "Przepisy"),
        ("Faktura 2026-88", "JPK_VAT – e-Urząd Skarbowy", "Karta czasu pracy"),
        ("Odp: {} — Wiadomość (HTML) - Outlook", "{} specyfikacja.docx - Word"),
    ),
}
