"""The pages that a new installation starts with, in both languages. Editors change them; nothing here overwrites what they wrote.
What only the City can say is left open, and the page is marked as still to be confirmed."""

from typing import Any, NamedTuple


class First(NamedTuple):
    """A help page in one language: where it stands, its lead and its text as (kind of block, value)."""

    slug: str
    title: str
    lead: str
    body: list[tuple[str, Any]]


def _steps(title: str, *steps: tuple[str, str]) -> tuple[str, Any]:
    return ("steps", {"title": title, "steps": [{"title": name, "text": f"<p>{text}</p>"} for name, text in steps]})


HOME: dict[str, dict[str, Any]] = {
    "it": {
        "title": "La città come laboratorio",
        "lead": "Torino mette a disposizione strade, parchi ed edifici a chi vuole provare una soluzione nuova: start-up, imprese, enti di ricerca e partenariati, anche dall’estero.",
        "body": [
            ("closing_soon", {"title": "In scadenza"}),
            _steps(
                "Come funziona",
                ("Trovate la sfida e il luogo", "Cercate tra le sfide aperte e i luoghi di sperimentazione, oppure portate un’idea vostra."),
                ("Preparate una sola candidatura", "Dieci sezioni brevi, in qualunque ordine. Accanto vedete quali luoghi e sfide sono adatti, e perché."),
                ("La Città risponde entro trenta giorni", "Vedete sempre a chi tocca e quanti giorni restano; la determinazione è motivata."),
                ("Sperimentate sul campo", "Firmate il disciplinare, ottenete le autorizzazioni, misurate e raccontate che cosa è successo."),
            ),
            ("sites", {"title": "Luoghi di sperimentazione"}),
            ("pilots", {"title": "Sperimentazioni"}),
            ("stories", {"title": "Storie"}),
        ],
    },
    "en": {
        "title": "The city as a testbed",
        "lead": "Turin opens its streets, parks and buildings to whoever wants to try something new: start-ups, companies, research bodies and partnerships, also from abroad.",
        "body": [
            ("closing_soon", {"title": "Closing soon"}),
            _steps(
                "How it works",
                ("You find the challenge and the site", "Search the open challenges and the testbed sites, or bring an idea of your own."),
                ("You prepare one proposal", "Ten short sections, in any order. Beside them you see which sites and challenges fit, and why."),
                ("The City answers within thirty days", "You always see whose turn it is and how many days are left; the decision gives its reasons."),
                ("You try it in the field", "You sign the agreement, obtain the permits, measure, and tell what happened."),
            ),
            ("sites", {"title": "Testbed sites"}),
            ("pilots", {"title": "Pilots"}),
            ("stories", {"title": "Stories"}),
        ],
    },
}

STORIES = {
    "it": ("storie", "Storie", "Che cosa è successo nelle sperimentazioni, raccontato da chi c’era."),
    "en": ("stories", "Stories", "What happened in the pilots, told by those who were there."),
}

HELP = {
    "it": ("aiuto", "Aiuto", "Come si usa questo sito e quali regole valgono."),
    "en": ("help", "Help", "How to use this site, and the rules that apply."),
}

