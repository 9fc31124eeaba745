"""The page for people: what a colleague with gcloud could do behind the portal's back, and faults at the press of a button."""

from html import escape
from typing import TYPE_CHECKING

from cryptography import x509

from emulator import trust_config
from emulator.errors import Refused
from emulator.faults import KINDS, Fault
from emulator.permissions import PERMISSIONS
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.server import Emulator

_ROLES = {
    "anchors": "trust anchor",
    "intermediates": "intermediate CA",
    "allowlisted": "allowlisted certificate",
}
_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem;overflow-wrap:anywhere}table{border-collapse:collapse;width:100%}
td,th{padding:.3rem .6rem;border-bottom:1px solid #8884;text-align:left;vertical-align:top}code{overflow-wrap:anywhere}
.said{border-left:4px solid #06c;padding:.5rem 1rem;background:#0066cc18}form{display:inline}fieldset{border:1px solid #8886;margin:.5rem 0}
textarea{width:100%;box-sizing:border-box}button{font:inherit}label{display:inline-block;margin:.2rem .6rem .2rem 0}.dim{opacity:.75}
"""


def act(emulator: "Emulator", form: dict[str, str]) -> str:
    """Does what one form asks for; returns the sentence that the page shows next."""
    acts = {
        "remove": _remove,
        "add": _add,
        "label": _set_label,
        "fault": _order_fault,
        "forget-faults": _forget_faults,
        "restart": _restart,
    }
    try:
        return acts[form.get("act", "")](emulator, form)
    except (Refused, ValueError, KeyError) as error:
        return f"Not done: {error}"


def _remove(emulator: "Emulator", form: dict[str, str]) -> str:
    kept = [
        pem
        for pem in emulator.certificate_manager.look(form["name"])[form["role"]]
        if trust_config.fingerprint(pem) != form["sha256"]
    ]
    emulator.certificate_manager.edit_out_of_band(form["name"], {form["role"]: kept})
    return f"Removed from {form['name']}, without etag and without asking the portal."


def _add(emulator: "Emulator", form: dict[str, str]) -> str:
    pems = emulator.certificate_manager.look(form["name"])[form["role"]]
    emulator.certificate_manager.edit_out_of_band(
        form["name"], {form["role"]: [*pems, form["pem"].replace("\r\n", "\n").strip() + "\n"]}
    )
    return f"Added to {form['name']}, without etag and without asking the portal."


def _set_label(emulator: "Emulator", form: dict[str, str]) -> str:
    labels = {
        **emulator.certificate_manager.look(form["name"])["labels"],
        form["key"]: form["value"],
    }
    emulator.certificate_manager.edit_out_of_band(form["name"], {"labels": labels})
    return f"Label set on {form['name']}, without etag and without asking the portal."


def _order_fault(emulator: "Emulator", form: dict[str, str]) -> str:
    times = int(form["times"] or 1)
    emulator.faults.add(
        Fault(
            form["rpc"],
            form["when"],
            form["kind"],
            form["code"],
            seconds=float(form["seconds"] or 0),
            times=times,
        )
    )
    return f"The next {times} calls of {form['rpc']} meet it."


def _forget_faults(emulator: "Emulator", _form: dict[str, str]) -> str:
    emulator.faults.clear()
    return "No fault is on order."


def _restart(emulator: "Emulator", _form: dict[str, str]) -> str:
    emulator.restart()
    return "Every connection was cut; it serves again from what lies on disk."


def render(emulator: "Emulator", said: str) -> str:
    configs = "".join(
        _trust_config(name, emulator.certificate_manager.look(name))
        for name in emulator.certificate_manager.names()
    )
    policies = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td><code>{escape(policy['trust_config'])}</code></td><td>{escape(policy['mode'])}</td>"
        f"<td><code>https://localhost:{policy['port']}/</code></td></tr>"
        for name, policy in emulator.gateways.policies().items()
    )
    faults = "".join(
        f"<li>{escape(_fault_in_words(fault))}</li>" for fault in emulator.faults.waiting()
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Emulator</title><style>{_STYLE}</style>
<h1>Emulated Google Cloud</h1>
<p class="dim">What is done here is done as by a colleague with gcloud: at once, without etag, without the portal.</p>
{f'<p class="said" role="status">{escape(said)}</p>' if said else ""}
{configs or "<p>No trust config exists.</p>"}
<h2>Load balancers</h2>{f"<table><tr><th>policy<th>trust config<th>mode<th>address</tr>{policies}</table>" if policies else "<p>None.</p>"}
<h2>Faults</h2>{f"<ul>{faults}</ul>" if faults else "<p>None on order.</p>"}
<form method="post"><input type="hidden" name="act" value="fault"><fieldset><legend>Order one</legend>
{_select("rpc", list(PERMISSIONS))}{_select("kind", sorted(KINDS))}{_select("when", ["before", "after"])}
{_select("code", ["UNAVAILABLE", "ABORTED", "RESOURCE_EXHAUSTED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "INTERNAL", "NOT_FOUND"])}
<label>seconds <input name="seconds" type="number" value="0" min="0" step="any"></label><label>times <input name="times" type="number" value="1" min="1"></label>
<button>Order</button></fieldset></form>
<form method="post"><button name="act" value="forget-faults">Forget all faults</button></form>
<form method="post"><button name="act" value="restart">Restart</button></form></html>"""


def _trust_config(name: str, body: Document) -> str:
    rows = "".join(_entry(name, role, pem) for role in _ROLES for pem in body[role])
    labels = ", ".join(f"{key} = {value}" for key, value in body["labels"].items()) or "none"
    roles = "".join(f'<option value="{role}">{label}</option>' for role, label in _ROLES.items())
    return f"""<section aria-label="{escape(name)}"><h2><code>{escape(name)}</code></h2>
<p class="dim">etag <code>{escape(body["etag"])}</code> · labels {escape(labels)}</p>
<table><tr><th>role<th>subject<th>SHA-256<th></tr>{rows or '<tr><td colspan="4">empty</td></tr>'}</table>
<form method="post"><fieldset><legend>Add behind the portal's back</legend><input type="hidden" name="name" value="{escape(name)}">
<label>role <select name="role">{roles}</select></label><label style="width:100%">PEM <textarea name="pem" rows="3"></textarea></label>
<button name="act" value="add">Add</button></fieldset></form>
<form method="post"><fieldset><legend>Set a label behind the portal's back</legend><input type="hidden" name="name" value="{escape(name)}">
<label>key <input name="key" value="countersign-revision"></label><label>value <input name="value"></label>
<button name="act" value="label">Set</button></fieldset></form></section>"""


def _fault_in_words(fault: Document) -> str:
    what = f"{fault['code']}" if fault["kind"] == "error" else fault["kind"].replace("_", " ")
    return f"{fault['rpc']}: {what}, {fault['when']} the effect, {fault['times']} × (after {fault['skip']} calls)"


def _entry(name: str, role: str, pem: str) -> str:
    digest = trust_config.fingerprint(pem)
    subject = x509.load_pem_x509_certificate(pem.encode()).subject.rfc4514_string()
    return f"""<tr><td>{_ROLES[role]}</td><td>{escape(subject)}</td><td><code>{digest}</code></td><td><form method="post">
<input type="hidden" name="name" value="{escape(name)}"><input type="hidden" name="role" value="{role}"><input type="hidden" name="sha256" value="{digest}">
<button name="act" value="remove">Remove</button></form></td></tr>"""


def _select(name: str, values: list[str]) -> str:
    options = "".join(f"<option>{value}</option>" for value in values)
    return f'<label>{name} <select name="{name}">{options}</select></label>'
