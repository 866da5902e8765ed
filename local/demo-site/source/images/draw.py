"""Draws the handbook's pictures. Run by hand when one should change: python draw.py (needs Pillow)."""

import math
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter

HERE = Path(__file__).parent
SEA, FOAM, SAND, CORAL, INK = "#0b4f6c", "#7fd1e0", "#f6d8ae", "#b4492f", "#1d2b33"

# Amplitude (m), period (h) and phase (h) of the four constituents that make most of a tide.
CONSTITUENTS = [(1.30, 12.4206, 2.0), (0.42, 12.0, 3.1), (0.18, 25.8193, 7.0), (0.14, 23.9345, 1.0)]


def level(hour):
    return sum(a * math.cos(2 * math.pi * (hour - g) / p) for a, p, g in CONSTITUENTS)


def svg(name, width, height, body):
    text = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">\n{body}\n</svg>\n'
    (HERE / name).write_text(text, encoding="utf-8")


def tide_chart(name, hours):
    width, height, left, top = 720, 300, 50, 20
    x = lambda h: left + (width - left - 20) * h / hours
    y = lambda m: top + 115 - 55 * m
    points = " ".join(f"{x(h):.1f},{y(level(h)):.1f}" for h in [i * hours / 240 for i in range(241)])
    grid = "".join(
        f'<path d="M{left} {y(m):.1f}H{width - 20}" stroke="#d3dfe0"/><text x="42" y="{y(m) + 4:.1f}" font-size="12" fill="#51656f" text-anchor="end">{m:+d} m</text>'
        for m in range(-2, 3)
    )
    days = "".join(
        f'<path d="M{x(h):.1f} {top}V{height - 40}" stroke="#d3dfe0" stroke-dasharray="3 4"/><text x="{x(h) + 4:.1f}" y="{height - 22}" font-size="12" fill="#51656f">{h} h</text>'
        for h in range(0, hours, max(6, hours // 8))
    )
    area = f'<polygon points="{left},{height - 40} {points} {width - 20},{height - 40}" fill="{FOAM}" opacity=".45"/>'
    svg(name, width, height, f'<rect width="{width}" height="{height}" fill="#fff"/>{grid}{days}{area}<polyline points="{points}" fill="none" stroke="{SEA}" stroke-width="2.5"/>')


def datum_ladder():
    rows = [("Highest astronomical tide", 4.9), ("Mean high water springs", 4.2), ("Mean sea level", 2.4), ("Station datum", 1.0), ("Chart datum", 0.2)]
    body = '<rect width="640" height="320" fill="#fff"/><rect x="60" y="20" width="26" height="280" fill="#f6d8ae" stroke="#c98b5e"/>'
    for label, metres in rows:
        y = 300 - 54 * metres
        colour = CORAL if label == "Station datum" else SEA
        body += f'<path d="M60 {y:.1f}H470" stroke="{colour}" stroke-width="2"/><text x="100" y="{y - 6:.1f}" font-size="15" fill="{INK}">{label}</text><text x="480" y="{y + 5:.1f}" font-size="15" fill="{colour}">{metres:.1f} m</text>'
    svg("datum ladder.svg", 640, 320, body)


def data_path():
    boxes = ["sensor", "logger", "shore station", "archive"]
    body = '<rect width="720" height="130" fill="#fff"/>'
    for i, label in enumerate(boxes):
        x = 20 + i * 178
        body += f'<rect x="{x}" y="40" width="136" height="52" rx="10" fill="{SEA}"/><text x="{x + 68}" y="71" fill="#fff" font-size="15" text-anchor="middle">{label}</text>'
        if i:
            body += f'<path d="M{x - 40} 66H{x - 8}m-8 -6 8 6-8 6" fill="none" stroke="{CORAL}" stroke-width="2.5"/>'
    svg("data-path.svg", 720, 130, body)


def gauge():
    ticks = "".join(f'<path d="M118 {40 + i * 18}h{18 if i % 5 == 0 else 9}" stroke="{INK}"/>' for i in range(16))
    svg("level gauge (cut).svg", 300, 360, f'<rect width="300" height="360" fill="#fff"/><rect x="0" y="180" width="300" height="180" fill="{FOAM}" opacity=".5"/><rect x="110" y="30" width="80" height="290" rx="14" fill="none" stroke="{INK}" stroke-width="4"/>{ticks}<circle cx="150" cy="182" r="22" fill="{CORAL}"/><path d="M150 30V160" stroke="{INK}" stroke-dasharray="4 4"/><text x="205" y="186" font-size="14" fill="{INK}">float</text><text x="205" y="60" font-size="14" fill="{INK}">sight line</text><path d="M128 320v20m22-20v20m22-20v20" stroke="{INK}" stroke-width="4"/>')


def coast(name, size, tide):
    """A picture of a bay with rock pools; `tide` from 0 (out) to 1 (in) says where the water stands."""
    w, h = size
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    for y in range(h):
        t = y / h
        draw.line([(0, y), (w, y)], fill=(int(196 - 60 * t), int(222 - 40 * t), int(232 - 20 * t)))
    horizon = int(h * 0.42)
    for row, shade in enumerate([(120, 142, 150), (92, 116, 122)]):
        ridge = [(x, horizon - 18 - row * -8 - 22 * abs(math.sin(x / (90 + row * 47) + row))) for x in range(0, w + 8, 8)]
        draw.polygon([(0, horizon), *ridge, (w, horizon)], fill=shade)
    draw.rectangle([0, horizon, w, h], fill=(38, 116, 142))
    shore = int(h * (0.55 + 0.28 * tide))
    beach = [(x, shore + 14 * math.sin(x / 70) + 6 * math.sin(x / 23)) for x in range(0, w + 6, 6)]
    draw.polygon([(0, h), *beach, (w, h)], fill=(214, 190, 146))
    draw.line([(x, y - 2) for x, y in beach], fill=(236, 246, 246), width=4)
    for i in range(9):
        cx, cy = (i * 137 + 60) % w, shore + 34 + (i * 53) % max(1, h - shore - 50)
        r = 14 + (i * 7) % 20
        draw.ellipse([cx - r * 1.7, cy - r * 0.6, cx + r * 1.7, cy + r * 0.6], fill=(104, 98, 88))
        draw.ellipse([cx - r * 1.3, cy - r * 0.42, cx + r * 1.3, cy + r * 0.42], fill=(70, 148, 166))
    image = image.filter(ImageFilter.GaussianBlur(0.7)).quantize(96, dither=Image.Dither.NONE)
    image.save(HERE / name, optimize=True)


if __name__ == "__main__":
    tide_chart("tide chart.svg", 48)
    tide_chart("spring-neap.svg", 360)
    datum_ladder()
    data_path()
    gauge()
    coast("Küste bei Ebbe.png", (960, 420), 0.0)
    coast("Küste bei Flut.png", (960, 420), 1.0)
    coast("harbour-small.png", (480, 240), 0.5)
