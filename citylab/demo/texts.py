"""Sentences of the invented histories that do not belong to one idea."""

NOTES = (
    "Chiesto per le vie brevi un parere all'ufficio che gestisce il luogo: risposta attesa in settimana.",
    "Proposta chiara. Da verificare il consenso dell'ente gestore prima della valutazione.",
    "Verificata la visura: legale rappresentante corretto.",
)
ADDITIONS_LEAD = {"it": "Per proseguire l'istruttoria servono i chiarimenti che seguono.", "en": "To go on with the screening we need the following."}
# Section, field, text.
ADDITIONS = (
    (
        ("plan", "plan", "Indicate le date delle singole fasi e chi è presente sul posto in ciascuna."),
        ("safety", "insurance", "Allegate la polizza o indicate la data di decorrenza."),
    ),
    (
        ("city_assets", "area_m2", "Precisate l'ingombro e allegate una planimetria quotata."),
        ("data", "hosting", "Specificate dove sono conservati i dati e per quanto tempo."),
        ("people", "accessibility", "Descrivete il percorso alternativo per chi usa una carrozzina."),
    ),
    (("plan", "resources", "Distinguete nel bilancio le spese già coperte da quelle da coprire."), ("impact", "indicators", "Indicate come è stato misurato il valore di partenza.")),
)
ADDED = {"it": "Precisazione aggiunta su richiesta dell'ufficio: il calendario di dettaglio è nella scheda tecnica.", "en": "Added at the office's request: the detailed calendar is in the technical sheet."}
REPLY = {"it": "Abbiamo completato la risposta nella sezione indicata.", "en": "We completed the answer in that section."}
SHEET = {
    "good": (
        "Problema reale, soluzione semplice, buon coinvolgimento delle persone. Da seguire i costi dopo la prova.",
        "Piano solido e indicatori misurabili. Consiglio una verifica intermedia con l'ufficio.",
        "Idea matura e ben calata nel luogo. La co-creazione è il punto di forza.",
    ),
    "weak": (
        "Il bisogno è chiaro ma la soluzione non lo affronta fino in fondo; indicatori deboli.",
        "Il piano non dice chi gestisce il servizio durante la prova né che cosa resta dopo.",
        "Poco coinvolgimento delle persone interessate; benefici non dimostrati.",
    ),
}
OBSERVATIONS = (
    "Abbiamo raccolto l'adesione di due nuovi soggetti e possiamo presentare un piano di gestione di dodici mesi.",
    "Riteniamo che i motivi indicati si possano superare riducendo la prova a un solo luogo, a parità di risultati attesi.",
)
REFUSAL = (
    "Il piano non dimostra la sostenibilità della gestione dopo la prova e gli indicatori non permettono di misurarne l'esito.",
    "La soluzione non risponde al bisogno descritto nella sfida e il coinvolgimento delle persone interessate è insufficiente.",
)
INADMISSIBLE = "Manca un requisito essenziale dell'avviso."
REJECTED = "La graduatoria colloca la proposta sotto la soglia di sessanta punti: impatto e co-creazione non raggiungono il minimo."
REOPENED_EVALUATION = "Le osservazioni ricevute meritano un nuovo esame della commissione."
WITHDRAWN = ("Un partner ha cambiato programma: preferiamo ripresentarci in autunno.", "Abbiamo trovato un altro luogo per la prova. Grazie per l'attenzione.")
APPROVED = "La commissione ha valutato la proposta oltre la soglia; il luogo è libero nelle date chieste e la prova non comporta spese per la Città."
CONDITIONS = "Prima dell'avvio: polizza in vigore, verifica intermedia con l'ufficio a metà prova, comunicazione ai residenti con dieci giorni di anticipo."
THIRD_PARTY = {"vehicle": "Ministero delle Infrastrutture e dei Trasporti", "drone": "ENAC"}
INCIDENT = "Durante la notte tre sensori sono stati danneggiati da un mezzo di servizio; nessuna persona coinvolta, un pozzetto scoperto transennato subito."
INCIDENT_MEASURES = "Pozzetto richiuso, area segnalata, percorso dei mezzi di servizio spostato di due metri."
SUSPENSION = "Occorre verificare la posa degli altri sensori prima di proseguire."
RESTART = "Sopralluogo con esito positivo e nuova segnaletica per i mezzi di servizio."
STORM = "Il vento forte ha staccato due sensori; uno è caduto sulla sponda, senza conseguenze."
STORM_MEASURES = "Cavetti di sicurezza raddoppiati su tutti i punti; ispezione dopo ogni allerta meteo."
EXTENSION = "Chiediamo due mesi in più: le iscrizioni sono partite tardi e il sondaggio finale avrebbe troppe poche risposte."
TERMINATED = "Il fornitore della camera ha ritirato il prodotto dal mercato: non possiamo garantire misure confrontabili."
REVOKED = "Dopo due richiami i proiettori sono rimasti accesi oltre l'orario concordato, con reclami dei residenti."
PILOT_WITHDRAWN = "Il finanziamento dei soci non è arrivato in tempo per l'avvio."
CHECK_FAILED = "In tre farmacie restano i fissaggi a parete e un foro da stuccare."
CHECK_PASSED = "Luogo restituito come prima; fotografie acquisite."
REPORT = "La prova si è svolta nei tempi previsti. {indicator}: da {baseline} a {reached} {unit} (obiettivo {target}). I partecipanti attesi sono stati raggiunti e non si sono verificati danni."
LESSONS = "Il coinvolgimento dall'inizio ha evitato quasi tutti i reclami; la taratura richiede più tempo di quanto previsto."
NEXT_STEPS = "Proponiamo di proseguire in altri due luoghi, con costi a nostro carico per il primo anno."
STARTUP_NOTE = "Buongiorno, confermiamo il sopralluogo di giovedì alle 10. Porteremo la planimetria aggiornata."
CITY_NOTE = "Grazie. Sarà presente anche il collega dell'ufficio che gestisce il luogo."
MESSAGE = ("Calendario della commissione", "La commissione esaminerà la proposta nelle prossime due settimane. Non occorre alcuna azione da parte vostra.")
WAIVED = "La prova produce dati per il trasporto pubblico, di interesse della Città: il canone non è dovuto."
KEPT = {
    "reported": "Due lastre della pavimentazione scheggiate da una vasca durante lo smontaggio: le sostituisce la Città, come da verbale allegato.",
    "closed": "Tre tasselli rimasti nel marciapiede: li ha chiusi la Città, come da verbale allegato.",
}
KEPT_ANSWER = "Una delle due lastre era già rotta prima del montaggio, come mostrano le nostre fotografie del primo giorno: vi chiediamo di rivedere la somma."
