"""Speech that the reference knows by heart: it has no ears for words, but it recognises our own clips.

A clip is known by its loudest moment, byte for byte in each format; so it does not matter what surrounds it,
how it was cut into appends, or where voice activity found its beginning.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import cache

#: What is words in a clip -> audio format -> its loudest milliseconds (made from fixtures/audio by a test).
MOMENTS: Mapping[str, Mapping[str, str]] = {
    "Hello my dear friend": {
        "pcm16": "bhtSIVAiTiJgI+0kwijwL/k1BTf6NHQxoSwSKr8sujCIMDstQCveKysthiygJVgUjv0k7+LwHP30CiwS"
        "OwoI9TfgYtXX0rPT+9QW1MvQ4M590XrVF9W10I3M08lPyZHN",
        "g711_ulaw": "tbKrq7W+vEtFLiMsJyMl0dzcnZ6WlJeXmJswuT0WGRYXEhwcKco9tqGlq6ilvsJSOzwtKy43Mz5r0sS7"
        "t7O3u8LOY0g/OjY0OT1JWda6trY=",
        "g711_alaw": "nJmGgZyVl2dtBA4GAgkM/8rLt7S8vr29srYbkBU8Mzw9ODY2AOYUnYiMgYOPle59FhcHAQUSHhVe/OyW"
        "kp6Slu/6RmBrER0fEBRmdPCRnZ0=",
    },
    "What is the capital of France?": {
        "pcm16": "KC6lKgkntSauKMwp7yUEGA8CEvGY71v6cwiIEasMdvl25OLYm9ZL2ObZytjO1KzRQ9PC18LY19Sl0EHO"
        "G86Z0gvaY95K3uvcJdxk3SHj8e0V+ooC6wSaASL7WPY3+A4B",
        "g711_ulaw": "Sk5d4su9vbuwtL3Iv1BDNywzLSov0+TioqSdnJ2dnqY1uDUcHhwcGSMePdRCsaepr6quwMU+QDwuLTU6"
        "OEde2srFv7y9wcTGztvyb1pOSEY=",
        "g711_alaw": "ZntIwOeUlJabn5Tg639vEgceBAEF/cbAiY+3trS0tIwckxw3NDY3MAk1FPJvmI2AhYCF6e0VaBcFBxwR"
        "E2NM9Obt65eU6ezi+/XTXXV7YGI=",
    },
}


@cache
def _moments(audio_format: str) -> tuple[tuple[bytes, str], ...]:
    return tuple((base64.b64decode(moment[audio_format]), words) for words, moment in MOMENTS.items())


def words_in(data: bytes, audio_format: str) -> str:
    """Return the words of the known clips in *data*, in their order; empty if there are none."""
    found = ((data.find(moment), words) for moment, words in _moments(audio_format))
    return " ".join(words for at, words in sorted(found) if at >= 0)
