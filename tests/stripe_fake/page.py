"""The hosted Checkout page: what is paid, how much, and four ways out of it."""

from html import escape

from .world import Thing, World

WORDS = {
    "it": {
        "title": "Pagamento di prova", "total": "Totale", "pay": "Paga con carta", "pay_later": "Paga con addebito SEPA", "decline": "Paga con una carta rifiutata",
        "cancel": "Torna al sito", "declined": "La carta è stata rifiutata. Prova un altro metodo.", "closed": "Questa sessione di pagamento è chiusa.",
        "note": "Controfigura locale di Stripe: non si muove denaro.",
    },
    "en": {
        "title": "Test payment", "total": "Total", "pay": "Pay by card", "pay_later": "Pay by SEPA debit", "decline": "Pay with a card that is declined",
        "cancel": "Back to the site", "declined": "Your card was declined. Try another method.", "closed": "This payment session is closed.",
        "note": "A local stand-in for Stripe: no money moves.",
    },
}  # fmt: skip
STYLE = """
body{margin:0;font:16px/1.5 system-ui,sans-serif;color:#1a1f36;background:#f6f8fa}main{max-width:26rem;margin:1rem auto;padding:1.5rem;background:#fff;
border:1px solid #d5dbe1;border-radius:8px}h1{font-size:1.25rem;margin:0 0 1rem}table{width:100%;border-collapse:collapse}td,th{padding:.4rem 0;text-align:left;font-weight:400}
td{text-align:right;white-space:nowrap}tfoot th,tfoot td{border-top:1px solid #d5dbe1;font-weight:600}button{display:block;width:100%;margin:.6rem 0;padding:.75rem;font:inherit;
border:1px solid #4f566b;border-radius:6px;background:#fff;color:inherit;cursor:pointer}button.main{background:#0a5c46;border-color:#0a5c46;color:#fff}p[role=alert]{color:#9b1c1c}small{color:#4f566b}
"""


def money(cents: int, language: str) -> str:
    whole, part = divmod(cents, 100)
    return f"{whole:,}".replace(",", ".") + f",{part:02d} €" if language == "it" else f"€{whole:,}.{part:02d}"


def page(world: World, account: str, session: Thing, *, declined: bool = False) -> str:
    language = session["locale"] if session["locale"] in WORDS else "en"
    words = WORDS[language]
    if session["status"] != "open":
        return document(language, words["title"], f'<p role="alert">{words["closed"]}</p>{cancel(session, words)}')
    items = world.things[account][f"{session['id']}/given"]["items"]
    rows = "".join(
        f'<tr><th scope="row">{escape(item["price_data"]["product_data"]["name"])}</th>'
        f"<td>{money(int(item['quantity']) * int(item['price_data']['unit_amount']), language)}</td></tr>"
        for item in items
    )
    total = f'<tfoot><tr><th scope="row">{words["total"]}</th><td>{money(session["amount_total"], language)}</td></tr></tfoot>'
    buttons = "".join(
        f'<button name="act" value="{act}"{" class=main" if act == "pay" else ""}>{words[act]}</button>' for act in ("pay", "pay_later", "decline")
    )
    alert = f'<p role="alert">{words["declined"]}</p>' if declined else ""
    body = (
        f'<table><tbody>{rows}</tbody>{total}</table>{alert}<form method="post">{buttons}</form>{cancel(session, words)}<p><small>{words["note"]}</small></p>'
    )
    return document(language, words["title"], body)


def cancel(session: Thing, words: dict[str, str]) -> str:
    return f'<p><a href="{escape(session["cancel_url"])}">{words["cancel"]}</a></p>' if session["cancel_url"] else ""


def document(language: str, title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}</title><link rel="icon" href="data:,"><style>{STYLE}</style></head><body><main><h1>{title}</h1>{body}</main></body></html>'
    )
