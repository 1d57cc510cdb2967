"""What kind of window a title belongs to, and what in it is only the program's name.

The lists are short on purpose: they say how far a word in such a window can be trusted, never
which group it belongs to. A program that is not listed counts as a place of work.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from functools import cache

from tracklater_bot.domain.programs import BROWSERS, is_browser, is_for_code, program
from tracklater_bot.domain.text import folded, listed
from tracklater_bot.engine.looks import Look, parts_of

_PROGRAMS = BROWSERS | listed("""visual studio code|code|vscodium|code - oss|cursor|intellij idea
    |pycharm|webstorm|goland|phpstorm|rubymine|android studio|sublime text|emacs|gnu emacs|vim|nvim
    |gvim|xcode|slack|discord|telegram|signal|whatsapp|element|mattermost|zulip|mozilla thunderbird
    |thunderbird|outlook|evolution|gmail|jira|confluence|github|gitlab|bitbucket|taiga|figma|zoom
    |microsoft teams|libreoffice writer|libreoffice calc|gnome terminal|terminal|konsole|xterm
    |stack overflow|youtube|google docs|google search|google calendar|google drive""")

# Words that tell a place wherever they stand, and names that do as a part of a title by themselves.
_TALK = """slack|discord|telegram|whatsapp|mattermost|zulip|microsoft teams|google chat|skype|irc
    |thunderbird|outlook|gmail|geary|protonmail|fastmail|apple mail|calendar|hey com|inbox|kalender
    |kalenteri|calendrier|calendario|kalendarz|calendário|kalendář|naptár|予定表|カレンダー"""
_TALK_NAMES = ("signal", "element", "evolution", "mail")
_REFERENCE = """stack overflow|stack exchange|super user|server fault|ask ubuntu|mdn|wikipedia
    |documentation|google search|google translate|google maps|duckduckgo|chatgpt|claude|devdocs
    |docs rs|pypi"""
_REFERENCE_NAMES = ("bing", "npm", "dev community", "medium")
_LEISURE = """youtube|netflix|twitch|spotify|prime video|hbo|disney plus|vlc|soundcloud|deezer|tidal
    |imdb|areena|facebook|instagram|tiktok|reddit|twitter|mastodon|bluesky|pinterest|9gag
    |hacker news|bbc|cnn|the guardian|new york times|spiegel|yle|helsingin sanomat|ilta sanomat
    |iltalehti|amazon com|amazon de|amazon co uk|ebay|etsy|ikea|zalando|airbnb|booking com
    |tripadvisor|tori fi|online banking|verkkopankki|paypal|aliexpress|washington post|le monde
    |reuters|espn|strava|duolingo|lichess|chess com|wolt|foodora|hulu"""
# Private windows of browsers, in the languages of most people.
_PRIVATE = """private browsing|inprivate|incognito|inkognito|privater modus|privates fenster
    |privates surfen|navigation privée|navegación privada|incógnito|navegação privada
    |navegação privativa|navegação anônima|anônima|navigazione anonima|privénavigatie
    |privat surfning|privat surfläge|yksityinen selaus|yksityinen ikkuna|privat browsing
    |privat nettlesing|tryb prywatny|przeglądanie prywatne|anonymní prohlížení|anonymní režim
    |privát böngészés|navigare privată|приватный просмотр|приватное окно|инкогнито
    |приватний перегляд|gizli gezinti|ιδιωτική περιήγηση|プライベートブラウジング
    |プライベートウィンドウ|シークレット|隐私浏览|隐私浏览模式|隐私窗口|无痕模式|无痕式|隐身
    |隐身模式|無痕模式|無痕式|無痕瀏覽|隱私瀏覽|사생활 보호 모드|시크릿 모드|시크릿
    |yksityinen selaustila|incognitotila|privat fönster|privat vindue|privat vindu|privates browsen
    |privatni način|privatno pregledavanje|privatno brskanje|privátní prohlížení
    |súkromné prehliadanie|privaatne lehitsemine|privatus naršymas|privātā pārlūkošana
    |navegació privada|gizli pencere|private window with tor|finestra anonima|fenêtre privée
    |ventana privada|janela privada|privévenster|tor browser|поверителен прозорец|приватни прозор
    |приватне вікно|inkognitofönster|inkognitovindue|inkognitovindu|anonimni način|גלישה בסתר
    |التصفح المتخفي|التصفح الخاص|גלישה פרטית|duyệt web riêng tư|penjelajahan pribadi
    |การท่องเว็บแบบส่วนตัว"""
_LEISURE_APPS = listed("""spotify|music|tv|podcasts|itunes|steam|vlc|mpv|rhythmbox|strawberry
    |audacious|elisa|celluloid|totem|netflix|photos|news|chess|tidal|deezer|epic games launcher
    |battle net|minecraft|kodi|plex|games""")
_LEISURE_NAMES = listed("""x|news|steam|private|disney+|mpv|celluloid|rhythmbox|audacious|clementine
    |strawberry|lollypop|elisa|quod libet|foobar2000|winamp|aimp|musicbee|potplayer|smplayer|mpc-hc
    |kodi|plex|jellyfin|apple music|youtube music|windows media player|media player|medienwiedergabe
    """)
# Pages that people have open because they work, whomever for.
_TOOLS = """localhost|127 0 0 1|new tab|github|gitlab|bitbucket|pull request|merge requests|jira
    |confluence|taiga|notion|figma|swagger|grafana|kibana|sentry|jenkins|docker|api|admin|staging
    |google docs|google sheets|google slides|google drive"""
# Pages of Teams that are no meeting, in the languages of most people.
_TEAMS_PAGES = r"""
    calls|keskustelu\w*|conversa\w*|チャット|聊天|채팅|アクティビティ|最新动态|活動|활동|予定表|カレンダー|日历|行事曆|일정
    |通話|通话|통화|ファイル|文件|檔案|파일|チーム|团队|團隊|팀
    |agenda|weekplan\w*|viva\ \w+|tasks\ by\ .*|power\ \w+|one\ ?note|לוח\ שנה|bate-papo
    |(?:chats?|teams?)\ (?:and|und|et|y|e|och|og|ja|en|i)\ \w+
