"""What an endpoint may write into every field that it controls, and what no output may then hold."""

#: Scripts, escapes that repaint a terminal, NUL, marks that turn the writing, half a surrogate pair.
HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(1)>\r\"'>"
    "\x1b[2J\x1b]8;;http://x\x07\x00\u202egnp.exe\u2066\ud83d\x9b31m"
)
#: None of these may stand in any output.
ACTIVE = ("<script", "<img", "\x1b", "\x00", "\u202e", "\u2066", "\ud83d", "\x9b", "\r")


def active_in(text):
    """Give what of HOSTILE would still act in *text*."""
    return [each for each in ACTIVE if each in text]
