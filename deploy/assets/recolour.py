"""The city's blue instead of the central government's, all through Bootstrap Italia's style sheet.

The library writes its blue out 289 times, so setting a variable changes nothing: every colour of that hue is shifted.
"""

import colorsys
import re

HEX = re.compile(r"#([0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3})\b")
RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})")
HSL = re.compile(r"hsla?\(\s*([\d.]+)(?:deg)?\s*,\s*([\d.]+)%\s*,\s*([\d.]+)%")


def shifted(red: float, green: float, blue: float) -> tuple[int, int, int] | None:
    """The city's tone of a colour (0–255), or None where it is not of that blue: hue 203–217°, saturation from a half."""
    hue, lightness, saturation = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    if not (203 <= hue * 360 <= 217 and saturation >= 0.5):
        return None
    factor = 0.80 if lightness <= 0.45 else 0.92 if lightness <= 0.85 else 1
    found = colorsys.hls_to_rgb(215 / 360, lightness * factor, saturation * 0.76)
    return tuple(round(part * 255) for part in found)  # type: ignore[return-value]


def _hex(match: re.Match[str]) -> str:
    digits = match[1]
    full = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    found = shifted(*(int(full[i : i + 2], 16) for i in (0, 2, 4)))
    return match[0] if found is None else "#" + "".join(f"{part:02x}" for part in found) + full[6:]


def _rgb(match: re.Match[str]) -> str:
    found = shifted(*(int(match[i]) for i in (1, 2, 3)))
    return match[0] if found is None else match[0].split("(")[0] + "(" + ",".join(str(part) for part in found)


def _hsl(match: re.Match[str]) -> str:
    hue, saturation, lightness = (float(match[i]) for i in (1, 2, 3))
    found = shifted(*(part * 255 for part in colorsys.hls_to_rgb(hue / 360, lightness / 100, saturation / 100)))
    if found is None:
        return match[0]
    h, lightness, s = colorsys.rgb_to_hls(*(part / 255 for part in found))
    return f"{match[0].split('(')[0]}({h * 360:.0f},{s * 100:.0f}%,{lightness * 100:.0f}%"


def recolour(css: str) -> str:
    """The style sheet in the city's colours, without the video player's rules and without web addresses of fonts."""
    css = re.sub(r"@font-face\s*\{[^}]*VideoJS[^}]*\}", "", css)
    css = re.sub(r"(?<=\})[^{}]*\.vjs-[^{}]*\{[^{}]*\}", "", css)
    parts = re.split(r"(url\([^)]*\))", css)
    for index in range(0, len(parts), 2):
        parts[index] = HSL.sub(_hsl, RGB.sub(_rgb, HEX.sub(_hex, parts[index])))
    return "".join(parts).replace("--bs-primary-rgb: 0, 102, 204", "--bs-primary-rgb: 20, 71, 144").replace("--bs-primary-rgb:0,102,204", "--bs-primary-rgb:20,71,144")