"""
# What is one word is a page, in any language, but for those that meetings are called.
_TEAMS_PAGE = rf"""(?:{_TEAMS_PAGES}
    | (?!\w*(?:meet|call|sync|stand|huddle|daily|weekly|monthly|retro|review|demo|kick|sprint
      |webinar|workshop|training|interview|refin|groom|scrum|briefing|town|besprech|sitzung|termin
      |absprache|réunion|point|reunión|reunion|riunione|reunião|spotkani|narad|möte|møde|møte|palaver
      |kokou|viikko|viikot|vergader|overleg|porad|schůzk|toplant|встреч|совещан|созвон|планер|planung
      |planning|fredagsm|check|onboard|status|jour|tervezés|értekezlet|συνάντηση|σύσκεψη|פגישה|اجتماع))
      (?:[^\W\d_]|-)+ (?<![぀-ヿ㐀-鿿가-힣]))"""
_MEETING = rf"""
    ^zoom[\ -]?(?:meeting|webinar|call|møte|möte|kokous|besprechung|vergadering|会议|會議|미팅|회의
      |ミーティング)(?!\w)
    | ^(?:réunion|reunión\ de|riunione(?:\ di)?|reunião(?:\ do)?|spotkanie)\ zoom$
    | ^(?:cisco\ )?webex\ meetings?$ | ^goto\ meeting\b | ^(?:chime:|voov|pexip|dingtalk)\ meeting\b
    | ^chime\ meeting: | ^(?:jitsi|8x8)\ meet\ [-–—|]\ \S | ^element\ call\b
    | \bzoom\ (?:meeting|webinar)$ | \S\ [-–—|]\ zoom$
    | ^(?:\(\d+\)\ )?meet\s[-–—]\s\S | \b[a-z]{{3}}-[a-z]{{4}}-[a-z]{{3}}\b
    | ^meeting\ (?:in|with|now|compact\ view)\b.*\bteams\b | \|\ (?:meeting|call)\ \|.*\bteams\b
    | ^(?!(?:\(\d+\)\ )?{_TEAMS_PAGE}\ [|])[^|()]*[^|()\s]\ \|\ microsoft\ teams
    | ^(?:facetime|bluejeans|lifesize|starleaf)(?:\ [-–—|]\ .*)?$ | ^ringcentral\ meetings?\b
    | ^teams-besprechung\b | ^amazon\ chime:\ meeting\b
    | \bwebex\ meeting\b | \S\ [-–—|]\ webex$ | \S\ [-–—|]\ (?:whereby|jitsi\ meet)\b
    | \bhuddle\b | \bslack\ call\b | \bvoice\ connected\b | \bgotomeeting\b | \bbigbluebutton\b
    | \b(?:skype|whatsapp|signal|facetime|discord)\ (?:video\ |voice\ )?call\b