# Each pair is one page in both languages; the flag says that the City has to confirm it.
HELP_PAGES: list[tuple[bool, First, First]] = [
    (
        False,
        First(
            "domande-frequenti", "Domande frequenti", "Le risposte che cerca chi vuole sperimentare a Torino.",
            [("questions", {"questions": [
                {"question": "Chi può presentare una candidatura?", "answer": "<p>Start-up, imprese, università ed enti di ricerca, enti del terzo settore e partenariati, anche dall’estero e senza partita IVA italiana. Alcune sfide ammettono solo alcuni tipi di proponente: lo dice la loro pagina.</p>"},
                {"question": "Bisogna rispondere a una sfida?", "answer": "<p>No. Potete anche proporre un’idea vostra, per uno dei luoghi pubblicati.</p>"},
                {"question": "In quanto tempo risponde la Città?", "answer": "<p>Entro trenta giorni dalla ricezione, o dalla scadenza per le sfide con graduatoria. Una richiesta di integrazioni sospende il termine una sola volta, per trenta giorni al massimo.</p>"},
                {"question": "Quanto costa?", "answer": "<p>Sulla domanda è dovuta l’imposta di bollo di 16 euro, salvo esenzione. Gli importi e le cauzioni del luogo, se previsti, sono indicati prima della firma.</p>"},
                {"question": "La candidatura si salva da sola?", "answer": "<p>Sì, mentre scrivete. Potete tornare quando volete e lavorare insieme alle altre persone della vostra organizzazione.</p>"},
            ]})],
        ),
        First(
            "frequent-questions", "Frequent questions", "Answers for whoever wants to try something in Turin.",
            [("questions", {"questions": [
                {"question": "Who may present a proposal?", "answer": "<p>Start-ups, companies, universities and research bodies, third-sector bodies and partnerships, also from abroad and without an Italian VAT number. Some challenges admit only some kinds of applicant: their page says so.</p>"},
                {"question": "Do I have to answer a challenge?", "answer": "<p>No. You may also propose an idea of your own for one of the published sites.</p>"},
                {"question": "How soon does the City answer?", "answer": "<p>Within thirty days of receipt, or of the closing time where there is a ranking. A request for additions stops the clock once, for at most thirty days.</p>"},
                {"question": "What does it cost?", "answer": "<p>The request pays the stamp duty of 16 euro, unless exempt. Fees and deposits of the site, where there are any, are stated before you sign.</p>"},
                {"question": "Is it saved by itself?", "answer": "<p>Yes, as you type. You can come back whenever you like and work together with colleagues of your organisation.</p>"},
            ]})],
        ),
    ),
    (
        True,
        First(
            "privacy", "Informativa sulla privacy", "Quali dati personali tratta questo sito, perché e per quanto tempo.",
            [
                ("heading", "Quali dati"),
                ("text", "<p>Nome, indirizzo e-mail e lingua di chi si registra; i dati dell’organizzazione e delle persone indicate nella candidatura; gli allegati caricati; il registro delle operazioni, senza testo personale.</p>"),
                ("heading", "Perché"),
                ("text", "<p>Per ricevere, istruire e decidere le candidature e per seguire le sperimentazioni. I dati delle candidature sono visibili solo agli uffici e alle persone che le valutano.</p>"),
                ("heading", "Cookie"),
                ("text", "<p>Solo quelli tecnici: la sessione, la protezione dei moduli e la lingua scelta. Nessun tracciamento e nessun servizio esterno.</p>"),
                ("heading", "Da completare a cura della Città"),
                ("text", "<ul><li>Titolare, responsabile della protezione dei dati e loro recapiti</li><li>Base giuridica e tempi di conservazione</li><li>Come esercitare i propri diritti</li></ul>"),
            ],
        ),
        First(
            "privacy", "Privacy notice", "Which personal data this site handles, why and for how long.",
            [
                ("heading", "Which data"),
                ("text", "<p>Name, e-mail address and language of whoever registers; the data of the organisation and of the people named in a proposal; the files you upload; the trail of what was done, without personal text.</p>"),
                ("heading", "Why"),
                ("text", "<p>To receive, examine and decide proposals and to follow the pilots. What a proposal says is seen only by the offices and by those who evaluate it.</p>"),
                ("heading", "Cookies"),
                ("text", "<p>Only technical ones: the session, the protection of forms and the language you chose. No tracking and no outside service.</p>"),
                ("heading", "To be completed by the City"),
                ("text", "<ul><li>Controller, data protection officer and how to reach them</li><li>Legal basis and retention times</li><li>How to exercise your rights</li></ul>"),
            ],
        ),
    ),
    (
        True,
        First(
            "note-legali", "Note legali", "Come si possono riusare i contenuti di questo sito.",
            [
                ("heading", "Licenza dei contenuti"),
                ("text", "<p>Salvo diversa indicazione, testi e dati pubblicati qui sono riusabili con licenza Creative Commons Attribuzione 4.0 (CC BY 4.0).</p>"),
                ("heading", "Software"),
                ("text", "<p>Il software di questo sito è libero, con licenza EUPL 1.2.</p>"),
                ("heading", "Responsabilità"),
                ("text", "<p>Gli atti ufficiali sono quelli pubblicati all’albo pretorio della Città: in caso di differenza valgono quelli. La Città deve confermare questo testo.</p>"),
            ],
        ),
        First(
            "legal-notes", "Legal notes", "How the contents of this site may be reused.",
            [
                ("heading", "Licence of the contents"),
                ("text", "<p>Unless stated otherwise, texts and data published here may be reused under Creative Commons Attribution 4.0 (CC BY 4.0).</p>"),
                ("heading", "Program"),
                ("text", "<p>The program behind this site is free software under the EUPL 1.2.</p>"),
                ("heading", "Liability"),
                ("text", "<p>The official acts are those on the City's public notice board: where they differ, those count. The City has to confirm this text.</p>"),
            ],
        ),
    ),
    (
        True,
        First(
            "accessibilita", "Dichiarazione di accessibilità", "A che punto è questo sito, e come segnalare un ostacolo.",
            [
                ("heading", "Stato di conformità"),
                ("text", "<p>Il sito è costruito secondo le WCAG 2.1, livello AA, e controllato a ogni modifica con prove automatiche. Le prove con persone che usano tecnologie assistive sono ancora da fare: finché mancano, la conformità è da considerare parziale.</p>"),
                ("heading", "La mappa"),
                ("text", "<p>La mappa non è necessaria: l’elenco contiene gli stessi luoghi.</p>"),
                ("heading", "Segnalare un ostacolo"),
                ("text", "<p>Scrivere all’indirizzo in fondo a ogni pagina, indicando quale pagina e quale difficoltà. La dichiarazione ufficiale sul modello AgID è a cura della Città.</p>"),
            ],
        ),
        First(
            "accessibility", "Accessibility statement", "How far this site has come, and how to report an obstacle.",
            [
                ("heading", "Conformance"),
                ("text", "<p>The site is built to WCAG 2.1, level AA, and checked by automatic tests at every change. Trials with people who use assistive technology are still to be done: until then, take conformance as partial.</p>"),
                ("heading", "The map"),
                ("text", "<p>The map is never needed: the list holds the same places.</p>"),
                ("heading", "Reporting an obstacle"),
                ("text", "<p>Write to the address at the foot of every page and say which page and what the difficulty is. The official statement on AgID's form is for the City to make.</p>"),
            ],
        ),
    ),
    (
        False,
        First("mappa-del-sito", "Mappa del sito", "Tutte le sezioni e le pagine.", [("site_map", None)]),
        First("site-map", "Site map", "Every section and page.", [("site_map", None)]),
    ),
]  # fmt: skip
