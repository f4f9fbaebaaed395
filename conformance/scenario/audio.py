"""The audio that scripts speak: clips by name and format, silence, and chunks.  No clock: chunks are not paced."""

from __future__ import annotations

import re
import wave
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from conformance.errors import UsageError
from conformance.resources import folder

#: Canonical format -> (bytes a second, one sample of silence, file ending of a clip).
#: pcm16 is 24 kHz mono little-endian, G.711 is 8 kHz.
FORMATS: Mapping[str, tuple[int, bytes, str]] = {
    "pcm16": (48_000, b"\0\0", "wav"),
    "g711_ulaw": (8_000, b"\xff", "ulaw"),
    "g711_alaw": (8_000, b"\xd5", "alaw"),
}


def silence(milliseconds: int, audio_format: str) -> bytes:
    """Return that much silence in a canonical format."""
    rate, sample, _ = FORMATS[audio_format]
    return sample * (rate * milliseconds // 1000 // len(sample))


def chunks(audio: bytes, milliseconds: int, audio_format: str) -> Iterator[bytes]:
    """Cut *audio* into pieces of that length (a whole number of samples); the last may be shorter."""
    size = max(len(silence(milliseconds, audio_format)), len(FORMATS[audio_format][1]))
    return (audio[start : start + size] for start in range(0, len(audio), size))


#: A clip is named, not addressed: no folders, nothing above.
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


def places(home: Path | None) -> tuple[Path, ...]:
    """Return the folders where clips may lie: the bundled ones, and the script's own."""
    return (folder("fixtures") / "audio", *([home] if home else []))


def names(home: Path | None = None) -> frozenset[str]:
    """Return the names of the clips that a script in the folder *home* may speak."""
    endings = {f".{ending}" for _, _, ending in FORMATS.values()}
    files = (path for place in places(home) if place.is_dir() for path in place.iterdir())
    return frozenset(path.stem for path in files if path.suffix in endings and NAME.fullmatch(path.stem))


@cache
def clip(name: str, audio_format: str, home: Path | None = None) -> bytes:
    """Read a clip: one of the bundled ones, or one beside the script (*home*); UsageError if there is none."""
    ending = FORMATS[audio_format][2]
    for place in places(home) if NAME.fullmatch(name) else ():
        path = place / f"{name}.{ending}"
        if path.is_file() and path.resolve().is_relative_to(place.resolve()):
            return _samples(path)
    raise UsageError(
        f"there is no audio clip {name!r} in {audio_format} ({name}.{ending})",
        f"Clips: {', '.join(sorted(names(home)))}",
    )


def _samples(path: Path) -> bytes:
    if path.suffix != ".wav":
        return path.read_bytes()
    with wave.open(str(path)) as sound:
        if (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) != (1, 2, 24_000):
            cure = "Convert: sox in.wav -r 24000 -c 1 -b 16 out.wav"
            raise UsageError(f"{path}: a clip is 16-bit mono at 24 kHz", cure)
        return bytes(sound.readframes(sound.getnframes()))