"""
# Windows of the same programs that are open all day without anybody talking.
_NO_MEETING = r"""
    ^(?:home|meetings|messaging|calling|calendar|contacts|settings)\ [-–—|]\ webex$ |
    ^(?:home|settings|free\ account|pro\ account|licensed\ account|workplace|cloud\ meetings)?
    \ ?(?:[-–—|]\ )?zoom(?:\ workplace|\ cloud\ meetings)?$
    | ^zoom\ [-–—]\ | \bzoom\ workplace\b
"""
# One's own administration: time trackers, accounting and tax, each a part of a title by itself.
_OWN_PROGRAMS = listed("""toggl|toggl track|toggl reports|clockify|tracklater|tracklater-bot
    |timecamp|tmetric|everhour|hubstaff|rescuetime|kimai|timeular|memtime|timing|manictime|actitime
    |jibble|freshbooks|quickbooks|quickbooks online|intuit quickbooks|xero|freeagent|kashflow
    |zoho invoice|zoho books|invoice ninja|invoicely|wave accounting|lexoffice|lexware
    |lexware office|sevdesk|sevdesk 2.0|datev|datev unternehmen online|elster|mein elster|billomat
    |fastbill|easybill|papierkram|wiso steuer|accountable|kontist|bexio|procountor|netvisor|holvi
    |fennoa|isolta|omavero|mytax|vero.fi|fortnox|bokio|dinero|e-conomic|visma eaccounting
    |skatteverket|pennylane|tiime|freebe|urssaf|impots.gouv.fr|holded|quipu|contasimple
    |agencia tributaria|billin|fatture in cloud|fattureincloud|agenzia delle entrate|infakt|wfirma
    |fakturownia|e-urząd skarbowy|moneybird|e-boekhouden|belastingdienst|hmrc|zervant|ukko.fi|eezy
    |briox|spiris|fiken|tripletex|debitoor|quaderno|számlázz.hu|fakturoid|idoklad|merit aktiva
    |smartaccounts|e-mta|turbotax|taxact|simples nacional|expensify|payhawk|spendesk
    |revolut business|n26 business|finom|wakatime|activitywatch|freee|freee会計|マネーフォワード
    |弥生会計|misoca|e-tax|国税庁""")
# Names that mean other things too: only as the program that a title ends in.
_OWN_LAST = frozenset(("harvest", "timely", "sage", "wave", "indy", "shine", "qonto", "tempo"))
_QUOTE = "quote|angebot|devis|presupuesto|preventivo|offerte|見積書|견적서"
_INVOICE = r"""invoices?|rechnung|gutschrift|lasku|facture|factura|fattura|fatura|faktura|faktúra
    |faktūra|sąskaita|rēķins|račun|τιμολόγιο|arve
    |factuur|számla|nota\ fiscal|счет|счёт"""
_INVOICES = """rechnungen|laskut|factures|facturas|fatture|faturas|faktury|fakturor|fakturaer
    |facturen|számlák|счета|請求書|請求書一覧|发票|發票"""
_PAPER = r"\.(?:pdf|xlsx?|ods|csv|numbers|docx?|odt|pages)(?!\w)"
_NUMBERED_INVOICE = rf"""
    (?<![^\W_])(?:{_INVOICE}|{_QUOTE})[\s_-]{{0,3}}(?:\#|n[or°º]?\.?\s?|№\s?)?\d[\d/_-]*(?![^\W_])
    | (?:請求書|見積書|发票|發票)[\s_-]?\d
"""
# A file that is named after nothing but an invoice, whom it is for, and when. Word by word.
_INVOICE_WORD = rf"""{_INVOICE}|{_INVOICES}|rechnungs(?:entwurf|vorlage)|lasku(?:pohja|luonnos)|arve
    |請求書|请款单|請款單|청구서"""
_DATE_WORD = r"""\w*\d\w*|jan|feb|mar|apr|may|jun|jul|aug|sept?|oct|nov|dec|dez|okt
    |(?:jan|febr)uary|march|april|june|july|august|(?:septem|octo|novem|decem)ber
    |jänner|januar|februar|märz|mai|juni|juli|oktober|dezember|desember
    |(?:tammi|helmi|maalis|huhti|touko|kesä|heinä|elo|syys|loka|marras|joulu)kuu\w{0,3}
    |janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre
    |enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre
    |gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre
    |janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro
    |styczeń|luty|marzec|kwiecień|maj|czerwiec|lipiec|sierpień|wrzesień|październik|listopad
    |grudzień|januari|februari|maart|mei|augustus|augusti|(?:январ|феврал|апрел|июн|июл)[ья]
    |марта?|ма[йя]|августа?|(?:сентябр|октябр|ноябр|декабр)[ья]"""
_BESIDE_AN_INVOICE = r"""for|to|an?|the|of|für|fuer|pour|para|per|til|till|voor|dla|von|vom|de|du
    |from|final|draft|copy|kopie|entwurf|luonnos|template|vorlage|pohja|modèle|plantilla|modello|wzór"""
# A page by this name lists one's invoices, unless it is a customer's.
_INVOICE_PAGE = rf"""^(?:(?:all|your|my|new|create|send|edit|open|alle|neue|meine|ihre|uusi|omat
    |toutes\ (?:les|vos)|vos|mes|nouvelle|nueva|mis|tus|nuova|nova|nowa|ny|nieuwe|новый)\ )?
    (?:an?\ )?(?:{_INVOICE}|{_INVOICES})$"""
_OWN_WORDS = r"""
    (?<![^\W_])(?:
        time\s?-?sheets?|working\ hours|(?:hours|travel)\ and\ expenses|expense\ (?:report|claim)s?
        |(?:vat|tax)\ (?:return|declaration)s?|bookkeeping|business\ account|self\ assessment
        |stundenzettel|stundennachweis\w*|arbeitszeitnachweis\w*|zeiterfassung|arbeitszeiten|umsatzsteuer\w*|steuererklärung|ust-?va
        |buchhaltung|geschäftskonto|reisekosten\w*
        |tuntilista\w*|tuntikirjau\w*|työaikakirjau\w*|arvonlisävero\w*|alv-?ilmoitus
        |veroilmoitus|kirjanpito|yritystili
        |feuilles?\ de\ temps|compte[\ -]rendu\ d[’']activité
        |déclaration\ de\ (?:la\ )?tva|note\ de\ frais|comptabilité
        |hojas?\ de\ horas|modelo\ (?:303|130|390)|declaración\ (?:de\ la\ renta|del\ iva)
        |contabilidad|fogli?o?\ (?:delle\ )?ore|dichiarazione\ iva|contabilità
        |folha\ de\ horas|declaração\ (?:do\ )?iva
        |kart[ay]\ czasu\ pracy|jpk_\w+|deklaracja\ vat|księgowość
        |tidrapport\w*|tidsedd?el|timeseddel|momsdeklaration|moms\ ?angivelse|bokföring|bogføring
        |urenstaat|urenoverzicht|urenregistratie|btw-?aangifte|boekhouding
        |výkaz\ práce|munkaidő-?nyilvántartás|табель|учёт\ времени
    )(?![^\W_])
    | ^(?:hours|stunden|tunnit|heures|horas|ore\ lavorate|timmar|timer|godziny|uren|tunnid)
      (?![^\W_])[^|/]{0,40}\.(?:xlsx?|ods|csv|numbers)(?!\w)
    | 勤務表|勤怠|確定申告|消費税|経費精算|工数管理|工时表|考勤|报税
"""
# What somebody makes for others, though it be invoices: code, its tools, and those of its makers.
_MADE = r"""
    (?<![^\W_])(?:visual\ studio\ code|vscodium|code\ -\ oss|cursor|windsurf|zed|intellij\ idea
      |pycharm|webstorm|goland|phpstorm|rubymine|rider|clion|datagrip|android\ studio|sublime\ text
      |emacs|n?vim|gvim|xcode|tmux|zsh|bash|pytest|localhost|127\.0\.0\.1|github|gitlab|bitbucket|gitea
      |pull\ request|merge\ request|jira|taiga|confluence|figma|miro|storybook|swagger|postman
      |stack\ overflow|developers?|docs|documentation|api|sdk|staging|sandbox)(?![^\W_])
    | \ ·\  | ~\w | /[^\W\d] | (?<!\d)/\w | git:
    | \w\.(?!(?:pdf|xlsx?|ods|csv|numbers|docx?|odt|pages|fi|fr|de|com)(?!\w))[a-z]{1,6}(?!\w)
"""
# Windows that keep their title whatever is done in them: another machine, a drawing.
_KEEPS_TITLE = r"""(?<![^\W_])(?:
    remote\ desktop|remotedesktop\w*|rdp|mstsc|remmina|citrix\w*|vmware|virtualbox
    |parallels\ desktop|hyper-v|virtual\ machine|qemu\w*|virt-manager|nomachine|anydesk
    |teamviewer|horizon\ client
    |rustdesk|parsec|guacamole|\w*vnc\w*|windows\ app|amazon\ workspaces|dameware|splashtop
    |screenconnect|jump\ desktop|royal\ ts|mobaxterm|x2go\w*|sap\ (?:gui|logon)
    |remotedesktopverbindung|etätyöpöytä\w*|bureau\ à\ distance|escritorio\ remoto|desktop\ remoto
    |área\ de\ trabalho\ remota|pulpit\ zdalny|fjärrskrivbord|リモート\ ?デスクトップ\w*
    |autocad\w*|solidworks|fusion\ 360|freecad|revit|archicad|vectorworks|rhino\w*|sketchup|blender
    |kicad|qcad|librecad|microstation|inventor|onshape|catia|qgis|arcgis\w*|allplan|tekla
    |photoshop|illustrator|indesign|affinity\w*|gimp|inkscape|krita|darktable|lightroom|coreldraw
    |premiere\ pro|after\ effects|davinci\ resolve|final\ cut\ pro|audacity|ableton
    |unreal\ editor|godot|matlab|labview
)(?![^\W_])"""
# Documents keep it too, and are as often left open.
_DOCUMENT = r"""(?<![^\W_])(?:
    word|excel|powerpoint|libreoffice|openoffice|onlyoffice|keynote|scrivener|obsidian
    |google\ (?:docs|sheets|slides)|figma|miro|draw\.io|excalidraw
    |acrobat|okular|evince|foxit\w*|sumatrapdf|onenote|visio|canva|typora|texstudio|overleaf
)(?![^\W_])"""


class WindowPlace(Enum):
    """What is done in a window, and with it how far a word in its title can be trusted."""

    WORK = "work"
    PAGE = "page"  # a page of the web that could be anything
    TALK = "talk"
    REFERENCE = "reference"
    LEISURE = "leisure"
    MEETING = "meeting"
    OWN = "own"  # one's own administration, nobody's unless the person names a group for it


_LOOKS = (
    (WindowPlace.LEISURE, f"{_PRIVATE}|{_LEISURE}", _LEISURE_NAMES),
    (WindowPlace.TALK, _TALK, _TALK_NAMES),
    (WindowPlace.REFERENCE, _REFERENCE, _REFERENCE_NAMES),
    (WindowPlace.WORK, _TOOLS, ()),
)
_CODE_HOST = " · "
LONGEST_FILE_NAME = 80
_MEETING_PAGES = (
    r"meet\.google\.com/[a-z]{3}-|[\w.-]*zoom\.us/(?:j|s|wc)/|meet\.jit\.si/\w|whereby\.com/\w"
    r"|teams\.(?:microsoft|live)\.com/\S*(?:meet|calling)|[\w.-]*webex\.com/(?:meet|webappng)"
)
_FILE_WORDS = (_INVOICE_WORD, _QUOTE, _DATE_WORD, _BESIDE_AN_INVOICE)
_UNSPACED_INVOICES = "(請求書|見積書|请款单|請款單|发票|發票|청구서|견적서)"
_MEETING_WORDS = listed("""zoom|meet|meeting|teams|webex|whereby|jitsi|huddle|call|voice|gotomeeting
    |bigbluebutton|chime|zoom会议|zoom會議|zoomミーティング|zoom회의|facetime|bluejeans|lifesize|starleaf""")
_WORD = re.compile(r"[^\W_]+")
_PRIVATE_MARKS = re.compile(
    r"[(\[](?:private|gizli)[)\]]|[-–—] private [-–—] (?:vivaldi|opera|brave)$"
)
_BESIDE_A_NAME = re.compile(r"[\u200b•●*]|\([^()]{0,24}\)")
_SEPARATORS = re.compile(r"\s+[-–—|·]\s+|\s*\|\s*")


@cache
def _pattern(words: str) -> re.Pattern[str]:
    """Compiled when a title first wants it: most titles want few."""
    return re.compile(words, re.VERBOSE)


def _has(words: str, text: str) -> bool:
    return _pattern(words).search(text) is not None


def _spelled(text: str) -> str:
    """The words of a text alone, each between spaces."""
    return f" {' '.join(_WORD.findall(text))} "


_PRIVATE_PHRASES = [*map(_spelled, _PRIVATE.split("|"))]
# All telling words, by the first of them, so that a title is asked for few.
_PHRASES: dict[str, list[tuple[WindowPlace, str]]] = {}
for _place, _words, _ in _LOOKS:
    for _phrase in map(_spelled, _words.split("|")):
        _PHRASES.setdefault(_phrase.split()[0], []).append((_place, _phrase))
_NAMES = {name: place for place, _, names in _LOOKS for name in names}
_ORDER = [place for place, _, _ in _LOOKS]


class WindowKind:
    """Tells the place of a window; `meetings` are further words that mean a meeting."""

    def __init__(self, meetings: Iterable[str] = ()) -> None:
        words = [re.escape(folded(word)) for word in meetings if word.strip()]
        self._own = re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)") if words else None
        self._known: dict[str, WindowPlace] = {}

    def of(self, title: str) -> WindowPlace:
        """The place of a window with this title."""
        if title not in self._known:
            look = parts_of(title)
            self._known[title] = self._place(look) if look.app else self._look(folded(title))
        return self._known[title]

    def is_own(self, title: str, names: Iterable[str] = (), *, issue: bool = False) -> bool:
        """Whether a window is one's own administration, though it may name a group or an issue.

        `names` are the words in it that tell a group. The more it names, the more it takes: a
        program's name, or an invoice's number.
        """
        text = folded(title)
        # Without what stands beside a name: `(App)`, a counter, a browser's mark.
        plain = (_BESIDE_A_NAME.sub("", part).strip() for part in _SEPARATORS.split(text))
        parts = [part for part in plain if part]
        while len(parts) > 1 and parts[-1] in BROWSERS:
            parts.pop()
        if _has(_MADE, " - ".join(part for part in parts if part not in _OWN_PROGRAMS)):
            return False
        begun = (part.partition(":")[0] for part in parts)
        if not _OWN_PROGRAMS.isdisjoint([*parts, *begun]) or (
            len(parts) > 1 and parts[-1] in _OWN_LAST
        ):
            return True
        if issue:
            return False
        if _has(_NUMBERED_INVOICE, text) or _is_invoice_file(text, names):
            return True
        if any(names):
            return _has(_OWN_WORDS, text) and _has(_PAPER, text)
        return _has(_OWN_WORDS, text) or any(_has(_INVOICE_PAGE, part) for part in parts)

    def is_meeting(self, title: str) -> bool:
        """Whether somebody with this window in front may sit still and yet be at work."""
        return self.of(title) is WindowPlace.MEETING

    def keeps_title(self, title: str, *, long: bool = False) -> bool:
        """Whether somebody may work in the window for a while, or `long`, and its title stays."""
        text, place = folded(parts_of(title).spelled), self.of(title)
        if place not in (WindowPlace.WORK, WindowPlace.PAGE) or self.is_own(text):
            return False
        return _has(_KEEPS_TITLE, text) or (not long and _has(_DOCUMENT, text))

    def is_talk(self, title: str) -> bool:
        """Whether others write in the window: what it says changes with nobody there."""
        return self.of(title) is WindowPlace.TALK

    def is_leisure(self, title: str) -> bool:
        """Whether the window plays or shows one thing after another with nobody there."""
        return self.of(title) is WindowPlace.LEISURE

    def _place(self, look: Look) -> WindowPlace:
        """Where the program is known, it says more than a title; a page's server too."""
        title = folded(look.spelled)
        if program(look.app) in _LEISURE_APPS:
            return WindowPlace.LEISURE
        if is_for_code(look.app):
            return WindowPlace.WORK
        if not (look.host and is_browser(look.app)):
            return self._look(title)
        address = folded(look.address)
        if self._is_meeting(title) or _pattern(_MEETING_PAGES).match(address):
            return WindowPlace.MEETING
        if is_private(title):
            return WindowPlace.LEISURE
        places = _places(folded(look.host))
        return min(places, key=_ORDER.index, default=None) or self._look(title)

    def _look(self, title: str) -> WindowPlace:
        if self._is_meeting(title):
            return WindowPlace.MEETING
        if _PRIVATE_MARKS.search(title):
            return WindowPlace.LEISURE
        parts = [part.strip(" ()") for part in _SEPARATORS.split(title)]
        places = _places(title) | {_NAMES[part] for part in parts if part in _NAMES}
        page = not BROWSERS.isdisjoint(parts[1:]) and _CODE_HOST not in title
        return min(places, key=_ORDER.index, default=WindowPlace.PAGE if page else WindowPlace.WORK)

    def _is_meeting(self, title: str) -> bool:
        if self._own is not None and self._own.search(title):
            return True
        told = not _MEETING_WORDS.isdisjoint(_WORD.findall(title)) and _has(_MEETING, title)
        return told and not _has(_NO_MEETING, title)


def _is_invoice_file(text: str, names: Iterable[str]) -> bool:
    """Whether a folded title is that of a file which is an invoice, and not about invoices."""
    paper = _pattern(_PAPER).search(text)
    name = text[: paper.start()] if paper else ""
    if len(name) > LONGEST_FILE_NAME or any(mark in name for mark in "|/"):
        return False
    named = {word for one in names for word in _WORD.findall(one)}
    spaced = _pattern(_UNSPACED_INVOICES).sub(r" \1 ", name)
    words = [word for word in _WORD.findall(spaced) if word not in named]
    told = [[bool(_pattern(words).fullmatch(word)) for words in _FILE_WORDS] for word in words]
    if any(invoice for invoice, *_ in told) and all(map(any, told)):
        return True
    dated = any(date for _, _, date, _ in told)
    return dated and any(told[end][0] or told[end][1] for end in (0, -1))


def _places(text: str) -> set[WindowPlace]:
    """The places that words of a folded text tell."""
    spelled = _spelled(text)
    words = spelled.split()
    return {p for word in words for p, phrase in _PHRASES.get(word, ()) if phrase in spelled}


def is_private(title: str) -> bool:
    """Whether a browser's window says that it is one of those that remember nothing."""
    text = folded(title)
    spelled = _spelled(text)
    return bool(_PRIVATE_MARKS.search(text)) or any(p in spelled for p in _PRIVATE_PHRASES)


def program_in(title: str) -> str:
    """The program or well-known site that a title names, as it is written there; "" for none."""
    parts = [part.strip() for part in _SEPARATORS.split(title)]
    return next((part for part in reversed(parts[1:]) if folded(part) in _PROGRAMS), "")


def without_program(title: str) -> str:
    """A folded title without the names of programs and well-known sites, which are no cues."""
    parts = _SEPARATORS.split(title)
    if len(parts) == 1:
        return title
    return " | ".join(part for part in parts if part.strip() not in _PROGRAMS)
